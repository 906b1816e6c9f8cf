"""What the network says of a leg, and what it means for the call: by the leg's role and the call's phase.

A leg that is not ours (let go already, or never known) is let go again and changes nothing; it is never an error.
"""

from typing import assert_never

from cti_server.core import conversation, flow, offers, outbound
from cti_server.core import events as e
from cti_server.core.calls import answer_caller, clear
from cti_server.core.effects import ConnectLegs, ReleaseLeg
from cti_server.core.entities import Call, Leg
from cti_server.core.inputs import (
    EarlyMediaBegan,
    LegAlerting,
    LegAnswered,
    LegChanged,
    LegCleared,
    LegFailed,
    LegSignal,
)
from cti_server.core.step import Step
from cti_server.core.vocabulary import (
    OFFERED,
    CallPhase,
    ClearingCause,
    LegId,
    LegRole,
    LegState,
    OfferOutcome,
)

NO_CALL = e.NO_CALL
UNANSWERED = (LegState.INITIATED, LegState.ALERTING)


def alerting(step: Step, signal: LegAlerting) -> None:
    if (found := _known(step, signal)) is None:
        return
    call, leg = found
    if leg.state is LegState.INITIATED:
        step.emit(e.LegRinging(at=step.now, call=call.call, leg=leg.leg, resume=signal.resume))
    elif signal.resume and signal.resume != leg.resume:
        step.emit(e.LegResumeChanged(at=step.now, call=call.call, leg=leg.leg, resume=signal.resume))


def early_media_began(step: Step, signal: EarlyMediaBegan) -> None:
    """Whoever hears our ringing tone while a number is called hears what the network says instead. Nothing to remember:
    after a restart it is our own tone, or silence, until the number answers."""
    if (found := _known(step, signal)) is None:
        return
    call, leg = found
    is_dialled = leg.role is LegRole.OUTSIDE or (leg.role is LegRole.CUSTOMER and call.phase is CallPhase.INITIATED)
    listener = call.customer_leg if leg.role is LegRole.OUTSIDE else call.agent_leg
    if is_dialled and leg.state in UNANSWERED and listener is not None and _is_connected(call, listener):
        step.order(ConnectLegs(call=call.call, n=step.n(call.call), leg=listener, other=leg.leg))


def changed(step: Step, signal: LegChanged) -> None:
    if (found := _known(step, signal)) is not None and signal.resume:
        call, leg = found
        step.emit(e.LegResumeChanged(at=step.now, call=call.call, leg=leg.leg, resume=signal.resume))


def answered(step: Step, signal: LegAnswered) -> None:
    found = _known(step, signal)
    if found is None:
        release_unknown(step, signal.leg)
        return
    call, leg = found
    if leg.state in (LegState.CONNECTED, LegState.HELD):
        if signal.resume and signal.resume != leg.resume:
            step.emit(e.LegResumeChanged(at=step.now, call=call.call, leg=leg.leg, resume=signal.resume))
        return
    step.emit(e.LegEstablished(at=step.now, call=call.call, leg=leg.leg, resume=signal.resume))
    match leg.role:
        case LegRole.AGENT:
            _agent_answered(step, call, leg)
        case LegRole.CUSTOMER:
            _customer_answered(step, call)
        case LegRole.OUTSIDE:
            _outside_answered(step, call)
        case _:
            assert_never(leg.role)


def failed(step: Step, signal: LegFailed) -> None:
    if (found := _known(step, signal)) is None:
        return
    call, leg = found
    step.emit(e.LegReleased(at=step.now, call=call.call, leg=leg.leg, cause=signal.cause, status=signal.status))
    _gone(step, call, leg, signal.cause)


def cleared(step: Step, signal: LegCleared) -> None:
    if (found := _known(step, signal)) is None:
        return
    call, leg = found
    step.emit(e.LegReleased(at=step.now, call=call.call, leg=leg.leg, cause=signal.cause))
    _gone(step, call, leg, signal.cause)


def release_unknown(step: Step, leg: LegId, cause: ClearingCause = ClearingCause.NORMAL) -> None:
    step.order(ReleaseLeg(call=NO_CALL, n=step.n(NO_CALL), leg=leg, cause=cause))


def on_deadline(step: Step, call: Call, leg: Leg) -> None:
    """The network did not say in time what became of this leg."""
    if leg.role is LegRole.AGENT and call.phase is CallPhase.ALERTING:
        offers.leg_ran_out(step, call, leg)
    elif leg.role is LegRole.CUSTOMER and leg.state is LegState.OFFERED:
        _customer_gone(step, call, ClearingCause.PROTOCOL_ERROR)
    else:
        outbound.failed(step, call, leg.role, ClearingCause.NO_ANSWER)


def _known(step: Step, signal: LegSignal) -> tuple[Call, Leg] | None:
    call_id = step.state.legs.get(signal.leg)
    if call_id is None:
        return None
    call = step.state.calls[call_id]
    return call, call.legs[signal.leg]


def _agent_answered(step: Step, call: Call, leg: Leg) -> None:
    if call.phase is CallPhase.INITIATED or call.callback is not None:
        outbound.own_phone_answered(step, call)
        return
    offers.answered(step, call, leg)
    if _is_connected(call, call.customer_leg):
        conversation.establish(step, call)
    else:
        answer_caller(step, call)


def _customer_answered(step: Step, call: Call) -> None:
    if call.outside_leg is not None:
        if _is_connected(call, call.outside_leg):
            _outside_answered(step, call)
    elif call.phase is CallPhase.INITIATED or (
        call.phase is CallPhase.ALERTING and _is_connected(call, call.agent_leg)
    ):
        conversation.establish(step, call)
    else:
        flow.caller_answered(step, call)


def _outside_answered(step: Step, call: Call) -> None:
    """Both the caller and the number outside are answered: join them."""
    if not _is_connected(call, call.customer_leg):
        answer_caller(step, call)
        return
    assert call.customer_leg is not None and call.outside_leg is not None
    limit_at = step.after(s=step.settings.call_limit_s)
    step.emit(e.CallForwarded(at=step.now, call=call.call, leg=call.outside_leg, limit_at=limit_at))
    step.order(ConnectLegs(call=call.call, n=step.n(call.call), leg=call.customer_leg, other=call.outside_leg))


def _gone(step: Step, call: Call, leg: Leg, cause: ClearingCause) -> None:
    match leg.role:
        case LegRole.CUSTOMER:
            _customer_gone(step, call, cause)
        case LegRole.AGENT:
            _agent_gone(step, call, leg, cause)
        case LegRole.OUTSIDE:
            clear(step, call, cause)
        case _:
            assert_never(leg.role)


def _customer_gone(step: Step, call: Call, cause: ClearingCause) -> None:
    if call.phase in OFFERED:
        offers.end_all(step, call, OfferOutcome.CALLER_GONE)
    if cause in (ClearingCause.NORMAL, ClearingCause.CANCELLED):
        cause = ClearingCause.CALLER_HUNG_UP
    clear(step, call, cause)


def _agent_gone(step: Step, call: Call, leg: Leg, cause: ClearingCause) -> None:
    if call.phase is CallPhase.ALERTING:
        offers.leg_failed(step, call, leg, cause)
    elif call.phase is CallPhase.INITIATED:
        own_phone_rang_only = call.customer_leg is None
        outbound.failed(step, call, LegRole.AGENT if own_phone_rang_only else LegRole.CUSTOMER, cause)
    else:
        clear(step, call, ClearingCause.AGENT_HUNG_UP if cause is ClearingCause.NORMAL else cause)


def _is_connected(call: Call, leg: LegId | None) -> bool:
    return leg is not None and leg in call.legs and call.legs[leg].state is LegState.CONNECTED
