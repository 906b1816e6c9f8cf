"""Whom a caller is given to by name: the owner of the line dialled, the agent of the last conversation, or the owner
of the account. Only asks who it is; how long the caller waits for that person is decided in `waits.py`.
"""

from cti_server.core.entities import Call
from cti_server.core.settings import QueueSettings
from cti_server.core.step import Step
from cti_server.core.vocabulary import AgentId, AgentMode, Extension, NamedBy


def find(step: Step, call: Call, settings: QueueSettings) -> AgentId | None:
    """The first person named by the line, or by the queue's rules in their order, who is logged on."""
    line = step.around.lines.get(call.line)
    if line is not None and line.agent:
        return _logged_on(step, step.state.extensions.get(Extension(line.agent)))
    for by in settings.named:
        found = _logged_on(step, _named(step, call, by))
        if found is not None:
            return found
    return None


def _named(step: Step, call: Call, by: NamedBy) -> AgentId | None:
    match by:
        case NamedBy.LAST_AGENT:
            return None if call.customer is None else step.state.last_agents.get(call.customer)
        case NamedBy.ACCOUNT_OWNER:
            return step.state.extensions.get(call.owner) if call.owner else None


def _logged_on(step: Step, agent_id: AgentId | None) -> AgentId | None:
    agent = step.state.agents.get(agent_id) if agent_id is not None else None
    return None if agent is None or agent.mode is AgentMode.LOGGED_OFF else agent_id
