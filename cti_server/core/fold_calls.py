"""How arrivals, queues, offers and legs change the state. Decides nothing: an event is a fact.

A fold never fails: what speaks of a call that is gone changes nothing.
"""

from collections.abc import Callable
from typing import Any

from cti_server.core import events as e
from cti_server.core.entities import Call, Leg, Party, State
from cti_server.core.figures import counted
from cti_server.core.fold_callbacks import carried_out_by
from cti_server.core.fold_shared import (
    PIN_FAILURES_KEPT_US,
    add_leg,
    count_exit,
    drop_if_over,
    enter_phase,
    leg_of,
    occupy,
    queue_of,
    reserve,
    turn_taken,
)
from cti_server.core.fold_waits import departed, gave_up_waiting, joined, learn
from cti_server.core.vocabulary import (
    CallPhase,
    Direction,
    LegRole,
    LegState,
    Occupation,
    OfferOutcome,
    PinResult,
    QueueExit,
    Verification,
)

# --- arrival, flow, identity -----------------------------------------------------------------------------------------


def call_arrived(state: State, event: e.CallArrived) -> None:
    call = Call(
        call=event.call,
        direction=Direction.INBOUND,
        phase=CallPhase.FLOW,
        arrived_at=event.at,
        since=event.at,
        line=event.line,
        trunk=event.trunk,
        number=event.number,
        display_name=event.display_name,
        customer_leg=event.leg,
        limit_at=event.limit_at,
    )
    state.calls[event.call] = call
    leg = Leg(leg=event.leg, role=LegRole.CUSTOMER, state=LegState.OFFERED, since=event.at, resume=event.resume)
    add_leg(state, call, leg)


def call_initiated(state: State, event: e.CallInitiated) -> None:
    state.calls[event.call] = Call(
        call=event.call,
        direction=event.direction,
        phase=CallPhase.INITIATED,
        arrived_at=event.at,
        since=event.at,
        number=event.number,
        customer=event.customer,
        matched_by="agent" if event.customer is not None else "",
        parties={event.agent: Party(agent=event.agent, since=event.at)},
        callback=event.callback,
        queue=event.queue,
    )
    reserve(state, event)
    if event.callback is not None and (callback := state.callbacks.get(event.callback)) is not None:
        if callback.queued and callback.queue is not None:
            gave_up_waiting(queue_of(state, callback.queue))
        carried_out_by(callback, event)


def call_answered_by_flow(state: State, event: e.CallAnsweredByFlow) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.answered_by_flow = True


def flow_moved(state: State, event: e.FlowMoved) -> None:
    if (call := state.calls.get(event.call)) is None:
        return
    call.position = event.position
    call.play = event.play
    call.wait_until = event.wait_until
    call.waiting_for = event.waiting_for
    call.flow_state = event.state


def call_language_set(state: State, event: e.CallLanguageSet) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.language = event.language


def customer_matched(state: State, event: e.CustomerMatched) -> None:
    if (call := state.calls.get(event.call)) is None:
        return
    call.customer = event.customer
    call.candidates = event.candidates
    call.tier = event.tier
    call.owner = event.owner
    call.matched_by = event.by
    call.verification = Verification.UNVERIFIED
    if event.language and not call.language:
        call.language = event.language


def customer_assigned(state: State, event: e.CustomerAssigned) -> None:
    if (call := state.calls.get(event.call)) is not None:
        if call.customer != event.customer:
            call.verification = Verification.UNVERIFIED
        call.customer = event.customer
        call.matched_by = "agent"


def caller_verified(state: State, event: e.CallerVerified) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.verification = event.verification


def pin_refused(state: State, event: e.PinRefused) -> None:
    call = state.calls.get(event.call)
    if call is not None and event.result is PinResult.LOCKED:
        call.verification = Verification.LOCKED
    customer = event.customer or (call.customer if call is not None else None)
    if event.result is not PinResult.WRONG or customer is None:
        return
    failures = state.pin_failures.pop(customer, [])
    state.pin_failures[customer] = [*(at for at in failures if at > event.at - PIN_FAILURES_KEPT_US), event.at]
    while (oldest := next(iter(state.pin_failures))) != customer:
        if state.pin_failures[oldest][-1] > event.at - PIN_FAILURES_KEPT_US:
            break
        del state.pin_failures[oldest]


# --- queue and offer -------------------------------------------------------------------------------------------------


def call_queued(state: State, event: e.CallQueued) -> None:
    if (call := state.calls.get(event.call)) is None:
        return
    call.queue = event.queue
    call.key = event.key
    call.entered_at = event.entered_at
    call.queue_limit_at = event.limit_at
    call.returned = event.returned
    call.stage = event.stage
    call.relax_at = event.relax_at
    call.ceiling_at = event.ceiling_at
    call.named = event.named
    call.named_until = event.named_until
    call.named_by = event.named_by
    call.uses_tier = event.uses_tier
    call.overflow_at = event.overflow_at
    if not event.returned:
        call.foretold = event.foretold
    call.asks = event.asks
    call.unattended = call.unattended_until = None
    call.parties.clear()
    queue = queue_of(state, event.queue)
    if call.phase is not CallPhase.QUEUED:
        joined(queue, event.at)
    enter_phase(call, CallPhase.QUEUED, event.at)
    queue.waiting.setdefault(event.call, event.entered_at)


def call_unattended(state: State, event: e.CallUnattended) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.unattended = event.rule
        call.unattended_until = event.until


def call_requirement_changed(state: State, event: e.CallRequirementChanged) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.asks = event.asks


def call_requirement_relaxed(state: State, event: e.CallRequirementRelaxed) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.stage = event.stage
        call.relax_at = event.relax_at


def call_reordered(state: State, event: e.CallReordered) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.key = event.key
        call.ceiling_at = event.ceiling_at


def wait_announced(state: State, event: e.WaitAnnounced) -> None:
    if (call := state.calls.get(event.call)) is not None and event.expected_s is not None:
        call.told_s = event.expected_s
        call.told_staff = event.staff
        call.told_raised = call.told_raised or event.is_raised


def agent_asked_for(state: State, event: e.AgentAskedFor) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.asked_for = event.agent


def named_agent_given_up(state: State, event: e.NamedAgentGivenUp) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.named = None
        call.named_until = None
        call.named_by = None


def call_delivered(state: State, event: e.CallDelivered) -> None:
    call = state.calls.get(event.call)
    turn_taken(state, event, waited=call is not None and call.phase is CallPhase.QUEUED)
    if call is None:
        return
    call.parties[event.agent] = Party(agent=event.agent, since=event.at, release_at=event.release_at)
    if call.phase is CallPhase.QUEUED:
        call.waited_us = event.waited_us
        enter_phase(call, CallPhase.RESERVED, event.at)
    reserve(state, event)


def leg_placed(state: State, event: e.LegPlaced) -> None:
    if (call := state.calls.get(event.call)) is None:
        return
    leg = Leg(
        leg=event.leg,
        role=event.role,
        state=LegState.INITIATED,
        since=event.at,
        agent=event.agent,
        limit_at=event.limit_at,
        resume=event.resume,
    )
    add_leg(state, call, leg)
    if event.role is LegRole.CUSTOMER:
        call.customer_leg = event.leg
        if call.phase is CallPhase.ALERTING:
            enter_phase(call, CallPhase.INITIATED, event.at)
    elif event.role is LegRole.OUTSIDE:
        call.outside_leg = event.leg
        enter_phase(call, CallPhase.INITIATED, event.at)
    elif event.agent is not None:
        call.parties[event.agent] = Party(agent=event.agent, since=event.at, leg=event.leg, card=event.card)
        if call.phase is CallPhase.RESERVED:
            enter_phase(call, CallPhase.ALERTING, event.at)
        if event.agent in state.agents:
            occupy(state, state.agents[event.agent], Occupation.ALERTING, event.at)


def leg_answering(state: State, event: e.LegAnswering) -> None:
    if (leg := leg_of(state, event)) is not None:
        leg.limit_at = event.limit_at


def leg_ringing(state: State, event: e.LegRinging) -> None:
    if (leg := leg_of(state, event)) is not None:
        leg.resume = event.resume or leg.resume
        if leg.state is LegState.INITIATED:
            leg.state = LegState.ALERTING
            leg.since = event.at


def leg_established(state: State, event: e.LegEstablished) -> None:
    leg = leg_of(state, event)
    if leg is None:
        return
    leg.state = LegState.CONNECTED
    leg.since = event.at
    leg.limit_at = None
    leg.resume = event.resume or leg.resume
    if leg.agent is not None and leg.agent in state.agents:
        occupy(state, state.agents[leg.agent], Occupation.CONNECTED, event.at)


def leg_resume_changed(state: State, event: e.LegResumeChanged) -> None:
    if (leg := leg_of(state, event)) is not None:
        leg.resume = event.resume


def leg_released(state: State, event: e.LegReleased) -> None:
    call = state.calls.get(event.call)
    state.legs.pop(event.leg, None)
    if call is None:
        return
    call.legs.pop(event.leg, None)
    if call.customer_leg == event.leg:
        call.customer_leg = None
    for party in call.parties.values():
        if party.leg == event.leg:
            party.leg = None
    if call.outside_leg == event.leg:
        call.outside_leg = None
    drop_if_over(state, call)


def offer_ended(state: State, event: e.OfferEnded) -> None:
    call = state.calls.get(event.call)
    if call is not None and call.parties.pop(event.agent, None) is not None:
        call.muted = False
    agent = state.agents.get(event.agent)
    if agent is not None and agent.call == event.call:
        agent.call = None
        occupy(state, agent, Occupation.IDLE, event.at)
        if event.outcome is OfferOutcome.MISSED:
            for figures in counted(state, agent, event.at):
                figures.missed += 1


def call_left_queue(state: State, event: e.CallLeftQueue) -> None:
    queue = queue_of(state, event.queue)
    queue.waiting.pop(event.call, None)
    count_exit(state, queue, event)
    if (call := state.calls.get(event.call)) is None:
        return
    call.waited_us = event.waited_us
    call.queue_limit_at = None
    call.returned = False
    if event.limit_at is not None:
        call.limit_at = event.limit_at
    call.told_s = None
    if call.foretold is not None and event.how is QueueExit.ANSWERED:
        learn(queue, call.foretold, event.waited_us)
    call.foretold = None
    if call.phase is CallPhase.QUEUED:
        departed(queue, event.at)
        enter_phase(call, CallPhase.FLOW, event.at)


FOLDS: dict[type[e.Event], Callable[[State, Any], None]] = {
    e.CallArrived: call_arrived,
    e.CallInitiated: call_initiated,
    e.CallAnsweredByFlow: call_answered_by_flow,
    e.FlowMoved: flow_moved,
    e.CallLanguageSet: call_language_set,
    e.CustomerMatched: customer_matched,
    e.CustomerAssigned: customer_assigned,
    e.CallerVerified: caller_verified,
    e.PinRefused: pin_refused,
    e.CallQueued: call_queued,
    e.CallUnattended: call_unattended,
    e.CallRequirementChanged: call_requirement_changed,
    e.CallRequirementRelaxed: call_requirement_relaxed,
    e.CallReordered: call_reordered,
    e.AgentAskedFor: agent_asked_for,
    e.NamedAgentGivenUp: named_agent_given_up,
    e.WaitAnnounced: wait_announced,
    e.CallDelivered: call_delivered,
    e.LegPlaced: leg_placed,
    e.LegAnswering: leg_answering,
    e.LegRinging: leg_ringing,
    e.LegEstablished: leg_established,
    e.LegResumeChanged: leg_resume_changed,
    e.LegReleased: leg_released,
    e.OfferEnded: offer_ended,
    e.CallLeftQueue: call_left_queue,
}
