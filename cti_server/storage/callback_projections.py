"""Rows of callbacks and their attempts."""

from collections.abc import Iterator
from typing import Any

from cti_server.core import events as e
from cti_server.core.vocabulary import CallbackState
from cti_server.storage import tables as t
from cti_server.storage.changes import WORD_MAX, Change, Insert, Makers, Place, Update


def _callback(event: e.CallbackEvent, **values: Any) -> Update:
    return Update(t.callbacks, {"callback": event.callback}, values)


def _requested(event: e.CallbackRequested, place: Place) -> Iterator[Change]:
    values = {
        "callback": event.callback,
        "requested_at": place.at,
        "due_at": event.due_at,
        "queue": event.queue or "",
        "number_ref": event.number,
        "customer": event.customer,
        "language": event.language,
        "agent": event.agent,
        "call": event.call,
        "state": CallbackState.WAITING.value,
        "recording": event.recording,
        "message_ms": event.message_ms,
    }
    yield Insert(t.callbacks, values)


def _attempted(event: e.CallbackAttempted, place: Place) -> Iterator[Change]:
    yield _callback(event, state=CallbackState.DIALLING.value, attempts=event.attempt)
    values = {
        "callback": event.callback,
        "attempt": event.attempt,
        "at": place.at,
        "agent": event.agent,
        "call": event.call,
    }
    yield Insert(t.callback_attempts, values)


def _done(event: e.CallbackDone, place: Place) -> Iterator[Change]:
    yield _callback(event, state=CallbackState.DONE.value, ended_at=place.at)
    yield _attempt_ended(event, place, CallbackState.DONE.value)


def _rescheduled(event: e.CallbackRescheduled, place: Place) -> Iterator[Change]:
    yield _callback(event, state=CallbackState.WAITING.value, due_at=event.due_at, cause=event.cause.value)
    yield _attempt_ended(event, place, event.cause.value)


def _exhausted(event: e.CallbackExhausted, place: Place) -> Iterator[Change]:
    yield _callback(event, state=CallbackState.EXHAUSTED.value, ended_at=place.at, cause=event.cause.value)
    yield _attempt_ended(event, place, event.cause.value)


def _settled(event: e.CallbackSettled, place: Place) -> Iterator[Change]:
    yield _callback(event, state=CallbackState.DONE.value, ended_at=place.at)


def _cancelled(event: e.CallbackCancelled, place: Place) -> Iterator[Change]:
    yield _callback(event, state=CallbackState.CANCELLED.value, ended_at=place.at, reason=event.reason[:WORD_MAX])
    yield _attempt_ended(event, place, CallbackState.CANCELLED.value)


def _attempt_ended(event: e.CallbackEvent, place: Place, outcome: str) -> Change:
    where = {"callback": event.callback, "ended_at": None}
    return Update(t.callback_attempts, where, {"outcome": outcome, "ended_at": place.at})


MAKERS: Makers = {
    e.CallbackRequested: _requested,
    e.CallbackAttempted: _attempted,
    e.CallbackDone: _done,
    e.CallbackRescheduled: _rescheduled,
    e.CallbackExhausted: _exhausted,
    e.CallbackSettled: _settled,
    e.CallbackCancelled: _cancelled,
}
