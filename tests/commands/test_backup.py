"""`ieum backup` and `ieum restore` as a person uses them."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cti_server import cli, config
from cti_server.commands.centre import open_centre
from cti_server.commands.progress import Progress
from cti_server.storage import people
from cti_server.storage.data_folder import DataFolder
from tests.storage.journals import WrittenJournal
from tests.storage.sample_day import day


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A centre that has run for a day."""
    before = os.umask(0o022)
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    config.write_defaults(folder.path)
    assert cli.main(["migrate", "--data", str(folder.path)]) == 0
    arguments = ["--role", "agent", "--extension", "101", "--skill", "orders=5", "--name", "김이음"]
    assert cli.main(["user", "add", "--data", str(folder.path), "kim", *arguments]) == 0
    WrittenJournal(folder.journal).write(day())
    yield folder.path
    os.umask(before)


def run(*argv: str | Path) -> int:
    return cli.main([str(word) for word in argv])


def test_saved_checked_and_brought_back(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive, back = tmp_path / "centre.tar.gz", tmp_path / "back"
    assert run("backup", "--data", data, archive) == 0
    assert f"{len(day())} events, 1 people" in capsys.readouterr().out
    assert run("restore", archive) == 0
    assert "is whole" in capsys.readouterr().out
    assert not back.exists()
    assert run("restore", "--data", back, archive) == 0
    assert "with recordings" in capsys.readouterr().out
    assert [person.name for person in people.everybody(open_centre(back))] == ["김이음"]
    assert run("restore", "--data", back, archive) == 1
    said = capsys.readouterr().err
    assert "is not empty" in said and said.count("\n") == 1


def test_a_damaged_archive_is_one_line_and_status_1(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "centre.tar.gz"
    assert run("backup", "--data", data, archive, "--without-recordings") == 0
    archive.write_bytes(archive.read_bytes()[:2000])
    capsys.readouterr()
    assert run("restore", "--data", tmp_path / "back", archive) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"ieum restore: {archive}: the archive is damaged or cut off") and said.count("\n") == 1
    assert not (tmp_path / "back").exists()


def test_bad_use_is_status_2(tmp_path: Path) -> None:
    for argv in (["backup", str(tmp_path / "x")], ["restore", str(tmp_path / "there-is-none")]):
        with pytest.raises(SystemExit) as ended:
            cli.main(argv)
        assert ended.value.code == 2


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_one_line_that_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cti_server.commands.progress.EVERY_S", 0.0)
    terminal, file = Terminal(), io.StringIO()
    with Progress("saving", 2_000_000, terminal) as shown, Progress("saving", 2_000_000, file) as unseen:
        for each in (shown, unseen):
            each.at(1_000_000)
    assert "saving … 1 of 2 MB, 50%" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r") and "\n" not in terminal.getvalue()
    assert file.getvalue() == ""
