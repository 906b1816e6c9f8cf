"""How events about calls and their legs change the state. Decides nothing: an event is a fact.

A fold never fails: what speaks of a call that is gone changes nothing. A call stays until it is cleared, has no leg, no
agent in after-call work and no open recording; then a `Finished` remembers it for a day.
"""

from collections.abc import Callable
from typing import Any

from cti_server.core import events as e
from cti_server.core.clock import local_day
from cti_server.core.entities import Agent, AgentDay, Call, Finished, Leg, Queue, ScriptPlace, State
from cti_server.core.vocabulary import (
    AgentId,
    CallbackState,
    CallId,
    CallPhase,
    Direction,
    LegRole,
    LegState,
    Micros,
    Occupation,
    OfferOutcome,
    PersonalRef,
    PinResult,
    QueueExit,
    QueueId,
    RecordingState,
    Verification,
)

HOUR_US = 3_600_000_000
FINISHED_KEPT_US = 24 * HOUR_US
FINISHED_KEPT_MAX = 20_000
PIN_FAILURES_KEPT_US = HOUR_US
OPEN_RECORDINGS = (RecordingState.STARTING, RecordingState.RECORDING, RecordingState.PAUSED)


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
    _add_leg(state, call, leg)


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
        agent=event.agent,
        callback=event.callback,
        queue=event.queue,
    )
    agent = state.agents.get(event.agent)
    if agent is not None:
        agent.call = event.call
        _occupy(agent, Occupation.RESERVED, event.at)
    if event.callback is not None and event.callback in state.callbacks:
        callback = state.callbacks[event.callback]
        callback.state = CallbackState.RESERVED
        callback.dialling = event.call
        callback.dialled_by = event.agent


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
    call.agent = None
    _enter_phase(call, CallPhase.QUEUED, event.at)
    _queue(state, event.queue).waiting.setdefault(event.call, event.entered_at)


def call_delivered(state: State, event: e.CallDelivered) -> None:
    if (call := state.calls.get(event.call)) is None:
        return
    call.agent = event.agent
    call.delivered_at = event.at
    call.release_at = event.release_at
    call.waited_us = event.waited_us
    call.card = None
    _enter_phase(call, CallPhase.RESERVED, event.at)
    if (agent := state.agents.get(event.agent)) is not None:
        agent.call = event.call
        _occupy(agent, Occupation.RESERVED, event.at)


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
    _add_leg(state, call, leg)
    if event.role is LegRole.CUSTOMER:
        call.customer_leg = event.leg
    elif event.role is LegRole.OUTSIDE:
        call.outside_leg = event.leg
        _enter_phase(call, CallPhase.INITIATED, event.at)
    else:
        call.agent_leg = event.leg
        call.card = event.card
        call.release_at = None
        if call.phase is CallPhase.RESERVED:
            _enter_phase(call, CallPhase.ALERTING, event.at)
        if event.agent is not None and event.agent in state.agents:
            _occupy(state.agents[event.agent], Occupation.ALERTING, event.at)


def leg_answering(state: State, event: e.LegAnswering) -> None:
    if (leg := _leg(state, event)) is not None:
        leg.limit_at = event.limit_at


def leg_ringing(state: State, event: e.LegRinging) -> None:
    if (leg := _leg(state, event)) is not None:
        leg.resume = event.resume or leg.resume
        if leg.state is LegState.INITIATED:
            leg.state = LegState.ALERTING
            leg.since = event.at


def leg_established(state: State, event: e.LegEstablished) -> None:
    leg = _leg(state, event)
    if leg is None:
        return
    leg.state = LegState.CONNECTED
    leg.since = event.at
    leg.limit_at = None
    leg.resume = event.resume or leg.resume
    if leg.agent is not None and leg.agent in state.agents:
        _occupy(state.agents[leg.agent], Occupation.CONNECTED, event.at)


def leg_resume_changed(state: State, event: e.LegResumeChanged) -> None:
    if (leg := _leg(state, event)) is not None:
        leg.resume = event.resume


def leg_released(state: State, event: e.LegReleased) -> None:
    call = state.calls.get(event.call)
    state.legs.pop(event.leg, None)
    if call is None:
        return
    call.legs.pop(event.leg, None)
    if call.customer_leg == event.leg:
        call.customer_leg = None
    if call.agent_leg == event.leg:
        call.agent_leg = None
    if call.outside_leg == event.leg:
        call.outside_leg = None
    _drop_if_over(state, call)


def offer_ended(state: State, event: e.OfferEnded) -> None:
    call = state.calls.get(event.call)
    if call is not None and call.agent == event.agent:
        call.agent = None
        call.release_at = None
        call.muted = False
    agent = state.agents.get(event.agent)
    if agent is not None and agent.call == event.call:
        agent.call = None
        _occupy(agent, Occupation.IDLE, event.at)
        if event.outcome is OfferOutcome.MISSED:
            _today(state, agent, event.at).missed += 1


def call_left_queue(state: State, event: e.CallLeftQueue) -> None:
    queue = _queue(state, event.queue)
    queue.waiting.pop(event.call, None)
    _count_exit(state, queue, event)
    if (call := state.calls.get(event.call)) is None:
        return
    call.waited_us = event.waited_us
    call.queue_limit_at = None
    call.returned = False
    if event.limit_at is not None:
        call.limit_at = event.limit_at
    if call.phase is CallPhase.QUEUED:
        _enter_phase(call, CallPhase.FLOW, event.at)


# --- conversation ----------------------------------------------------------------------------------------------------


def call_established(state: State, event: e.CallEstablished) -> None:
    if (call := state.calls.get(event.call)) is None:
        return
    call.agent = event.agent
    call.established_at = event.at
    call.waited_us = event.waited_us
    call.limit_at = event.limit_at
    _enter_phase(call, CallPhase.CONNECTED, event.at)
    if (agent := state.agents.get(event.agent)) is not None:
        agent.call = event.call
        _occupy(agent, Occupation.CONNECTED, event.at)
        today = _today(state, agent, event.at)
        if call.direction is Direction.INBOUND:
            today.answered += 1
        else:
            today.dialled += 1


def call_forwarded(state: State, event: e.CallForwarded) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.limit_at = event.limit_at
        _enter_phase(call, CallPhase.CONNECTED, event.at)


def call_held(state: State, event: e.CallHeld) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.held_since = event.at
        _enter_phase(call, CallPhase.HELD, event.at)
        _set_customer_leg(call, LegState.HELD)


def call_retrieved(state: State, event: e.CallRetrieved) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.held_us += event.held_us
        call.held_since = None
        _enter_phase(call, CallPhase.CONNECTED, event.at)
        _set_customer_leg(call, LegState.CONNECTED)


def call_muted(state: State, event: e.CallMuted) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.muted = event.muted


def call_cleared(state: State, event: e.CallCleared) -> None:
    call = state.calls.get(event.call)
    if call is None:
        return
    if call.queue is not None and call.queue in state.queues:
        state.queues[call.queue].waiting.pop(call.call, None)
    call.cleared_at = event.at
    call.cause = event.cause
    call.position = None
    call.wait_until = call.limit_at = call.queue_limit_at = call.release_at = None
    call.held_since = None
    call.held_us = event.hold_us
    _enter_phase(call, CallPhase.CLEARED, event.at)
    if call.recording_state in OPEN_RECORDINGS:
        call.recording_limit_at = event.recording_limit_at
    agent = state.agents.get(event.agent) if event.agent is not None else None
    if agent is not None and call.established_at is not None:
        today = _today(state, agent, event.at)
        today.talks += 1
        today.talk_us += event.talk_us
    if agent is not None and agent.call == event.call and call.established_at is None:
        agent.call = None
        _occupy(agent, Occupation.IDLE, event.at)
    _drop_if_over(state, call)


# --- recording, notes, result ----------------------------------------------------------------------------------------


def recording_begun(state: State, event: e.RecordingBegun) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.recording = event.recording
        call.recording_state = RecordingState.STARTING
        call.recording_limit_at = event.limit_at


def recording_confirmed(state: State, event: e.RecordingConfirmed) -> None:
    call = state.calls.get(event.call)
    if call is not None and call.recording_state is RecordingState.STARTING:
        call.recording_state = RecordingState.RECORDING
        if call.phase is not CallPhase.CLEARED:
            call.recording_limit_at = None


def recording_paused(state: State, event: e.RecordingPaused) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.recording_state = RecordingState.PAUSED
        call.recording_paused_by_script = event.by_script


def recording_resumed(state: State, event: e.RecordingResumed) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.recording_state = RecordingState.RECORDING
        call.recording_paused_by_script = False


def recording_stored(state: State, event: e.RecordingStored) -> None:
    _settle_recording(state, event.call, RecordingState.STOPPED)


def recording_lost(state: State, event: e.RecordingLost) -> None:
    _settle_recording(state, event.call, RecordingState.FAILED)


def note_taken(state: State, event: e.NoteTaken) -> None:
    if (call := state.calls.get(event.call)) is not None:
        _forget(state, call.note)
        call.note = event.note
        call.note_revision = event.revision
    elif (finished := state.finished.get(event.call)) is not None:
        finished.note_revision = event.revision
        _forget(state, event.note)


def script_followed(state: State, event: e.ScriptFollowed) -> None:
    if (call := state.calls.get(event.call)) is None:
        return
    if call.script is not None:
        _forget(state, call.script.answers)
    call.script = ScriptPlace(
        library_version=event.library_version,
        item=event.item,
        node=event.node,
        path=event.path,
        reason=event.reason,
        answers=event.answers,
    )
    if event.reason:
        call.reason = event.reason


def contact_reason_set(state: State, event: e.ContactReasonSet) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.reason = event.reason


def call_disposed(state: State, event: e.CallDisposed) -> None:
    if (call := state.calls.get(event.call)) is not None:
        call.disposition = event.code
        call.subdisposition = event.subcode
        call.disposed_automatically = event.automatic
    elif (finished := state.finished.get(event.call)) is not None:
        finished.disposed_automatically = event.automatic


# --- within ----------------------------------------------------------------------------------------------------------


def drop_call_of(state: State, call_id: CallId) -> None:
    """After-call work ended: the call may go."""
    if (call := state.calls.get(call_id)) is not None:
        _drop_if_over(state, call)


def _add_leg(state: State, call: Call, leg: Leg) -> None:
    call.legs[leg.leg] = leg
    state.legs[leg.leg] = call.call


def _leg(state: State, event: e.LegAnswering | e.LegRinging | e.LegEstablished | e.LegResumeChanged) -> Leg | None:
    call = state.calls.get(event.call)
    return None if call is None else call.legs.get(event.leg)


def _enter_phase(call: Call, phase: CallPhase, at: Micros) -> None:
    if call.phase is not phase:
        call.phase = phase
        call.since = at


def _occupy(agent: Agent, occupation: Occupation, at: Micros) -> None:
    before = agent.state
    agent.occupation = occupation
    if agent.state is not before:
        agent.since = at


def _set_customer_leg(call: Call, leg_state: LegState) -> None:
    if call.customer_leg is not None and call.customer_leg in call.legs:
        call.legs[call.customer_leg].state = leg_state


def _queue(state: State, queue: QueueId) -> Queue:
    if queue not in state.queues:
        state.queues[queue] = Queue(queue=queue)
    return state.queues[queue]


def _day(state: State, at: Micros) -> int:
    return local_day(at, offset_us=state.clock_offset_us, zone_s=state.settings.time_zone_offset_s)


def _count_exit(state: State, queue: Queue, event: e.CallLeftQueue) -> None:
    day = _day(state, event.at)
    if queue.day != day:
        queue.day, queue.answered, queue.answered_in_time, queue.abandoned = day, 0, 0, 0
    if event.how is QueueExit.ABANDONED:
        queue.abandoned += 1
    elif event.how is QueueExit.ANSWERED:
        queue.answered += 1
        limits = (settings.service_level_s for settings in state.settings.queues if settings.queue == event.queue)
        if event.waited_us <= next(limits, 0) * 1_000_000:
            queue.answered_in_time += 1


def _today(state: State, agent: Agent, at: Micros) -> AgentDay:
    day = _day(state, at)
    if agent.today.day != day:
        agent.today = AgentDay(day=day)
    return agent.today


def _forget(state: State, ref: PersonalRef | None) -> None:
    if ref is not None:
        state.personal.pop(ref, None)


def _settle_recording(state: State, call_id: CallId, settled: RecordingState) -> None:
    if (call := state.calls.get(call_id)) is not None:
        call.recording_state = settled
        call.recording_limit_at = None
        _drop_if_over(state, call)
    elif (finished := state.finished.get(call_id)) is not None:
        finished.recording_settled = settled is RecordingState.STOPPED


def _worked_on_by(state: State, call: Call) -> AgentId | None:
    if call.agent is None or call.agent not in state.agents:
        return None
    return call.agent if state.agents[call.agent].call == call.call else None


def _drop_if_over(state: State, call: Call) -> None:
    if call.phase is not CallPhase.CLEARED or call.legs or call.recording_limit_at is not None:
        return
    if _worked_on_by(state, call) is not None:
        return
    del state.calls[call.call]
    for ref in (call.number, call.display_name, call.note, call.script.answers if call.script else None):
        _forget(state, ref)
    if call.agent is not None and call.established_at is not None:
        _remember(state, call, call.agent)


def _remember(state: State, call: Call, agent: AgentId) -> None:
    state.finished[call.call] = Finished(
        at=state.last_at,
        agent=agent,
        note_revision=call.note_revision,
        disposed_automatically=call.disposed_automatically,
        recording=call.recording,
        recording_settled=call.recording_state is not RecordingState.FAILED,
    )
    while len(state.finished) > FINISHED_KEPT_MAX:
        del state.finished[next(iter(state.finished))]
    while state.finished[(oldest := next(iter(state.finished)))].at < state.last_at - FINISHED_KEPT_US:
        del state.finished[oldest]


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
    e.CallDelivered: call_delivered,
    e.LegPlaced: leg_placed,
    e.LegAnswering: leg_answering,
    e.LegRinging: leg_ringing,
    e.LegEstablished: leg_established,
    e.LegResumeChanged: leg_resume_changed,
    e.LegReleased: leg_released,
    e.OfferEnded: offer_ended,
    e.CallLeftQueue: call_left_queue,
    e.CallEstablished: call_established,
    e.CallForwarded: call_forwarded,
    e.CallHeld: call_held,
    e.CallRetrieved: call_retrieved,
    e.CallMuted: call_muted,
    e.RecordingBegun: recording_begun,
    e.RecordingConfirmed: recording_confirmed,
    e.RecordingPaused: recording_paused,
    e.RecordingResumed: recording_resumed,
    e.RecordingStored: recording_stored,
    e.RecordingLost: recording_lost,
    e.NoteTaken: note_taken,
    e.ScriptFollowed: script_followed,
    e.ContactReasonSet: contact_reason_set,
    e.CallDisposed: call_disposed,
    e.CallCleared: call_cleared,
}
