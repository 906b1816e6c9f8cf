"""When a conversation is recorded: begun when agent and customer hear each other, paused and resumed, closed at the
end.

Decides nothing about files: the switch writes them, `recording/` keeps them. A recording that fails ends no call.
"""

from cti_server.core import events as e
from cti_server.core.effects import PauseRecordingEffect, ResumeRecordingEffect, StartRecording, StopRecording
from cti_server.core.entities import Call
from cti_server.core.errors import Refused
from cti_server.core.inputs import (
    PauseRecording,
    RecordingFailed,
    RecordingFinished,
    RecordingStarted,
    ResumeRecording,
)
from cti_server.core.step import Step
from cti_server.core.vocabulary import LegId, Micros, RecordingId, RecordingState

CONFIRM_LIMIT_S = 10
CLOSE_LIMIT_S = 60
RUNNING = (RecordingState.STARTING, RecordingState.RECORDING)
OPEN = (*RUNNING, RecordingState.PAUSED)


def begin(step: Step, call: Call, *, agent_leg: LegId, customer_leg: LegId) -> None:
    if not step.settings.record_calls:
        return
    recording = RecordingId(step.next_id())
    step.emit(
        e.RecordingBegun(at=step.now, call=call.call, recording=recording, limit_at=step.after(s=CONFIRM_LIMIT_S))
    )
    _order_start(step, call, recording, agent_leg=agent_leg, customer_leg=customer_leg)


def assure(step: Step, call: Call, *, agent_leg: LegId, customer_leg: LegId) -> None:
    """After a restart: an order may have been lost with the process, so it is given again; repeating is harmless."""
    if call.recording is None:
        return
    if call.recording_state is RecordingState.STARTING:
        step.memory(call.call).recording_until = step.after(s=CONFIRM_LIMIT_S)
        _order_start(step, call, call.recording, agent_leg=agent_leg, customer_leg=customer_leg)
    elif call.recording_state is RecordingState.PAUSED:
        step.order(PauseRecordingEffect(call=call.call, n=step.n(call.call), recording=call.recording))
    elif call.recording_state is RecordingState.RECORDING:
        step.order(ResumeRecordingEffect(call=call.call, n=step.n(call.call), recording=call.recording))


def _order_start(step: Step, call: Call, recording: RecordingId, *, agent_leg: LegId, customer_leg: LegId) -> None:
    """The start is that of the conversation, so that an order given again names the same file."""
    started_at = call.established_at if call.established_at is not None else step.now
    step.order(
        StartRecording(
            call=call.call,
            n=step.n(call.call),
            recording=recording,
            agent_leg=agent_leg,
            customer_leg=customer_leg,
            started_at_us=started_at + step.state.clock_offset_us,
        )
    )


def stop(step: Step, call: Call) -> Micros | None:
    """Close the file of a call that ends, also one given up before. Until when that must be reported; None: never."""
    if call.recording is None or call.recording_state is RecordingState.STOPPED:
        return None
    step.order(StopRecording(call=call.call, n=step.n(call.call), recording=call.recording))
    return step.after(s=CLOSE_LIMIT_S) if call.recording_state in OPEN else None


def pause(step: Step, command: PauseRecording) -> None:
    _, call = step.own_call(command.agent, command.call)
    if call.recording is None or call.recording_state not in OPEN or call.cleared_at is not None:
        raise Refused("not_recording", call=call.call)
    if call.recording_state is RecordingState.PAUSED:
        return
    step.emit(e.RecordingPaused(at=step.now, call=call.call, recording=call.recording, by_script=command.by_script))
    step.order(PauseRecordingEffect(call=call.call, n=step.n(call.call), recording=call.recording))


def resume(step: Step, command: ResumeRecording) -> None:
    """A script never ends a pause that the agent made by hand."""
    _, call = step.own_call(command.agent, command.call)
    if call.recording is None or call.recording_state not in OPEN or call.cleared_at is not None:
        raise Refused("not_recording", call=call.call)
    if call.recording_state is not RecordingState.PAUSED:
        return
    if command.by_script and not call.recording_paused_by_script:
        return
    step.emit(e.RecordingResumed(at=step.now, call=call.call, recording=call.recording, by_script=command.by_script))
    step.order(ResumeRecordingEffect(call=call.call, n=step.n(call.call), recording=call.recording))


def started(step: Step, signal: RecordingStarted) -> None:
    call = step.state.calls.get(signal.call)
    if call is not None and call.recording == signal.recording and call.recording_state in OPEN:
        step.emit(e.RecordingConfirmed(at=step.now, call=call.call, recording=signal.recording))


def finished(step: Step, signal: RecordingFinished) -> None:
    """One event for one file, however often and however late it is reported."""
    call = step.state.calls.get(signal.call)
    if call is not None:
        if call.recording != signal.recording or call.recording_state is RecordingState.STOPPED:
            return
    else:
        over = step.state.finished.get(signal.call)
        if over is None or over.recording != signal.recording or over.recording_settled:
            return
    step.emit(
        e.RecordingStored(
            at=step.now,
            call=signal.call,
            recording=signal.recording,
            path=signal.path,
            duration_ms=signal.duration_ms,
            size_bytes=signal.size_bytes,
        )
    )


def failed(step: Step, signal: RecordingFailed) -> None:
    call = step.state.calls.get(signal.call)
    if call is not None and call.recording == signal.recording and call.recording_state in OPEN:
        lose(step, call, signal.reason)


def ran_out(step: Step, call: Call) -> None:
    """The switch did not say in time that it keeps, or has closed, the file. Whatever it does, it shall stop."""
    assert call.recording is not None
    step.order(StopRecording(call=call.call, n=step.n(call.call), recording=call.recording))
    lose(step, call, "no_answer" if call.cleared_at is None else "not_closed")


def lose(step: Step, call: Call, reason: str) -> None:
    assert call.recording is not None
    step.emit(e.RecordingLost(at=step.now, call=call.call, recording=call.recording, reason=reason))
