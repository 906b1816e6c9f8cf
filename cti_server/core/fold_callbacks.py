"""How events about callbacks change the state. Decides nothing: an event is a fact."""

from collections.abc import Callable
from typing import Any

from cti_server.core import events as e
from cti_server.core.entities import Call, Callback, Party, State
from cti_server.core.fold_shared import queue_of, reserve, turn_taken
from cti_server.core.fold_waits import gave_up_waiting, joined
from cti_server.core.vocabulary import CallbackState, CallPhase, Direction, Micros

ENDED_KEPT_US = 24 * 3_600_000_000
ENDED_KEPT_MAX = 5_000


def callback_requested(state: State, event: e.CallbackRequested) -> None:
    state.callbacks[event.callback] = Callback(
        callback=event.callback,
        number=event.number,
        queue=event.queue,
        key=event.key,
        due_at=event.due_at,
        requested_at=event.at,
        call=event.call,
        customer=event.customer,
        language=event.language,
        agent=event.agent,
        recording=event.recording,
        path=event.path,
        message_ms=event.message_ms,
        asks=event.asks,
        named_for=event.named,
        entered_at=event.entered_at,
    )
    if event.call is not None and event.call in state.calls:
        state.calls[event.call].requested_callback = event.callback


def callback_queued(state: State, event: e.CallbackQueued) -> None:
    if (callback := state.callbacks.get(event.callback)) is None:
        return
    if not callback.queued:
        joined(queue_of(state, event.queue), event.at)
    callback.queued = True
    callback.queue = event.queue
    callback.key = event.key
    callback.entered_at = event.entered_at
    callback.stage = event.stage
    callback.relax_at = event.relax_at
    callback.named = event.named
    callback.named_until = event.named_until
    callback.review_at = event.review_at


def callback_left_queue(state: State, event: e.CallbackLeftQueue) -> None:
    if (callback := state.callbacks.get(event.callback)) is not None:
        _leave_line(state, callback)


def _leave_line(state: State, callback: Callback) -> None:
    if callback.queued and callback.queue is not None:
        gave_up_waiting(queue_of(state, callback.queue))
    callback.queued = False


def callback_attempted(state: State, event: e.CallbackAttempted) -> None:
    if (callback := state.callbacks.get(event.callback)) is not None:
        callback.state = CallbackState.DIALLING
        callback.attempts = event.attempt
        callback.named_tried = False
        callback.dialled_by = event.agent
        callback.dialling = event.call


def callback_done(state: State, event: e.CallbackDone) -> None:
    _end_callback(state, event, CallbackState.DONE)


def callback_rescheduled(state: State, event: e.CallbackRescheduled) -> None:
    if (callback := state.callbacks.get(event.callback)) is not None:
        callback.state = CallbackState.WAITING
        callback.due_at = event.due_at
        callback.dialling = None


def callback_exhausted(state: State, event: e.CallbackExhausted) -> None:
    _end_callback(state, event, CallbackState.EXHAUSTED)


def callback_settled(state: State, event: e.CallbackSettled) -> None:
    _end_callback(state, event, CallbackState.DONE)


def callback_cancelled(state: State, event: e.CallbackCancelled) -> None:
    _end_callback(state, event, CallbackState.CANCELLED)


def _end_callback(state: State, event: e.CallbackEvent, ended: CallbackState) -> None:
    if (callback := state.callbacks.get(event.callback)) is None:
        return
    _leave_line(state, callback)
    callback.state = ended
    callback.dialling = None
    callback.ended_at = event.at
    state.ended_callbacks[callback.callback] = event.at
    _forget_old(state, event.at)


def _forget_old(state: State, now: Micros) -> None:
    """Ended callbacks are kept for a day, so that those who watch see how they ended; never too many of them."""
    ended = state.ended_callbacks
    while len(ended) > ENDED_KEPT_MAX or ended[next(iter(ended))] < now - ENDED_KEPT_US:
        oldest = next(iter(ended))
        del ended[oldest]
        if (callback := state.callbacks.pop(oldest, None)) is not None:
            state.personal.pop(callback.number, None)


def callback_delivered(state: State, event: e.CallbackDelivered) -> None:
    turn_taken(state, event, waited=True)
    state.calls[event.call] = Call(
        call=event.call,
        direction=Direction.CALLBACK,
        phase=CallPhase.RESERVED,
        arrived_at=event.at,
        since=event.at,
        number=event.number,
        customer=event.customer,
        matched_by="agent" if event.customer is not None else "",
        language=event.language,
        parties={event.agent: Party(agent=event.agent, since=event.at, release_at=event.release_at)},
        callback=event.callback,
        queue=event.queue,
        waited_us=event.waited_us,
    )
    if (callback := state.callbacks.get(event.callback)) is not None:
        carried_out_by(callback, event)
        callback.named_tried = True
    reserve(state, event)


def carried_out_by(callback: Callback, event: e.CallInitiated | e.CallbackDelivered) -> None:
    """It is no work of its queue any more."""
    callback.queued = False
    callback.state = CallbackState.RESERVED
    callback.dialling = event.call
    callback.dialled_by = event.agent


FOLDS: dict[type[e.Event], Callable[[State, Any], None]] = {
    e.CallbackRequested: callback_requested,
    e.CallbackQueued: callback_queued,
    e.CallbackLeftQueue: callback_left_queue,
    e.CallbackAttempted: callback_attempted,
    e.CallbackDone: callback_done,
    e.CallbackRescheduled: callback_rescheduled,
    e.CallbackExhausted: callback_exhausted,
    e.CallbackSettled: callback_settled,
    e.CallbackCancelled: callback_cancelled,
    e.CallbackDelivered: callback_delivered,
}
