"""The calls of a log once more, through the real routing with another configuration, or with two beside each other.

    result = replay(log, plan)                  # or compare(log, plan, against=other)

Known of each call: when it came, its class, how long it was served, or when it hung up. Not known, and drawn anew in
each of the plan's draws: how long those would have waited who were answered (Kaplan–Meier by class, `survival.py`), and
how long those would have been served who hung up (from the served calls of their class). Luck belongs to the call, so
two configurations get the same. The agents are those of the log, in shifts inferred from it (`calllog.py`). The same
seed gives the same bytes. Decides nothing about calls: the Centre does.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cti_server.core.settings import AgentProfile, CentreSettings, LineSettings, QueueSettings
from cti_server.core.skills import highest
from cti_server.core.vocabulary import AgentId, Extension, QueueId, ResultsWindow, Strategy, WorkOrder
from cti_server.sim.calllog import Log, LoggedCall, shifts
from cti_server.sim.day import AFTER_CALL_LIMIT_S, MIDNIGHT_US, ZONE_S
from cti_server.sim.distributions import SECOND_US
from cti_server.sim.driver import ANSWERED, Calls, Driver, Person
from cti_server.sim.replaying import ClassRule, Plan
from cti_server.sim.survival import Survival, kaplan_meier
from ivr.model import Flow, FlowSet, QueueNode

HANG_UPS_LEAST = 30
"""A class with fewer hang-ups shares the patience of all."""
PATIENCE, SERVICE = range(2)
Waits = npt.NDArray[np.float64]
Answered = npt.NDArray[np.bool_]
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Draw:
    """By call of the log: answered?, and the time in the queue in seconds."""

    answered: Answered
    waited_s: Waits


@dataclass(frozen=True, slots=True)
class Replayed:
    plan: Plan
    draws: tuple[Draw, ...]


def as_it_was(log: Log) -> Draw:
    return Draw(
        answered=np.array([call.service_s is not None for call in log.calls]),
        waited_s=np.array([call.waited_s for call in log.calls]),
    )


def replay(log: Log, plan: Plan, *, luck_of: Plan | None = None, tell: Tell | None = None) -> Replayed:
    """``luck_of``: the plan whose seed, number of draws and inference of shifts are used."""
    luck = luck_of or plan
    patience = _patience_by_class(log)
    served = _services_by_class(log)
    on_duty = _on_duty(log, luck)
    skills = _skills(log, plan)
    days: dict[str, list[LoggedCall]] = defaultdict(list)
    for call in log.calls:
        days[call.day].append(call)
    draws = []
    for number in range(luck.draws):
        if tell is not None:
            tell(f"{plan.replay}: draw {number + 1} of {luck.draws}")
        lives = _lives(log, patience, served, seed=luck.seed, draw=number)
        answered = np.zeros(len(log.calls), bool)
        waited_s = np.zeros(len(log.calls))
        for day in sorted(days):
            _replay_day(plan, day, days[day], lives, on_duty, skills, answered, waited_s)
        draws.append(Draw(answered, waited_s))
    return Replayed(plan, tuple(draws))


def _on_duty(log: Log, plan: Plan) -> dict[tuple[str, str], list[tuple[float, float]]]:
    """Shifts are a matter of the log: those of the first plan hold for both."""
    return shifts(
        log.calls,
        queue_of=lambda call: _kind(plan.rule_of(call.class_of)),
        serves={
            agent: [_kind(rule) for rule in plan.classes.values() if {rule.queue, *rule.skills} <= skills.keys()]
            for agent, skills in _skills(log, plan).items()
        },
        break_after_s=plan.break_after_s,
        away_if_waited_s=plan.away_if_waited_s,
    )


# --- what is not known -----------------------------------------------------------------------------------------------


def _patience_by_class(log: Log) -> dict[str, Survival]:
    waits: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for call in log.calls:
        waits[call.class_of].append((call.waited_s, call.service_s is None))
    everybody = kaplan_meier([wait for each in waits.values() for wait in each])
    return {
        name: kaplan_meier(each) if sum(gone for _, gone in each) >= HANG_UPS_LEAST else everybody
        for name, each in waits.items()
    }


def _services_by_class(log: Log) -> dict[str, list[float]]:
    served: dict[str, list[float]] = defaultdict(list)
    for call in log.calls:
        if call.service_s is not None:
            served[call.class_of].append(call.service_s)
    everybody = [service_s for each in served.values() for service_s in each]
    return {call.class_of: served[call.class_of] or everybody for call in log.calls}


def _lives(
    log: Log, patience: dict[str, Survival], served: dict[str, list[float]], *, seed: int, draw: int
) -> list[tuple[float, float]]:
    """(patience, service) of each call in seconds: what is known, and the rest by luck."""
    random = [np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, draw, what]))) for what in range(2)]
    luck = [each.random(len(log.calls)).tolist() for each in random]
    lives = []
    for call in log.calls:
        mine = luck[PATIENCE][call.number], luck[SERVICE][call.number]
        if call.service_s is None:
            choices = served[call.class_of]
            lives.append((call.waited_s, choices[int(mine[SERVICE] * len(choices))]))
        else:
            stays_s = patience[call.class_of].draw(mine[PATIENCE], longer_than_s=call.waited_s)
            lives.append((stays_s, call.service_s))
    return lives


def _skills(log: Log, plan: Plan) -> dict[str, dict[str, int]]:
    """By agent: queues at level 1, and the skills that calls ask for at the level that is enough for all of them."""
    served: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for call in log.calls:
        if call.service_s is not None:
            rule = plan.rule_of(call.class_of)
            for name in (rule.queue, *rule.skills):
                served[call.agent][name] += 1
    queues = {queue.queue: 1 for queue in plan.queues}
    levels = highest(queues, *(rule.skills for rule in plan.classes.values()))
    total: dict[str, int] = defaultdict(int)
    for counts in served.values():
        for queue, count in counts.items():
            total[queue] += count
    if plan.skills == "all":
        return dict.fromkeys(served, levels)
    found = {}
    for agent, counts in served.items():
        most = max(filter(queues.get, counts), key=lambda queue: counts[queue])
        enough = [name for name, count in counts.items() if count >= plan.least_share * total[name]]
        has_a_queue = any(name in queues for name in enough)
        found[agent] = {name: levels[name] for name in (enough if has_a_queue else (most, *enough))}
    return found


# --- one day ---------------------------------------------------------------------------------------------------------


def _replay_day(
    plan: Plan,
    day: str,
    calls: Sequence[LoggedCall],
    lives: Sequence[tuple[float, float]],
    on_duty: dict[tuple[str, str], list[tuple[float, float]]],
    skills: dict[str, dict[str, int]],
    answered: Answered,
    waited_s: Waits,
) -> None:
    """Fills in what became of the day's calls."""
    in_order = sorted(calls, key=lambda call: (call.entered_s, call.number))
    people = [
        _person(number, skills[agent], parts)
        for number, (agent, parts) in enumerate(
            ((agent, parts) for (its_day, agent), parts in on_duty.items() if its_day == day), start=1
        )
    ]
    driver = Driver(settings=_settings(plan), people=people, flows=_flows(plan), opens_at_us=MIDNIGHT_US)
    outcomes = driver.run(
        Calls(
            at=[round(call.entered_s * SECOND_US) for call in in_order],
            line=[_line(plan.rule_of(call.class_of)) for call in in_order],
            patience=[round(lives[call.number][0] * SECOND_US) for call in in_order],
            talk=[round(lives[call.number][1] * SECOND_US) for call in in_order],
            after_call=[round(plan.after_call_s * SECOND_US)] * len(in_order),
            tier=[call.tier for call in in_order] if plan.tiers else [],
        )
    )
    for index, call in enumerate(in_order):
        answered[call.number] = outcomes.fate[index] == ANSWERED
        waited_s[call.number] = outcomes.left_at[index] / SECOND_US - call.entered_s


def _person(number: int, skills: dict[str, int], parts: Sequence[tuple[float, float]]) -> Person:
    profile = AgentProfile(agent=AgentId(number), extension=Extension(str(number)), skills=skills)
    return Person(
        profile=profile, shifts=[(round(begins * SECOND_US), round(ends * SECOND_US)) for begins, ends in parts]
    )


def _kind(rule: ClassRule) -> str:
    """Those whom the same agents serve."""
    return rule.queue + "".join(f"+{skill}{level}" for skill, level in sorted(rule.skills.items()))


def _line(rule: ClassRule) -> str:
    return f"{_kind(rule)}:{rule.priority}"


def _settings(plan: Plan) -> CentreSettings:
    rules = {_line(rule): rule for rule in plan.classes.values()}
    return CentreSettings(
        version=plan.replay,
        queues=tuple(
            QueueSettings(
                queue=QueueId(queue.queue),
                title={},
                strategy=Strategy(queue.strategy),
                minimum_level=queue.minimum_level,
                requires=queue.requires,
                relax=queue.relax,
                weight=queue.weight,
                wait_ceiling_s=queue.wait_ceiling_s,
                results_window=ResultsWindow(queue.results_window),
                results_hours=queue.results_hours,
                ring_all_max=queue.ring_all_max,
                after_call_work_s=AFTER_CALL_LIMIT_S if plan.after_call_s else 0,
                maximum_waiting=queue.maximum_waiting,
                maximum_wait_s=queue.maximum_wait_s,
            )
            for queue in plan.queues
        ),
        lines=tuple(
            LineSettings(
                line=line,
                flow=line if rule.priority else f"queue:{rule.queue}",
                opening="always_open",
                skills=rule.skills,
            )
            for line, rule in rules.items()
        ),
        tiers=plan.tiers,
        work_order=WorkOrder(plan.work_order),
        routing_seed=plan.seed,
        time_zone_offset_s=ZONE_S,
        pop_wait_ms=0,
        record_calls=False,
        call_limit_s=AFTER_CALL_LIMIT_S,
        flow_limit_s=AFTER_CALL_LIMIT_S,
    )


def _flows(plan: Plan) -> FlowSet:
    flows = []
    for line, rule in {_line(rule): rule for rule in plan.classes.values() if rule.priority}.items():
        node = QueueNode(queue=rule.queue, priority=rule.priority, announce_at_start=False)
        flows.append(Flow(id=line, version="1", title={}, languages=("en",), start="queue", nodes={"queue": node}))
    return FlowSet(flows=tuple(flows))
