"""Who is able to serve a queue: skills with levels, and steps that ask for less as the wait grows.

A queue asks for the skill named like itself at ``minimum_level`` and for those of ``requires``; a call may ask for
others besides, or for more of them (`asking.py`). Each step of ``relax`` lowers some of what is asked for. *Stage* n is
what is asked for after n steps. Since steps only lower, whoever is able at one stage is able at all later ones: an
agent is known by the first stage at which they serve the queue.
"""

from collections.abc import Mapping, Sequence

from cti_server.core.settings import QueueSettings, RelaxSettings

Levels = Mapping[str, int]
NOTHING: Levels = {}


def stages(settings: QueueSettings, asks: Levels = NOTHING) -> tuple[Levels, ...]:
    """What is asked for at each stage, from the strictest on. ``asks``: by the call itself.

    A step that names a skill which is not asked for, or at a level that is enough already, changes nothing."""
    levels = highest({settings.queue: settings.minimum_level, **settings.requires}, asks)
    found: list[Levels] = [levels]
    for relaxed in steps(settings):
        levels = {skill: min(level, relaxed.requires.get(skill, level)) for skill, level in levels.items()}
        found.append(levels)
    return tuple(found)


def highest(*asked: Levels) -> dict[str, int]:
    """Each skill that any of them asks for, at the highest level."""
    found: dict[str, int] = {}
    for levels in asked:
        for skill, level in levels.items():
            found[skill] = max(level, found.get(skill, 0))
    return found


def steps(settings: QueueSettings) -> Sequence[RelaxSettings]:
    return sorted(settings.relax, key=lambda step: step.after_s)


def stage_after(settings: QueueSettings, waited_us: int) -> int:
    """The stage that a wait of this length has reached."""
    return sum(step.after_s * 1_000_000 <= waited_us for step in settings.relax)


def first_stage(skills: Levels, asked: Sequence[Levels]) -> int | None:
    """The first stage at which somebody with these skills may serve; None: at none of them."""
    for stage, levels in enumerate(asked):
        if all(skills.get(skill, 0) >= level for skill, level in levels.items()):
            return stage
    return None


def lacking(skills: Levels, levels: Levels) -> tuple[str, int, int] | None:
    """The first skill that is not enough: its name, what is there, and what is asked for."""
    for skill, level in levels.items():
        if skills.get(skill, 0) < level:
            return skill, skills.get(skill, 0), level
    return None
