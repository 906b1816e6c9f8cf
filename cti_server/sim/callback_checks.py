"""What must hold of callbacks in a simulated centre, judged by what was made durable.

The centre dials only what is due, within its hours, in a queue that dials by itself, with the key that was promised,
and nobody whose own call still goes on; each attempt happens once, and begins when the agent's own phone is answered;
what is due is not forgotten. Order and skills are judged with those of calls (`checks.py`).
"""

from cti_server.core import callbacks
from cti_server.core import events as e
from cti_server.core.entities import Callback, State
from cti_server.core.vocabulary import CallbackId, CallbackState, CallId, LegRole, LegState

MOVES = {(before, event): after for before, event, after in callbacks.MOVES}
DAY_US = 86_400_000_000
FORGOTTEN_US = 5_000_000


class CallbackViolation(AssertionError):
    """A law about callbacks did not hold."""


def state_of(event: e.Event, state: State) -> CallbackState | None:
    """Of the callback that the event speaks of."""
    callback = state.callbacks.get(getattr(event, "callback", None) or CallbackId(0))
    return None if callback is None else callback.state


def work_of(event: e.Delivered) -> int:
    """The number of what was delivered."""
    return event.callback if isinstance(event, e.CallbackDelivered) else event.call


class CallbackChecks:
    """Remembers what was promised; the state as it is known from the journal is handed in."""

    def __init__(self) -> None:
        self.requested: dict[CallbackId, int] = {}
        self._keys: dict[CallbackId, e.OrderKey] = {}
        self._asked_in: dict[CallbackId, CallId] = {}
        self._attempts: dict[CallbackId, int] = {}
        self._ended: dict[CallId, None] = {}

    def saw(self, event: e.Event, state: State) -> None:
        """``state``: as it was before the event."""
        match event:
            case e.CallbackRequested():
                self.requested[event.callback] = self.requested.get(event.callback, 0) + 1
                self._keys[event.callback] = event.key
                if event.call is not None:
                    self._asked_in[event.callback] = event.call
            case e.CallbackQueued():
                self._check_place(event)
                self._check_now(event, event.callback, state)
            case e.CallbackDelivered():
                self._check_now(event, event.callback, state)
            case e.CallbackAttempted():
                self._check_attempt(event, state)
            case e.CallCleared():
                self._ended[event.call] = None

    def moved(self, event: e.Event, before: CallbackState | None, state: State) -> None:
        """``state``: as it is after the event."""
        after = state_of(event, state)
        if after is not None and after is not before and MOVES.get((before, type(event))) is not after:
            raise CallbackViolation(f"a callback moved {before} → {after} by {type(event).__name__}")

    def look(self, state: State, now: int) -> None:
        """What is due stands in its queue."""
        for callback in state.callbacks.values():
            if callback.state is CallbackState.WAITING and not callback.queued:
                due_for = now - callback.due_at + state.clock_offset_us
                if due_for > FORGOTTEN_US and not self._why_not(callback, state, now):
                    raise CallbackViolation(f"I4: callback {callback.callback} has been due for {due_for} µs")

    def at_end(self, state: State, now: int) -> None:
        self.look(state, now)
        for callback in state.callbacks.values():
            if callback.state in (CallbackState.RESERVED, CallbackState.DIALLING):
                raise CallbackViolation(f"I4: callback {callback.callback} is being dialled by nobody")

    def _check_place(self, event: e.CallbackQueued) -> None:
        if event.key != self._keys[event.callback]:
            raise CallbackViolation(f"I5: callback {event.callback} lost its place: {event.key}")

    def _check_now(self, event: e.Event, callback_id: CallbackId, state: State) -> None:
        callback = state.callbacks[callback_id]
        why = self._why_not(callback, state, event.at)
        if why or callback.due_at > event.at + state.clock_offset_us:
            raise CallbackViolation(f"callback {callback_id}: {why or 'it is not due'}, and {type(event).__name__}")

    def _why_not(self, callback: Callback, state: State, now: int) -> str:
        """Why the centre must not dial it; empty: it may."""
        if self._asked_in.get(callback.callback) not in (None, *self._ended):
            return "its customer is still on the line"
        queue = next((queue for queue in state.settings.queues if queue.queue == callback.queue), None)
        if queue is None or queue.callbacks != "automatic" or callback.recording is not None:
            return "it is dialled by hand"
        second = (now + state.clock_offset_us + state.settings.time_zone_offset_s * 1_000_000) % DAY_US / 1_000_000
        if not state.settings.callback_from_s <= second < state.settings.callback_until_s:
            return "it is night"
        return ""

    def _check_attempt(self, event: e.CallbackAttempted, state: State) -> None:
        if event.attempt != self._attempts.get(event.callback, 0) + 1:
            raise CallbackViolation(f"I6: callback {event.callback}, attempt {event.attempt}")
        self._attempts[event.callback] = event.attempt
        legs = state.calls[event.call].legs.values()
        is_lifted = any(leg.role is LegRole.AGENT and leg.state is LegState.CONNECTED for leg in legs)
        if not is_lifted or any(leg.role is LegRole.CUSTOMER for leg in legs):
            raise CallbackViolation(f"I6: attempt {event.attempt} of callback {event.callback} has no agent, or is two")
