"""One journal in one SQLite file: append, read, erase. No threads, no policy: `journal.py` has those.

Durable means: WAL with synchronous=FULL, so that a commit returns after fdatasync of the log. Personal texts stand
apart from the events, in the same transaction, and can be erased without touching them.
"""

import ctypes
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from cti_server.core.errors import DataError
from cti_server.storage.event_codec import Row

FORMAT = 1
READ_ROWS = 2000
LOCK_WAIT_MS = 2000
LOG_ROOM = 4 * 1024 * 1024
"""Bytes of a table that is made and dropped; the log becomes about twice as long."""
FREE_FOR_ROOM = 16 * LOG_ROOM

_SCHEMA = (
    "CREATE TABLE events(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL)",
    "CREATE TABLE personal(ref INTEGER PRIMARY KEY, value TEXT)",
    "CREATE TABLE erasures(number INTEGER PRIMARY KEY, ref INTEGER NOT NULL)",
    f"PRAGMA user_version = {FORMAT}",
)
_INSERT_EVENT = "INSERT INTO events(seq, at, kind, body) VALUES (?, ?, ?, ?)"
_INSERT_PERSONAL = "INSERT OR REPLACE INTO personal(ref, value) VALUES (?, ?)"


_FAR = (1 << 63) - 1


class _OfCall(msgspec.Struct, frozen=True):
    call: int


_call_of: msgspec.json.Decoder[_OfCall] = msgspec.json.Decoder(_OfCall)


class Arrival(NamedTuple):
    """The first event of a call that arrived, or was dialled."""

    seq: int
    call: int


class JournalFile:
    """Open for writing; used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = _connect(path)

    def append(self, rows: Sequence[Row], personal: Mapping[int, str]) -> None:
        """All or none, durable on return. sqlite3.Error: not kept, and the file must be abandoned."""
        run = self._connection.execute
        run("BEGIN IMMEDIATE")
        self._connection.executemany(_INSERT_EVENT, rows)
        if personal:
            self._connection.executemany(_INSERT_PERSONAL, personal.items())
        run("COMMIT")

    def last(self) -> tuple[int, int]:
        """``(seq, at)`` of the last event; zeros where there is none."""
        found = self._connection.execute("SELECT seq, at FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        return (int(found[0]), int(found[1])) if found else (0, 0)

    def first_seq(self) -> int:
        found = self._connection.execute("SELECT min(seq) FROM events").fetchone()
        return int(found[0] or 0)

    def erase(self, refs: Iterable[int]) -> None:
        """Forget personal texts, in the file too. The number of each erasure lets projections follow."""
        marks = [(int(ref),) for ref in refs]
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("UPDATE personal SET value = NULL WHERE ref = ?", marks)
        self._connection.executemany("INSERT INTO erasures(ref) VALUES (?)", marks)
        self._connection.execute("COMMIT")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def take_over(self, spool: Path | None, unsaved: Sequence[tuple[Sequence[Row], Mapping[int, str]]]) -> None:
        """Let the events of ``spool`` and then ``unsaved`` follow, in place of what stands here with their numbers."""
        run = self._connection.execute
        if spool is not None:
            run("ATTACH DATABASE ? AS spool", (str(spool),))
        run("BEGIN IMMEDIATE")
        if spool is not None:
            run("DELETE FROM events WHERE seq >= (SELECT min(seq) FROM spool.events)")
            run("INSERT INTO events SELECT seq, at, kind, body FROM spool.events ORDER BY seq")
            run("INSERT OR REPLACE INTO personal SELECT ref, value FROM spool.personal")
        for rows, personal in unsaved:
            run("DELETE FROM events WHERE seq >= ?", (rows[0].seq,))
            self._connection.executemany(_INSERT_EVENT, rows)
            self._connection.executemany(_INSERT_PERSONAL, personal.items())
        run("COMMIT")

    def checkpoint(self) -> None:
        """Move the log into the database as far as readers allow, without making a writer wait."""
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def make_room(self) -> None:
        """Write the log to a useful length once, so that commits overwrite instead of growing it: half the time of
        a sync. Nothing depends on it, so a disk that has no room for it is left in peace."""
        log = _log_of(self.path)
        is_there = log.exists() and log.stat().st_size >= LOG_ROOM
        if is_there or shutil.disk_usage(self.path.parent).free < FREE_FOR_ROOM:
            return
        run = self._connection.execute
        try:
            run("CREATE TABLE room(x)")
            run("INSERT INTO room VALUES (zeroblob(?))", (LOG_ROOM,))
            run("DROP TABLE room")
            self.checkpoint()
        except sqlite3.OperationalError:
            run("DROP TABLE IF EXISTS room")

    def close(self) -> None:
        self._connection.close()

    def abandon(self) -> None:
        """Never touch the file again. Closing would copy the log and sync it, so the connection stays open for good."""
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._connection))


class JournalReader:
    """Reads a journal that another thread or process may be writing, or nobody."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._inode = path.stat().st_ino
        # A reader may not make the log's files. Where they are missing nobody writes, and the file can stand as it is.
        self._is_frozen = not _log_of(path).exists()
        mode = "immutable=1" if self._is_frozen else "mode=ro"
        try:
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?{mode}", uri=True, isolation_level=None, check_same_thread=False
            )
            self._connection.execute(f"PRAGMA busy_timeout = {LOCK_WAIT_MS}")
            _check_format(self._connection, path)
        except sqlite3.DatabaseError as error:
            raise DataError(file=str(path), line=0, what=f"cannot be read as a journal: {error}") from error

    def is_current(self) -> bool:
        """False when another file took the name (after a degraded time), or a writer came."""
        try:
            return self.path.stat().st_ino == self._inode and not (self._is_frozen and _log_of(self.path).exists())
        except FileNotFoundError:
            return False

    def last_seq(self) -> int:
        return int(self._connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0])

    def first_seq(self) -> int:
        """0: it is empty."""
        return int(self._connection.execute("SELECT coalesce(min(seq), 0) FROM events").fetchone()[0])

    def at(self, seq: int) -> int:
        """When the event ``seq`` happened; where there is none, the one before it."""
        found = self._connection.execute("SELECT at FROM events WHERE seq <= ? ORDER BY seq DESC LIMIT 1", (seq,))
        return int((found.fetchone() or (0,))[0])

    def next_arrival(self, *, after: int, before: int | None = None) -> Arrival | None:
        """The next call that begins between these places."""
        row = self._connection.execute(
            "SELECT seq, body FROM events WHERE seq > ? AND seq < ?"
            " AND kind IN ('CallArrived', 'CallInitiated', 'CallbackDelivered') ORDER BY seq LIMIT 1",
            (after, _FAR if before is None else before),
        ).fetchone()
        return None if row is None else Arrival(int(row[0]), _call_of.decode(row[1]).call)

    def rows(self, *, after: int, limit: int = READ_ROWS) -> list[Row]:
        found = self._connection.execute(
            "SELECT seq, at, kind, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)
        )
        return [Row(*row) for row in found]

    def all_rows(self, *, after: int, before: int | None = None) -> Iterator[Row]:
        """Everything after ``after`` (and below ``before``), read in portions."""
        while rows := self.rows(after=after):
            for row in rows:
                if before is not None and row.seq >= before:
                    return
                yield row
            after = rows[-1].seq

    def personal(self, refs: Iterable[int]) -> dict[int, str | None]:
        """The texts that are known of these references; None: erased."""
        found: dict[int, str | None] = {}
        for ref in refs:
            row = self._connection.execute("SELECT value FROM personal WHERE ref = ?", (int(ref),)).fetchone()
            if row is not None:
                found[int(ref)] = row[0]
        return found

    def erasures(self, *, after: int, limit: int = READ_ROWS) -> list[tuple[int, int]]:
        """``(number, ref)`` of erasures since."""
        return list(
            self._connection.execute(
                "SELECT number, ref FROM erasures WHERE number > ? ORDER BY number LIMIT ?", (after, limit)
            )
        )

    def copy_to(self, target: Path) -> None:
        """A compact copy of the whole journal in a new file."""
        self._connection.execute("VACUUM INTO ?", (str(target),))

    def close(self) -> None:
        self._connection.close()


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _connect(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute(f"PRAGMA busy_timeout = {LOCK_WAIT_MS}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        # The log is moved by a thread of its own, so that no commit pays for it.
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("PRAGMA secure_delete = ON")
        _check_format(connection, path)
        if _format(connection) != FORMAT:
            connection.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        raise DataError(file=str(path), line=0, what=f"cannot be used as a journal: {error}") from error
    return connection


def _format(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check_format(connection: sqlite3.Connection, path: Path) -> None:
    found = _format(connection)
    if found > FORMAT:
        raise DataError(
            file=str(path), line=0, what=f"journal format {found}", hint=f"this release reads format {FORMAT}"
        )
