"""The Centre: an input and a time go in, facts and orders come out. No clock, socket, thread or random source is
inside.

    centre = Centre(state, flows)
    outcome = centre.handle(input, now)     # raises Refused for a command that cannot be: nothing has changed then
    wake_at = centre.next_deadline()        # hand in Tick() when that moment has come

One table says who handles which input. After every input, and only here, waiting calls and free agents are matched
(`_assign`); after every step the laws are checked on what it touched. If ``handle`` raises anything but ``Refused``,
the state is not to be trusted: build the Centre anew from the journal.
"""

from collections.abc import Callable
from typing import Any

from cti_server.core import (
    agents,
    callback_turns,
    callbacks,
    conversation,
    deadlines,
    flow,
    identity,
    inbound,
    inputs,
    invariants,
    legs,
    offers,
    outbound,
    overflow,
    recordings,
    repair,
    restart,
    routing,
    setup,
    waits,
    wrapup,
)
from cti_server.core import events as e
from cti_server.core.calls import after_call_work_ran_out, clear
from cti_server.core.deadlines import OF_AGENT, OF_CALL, OF_CALLBACK, Deadlines
from cti_server.core.entities import Call, command_key
from cti_server.core.errors import InvariantViolated, Refused
from cti_server.core.state import State
from cti_server.core.step import Outcome, Step, Surroundings
from cti_server.core.vocabulary import OFFERED, AgentId, CallbackId, CallId, CallPhase, ClearingCause, Micros
from ivr.model import FlowSet

__all__ = ["Centre", "Outcome"]

NO_FLOWS = FlowSet(flows=())
DEADLINE_ROUNDS_MAX = 20
HANDLERS: dict[type[object], Callable[[Step, Any], None]] = {
    inputs.LogOn: agents.log_on,
    inputs.LogOff: agents.log_off,
    inputs.SetReady: agents.set_ready,
    inputs.SetNotReady: agents.set_not_ready,
    inputs.CancelPendingMode: agents.cancel_pending_mode,
    inputs.CompleteAfterCallWork: wrapup.complete,
    inputs.ExtendAfterCallWork: wrapup.extend,
    inputs.ConfirmCardShown: offers.card_shown,
    inputs.DeclineCall: offers.decline,
    inputs.HoldCall: conversation.hold,
    inputs.RetrieveCall: conversation.retrieve,
    inputs.MuteCall: conversation.mute,
    inputs.SendDigits: conversation.send_digits,
    inputs.EndCall: conversation.end,
    inputs.PauseRecording: recordings.pause,
    inputs.ResumeRecording: recordings.resume,
    inputs.DialNumber: outbound.dial_number,
    inputs.DialCallback: outbound.dial_callback,
    inputs.RequestCallbackFor: callbacks.request_for,
    inputs.CancelCallback: callbacks.cancel,
    inputs.SettleCallback: callbacks.settle,
    inputs.TakeNote: wrapup.take_note,
    inputs.DisposeCall: wrapup.dispose,
    inputs.FollowScript: wrapup.follow_script,
    inputs.CorrectReason: wrapup.correct_reason,
    inputs.AssignCustomer: wrapup.assign_customer,
    inputs.LoadSettings: setup.load_settings,
    inputs.EnrolAgents: setup.enrol_agents,
    inputs.LegOffered: inbound.offered,
    inputs.LegAlerting: legs.alerting,
    inputs.EarlyMediaBegan: legs.early_media_began,
    inputs.LegAnswered: legs.answered,
    inputs.LegChanged: legs.changed,
    inputs.LegFailed: legs.failed,
    inputs.LegCleared: legs.cleared,
    inputs.DigitPressed: inbound.digit_pressed,
    inputs.PlayFinished: inbound.play_finished,
    inputs.RecordingStarted: inbound.recording_started,
    inputs.RecordingFinished: inbound.recording_finished,
    inputs.RecordingFailed: inbound.recording_failed,
    inputs.RecordingSilent: inbound.recording_silent,
    inputs.CustomersFound: inbound.customers_found,
    inputs.PinChecked: inbound.pin_checked,
    inputs.PhoneRegistered: agents.phone_registered,
    inputs.PhoneLost: agents.phone_lost,
    inputs.DesktopConnected: agents.desktop_connected,
    inputs.DesktopLost: agents.desktop_lost,
    inputs.ClockSet: setup.clock_set,
    inputs.Restarted: restart.restarted,
}
HARMLESS_TO_REPEAT = (inputs.ConfirmCardShown, inputs.TakeNote)
"""Carried out twice they do what once does, so their keys are not remembered."""


class Centre:
    """Owns ``state``: nobody else changes it. ``strict`` (tests): a broken law raises instead of being repaired."""

    def __init__(self, state: State, flows: FlowSet = NO_FLOWS, *, strict: bool = False) -> None:
        self.state = state
        self._strict = strict
        self._staged: FlowSet | None = None
        self._around = Surroundings()
        self._around.read_state(state)
        self._around.read_flows(flows)
        self._around.registered = {
            agent.profile.extension: True for agent in state.agents.values() if agent.phone_registered
        }
        flow.recall(state, self._around)
        self._deadlines = Deadlines()
        self._set_deadlines(list(state.calls), list(state.agents))
        self._set_deadlines_of_callbacks(list(state.callbacks), state.last_at)

    @property
    def may_promise(self) -> bool:
        """False: the store is away, and flows promise no callbacks. Commands are refused by the engine."""
        return self._around.may_promise

    @may_promise.setter
    def may_promise(self, value: bool) -> None:
        self._around.may_promise = value

    @property
    def surroundings(self) -> Surroundings:
        """For checks only."""
        return self._around

    @property
    def deadlines(self) -> Deadlines:
        """For checks only."""
        return self._deadlines

    def stage_flows(self, flows: FlowSet | None) -> None:
        """These take effect together with the next `LoadSettings` that is carried out; None: none do."""
        self._staged = flows

    def load_flows(self, flows: FlowSet) -> None:
        """New calls get these; calls in progress keep the version that they began with."""
        self._around.read_flows(flows)
        positions = [call.position for call in self.state.calls.values() if call.position is not None]
        used = {(position.flow_id, position.version): None for position in positions}
        older = self._around.older_flows
        self._around.older_flows = {key: flow for key, flow in older.items() if key in used}

    def next_deadline(self) -> int | None:
        """When ``Tick`` is wanted, in engine microseconds; None: nothing is awaited."""
        return self._deadlines.next()

    def position(self, call: CallId) -> int:
        """The place of a waiting call in its queue, 1 = next; 0: it does not wait."""
        return self._around.index.position(call)

    def handle(self, input: inputs.Input, now: int) -> Outcome:
        step = Step(self.state, self._around, Micros(max(now, self.state.last_at)))
        if isinstance(input, inputs.Tick):
            self._tick(step)
        elif isinstance(input, inputs.AgentCommand):
            self._carry_out(step, input)
        else:
            HANDLERS[type(input)](step, input)
        if isinstance(input, inputs.LoadSettings) and self._staged is not None:
            self.load_flows(self._staged)
            self._staged = None
        self._conclude(step)
        if isinstance(input, inputs.Restarted):
            self._check_everything(step)
        return step.outcome

    def _carry_out(self, step: Step, command: inputs.AgentCommand) -> None:
        """A key that was carried out before is answered as it was then."""
        known = self.state.carried_out.get(command_key(command.agent, command.key)) if command.key else None
        if known is not None:
            step.outcome.result.update(known.result)
            return
        try:
            HANDLERS[type(command)](step, command)
        except Refused:
            assert not step.outcome.events, "a refused command changed something"
            raise
        if command.key and not isinstance(command, HARMLESS_TO_REPEAT):
            step.emit(
                e.CommandCarriedOut(at=step.now, agent=command.agent, key=command.key, result=dict(step.outcome.result))
            )

    def _tick(self, step: Step) -> None:
        for _ in range(DEADLINE_ROUNDS_MAX):
            due = self._deadlines.due(step.now)
            if not due:
                return
            for kind, owner in due:
                self._is_due(step, kind, owner)
            self._set_deadlines(list(step.fresh_calls), list(step.fresh_agents))
            self._set_deadlines_of_callbacks(list(step.fresh_callbacks), step.now)
        for kind, owner in self._deadlines.due(step.now):
            stuck = invariants.Violation(
                invariant="I4",
                detail="a deadline comes again and again",
                call=CallId(owner) if kind == OF_CALL else None,
                agent=AgentId(owner) if kind == OF_AGENT else None,
            )
            self._broken(step, stuck)

    def _is_due(self, step: Step, kind: int, owner: int) -> None:
        if kind == OF_CALL:
            step.fresh_calls[CallId(owner)] = None
            if (call := self.state.calls.get(CallId(owner))) is not None:
                _call_is_due(step, call)
        elif kind == OF_CALLBACK:
            step.touch_callback(CallbackId(owner))
            self._review_callbacks(step)
        else:
            step.fresh_agents[AgentId(owner)] = None
            if (agent := self.state.agents.get(AgentId(owner))) is not None:
                after_call_work_ran_out(step, agent)
                agents.on_deadline(step, agent)

    def _conclude(self, step: Step) -> None:
        """Match, check the laws, and note when to be woken."""
        waits.named_agents_gone(step)
        self._review_callbacks(step)
        calls, people = self._assign(step)
        self._set_deadlines(calls, people)
        found = invariants.check(self.state, self._deadlines, calls, people)
        found += invariants.check_attempts(self.state, step.outcome.events)
        for violation in found:
            self._broken(step, violation)
        if found:
            self._set_deadlines(*self._assign(step))
        self._set_deadlines_of_callbacks(list(step.fresh_callbacks), step.now)

    def _review_callbacks(self, step: Step) -> None:
        for callback_id in step.fresh_callbacks:
            if (callback := self.state.callbacks.get(callback_id)) is not None:
                callback_turns.review(step, callback)

    def _check_everything(self, step: Step) -> None:
        """After a restart no call and no agent may be left behind, touched or not."""
        found = invariants.check_all(self.state, self._deadlines)
        for violation in found:
            self._broken(step, violation)
        if found:
            self._conclude(step)

    def _assign(self, step: Step) -> tuple[dict[CallId, None], dict[AgentId, None]]:
        """The only caller of ``routing.decide``: after every input, on the queues that it touched."""
        calls: dict[CallId, None] = {}
        people: dict[AgentId, None] = {}
        while True:
            self._sync(step, calls, people)
            index = self._around.index
            if index.unsure:
                overflow.people_came_or_went(step)
                continue
            is_dirty = index.dirty or index.dirty_named
            match = routing.decide(index, self.state, step.now) if is_dirty else None
            if match is None:
                return calls, people
            order = self._deliver(step, match)
            self._sync(step, calls, people)
            first = index.first_for(match.agent, match.queue)
            if first is not None and first < order:
                passed = invariants.Violation(invariant="I5", detail=f"{first[-1]} was passed over", call=match.call)
                self._broken(step, passed)

    def _deliver(self, step: Step, match: routing.Match) -> routing.Order:
        """A waiting call is offered, a callback carried out; the order by which it was its turn."""
        call = self.state.calls.get(match.call)
        rung = len(call.parties) if call is not None else 0
        by_name = match.rule == routing.NAMED
        excluded = self._around.index.excluded(match.candidates, by_name=by_name, rung=rung)
        if call is not None:
            order = routing.order_of(call)
            offers.deliver(step, call, match, excluded)
            return order
        callback = self.state.callbacks[CallbackId(match.call)]
        order = routing.order_of_callback(callback)
        outbound.carry_out(step, callback, match, excluded)
        return order

    def _sync(self, step: Step, calls: dict[CallId, None], people: dict[AgentId, None]) -> None:
        """The index follows what was touched since it was last looked at."""
        index = self._around.index
        if step.fresh_calls:
            for call_id in step.fresh_calls:
                index.sync_call(call_id, self.state.calls.get(call_id))
            calls |= step.fresh_calls
            step.fresh_calls = {}
        if step.fresh_agents:
            for agent_id in step.fresh_agents:
                index.sync_agent(agent_id, self.state.agents.get(agent_id))
            people |= step.fresh_agents
            step.fresh_agents = {}
        for callback_id in step.fresh_callbacks:
            index.sync_callback(callback_id, self.state.callbacks.get(callback_id))

    def _set_deadlines(
        self, calls: dict[CallId, None] | list[CallId], people: dict[AgentId, None] | list[AgentId]
    ) -> None:
        memories, awaited = self._around.memories, self._deadlines
        for call_id in calls:
            call = self.state.calls.get(call_id)
            if call is None:
                awaited.set((OF_CALL, call_id), None)
                if call_id != legs.NO_CALL:
                    memories.pop(call_id, None)
            else:
                awaited.set((OF_CALL, call_id), deadlines.of_call(call, memories.get(call_id)))
        for agent_id in people:
            agent = self.state.agents.get(agent_id)
            awaited.set((OF_AGENT, agent_id), None if agent is None else deadlines.of_agent(agent))

    def _set_deadlines_of_callbacks(self, callbacks: list[CallbackId], now: int) -> None:
        for callback_id in callbacks:
            callback = self.state.callbacks.get(callback_id)
            due_at = None
            if callback is not None:
                due_at = callback_turns.due_for_review(self.state, self._around, callback, now)
            self._deadlines.set((OF_CALLBACK, callback_id), due_at)

    def _broken(self, step: Step, violation: invariants.Violation) -> None:
        if self._strict:
            raise InvariantViolated(
                violation.invariant, f"{violation.detail} (call {violation.call}, agent {violation.agent})"
            )
        repair.release(step, violation)


def _call_is_due(step: Step, call: Call) -> None:
    """Legs first; the rest when none is overdue: what follows from them may settle it."""
    identity.give_up_waiting(step, call)
    overdue = [leg for leg in call.legs.values() if leg.limit_at is not None and leg.limit_at <= step.now]
    for leg in overdue:
        if leg.leg in call.legs:
            legs.on_deadline(step, call, leg)
    if overdue:
        return
    recording_limit_at = deadlines.of_recording(call, step.memory(call.call))
    if recording_limit_at is not None and recording_limit_at <= step.now:
        inbound.recording_ran_out(step, call)
    elif call.phase in OFFERED:
        offers.release_is_due(step, call)
        waits.review(step, call)
    elif call.phase in (CallPhase.CONNECTED, CallPhase.HELD):
        if call.limit_at is not None and call.limit_at <= step.now:
            clear(step, call, ClearingCause.TIMEOUT, reason="call_limit")
    else:
        waits.review(step, call)
        flow.on_deadline(step, call)
