"""The same callers for the real Centre and for the reference: builds both, and compares every call."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cti_server.core.settings import AgentProfile, CentreSettings, LineSettings, QueueSettings
from cti_server.core.vocabulary import AgentId, Extension, QueueId, Strategy, WorkOrder
from cti_server.sim.day import flow_of
from cti_server.sim.distributions import ENDLESS_US, Constant, Draws, Poisson
from cti_server.sim.driver import ABANDONED, ANSWERED, Calls, Driver, Outcomes, Person
from cti_server.sim.scenario import Callbacks, CallerClass
from ivr.model import Flow, FlowSet, QueueNode
from tests.simulation import reference
from tests.simulation.reference import Day, House, Pool

HOUR_US = 3_600_000_000
FOREVER_US = 40 * 365 * 24 * HOUR_US
AFTER_CALL_LIMIT_S = 604_800


@dataclass(slots=True, kw_only=True)
class Callers:
    """By call, in order of arrival; microseconds. ``kind`` names a queue, or a class of one queue."""

    at: list[int]
    kind: list[int]
    patience: list[int]
    talk: list[int]
    after_call: list[int]
    dial: list[int] = field(default_factory=list)
    """Of those who ask to be called back as soon as they have to wait: how long dialling takes; 0: stays."""


def callers(
    per_hour: Sequence[float],
    count: int,
    *,
    seed: int,
    mean_s: float = 180.0,
    patience_s: float | None = None,
    after_call_s: float = 0.0,
) -> Callers:
    """Poisson arrivals, exponential times; kinds by their rates."""
    random = np.random.Generator(np.random.PCG64(seed))
    rates = np.array(per_hour)
    at = _micros(np.cumsum(random.standard_exponential(count)) * 3600 / rates.sum())
    kind = np.searchsorted(np.cumsum(rates / rates.sum()), random.random(count), side="right")
    patience = random.standard_exponential(count) * (patience_s or 0)
    return Callers(
        at=at.tolist(),
        kind=np.minimum(kind, len(rates) - 1).tolist(),
        patience=_micros(patience).tolist() if patience_s else [ENDLESS_US] * count,
        talk=_micros(random.standard_exponential(count) * mean_s).tolist(),
        after_call=_micros(random.standard_exponential(count) * after_call_s).tolist(),
    )


def by_reference(house: House, given: Callers) -> Day:
    service = [talk + work for talk, work in zip(given.talk, given.after_call, strict=True)]
    return reference.simulate(house, given.at, given.kind, given.patience, service, given.dial)


def by_centre(
    given: Callers,
    pools: Sequence[Pool],
    *,
    strategy: Strategy = Strategy.LONGEST_IDLE,
    work_order: WorkOrder = WorkOrder.DUE_FIRST,
    priorities: Sequence[int] | None = None,
    languages: bool = False,
    seed: int = 1,
) -> Outcomes:
    """Kinds are queues of their own, or, with ``priorities``, classes of one queue, or, with ``languages``, callers of
    one queue who each ask for a skill of their own."""
    kinds = max(given.kind) + 1
    queues = ["q0"] if priorities or languages else [f"q{kind}" for kind in range(kinds)]
    lines = [f"line{kind}" for kind in range(kinds)]
    works = any(given.after_call)
    settings = CentreSettings(
        queues=tuple(
            QueueSettings(
                queue=QueueId(queue),
                title={},
                strategy=strategy,
                after_call_work_s=AFTER_CALL_LIMIT_S if works else 0,
                maximum_waiting=10**9,
                maximum_wait_s=10**9,
                callbacks="automatic",
            )
            for queue in queues
        ),
        lines=tuple(
            LineSettings(
                line=line,
                flow=line if priorities or given.dial else f"queue:{queues[0 if languages else kind]}",
                skills={f"language{kind}": 1} if languages else {},
            )
            for kind, line in enumerate(lines)
        ),
        work_order=work_order,
        routing_seed=seed,
        pop_wait_ms=0,
        record_calls=False,
        call_limit_s=10**9,
        dial_timeout_s=3_600,
        flow_limit_s=10**9,
    )
    flows = [_flow(line, priority) for line, priority in zip(lines, priorities or (), strict=False)]
    if given.dial:
        flows = [_asking_flow(line) for line in lines]
    driver = Driver(settings=settings, people=_people(pools, queues), flows=FlowSet(flows=tuple(flows)))
    return driver.run(
        Calls(
            at=given.at,
            line=[lines[kind] for kind in given.kind],
            patience=given.patience,
            talk=given.talk,
            after_call=given.after_call,
            asks_after=[0 if dial else ENDLESS_US for dial in given.dial],
            dial=given.dial,
            unreached=[0] * len(given.dial),
        )
    )


def assert_every_wait_is_the_same(given: Callers, outcomes: Outcomes, day: Day, *, also_agents: bool = True) -> None:
    for call, at in enumerate(given.at):
        waited = outcomes.taken_at[call] - at if outcomes.fate[call] == ANSWERED else None
        answered_at = day.answered_at[call]
        expected = answered_at - at if answered_at >= 0 else None
        assert waited == expected, f"call {call} at {at}: the centre {waited} µs, the reference {expected} µs"
        if waited is None:
            assert outcomes.fate[call] == ABANDONED and outcomes.left_at[call] == at + given.patience[call]
        elif also_agents:
            assert outcomes.agent[call] == day.agent[call] + 1, f"call {call} has another agent"


def _people(pools: Sequence[Pool], queues: Sequence[str]) -> list[Person]:
    people: list[Person] = []
    for pool in pools:
        serves = queues if len(queues) == 1 else [queues[kind] for kind in pool.serves]
        for _ in range(pool.count):
            number = len(people) + 1
            levels = {queue: 10 - place for place, queue in enumerate(serves)}
            levels |= {f"language{kind}": 1 for kind in pool.serves}
            profile = AgentProfile(agent=AgentId(number), extension=Extension(str(number)), skills=levels)
            people.append(Person(profile=profile, shifts=((0, FOREVER_US),), pace=pool.pace))
    return people


def _flow(line: str, priority: int) -> Flow:
    node = QueueNode(queue="q0", priority=priority, announce_at_start=False)
    return Flow(id=line, version="1", title={}, languages=("en",), start="queue", nodes={"queue": node})


def _asking_flow(line: str) -> Flow:
    callbacks = Callbacks(share=1)
    return flow_of(
        CallerClass(name=line, queue="q0", arrivals=Poisson(per_hour=1), talk=Constant(value_s=1), callbacks=callbacks),
        name=line,
    )


def _micros(seconds: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Draws:
    return np.rint(seconds * 1e6).astype(np.int64)
