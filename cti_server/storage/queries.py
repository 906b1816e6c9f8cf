"""Reads of the main database. No method writes, and none decides what a person may see: that is the caller's matter.

Every method blocks for one short transaction: call them from a bounded thread pool, not in an event loop. Lists are
limited. After a write, ``wait_for(seq)`` first: the projector may be behind. Raises Unavailable where the database does
not answer.

    queries = Queries(open_database(url))
    queries.wait_for(reply.seq)
    queries.timeline("C-004812", limit=50)
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, and_, or_, select
from sqlalchemy.exc import SQLAlchemyError

from cti_server.core.errors import Unavailable
from cti_server.storage import tables as t
from cti_server.storage.answer_rows import (
    call_row,
    callback_row,
    numbers,
    offers_of,
    recording_row,
    scripts_of,
    steps_of,
    timeline_call,
    timeline_callback,
)
from cti_server.storage.answers import (
    AgentFigures,
    CallbackRow,
    CallFilter,
    CallPage,
    CallRecord,
    QueueFigures,
    RecordingRow,
    TimelineEntry,
    Totals,
)
from cti_server.storage.projector import read_progress
from cti_server.storage.selects import (
    OPEN_CALLBACKS,
    ROWS_MAX,
    call_conditions,
    select_agent_calls,
    select_agent_offers,
    select_callbacks,
    select_calls,
    select_messages_waiting,
    select_queue_visits,
    select_recordings,
    select_timeline,
)
from cti_server.storage.totals import count_totals

READ_AFTER_WRITE_S = 2.0
LOOK_AGAIN_S = 0.02


class Queries:
    def __init__(self, database: Engine) -> None:
        self._database = database

    def applied_seq(self) -> int:
        with self._reading() as connection:
            return read_progress(connection).seq

    def wait_for(self, seq: int, timeout_s: float = READ_AFTER_WRITE_S) -> bool:
        """True as soon as the event ``seq`` can be read; False when it takes too long."""
        until = time.monotonic() + timeout_s
        while self.applied_seq() < seq:
            if time.monotonic() >= until:
                return False
            time.sleep(LOOK_AGAIN_S)
        return True

    # --- calls -------------------------------------------------------------------------------------------------------

    def call(self, call: int) -> CallRecord | None:
        with self._reading() as connection:
            found = connection.execute(select_calls().where(t.calls.c.call == call)).mappings().one_or_none()
            if found is None:
                return None
            return CallRecord(
                call=call_row(found),
                steps=steps_of(connection, call),
                offers=offers_of(connection, call),
                recordings=_recordings(connection, t.recordings.c.call == call),
                scripts=scripts_of(connection, call),
            )

    def calls(
        self, wanted: CallFilter | None = None, *, after: tuple[int, int] | None = None, limit: int = 100
    ) -> CallPage:
        """Newest first. ``after``: ``next`` of the page before."""
        limit = min(limit, ROWS_MAX)
        order = (t.calls.c.arrived_at.desc(), t.calls.c.call.desc())
        query = select_calls().where(*call_conditions(wanted or CallFilter())).order_by(*order).limit(limit + 1)
        if after is not None:
            at, call = after
            older = or_(t.calls.c.arrived_at < at, and_(t.calls.c.arrived_at == at, t.calls.c.call < call))
            query = query.where(older)
        with self._reading() as connection:
            rows = tuple(call_row(row) for row in connection.execute(query).mappings())
        is_more = len(rows) > limit
        rows = rows[:limit]
        return CallPage(rows=rows, next=(rows[-1].arrived_at, rows[-1].call) if is_more else None)

    def timeline(self, customer: str, *, before_at: int | None = None, limit: int = 50) -> tuple[TimelineEntry, ...]:
        """Calls that are over and callbacks of a customer, newest first."""
        limit = min(limit, ROWS_MAX)
        calls = select_timeline(customer).limit(limit)
        callbacks = select_callbacks().where(t.callbacks.c.customer == customer).limit(limit)
        if before_at is not None:
            calls = calls.where(t.calls.c.arrived_at < before_at)
            callbacks = callbacks.where(t.callbacks.c.requested_at < before_at)
        callbacks = callbacks.order_by(t.callbacks.c.requested_at.desc())
        with self._reading() as connection:
            entries = [timeline_call(row) for row in connection.execute(calls).mappings()]
            entries += [timeline_callback(row) for row in connection.execute(callbacks).mappings()]
        return tuple(sorted(entries, key=lambda entry: -entry.at)[:limit])

    def recordings(
        self, *, since: int | None = None, until: int | None = None, agent: int | None = None, limit: int = 100
    ) -> tuple[RecordingRow, ...]:
        """Newest first."""
        conditions = [t.recordings.c.begun_at >= since] if since is not None else []
        conditions += [t.recordings.c.begun_at < until] if until is not None else []
        conditions += [t.calls.c.agent == agent] if agent is not None else []
        with self._reading() as connection:
            return _recordings(connection, *conditions, limit=limit)

    def recording(self, recording: int) -> RecordingRow | None:
        with self._reading() as connection:
            rows = _recordings(connection, t.recordings.c.recording == recording)
            return rows[0] if rows else None

    # --- callbacks ---------------------------------------------------------------------------------------------------

    def open_callbacks(self, *, queue: str = "", limit: int = ROWS_MAX) -> tuple[CallbackRow, ...]:
        """Those that are still to be done, the first due first."""
        query = select_callbacks().where(t.callbacks.c.state.in_(OPEN_CALLBACKS))
        if queue:
            query = query.where(t.callbacks.c.queue == queue)
        query = query.order_by(t.callbacks.c.due_at, t.callbacks.c.callback).limit(min(limit, ROWS_MAX))
        with self._reading() as connection:
            return tuple(callback_row(row) for row in connection.execute(query).mappings())

    def callback(self, callback: int) -> CallbackRow | None:
        with self._reading() as connection:
            query = select_callbacks().where(t.callbacks.c.callback == callback)
            row = connection.execute(query).mappings().one_or_none()
            return None if row is None else callback_row(row)

    def message_in(self, recording: int) -> CallbackRow | None:
        """The callback of the voice message that this recording is; None: it is none."""
        with self._reading() as connection:
            query = select_callbacks().where(t.callbacks.c.recording == recording)
            row = connection.execute(query).mappings().first()
            return None if row is None else callback_row(row)

    def skills_of(self, agent: int) -> dict[str, int]:
        """Level by skill; empty: nobody of that number, or nobody who takes calls any more."""
        with self._reading() as connection:
            query = select(t.people.c.skills).where(t.people.c.person == agent, t.people.c.is_active)
            skills = connection.execute(query).scalar_one_or_none()
            return {} if skills is None else msgspec.json.decode(skills, type=dict[str, int])

    def messages_waiting(self) -> dict[str, int]:
        """Voice messages that nobody has dealt with yet, by queue."""
        with self._reading() as connection:
            return {str(queue): int(count) for queue, count in connection.execute(select_messages_waiting())}

    # --- people ------------------------------------------------------------------------------------------------------

    def names(self) -> dict[int, str]:
        """Everybody's name by agent, also of those who left."""
        with self._reading() as connection:
            rows = connection.execute(select(t.people.c.person, t.people.c.name))
            return {int(person): str(name) for person, name in rows}

    # --- figures -----------------------------------------------------------------------------------------------------

    def agent_figures(self, since: int) -> dict[int, AgentFigures]:
        """By agent, since a moment (local midnight, say)."""
        found: dict[int, dict[str, int]] = {}
        with self._reading() as connection:
            for row in connection.execute(select_agent_calls(since)).mappings():
                found.setdefault(int(row["agent"]), {}).update(numbers(row, "answered", "dialled", "talk_us", "talks"))
            for row in connection.execute(select_agent_offers(since)).mappings():
                found.setdefault(int(row["agent"]), {}).update(numbers(row, "missed", "declined"))
        return {agent: AgentFigures(agent=agent, **numbers) for agent, numbers in found.items()}

    def queue_figures(self, since: int, *, threshold_us: int) -> dict[str, QueueFigures]:
        """By queue, of visits that ended since a moment."""
        names = ("answered", "in_time", "abandoned", "flowed_out", "callback", "waited_us")
        with self._reading() as connection:
            rows = connection.execute(select_queue_visits(since, threshold_us)).mappings().all()
        return {str(row["queue"]): QueueFigures(queue=str(row["queue"]), **numbers(row, *names)) for row in rows}

    def totals(self) -> Totals:
        """Of everything, for the recount (I8)."""
        with self._reading() as connection:
            return count_totals(connection)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._database.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise Unavailable("the database does not answer") from error


def _recordings(connection: Connection, *conditions: Any, limit: int = ROWS_MAX) -> tuple[RecordingRow, ...]:
    rows = connection.execute(select_recordings(*conditions, limit=limit)).mappings()
    return tuple(recording_row(row) for row in rows)
