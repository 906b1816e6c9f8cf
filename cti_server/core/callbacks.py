"""Callbacks: promises to call somebody back, each stored before it is promised, each attempt made at most once.

The law: MOVES, from state, by event, to state. A callback keeps the order key of the wait it was asked in. An attempt
begins when the customer is dialled, not when the agent's own phone is; after the last failed one the callback is
exhausted.

Decides what becomes of a callback; when it is its turn is decided in `callback_turns.py`, and how it is dialled in
`outbound.py`.
"""

from cti_server.core import events as e
from cti_server.core.asking import asked
from cti_server.core.entities import Call, Callback
from cti_server.core.errors import Refused
from cti_server.core.inputs import CancelCallback, RequestCallbackFor, SettleCallback
from cti_server.core.numbers import dialable
from cti_server.core.step import Step
from cti_server.core.vocabulary import CallbackId, CallbackState, ClearingCause, QueueId

WAITING, RESERVED, DIALLING = CallbackState.WAITING, CallbackState.RESERVED, CallbackState.DIALLING
MOVES: tuple[tuple[CallbackState | None, type[e.Event], CallbackState], ...] = (
    (None, e.CallbackRequested, WAITING),
    (WAITING, e.CallInitiated, RESERVED),
    (WAITING, e.CallbackDelivered, RESERVED),
    (WAITING, e.CallbackExhausted, CallbackState.EXHAUSTED),
    (WAITING, e.CallbackCancelled, CallbackState.CANCELLED),
    (WAITING, e.CallbackSettled, CallbackState.DONE),
    (RESERVED, e.CallbackAttempted, DIALLING),
    (RESERVED, e.CallbackRescheduled, WAITING),
    (DIALLING, e.CallbackDone, CallbackState.DONE),
    (DIALLING, e.CallbackRescheduled, WAITING),
    (DIALLING, e.CallbackExhausted, CallbackState.EXHAUSTED),
)
DUE_AHEAD_MAX_US = 366 * 86_400 * 1_000_000
WAITING_MAX = 50_000


def request_in_call(step: Step, call: Call, *, number: str, queue: QueueId | None) -> bool:
    """The caller asks for it in the flow. The place is kept; asked again in the same call it is the same callback."""
    if call.requested_callback is not None:
        return True
    text = dialable(number)
    if not text or len(step.state.callbacks) >= WAITING_MAX:
        return False
    waits = call.queue is not None and call.call in step.state.queues[call.queue].waiting
    key = call.key if waits and call.key is not None else new_key(step, due_at=step.now)
    _record(
        step,
        e.CallbackRequested(
            at=step.now,
            callback=CallbackId(step.next_id()),
            number=step.keep(text),
            queue=queue or call.queue,
            key=key,
            due_at=step.utc_us,
            call=call.call,
            customer=call.customer,
            language=call.language,
            entered_at=call.entered_at if waits else None,
            named=call.named if waits else None,
            asks=asked(step.settings, call),
        ),
    )
    return True


def request_for(step: Step, command: RequestCallbackFor) -> None:
    agent = step.agent(command.agent)
    text = dialable(command.number)
    if not text:
        raise Refused("bad_number")
    if command.queue and command.queue not in step.around.queues:
        raise Refused("unknown_queue", queue=command.queue)
    if not 0 < command.due_at <= step.utc_us + DUE_AHEAD_MAX_US:
        raise Refused("bad_time")
    if len(step.state.callbacks) >= WAITING_MAX:
        raise Refused("too_many_callbacks", limit=WAITING_MAX)
    callback = CallbackId(step.next_id())
    _record(
        step,
        e.CallbackRequested(
            at=step.now,
            callback=callback,
            number=step.keep(text),
            queue=QueueId(command.queue) if command.queue else None,
            key=new_key(step, due_at=command.due_at - step.state.clock_offset_us),
            due_at=command.due_at,
            customer=command.customer,
            agent=agent.agent,
        ),
    )
    step.outcome.result["callback"] = callback


def cancel(step: Step, command: CancelCallback) -> None:
    step.agent(command.agent)
    callback = waiting(step, command.callback)
    cancelled = e.CallbackCancelled(at=step.now, callback=callback.callback, agent=command.agent, reason=command.reason)
    _record(step, cancelled)


def settle(step: Step, command: SettleCallback) -> None:
    step.agent(command.agent)
    callback = waiting(step, command.callback)
    _record(step, e.CallbackSettled(at=step.now, callback=callback.callback, agent=command.agent))


def waiting(step: Step, callback_id: CallbackId) -> Callback:
    """Raises Refused ``unknown_callback``, ``callback_taken`` (somebody dials it) or ``callback_over``."""
    callback = step.state.callbacks.get(callback_id)
    if callback is None:
        raise Refused("unknown_callback", callback=callback_id)
    if callback.state in (RESERVED, DIALLING):
        raise Refused("callback_taken", callback=callback_id)
    if callback.state is not WAITING:
        raise Refused("callback_over", callback=callback_id)
    return callback


def attempt(step: Step, call: Call) -> None:
    """The customer is about to be dialled."""
    assert call.callback is not None and call.agent is not None
    callback = step.state.callbacks[call.callback]
    _record(
        step,
        e.CallbackAttempted(
            at=step.now, callback=callback.callback, attempt=callback.attempts + 1, agent=call.agent, call=call.call
        ),
    )


def reached(step: Step, call: Call) -> None:
    assert call.callback is not None
    _record(step, e.CallbackDone(at=step.now, callback=call.callback, call=call.call))


def has_no_number(step: Step, callback: Callback) -> None:
    """Erased since: nobody can be called."""
    _record(step, e.CallbackExhausted(at=step.now, callback=callback.callback, cause=ClearingCause.UNREACHABLE))


def attempt_failed(step: Step, call: Call, cause: ClearingCause) -> None:
    """Not even begun (the agent's own phone): waits as before. Begun: due again later, or exhausted."""
    callback = step.state.callbacks.get(call.callback) if call.callback is not None else None
    if callback is None or callback.dialling != call.call:
        return
    if callback.state is RESERVED:
        due_at = callback.due_at
    elif callback.attempts >= step.settings.callback_attempts:
        _record(step, e.CallbackExhausted(at=step.now, callback=callback.callback, cause=cause))
        return
    else:
        due_at = step.utc_us + step.settings.callback_retry_s * 1_000_000
    _record(step, e.CallbackRescheduled(at=step.now, callback=callback.callback, due_at=due_at, cause=cause))


def _record(step: Step, event: e.CallbackEvent) -> None:
    step.emit(event)
    step.touch_callback(event.callback)


def new_key(step: Step, *, due_at: int) -> e.OrderKey:
    return e.OrderKey(rank=0, due_at=due_at, sequence=step.next_id())
