"""What must hold in a simulated centre, judged by what was made durable and what people were told, not by the
Centre's word.

I1 one terminal record for each accepted call · I2 what was acknowledged is there, once · I4 nothing is stuck · I5
order within a queue · I6 each attempt once · the drawn tables of moves · no personal text in events · the fold of the
journal is the state.
"""

from cti_server.core import agents, callbacks, calls
from cti_server.core import events as e
from cti_server.core.centre import Centre
from cti_server.core.invariants import check_all
from cti_server.core.state import State, apply
from cti_server.core.vocabulary import (
    AgentId,
    CallbackId,
    CallbackState,
    CallId,
    CallPhase,
    Occupation,
    PersonalRef,
    QueueId,
)
from cti_server.sim.private import PRIVATE

Key = tuple[int, int, int, int]
CALL_MOVES = {(before, event): after for before, event, after in calls.MOVES}
AGENT_MOVES = {(before, event): after for before, event, after in agents.MOVES}
CALLBACK_MOVES = {(before, event): after for before, event, after in callbacks.MOVES}
AFTER_THE_END = (
    e.RecordingConfirmed,
    e.RecordingStored,
    e.RecordingLost,
    e.NoteTaken,
    e.CallDisposed,
    e.ScriptFollowed,
    e.ContactReasonSet,
    e.CustomerAssigned,
    e.CustomerMatched,
    e.RecordingPaused,
    e.RecordingResumed,
    e.AgentWorkingAfterCall,
    e.AgentAfterCallWorkEnded,
    e.CallbackEvent,
)
"""What may still be said of a call that is over."""


class Violation(AssertionError):
    """A law did not hold."""


class Checks:
    """Follows the journal event by event with a fold of its own, and remembers what people were told."""

    def __init__(self) -> None:
        self.shadow = State()
        self.accepted: dict[CallId, None] = {}
        self.terminal: dict[CallId, int] = {}
        self.established = 0
        self.told_callbacks: dict[CallbackId, None] = {}
        self.told_dispositions: dict[CallId, tuple[str, str]] = {}
        self.told_notes: dict[CallId, tuple[int, str]] = {}
        self._requested: dict[CallbackId, int] = {}
        self._attempts: dict[CallbackId, int] = {}
        self._dispositions: dict[CallId, tuple[str, str]] = {}
        self._notes: dict[CallId, tuple[int, PersonalRef]] = {}
        self._waiting: dict[QueueId, dict[CallId, Key]] = {}

    # --- as events become durable ------------------------------------------------------------------------------------

    def saw(self, event: e.Event, data: bytes) -> None:
        for text in PRIVATE:
            if text in data:
                raise Violation(f"I11: personal text in {type(event).__name__}")
        before_call = self._call_phase(event)
        before_agents = self._occupations(event)
        before_callback = self._callback_state(event)
        apply(self.shadow, event)
        self._check_call_move(event, before_call)
        self._check_agent_moves(event, before_agents)
        self._check_callback_move(event, before_callback)
        self._follow(event)

    def _follow(self, event: e.Event) -> None:
        match event:
            case e.CallArrived() | e.CallInitiated():
                self.accepted[event.call] = None
            case e.CallEstablished():
                self.established += 1
            case e.CallQueued():
                key = (event.key.rank, 0 if event.returned else 1, event.key.due_at, event.key.sequence)
                self._waiting.setdefault(event.queue, {})[event.call] = key
            case e.CallDelivered():
                self._check_order(event)
            case e.CallLeftQueue():
                self._waiting.setdefault(event.queue, {}).pop(event.call, None)
            case e.CallCleared():
                self.terminal[event.call] = self.terminal.get(event.call, 0) + 1
                if self.terminal[event.call] > 1:
                    raise Violation(f"I1: call {event.call} ended twice")
                for waiting in self._waiting.values():
                    if event.call in waiting:
                        raise Violation(f"call {event.call} ended while it waited")
            case e.CallbackRequested():
                self._requested[event.callback] = self._requested.get(event.callback, 0) + 1
            case e.CallbackAttempted():
                if event.attempt != self._attempts.get(event.callback, 0) + 1:
                    raise Violation(f"I6: callback {event.callback}, attempt {event.attempt}")
                self._attempts[event.callback] = event.attempt
            case e.CallDisposed():
                self._dispositions[event.call] = (event.code, event.subcode)
            case e.NoteTaken():
                self._notes[event.call] = (event.revision, event.note)
            case e.InvariantBroken():
                raise Violation(f"{event.invariant}: {event.detail}")
        is_over = isinstance(event, e.CallEvent) and event.call in self.terminal
        if is_over and not isinstance(event, (*AFTER_THE_END, e.CallCleared)):
            raise Violation(f"I1: {type(event).__name__} after the end of a call")

    def _check_order(self, event: e.CallDelivered) -> None:
        if event.queue is None:
            return
        waiting = self._waiting.setdefault(event.queue, {})
        key = waiting.pop(event.call, None)
        if key is None:
            raise Violation(f"I5: call {event.call} was delivered and did not wait")
        passed = [other for other, others_key in waiting.items() if others_key < key]
        if passed:
            raise Violation(f"I5: call {event.call} passed {passed}")

    # --- the drawn tables --------------------------------------------------------------------------------------------

    def _call_phase(self, event: e.Event) -> CallPhase | None:
        call = self.shadow.calls.get(getattr(event, "call", None) or e.NO_CALL)
        return None if call is None else call.phase

    def _check_call_move(self, event: e.Event, before: CallPhase | None) -> None:
        call = self.shadow.calls.get(getattr(event, "call", None) or e.NO_CALL)
        after = call.phase if call is not None else None
        if after is None and isinstance(event, e.CallCleared):
            after = CallPhase.CLEARED
        if after is not None and after is not before and CALL_MOVES.get((before, type(event))) is not after:
            raise Violation(f"call {getattr(event, 'call', 0)} moved {before} → {after} by {type(event).__name__}")

    def _occupations(self, event: e.Event) -> dict[AgentId, Occupation]:
        touched = getattr(event, "agent", None)
        call = self.shadow.calls.get(getattr(event, "call", None) or e.NO_CALL)
        owners = [touched, call.agent if call is not None else None]
        return {
            agent: self.shadow.agents[agent].occupation
            for agent in owners
            if agent is not None and agent in self.shadow.agents
        }

    def _check_agent_moves(self, event: e.Event, before: dict[AgentId, Occupation]) -> None:
        for agent_id, occupation in before.items():
            agent = self.shadow.agents.get(agent_id)
            after = agent.occupation if agent is not None else Occupation.IDLE
            if after is not occupation and AGENT_MOVES.get((occupation, type(event))) is not after:
                raise Violation(f"agent {agent_id} moved {occupation} → {after} by {type(event).__name__}")

    def _callback_state(self, event: e.Event) -> CallbackState | None:
        callback = self.shadow.callbacks.get(getattr(event, "callback", None) or CallbackId(0))
        return None if callback is None else callback.state

    def _check_callback_move(self, event: e.Event, before: CallbackState | None) -> None:
        callback = self.shadow.callbacks.get(getattr(event, "callback", None) or CallbackId(0))
        after = None if callback is None else callback.state
        if after is not None and after is not before and CALLBACK_MOVES.get((before, type(event))) is not after:
            raise Violation(f"a callback moved {before} → {after} by {type(event).__name__}")

    # --- at certain moments ------------------------------------------------------------------------------------------

    def after_restart(self, centre: Centre) -> None:
        found = check_all(centre.state, centre.surroundings)
        if found:
            raise Violation(f"after a restart: {found}")
        if centre.state != self.shadow:
            raise Violation("the restored state is not the fold of the journal")

    def at_end(self, live: State, rebuilt: State, personal: dict[PersonalRef, str]) -> None:
        if live != self.shadow or live != rebuilt:
            raise Violation("the state is not the fold of the journal")
        if missing := [call for call in self.accepted if self.terminal.get(call) != 1]:
            raise Violation(f"I1: no terminal record of {missing}")
        if lost := [callback for callback in self.told_callbacks if self._requested.get(callback) != 1]:
            raise Violation(f"I2: callbacks {lost} were acknowledged and are not there once")
        for call, told in self.told_dispositions.items():
            if self._dispositions.get(call) != told:
                raise Violation(f"I2: call {call} was disposed as {told}, not {self._dispositions.get(call)}")
        for call, (revision, text) in self.told_notes.items():
            kept = self._notes.get(call)
            if kept is None or kept[0] < revision or (kept[0] == revision and personal.get(kept[1]) != text):
                raise Violation(f"I2: revision {revision} of the note of call {call} is lost")
        if stuck := [agent.agent for agent in live.agents.values() if agent.call is not None]:
            raise Violation(f"I4: agents {stuck} are occupied by nothing")
        if waiting := [queue.queue for queue in live.queues.values() if queue.waiting]:
            raise Violation(f"I4: somebody waits in {waiting} who is not there")
        if live.legs:
            raise Violation(f"legs {list(live.legs)} outlived their calls")
