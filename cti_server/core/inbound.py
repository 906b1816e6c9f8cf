"""A caller arrives, and answers about the caller come in; also the recorder's, whom a flow may wait for.

Decides what a line leads to: a flow, straight into a queue (`direct.py`), or nowhere.
"""

from cti_server.core import direct, flow, identity, messages, recordings, waits
from cti_server.core import events as e
from cti_server.core.calls import clear
from cti_server.core.entities import Call
from cti_server.core.flow_orders import DATA, IDENTIFY, PIN
from cti_server.core.inputs import (
    CustomersFound,
    DigitPressed,
    LegOffered,
    PinChecked,
    PlayFinished,
    RecordingFailed,
    RecordingFinished,
    RecordingSilent,
    RecordingStarted,
)
from cti_server.core.numbers import is_same_line
from cti_server.core.offers import prepare_card
from cti_server.core.step import Step
from cti_server.core.vocabulary import (
    CallId,
    CallPhase,
    ClearingCause,
    PinResult,
    RecordingId,
    RecordingState,
)
from ivr.orders import CustomerIdentified, CustomerUnknown, DataWaitEnded, MessageRefused
from ivr.orders import PinChecked as FlowPinChecked

FLOW_PIN_RESULT = {
    PinResult.VERIFIED: FlowPinChecked(result="verified"),
    PinResult.WRONG: FlowPinChecked(result="wrong"),
    PinResult.LOCKED: FlowPinChecked(result="locked"),
    PinResult.UNAVAILABLE: FlowPinChecked(result="unavailable"),
}


def offered(step: Step, signal: LegOffered) -> None:
    if signal.leg in step.state.legs:
        return
    call_id = CallId(step.next_id())
    step.emit(
        e.CallArrived(
            at=step.now,
            call=call_id,
            leg=signal.leg,
            line=_line(step, signal.line),
            trunk=signal.trunk,
            number=step.keep(signal.number) if signal.number else None,
            display_name=step.keep(signal.display_name) if signal.display_name else None,
            limit_at=step.after(s=step.settings.flow_limit_s),
            resume=signal.resume,
        )
    )
    _start(step, step.state.calls[call_id])


def _line(step: Step, dialled: str) -> str:
    """The line as the configuration writes it; what was dialled where it has none such."""
    lines = step.around.lines
    return dialled if dialled in lines else next((name for name in lines if is_same_line(name, dialled)), dialled)


def customers_found(step: Step, signal: CustomersFound) -> None:
    call = step.state.calls.get(signal.call)
    tier = "" if call is None else call.tier
    if call is None or call.phase is CallPhase.CLEARED or not identity.found(step, call, signal):
        return
    waits.tier_changed(step, call, tier)
    waits.ask_anew(step, call)
    if call.agent is not None:
        prepare_card(step, call)
    if call.phase not in flow.IN_FLOW:
        return
    if call.waiting_for == IDENTIFY:
        count = len(signal.candidates)
        flow.feed(step, call, CustomerIdentified(candidates=count) if count else CustomerUnknown())
    elif call.waiting_for == DATA:
        flow.feed(step, call, DataWaitEnded())
    elif call.waiting_for == direct.CUSTOMER:
        flow.customer_is_known(step, call)


def pin_checked(step: Step, signal: PinChecked) -> None:
    if not identity.pin_answered(step, signal):
        return
    call = step.state.calls[signal.call]
    if call.phase in flow.IN_FLOW and call.waiting_for == PIN:
        flow.feed(step, call, FLOW_PIN_RESULT[signal.result])


def digit_pressed(step: Step, signal: DigitPressed) -> None:
    """Only keys of the caller, and only while a flow listens."""
    call = _call_of_customer_leg(step, signal)
    if call is not None:
        flow.digit_pressed(step, call, signal.digit.reveal())


def play_finished(step: Step, signal: PlayFinished) -> None:
    call = _call_of_customer_leg(step, signal)
    if call is not None:
        flow.prompts_over(step, call, signal.play)


def recording_started(step: Step, signal: RecordingStarted) -> None:
    call = _call_of_message(step, signal)
    is_news = call is not None and call.recording_state is RecordingState.STARTING
    recordings.started(step, signal)
    if call is not None and is_news:
        messages.recorder_runs(step, call)


def recording_finished(step: Step, signal: RecordingFinished) -> None:
    message = step.state.messages.get(signal.recording)
    if message is None:
        recordings.finished(step, signal)
        return
    answer = messages.finished(step, message, signal)
    call = step.state.calls.get(signal.call)
    if call is not None and call.recording == signal.recording:
        flow.message_answered(step, call, answer)


def recording_failed(step: Step, signal: RecordingFailed) -> None:
    recordings.failed(step, signal)
    _message_failed(step, signal.call, signal.recording)


def recording_ran_out(step: Step, call: Call) -> None:
    recording = call.recording
    recordings.ran_out(step, call)
    _message_failed(step, call.call, recording)


def recording_silent(step: Step, signal: RecordingSilent) -> None:
    if (call := _call_of_message(step, signal)) is not None:
        flow.message_answered(step, call, messages.end(step, call))


def _call_of_message(step: Step, signal: RecordingStarted | RecordingSilent) -> Call | None:
    """The call whose caller is leaving a message in this recording."""
    call = step.state.calls.get(signal.call)
    if call is None or call.recording != signal.recording or call.phase not in flow.IN_FLOW:
        return None
    return call if call.waiting_for == messages.MESSAGE else None


def _message_failed(step: Step, call_id: CallId, recording: RecordingId | None) -> None:
    call = step.state.calls.get(call_id)
    if call is not None and call.recording == recording:
        flow.message_answered(step, call, MessageRefused())


def _call_of_customer_leg(step: Step, signal: DigitPressed | PlayFinished) -> Call | None:
    call_id = step.state.legs.get(signal.leg)
    call = step.state.calls.get(call_id) if call_id is not None else None
    return call if call is not None and call.customer_leg == signal.leg else None


def _start(step: Step, call: Call) -> None:
    line = step.around.line_of(call.line)
    if line is not None and line.language:
        step.emit(e.CallLanguageSet(at=step.now, call=call.call, language=line.language))
    if line is None:
        clear(step, call, ClearingCause.REJECTED, reason="unknown_line")
    elif (queue := direct.queue_of(line)) is not None:
        direct.begin(step, call, line, queue)
    elif (found := step.around.flows.get(line.flow)) is not None:
        flow.begin(step, call, found)
    else:
        clear(step, call, ClearingCause.REJECTED, reason="unknown_flow")
