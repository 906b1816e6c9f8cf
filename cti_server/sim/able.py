"""Who may take which call, by the letter of the settings: the checks' own judgement, apart from the Centre's lists.

Decides nothing about calls.
"""

from collections.abc import Iterator

from cti_server.core.entities import Agent, Call, Callback, State
from cti_server.core.settings import QueueSettings
from cti_server.core.vocabulary import AgentMode, CallbackId, CallId, CallPhase, Occupation, OverflowWhen

NOBODY, NOBODY_READY = OverflowWhen.NOBODY, OverflowWhen.NOBODY_READY


def is_free(agent: Agent) -> bool:
    has_desktop = agent.desktop_connected if agent.has_desktop else True
    is_ready = agent.mode is AgentMode.READY and agent.call is None and agent.occupation is Occupation.IDLE
    return is_ready and has_desktop and agent.phone_registered


def is_able(state: State, agent: Agent, work: int) -> bool:
    """By name, or by the levels that queue and call (or callback) ask for after the steps that it has waited for."""
    call = state.calls.get(CallId(work)) or state.callbacks[CallbackId(work)]
    if call.named is not None:
        return call.named == agent.agent
    for settings in state.settings.queues:
        if settings.queue == call.queue:
            return _meets(agent, _asked(call, settings, call.stage))
    return False


def wrongly_attended(state: State) -> Iterator[str]:
    """Whoever waits where the queue has a rule for it, and nobody is there, knows that; and nobody else does."""
    for settings in state.settings.queues:
        rules = [rule.when for rule in settings.overflow if rule.when in (NOBODY, NOBODY_READY)]
        queue = state.queues.get(settings.queue)
        for call_id in queue.waiting if queue is not None and rules else ():
            call = state.calls[call_id]
            if call.phase is not CallPhase.QUEUED:
                continue
            holding = (
                [] if call.named is not None else [rule for rule in rules if not _is_there(state, call, settings, rule)]
            )
            if (call.unattended is None) != (not holding) or (holding and call.unattended not in holding):
                yield f"call {call_id} is unattended: {call.unattended}, and should be: {holding}"


def _is_there(state: State, call: Call, settings: QueueSettings, rule: OverflowWhen) -> bool:
    """Anybody who could serve it after all steps."""
    asked = _asked(call, settings, len(settings.relax))
    gone = (AgentMode.LOGGED_OFF,) if rule is NOBODY else (AgentMode.LOGGED_OFF, AgentMode.NOT_READY)
    return any(agent.mode not in gone and _meets(agent, asked) for agent in state.agents.values())


def _asked(call: Call | Callback, settings: QueueSettings, stage: int) -> dict[str, int]:
    """By the queue and the call, after so many steps."""
    asked = {settings.queue: settings.minimum_level, **settings.requires}
    for skill, level in call.asks.items():
        asked[skill] = max(level, asked.get(skill, 0))
    for step in settings.relax[:stage]:
        asked |= {skill: min(level, asked[skill]) for skill, level in step.requires.items() if skill in asked}
    return asked


def _meets(agent: Agent, asked: dict[str, int]) -> bool:
    return all(agent.profile.skills.get(skill, 0) >= level for skill, level in asked.items())
