"""`ieum why`: a call, or a day, explained from a journal on disk, in Korean and English and as JSON."""

import json
from pathlib import Path

import msgspec
import pytest

from cti_server import cli
from cti_server.commands import centre
from cti_server.commands.why import usual_language
from cti_server.core.events import Event
from cti_server.core.state import encode_snapshot, fold, schema_hash
from cti_server.core.vocabulary import ResultsWindow, Strategy
from cti_server.storage.data_folder import DataFolder
from cti_server.storage.event_codec import encode
from cti_server.storage.journal_file import JournalFile
from cti_server.storage.snapshots import Snapshot, Snapshots
from tests.core.house import KIM, LEE, PARK, SECOND, SETTINGS, House, profile
from tests.web.past_day import past_day, texts, write_journal

GOLDEN = Path(__file__).with_name("golden")
CALL = str(past_day().waited)


def keep(journal: list[Event], data: Path, *, first: int = 1) -> DataFolder:
    folder = DataFolder(data)
    folder.prepare()
    file = JournalFile(folder.journal)
    file.append(encode(journal, first), {})
    file.close()
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_journal(tmp_path)
    return tmp_path


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_call_is_explained_word_for_word(data: Path, language: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["why", CALL, "--data", str(data), "--language", language]) == 0
    assert capsys.readouterr().out == (GOLDEN / f"why_call_{language}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_day_is_told_word_for_word(data: Path, language: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["why", "--data", str(data), "--language", language, "--day", "2025-10-09"]) == 0
    said = capsys.readouterr().out
    assert said == (GOLDEN / f"why_day_{language}.txt").read_text(encoding="utf-8")
    assert cli.main(["why", "--data", str(data), "--language", language]) == 0
    assert capsys.readouterr().out == said
    assert cli.main(["why", "--data", str(data), "--language", "en", "--day", "2025-10-08"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "Nobody was logged on that day."


def test_the_json_is_that_of_the_api_and_holds_no_text_about_people(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "why.json"
    assert cli.main(["why", CALL, "--data", str(data), "--json", str(file)]) == 0
    content = file.read_text(encoding="utf-8")
    (decision,) = json.loads(content)["decisions"]
    assert decision["is_reproduced"] and decision["excluded"] == {"occupied": 1, "not_ready": 1, "skill": 1}
    assert not [text for text in texts() if text in content]


def test_what_cannot_be_told_is_said_in_one_line(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["why", "999999", "--data", str(data), "--language", "en"]) == 1
    assert capsys.readouterr().err == "ieum why: the journal knows no call 999999\n"
    empty = tmp_path / "empty"
    empty.mkdir()
    assert cli.main(["why", "--data", str(empty), "--language", "en"]) == 1
    assert capsys.readouterr().err == f"ieum why: there is no journal in {empty}\n"
    assert cli.main(["why", "--data", str(empty), "--language", "ko"]) == 1
    assert "기록(journal.db)이 없습니다" in capsys.readouterr().err


def test_a_call_from_before_the_journal_is_told_as_such(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A journal whose beginning was put away knows that it does not know."""
    events = past_day().house.journal
    later = next(n for n, event in enumerate(events) if getattr(event, "call", None) == past_day().waited)
    folder = keep(events[later:], tmp_path, first=later + 1)
    before = encode_snapshot(fold(events[:later]))
    Snapshots(folder.snapshots, schema_hash()).write(Snapshot(later, before))
    assert cli.main(["why", CALL, "--data", str(tmp_path)]) == 0
    assert cli.main(["why", str(past_day().offered), "--data", str(tmp_path), "--language", "en"]) == 1
    assert "older than the journal" in capsys.readouterr().err


def test_the_language_is_that_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for given, expected in (("ko_KR.UTF-8", "ko"), ("en_US.UTF-8", "en"), ("C.UTF-8", "en")):
        monkeypatch.setenv("LANG", given)
        assert usual_language() == expected
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    assert usual_language() == "ko"


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
    keep(house.journal, tmp_path)
    assert cli.main(["why", str(call.call), "--data", str(tmp_path), "--language", "en"]) == 0
    said = capsys.readouterr().out
    assert f"Rule: even by calls taken, for the time logged in ({words})" in said
    assert "agent 1 (extension 2001): 0.0 calls an hour, idle since" in said


def test_everybody_whose_phone_rang_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    orders = msgspec.structs.replace(SETTINGS.queues[0], strategy=Strategy.RING_ALL, ring_all_max=2)
    agents = (profile(KIM), profile(LEE), profile(PARK))
    house = House(settings=msgspec.structs.replace(SETTINGS, queues=(orders,)), agents=agents)
    house.at_work(KIM, LEE, PARK)
    call = house.arrive("direct")
    house.show_card(call)
    house.now += SECOND
    house.ring(call)
    house.lift(call)
    house.hang_up(call)
    keep(house.journal, tmp_path)
    assert cli.main(["why", str(call.call), "--data", str(tmp_path), "--language", "en"]) == 0
    said = capsys.readouterr().out
    assert "Given to agent 1 (extension 2001), from orders" in said
    assert "Given to agent 2 (extension 2002), from orders" in said
    assert "It rang already at agent 1 (extension 2001)" in said
    assert "agent 2 (extension 2002): a colleague was first" in said
    assert "agent 3 (extension 2003): it rings at as many as the queue allows" in said
