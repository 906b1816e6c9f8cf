"""The SELECTs of `queries.py`, in SQL that SQLite and PostgreSQL both know."""

from typing import Any

from sqlalchemy import Select, and_, case, func, select

from cti_server.core.vocabulary import CallbackState, QueueExit, RecordingState
from cti_server.storage import tables as t
from cti_server.storage.answers import CallFilter

ROWS_MAX = 500
OPEN_CALLBACKS = (CallbackState.WAITING.value, CallbackState.RESERVED.value, CallbackState.DIALLING.value)

_number = t.personal.alias("number")
_display_name = t.personal.alias("display_name")
_note = t.personal.alias("note")


def select_calls() -> Select[Any]:
    note = select(t.notes.c.note_ref).where(t.notes.c.call == t.calls.c.call).order_by(t.notes.c.at.desc()).limit(1)
    return (
        select(
            t.calls,
            t.people.c.name.label("agent_name"),
            _number.c.value.label("number"),
            _display_name.c.value.label("display_name"),
            _note.c.value.label("note"),
        )
        .outerjoin(t.people, t.people.c.person == t.calls.c.agent)
        .outerjoin(_number, _number.c.ref == t.calls.c.number_ref)
        .outerjoin(_display_name, _display_name.c.ref == t.calls.c.display_name_ref)
        .outerjoin(_note, _note.c.ref == note.scalar_subquery())
    )


def select_timeline(customer: str) -> Select[Any]:
    stored = (
        select(func.min(t.recordings.c.recording))
        .where(t.recordings.c.call == t.calls.c.call, t.recordings.c.state == RecordingState.STOPPED.value)
        .scalar_subquery()
    )
    return (
        select_calls()
        .add_columns(stored.label("recording"))
        .where(t.calls.c.customer == customer, t.calls.c.cleared_at.is_not(None))
        .order_by(t.calls.c.arrived_at.desc(), t.calls.c.call.desc())
    )


def call_conditions(wanted: CallFilter) -> list[Any]:
    columns = t.calls.c
    conditions: list[Any] = []
    if wanted.since is not None:
        conditions.append(columns.arrived_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(columns.arrived_at < wanted.until)
    for name in ("agent", "queue", "customer", "direction", "disposition", "cause", "queue_exit"):
        value = getattr(wanted, name)
        if value not in ("", None):
            conditions.append(columns[name] == value)
    return conditions


def select_callbacks() -> Select[Any]:
    number = t.personal.c.value.label("number")
    return select(t.callbacks, number).outerjoin(t.personal, t.personal.c.ref == t.callbacks.c.number_ref)


def select_messages_waiting() -> Select[Any]:
    callbacks = t.callbacks.c
    is_waiting = and_(callbacks.recording.is_not(None), callbacks.state.in_(OPEN_CALLBACKS))
    return select(callbacks.queue, func.count()).where(is_waiting).group_by(callbacks.queue)


def select_recordings(*conditions: Any, limit: int = ROWS_MAX) -> Select[Any]:
    return (
        select(t.recordings, t.calls.c.agent, t.calls.c.queue, t.calls.c.customer)
        .outerjoin(t.calls, t.calls.c.call == t.recordings.c.call)
        .where(*conditions)
        .order_by(t.recordings.c.begun_at.desc(), t.recordings.c.recording.desc())
        .limit(min(limit, ROWS_MAX))
    )


def select_agent_calls(since: int) -> Select[Any]:
    calls = t.calls.c
    is_inbound = calls.direction == "inbound"
    return (
        select(
            calls.agent,
            func.sum(case((is_inbound, 1), else_=0)).label("answered"),
            func.sum(case((is_inbound, 0), else_=1)).label("dialled"),
            func.sum(calls.talk_us).label("talk_us"),
            func.sum(case((calls.cleared_at.is_not(None), 1), else_=0)).label("talks"),
        )
        .where(calls.established_at >= since, calls.agent.is_not(None))
        .group_by(calls.agent)
    )


def select_agent_offers(since: int) -> Select[Any]:
    offers = t.offers.c
    return (
        select(
            offers.agent,
            func.sum(case((offers.outcome == "missed", 1), else_=0)).label("missed"),
            func.sum(case((offers.outcome == "declined", 1), else_=0)).label("declined"),
        )
        .where(offers.offered_at >= since)
        .group_by(offers.agent)
    )


def select_queue_visits(since: int, threshold_us: int) -> Select[Any]:
    visits = t.queue_visits.c
    is_answered = visits.how == QueueExit.ANSWERED.value
    counts = [func.sum(case((visits.how == way.value, 1), else_=0)).label(way.value) for way in QueueExit]
    in_time = func.sum(case((and_(is_answered, visits.waited_us <= threshold_us), 1), else_=0)).label("in_time")
    waited = func.sum(case((is_answered, visits.waited_us), else_=0)).label("waited_us")
    return select(visits.queue, *counts, in_time, waited).where(visits.left_at >= since).group_by(visits.queue)
