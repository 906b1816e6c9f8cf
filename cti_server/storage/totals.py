"""Report totals, counted twice: from the tables, as reports do, and from the events alone (I8).

The two share no code but the answer's shape; where they differ, a projection is wrong.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, func, select

from cti_server.core import events as e
from cti_server.core.vocabulary import CallbackState, LegRole
from cti_server.storage import tables as t
from cti_server.storage.answers import Totals


def count_totals(connection: Connection) -> Totals:
    """From the tables."""
    return Totals(
        calls=_count(connection, t.calls),
        cleared=_count(connection, t.calls, t.calls.c.cleared_at.is_not(None)),
        conversations=_count(connection, t.calls, t.calls.c.established_at.is_not(None)),
        by_direction=_by(connection, t.calls.c.direction),
        by_cause=_by(connection, t.calls.c.cause),
        by_queue_exit=_by(connection, t.queue_visits.c.how),
        by_disposition=_by(connection, t.calls.c.disposition),
        by_offer=_by(connection, t.offers.c.outcome),
        by_callback_state=_by(connection, t.callbacks.c.state),
        talk_us=_sum(connection, t.calls.c.talk_us),
        hold_us=_sum(connection, t.calls.c.hold_us),
        waited_us=_sum(connection, t.queue_visits.c.waited_us),
        recordings=_count(connection, t.recordings),
        recordings_stored=_count(connection, t.recordings, t.recordings.c.stored_at.is_not(None)),
        callback_attempts=_count(connection, t.callback_attempts),
        notes=_count(connection, t.notes),
    )


def _count(connection: Connection, table: Table, *conditions: ColumnElement[bool]) -> int:
    return int(connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one())


def _sum(connection: Connection, column: Any) -> int:
    return int(connection.execute(select(func.coalesce(func.sum(column), 0))).scalar_one())


def _by(connection: Connection, column: Any) -> dict[str, int]:
    rows = connection.execute(select(column, func.count()).where(column != "").group_by(column))
    return {str(value): int(count) for value, count in rows}


def recount(events: Iterable[e.Event]) -> Totals:
    """From the events alone, in their order."""
    counts: Counter[str] = Counter()
    groups: dict[str, Counter[str]] = {name: Counter() for name in ("direction", "cause", "exit", "offer")}
    dispositions: dict[int, str] = {}
    callbacks: dict[int, str] = {}
    notes: set[tuple[int, int]] = set()
    offered: set[tuple[int, int]] = set()
    for event in events:
        match event:
            case e.CallArrived():
                counts["calls"] += 1
                groups["direction"]["inbound"] += 1
            case e.CallInitiated():
                counts["calls"] += 1
                groups["direction"][event.direction.value] += 1
            case e.CallEstablished():
                counts["conversations"] += 1
                if (event.call, event.agent) in offered:
                    groups["offer"]["answered"] += 1
                    offered.discard((event.call, event.agent))
            case e.CallForwarded():
                counts["conversations"] += 1
            case e.CallbackDelivered():
                counts["calls"] += 1
                groups["direction"]["callback"] += 1
                offered.add((event.call, event.agent))
            case e.LegPlaced(role=LegRole.CUSTOMER):
                taken = {offer for offer in offered if offer[0] == event.call}
                groups["offer"]["answered"] += len(taken)
                offered -= taken
            case e.CallDelivered():
                offered.add((event.call, event.agent))
            case e.OfferEnded():
                groups["offer"][event.outcome.value] += 1
                offered.discard((event.call, event.agent))
            case e.CallLeftQueue():
                groups["exit"][event.how.value] += 1
                counts["waited_us"] += event.waited_us
            case e.CallCleared():
                counts["cleared"] += 1
                groups["cause"][event.cause.value] += 1
                counts["talk_us"] += event.talk_us
                counts["hold_us"] += event.hold_us
            case e.CallDisposed():
                dispositions[event.call] = event.code
            case e.NoteTaken():
                notes.add((event.call, event.agent))
            case e.RecordingBegun():
                counts["recordings"] += 1
            case e.RecordingStored():
                counts["recordings_stored"] += 1
            case e.CallbackAttempted():
                counts["callback_attempts"] += 1
                callbacks[event.callback] = CallbackState.DIALLING.value
            case e.CallbackQueued() | e.CallbackLeftQueue():
                pass
            case e.CallbackEvent():
                callbacks[event.callback] = _CALLBACK_STATES[type(event)].value
    return Totals(
        **counts,
        by_direction=dict(groups["direction"]),
        by_cause=dict(groups["cause"]),
        by_queue_exit=dict(groups["exit"]),
        by_disposition=dict(Counter(dispositions.values())),
        by_offer=dict(groups["offer"]),
        by_callback_state=dict(Counter(callbacks.values())),
        notes=len(notes),
    )


_CALLBACK_STATES = {
    e.CallbackRequested: CallbackState.WAITING,
    e.CallbackRescheduled: CallbackState.WAITING,
    e.CallbackDone: CallbackState.DONE,
    e.CallbackSettled: CallbackState.DONE,
    e.CallbackExhausted: CallbackState.EXHAUSTED,
    e.CallbackCancelled: CallbackState.CANCELLED,
}
