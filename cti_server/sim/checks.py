"""What must hold in a simulated centre, judged by what was made durable and what people were told, not by the
Centre's word.

I1 one terminal record for each accepted call · I2 what was acknowledged is there, once · I4 nothing is stuck · I5
order within a queue · I6 each attempt once · the drawn tables of moves · no personal text in events · the fold of the
journal is the state. What must hold while a call is offered stands in `ringing.py`.
"""

from collections.abc import Collection, Sequence

from cti_server.core import agents, calls
from cti_server.core import events as e
from cti_server.core.centre import Centre
from cti_server.core.deadlines import of_agent, of_call
from cti_server.core.effects import Effect, PrepareCard
from cti_server.core.entities import Agent
from cti_server.core.invariants import check_all
from cti_server.core.recordings import CONFIRM_LIMIT_S
from cti_server.core.state import State, apply
from cti_server.core.step import Memory
from cti_server.core.vocabulary import (
    AgentId,
    AgentState,
    CallbackId,
    CallId,
    CallPhase,
    CustomerRef,
    LegId,
    Micros,
    Occupation,
    PersonalRef,
    QueueId,
    Strategy,
    WorkOrder,
)
from cti_server.sim.able import is_able, is_free, wrongly_attended
from cti_server.sim.callback_checks import CallbackChecks, state_of, work_of
from cti_server.sim.message_checks import MessageChecks
from cti_server.sim.name_checks import check_named
from cti_server.sim.pin_checks import PinChecks
from cti_server.sim.private import PRIVATE
from cti_server.sim.ringing import BLAMELESS, Ringing

OVERDUE_MAX_US = 5_000_000
Key = tuple[int, int, int, int]
CALL_MOVES = {(before, event): after for before, event, after in calls.MOVES}
AGENT_MOVES = {(before, event): after for before, event, after in agents.MOVES}
AFTER_THE_END = (
    e.RecordingConfirmed,
    e.RecordingStored,
    e.RecordingLost,
    e.MessageEnded,
    e.NoteTaken,
    e.CallDisposed,
    e.ScriptFollowed,
    e.ContactReasonSet,
    e.CustomerAssigned,
    e.CustomerMatched,
    e.PinRefused,
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
        self.ringing = Ringing(self.shadow, lambda agent, call: is_free(agent) and is_able(self.shadow, agent, call))
        self.accepted: dict[CallId, None] = {}
        self.terminal: dict[CallId, int] = {}
        self.established = 0
        self.told_callbacks: dict[CallbackId, None] = {}
        self.told_dispositions: dict[CallId, tuple[str, str]] = {}
        self.told_notes: dict[CallId, tuple[int, str]] = {}
        self.callbacks = CallbackChecks()
        self.messages = MessageChecks()
        self._dispositions: dict[CallId, tuple[str, str]] = {}
        self._notes: dict[CallId, tuple[int, PersonalRef]] = {}
        self._waiting: dict[QueueId, dict[int, Key]] = {}
        """Calls and callbacks by number: those of both come from one counter."""
        self._offered: dict[QueueId, dict[CallId, Key]] = {}
        self._offered_from: dict[CallId, tuple[QueueId, e.OrderKey]] = {}
        self._legs: dict[LegId, CallId] = {}
        self._customer: dict[CallId, CustomerRef | None] = {}
        self._pins = PinChecks()
        self._foretold: dict[CallId, tuple[int, int, bool]] = {}
        """The wait that a caller was told, by how many at work, and whether it was raised."""
        self._effects: dict[CallId, int] = {}
        self._was_pending = False
        self._restarted_at = 0
        self._unsettled: dict[AgentId, str] = {}
        self._kept_idle_since: dict[AgentId, int] = {}

    # --- as events become durable ------------------------------------------------------------------------------------

    def saw(self, event: e.Event, data: bytes) -> None:
        for text in PRIVATE:
            if text in data:
                raise Violation(f"I11: personal text in {type(event).__name__}")
        before_call = self._call_phase(event)
        before_agents = self._occupations(event)
        before_callback = state_of(event, self.shadow)
        if isinstance(event, e.AgentReady) and event.agent in self.shadow.agents:
            self._was_pending = self.shadow.agents[event.agent].pending_ready is not None
        if isinstance(event, e.Delivered):
            self._check_agent_free(event)
        elif isinstance(event, e.OfferEnded) and event.outcome in BLAMELESS:
            self._kept_idle_since[event.agent] = self.shadow.agents[event.agent].idle_since
        self.ringing.saw(event)
        self.callbacks.saw(event, self.shadow)
        apply(self.shadow, event)
        self._check_call_move(event, before_call)
        self._check_agent_moves(event, before_agents)
        self.callbacks.moved(event, before_callback, self.shadow)
        self._follow(event)
        self._follow_agent(event)
        self.messages.saw(self.shadow, event)

    def step_over(self, events: Sequence[e.Event]) -> None:
        """The events of one step are durable together: what they say must be whole."""
        if self._unsettled:
            raise Violation(f"agents became idle and nobody said what they are now: {self._unsettled}")
        self.ringing.step_over()
        for told in wrongly_attended(self.shadow):
            raise Violation(f"A3: {told}")
        for event in events:
            if not isinstance(event, e.CallbackRequested) or event.recording is not None:
                continue  # a message is kept also when its file came late and the caller has gone on
            asked_in = event.call
            if asked_in is not None and any(asked_in in waiting for waiting in self._waiting.values()):
                raise Violation(f"call {event.call} asked to be called back, and still waits")

    def _follow(self, event: e.Event) -> None:
        match event:
            case e.CallArrived():
                if event.leg in self._legs:
                    raise Violation(f"two calls of one leg {event.leg}")
                self._legs[event.leg] = event.call
                self.accepted[event.call] = None
            case e.CentreRestarted():
                self._restarted_at = event.at
            case e.CallInitiated() | e.CallbackDelivered():
                self.accepted[event.call] = None
                self._customer[event.call] = event.customer
                if isinstance(event, e.CallbackDelivered):
                    self._check_order(event)
                elif event.callback is not None:
                    self._waits_no_longer(event.callback)
            case e.CallbackQueued():
                key = (event.key.rank, 1, event.key.due_at, event.key.sequence)
                self._waiting.setdefault(event.queue, {})[event.callback] = key
            case e.CallbackLeftQueue() | e.CallbackCancelled() | e.CallbackExhausted() | e.CallbackSettled():
                self._waits_no_longer(event.callback)
            case e.CustomerMatched() | e.CustomerAssigned():
                self._customer[event.call] = event.customer
            case e.PinRefused():
                self._pins.saw(event)
            case e.CallEstablished():
                self.established += 1
            case e.CallQueued():
                self._check_returned(event)
                check_named(self.shadow, event)
                key = (event.key.rank, 0 if event.returned else 1, event.key.due_at, event.key.sequence)
                self._waiting.setdefault(event.queue, {})[event.call] = key
                self._offered.setdefault(event.queue, {}).pop(event.call, None)
            case e.CallReordered():
                before = self._waiting.setdefault(event.queue, {}).get(event.call)
                if before is not None:
                    self._waiting[event.queue][event.call] = (
                        event.key.rank,
                        before[1],
                        event.key.due_at,
                        event.key.sequence,
                    )
            case e.CallDelivered():
                self._check_order(event)
            case e.WaitAnnounced():
                self._check_foretold(event)
            case e.CallLeftQueue():
                self._foretold.pop(event.call, None)
                self._waiting.setdefault(event.queue, {}).pop(event.call, None)
                self._offered.setdefault(event.queue, {}).pop(event.call, None)
                self._offered_from.pop(event.call, None)
            case e.CallCleared():
                self.terminal[event.call] = self.terminal.get(event.call, 0) + 1
                if self.terminal[event.call] > 1:
                    raise Violation(f"I1: call {event.call} ended twice")
                for waiting in self._waiting.values():
                    if event.call in waiting:
                        raise Violation(f"call {event.call} ended while it waited")
            case e.CallDisposed():
                self._dispositions[event.call] = (event.code, event.subcode)
            case e.NoteTaken():
                self._notes[event.call] = (event.revision, event.note)
            case e.InvariantBroken():
                raise Violation(f"{event.invariant}: {event.detail}")
        is_over = isinstance(event, e.CallEvent) and event.call in self.terminal
        if is_over and not isinstance(event, (*AFTER_THE_END, e.CallCleared)):
            raise Violation(f"I1: {type(event).__name__} after the end of a call")

    def _check_foretold(self, event: e.WaitAnnounced) -> None:
        """Nobody is told a longer wait than before, unless fewer are at work; then once, and said as a change."""
        if event.expected_s is None:
            return
        told_s, staff, was_raised = self._foretold.get(event.call, (event.expected_s, event.staff, False))
        may_rise = event.is_raised and not was_raised and event.staff < staff
        if (event.expected_s > told_s and not may_rise) or not event.low_s <= event.expected_s <= event.high_s:
            raise Violation(f"call {event.call} was told {told_s} s, then {event}")
        self._foretold[event.call] = (event.expected_s, event.staff, was_raised or event.is_raised)

    def _follow_agent(self, event: e.Event) -> None:
        """Whoever becomes idle is at once said to be Ready, Not Ready or gone; blameless ones keep their place."""
        match event:
            case e.OfferEnded() | e.AgentAfterCallWorkEnded():
                self._unsettled[event.agent] = type(event).__name__
            case e.AgentReady():
                self._unsettled.pop(event.agent, None)
                kept = self._kept_idle_since.pop(event.agent, event.idle_since)
                if kept != event.idle_since and not self._was_pending:
                    raise Violation(f"agent {event.agent} lost the place among the idle")
            case e.AgentNotReady() | e.AgentLoggedOff():
                self._unsettled.pop(event.agent, None)
                self._kept_idle_since.pop(event.agent, None)

    def _check_returned(self, event: e.CallQueued) -> None:
        """A call that comes back from an offer says so, and keeps the key of its wait."""
        offered = self._offered_from.pop(event.call, None)
        if event.returned != (offered is not None):
            raise Violation(f"call {event.call} was queued as returned: {event.returned}")
        if offered is not None and offered != (event.queue, event.key):
            raise Violation(f"I5: call {event.call} lost its place: {offered} → {event.key}")

    def _waits_no_longer(self, work: int) -> None:
        for waiting in self._waiting.values():
            waiting.pop(work, None)

    def _check_agent_free(self, event: e.Delivered) -> None:
        """Only to a ready, idle agent with a phone, who is able to take it, and, where that is the queue's strategy,
        whom nobody has been idle longer than."""
        agent, work = self.shadow.agents[event.agent], work_of(event)
        if not is_free(agent) or not is_able(self.shadow, agent, work):
            raise Violation(f"{work} was delivered to agent {agent.agent}, who cannot take it")
        if event.rule not in (Strategy.LONGEST_IDLE, Strategy.RING_ALL):
            return
        for other in self.shadow.agents.values():
            if other.idle_since < agent.idle_since and is_free(other) and is_able(self.shadow, other, work):
                raise Violation(f"A2: agent {other.agent} has been idle for longer than {agent.agent}")

    def ordered(self, effect: Effect) -> None:
        """Before an effect is performed."""
        if effect.n <= self._effects.get(effect.call, 0):
            raise Violation(f"{type(effect).__name__} has the number {effect.n}, which was given before")
        self._effects[effect.call] = effect.n
        if isinstance(effect, PrepareCard) and effect.customer != self._customer.get(effect.call):
            raise Violation(f"the card of {effect.customer} for a call of {self._customer.get(effect.call)}")

    def _check_order(self, event: e.Delivered) -> None:
        if event.queue is None:
            return
        call = self.shadow.calls[event.call]
        work = work_of(event)
        if call.key is not None:
            self._offered_from[event.call] = (event.queue, call.key)
        offered = self._offered.setdefault(event.queue, {})
        key = self._waiting.setdefault(event.queue, {}).pop(work, None) or offered.get(event.call)
        if key is None:
            raise Violation(f"I5: {work} was delivered and did not wait")
        if work == event.call:
            offered[event.call] = key
        agent = self.shadow.agents[event.agent]
        if passed := self._before(key, event.queue, agent):
            raise Violation(f"I5: {work} passed {passed}")
        settings = self.shadow.settings
        if settings.work_order is not WorkOrder.DUE_FIRST or any(queue.weight != 1 for queue in settings.queues):
            return
        for queue in self._waiting:
            if due_first := self._before(key, queue, agent):
                raise Violation(f"A3: agent {event.agent} serves {queue}, where {due_first} were due before")

    def _before(self, key: Key, queue: QueueId, agent: Agent) -> list[int]:
        """Those with a smaller key who wait for this agent, or ring at others and could ring here too."""
        ringing = [
            (call, key) for call, key in self._offered.get(queue, {}).items() if self.ringing.is_open(CallId(call))
        ]
        asking = [*self._waiting.get(queue, {}).items(), *ringing]
        return [call for call, its_key in asking if its_key < key and is_able(self.shadow, agent, call)]

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

    # --- at certain moments ------------------------------------------------------------------------------------------

    def at_moment(self, now: int) -> None:
        """I4: nothing is more than five seconds beyond its limit, and nobody is Ready who is gone."""
        asked_again = Memory(recording_until=Micros(self._restarted_at + CONFIRM_LIMIT_S * 1_000_000))
        for call in self.shadow.calls.values():
            deadline = of_call(call, asked_again)
            if deadline is not None and deadline < now - OVERDUE_MAX_US:
                raise Violation(f"I4: call {call.call} is {now - deadline} µs beyond its limit in {call.phase}")
        self.callbacks.look(self.shadow, now)
        for agent in self.shadow.agents.values():
            deadline = of_agent(agent)
            if deadline is not None and deadline < now - OVERDUE_MAX_US:
                raise Violation(f"I4: agent {agent.agent} is beyond a limit")
            is_gone = not agent.phone_registered or (agent.has_desktop and not agent.desktop_connected)
            if agent.state is AgentState.READY and is_gone and deadline is None:
                raise Violation(f"B4: agent {agent.agent} is gone, and Ready for ever")

    def after_restart(self, centre: Centre, adopted: Collection[LegId]) -> None:
        found = check_all(centre.state, centre.deadlines)
        if found:
            raise Violation(f"after a restart: {found}")
        unsure = (CallPhase.INITIATED, CallPhase.RESERVED, CallPhase.ALERTING)
        left = [call for call in centre.state.calls.values() if call.phase in unsure]
        before = [(call, p) for call in left for p in call.parties.values() if p.since < centre.state.last_at]
        rings_on = {*adopted, None}
        if dead := [c.call for c, p in before if p.leg not in adopted or c.customer_leg not in rings_on]:
            raise Violation(f"calls {dead} wait for legs that died with the process")
        if centre.state != self.shadow:
            raise Violation("the restored state is not the fold of the journal")

    def at_end(self, live: State, rebuilt: State, personal: dict[PersonalRef, str]) -> None:
        if live != self.shadow or live != rebuilt:
            raise Violation("the state is not the fold of the journal")
        if missing := [call for call in self.accepted if self.terminal.get(call) != 1]:
            raise Violation(f"I1: no terminal record of {missing}")
        if lost := [callback for callback in self.told_callbacks if self.callbacks.requested.get(callback) != 1]:
            raise Violation(f"I2: callbacks {lost} were acknowledged and are not there once")
        self.messages.at_end()
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
        self.callbacks.at_end(live, live.last_at)
        if live.legs:
            raise Violation(f"legs {list(live.legs)} outlived their calls")
