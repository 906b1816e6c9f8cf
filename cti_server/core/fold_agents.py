"""How events about agents and the centre itself change the state. Decides nothing: an event is a fact."""

from collections.abc import Callable
from typing import Any

from cti_server.core import events as e
from cti_server.core.entities import Agent, CarriedOut, Queue, State, command_key
from cti_server.core.figures import account, close, keep_hours
from cti_server.core.fold_shared import drop_call_of
from cti_server.core.tallies import AgentDay
from cti_server.core.vocabulary import AgentMode, Micros, Occupation

REMEMBERED_US = 24 * 3_600_000_000
COMMANDS_REMEMBERED_MAX = 100_000


# --- the centre ------------------------------------------------------------------------------------------------------


def settings_loaded(state: State, event: e.SettingsLoaded) -> None:
    close(state, event.at)
    state.settings = event.settings
    close(state, event.at)
    keep_hours(state)
    for settings in event.settings.queues:
        state.queues.setdefault(settings.queue, Queue(queue=settings.queue))


def agents_enrolled(state: State, event: e.AgentsEnrolled) -> None:
    enrolled = {profile.agent: profile for profile in event.agents}
    for agent_id, agent in list(state.agents.items()):
        agent.enrolled = agent_id in enrolled
        if not agent.enrolled and agent.mode is AgentMode.LOGGED_OFF and agent.call is None:
            del state.agents[agent_id]
    for agent_id, profile in enrolled.items():
        if agent_id not in state.agents:
            state.agents[agent_id] = Agent(agent=agent_id, profile=profile, since=event.at)
        state.agents[agent_id].profile = profile
    keep_hours(state)
    state.extensions = {agent.profile.extension: agent_id for agent_id, agent in state.agents.items()}


def clock_offset_changed(state: State, event: e.ClockOffsetChanged) -> None:
    close(state, event.at)
    state.clock_offset_us = event.offset_us
    close(state, event.at)


def centre_restarted(state: State, event: e.CentreRestarted) -> None:
    state.epoch += 1


def command_carried_out(state: State, event: e.CommandCarriedOut) -> None:
    remembered = state.carried_out
    key = command_key(event.agent, event.key)
    remembered.pop(key, None)
    remembered[key] = CarriedOut(at=event.at, agent=event.agent, result=event.result)
    while len(remembered) > COMMANDS_REMEMBERED_MAX:
        del remembered[next(iter(remembered))]
    while remembered[(oldest := next(iter(remembered)))].at < event.at - REMEMBERED_US:
        del remembered[oldest]


def invariant_broken(state: State, event: e.InvariantBroken) -> None:
    """What is done about it are events of their own."""


# --- agents ----------------------------------------------------------------------------------------------------------


def agent_logged_on(state: State, event: e.AgentLoggedOn) -> None:
    if (agent := state.agents.get(event.agent)) is None:
        return
    agent.has_desktop = event.has_desktop
    agent.desktop_connected = event.has_desktop
    agent.desktop_limit_at = None
    if agent.mode is AgentMode.LOGGED_OFF:
        account(state, agent, event.at)
        agent.shift = AgentDay()
        _set_mode(state, agent, AgentMode.NOT_READY, "signed_in", event.at)


def agent_logged_off(state: State, event: e.AgentLoggedOff) -> None:
    if (agent := state.agents.get(event.agent)) is None:
        return
    _set_mode(state, agent, AgentMode.LOGGED_OFF, event.reason, event.at)
    agent.has_desktop = agent.desktop_connected = False
    agent.desktop_limit_at = agent.phone_limit_at = None
    if not agent.enrolled and agent.call is None:
        del state.agents[event.agent]
        if state.extensions.get(agent.profile.extension) == event.agent:
            del state.extensions[agent.profile.extension]


def agent_ready(state: State, event: e.AgentReady) -> None:
    if (agent := state.agents.get(event.agent)) is not None:
        agent.idle_since = event.idle_since
        _set_mode(state, agent, AgentMode.READY, "", event.at)


def agent_not_ready(state: State, event: e.AgentNotReady) -> None:
    if (agent := state.agents.get(event.agent)) is not None:
        _set_mode(state, agent, AgentMode.NOT_READY, event.reason, event.at)
        agent.rest_until = event.until


def agent_mode_pending(state: State, event: e.AgentModePending) -> None:
    if (agent := state.agents.get(event.agent)) is not None:
        agent.pending_ready = event.ready
        agent.pending_reason = event.reason


def agent_working_after_call(state: State, event: e.AgentWorkingAfterCall) -> None:
    if (agent := state.agents.get(event.agent)) is None:
        return
    account(state, agent, event.at)
    if agent.occupation is not Occupation.AFTER_CALL_WORK:
        agent.since = event.at
    agent.occupation = Occupation.AFTER_CALL_WORK
    agent.call = event.call
    agent.after_call_until = event.until
    agent.extensions = event.extensions


def agent_after_call_work_ended(state: State, event: e.AgentAfterCallWorkEnded) -> None:
    if (agent := state.agents.get(event.agent)) is not None:
        account(state, agent, event.at)
        agent.occupation = Occupation.IDLE
        agent.call = None
        agent.after_call_until = None
        agent.extensions = 0
        agent.idle_since = event.idle_since
        agent.since = event.at
    drop_call_of(state, event.call)


def agent_phone_changed(state: State, event: e.AgentPhoneChanged) -> None:
    if (agent := state.agents.get(event.agent)) is not None:
        agent.phone_registered = event.is_registered
        agent.phone_limit_at = event.limit_at


def agent_desktop_changed(state: State, event: e.AgentDesktopChanged) -> None:
    if (agent := state.agents.get(event.agent)) is not None:
        agent.desktop_connected = event.is_connected
        agent.desktop_limit_at = event.limit_at


def _set_mode(state: State, agent: Agent, mode: AgentMode, reason: str, at: Micros) -> None:
    account(state, agent, at)
    if agent.mode is not mode or agent.reason != reason:
        agent.since = at
    agent.mode = mode
    agent.reason = reason
    agent.pending_ready = None
    agent.pending_reason = ""
    agent.rest_until = None


FOLDS: dict[type[e.Event], Callable[[State, Any], None]] = {
    e.SettingsLoaded: settings_loaded,
    e.AgentsEnrolled: agents_enrolled,
    e.ClockOffsetChanged: clock_offset_changed,
    e.CentreRestarted: centre_restarted,
    e.CommandCarriedOut: command_carried_out,
    e.InvariantBroken: invariant_broken,
    e.AgentLoggedOn: agent_logged_on,
    e.AgentLoggedOff: agent_logged_off,
    e.AgentReady: agent_ready,
    e.AgentNotReady: agent_not_ready,
    e.AgentModePending: agent_mode_pending,
    e.AgentWorkingAfterCall: agent_working_after_call,
    e.AgentAfterCallWorkEnded: agent_after_call_work_ended,
    e.AgentPhoneChanged: agent_phone_changed,
    e.AgentDesktopChanged: agent_desktop_changed,
}
