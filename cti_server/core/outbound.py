"""Calls that an agent makes: one-click dial, callbacks dialled by hand, and those whose turn has come.

The agent's own phone is called first; when it is answered the number is dialled, while the agent hears the ringing
tone. A call that reaches nobody ends with its cause and needs no after-call work; the agent is free at once, and
stands last among the idle: to dial and listen was work, and counts as such. Whoever may not dial still gets callbacks
whose turn has come: it is the centre that dials them.
"""

from cti_server.core import callbacks, identity
from cti_server.core import events as e
from cti_server.core.calls import clear, end_after_call_work
from cti_server.core.effects import PlaceLeg, PlayRingback, ToExtension, ToNumber
from cti_server.core.entities import Agent, Call, Callback
from cti_server.core.errors import Refused
from cti_server.core.inputs import DialCallback, DialNumber
from cti_server.core.numbers import dialable
from cti_server.core.offers import OUTCOME_OF_CAUSE, OWN_PHONE, RING_GRACE_MS, decided, prepare_card, show_then_ring
from cti_server.core.routing import Match
from cti_server.core.step import Step
from cti_server.core.vocabulary import (
    AgentMode,
    CallbackId,
    CallId,
    CardOutcome,
    ClearingCause,
    CustomerRef,
    Direction,
    LegId,
    LegRole,
    NotReadyReason,
    Occupation,
    QueueId,
)


def dial_number(step: Step, command: DialNumber) -> None:
    agent = _who_may_dial(step, command)
    number = dialable(command.number)
    if not number:
        raise Refused("bad_number")
    _initiate(step, agent, number, direction=Direction.OUTBOUND, customer=command.customer)


def dial_callback(step: Step, command: DialCallback) -> None:
    agent = _who_may_dial(step, command)
    callback = callbacks.waiting(step, command.callback)
    number = step.text(callback.number)
    if not number:
        raise Refused("number_erased", callback=callback.callback)
    _initiate(
        step,
        agent,
        number,
        direction=Direction.CALLBACK,
        customer=callback.customer,
        callback=callback.callback,
        queue=callback.queue,
    )


def carry_out(step: Step, callback: Callback, match: Match, excluded: dict[str, int]) -> None:
    """It is this callback's turn, with this agent: card, own phone, customer, as by hand; until the own phone is
    answered it is an offer (`offers.py`)."""
    number = step.text(callback.number)
    if not number:
        callbacks.has_no_number(step, callback)
        return
    call_id = CallId(step.next_id())
    step.emit(
        e.CallbackDelivered(
            call=call_id,
            callback=callback.callback,
            number=step.keep(number),
            customer=callback.customer,
            language=callback.language,
            **decided(step, match, excluded, since=callback.entered_at),
        )
    )
    step.touch_callback(callback.callback)
    call = step.state.calls[call_id]
    show_then_ring(step, call, step.state.agents[match.agent])
    if callback.customer is None:
        identity.look_up_by_number(step, call)


def own_phone_answered(step: Step, call: Call) -> None:
    """Dial the number."""
    assert call.agent_leg is not None
    if call.callback is not None:
        callbacks.attempt(step, call)
    leg = LegId(step.next_id())
    timeout_s = step.settings.dial_timeout_s
    step.emit(
        e.LegPlaced(
            at=step.now,
            call=call.call,
            leg=leg,
            role=LegRole.CUSTOMER,
            limit_at=step.after(s=timeout_s, ms=RING_GRACE_MS),
        )
    )
    step.order(PlayRingback(call=call.call, n=step.n(call.call), leg=call.agent_leg))
    step.order(
        PlaceLeg(
            call=call.call,
            n=step.n(call.call),
            leg=leg,
            to=ToNumber(number=step.text(call.number)),
            timeout_s=timeout_s,
            show_number=step.settings.outbound_number,
        )
    )


def failed(step: Step, call: Call, role: LegRole, cause: ClearingCause) -> None:
    """The agent's own phone, or the number, was not reached."""
    own_phone = role is LegRole.AGENT
    is_broken = own_phone and cause not in OUTCOME_OF_CAUSE
    clear(
        step,
        call,
        cause,
        reason=OWN_PHONE if own_phone else "",
        not_ready=NotReadyReason.DEVICE_FAILED if is_broken else "",
    )


def _who_may_dial(step: Step, command: DialNumber | DialCallback) -> Agent:
    """From after-call work the result must be in first; dialling then ends it."""
    agent = step.agent(command.agent)
    if agent.mode is AgentMode.LOGGED_OFF or not agent.enrolled:
        raise Refused("not_logged_on")
    if not agent.profile.may_dial:
        raise Refused("may_not_dial")
    if not agent.phone_registered:
        raise Refused("phone_unregistered", extension=agent.profile.extension)
    if agent.occupation is Occupation.AFTER_CALL_WORK:
        if agent.call is not None and not step.state.calls[agent.call].disposition:
            raise Refused("disposition_required", call=agent.call)
    elif agent.occupation is not Occupation.IDLE:
        raise Refused("in_call", call=agent.call or 0)
    return agent


def _initiate(
    step: Step,
    agent: Agent,
    number: str,
    *,
    direction: Direction,
    customer: CustomerRef | None,
    callback: CallbackId | None = None,
    queue: QueueId | None = None,
) -> None:
    if agent.call is not None:
        end_after_call_work(step, agent, step.state.calls[agent.call])
    call_id = CallId(step.next_id())
    step.emit(
        e.CallInitiated(
            at=step.now,
            call=call_id,
            agent=agent.agent,
            number=step.keep(number),
            direction=direction,
            customer=customer,
            callback=callback,
            queue=queue,
        )
    )
    step.touch_callback(callback)
    call = step.state.calls[call_id]
    prepare_card(step, call)
    _call_own_phone(step, agent, call, number)
    if customer is None:
        identity.look_up_by_number(step, call)
    step.outcome.result["call"] = call_id


def _call_own_phone(step: Step, agent: Agent, call: Call, number: str) -> None:
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
            card=CardOutcome.LATE if agent.has_desktop else CardOutcome.NONE,
        )
    )
    step.order(
        PlaceLeg(
            call=call.call,
            n=step.n(call.call),
            leg=leg,
            to=ToExtension(extension=agent.profile.extension),
            timeout_s=timeout_s,
            show_number=number,
            auto_answer=True,
        )
    )
