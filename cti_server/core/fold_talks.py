"""How conversations, recordings and what agents write down change the state. Decides nothing: an event is a fact."""

from collections.abc import Callable
from typing import Any

from cti_server.core import events as e
from cti_server.core.entities import Message, Party, ScriptPlace, State
from cti_server.core.figures import counted
from cti_server.core.fold_shared import (
    OPEN_RECORDINGS,
    drop_if_over,
    enter_phase,
    forget,
    occupy,
    remember_agent,
    set_customer_leg,
    settle_recording,
)
from cti_server.core.vocabulary import (
    CallPhase,
    Direction,
    LegState,
    MessageEnd,
    Occupation,
    RecordingState,
)

MESSAGES_KEPT_US = 24 * 3_600_000_000
MESSAGES_KEPT_MAX = 20_000

# --- conversation ----------------------------------------------------------------------------------------------------


def call_established(state: State, event: e.CallEstablished) -> None:
    if (call := state.calls.get(event.call)) is None:
        return
    call.parties = {event.agent: call.parties.get(event.agent) or Party(agent=event.agent, since=event.at)}
    call.established_at = event.at
    call.waited_us = event.waited_us
    call.limit_at = event.limit_at
    enter_phase(call, CallPhase.CONNECTED, event.at)
    if call.customer is not None:
        remember_agent(state, call.customer, event.agent)
    if (agent := state.agents.get(event.agent)) is not None:
        agent.call = event.call
        occupy(state, agent, Occupation.CONNECTED, event.at)
        for figures in counted(state, agent, event.at):
            if call.direction is Direction.INBOUND:
                figures.answered += 1
            else:
                figures.dialled += 1


def call_forwarded(state: State, event: e.CallForwarded) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.limit_at = event.limit_at
        enter_phase(call, CallPhase.CONNECTED, event.at)


def call_held(state: State, event: e.CallHeld) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.held_since = event.at
        enter_phase(call, CallPhase.HELD, event.at)
        set_customer_leg(call, LegState.HELD)


def call_retrieved(state: State, event: e.CallRetrieved) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.held_us += event.held_us
        call.held_since = None
        enter_phase(call, CallPhase.CONNECTED, event.at)
        set_customer_leg(call, LegState.CONNECTED)


def call_muted(state: State, event: e.CallMuted) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.muted = event.muted


def call_cleared(state: State, event: e.CallCleared) -> None:
    call = state.calls.get(event.call)
    if call is None:
        return
    if call.queue is not None and call.queue in state.queues:
        state.queues[call.queue].waiting.pop(call.call, None)
    call.cleared_at = event.at
    call.cause = event.cause
    call.position = None
    call.wait_until = call.limit_at = call.queue_limit_at = None
    call.held_since = None
    call.held_us = event.hold_us
    enter_phase(call, CallPhase.CLEARED, event.at)
    if call.recording_state in OPEN_RECORDINGS:
        call.recording_limit_at = event.recording_limit_at
    agent = state.agents.get(event.agent) if event.agent is not None else None
    if agent is not None and call.established_at is not None:
        for figures in counted(state, agent, event.at):
            figures.talks += 1
            figures.talk_us += event.talk_us
    if agent is not None and agent.call == event.call and call.established_at is None:
        agent.call = None
        occupy(state, agent, Occupation.IDLE, event.at)
    drop_if_over(state, call)


# --- recording, notes, result ----------------------------------------------------------------------------------------


def recording_begun(state: State, event: e.RecordingBegun) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.recording = event.recording
        call.recording_state = RecordingState.STARTING
        call.recording_limit_at = event.limit_at


def recording_confirmed(state: State, event: e.RecordingConfirmed) -> None:
    call = state.calls.get(event.call)
    if call is not None and call.recording_state is RecordingState.STARTING:
        call.recording_state = RecordingState.RECORDING
        if call.phase is not CallPhase.CLEARED:
            call.recording_limit_at = None
    message = state.messages.get(event.recording)
    if message is not None and message.heard_since is None:
        message.heard_since = event.at


def recording_paused(state: State, event: e.RecordingPaused) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.recording_state = RecordingState.PAUSED
        call.recording_paused_by_script = event.by_script


def recording_resumed(state: State, event: e.RecordingResumed) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.recording_state = RecordingState.RECORDING
        call.recording_paused_by_script = False


def recording_stored(state: State, event: e.RecordingStored) -> None:
    settle_recording(state, event, RecordingState.STOPPED)


def recording_lost(state: State, event: e.RecordingLost) -> None:
    settle_recording(state, event, RecordingState.FAILED)


def message_begun(state: State, event: e.MessageBegun) -> None:
    """Those whose file never came are forgotten after a day, and when there are too many."""
    state.messages[event.recording] = message = Message(
        recording=event.recording,
        call=event.call,
        queue=event.queue,
        key=event.key,
        number=event.number,
        least_ms=event.least_ms,
        longest_s=event.longest_s,
        silence_s=event.silence_s,
        begun_at=event.at,
    )
    if (call := state.calls.get(event.call)) is not None:
        message.customer, message.language = call.customer, call.language
        call.limit_at = event.limit_at
    oldest = next(iter(state.messages.values()))
    if len(state.messages) > MESSAGES_KEPT_MAX or oldest.begun_at < event.at - MESSAGES_KEPT_US:
        del state.messages[oldest.recording]
        forget(state, oldest.number)


def message_ended(state: State, event: e.MessageEnded) -> None:
    message = state.messages.pop(event.recording, None)
    if message is not None and event.how is not MessageEnd.STORED:
        forget(state, message.number)


def note_taken(state: State, event: e.NoteTaken) -> None:
    if (call := state.calls.get(event.call)) is not None:
        forget(state, call.note)
        call.note = event.note
        call.note_revision = event.revision
    elif (finished := state.finished.get(event.call)) is not None:
        finished.note_revision = event.revision
        forget(state, event.note)


def script_followed(state: State, event: e.ScriptFollowed) -> None:
    if (call := state.calls.get(event.call)) is None:
        return
    if call.script is not None:
        forget(state, call.script.answers)
    call.script = ScriptPlace(
        library_version=event.library_version,
        item=event.item,
        node=event.node,
        path=event.path,
        reason=event.reason,
        answers=event.answers,
    )
    if event.reason:
        call.reason = event.reason


def contact_reason_set(state: State, event: e.ContactReasonSet) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.reason = event.reason


def call_disposed(state: State, event: e.CallDisposed) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.disposition = event.code
        call.subdisposition = event.subcode
        call.disposed_automatically = event.automatic
    elif (finished := state.finished.get(event.call)) is not None:
        finished.disposed_automatically = event.automatic


FOLDS: dict[type[e.Event], Callable[[State, Any], None]] = {
    e.CallEstablished: call_established,
    e.CallForwarded: call_forwarded,
    e.CallHeld: call_held,
    e.CallRetrieved: call_retrieved,
    e.CallMuted: call_muted,
    e.CallCleared: call_cleared,
    e.RecordingBegun: recording_begun,
    e.RecordingConfirmed: recording_confirmed,
    e.RecordingPaused: recording_paused,
    e.RecordingResumed: recording_resumed,
    e.RecordingStored: recording_stored,
    e.RecordingLost: recording_lost,
    e.MessageBegun: message_begun,
    e.MessageEnded: message_ended,
    e.NoteTaken: note_taken,
    e.ScriptFollowed: script_followed,
    e.ContactReasonSet: contact_reason_set,
    e.CallDisposed: call_disposed,
}
