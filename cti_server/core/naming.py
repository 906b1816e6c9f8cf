"""Whom a caller is given to by name, and who named that person. Only asks; how long the caller waits for that person is
decided in `waits.py`.

    asked_for       the caller keyed in the extension, and the flow's queue node wants it      first
    line            the owner of the line dialled                                              next
    last_agent      of the customer's last conversation                 these by the queue's rules,
    account_owner   of the customer's account                           in their order

The first who is logged on is waited for, Ready or not, busy or free; who is logged off is passed over at once, and then
anybody of the queue takes the call. The last two need to know who calls (`needs_customer`).
"""

from collections.abc import Iterator
from typing import NamedTuple

from cti_server.core.entities import Call
from cti_server.core.settings import QueueSettings
from cti_server.core.step import Step
from cti_server.core.vocabulary import AgentId, AgentMode, Extension, NamedBy

OF_CUSTOMER = (NamedBy.LAST_AGENT, NamedBy.ACCOUNT_OWNER)


class Named(NamedTuple):
    """``agent`` None: nobody, or nobody who is there. ``absent``: who would have been it, by rule."""

    agent: AgentId | None
    by: NamedBy | None
    absent: dict[str, AgentId]


NOBODY = Named(None, None, {})
"""Never changed."""


def find(step: Step, call: Call, settings: QueueSettings, *, is_asked_for: bool = False) -> Named:
    line = step.around.lines.get(call.line)
    if not (settings.named or is_asked_for or (line is not None and line.agent)):
        return NOBODY
    absent: dict[str, AgentId] = {}
    for by, agent_id in _named(step, call, settings, is_asked_for=is_asked_for):
        agent = step.state.agents.get(agent_id) if agent_id is not None else None
        if agent is not None and agent.mode is not AgentMode.LOGGED_OFF:
            return Named(agent.agent, by, absent)
        if agent_id is not None:
            absent.setdefault(by, agent_id)
    return Named(None, None, absent)


def needs_customer(step: Step, settings: QueueSettings, *, uses_tier: bool) -> bool:
    """Does it matter to the order or to a name who calls?"""
    return any(by in OF_CUSTOMER for by in settings.named) or (uses_tier and bool(step.settings.tiers))


def _named(
    step: Step, call: Call, settings: QueueSettings, *, is_asked_for: bool
) -> Iterator[tuple[NamedBy, AgentId | None]]:
    if is_asked_for:
        yield NamedBy.ASKED_FOR, call.asked_for
    line = step.around.lines.get(call.line)
    if line is not None and line.agent:
        yield NamedBy.LINE, step.state.extensions.get(Extension(line.agent))
    for by in settings.named:
        match by:
            case NamedBy.LAST_AGENT:
                yield by, None if call.customer is None else step.state.last_agents.get(call.customer)
            case NamedBy.ACCOUNT_OWNER:
                yield by, step.state.extensions.get(call.owner) if call.owner else None
            case NamedBy.LINE | NamedBy.ASKED_FOR:
                pass  # never a queue's rule
