"""A law was broken in production: it is recorded, and whoever is stuck is let go, so that the centre works on.

This is the last net, not a rule of the centre: each use of it is a bug to be found by its `InvariantBroken` event.
"""

from cti_server.core import agents, callbacks
from cti_server.core import events as e
from cti_server.core.calls import leave_queue, release_leg
from cti_server.core.entities import Agent, Call
from cti_server.core.invariants import Violation
from cti_server.core.step import Step
from cti_server.core.vocabulary import (
    AgentMode,
    CallPhase,
    ClearingCause,
    NotReadyReason,
    Occupation,
    OfferOutcome,
    QueueExit,
)


def release(step: Step, violation: Violation) -> None:
    step.emit(
        e.InvariantBroken(
            at=step.now,
            invariant=violation.invariant,
            detail=violation.detail,
            call=violation.call,
            agent=violation.agent,
        )
    )
    if violation.invariant == "I5":
        return
    call = step.state.calls.get(violation.call) if violation.call is not None else None
    agent = step.state.agents.get(violation.agent) if violation.agent is not None else None
    if call is not None:
        _let_call_go(step, call)
    if agent is not None:
        _free(step, agent)


def _let_call_go(step: Step, call: Call) -> None:
    if call.queue is not None and call.call in step.state.queues[call.queue].waiting:
        leave_queue(step, call, QueueExit.FLOWED_OUT, flow_goes_on=True)
    for leg in list(call.legs):
        release_leg(step, call, leg, ClearingCause.PROTOCOL_ERROR)
    for agent in step.state.agents.values():
        if agent.call == call.call:
            _free(step, agent)
    if call.phase is not CallPhase.CLEARED:
        cause = ClearingCause.PROTOCOL_ERROR
        step.emit(e.CallCleared(at=step.now, call=call.call, cause=cause, agent=call.agent, reason="invariant"))
        step.touch_callback(call.requested_callback)
        callbacks.attempt_failed(step, call, cause)


def _free(step: Step, agent: Agent) -> None:
    if agent.call is not None:
        call, outcome = agent.call, OfferOutcome.WITHDRAWN
        step.emit(e.OfferEnded(at=step.now, call=call, agent=agent.agent, outcome=outcome, reason="invariant"))
    elif agent.occupation is not Occupation.IDLE:
        step.emit(e.AgentAfterCallWorkEnded(at=step.now, agent=agent.agent, call=e.NO_CALL, idle_since=step.now))
    if agent.mode is not AgentMode.LOGGED_OFF:
        agents.make_not_ready(step, agent, NotReadyReason.FORCED)
