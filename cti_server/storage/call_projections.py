"""Rows of calls: the call, its offers and visits to queues, recordings, notes, script."""

from collections.abc import Iterator
from typing import Any

import msgspec

from cti_server.core import events as e
from cti_server.core.vocabulary import Direction, LegRole, Occupation, RecordingState
from cti_server.storage import tables as t
from cti_server.storage.changes import (
    WORD_MAX,
    Add,
    Change,
    Insert,
    Makers,
    Place,
    Put,
    Update,
    change_agent,
    freed,
    occupied,
)

ANSWERED = "answered"
"""The outcome of an offer that became a conversation."""
MESSAGE = "message"
"""The kind of a recording that is a voice message."""


def _call(event: e.CallEvent, **values: Any) -> Update:
    return Update(t.calls, {"call": event.call}, values)


def _arrived(event: e.CallArrived, place: Place) -> Iterator[Change]:
    values = {
        "call": event.call,
        "direction": Direction.INBOUND.value,
        "line": event.line,
        "trunk": event.trunk,
        "number_ref": event.number,
        "display_name_ref": event.display_name,
        "arrived_at": place.at,
    }
    yield Insert(t.calls, values)


def _initiated(event: e.CallInitiated, place: Place) -> Iterator[Change]:
    values = {
        "call": event.call,
        "direction": event.direction.value,
        "agent": event.agent,
        "customer": event.customer,
        "callback": event.callback,
        "queue": event.queue or "",
        "number_ref": event.number,
        "arrived_at": place.at,
    }
    yield Insert(t.calls, values)
    yield occupied(event.agent, place, Occupation.RESERVED, event.call)


def _answered_by_flow(event: e.CallAnsweredByFlow, place: Place) -> Iterator[Change]:
    yield _call(event, flow_answered_at=place.at)


def _language_set(event: e.CallLanguageSet, _: Place) -> Iterator[Change]:
    yield _call(event, language=event.language)


def _matched(event: e.CustomerMatched, _: Place) -> Iterator[Change]:
    values: dict[str, Any] = {"customer": event.customer, "tier": event.tier, "verification": ""}
    yield _call(event, **values)
    if event.language:
        yield Update(t.calls, {"call": event.call, "language": ""}, {"language": event.language})


def _assigned(event: e.CustomerAssigned, _: Place) -> Iterator[Change]:
    yield _call(event, customer=event.customer)


def _verified(event: e.CallerVerified, _: Place) -> Iterator[Change]:
    yield _call(event, verification=event.verification.value)


def _queued(event: e.CallQueued, place: Place) -> Iterator[Change]:
    if event.returned:
        return  # the same visit goes on
    entered_at = event.entered_at + place.offset
    yield _call(event, queue=event.queue, queued_at=entered_at)
    values = {"seq": place.seq, "call": event.call, "queue": event.queue, "entered_at": entered_at}
    yield Insert(t.queue_visits, values)


def _callback_delivered(event: e.CallbackDelivered, place: Place) -> Iterator[Change]:
    values = {
        "call": event.call,
        "direction": Direction.CALLBACK.value,
        "agent": event.agent,
        "customer": event.customer,
        "language": event.language,
        "callback": event.callback,
        "queue": event.queue or "",
        "number_ref": event.number,
        "arrived_at": place.at,
    }
    yield Insert(t.calls, values)
    yield from _delivered(event, place)


def _delivered(event: e.Delivered, place: Place) -> Iterator[Change]:
    values = {
        "seq": place.seq,
        "call": event.call,
        "agent": event.agent,
        "queue": event.queue or "",
        "offered_at": place.at,
    }
    yield Insert(t.offers, values)
    yield Add(t.calls, {"call": event.call}, {"offers": 1})
    yield occupied(event.agent, place, Occupation.RESERVED, event.call)


def _leg_placed(event: e.LegPlaced, place: Place) -> Iterator[Change]:
    if event.role is LegRole.CUSTOMER:  # the agent took the callback, and the customer is dialled
        open_offer = {"call": event.call, "ended_at": None}
        yield Update(t.offers, open_offer, {"ended_at": place.at, "outcome": ANSWERED})
    if event.role is not LegRole.AGENT or event.agent is None:
        return
    if event.card is not None:
        yield Update(t.offers, _open_offer(event.call, event.agent), {"card": event.card.value})
    yield occupied(event.agent, place, Occupation.ALERTING, event.call)


def _offer_ended(event: e.OfferEnded, place: Place) -> Iterator[Change]:
    values = {"ended_at": place.at, "outcome": event.outcome.value, "reason": event.reason}
    yield Update(t.offers, _open_offer(event.call, event.agent), values)
    yield freed(event.agent, place, call=event.call)


def _left_queue(event: e.CallLeftQueue, place: Place) -> Iterator[Change]:
    yield _call(event, queue_exit=event.how.value, waited_us=event.waited_us)
    open_visit = {"call": event.call, "queue": event.queue, "left_at": None}
    yield Update(
        t.queue_visits, open_visit, {"left_at": place.at, "how": event.how.value, "waited_us": event.waited_us}
    )


def _established(event: e.CallEstablished, place: Place) -> Iterator[Change]:
    yield _call(event, agent=event.agent, established_at=place.at, waited_us=event.waited_us)
    yield Update(t.offers, _open_offer(event.call, event.agent), {"ended_at": place.at, "outcome": ANSWERED})
    yield occupied(event.agent, place, Occupation.CONNECTED, event.call)


def _forwarded(event: e.CallForwarded, place: Place) -> Iterator[Change]:
    yield _call(event, established_at=place.at)


def _disposed(event: e.CallDisposed, _: Place) -> Iterator[Change]:
    yield _call(event, disposition=event.code, subcode=event.subcode, disposed_automatically=event.automatic)


def _cleared(event: e.CallCleared, place: Place) -> Iterator[Change]:
    values: dict[str, Any] = {
        "cleared_at": place.at,
        "cause": event.cause.value,
        "talk_us": event.talk_us,
        "hold_us": event.hold_us,
    }
    yield _call(event, **values)
    if event.agent is not None:
        before = {"call": (event.call,), "occupation": (Occupation.RESERVED.value, Occupation.ALERTING.value)}
        yield change_agent(event.agent, place, {"occupation": Occupation.IDLE.value, "call": None}, only_if=before)


def _reason_set(event: e.ContactReasonSet, _: Place) -> Iterator[Change]:
    yield _reason(event.call, event.reason)


def _reason(call: int, reason: tuple[str, ...]) -> Change:
    levels = (*reason, "", "", "")[:3]
    return Update(t.calls, {"call": call}, dict(zip(("reason_1", "reason_2", "reason_3"), levels, strict=True)))


def _open_offer(call: int, agent: int) -> dict[str, Any]:
    return {"call": call, "agent": agent, "ended_at": None}


# --- recordings, notes, script ---------------------------------------------------------------------------------------


def _recording(event: Any, **values: Any) -> Update:
    return Update(t.recordings, {"recording": event.recording}, values)


def _recording_begun(event: e.RecordingBegun, place: Place) -> Iterator[Change]:
    values = {
        "recording": event.recording,
        "call": event.call,
        "begun_at": place.at,
        "state": RecordingState.STARTING.value,
    }
    yield Insert(t.recordings, values)
    yield Add(t.calls, {"call": event.call}, {"recordings": 1})


def _recording_confirmed(event: e.RecordingConfirmed, place: Place) -> Iterator[Change]:
    yield _recording(event, confirmed_at=place.at, state=RecordingState.RECORDING.value)


def _recording_paused(event: e.RecordingPaused, _: Place) -> Iterator[Change]:
    yield _recording(event, state=RecordingState.PAUSED.value)
    yield Add(t.recordings, {"recording": event.recording}, {"pauses": 1})


def _recording_resumed(event: e.RecordingResumed, _: Place) -> Iterator[Change]:
    yield _recording(event, state=RecordingState.RECORDING.value)


def _recording_stored(event: e.RecordingStored, place: Place) -> Iterator[Change]:
    yield _recording(
        event,
        stored_at=place.at,
        state=RecordingState.STOPPED.value,
        path=event.path,
        duration_ms=event.duration_ms,
        size_bytes=event.size_bytes,
    )


def _recording_lost(event: e.RecordingLost, _: Place) -> Iterator[Change]:
    yield _recording(event, state=RecordingState.FAILED.value, lost_reason=event.reason[:WORD_MAX])


def _message_begun(event: e.MessageBegun, _: Place) -> Iterator[Change]:
    yield _recording(event, kind=MESSAGE)


def _note_taken(event: e.NoteTaken, place: Place) -> Iterator[Change]:
    key = {"call": event.call, "agent": event.agent}
    yield Put(t.notes, key, {"at": place.at, "note_ref": event.note, "revision": event.revision})


def _script_followed(event: e.ScriptFollowed, place: Place) -> Iterator[Change]:
    values = {
        "at": place.at,
        "agent": event.agent,
        "library_version": event.library_version,
        "node": event.node,
        "path": msgspec.json.encode(event.path).decode(),
        "answers_ref": event.answers,
    }
    yield Put(t.script_paths, {"call": event.call, "item": event.item}, values)
    if event.reason:
        yield _reason(event.call, event.reason)


MAKERS: Makers = {
    e.CallArrived: _arrived,
    e.CallInitiated: _initiated,
    e.CallAnsweredByFlow: _answered_by_flow,
    e.CallLanguageSet: _language_set,
    e.CustomerMatched: _matched,
    e.CustomerAssigned: _assigned,
    e.CallerVerified: _verified,
    e.CallQueued: _queued,
    e.CallDelivered: _delivered,
    e.CallbackDelivered: _callback_delivered,
    e.LegPlaced: _leg_placed,
    e.OfferEnded: _offer_ended,
    e.CallLeftQueue: _left_queue,
    e.CallEstablished: _established,
    e.CallForwarded: _forwarded,
    e.CallDisposed: _disposed,
    e.CallCleared: _cleared,
    e.ContactReasonSet: _reason_set,
    e.RecordingBegun: _recording_begun,
    e.RecordingConfirmed: _recording_confirmed,
    e.RecordingPaused: _recording_paused,
    e.RecordingResumed: _recording_resumed,
    e.RecordingStored: _recording_stored,
    e.RecordingLost: _recording_lost,
    e.MessageBegun: _message_begun,
    e.NoteTaken: _note_taken,
    e.ScriptFollowed: _script_followed,
}
