"""What a scenario file says, and whether it can be: queues, agents with shifts, callers, what is measured, variants.

Every mistake is told with its line and a hint (`load` raises DataErrors with all of them). The meaning of each field
stands in docs/simulation.md. Decides nothing about calls.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from cti_server.core.settings import RelaxSettings, TierSettings
from cti_server.core.vocabulary import Strategy
from cti_server.sim.distributions import (
    AfterCall,
    Arrivals,
    ByInterval,
    Constant,
    Duration,
    Empirical,
    Endless,
    FromFile,
    Patience,
    read_column,
)
from datafiles.problems import DataErrors, Problem, nearest
from datafiles.reading import Tree, line_at, read_file
from datafiles.shaping import shape

Name = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]*$")]
Clock = Annotated[str, Meta(pattern="^([01][0-9]|2[0-4]):[0-5][0-9]$")]
AGENTS_MAX = 5_000
CALLS_MAX = 20_000_000


class SimulatedQueue(msgspec.Struct, frozen=True, kw_only=True):
    """The routing's own words; what they mean stands in ``cti_server/core/settings.py: QueueSettings``."""

    queue: Name
    strategy: str = Strategy.LONGEST_IDLE.value
    minimum_level: Annotated[int, Meta(ge=1, le=10)] = 1
    requires: dict[str, Annotated[int, Meta(ge=1, le=10)]] = {}
    relax: tuple[RelaxSettings, ...] = ()
    weight: Annotated[int, Meta(ge=1, le=100)] = 1
    wait_ceiling_s: Annotated[int, Meta(ge=0, le=86_400)] = 0
    results_window: Literal["today", "log_on", "week", "month", "hours"] = "today"
    results_hours: Annotated[int, Meta(ge=1, le=24)] = 8
    ring_all_max: Annotated[int, Meta(ge=2, le=50)] = 10
    maximum_waiting: Annotated[int, Meta(ge=0, le=1_000_000)] = 1_000_000
    maximum_wait_s: Annotated[int, Meta(ge=1, le=10_000_000)] = 10_000_000


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """Clock times of the simulated day; after midnight counts on from 24:00 only where ``until`` is 24:00."""

    begins: Clock
    ends: Clock


class AgentGroup(msgspec.Struct, frozen=True, kw_only=True):
    """``pace`` stretches talk and after-call work: 2 takes twice as long. No shifts: there all the time."""

    group: Name
    count: Annotated[int, Meta(ge=1, le=AGENTS_MAX)]
    skills: dict[str, Annotated[int, Meta(ge=1, le=10)]]
    shifts: tuple[Shift, ...] = ()
    pace: Annotated[float, Meta(ge=0.01, le=100)] = 1.0


class Callbacks(msgspec.Struct, frozen=True, kw_only=True):
    """``share`` of the callers who still wait after ``after_s`` ask to be called back and hang up; the centre dials
    them in their turn. ``dial_s``: how long an agent waits for the answer; ``reached_share``: of the attempts."""

    share: Annotated[float, Meta(ge=0, le=1)]
    after_s: Annotated[float, Meta(ge=0, le=14_400)] = 0
    dial_s: Annotated[float, Meta(ge=0, le=300)] = 0
    reached_share: Annotated[float, Meta(ge=0.01, le=1)] = 1.0


class CallerClass(msgspec.Struct, frozen=True, kw_only=True):
    """Callers of one kind. ``priority``: higher goes first, strictly. ``skills``: what they ask of agents, besides
    their queue."""

    name: Name = msgspec.field(name="class")
    queue: Name
    arrivals: Arrivals
    talk: Duration
    patience: Patience = Endless()
    after_call: AfterCall = Constant(value_s=0)
    priority: Annotated[int, Meta(ge=0, le=9)] = 0
    tier: str = ""
    skills: dict[str, Annotated[int, Meta(ge=1, le=10)]] = {}
    callbacks: Callbacks = Callbacks(share=0)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a variant has otherwise. A list that is given replaces the scenario's list. ``against``: the variant before
    it that it is compared with; empty: the scenario itself."""

    variant: Name
    says: str = ""
    against: str = ""
    queues: tuple[SimulatedQueue, ...] = ()
    agents: tuple[AgentGroup, ...] = ()
    callers: tuple[CallerClass, ...] = ()


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    scenario: Name
    queues: tuple[SimulatedQueue, ...]
    agents: tuple[AgentGroup, ...]
    callers: tuple[CallerClass, ...]
    says: str = ""
    notes: tuple[str, ...] = ()
    """Told with the results."""
    opens_at: Clock = "09:00"
    warm_up_s: Annotated[int, Meta(ge=0, le=10_000_000)] = 0
    measured_s: Annotated[int, Meta(ge=60, le=1_000_000_000)] = 28_800
    replications: Annotated[int, Meta(ge=1, le=10_000)] = 1
    seed: int = 1
    tiers: tuple[TierSettings, ...] = ()
    work_order: Literal["due_first", "level_first"] = "due_first"
    callback_attempts: Annotated[int, Meta(ge=1, le=20)] = 3
    callback_retry_s: Annotated[int, Meta(ge=10, le=86_400)] = 900
    service_levels_s: tuple[Annotated[int, Meta(ge=0, le=3600)], ...] = (20,)
    short_abandon_s: Annotated[int, Meta(ge=0, le=600)] = 5
    variants: tuple[Change, ...] = ()

    @property
    def until_s(self) -> int:
        """Nobody calls any more then, counted from the opening."""
        return self.warm_up_s + self.measured_s


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario as it is run. ``against``: the name of that which it is compared with; empty: with none."""

    name: str
    says: str
    against: str
    queues: tuple[SimulatedQueue, ...]
    agents: tuple[AgentGroup, ...]
    callers: tuple[CallerClass, ...]


def load(path: Path) -> Scenario:
    """Raises DataErrors with all that is wrong."""
    tree, problems = read_file(path)
    scenario = None
    if tree is not None:
        scenario, found = shape(tree, Scenario, str(path))
        problems += found
    if scenario is None or tree is None:
        raise DataErrors(problems)
    problems = list(_problems(scenario, tree, path))
    if problems:
        raise DataErrors(problems)
    return _with_values(scenario, path.parent)


def variants_of(scenario: Scenario) -> tuple[Variant, ...]:
    """The scenario itself first, then its variants."""
    base = Change(variant="base", says=scenario.says)
    return tuple(
        Variant(
            name=change.variant if index else scenario.scenario,
            says=change.says,
            against=(change.against or scenario.scenario) if index else "",
            queues=change.queues or scenario.queues,
            agents=change.agents or scenario.agents,
            callers=change.callers or scenario.callers,
        )
        for index, change in enumerate((base, *scenario.variants))
    )


def seconds_of(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 3600 + int(minute) * 60


def _problems(scenario: Scenario, tree: Tree, path: Path) -> Iterable[Problem]:
    parts: list[tuple[tuple[str | int, ...], Scenario | Change]] = [((), scenario)]
    parts += [(("variants", index), change) for index, change in enumerate(scenario.variants)]
    names = [variant.name for variant in variants_of(scenario)]
    for index, change in enumerate(scenario.variants):
        if change.variant in names[: index + 1]:
            line = line_at(tree, ("variants", index, "variant"))
            yield Problem(str(path), line, f"there are two variants {change.variant}")
        if change.against and change.against not in names[: index + 1]:
            what = f"variant {change.variant} is compared with {change.against}, which does not stand before it"
            hint = nearest(change.against, names[: index + 1])
            yield Problem(str(path), line_at(tree, ("variants", index, "against")), what, hint)
    for where, part in parts:
        queues = part.queues or scenario.queues
        known = [queue.queue for queue in queues]

        def wrong(what: str, *at: str | int, hint: str = "", where: tuple[str | int, ...] = where) -> Problem:
            return Problem(str(path), line_at(tree, (*where, *at)), what, hint)

        if not queues:
            yield wrong("there is no queue", "queues")
        if part is scenario and not part.agents:
            yield wrong("there are no agents", "agents")
        if part is scenario and not part.callers:
            yield wrong("there are no callers", "callers")
        for index, queue in enumerate(part.queues):
            if queue.queue in known[:index]:
                yield wrong(f"there are two queues {queue.queue}", "queues", index, "queue")
            strategies = [strategy.value for strategy in Strategy]
            if queue.strategy not in strategies:
                hint = nearest(queue.strategy, strategies) or f"one of {', '.join(strategies)}"
                yield wrong(f"there is no strategy {queue.strategy}", "queues", index, "strategy", hint=hint)
            if queue.ring_all_max != SimulatedQueue(queue=queue.queue).ring_all_max and queue.strategy != "ring_all":
                hint = f"strategy is {queue.strategy}; ring_all rings several"
                yield wrong(f"{queue.queue} rings one phone at a time", "queues", index, "ring_all_max", hint=hint)
        for index, group in enumerate(part.agents):
            if group.group in [other.group for other in part.agents[:index]]:
                yield wrong(f"there are two groups {group.group}", "agents", index, "group")
            if not set(group.skills) & set(known):
                hint = nearest(next(iter(group.skills), ""), known) or f"queues are {', '.join(known)}"
                yield wrong(f"{group.group} serves no queue", "agents", index, "skills", hint=hint)
            for number, shift in enumerate(group.shifts):
                if seconds_of(shift.begins) >= seconds_of(shift.ends):
                    at = ("agents", index, "shifts", number)
                    yield wrong("a shift must begin before it ends", *at, hint="split it at 24:00 and 00:00")
        if sum(group.count for group in part.agents) > AGENTS_MAX:
            yield wrong(f"more than {AGENTS_MAX} agents", "agents")
        for index, callers in enumerate(part.callers):
            if callers.name in [other.name for other in part.callers[:index]]:
                yield wrong(f"there are two classes {callers.name}", "callers", index, "class")
            if callers.queue not in known:
                yield wrong(
                    f"there is no queue {callers.queue}", "callers", index, "queue", hint=nearest(callers.queue, known)
                )
            agents = part.agents or scenario.agents
            for skill, level in callers.skills.items():
                best = {name: max(group.skills.get(name, 0) for group in agents) for name in _names(agents)}
                if best.get(skill, 0) < level:
                    what = f"no agent has the skill {skill} at {level}"
                    yield wrong(what, "callers", index, "skills", skill, hint=nearest(skill, best))
            tiers = [tier.tier for tier in scenario.tiers]
            if callers.tier and callers.tier not in tiers:
                hint = nearest(callers.tier, tiers)
                yield wrong(f"there is no tier {callers.tier}", "callers", index, "tier", hint=hint)
            for field in ("arrivals", "talk", "patience", "after_call"):
                what = _what_is_wrong(getattr(callers, field), path.parent)
                if what:
                    yield wrong(f"{field}: {what}", "callers", index, field)
        expected = sum(_expected_calls(callers.arrivals, scenario.until_s) for callers in part.callers)
        if expected > CALLS_MAX:
            yield wrong(f"about {expected:.0f} calls are too many for one run (at most {CALLS_MAX})", "callers")


def _names(agents: Iterable[AgentGroup]) -> tuple[str, ...]:
    return tuple(skill for group in agents for skill in group.skills)


def _what_is_wrong(of: object, folder: Path) -> str:
    match of:
        case Empirical(values_s=values, file=file) if bool(values) == bool(file):
            return "either values_s or file and column must be given"
        case Empirical(file=file, column=column) | FromFile(file=file, column=column) if file:
            try:
                read_column(folder / file, column)
            except (OSError, ValueError) as error:
                return str(error)
        case ByInterval(per_hour=rates) if not rates or max(rates) <= 0:
            return "nobody ever calls"
    return ""


def _with_values(scenario: Scenario, folder: Path) -> Scenario:
    """Values that stand in files are read once."""
    changes = tuple(replace(change, callers=_callers(change.callers, folder)) for change in scenario.variants)
    return replace(scenario, callers=_callers(scenario.callers, folder), variants=changes)


def _callers(callers: tuple[CallerClass, ...], folder: Path) -> tuple[CallerClass, ...]:
    filled = []
    for each in callers:
        found = {name: getattr(each, name) for name in ("talk", "patience", "after_call")}
        read = {
            name: Empirical(values_s=tuple(read_column(folder / of.file, of.column)))
            for name, of in found.items()
            if isinstance(of, Empirical) and of.file
        }
        filled.append(replace(each, **read))
    return tuple(filled)


def _expected_calls(of: Arrivals, until_s: float) -> float:
    match of:
        case ByInterval():
            return sum(of.per_hour) * of.interval_s / 3600
        case FromFile():
            return 0.0
        case _:
            return of.per_hour * until_s / 3600
