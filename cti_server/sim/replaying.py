"""What a replay is run with: a file that names queues, what each class of logged calls gets, and who may serve it.

Checked as a whole, each mistake with its line (`load_plan` raises DataErrors). Decides nothing about calls.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from cti_server.core.settings import TierSettings
from cti_server.core.vocabulary import Strategy
from cti_server.sim.scenario import Name, SimulatedQueue
from datafiles.problems import DataErrors, Problem, nearest
from datafiles.reading import Tree, line_at, read_file
from datafiles.shaping import shape


class ClassRule(msgspec.Struct, frozen=True, kw_only=True):
    """``skills``: what its calls ask of agents, besides their queue."""

    queue: Name
    priority: Annotated[int, Meta(ge=0, le=9)] = 0
    skills: dict[str, Annotated[int, Meta(ge=1, le=10)]] = {}


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """``classes``: by the log's class, or ``other``. ``skills``: ``from_log`` (who served at least ``least_share`` of
    the answered calls of a queue, or of those that ask for a skill) or ``all``. ``break_after_s``,
    ``away_if_waited_s``: when a pause between two calls of an agent counts as away (`calllog.shifts`). ``draws``: how
    often the unknown is drawn anew."""

    replay: Name
    mapping: str
    queues: tuple[SimulatedQueue, ...]
    classes: dict[str, ClassRule]
    says: str = ""
    tiers: tuple[TierSettings, ...] = ()
    work_order: Literal["due_first", "level_first"] = "due_first"
    skills: Literal["from_log", "all"] = "from_log"
    least_share: Annotated[float, Meta(ge=0, le=1)] = 0.01
    break_after_s: Annotated[float, Meta(ge=1, le=86_400)] = 900
    away_if_waited_s: Annotated[float, Meta(ge=0, le=86_400)] = 30
    after_call_s: Annotated[float, Meta(ge=0, le=3600)] = 0
    draws: Annotated[int, Meta(ge=2, le=1000)] = 10
    seed: int = 1

    def rule_of(self, class_of: str) -> ClassRule:
        return self.classes.get(class_of) or self.classes["other"]


def load_plan(path: Path) -> Plan:
    tree, problems = read_file(path)
    plan = None
    if tree is not None:
        plan, found = shape(tree, Plan, str(path))
        problems += found
    if plan is not None and tree is not None:
        problems = list(_problems(plan, tree, path))
    if plan is None or problems:
        raise DataErrors(problems)
    return plan


def _problems(plan: Plan, tree: Tree, path: Path) -> Iterable[Problem]:
    known = [queue.queue for queue in plan.queues]
    strategies = [strategy.value for strategy in Strategy]
    if not (path.parent / plan.mapping).is_file():
        yield Problem(str(path), line_at(tree, ("mapping",)), f"there is no file {plan.mapping} beside it")
    for index, queue in enumerate(plan.queues):
        if queue.queue in known[:index]:
            yield Problem(str(path), line_at(tree, ("queues", index)), f"there are two queues {queue.queue}")
        if queue.strategy not in strategies:
            hint = nearest(queue.strategy, strategies) or f"one of {', '.join(strategies)}"
            line = line_at(tree, ("queues", index, "strategy"))
            yield Problem(str(path), line, f"there is no strategy {queue.strategy}", hint)
    for name, rule in plan.classes.items():
        if rule.queue not in known:
            line = line_at(tree, ("classes", name, "queue"))
            yield Problem(str(path), line, f"there is no queue {rule.queue}", nearest(rule.queue, known))
    if "other" not in plan.classes:
        yield Problem(str(path), line_at(tree, ("classes",)), "classes lacks other: what calls of no other class get")
