"""An offer: a call matched with agents, from the card on the screen to the answer, or back to the queue.

The law (pop before ring). A match reserves the agent and sends the card; the phone is rung when the desktop says that
the card is painted, or when the wait for that is over, or at once where there is no desktop. An offer ends in one of
these ways:

    answered        → conversation.py
    missed          the phone rang and nobody answered     → head of the queue; agent Not Ready (missed_call)
    declined        by command, or busy/rejected by phone  → head of the queue; agent Not Ready (declined)
    device_failed   the phone could not be rung            → head of the queue; agent Not Ready (device_failed)
    caller_gone     the caller hung up                     → the call is over; the agent keeps the place among the idle
    withdrawn       by the centre, after a restart         → head of the queue; the agent keeps the place among the idle
    answered_elsewhere  it rang at several, and a colleague was first → the agent keeps the place among the idle

A queue that rings all offers a call to several (one `CallDelivered` each). Each of them has a card, a phone and an
outcome of their own, and the call waits again when the last of these offers has ended. The first phone that answers
has the call, and the others are let go in the same step, so that of two that answer together one gets a BYE at once.
``missed`` is only for whom the phone rang its full time, counted from when that phone began to ring: somebody else's
answer ends all ringing first, so it is missed by those, and only by those, who let it ring out. They are made Not
Ready although others were asked too, for otherwise a room full of empty chairs would be rung again for every caller.

A callback is offered in the same way; its call begins with the offer and is over when that comes to nothing, and the
callback waits again where it was (`callbacks.py`).

Who is matched is decided in `routing.py`.
"""

from typing import Any

from cti_server.core import agents, flow, queues
from cti_server.core import events as e
from cti_server.core.calls import clear, release_leg
from cti_server.core.effects import PlaceLeg, PrepareCard, ToExtension
from cti_server.core.entities import Agent, Call, Leg
from cti_server.core.errors import Refused
from cti_server.core.inputs import ConfirmCardShown, DeclineCall
from cti_server.core.routing import Match
from cti_server.core.step import Step
from cti_server.core.vocabulary import (
    OFFERED,
    AgentId,
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
RELEASE_CAUSE = {OfferOutcome.ANSWERED_ELSEWHERE: ClearingCause.ANSWERED_ELSEWHERE}
"""What a phone is told that stops ringing; cancelled, if nothing is said here."""
CAUSE_OF_OUTCOME = {
    OfferOutcome.MISSED: ClearingCause.NO_ANSWER,
    OfferOutcome.DECLINED: ClearingCause.REJECTED,
    OfferOutcome.DEVICE_FAILED: ClearingCause.UNREACHABLE,
    OfferOutcome.WITHDRAWN: ClearingCause.SERVER_RESTARTED,
}
"""How the call of a callback ends whose offer comes to nothing: its customer was not dialled."""
OWN_PHONE = "own_phone"


def deliver(step: Step, call: Call, match: Match, excluded: dict[str, int]) -> None:
    step.emit(e.CallDelivered(call=call.call, **decided(step, match, excluded, since=call.entered_at)))
    show_then_ring(step, call, step.state.agents[match.agent])


def decided(step: Step, match: Match, excluded: dict[str, int], *, since: int | None) -> dict[str, Any]:
    """What every delivery says of the decision. ``since``: when the wait began."""
    return {
        "at": step.now,
        "agent": match.agent,
        "queue": match.queue,
        "waited_us": step.now - (since or step.now),
        "release_at": step.after(ms=_pop_wait_ms(step, step.state.agents[match.agent])),
        "settings_version": step.settings.version,
        "rule": match.rule,
        "rank": match.rank,
        "runner_up": match.runner_up,
        "runner_up_rank": match.runner_up_rank,
        "candidates": match.candidates,
        "excluded": excluded,
        "staff": step.around.index.staff(match.queue),
        "draw": step.state.draws + 1 if match.rule == Strategy.RANDOM else 0,
    }


def show_then_ring(step: Step, call: Call, agent: Agent) -> None:
    """The card first, where there is a desktop to paint it."""
    has_desktop = agent.has_desktop and agent.desktop_connected
    if has_desktop:
        _prepare_card(step, call, agent)
    if _pop_wait_ms(step, agent) <= 0:
        _ring(step, call, agent, CardOutcome.LATE if has_desktop else CardOutcome.NONE)


def _pop_wait_ms(step: Step, agent: Agent) -> int:
    return step.settings.pop_wait_ms if agent.has_desktop and agent.desktop_connected else 0


def prepare_card(step: Step, call: Call) -> None:
    """To the desktops of the agents who have, or are about to get, this call."""
    for agent_id in call.parties:
        agent = step.state.agents.get(agent_id)
        if agent is not None and agent.has_desktop:
            _prepare_card(step, call, agent)


def card_shown(step: Step, command: ConfirmCardShown) -> None:
    """Late or doubled confirmations change nothing."""
    agent, call = step.own_call(command.agent, command.call)
    if call.parties[agent.agent].release_at is not None:
        _ring(step, call, agent, CardOutcome.SHOWN)


def decline(step: Step, command: DeclineCall) -> None:
    agent, call = step.own_call(command.agent, command.call)
    if call.phase not in OFFERED:
        raise Refused("not_ringing", call=call.call)
    known = [reason.code for reason in step.settings.decline_reasons]
    if command.reason and known and command.reason not in known:
        raise Refused("unknown_reason", reason=command.reason)
    _end(step, call, agent.agent, OfferOutcome.DECLINED, reason=command.reason)


def answered(step: Step, call: Call, leg: Leg) -> None:
    """The first who answers has the call; nobody else is the worse for it."""
    for agent in [agent for agent in call.parties if agent != leg.agent]:
        _end(step, call, agent, OfferOutcome.ANSWERED_ELSEWHERE)


def leg_failed(step: Step, call: Call, leg: Leg, cause: ClearingCause) -> None:
    """An agent's leg is gone without a conversation."""
    assert leg.agent is not None
    _end(step, call, leg.agent, OUTCOME_OF_CAUSE.get(cause, OfferOutcome.DEVICE_FAILED), reason=str(cause))


def leg_ran_out(step: Step, call: Call, leg: Leg) -> None:
    """The phone neither answered nor failed in time."""
    assert leg.agent is not None
    outcome = OfferOutcome.MISSED if leg.state is LegState.ALERTING else OfferOutcome.DEVICE_FAILED
    _end(step, call, leg.agent, outcome, reason=str(ClearingCause.NO_ANSWER))


def release_is_due(step: Step, call: Call) -> None:
    """The wait for a card is over, for whom it is."""
    for party in list(call.parties.values()):
        if party.release_at is not None and party.release_at <= step.now:
            agent = step.state.agents[party.agent]
            _ring(step, call, agent, CardOutcome.LATE if agent.has_desktop else CardOutcome.NONE)


def withdraw(step: Step, call: Call, agent: AgentId, *, reason: str) -> None:
    """This one is asked no longer, through nobody's fault; the flow is left as it is."""
    _end(step, call, agent, OfferOutcome.WITHDRAWN, reason=reason, resumes_flow=False)


def end_all(step: Step, call: Call, outcome: OfferOutcome) -> None:
    """Nobody is offered this call any longer."""
    for agent in list(call.parties):
        _end(step, call, agent, outcome)


def _end(
    step: Step, call: Call, agent_id: AgentId, outcome: OfferOutcome, *, reason: str = "", resumes_flow: bool = True
) -> None:
    """One agent's offer is over without a conversation. After the last the call waits again, unless the caller is
    gone."""
    agent, leg = step.state.agents[agent_id], call.parties[agent_id].leg
    if leg is not None:
        release_leg(step, call, leg, RELEASE_CAUSE.get(outcome, ClearingCause.CANCELLED))
    step.emit(e.OfferEnded(at=step.now, call=call.call, agent=agent.agent, outcome=outcome, reason=reason))
    if call.callback is not None:
        clear(step, call, CAUSE_OF_OUTCOME[outcome], reason=OWN_PHONE)
    elif not call.parties and outcome is not OfferOutcome.CALLER_GONE:
        queues.put_back(step, call)
        if resumes_flow:
            flow.returned(step, call)
    agents.settle(step, agent, idle_since=agent.idle_since, not_ready=NEXT_REASON.get(outcome, ""))


def _prepare_card(step: Step, call: Call, agent: Agent) -> None:
    step.order(
        PrepareCard(
            call=call.call,
            n=step.n(call.call),
            agent=agent.agent,
            customer=call.customer,
            candidates=call.candidates,
        )
    )


def _ring(step: Step, call: Call, agent: Agent, card: CardOutcome) -> None:
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
            auto_answer=call.callback is not None,
        )
    )
