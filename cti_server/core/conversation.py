"""Agent and customer talk: joined, held, muted, sent tones, ended by the agent.

Decides what the agent may do with an established call. Recording: `recordings.py`; endings: `calls.py`.
"""

from cti_server.core import callbacks, flow, recordings
from cti_server.core import events as e
from cti_server.core.calls import clear, leave_queue
from cti_server.core.effects import ConnectLegs, HoldLeg, MuteLeg, RetrieveLeg, SendTones
from cti_server.core.entities import Call
from cti_server.core.errors import Refused
from cti_server.core.inputs import EndCall, HoldCall, MuteCall, RetrieveCall, SendDigits
from cti_server.core.step import Step
from cti_server.core.vocabulary import CallPhase, ClearingCause, LegId, QueueExit

DIGITS_MAX = 32
TONES = frozenset("0123456789*#ABCDabcd")


def establish(step: Step, call: Call) -> None:
    """Both legs are answered: join them, and record."""
    agent_leg, customer_leg = _both(call)
    assert call.agent is not None
    flow.drop(step, call)
    waited_us = 0
    if call.queue is not None and call.call in step.state.queues[call.queue].waiting:
        waited_us = step.now - (call.entered_at or step.now)
        leave_queue(step, call, QueueExit.ANSWERED)
    step.emit(
        e.CallEstablished(
            at=step.now,
            call=call.call,
            agent=call.agent,
            limit_at=step.after(s=step.settings.call_limit_s),
            waited_us=waited_us,
        )
    )
    step.order(_connect(step, call, customer_leg, agent_leg))
    recordings.begin(step, call, agent_leg=agent_leg, customer_leg=customer_leg)
    if call.callback is not None:
        callbacks.reached(step, call)


def assure(step: Step, call: Call) -> None:
    """After a restart: what was ordered last may have been lost with the process, and is ordered again."""
    if call.outside_leg is not None and call.customer_leg is not None:
        step.order(_connect(step, call, call.customer_leg, call.outside_leg))
        return
    agent_leg, customer_leg = _both(call)
    if call.phase is CallPhase.HELD:
        step.order(HoldLeg(call=call.call, n=step.n(call.call), leg=customer_leg, other=agent_leg))
    else:
        step.order(_connect(step, call, customer_leg, agent_leg))
    step.order(MuteLeg(call=call.call, n=step.n(call.call), leg=agent_leg, muted=call.muted))
    recordings.assure(step, call, agent_leg=agent_leg, customer_leg=customer_leg)


def hold(step: Step, command: HoldCall) -> None:
    agent, call = step.own_call(command.agent, command.call)
    if call.phase is CallPhase.HELD:
        return
    if call.phase is not CallPhase.CONNECTED:
        raise Refused("not_connected", call=call.call)
    agent_leg, customer_leg = _both(call)
    step.emit(e.CallHeld(at=step.now, call=call.call, agent=agent.agent))
    step.order(HoldLeg(call=call.call, n=step.n(call.call), leg=customer_leg, other=agent_leg))


def retrieve(step: Step, command: RetrieveCall) -> None:
    agent, call = step.own_call(command.agent, command.call)
    if call.phase is CallPhase.CONNECTED:
        return
    if call.phase is not CallPhase.HELD or call.held_since is None:
        raise Refused("not_held", call=call.call)
    agent_leg, customer_leg = _both(call)
    step.emit(e.CallRetrieved(at=step.now, call=call.call, agent=agent.agent, held_us=step.now - call.held_since))
    step.order(RetrieveLeg(call=call.call, n=step.n(call.call), leg=customer_leg, other=agent_leg))


def mute(step: Step, command: MuteCall) -> None:
    agent, call = step.own_call(command.agent, command.call)
    agent_leg, _ = _talking(call)
    if call.muted == command.muted:
        return
    step.emit(e.CallMuted(at=step.now, call=call.call, agent=agent.agent, muted=command.muted))
    step.order(MuteLeg(call=call.call, n=step.n(call.call), leg=agent_leg, muted=command.muted))


def send_digits(step: Step, command: SendDigits) -> None:
    _, call = step.own_call(command.agent, command.call)
    _, customer_leg = _talking(call)
    digits = command.digits.reveal()
    if not 0 < len(digits) <= DIGITS_MAX or not all(digit in TONES for digit in digits):
        raise Refused("bad_digits")
    step.order(SendTones(call=call.call, n=step.n(call.call), leg=customer_leg, digits=command.digits))


def end(step: Step, command: EndCall) -> None:
    """A call that is dialled is given up; a call that rings is declined, not ended."""
    _, call = step.own_call(command.agent, command.call)
    if call.phase is CallPhase.INITIATED:
        clear(step, call, ClearingCause.CANCELLED)
    elif call.phase in (CallPhase.CONNECTED, CallPhase.HELD):
        clear(step, call, ClearingCause.AGENT_HUNG_UP)
    elif call.phase is not CallPhase.CLEARED:
        raise Refused("not_connected", call=call.call)


def _connect(step: Step, call: Call, leg: LegId, other: LegId) -> ConnectLegs:
    return ConnectLegs(call=call.call, n=step.n(call.call), leg=leg, other=other)


def _talking(call: Call) -> tuple[LegId, LegId]:
    if call.phase not in (CallPhase.CONNECTED, CallPhase.HELD):
        raise Refused("not_connected", call=call.call)
    return _both(call)


def _both(call: Call) -> tuple[LegId, LegId]:
    assert call.agent_leg is not None and call.customer_leg is not None
    return call.agent_leg, call.customer_leg
