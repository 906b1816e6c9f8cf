"""A centre is saved while it runs, and comes back as it was: journal, people, texts, secrets, recordings, tables."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from cti_server.core.errors import DataError
from cti_server.core.vocabulary import Secret
from cti_server.storage import backup, people
from cti_server.storage import tables as t
from cti_server.storage.backup import CannotRestore, back_up, bring_back
from cti_server.storage.data_folder import DataFolder
from cti_server.storage.database import open_database
from cti_server.storage.journal_file import JournalFile, JournalReader
from cti_server.storage.projector import Projector
from cti_server.storage.schema import upgrade
from tests.storage.journals import WrittenJournal
from tests.storage.postgres import make_database
from tests.storage.sample_day import TEXTS, day

PASSWORD = Secret("a long enough one")


@pytest.fixture
def journal(folder: DataFolder) -> WrittenJournal:
    """A centre's folder with a day in its journal, somebody who works there, and one of each kind of file."""
    folder.prepare()
    written = WrittenJournal(folder.journal)
    written.write(day(), TEXTS)
    (folder.config / "centre.yaml").write_text("name: {ko: 이음}\n", encoding="utf-8")
    (folder.secrets / "token_key").write_text("secret\n")
    (folder.recordings / "2026").mkdir()
    (folder.recordings / "2026" / "100-1.wav").write_bytes(b"RIFF" + bytes(2000))
    (folder.run / "media-0.sock").touch()
    (folder.snapshots / "000000000001.snapshot").touch()
    (folder.path / "lock").touch()
    return written


@pytest.fixture
def database(database_url: str, folder: DataFolder) -> Engine:
    """The folder's own, or one of PostgreSQL; with somebody in it."""
    made = open_database(database_url, is_writer=True)
    upgrade(made)
    people.add(made, people.NewPerson(login="kim", name="김하늘", extension="2001", skills={"orders": 5}), PASSWORD)
    people.add(made, people.NewPerson(login="lee", name="이바다", extension="2002"), PASSWORD)
    return made


def opener(url: str) -> Callable[[Path], Engine]:
    return lambda folder: open_database(url or f"sqlite:///{folder / 'ieum.db'}", is_writer=True)


def test_a_centre_comes_back_as_it_was(
    folder: DataFolder, journal: WrittenJournal, database: Engine, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    archive, back = tmp_path / "centre.tar.gz", DataFolder(tmp_path / "back")
    is_postgres = database.dialect.name == "postgresql"
    saved = back_up(folder, database, archive)
    url = make_database(str(request.getfixturevalue("postgres"))) if is_postgres else ""
    head = bring_back(archive, back, opener(url))

    assert head.last_seq == saved.events == journal.last_seq
    with_journal = JournalReader(back.journal)
    assert with_journal.rows(after=0) == JournalReader(folder.journal).rows(after=0)
    assert with_journal.personal(TEXTS) == TEXTS
    for kept in ("config/centre.yaml", "secrets/token_key", "recordings/2026/100-1.wav"):
        assert (back.path / kept).read_bytes() == (folder.path / kept).read_bytes()
    for made_again in ("run/media-0.sock", "snapshots/000000000001.snapshot", "lock", "people.json"):
        assert not (back.path / made_again).exists()
    restored = opener(url)(back.path)
    assert people.everybody(restored) == people.everybody(database)
    assert people.check_password(restored, "kim", PASSWORD) is not None
    new = people.add(restored, people.NewPerson(login="park", name="박", extension="2003"), PASSWORD)
    assert new.person == 3
    assert _tables(folder, database) == _tables(back, restored)
    restored.dispose()
    database.dispose()


def _tables(folder: DataFolder, database: Engine) -> list[list[tuple[object, ...]]]:
    """Every row of every projection, when it has followed the journal."""
    projector = Projector(folder.journal, database)
    projector.catch_up()
    projector.close()
    with database.connect() as connection:
        return [[tuple(row) for row in connection.execute(select(table))] for table in t.PROJECTIONS]


def test_events_written_meanwhile_are_saved_up_to_a_point(folder: DataFolder, tmp_path: Path) -> None:
    """The archive holds the beginning of the journal, as long as it was at some moment, and each event once."""
    folder.prepare()
    database = open_database(f"sqlite:///{folder.database}", is_writer=True)
    upgrade(database)
    journal = WrittenJournal(folder.journal)
    journal.write(day())
    stop, grown = threading.Event(), threading.Event()

    def write() -> None:
        while not stop.is_set():
            journal.write(day())
            grown.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert grown.wait(30)
    for number in range(3):
        archive, back = tmp_path / f"{number}.tar.gz", DataFolder(tmp_path / f"back{number}")
        back_up(folder, database, archive)
        head = bring_back(archive, back, opener(""))
        assert JournalReader(back.journal).last_seq() == head.last_seq >= len(day())
    stop.set()
    writer.join()
    database.dispose()


def test_recordings_can_be_left_out_and_the_archive_says_so(
    folder: DataFolder, journal: WrittenJournal, sqlite_database: Engine, tmp_path: Path
) -> None:
    archive, back = tmp_path / "centre.tar.gz", DataFolder(tmp_path / "back")
    back_up(folder, sqlite_database, archive, with_recordings=False)
    assert not bring_back(archive, back, opener("")).has_recordings
    assert list(back.recordings.iterdir()) == []


def test_an_archive_in_the_folder_does_not_hold_itself(
    folder: DataFolder, journal: WrittenJournal, sqlite_database: Engine, tmp_path: Path
) -> None:
    archive = folder.path / "backup.tar.gz"
    back_up(folder, sqlite_database, archive)
    back_up(folder, sqlite_database, archive)
    back = DataFolder(tmp_path / "back")
    bring_back(archive, back, opener(""))
    assert not (back.path / archive.name).exists()


def test_a_database_that_is_written_is_copied_by_its_engine(
    folder: DataFolder, journal: WrittenJournal, sqlite_database: Engine, tmp_path: Path
) -> None:
    """Its newest rows stand in the log beside it, which is no member."""
    other = JournalFile(folder.secrets / "pins.db")
    other.append([], {1: "kept"})
    assert (folder.secrets / "pins.db-wal").stat().st_size > 0
    back_up(folder, sqlite_database, tmp_path / "centre.tar.gz")
    back = DataFolder(tmp_path / "back")
    bring_back(tmp_path / "centre.tar.gz", back, opener(""))
    assert JournalReader(back.secrets / "pins.db").personal([1]) == {1: "kept"}
    other.close()


def test_a_folder_in_use_is_never_written_into(
    folder: DataFolder, journal: WrittenJournal, sqlite_database: Engine, tmp_path: Path
) -> None:
    back_up(folder, sqlite_database, tmp_path / "centre.tar.gz")
    before = sorted(folder.path.rglob("*"))
    with pytest.raises(CannotRestore, match=r"not empty.*move the folder away"):
        bring_back(tmp_path / "centre.tar.gz", folder, opener(""))
    assert sorted(folder.path.rglob("*")) == before


def test_a_database_with_people_is_never_written_into(
    folder: DataFolder, journal: WrittenJournal, sqlite_database: Engine, tmp_path: Path
) -> None:
    people.add(sqlite_database, people.NewPerson(login="kim", name="김", extension="1"), PASSWORD)
    back_up(folder, sqlite_database, tmp_path / "centre.tar.gz")
    back = DataFolder(tmp_path / "back")
    with pytest.raises(CannotRestore, match="has people already"):
        bring_back(tmp_path / "centre.tar.gz", back, opener(f"sqlite:///{tmp_path / 'main.db'}"))
    assert not back.path.exists() and not back.path.with_name("back.restoring").exists()


def test_a_journal_with_a_gap_is_not_brought_back(
    folder: DataFolder, journal: WrittenJournal, sqlite_database: Engine, tmp_path: Path
) -> None:
    journal.file._connection.execute("DELETE FROM events WHERE seq = 3")
    back_up(folder, sqlite_database, tmp_path / "centre.tar.gz")
    back = DataFolder(tmp_path / "back")
    with pytest.raises(DataError, match="3 to 3 are missing"):
        bring_back(tmp_path / "centre.tar.gz", back, opener(""))
    assert not back.path.exists()


def test_what_an_interrupted_restore_left_is_not_in_the_way(
    folder: DataFolder, journal: WrittenJournal, sqlite_database: Engine, tmp_path: Path
) -> None:
    back_up(folder, sqlite_database, tmp_path / "centre.tar.gz")
    left = tmp_path / f"back{backup.RESTORING}" / "data"
    left.mkdir(parents=True)
    (left / "journal.db").write_text("half")
    bring_back(tmp_path / "centre.tar.gz", DataFolder(tmp_path / "back"), opener(""))
    assert not left.exists()


def test_a_folder_without_a_journal_has_nothing_to_save(
    folder: DataFolder, sqlite_database: Engine, tmp_path: Path
) -> None:
    folder.prepare()
    with pytest.raises(DataError, match="nothing to save"):
        back_up(folder, sqlite_database, tmp_path / "centre.tar.gz")
    assert not list(tmp_path.glob("centre*"))
