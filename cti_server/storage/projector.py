"""Carries the journal's events into the main database: rows and ``applied_seq`` in one transaction.

It may be slow, locked out, killed or away, and catches up exactly once: a second projector, or one that comes back from
the dead, finds ``applied_seq`` moved and takes its transaction back. It reads the journal through a connection of its
own, from another process or thread, and decides nothing; which rows an event makes stands in `projections.py`.
"""

import sqlite3
import threading
from pathlib import Path
from typing import Any, NamedTuple, assert_never

import structlog
from sqlalchemy import Connection, Engine, Table, and_, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from cti_server.core.errors import DataError, IeumError
from cti_server.core.events import ClockOffsetChanged
from cti_server.core.vocabulary import AgentMode, Occupation
from cti_server.storage import tables as t
from cti_server.storage.changes import Add, Change, ChangeAgent, Insert, Place, Put, Update
from cti_server.storage.event_codec import decode_all
from cti_server.storage.journal_file import JournalReader
from cti_server.storage.projections import changes_of, personal_refs

EVENTS_A_TRANSACTION = 500
POLL_S = 0.05
REST_AFTER_ERROR_S = 1.0
REST_AFTER_BUG_S = 10.0
NAME = "main"

log = structlog.get_logger(__name__)


class Projector:
    """One at a time writes; more than one do no harm. ``database``: opened as a writer, migrated already."""

    def __init__(self, journal: Path, database: Engine) -> None:
        self._path = journal
        self._database = database
        self._reader: JournalReader | None = None
        self._progress: Progress | None = None

    def run(self, stop: threading.Event) -> None:
        """Until ``stop`` is set. A database or journal that does not answer now is waited for."""
        while not stop.is_set():
            try:
                self.catch_up()
                stop.wait(POLL_S)
            except (SQLAlchemyError, sqlite3.Error, OSError, DataError, Overtaken) as error:
                self.close()  # it may have been opened before the journal was whole
                log.warning("projector_waits", error=type(error).__name__, detail=_short(error))
                stop.wait(REST_AFTER_ERROR_S)
            except Exception as bug:
                # Reading falls behind until this is mended, and says so; it is not a reason to stop for ever. The
                # error's text may hold personal text and is not logged.
                self.close()
                log.error("projector_failed", error=type(bug).__name__, where=_place(bug))
                stop.wait(REST_AFTER_BUG_S)

    def catch_up(self) -> int:
        """Apply all that the journal has now; gives the applied seq. SQLAlchemyError: the database does not answer."""
        reader = self._journal()
        try:
            while True:
                # Kept between calls, so that looking for news costs the database nothing.
                progress = self._progress or self._read_progress()
                self._progress = progress if reader is None else self._apply_some(reader, progress)
                if self._progress == progress:
                    return progress.seq
        except Exception:
            self._progress = None
            raise

    def applied_seq(self) -> int:
        return self._read_progress().seq

    def rebuild(self) -> int:
        """Empty the projections and make them again. People are kept, as they are no projection."""
        with self._database.begin() as connection:
            for table in t.PROJECTIONS:
                connection.execute(delete(table))
            connection.execute(delete(t.projection_state))
        self._progress = None
        return self.catch_up()

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _journal(self) -> JournalReader | None:
        if self._reader is not None and not self._reader.is_current():
            self.close()
        if self._reader is None and self._path.exists():
            self._reader = JournalReader(self._path)
        return self._reader

    def _read_progress(self) -> "Progress":
        with self._database.connect() as connection:
            return read_progress(connection)

    def _apply_some(self, reader: JournalReader, progress: "Progress") -> "Progress":
        # The journal is read before the database is locked, so that a slow disk holds nobody up.
        rows = reader.rows(after=progress.seq, limit=EVENTS_A_TRANSACTION)
        erasures = [] if rows else reader.erasures(after=progress.erasure)
        if not rows and not erasures:
            return progress
        events = list(decode_all(rows, after=progress.seq))
        texts = reader.personal(ref for _, event in events for ref in personal_refs(event))
        with self._database.begin() as connection:
            if (other := read_progress(connection)) != progress:
                return other  # another projector was here
            offset = progress.clock_offset_us
            for seq, event in events:
                if isinstance(event, ClockOffsetChanged):
                    offset = event.offset_us
                for change in changes_of(event, Place(seq, event.at + offset, offset)):
                    carry_out(connection, change)
            for ref, text in texts.items():
                carry_out(connection, Put(t.personal, {"ref": ref}, {"value": text}))
            for _, ref in erasures:
                carry_out(connection, Put(t.personal, {"ref": ref}, {"value": None}))
            reached = Progress(
                seq=events[-1][0] if events else progress.seq,
                erasure=erasures[-1][0] if erasures else progress.erasure,
                clock_offset_us=offset,
            )
            _advance(connection, progress, reached)
        return reached


class Progress(NamedTuple):
    """How far the main database has come: events, erasures, and the clock's offset at that event."""

    seq: int
    erasure: int
    clock_offset_us: int


NOTHING_YET = Progress(0, 0, 0)


def read_progress(connection: Connection) -> Progress:
    state = t.projection_state.c
    columns = (state.applied_seq, state.applied_erasure, state.clock_offset_us)
    found = connection.execute(select(*columns).where(state.name == NAME)).one_or_none()
    return NOTHING_YET if found is None else Progress(*(int(value) for value in found))


def _advance(connection: Connection, before: Progress, reached: Progress) -> None:
    """Only from where we began. Where transactions run side by side, the row's lock (or, the first time, its key) makes
    a second projector wait, and then fail."""
    state = t.projection_state.c
    values = {
        "applied_seq": reached.seq,
        "applied_erasure": reached.erasure,
        "clock_offset_us": reached.clock_offset_us,
    }
    if before == NOTHING_YET:
        connection.execute(insert(t.projection_state), {"name": NAME, **values})
        return
    from_here = (state.name == NAME, state.applied_seq == before.seq, state.applied_erasure == before.erasure)
    if connection.execute(update(t.projection_state).where(*from_here).values(values)).rowcount != 1:
        raise Overtaken


class Overtaken(IeumError):
    """Another projector applied these events meanwhile; this one's transaction is taken back."""


def carry_out(connection: Connection, change: Change) -> None:
    """One change, in the transaction of its event."""
    match change:
        case Insert(table, values):
            connection.execute(insert(table), dict(values))
        case Update(table, where, values):
            connection.execute(update(table).where(_same(table, where)).values(dict(values)))
        case Add(table, where, counts):
            more = {name: table.c[name] + count for name, count in counts.items()}
            connection.execute(update(table).where(_same(table, where)).values(more))
        case Put(table, key, values):
            done = connection.execute(update(table).where(_same(table, key)).values(dict(values)))
            if done.rowcount == 0:
                connection.execute(insert(table), {**key, **values})
        case ChangeAgent():
            _change_agent(connection, change)
        case _:
            assert_never(change)


def _same(table: Table, where: Any) -> Any:
    return and_(
        *(table.c[name].is_(None) if value is None else table.c[name] == value for name, value in where.items())
    )


_NOBODY = {"mode": AgentMode.LOGGED_OFF.value, "reason": "", "occupation": Occupation.IDLE.value, "call": None}


def _change_agent(connection: Connection, change: ChangeAgent) -> None:
    is_open = _same(t.agent_states, {"agent": change.agent, "ended_at": None})
    states = t.agent_states.c
    columns = (states.mode, states.reason, states.occupation, states.call)
    found = connection.execute(select(*columns).where(is_open)).mappings().one_or_none()
    before = dict(found) if found is not None else _NOBODY
    if any(before[name] not in allowed for name, allowed in change.only_if.items()):
        return
    after = {**before, **change.values}
    if after == before:
        return
    connection.execute(update(t.agent_states).where(is_open).values(ended_at=change.at))
    interval = {"seq": change.seq, "agent": change.agent, "started_at": change.at, **after}
    connection.execute(insert(t.agent_states), interval)


def _short(error: Exception) -> str:
    """The driver's own words; SQLAlchemy's text would show the values of the row."""
    return str(getattr(error, "orig", None) or error)[:200] if not isinstance(error, DataError) else str(error)


def _place(bug: BaseException) -> str:
    trace = bug.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
