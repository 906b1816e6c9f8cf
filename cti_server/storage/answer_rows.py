"""Rows of the main database as the answers of `queries.py`."""

import msgspec
from sqlalchemy import Connection, RowMapping, select

from cti_server.storage import tables as t
from cti_server.storage.answers import CallbackRow, CallRow, CallStep, Offer, RecordingRow, ScriptPath, TimelineEntry


def numbers(row: RowMapping, *names: str) -> dict[str, int]:
    return {name: int(row[name] or 0) for name in names}


def call_row(row: RowMapping) -> CallRow:
    plain = {name: row[name] for name in CallRow.__struct_fields__ if name in row and row[name] is not None}
    after_call_us = (row["after_call_ended_at"] or 0) - (row["after_call_at"] or 0)
    is_worked = row["after_call_at"] is not None and row["after_call_ended_at"] is not None
    return CallRow(**plain, reason=_reason(row), after_call_us=after_call_us if is_worked else 0)


def _reason(row: RowMapping) -> tuple[str, ...]:
    return tuple(level for level in (row["reason_1"], row["reason_2"], row["reason_3"]) if level)


def timeline_call(row: RowMapping) -> TimelineEntry:
    names = ("call", "direction", "queue", "agent", "talk_us", "cause", "disposition", "subcode", "recording")
    return TimelineEntry(
        at=row["arrived_at"],
        kind="call",
        **{name: row[name] for name in names},
        agent_name=row["agent_name"] or "",
        reason=_reason(row),
        note=row["note"] or "",
    )


def timeline_callback(row: RowMapping) -> TimelineEntry:
    names = ("callback", "queue", "agent", "state", "cause", "recording", "message_ms")
    return TimelineEntry(at=row["requested_at"], kind="callback", **{name: row[name] for name in names})


def recording_row(row: RowMapping) -> RecordingRow:
    return RecordingRow(
        **{name: row[name] for name in RecordingRow.__struct_fields__ if name in row and row[name] is not None}
    )


def callback_row(row: RowMapping) -> CallbackRow:
    plain = {name: row[name] for name in CallbackRow.__struct_fields__ if row[name] is not None}
    return CallbackRow(**{"number": "", **plain})


def steps_of(connection: Connection, call: int) -> tuple[CallStep, ...]:
    columns = t.call_events.c
    query = select(columns.at, columns.kind, columns.detail, columns.agent, columns.queue).where(columns.call == call)
    rows = connection.execute(query.order_by(columns.seq)).mappings()
    return tuple(CallStep(**row) for row in rows)


def offers_of(connection: Connection, call: int) -> tuple[Offer, ...]:
    names = ("agent", "queue", "offered_at", "ended_at", "card", "outcome", "reason")
    columns = [t.offers.c[name] for name in names]
    query = select(*columns).where(t.offers.c.call == call).order_by(t.offers.c.seq)
    return tuple(Offer(**row) for row in connection.execute(query).mappings())


def scripts_of(connection: Connection, call: int) -> tuple[ScriptPath, ...]:
    paths = t.script_paths
    query = (
        select(paths, t.personal.c.value.label("answers"))
        .outerjoin(t.personal, t.personal.c.ref == paths.c.answers_ref)
        .where(paths.c.call == call)
        .order_by(paths.c.at)
    )
    return tuple(
        ScriptPath(
            library_version=row["library_version"],
            item=row["item"],
            node=row["node"],
            path=msgspec.json.decode(row["path"], type=tuple[str, ...]),
            answers=row["answers"] or "",
        )
        for row in connection.execute(query).mappings()
    )
