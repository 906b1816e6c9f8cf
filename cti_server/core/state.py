"""The state is a fold: ``apply(state, event)`` is the only place where it changes.

    state = State()
    for event in journal:
        apply(state, event)

Decides nothing: which fold belongs to which event stands in the tables of `fold_calls.py`, `fold_talks.py`,
`fold_agents.py` and `fold_callbacks.py`; whether an event may happen is the Centre's business. An unknown or late event
never fails here. Snapshots: `snapshot.py`.
"""

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any

from cti_server.core import events as e
from cti_server.core import fold_agents, fold_callbacks, fold_calls, fold_talks
from cti_server.core.entities import (
    START,
    Agent,
    Call,
    Callback,
    CarriedOut,
    Finished,
    Leg,
    Message,
    Queue,
    ScriptPlace,
    State,
)
from cti_server.core.events import Event
from cti_server.core.snapshot import decode_snapshot, encode_snapshot, schema_hash
from cti_server.core.tallies import AgentDay
from cti_server.core.vocabulary import SWITCH_LEG_BIT, PersonalRef

__all__ = [
    "START",
    "Agent",
    "AgentDay",
    "Call",
    "Callback",
    "CarriedOut",
    "Finished",
    "Leg",
    "Message",
    "Queue",
    "ScriptPlace",
    "State",
    "apply",
    "decode_snapshot",
    "encode_snapshot",
    "fold",
    "personal_refs",
    "schema_hash",
]

_FOLDS = {**fold_calls.FOLDS, **fold_talks.FOLDS, **fold_agents.FOLDS, **fold_callbacks.FOLDS}
_GIVEN: dict[type[Event], Callable[[Any], tuple[int | None, ...]]] = {
    e.CallArrived: attrgetter("call", "number", "display_name"),
    e.CallInitiated: attrgetter("call", "number"),
    e.CallQueued: lambda event: (event.key.sequence,),
    e.CallbackDelivered: attrgetter("call", "number"),
    e.CallbackRequested: attrgetter("callback", "number", "key.sequence"),
    e.LegPlaced: lambda event: (event.leg,),
    e.MessageBegun: attrgetter("recording", "number", "key.sequence"),
    e.NoteTaken: lambda event: (event.note,),
    e.RecordingBegun: lambda event: (event.recording,),
    e.ScriptFollowed: lambda event: (event.answers,),
}
"""Events that make ids or a sequence known, and which."""


def apply(state: State, event: Event) -> None:
    """Change the state by one fact. Ids that the event brings move the counter on, so that none is given twice."""
    kind = type(event)
    if event.at > state.last_at:
        state.last_at = event.at
    given = _GIVEN.get(kind)
    if given is not None:
        for number in given(event):
            _count(state, number)
    _FOLDS[kind](state, event)


def _count(state: State, given: int | None) -> None:
    if given is not None and state.counter < given < SWITCH_LEG_BIT:
        state.counter = given


def fold(events: Iterable[Event], state: State | None = None) -> State:
    """The state after these events, from nothing or from a snapshot."""
    result = State() if state is None else state
    for event in events:
        apply(result, event)
    return result


def personal_refs(state: State) -> Iterator[PersonalRef]:
    """The references that this state holds: the engine loads their texts on restore, and no others."""
    for call in state.calls.values():
        answers = call.script.answers if call.script is not None else None
        yield from (ref for ref in (call.number, call.display_name, call.note, answers) if ref is not None)
    for callback in state.callbacks.values():
        yield callback.number
    for message in state.messages.values():
        yield message.number
