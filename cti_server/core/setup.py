"""What the centre consists of: configuration, people, and the wall clock. Calls in progress keep what they began
with."""

from cti_server.core import agents, callback_turns, waits
from cti_server.core import events as e
from cti_server.core.errors import Refused
from cti_server.core.inputs import ClockSet, EnrolAgents, LoadSettings
from cti_server.core.step import Step
from cti_server.core.vocabulary import AgentMode, Occupation


def load_settings(step: Step, command: LoadSettings) -> None:
    """The same settings again change nothing: every start of the server loads them."""
    if command.settings == step.state.settings:
        return
    step.emit(e.SettingsLoaded(at=step.now, settings=command.settings))
    step.around.read_state(step.state)
    waits.replan(step)
    callback_turns.review_all(step)


def enrol_agents(step: Step, command: EnrolAgents) -> None:
    """Who left the list and is free is logged off now; who is in a call, after it."""
    extensions: dict[str, int] = {}
    for profile in command.agents:
        if extensions.setdefault(profile.extension, profile.agent) != profile.agent:
            raise Refused("extension_taken", extension=profile.extension, agent=profile.agent)
    present = tuple(agent.profile for agent in step.state.agents.values() if agent.enrolled)
    if sorted(present, key=lambda p: p.agent) != sorted(command.agents, key=lambda p: p.agent):
        step.emit(e.AgentsEnrolled(at=step.now, agents=command.agents))
        step.around.read_state(step.state)
    for agent in list(step.state.agents.values()):
        if not agent.enrolled and agent.occupation is Occupation.IDLE and agent.mode is not AgentMode.LOGGED_OFF:
            step.emit(e.AgentLoggedOff(at=step.now, agent=agent.agent))
        elif agent.enrolled and step.around.registered.get(agent.profile.extension, False):
            agents.phone_is_there(step, agent)


def clock_set(step: Step, signal: ClockSet) -> None:
    """Durations are not touched: only what people call a date or an hour moves."""
    if signal.offset_us != step.state.clock_offset_us:
        step.emit(e.ClockOffsetChanged(at=step.now, offset_us=signal.offset_us))
        callback_turns.review_all(step)
