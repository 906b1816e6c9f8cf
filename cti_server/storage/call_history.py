"""The lines of a call's history: which events are told, and what of each. Never personal text."""

from collections.abc import Callable, Iterator
from typing import Any

from cti_server.core import events as e
from cti_server.storage import tables as t
from cti_server.storage.changes import WORD_MAX, Change, Insert, Place


def history_line(event: e.Event, place: Place) -> Iterator[Change]:
    """The line that the event is in its call's history."""
    describe = HISTORY.get(type(event))
    if describe is None:
        return
    values = {
        "seq": place.seq,
        "call": event.call,  # type: ignore[attr-defined]  # every kind of the table is about a call
        "at": place.at,
        "kind": type(event).__name__,
        "agent": getattr(event, "agent", None),
        "queue": getattr(event, "queue", None) or "",
        "detail": describe(event)[:WORD_MAX],
    }
    yield Insert(t.call_events, values)


def _plain(_: e.Event) -> str:
    return ""


HISTORY: dict[type[e.Event], Callable[[Any], str]] = {
    e.CallArrived: lambda event: event.line,
    e.CallInitiated: lambda event: str(event.direction),
    e.CallAnsweredByFlow: _plain,
    e.FlowMoved: lambda event: "" if event.position is None else event.position.node,
    e.CallLanguageSet: lambda event: event.language,
    e.CustomerMatched: lambda event: event.by if event.customer else f"candidates:{len(event.candidates)}",
    e.CustomerAssigned: _plain,
    e.CallerVerified: lambda event: str(event.verification),
    e.PinRefused: lambda event: str(event.result),
    e.CallQueued: lambda event: "returned" if event.returned else "",
    e.CallDelivered: _plain,
    e.CallbackDelivered: _plain,
    e.LegPlaced: lambda event: f"{event.role}:{event.card}" if event.card else str(event.role),
    e.LegReleased: lambda event: f"{event.cause}:{event.status}" if event.status else str(event.cause),
    e.OfferEnded: lambda event: f"{event.outcome}:{event.reason}" if event.reason else str(event.outcome),
    e.CallLeftQueue: lambda event: str(event.how),
    e.CallEstablished: _plain,
    e.CallForwarded: _plain,
    e.CallHeld: _plain,
    e.CallRetrieved: _plain,
    e.CallMuted: lambda event: "muted" if event.muted else "heard",
    e.RecordingBegun: _plain,
    e.RecordingPaused: lambda event: "script" if event.by_script else "agent",
    e.RecordingResumed: lambda event: "script" if event.by_script else "agent",
    e.RecordingStored: _plain,
    e.RecordingLost: lambda event: event.reason,
    e.MessageBegun: _plain,
    e.MessageEnded: lambda event: str(event.how),
    e.NoteTaken: _plain,
    e.ContactReasonSet: lambda event: " > ".join(event.reason),
    e.CallDisposed: lambda event: f"{event.code}:{event.subcode}" if event.subcode else event.code,
    e.CallCleared: lambda event: str(event.cause),
}
"""The events that are lines of a call's history, and the detail that is told of each; never personal text."""
