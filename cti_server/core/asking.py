"""What a call asks of agents by itself, beside what its queue asks for: by its caller's language, by the line that was
dialled, and by the queue node of its flow. The highest level of each skill counts.

Decides what is asked for and who asked for it; who is able to give it is decided in `skills.py`, and what becomes less
with the wait in `waits.py`.
"""

from collections.abc import Iterator
from enum import StrEnum

from cti_server.core.entities import Call
from cti_server.core.settings import ANY_LINE, CentreSettings
from cti_server.core.skills import NOTHING, Levels, highest

FLOW_SKILLS = "skills"
"""Where a call's flow state keeps what the queue node asked for."""


class AskedBy(StrEnum):
    """Why a call asks for a skill."""

    QUEUE = "queue"
    LANGUAGE = "language"
    LINE = "line"
    FLOW = "flow"
    CALL = "call"
    """Of a callback: the call in which it was asked for."""


def asked(settings: CentreSettings, call: Call, *, language: str = "") -> dict[str, int]:
    """Level by skill, in the order of their names: two calls that ask for the same say it in the same way.
    ``language``: that the caller would speak, instead of the present one."""
    levels = highest(*(levels for _, levels in _sources(settings, call, language or language_of(call))))
    return dict(sorted(levels.items()))


def asked_by(settings: CentreSettings, call: Call, skill: str, level: int) -> AskedBy:
    """Who asks for so much of it."""
    sources = _sources(settings, call, language_of(call))
    return next((by for by, levels in sources if levels.get(skill, 0) >= level), AskedBy.QUEUE)


def language_of(call: Call) -> str:
    """What the caller chose, or the customer's record says; else what the flow has been speaking."""
    return call.language or ("" if call.position is None else call.position.language)


def needs_customer(settings: CentreSettings, call: Call) -> bool:
    """Does the language of the customer's record matter, because nobody chose or named one?"""
    return not call.language and any(language.skills for language in settings.languages)


def _sources(settings: CentreSettings, call: Call, language: str) -> Iterator[tuple[AskedBy, Levels]]:
    for spoken in settings.languages:
        if spoken.language == language:
            yield AskedBy.LANGUAGE, spoken.skills
    lines = {line.line: line for line in settings.lines if line.line in (call.line, ANY_LINE)}
    line = lines.get(call.line) or lines.get(ANY_LINE)
    if line is not None:
        yield AskedBy.LINE, line.skills
    yield AskedBy.FLOW, call.flow_state.get(FLOW_SKILLS, NOTHING)
