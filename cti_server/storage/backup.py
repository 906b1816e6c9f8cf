"""What a backup of a centre is: its journal, its people, its texts and secrets, and its recordings.

    back_up(folder, database, archive)     while the centre runs, or not
    bring_back(archive, folder, open_database)   into a folder that is not there yet

Left out is what can be made again: the tables that are projections of the journal, snapshots, sockets. The journal is
copied first, in one transaction, so that every recording that it knows to be finished is in the archive, too; a
database of the folder is copied by its engine, never as a file that somebody writes. People come from the main
database whatever its engine, and go back into that of the restored configuration.

Decides what belongs in; how an archive is made and believed is decided in `archive.py`.
"""

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import msgspec
from sqlalchemy import Engine

from cti_server.core.errors import DataError, IeumError
from cti_server.core.state import State, apply
from cti_server.storage import people, schema
from cti_server.storage.archive import FORMAT, ArchiveWriter, Head, Tell, unpack
from cti_server.storage.data_folder import DataFolder, sync_folder
from cti_server.storage.event_codec import decode_all
from cti_server.storage.journal_file import JournalReader

DATA = "data"
PEOPLE = "people.json"
SQLITE = b"SQLite format 3\x00"
COMPANIONS = ("-wal", "-shm", "-journal")
RESTORING = ".restoring"


class CannotRestore(IeumError):
    """There is something in the way; the text says what and what to do."""


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """What went in: files, events of the journal, people, and bytes of content."""

    files: int
    events: int
    people: int


def back_up(
    folder: DataFolder, database: Engine, archive: Path, *, with_recordings: bool = True, tell: Tell = lambda _: None
) -> Saved:
    """DataError: the journal cannot be read. OSError: no room, or no right to read or write."""
    everybody = people.export(database)
    with tempfile.TemporaryDirectory(prefix=".ieum-backup-", dir=archive.absolute().parent) as beside:
        journal = Path(beside) / "journal.db"
        last_seq = _copy_journal(folder, journal)
        head = Head(
            format=FORMAT,
            release=version("ieum"),
            made_at=time.time_ns() // 1000,
            last_seq=last_seq,
            has_recordings=with_recordings,
        )
        files = 1
        with ArchiveWriter(archive, head, tell) as writer:
            writer.add_file(f"{DATA}/{folder.journal.name}", journal)
            journal.unlink()
            writer.add_bytes(PEOPLE, msgspec.json.encode(everybody))
            for file in _files(folder, archive, with_recordings=with_recordings):
                source = _still(file, Path(beside) / "database")
                files += writer.add_file(f"{DATA}/{file.relative_to(folder.path).as_posix()}", source)
    return Saved(files=files, events=last_seq, people=len(everybody))


def size_of(folder: DataFolder, archive: Path, *, with_recordings: bool = True) -> int:
    """About how many bytes of content a backup has now."""
    files = (folder.journal, *_files(folder, archive, with_recordings=with_recordings))
    return sum(file.stat().st_size for file in files if file.is_file())


def bring_back(
    archive: Path, folder: DataFolder, open_database: Callable[[Path], Engine], tell: Tell = lambda _: None
) -> Head:
    """Whole or not at all: everything is unpacked, compared and tried beside the folder, and then takes its place.

    ``open_database``: the main database of the centre in that folder. CannotRestore, DataError: nothing has changed.
    """
    _check_place(folder)
    beside = DataFolder(folder.path.with_name(folder.path.name + RESTORING))
    shutil.rmtree(beside.path, ignore_errors=True)
    try:
        head = _unpack(archive, beside, tell)
        _try_journal(beside, head)
        _give_people(open_database, beside, _people(beside))
        beside.prepare()
        if folder.path.exists():
            folder.path.rmdir()
        beside.path.rename(folder.path)
        sync_folder(folder.path.absolute().parent)
    except BaseException:
        shutil.rmtree(beside.path, ignore_errors=True)
        raise
    return head


# --- saving ----------------------------------------------------------------------------------------------------------


def _copy_journal(folder: DataFolder, target: Path) -> int:
    if not folder.journal.is_file():
        raise DataError(file=str(folder.journal), line=0, what="there is no journal, so there is nothing to save")
    reader = JournalReader(folder.journal)
    try:
        reader.copy_to(target)
    finally:
        reader.close()
    copy = JournalReader(target)
    try:
        return copy.last_seq()
    finally:
        copy.close()


def _files(folder: DataFolder, archive: Path, *, with_recordings: bool) -> Iterator[Path]:
    """In the order of their names. An archive that is written into the folder itself is not part of it."""
    made_again = {folder.run, folder.snapshots}
    if not with_recordings:
        made_again.add(folder.recordings)
    skipped = {folder.path / "lock", folder.journal, folder.database}
    own = archive.absolute().name
    for file in sorted(folder.path.rglob("*")):
        inside = file.relative_to(folder.path)
        if folder.path / inside.parts[0] in made_again or file in skipped or file.name.startswith(own):
            continue
        is_companion = any(file.name.endswith(f".db{ending}") for ending in COMPANIONS)
        if file.is_file() and not file.is_symlink() and not is_companion:
            yield file


def _still(file: Path, copy: Path) -> Path:
    """The file, or, of a database that somebody may be writing, a copy made by its engine."""
    if file.suffix != ".db" or not _is_database(file):
        return file
    copy.unlink(missing_ok=True)
    source = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    target = sqlite3.connect(copy)
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()
    return copy


def _is_database(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(SQLITE)) == SQLITE


# --- bringing back ---------------------------------------------------------------------------------------------------


def _check_place(folder: DataFolder) -> None:
    if folder.path.exists() and any(folder.path.iterdir()):
        raise CannotRestore(f"{folder.path} is not empty: stop its centre, move the folder away, and restore again")


def _unpack(archive: Path, beside: DataFolder, tell: Tell) -> Head:
    beside.path.mkdir(mode=0o700, parents=True)
    head = unpack(archive, beside.path, tell)
    content = beside.path / DATA
    if not content.is_dir():
        raise DataError(file=str(archive), line=0, what="there is no data in the archive")
    for found in sorted(content.iterdir()):
        found.rename(beside.path / found.name)
    content.rmdir()
    return head


def _try_journal(beside: DataFolder, head: Head) -> None:
    """Folded from its first event, as at a start: a journal that cannot be is told now, not when callers wait."""
    reader = JournalReader(beside.journal)
    state = State()
    try:
        for _, event in decode_all(reader.all_rows(after=0), after=0):
            apply(state, event)
        last_seq = reader.last_seq()
    finally:
        reader.close()
    if last_seq != head.last_seq:
        what = f"the journal ends at event {last_seq}, and should at {head.last_seq}"
        raise DataError(file=str(beside.journal), line=0, what=what)


def _people(beside: DataFolder) -> list[dict[str, object]]:
    file = beside.path / PEOPLE
    found: list[dict[str, object]] = msgspec.json.decode(file.read_bytes())
    file.unlink()
    return found


def _give_people(
    open_database: Callable[[Path], Engine], beside: DataFolder, everybody: list[dict[str, object]]
) -> None:
    database = open_database(beside.path)
    try:
        if schema.current(database) and people.everybody(database):
            raise CannotRestore(
                "the database of this configuration has people already: restore into an empty one, or change "
                "`server: database` in the archive's centre.yaml"
            )
        schema.upgrade(database)
        people.bring_back(database, everybody)
    finally:
        database.dispose()
