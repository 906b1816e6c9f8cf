"""The life of a call, and its one end.

The law: MOVES, from phase, by event, to phase (drawn in docs/generated/states.md; a test holds every run to it). A
call ends once, by `clear`: the recording is closed, every leg is let go, `CallCleared` is its one terminal record,
and the agent who talked goes into after-call work. A leg that we let go is no longer ours at once: what the network
still says of it is answered with `ReleaseLeg`.

Decides what belongs to every ending; why a call ends is decided by those who call `clear`.
"""

from cti_server.core import agents, callbacks, messages, recordings
from cti_server.core import events as e
from cti_server.core.effects import AnswerLeg, ReleaseLeg
from cti_server.core.entities import Agent, Call
from cti_server.core.step import Step
from cti_server.core.vocabulary import (
    AUTO_TIMEOUT,
    CallPhase,
    ClearingCause,
    LegId,
    Occupation,
    QueueExit,
)

FLOW, QUEUED, RESERVED, ALERTING = CallPhase.FLOW, CallPhase.QUEUED, CallPhase.RESERVED, CallPhase.ALERTING
INITIATED, CONNECTED, HELD, CLEARED = CallPhase.INITIATED, CallPhase.CONNECTED, CallPhase.HELD, CallPhase.CLEARED

ANSWER_LIMIT_S = 35
"""A caller's ACK is awaited so long; the switch gives up after 32 s (RFC 3261, timer H)."""

MOVES: tuple[tuple[CallPhase | None, type[e.Event], CallPhase], ...] = (
    (None, e.CallArrived, FLOW),
    (None, e.CallInitiated, INITIATED),
    (None, e.CallbackDelivered, RESERVED),
    (FLOW, e.CallQueued, QUEUED),
    (FLOW, e.LegPlaced, INITIATED),
    (FLOW, e.CallCleared, CLEARED),
    (QUEUED, e.CallDelivered, RESERVED),
    (QUEUED, e.CallLeftQueue, FLOW),
    (RESERVED, e.LegPlaced, ALERTING),
    (RESERVED, e.CallQueued, QUEUED),
    (RESERVED, e.CallCleared, CLEARED),
    (ALERTING, e.CallEstablished, CONNECTED),
    (ALERTING, e.CallQueued, QUEUED),
    (ALERTING, e.LegPlaced, INITIATED),
    (ALERTING, e.CallCleared, CLEARED),
    (INITIATED, e.CallEstablished, CONNECTED),
    (INITIATED, e.CallForwarded, CONNECTED),
    (INITIATED, e.CallCleared, CLEARED),
    (CONNECTED, e.CallHeld, HELD),
    (CONNECTED, e.CallCleared, CLEARED),
    (HELD, e.CallRetrieved, CONNECTED),
    (HELD, e.CallCleared, CLEARED),
)


def answer_caller(step: Step, call: Call) -> None:
    assert call.customer_leg is not None
    step.emit(e.LegAnswering(at=step.now, call=call.call, leg=call.customer_leg, limit_at=step.after(s=ANSWER_LIMIT_S)))
    step.order(AnswerLeg(call=call.call, n=step.n(call.call), leg=call.customer_leg))


def release_leg(step: Step, call: Call, leg: LegId, cause: ClearingCause) -> None:
    """Let one leg go, whatever state it is in."""
    step.order(ReleaseLeg(call=call.call, n=step.n(call.call), leg=leg, cause=cause))
    step.emit(e.LegReleased(at=step.now, call=call.call, leg=leg, cause=cause))


def clear(
    step: Step, call: Call, cause: ClearingCause, *, reason: str = "", how: QueueExit | None = None, not_ready: str = ""
) -> None:
    """End the call. ``how``: in which way it leaves its queue, if it is in one; abandoned unless said otherwise.
    ``not_ready``: what an agent becomes who was Ready and has talked to nobody.

    An offer to an agent has been ended before (`offers.end`).
    """
    if call.queue is not None and call.call in step.state.queues[call.queue].waiting:
        leave_queue(step, call, how or QueueExit.ABANDONED)
    messages.hung_up(step, call)
    recording_limit_at = recordings.stop(step, call)
    for leg in list(call.legs):
        release_leg(step, call, leg, cause)
    talked_us, held_us = _durations(step, call)
    agent = step.state.agents.get(call.agent) if call.agent is not None else None
    established = call.established_at is not None
    step.emit(
        e.CallCleared(
            at=step.now,
            call=call.call,
            cause=cause,
            talk_us=talked_us,
            hold_us=held_us,
            agent=call.agent,
            queue=call.queue,
            reason=reason,
            recording_limit_at=recording_limit_at,
        )
    )
    step.touch_callback(call.requested_callback)
    if call.callback is not None and not established:
        callbacks.attempt_failed(step, call, cause)
    if agent is not None and established:
        _begin_after_call_work(step, agent, call)
    elif agent is not None:
        agents.settle(step, agent, idle_since=step.now, not_ready=not_ready)


def leave_queue(step: Step, call: Call, how: QueueExit, *, flow_goes_on: bool = False) -> None:
    assert call.queue is not None and call.entered_at is not None
    step.emit(
        e.CallLeftQueue(
            at=step.now,
            call=call.call,
            queue=call.queue,
            how=how,
            waited_us=step.now - call.entered_at,
            limit_at=step.after(s=step.settings.flow_limit_s) if flow_goes_on else None,
        )
    )


def _durations(step: Step, call: Call) -> tuple[int, int]:
    """(talk, hold) in microseconds; talk without hold."""
    if call.established_at is None:
        return 0, 0
    held = call.held_us + (step.now - call.held_since if call.held_since is not None else 0)
    return step.now - call.established_at - held, held


def _begin_after_call_work(step: Step, agent: Agent, call: Call) -> None:
    limit_s = step.settings.outbound_after_call_work_s
    if call.queue is not None and call.queue in step.around.queues:
        limit_s = step.around.queues[call.queue].after_call_work_s
    if limit_s <= 0:
        end_after_call_work(step, agent, call)
        return
    step.emit(
        e.AgentWorkingAfterCall(
            at=step.now, agent=agent.agent, call=call.call, until=step.after(s=limit_s), extensions=0
        )
    )


def end_after_call_work(step: Step, agent: Agent, call: Call, *, timed_out: bool = False) -> None:
    """A call without a result gets ``AUTO_TIMEOUT``; a desktop that was cut off may still replace it."""
    if not call.disposition:
        step.emit(e.CallDisposed(at=step.now, call=call.call, agent=agent.agent, code=AUTO_TIMEOUT, automatic=True))
    step.emit(
        e.AgentAfterCallWorkEnded(
            at=step.now, agent=agent.agent, call=call.call, idle_since=step.now, timed_out=timed_out
        )
    )
    agents.settle(step, agent, idle_since=step.now)


def after_call_work_ran_out(step: Step, agent: Agent) -> None:
    """If its time has come."""
    is_over = agent.after_call_until is not None and agent.after_call_until <= step.now
    if is_over and agent.occupation is Occupation.AFTER_CALL_WORK and agent.call is not None:
        end_after_call_work(step, agent, step.state.calls[agent.call], timed_out=True)
