"""What an agent may be: mode × occupation, and how one state follows another.

The law. Mode (logged off, not ready, ready) is what the agent, or the centre for the agent, chose. Occupation (idle,
reserved, alerting, connected, after-call work) is what the calls made of it. A mode asked for while occupied is a
*pending* mode and takes effect when the agent is idle again. An agent who is gone without saying so (desktop lost for
ten seconds, phone lost, call missed) becomes Not Ready with the reason; whoever has no desktop comes back by itself,
because nobody could press Ready.

    MOVES: from occupation, by event, to occupation. docs/generated/states.md draws it, and a test holds every run to
    it.

Decides nothing about calls: `offers.py`, `calls.py`.
"""

from cti_server.core import events as e
from cti_server.core.entities import Agent
from cti_server.core.errors import Refused
from cti_server.core.inputs import (
    CancelPendingMode,
    DesktopConnected,
    DesktopLost,
    LogOff,
    LogOn,
    PhoneLost,
    PhoneRegistered,
    SetNotReady,
    SetReady,
)
from cti_server.core.step import Step
from cti_server.core.vocabulary import AgentMode, Extension, Micros, NotReadyReason, Occupation

IDLE, RESERVED, ALERTING = Occupation.IDLE, Occupation.RESERVED, Occupation.ALERTING
CONNECTED, AFTER_CALL_WORK = Occupation.CONNECTED, Occupation.AFTER_CALL_WORK

MOVES: tuple[tuple[Occupation, type[e.Event], Occupation], ...] = (
    (IDLE, e.CallDelivered, RESERVED),
    (IDLE, e.CallbackDelivered, RESERVED),
    (IDLE, e.CallInitiated, RESERVED),
    (RESERVED, e.LegPlaced, ALERTING),
    (RESERVED, e.OfferEnded, IDLE),
    (ALERTING, e.LegEstablished, CONNECTED),
    (ALERTING, e.OfferEnded, IDLE),
    (ALERTING, e.CallCleared, IDLE),
    (CONNECTED, e.OfferEnded, IDLE),
    (CONNECTED, e.CallCleared, IDLE),
    (CONNECTED, e.AgentWorkingAfterCall, AFTER_CALL_WORK),
    (CONNECTED, e.AgentAfterCallWorkEnded, IDLE),
    (AFTER_CALL_WORK, e.AgentAfterCallWorkEnded, IDLE),
)
RESTING = (NotReadyReason.MISSED_CALL, NotReadyReason.DECLINED, NotReadyReason.DEVICE_FAILED)
"""Reasons that end by themselves for agents without a desktop."""


# --- commands --------------------------------------------------------------------------------------------------------


def log_on(step: Step, command: LogOn) -> None:
    agent = step.agent(command.agent)
    if not agent.enrolled:
        raise Refused("unknown_agent", agent=command.agent)
    step.emit(e.AgentLoggedOn(at=step.now, agent=agent.agent, has_desktop=command.has_desktop))
    _take_back(step, agent, NotReadyReason.DESKTOP_LOST)


def log_off(step: Step, command: LogOff) -> None:
    agent = step.agent(command.agent)
    if agent.call is not None:
        raise Refused("in_call", call=agent.call)
    if agent.mode is not AgentMode.LOGGED_OFF:
        step.emit(e.AgentLoggedOff(at=step.now, agent=agent.agent))


def set_ready(step: Step, command: SetReady) -> None:
    agent = _logged_on(step, command)
    if not agent.phone_registered:
        raise Refused("phone_unregistered", extension=agent.profile.extension)
    if agent.occupation is not IDLE:
        _pend(step, agent, ready=True, reason="")
    elif agent.mode is not AgentMode.READY:
        _make_ready(step, agent)


def set_not_ready(step: Step, command: SetNotReady) -> None:
    agent = _logged_on(step, command)
    known = [reason.code for reason in step.settings.not_ready_reasons]
    if not command.reason or (known and command.reason not in known):
        raise Refused("unknown_reason", reason=command.reason)
    if agent.occupation is not IDLE:
        _pend(step, agent, ready=False, reason=command.reason)
    elif agent.mode is not AgentMode.NOT_READY or agent.reason != command.reason:
        make_not_ready(step, agent, command.reason)


def cancel_pending_mode(step: Step, command: CancelPendingMode) -> None:
    agent = _logged_on(step, command)
    if agent.pending_ready is not None:
        step.emit(e.AgentModePending(at=step.now, agent=agent.agent))


# --- signals ---------------------------------------------------------------------------------------------------------


def phone_registered(step: Step, signal: PhoneRegistered) -> None:
    step.around.registered[signal.extension] = True
    if (agent := _of_extension(step, signal.extension)) is not None:
        phone_is_there(step, agent)


def phone_lost(step: Step, signal: PhoneLost) -> None:
    step.around.registered.pop(signal.extension, None)
    agent = _of_extension(step, signal.extension)
    if agent is not None and agent.phone_registered:
        step.emit(e.AgentPhoneChanged(at=step.now, agent=agent.agent, is_registered=False))
        make_absent(step, agent, NotReadyReason.PHONE_LOST)


def phone_is_there(step: Step, agent: Agent) -> None:
    """A phone-only agent needs nothing else to be Ready; everybody else presses Ready."""
    if not agent.phone_registered:
        step.emit(e.AgentPhoneChanged(at=step.now, agent=agent.agent, is_registered=True))
    _take_back(step, agent, NotReadyReason.PHONE_LOST)
    if agent.profile.needs_desktop or agent.has_desktop or agent.occupation is not IDLE or not agent.enrolled:
        return
    if agent.mode is AgentMode.LOGGED_OFF:
        step.emit(e.AgentLoggedOn(at=step.now, agent=agent.agent, has_desktop=False))
        _make_ready(step, agent)
    elif agent.mode is AgentMode.NOT_READY and agent.reason == NotReadyReason.PHONE_LOST:
        _make_ready(step, agent)


def desktop_connected(step: Step, signal: DesktopConnected) -> None:
    agent = step.state.agents.get(signal.agent)
    if agent is None or agent.mode is AgentMode.LOGGED_OFF:
        return
    if not agent.has_desktop:
        step.emit(e.AgentLoggedOn(at=step.now, agent=agent.agent, has_desktop=True))
    elif not agent.desktop_connected:
        step.emit(e.AgentDesktopChanged(at=step.now, agent=agent.agent, is_connected=True))
    _take_back(step, agent, NotReadyReason.DESKTOP_LOST)


def desktop_lost(step: Step, signal: DesktopLost) -> None:
    agent = step.state.agents.get(signal.agent)
    if agent is not None and agent.desktop_connected:
        until = step.after(s=step.settings.desktop_lost_s)
        step.emit(e.AgentDesktopChanged(at=step.now, agent=agent.agent, is_connected=False, limit_at=until))


# --- deadlines and what calls bring about ----------------------------------------------------------------------------


def on_deadline(step: Step, agent: Agent) -> None:
    if agent.desktop_limit_at is not None and agent.desktop_limit_at <= step.now:
        step.emit(e.AgentDesktopChanged(at=step.now, agent=agent.agent, is_connected=False))
        make_absent(step, agent, NotReadyReason.DESKTOP_LOST)
    if agent.phone_limit_at is not None and agent.phone_limit_at <= step.now:
        step.emit(e.AgentPhoneChanged(at=step.now, agent=agent.agent, is_registered=False))
        make_absent(step, agent, NotReadyReason.PHONE_LOST)
    if agent.rest_until is not None and agent.rest_until <= step.now:
        if agent.phone_registered:
            _make_ready(step, agent)
        else:
            make_not_ready(step, agent, NotReadyReason.PHONE_LOST)


def make_absent(step: Step, agent: Agent, reason: str) -> None:
    """Gone without saying so: at once when idle, after the call otherwise."""
    if agent.mode is AgentMode.LOGGED_OFF:
        return
    if agent.occupation is not IDLE:
        if agent.pending_ready is not False:
            _pend(step, agent, ready=False, reason=reason)
    elif agent.mode is AgentMode.READY or agent.rest_until is not None:
        make_not_ready(step, agent, reason)


def make_not_ready(step: Step, agent: Agent, reason: str) -> None:
    rests = reason in RESTING and not agent.has_desktop and not agent.profile.needs_desktop
    until = step.after(s=step.settings.rest_s) if rests else None
    step.emit(e.AgentNotReady(at=step.now, agent=agent.agent, reason=str(reason), until=until))


def settle(step: Step, agent: Agent, *, idle_since: Micros, not_ready: str = "") -> None:
    """The agent has become idle: the pending mode takes effect, else ``not_ready``, else the present mode holds."""
    would_be_ready = agent.pending_ready or (agent.pending_ready is None and agent.mode is AgentMode.READY)
    if not agent.enrolled:
        step.emit(e.AgentLoggedOff(at=step.now, agent=agent.agent))
    elif would_be_ready and (absence := _absence(agent)):
        make_not_ready(step, agent, absence)
    elif agent.pending_ready:
        _make_ready(step, agent)
    elif agent.pending_ready is False:
        make_not_ready(step, agent, agent.pending_reason)
    elif not_ready and agent.mode is AgentMode.READY:
        make_not_ready(step, agent, not_ready)
    elif agent.mode is AgentMode.READY:
        step.emit(e.AgentReady(at=step.now, agent=agent.agent, idle_since=idle_since))
    else:
        make_not_ready(step, agent, agent.reason)


def _make_ready(step: Step, agent: Agent) -> None:
    step.emit(e.AgentReady(at=step.now, agent=agent.agent, idle_since=step.now))


def _pend(step: Step, agent: Agent, *, ready: bool, reason: str) -> None:
    if (agent.pending_ready, agent.pending_reason) != (ready, reason):
        step.emit(e.AgentModePending(at=step.now, agent=agent.agent, ready=ready, reason=str(reason)))


def _take_back(step: Step, agent: Agent, reason: str) -> None:
    """What was missing is there again; something else may still be missing."""
    if agent.pending_ready is False and agent.pending_reason == reason:
        step.emit(e.AgentModePending(at=step.now, agent=agent.agent))
        if absence := _absence(agent):
            _pend(step, agent, ready=False, reason=absence)


def _absence(agent: Agent) -> str:
    """Why this agent is gone without having said so, and has no time left to come back; empty: is there."""
    if not agent.phone_registered and agent.phone_limit_at is None:
        return NotReadyReason.PHONE_LOST
    if agent.has_desktop and not agent.desktop_connected and agent.desktop_limit_at is None:
        return NotReadyReason.DESKTOP_LOST
    return ""


def _logged_on(step: Step, command: SetReady | SetNotReady | CancelPendingMode) -> Agent:
    agent = step.agent(command.agent)
    if agent.mode is AgentMode.LOGGED_OFF or not agent.enrolled:
        raise Refused("not_logged_on")
    return agent


def _of_extension(step: Step, extension: Extension) -> Agent | None:
    agent_id = step.state.extensions.get(extension)
    return None if agent_id is None else step.state.agents.get(agent_id)
