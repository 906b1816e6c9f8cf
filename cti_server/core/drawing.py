"""The tables of moves as Mermaid diagrams, for docs/generated/states.md. Draws what the code obeys; decides nothing."""

from collections.abc import Sequence
from enum import StrEnum

from cti_server.core import agents, callbacks, calls
from cti_server.core.entities import Agent
from cti_server.core.events import Event
from cti_server.core.settings import AgentProfile
from cti_server.core.vocabulary import AgentId, AgentMode, Extension, Occupation

Move = tuple[StrEnum | None, type[Event], StrEnum]


def states_page() -> str:
    """Markdown: calls, agents, callbacks, and the CSTA state of every mode and occupation."""
    return "\n".join(
        (
            "# States and moves",
            "",
            "Each arrow is an event. Moves that are not drawn do not happen: every simulated step is held to it.",
            "",
            *_diagram("Calls", "The phase of a call, from arrival (or the agent's dialling) to its end.", calls.MOVES),
            *_diagram("Agents", "The occupation of an agent: what calls made of it.", agents.MOVES),
            *_diagram("Callbacks", "A promise to call back.", callbacks.MOVES),
            *_agent_states(),
        )
    )


def _diagram(title: str, about: str, moves: Sequence[Move]) -> list[str]:
    arrows: dict[tuple[str, str], list[str]] = {}
    for before, event, after in moves:
        arrows.setdefault((before.value if before is not None else "[*]", after.value), []).append(event.__name__)
    lines = [f"    {before} --> {after}: {', '.join(events)}" for (before, after), events in arrows.items()]
    return [f"## {title}", "", about, "", "```mermaid", "stateDiagram-v2", *lines, "```", ""]


def _agent_states() -> list[str]:
    """The derived state, asked of an agent in each combination."""
    lines = ["## Agent states", "", "The CSTA state follows from mode and occupation.", ""]
    lines += ["| occupation | " + " | ".join(mode.value for mode in AgentMode) + " |"]
    lines += ["|" + "---|" * (len(AgentMode) + 1)]
    profile = AgentProfile(agent=AgentId(0), extension=Extension(""))
    for occupation in Occupation:
        states = [
            Agent(agent=AgentId(0), profile=profile, mode=mode, occupation=occupation).state for mode in AgentMode
        ]
        lines.append(f"| {occupation.value} | " + " | ".join(state.value for state in states) + " |")
    return [*lines, ""]
