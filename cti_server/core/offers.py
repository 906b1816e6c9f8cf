"""An offer: a call matched with an agent, from the card on the screen to the answer, or back to the queue.

The law (pop before ring). A match reserves the agent and sends the card; the phone is rung when the desktop says that
the card is painted, or when the wait for that is over, or at once where there is no desktop. An offer ends in one of
these ways:

    answered        → conversation.py
    missed          the phone rang and nobody answered     → head of the queue; agent Not Ready (missed_call)
    declined        by command, or busy/rejected by phone  → head of the queue; agent Not Ready (declined)
    device_failed   the phone could not be rung            → head of the queue; agent Not Ready (device_failed)
    caller_gone     the caller hung up                     → the call is over; the agent keeps the place among the idle
    withdrawn       by the centre, after a restart         → head of the queue; the agent keeps the place among the idle

Who is matched is decided in `routing.py`.
"""

from cti_server.core import agents, flow, queues
from cti_server.core import events as e
from cti_server.core.calls import release_leg
from cti_server.core.effects import PlaceLeg, PrepareCard, ToExtension
from cti_server.core.entities import Call, Leg
from cti_server.core.errors import Refused
from cti_server.core.inputs import ConfirmCardShown, DeclineCall
from cti_server.core.routing import Match
from cti_server.core.step import Step
from cti_server.core.vocabulary import (
    CallPhase,
    CardOutcome,
    ClearingCause,
    LegId,
    LegRole,
    LegState,
    NotReadyReason,
    OfferOutcome,
    Strategy,
)

RING_GRACE_MS = 500
"""The switch gives up first; if it says nothing, the Centre does so much later."""

NEXT_REASON = {
    OfferOutcome.MISSED: NotReadyReason.MISSED_CALL,
    OfferOutcome.DECLINED: NotReadyReason.DECLINED,
    OfferOutcome.DEVICE_FAILED: NotReadyReason.DEVICE_FAILED,
}
OUTCOME_OF_CAUSE = {
    ClearingCause.NO_ANSWER: OfferOutcome.MISSED,
    ClearingCause.TIMEOUT: OfferOutcome.MISSED,
    ClearingCause.BUSY: OfferOutcome.DECLINED,
    ClearingCause.REJECTED: OfferOutcome.DECLINED,
}
"""What a failed agent leg means; every other cause is a failure of the device."""


def deliver(step: Step, call: Call, match: Match, excluded: dict[str, int]) -> None:
    agent = step.state.agents[match.agent]
    has_desktop = agent.has_desktop and agent.desktop_connected
    pop_wait_ms = step.settings.pop_wait_ms if has_desktop else 0
    step.emit(
        e.CallDelivered(
            at=step.now,
            call=call.call,
            agent=agent.agent,
            queue=match.queue,
            waited_us=step.now - (call.entered_at or step.now),
            release_at=step.after(ms=pop_wait_ms),
            settings_version=step.settings.version,
            rule=match.rule,
            rank=match.rank,
            runner_up=match.runner_up,
            runner_up_rank=match.runner_up_rank,
            candidates=match.candidates,
            excluded=excluded,
            staff=step.around.index.staff(match.queue),
            draw=step.state.draws + 1 if match.rule == Strategy.RANDOM else 0,
        )
    )
    if has_desktop:
        prepare_card(step, call)
    if pop_wait_ms <= 0:
        _ring(step, call, CardOutcome.LATE if has_desktop else CardOutcome.NONE)


def prepare_card(step: Step, call: Call) -> None:
    """To the desktop of the agent who has, or is about to get, this call."""
    agent = step.state.agents.get(call.agent) if call.agent is not None else None
    if agent is not None and agent.has_desktop:
        step.order(
            PrepareCard(
                call=call.call,
                n=step.n(call.call),
                agent=agent.agent,
                customer=call.customer,
                candidates=call.candidates,
            )
        )


def card_shown(step: Step, command: ConfirmCardShown) -> None:
    """Late or doubled confirmations change nothing."""
    _, call = step.own_call(command.agent, command.call)
    if call.phase is CallPhase.RESERVED:
        _ring(step, call, CardOutcome.SHOWN)


def decline(step: Step, command: DeclineCall) -> None:
    _, call = step.own_call(command.agent, command.call)
    if call.phase not in (CallPhase.RESERVED, CallPhase.ALERTING):
        raise Refused("not_ringing", call=call.call)
    known = [reason.code for reason in step.settings.decline_reasons]
    if command.reason and known and command.reason not in known:
        raise Refused("unknown_reason", reason=command.reason)
    end(step, call, OfferOutcome.DECLINED, reason=command.reason)


def leg_failed(step: Step, call: Call, cause: ClearingCause) -> None:
    """The agent's leg is gone without a conversation."""
    outcome = OUTCOME_OF_CAUSE.get(cause, OfferOutcome.DEVICE_FAILED)
    end(step, call, outcome, reason=str(cause))


def leg_ran_out(step: Step, call: Call, leg: Leg) -> None:
    """The phone neither answered nor failed in time."""
    rang = leg.state is LegState.ALERTING
    end(step, call, OfferOutcome.MISSED if rang else OfferOutcome.DEVICE_FAILED, reason=str(ClearingCause.NO_ANSWER))


def release_is_due(step: Step, call: Call) -> None:
    agent = step.state.agents.get(call.agent) if call.agent is not None else None
    has_desktop = agent is not None and agent.has_desktop
    _ring(step, call, CardOutcome.LATE if has_desktop else CardOutcome.NONE)


def end(step: Step, call: Call, outcome: OfferOutcome, *, reason: str = "", resumes_flow: bool = True) -> None:
    """The offer is over without a conversation. Except when the caller is gone, the call waits again."""
    assert call.agent is not None
    agent = step.state.agents[call.agent]
    if call.agent_leg is not None:
        release_leg(step, call, call.agent_leg, ClearingCause.CANCELLED)
    step.emit(e.OfferEnded(at=step.now, call=call.call, agent=agent.agent, outcome=outcome, reason=reason))
    if outcome is not OfferOutcome.CALLER_GONE:
        queues.put_back(step, call)
        if resumes_flow:
            flow.returned(step, call)
    agents.settle(step, agent, idle_since=agent.idle_since, not_ready=NEXT_REASON.get(outcome, ""))


def _ring(step: Step, call: Call, card: CardOutcome) -> None:
    assert call.agent is not None
    agent = step.state.agents[call.agent]
    leg = LegId(step.next_id())
    timeout_s = step.settings.ring_timeout_s
    step.emit(
        e.LegPlaced(
            at=step.now,
            call=call.call,
            leg=leg,
            role=LegRole.AGENT,
            limit_at=step.after(s=timeout_s, ms=RING_GRACE_MS),
            agent=agent.agent,
            card=card,
        )
    )
    step.order(
        PlaceLeg(
            call=call.call,
            n=step.n(call.call),
            leg=leg,
            to=ToExtension(extension=agent.profile.extension),
            timeout_s=timeout_s,
            show_number=step.text(call.number),
            show_name=step.text(call.display_name),
        )
    )
