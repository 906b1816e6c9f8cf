"""The routing part of `centre.yaml`: the rules between its values, and what it becomes in the core.

A mistake here would be noticed only when callers wait for it, so everything is checked at load: names of queues, skills
that relax upwards, overflows that lead in a circle, dates, hours.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from cti_server.config.schema import CentreText, HolidaysText, QueueText, TierText
from cti_server.core.overflow import REFUSED
from cti_server.core.settings import OverflowSettings, QueueSettings, RelaxSettings, TierSettings
from cti_server.core.skills import highest
from cti_server.core.vocabulary import NamedBy, OverflowWhen, QueueId, ResultsWindow, Strategy
from datafiles.problems import nearest
from ivr.model import FlowSet, QueueNode

Wrong = Callable[..., None]
"""Takes the path of a value, what is wrong, and a hint."""
TRANSLATED = ("strategy", "requires", "relax", "results_window", "named", "overflow")
RING_ALL_USUALLY = QueueSettings(queue=QueueId(""), title={}).ring_all_max
NEEDS_AMOUNT = {"wait": "seconds", "size": "callers", "expected_wait": "seconds", "per_agent": "callers for each"}
BY_THRESHOLD = ("size", "expected_wait", "per_agent")
"""Rules of one kind may stand several times, the higher amount first."""


def queue_settings(name: str, text: QueueText) -> QueueSettings:
    plain = {field: getattr(text, field) for field in text.__struct_fields__ if field not in TRANSLATED}
    return QueueSettings(
        queue=QueueId(name),
        strategy=Strategy(text.strategy),
        requires=text.requires,
        relax=tuple(RelaxSettings(after_s=step.after_s, requires=step.requires) for step in text.relax),
        results_window=ResultsWindow(text.results_window),
        named=tuple(NamedBy(by) for by in text.named),
        overflow=tuple(
            OverflowSettings(when=OverflowWhen(rule.when), to=rule.to, at_least=rule.at_least) for rule in text.overflow
        ),
        **plain,
    )


def tier_settings(tiers: Mapping[str, TierText]) -> tuple[TierSettings, ...]:
    return tuple(
        TierSettings(
            tier=name,
            head_start_s=tier.head_start_s,
            priority=tier.priority,
            wait_ceiling_s=tier.wait_ceiling_s,
        )
        for name, tier in tiers.items()
    )


def own_holidays(text: HolidaysText) -> tuple[int, ...]:
    """Days since 1970-01-01; those that are no dates are told by ``check_routing``."""
    days = (_day(day) for day in text.also)
    return tuple(sorted(day.toordinal() - date(1970, 1, 1).toordinal() for day in days if day is not None))


def second_of(clock: str) -> int:
    """Of the local day; 24:00 is its end."""
    hour, minute = clock.split(":")
    return int(hour) * 3600 + int(minute) * 60


def check_routing(text: CentreText, flows: FlowSet | None, wrong: Wrong) -> None:
    """``flows`` None: they could not be read, so that nobody knows which skills their queues ask for."""
    for name, queue in text.queues.items():
        _check_relaxing(name, queue, None if flows is None else _asked_by_calls(name, text, flows), wrong)
        _check_overflow(name, queue, text, wrong)
        _check_limits(name, queue, wrong)
        if queue.ring_all_max != RING_ALL_USUALLY and queue.strategy != Strategy.RING_ALL.value:
            what = f"queue {name}: ring_all_max does nothing here, where one phone rings at a time"
            wrong(("queues", name, "ring_all_max"), what, f"strategy is {queue.strategy}; ring_all rings several")
    for circle in _circles(text.queues):
        wrong(("queues", circle[0], "overflow"), f"callers would go round in a circle: {' → '.join(circle)}")
    hours = text.callback_hours
    if second_of(hours.opens) >= second_of(hours.closes):
        hint = "closes must be later on the same day; 24:00 is its end"
        wrong(("callback_hours", "closes"), f"callbacks are never dialled: {hours.opens} to {hours.closes}", hint)
    for day in text.holidays.also:
        if _day(day) is None:
            wrong(("holidays", "also", day), f"{day} is no date", "such as 2026-10-02")


def _asked_by_calls(name: str, text: CentreText, flows: FlowSet) -> dict[str, int]:
    """What callers of this queue may ask for by themselves: by language and line, and by the nodes of flows."""
    nodes = (node for flow in flows.flows for node in flow.nodes.values())
    return highest(
        *(language.skills for language in text.languages.values()),
        *(line.skills for line in text.lines.values()),
        *(node.skills for node in nodes if isinstance(node, QueueNode) and node.queue == name),
    )


def _check_relaxing(name: str, queue: QueueText, asked: Mapping[str, int] | None, wrong: Wrong) -> None:
    levels = highest({name: queue.minimum_level, **queue.requires}, asked or {})
    before_s = 0
    for number, step in enumerate(queue.relax):
        path = ("queues", name, "relax", number)
        if step.after_s <= before_s:
            wrong(path, f"queue {name}: the steps of relax must stand in the order of after_s")
        before_s = step.after_s
        for skill, level in step.requires.items():
            if skill not in levels:
                if asked is not None:
                    what = f"queue {name}: relax names the skill {skill}, which neither the queue nor any call asks for"
                    wrong((*path, "requires", skill), what, nearest(skill, levels))
            elif level > levels[skill]:
                what = f"queue {name}: relax raises {skill} from {levels[skill]} to {level}"
                wrong((*path, "requires", skill), what, "a step may only lower what is asked for")
            else:
                levels[skill] = level


def _check_overflow(name: str, queue: QueueText, text: CentreText, wrong: Wrong) -> None:
    for number, rule in enumerate(queue.overflow):
        path: Sequence[str | int] = ("queues", name, "overflow", number)
        known = [*text.queues, REFUSED]
        if rule.to not in known:
            hint = nearest(rule.to, known) or f"one of {', '.join(known)}"
            wrong((*path, "to"), f"queue {name}: overflow leads to {rule.to}, which is no queue", hint)
        if rule.when in NEEDS_AMOUNT and rule.at_least < 1:
            wrong(path, f"queue {name}: overflow by {rule.when} needs at_least", NEEDS_AMOUNT[rule.when])
        before = [other for other in queue.overflow[:number] if other.when == rule.when]
        if any(rule.when not in BY_THRESHOLD or other.at_least <= rule.at_least for other in before):
            wrong(path, f"queue {name}: this rule is never looked at: another one by {rule.when} stands before it")


def _check_limits(name: str, queue: QueueText, wrong: Wrong) -> None:
    """What would come only after a caller has left, or without effect, is a mistake that nobody would see."""
    for path, amount, limit in _amounts(queue):
        if amount >= getattr(queue, limit):
            what = f"queue {name}: {path[0]} never takes effect"
            wrong(("queues", name, *path), what, f"{limit} is {getattr(queue, limit)}")
    for number, step in enumerate(queue.relax):
        if not step.requires:
            wrong(("queues", name, "relax", number), f"queue {name}: a step of relax lowers nothing", "requires: …")
    if name in queue.requires:
        what = f"queue {name}: how much of its own skill it asks for is minimum_level"
        wrong(("queues", name, "requires", name), what, f"minimum_level: {queue.requires[name]}")
    for by in queue.named[1:]:
        if queue.named.count(by) > 1:
            wrong(("queues", name, "named"), f"queue {name}: {by} stands twice in named")


def _amounts(queue: QueueText) -> Iterator[tuple[tuple[str | int, ...], int, str]]:
    """(where it stands, how much, the limit that it must stay below)"""
    for number, rule in enumerate(queue.overflow):
        if rule.when == "wait":
            yield ("overflow", number), rule.at_least, "maximum_wait_s"
        elif rule.when == "size":
            yield ("overflow", number), rule.at_least - 1, "maximum_waiting"
    for number, step in enumerate(queue.relax):
        yield ("relax", number), step.after_s, "maximum_wait_s"
    yield ("wait_ceiling_s",), queue.wait_ceiling_s, "maximum_wait_s"


def _circles(queues: Mapping[str, QueueText]) -> Iterator[tuple[str, ...]]:
    """Every way that leads back to its beginning, told once."""
    told: list[frozenset[str]] = []
    for start in queues:
        ways: list[tuple[str, ...]] = [(start,)]
        while ways:
            way = ways.pop()
            for rule in queues[way[-1]].overflow:
                if rule.to == start and frozenset(way) not in told:
                    told.append(frozenset(way))
                    yield (*way, start)
                elif rule.to in queues and rule.to not in way:
                    ways.append((*way, rule.to))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
