"""`ieum why`: a call explained from a journal on disk, in words and as JSON."""

import json
from pathlib import Path

import msgspec
import pytest

from cti_server import cli
from cti_server.commands import centre
from cti_server.core import inputs as i
from cti_server.core.vocabulary import ResultsWindow, Strategy
from cti_server.storage.data_folder import DataFolder
from cti_server.storage.event_codec import encode
from cti_server.storage.journal_file import JournalFile
from tests.core.house import CARE, KIM, LEE, ORDERS, PARK, SETTINGS, House, profile


def keep(house: House, data: Path) -> None:
    journal = JournalFile(DataFolder(data).journal)
    journal.append(encode(house.journal, 1), {})
    journal.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Kim and Park are there, Lee is not; a caller waits for ten seconds, Kim takes the call."""
    house = House(agents=(profile(KIM), profile(LEE), profile(PARK, skills={CARE: 1})))
    house.at_work(KIM, PARK)
    house.tell(i.SetNotReady(agent=KIM, reason="break"))
    call = house.arrive("direct")
    house.wait(10)
    house.tell(i.SetReady(agent=KIM))
    assert call.agent == KIM
    keep(house, tmp_path)
    (tmp_path / "call").write_text(str(call.call), encoding="utf-8")
    return tmp_path


def test_a_call_is_explained(data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    call = (data / "call").read_text(encoding="utf-8")
    file = tmp_path / "why.json"
    assert cli.main(["why", call, "--data", str(data), "--json", str(file)]) == 0
    said = capsys.readouterr().out
    assert f"offered to agent 1 from {ORDERS}, configuration 1" in said
    assert "rule longest_idle: idle since 2025-10-09 17:53:" in said
    assert "agent 2 (phone 2002): logged off" in said
    assert "agent 3 (phone 2003): skill orders 0 < 1" in said
    assert f"beside call {call}: not ready (break)" in said
    assert "agent 3 idle" in said
    (decision,) = json.loads(file.read_text(encoding="utf-8"))["decisions"]
    assert decision["is_reproduced"] and decision["excluded"] == {"logged_off": 1, "skill": 1}


@pytest.mark.parametrize(
    ("window", "words"),
    [
        (ResultsWindow.MONTH, "this month"),
        (ResultsWindow.LOG_ON, "since log-on"),
        (ResultsWindow.HOURS, "in the last 3 h"),
    ],
)
def test_the_window_of_the_results_is_told(
    window: ResultsWindow, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orders = msgspec.structs.replace(
        SETTINGS.queues[0], strategy=Strategy.EVEN_ANSWERED, results_window=window, results_hours=3
    )
    house = House(settings=msgspec.structs.replace(SETTINGS, queues=(orders,)))
    house.at_work(KIM, LEE)
    call = house.arrive("direct")
    keep(house, tmp_path)
    assert cli.main(["why", str(call.call), "--data", str(tmp_path)]) == 0
    assert f"rule even_answered: 0.00 calls an hour {words}, idle since" in capsys.readouterr().out


def test_without_a_call_the_day_is_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["why", "--data", str(data)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("the day up to ")
    assert [line.split()[0] for line in lines[2:]] == ["1", "3"]


def test_an_unknown_call_and_an_empty_folder_are_told(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["why", "999999", "--data", str(data)]) == 1
    assert "the journal knows no call 999999" in capsys.readouterr().err
    empty = tmp_path / "empty"
    empty.mkdir()
    assert cli.main(["why", "--data", str(empty)]) == 1
    assert "there is no journal" in capsys.readouterr().err


def test_without_a_folder_the_usual_one_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IEUM_DATA", str(tmp_path / "usual"))
    assert cli.main(["why", "1"]) == 1
    assert str(tmp_path / "usual") in capsys.readouterr().err
    monkeypatch.delenv("IEUM_DATA")
    monkeypatch.setattr(centre, "DEMO", tmp_path / "no demo was run")
    assert cli.main(["why", "1"]) == 2
    assert "--data" in capsys.readouterr().err
