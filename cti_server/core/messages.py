"""Voice messages: what a caller says after the tone is recorded, and becomes a callback that can be listened to.

    begun ──#, silence, longest──▶ its file is being closed ──▶ kept: a callback with a recording
      │ *, or too little said                                    │ nobody is heard in it
      └──▶ thrown away                                           └──▶ thrown away

The law: a message is told to the caller as stored only after its file is whole and its callback durable; whoever hangs
up has left what was said. What is being left outlives its call (``State.messages``), so that a file that comes late,
mended after a crash, is a message all the same. The tone sounds only when the recorder runs.

Decides what becomes of a message, and answers what the flow is told; what the caller hears is the flow's business.
"""

from cti_server.core import callbacks, recordings
from cti_server.core import events as e
from cti_server.core.effects import SILENCE, TONE, PlayMusic, PlayPrompts, StartRecording, StopRecording
from cti_server.core.entities import Call, Message
from cti_server.core.inputs import RecordingFinished
from cti_server.core.numbers import dialable
from cti_server.core.step import Step
from cti_server.core.vocabulary import CallbackId, MessageEnd, Micros, QueueId, RecordingId, RecordingState
from ivr.orders import MessageBegunAnew, MessageRefused, MessageStored, MessageTooShort, RecordMessage

MESSAGE, MESSAGE_END = "message", "message_end"
"""What a call waits for: that the caller has said everything, and that the file is whole."""
TAKING = (MESSAGE, MESSAGE_END)
END_KEY, ANEW_KEY = "#", "*"
STORE_LIMIT_S = 10
"""The caller waits on the line so long for the word that the message is stored."""
Answer = MessageStored | MessageTooShort | MessageBegunAnew | MessageRefused


def begin(step: Step, call: Call, order: RecordMessage) -> MessageRefused | None:
    """Record the caller, who has left every queue. The place is that of the wait that this call gave up, if any."""
    is_full = len(step.state.callbacks) >= callbacks.WAITING_MAX
    if is_full or not step.around.may_promise or call.recording_state in recordings.OPEN:
        return MessageRefused()
    recording = RecordingId(step.next_id())
    limit_at = step.after(s=recordings.CONFIRM_LIMIT_S)
    step.emit(e.RecordingBegun(at=step.now, call=call.call, recording=recording, limit_at=limit_at))
    step.emit(
        e.MessageBegun(
            at=step.now,
            call=call.call,
            recording=recording,
            queue=QueueId(order.queue) if order.queue else call.queue,
            key=call.key or callbacks.new_key(step, due_at=step.now),
            number=step.keep(dialable(step.text(call.number)) or ""),
            least_ms=order.least_s * 1_000,
            longest_s=order.longest_s,
            silence_s=order.silence_s,
            limit_at=step.after(s=order.longest_s + step.settings.flow_limit_s),
        )
    )
    _wait(step, call, MESSAGE, limit_s=order.longest_s + recordings.CONFIRM_LIMIT_S)
    _order_start(step, call, step.state.messages[recording])
    return None


def recorder_runs(step: Step, call: Call) -> None:
    """The first word can be kept: the caller may speak now."""
    message = being_left(step, call)
    if message is not None:
        _wait(step, call, MESSAGE, limit_s=message.longest_s)
        _sound_tone(step, call)


def tone_over(step: Step, call: Call) -> None:
    assert call.customer_leg is not None
    step.order(PlayMusic(call=call.call, n=step.n(call.call), leg=call.customer_leg, music=SILENCE))


def pressed(step: Step, call: Call, key: str) -> Answer | None:
    if key == ANEW_KEY:
        discard(step, call, MessageEnd.BEGUN_ANEW)
        return MessageBegunAnew()
    return end(step, call) if key == END_KEY else None


def end(step: Step, call: Call) -> MessageTooShort | None:
    """Everything is said."""
    if _is_too_short(step, call):
        discard(step, call, MessageEnd.TOO_SHORT)
        return MessageTooShort()
    _close(step, call)
    return None


def ran_out(step: Step, call: Call) -> Answer | None:
    """It is as long as it may be; or the recorder does not say that the file is whole, and nothing is promised."""
    return end(step, call) if call.waiting_for == MESSAGE else MessageRefused()


def hung_up(step: Step, call: Call) -> None:
    """The call ends, for whatever reason: what was said is kept, if it is anything."""
    if call.waiting_for == MESSAGE and being_left(step, call) is not None and _is_too_short(step, call):
        discard(step, call, MessageEnd.TOO_SHORT)


def finished(step: Step, message: Message, signal: RecordingFinished) -> Answer:
    """The file is whole, perhaps long after the call: it becomes a callback, unless nobody is heard in it."""
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
    if not signal.customer_heard or signal.duration_ms < message.least_ms:
        how = MessageEnd.TOO_SHORT if signal.customer_heard else MessageEnd.SILENT
        step.emit(e.MessageEnded(at=step.now, call=message.call, recording=message.recording, how=how))
        return MessageTooShort()
    _keep(step, message, signal)
    return MessageStored() if step.around.may_promise else MessageRefused()


def assure(step: Step, call: Call) -> None:
    """After a restart: the recorder went on meanwhile, and keeps what is said; the tone says that we listen."""
    message = being_left(step, call)
    if message is None or call.waiting_for == MESSAGE_END:
        _close(step, call)
    elif call.recording_state is RecordingState.STARTING:
        step.memory(call.call).recording_until = step.after(s=recordings.CONFIRM_LIMIT_S)
        _order_start(step, call, message)
    else:
        _sound_tone(step, call)


def give_up(step: Step, call: Call) -> None:
    """The flow cannot go on where it was: what was said is kept, as if the caller had hung up."""
    if call.waiting_for in TAKING:
        hung_up(step, call)
        recordings.stop(step, call)


def being_left(step: Step, call: Call) -> Message | None:
    return step.state.messages.get(call.recording) if call.recording is not None else None


def discard(step: Step, call: Call, how: MessageEnd) -> None:
    assert call.recording is not None
    recording = call.recording
    step.order(StopRecording(call=call.call, n=step.n(call.call), recording=recording, discard=True))
    step.emit(e.MessageEnded(at=step.now, call=call.call, recording=recording, how=how))
    recordings.lose(step, call, "discarded")


def _keep(step: Step, message: Message, signal: RecordingFinished) -> None:
    """The customer may have been identified while the caller spoke."""
    call = step.state.calls.get(message.call)
    step.emit(
        e.CallbackRequested(
            at=step.now,
            callback=CallbackId(step.next_id()),
            number=message.number,
            queue=message.queue,
            key=message.key,
            due_at=step.utc_us,
            call=message.call,
            customer=message.customer if call is None else call.customer,
            language=message.language,
            recording=message.recording,
            path=signal.path,
            message_ms=signal.duration_ms,
        )
    )
    step.emit(e.MessageEnded(at=step.now, call=message.call, recording=message.recording, how=MessageEnd.STORED))


def _is_too_short(step: Step, call: Call) -> bool:
    message = being_left(step, call)
    if message is None or message.heard_since is None:
        return True
    return step.now - message.heard_since < message.least_ms * 1_000


def _close(step: Step, call: Call) -> None:
    """The recorder closes the file."""
    assert call.recording is not None
    _wait(step, call, MESSAGE_END, limit_s=STORE_LIMIT_S)
    step.order(StopRecording(call=call.call, n=step.n(call.call), recording=call.recording))


def _wait(step: Step, call: Call, waiting_for: str, *, limit_s: int) -> None:
    step.emit(
        e.FlowMoved(
            at=step.now,
            call=call.call,
            position=call.position,
            wait_until=Micros(step.after(s=limit_s)),
            waiting_for=waiting_for,
            state=call.flow_state,
        )
    )


def _order_start(step: Step, call: Call, message: Message) -> None:
    assert call.customer_leg is not None
    step.order(
        StartRecording(
            call=call.call,
            n=step.n(call.call),
            recording=message.recording,
            agent_leg=None,
            customer_leg=call.customer_leg,
            started_at_us=message.begun_at + step.state.clock_offset_us,
            silence_s=message.silence_s,
        )
    )


def _sound_tone(step: Step, call: Call) -> None:
    assert call.customer_leg is not None
    step.order(
        PlayPrompts(call=call.call, n=step.n(call.call), leg=call.customer_leg, prompts=(TONE,), language=call.language)
    )
