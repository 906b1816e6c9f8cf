"""What one routing decision costs, beside a plain heap that does nothing but keep the same numbers in order.

    python -m tests.benchmarks.bench_routing

The run: agents become free one after another, each takes a call, and a new call comes in its place, so that as many
wait all the time. Counted is ``routing.decide`` with everything that keeps the index true: the agent freed, the match,
call and agent taken out, the new call put in. Journal, events and the rest of the Centre are off. The floor makes the
same run with a plain heap of waiting calls and one of free agents for each queue: the agent pushed on those of the
queues served, the first of their calls popped, the agent popped again, the new call pushed. ``bare_per_s`` is one heap
of calls and one of agents without any queues, which nothing that knows queues can reach.

``ratio`` = decisions / floor. Then one dimension after another is doubled (``growth``: time for a decision, beside
the plain run), every strategy is run with fewer callers than agents so that many are free (``free_us``: time of one
decision with as many candidates as stand behind it), and a whole day goes through the real Centre (``day_s``, of
which the processor had ``day_cpu_s``: on a machine that others use, compare that).
"""

import heapq
import json
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from cti_server.core.entities import Agent, Call, Queue, State
from cti_server.core.events import OrderKey
from cti_server.core.routing import Index, decide
from cti_server.core.settings import AgentProfile, CentreSettings, QueueSettings
from cti_server.core.vocabulary import (
    AgentId,
    AgentMode,
    CallId,
    CallPhase,
    Direction,
    Extension,
    Micros,
    Occupation,
    QueueId,
    Strategy,
)
from cti_server.sim.scenario import load
from cti_server.sim.simulate import simulate

DECISIONS = 10_000
# The bench should not be charged for looking up members of enumerations.
IDLE, TAKEN, RESERVED = Occupation.IDLE, Occupation.RESERVED, CallPhase.RESERVED
FREE_DECISIONS = 300
ROUNDS = 3
STEP_US = 1_000
DAY = """
scenario: bench_day
says: 27,000 calls in nine hours, 500 agents
opens_at: "09:00"
warm_up_s: 0
measured_s: 32400
replications: 1
seed: 1
service_levels_s: [20]
queues:
  - {queue: orders}
agents:
  - group: everybody
    count: 500
    skills: {orders: 5}
    shifts:
      - {begins: "09:00", ends: "18:00"}
callers:
  - class: orders
    queue: orders
    arrivals: {kind: poisson, per_hour: 3000}
    talk: {kind: exponential, mean_s: 400}
    after_call: {kind: constant, value_s: 60}
    patience: {kind: exponential, mean_s: 180}
"""


class Size(msgspec.Struct, frozen=True, kw_only=True):
    agents: int = 1_000
    queues: int = 50
    waiting: int = 10_000
    skills: int = 5


class Floor:
    """The centre of the bench: calls and agents as the index sees them."""

    def __init__(self, size: Size, strategy: Strategy = Strategy.LONGEST_IDLE, *, free: bool = False) -> None:
        random = Random(7)
        self.random = random
        self.names = [QueueId(f"q{number}") for number in range(size.queues)]
        self.settings = CentreSettings(
            queues=tuple(QueueSettings(queue=name, title={}, strategy=strategy) for name in self.names)
        )
        self.state = State(settings=self.settings)
        self.state.queues = {name: Queue(queue=name) for name in self.names}
        self.now = 1_000_000_000_000
        self.sequence = 0
        self.agents = [self._agent(number, random.sample(self.names, size.skills)) for number in range(size.agents)]
        for agent in self.agents:
            agent.occupation = Occupation.IDLE if free else Occupation.CONNECTED
            agent.idle_since = Micros(self.now + agent.agent)
        self.index = Index(self.settings.queues, self.agents, ())
        self.calls: dict[int, Call] = {}
        for _ in range(0 if free else size.waiting):
            self.arrive()
        self.index.dirty.clear()

    def _agent(self, number: int, skills: list[QueueId]) -> Agent:
        profile = AgentProfile(
            agent=AgentId(number + 1), extension=Extension(str(number)), skills=dict.fromkeys(skills, 5)
        )
        agent = Agent(agent=profile.agent, profile=profile, mode=AgentMode.READY, phone_registered=True)
        agent.today.answered = number % 37
        agent.accounted_at = Micros(1_000_000_000_000)
        return agent

    def make(self) -> Call:
        self.sequence += 1
        return Call(
            call=CallId(self.sequence),
            direction=Direction.INBOUND,
            phase=CallPhase.QUEUED,
            arrived_at=Micros(self.now),
            since=Micros(self.now),
            queue=self.random.choice(self.names),
            key=OrderKey(rank=0, due_at=self.now, sequence=self.sequence),
        )

    def arrive(self, call: Call | None = None) -> None:
        call = call or self.make()
        self.calls[call.call] = call
        self.index.sync_call(call.call, call)

    def free(self, agent: Agent) -> None:
        self.now += STEP_US
        agent.occupation = IDLE
        agent.idle_since = Micros(self.now)
        self.index.sync_agent(agent.agent, agent)

    def match(self) -> bool:
        match = decide(self.index, self.state, self.now)
        if match is None:
            return False
        call = self.calls.pop(match.call)
        call.phase = RESERVED
        self.index.sync_call(call.call, call)
        agent = self.agents[match.agent - 1]
        agent.occupation = TAKEN
        self.index.sync_agent(agent.agent, agent)
        return True


def run() -> dict[str, Any]:
    plain = min(_decision_us(Size()) for _ in range(ROUNDS))
    floor = min(_floor_us(Size()) for _ in range(ROUNDS))
    return {
        "decisions_per_s": round(1e6 / plain),
        "floor_per_s": round(1e6 / floor),
        "ratio": round(floor / plain, 3),
        "bare_per_s": round(1e6 / min(_bare_us(Size()) for _ in range(ROUNDS))),
        "decision_us": round(plain, 1),
        "growth": {
            name: round(_decision_us(size) / plain, 2)
            for name, size in (
                ("agents_x2", Size(agents=2_000)),
                ("queues_x2", Size(queues=100)),
                ("waiting_x2", Size(waiting=20_000)),
                ("skills_x2", Size(skills=10)),
            )
        },
        "free_us": {strategy.value: round(_free_us(strategy), 1) for strategy in Strategy},
        "free_candidates": 100,
        **_day(),
    }


def _decision_us(size: Size) -> float:
    """One agent after another becomes free; there is always somebody waiting for each."""
    centre = Floor(size)
    coming = [centre.make() for _ in range(DECISIONS)]
    order = [centre.agents[number % size.agents] for number in range(DECISIONS)]
    matched = 0
    began = time.perf_counter()
    for agent, call in zip(order, coming, strict=True):
        centre.free(agent)
        matched += centre.match()
        centre.arrive(call)
    took = time.perf_counter() - began
    assert matched > DECISIONS * 0.9, matched
    return took / matched * 1e6


def _floor_us(size: Size) -> float:
    """The same run with a heap of calls and one of free agents for each queue, and nothing else."""
    random = Random(7)
    serves = [random.sample(range(size.queues), size.skills) for _ in range(size.agents)]
    waiting: list[list[tuple[int, int, int, int, int]]] = [[] for _ in range(size.queues)]
    free: list[list[tuple[int, int]]] = [[] for _ in range(size.queues)]
    coming = [(0, 1, number, number, number) for number in range(size.waiting + DECISIONS)]
    queues = [random.randrange(size.queues) for _ in coming]
    for call in coming[: size.waiting]:
        heapq.heappush(waiting[queues[call[-1]]], call)
    order = [(number, number % size.agents) for number in range(DECISIONS)]
    began = time.perf_counter()
    for entry, call in zip(order, coming[size.waiting :], strict=True):
        mine = serves[entry[1]]
        for queue in mine:
            heapq.heappush(free[queue], entry)
        first = min(waiting[queue][0] for queue in mine if waiting[queue])
        heapq.heappop(waiting[queues[first[-1]]])
        for queue in mine:
            heapq.heappop(free[queue])
        heapq.heappush(waiting[queues[call[-1]]], call)
    return (time.perf_counter() - began) / DECISIONS * 1e6


def _bare_us(size: Size) -> float:
    """One heap of calls and one of agents, whoever serves what: less than routing can do with."""
    waiting = [(0, 1, number, number, number) for number in range(size.waiting)]
    free: list[tuple[int, int]] = []
    began = time.perf_counter()
    for number in range(DECISIONS):
        heapq.heappush(free, (number, number % size.agents))
        heapq.heappop(free)
        heapq.heappop(waiting)
        later = size.waiting + number
        heapq.heappush(waiting, (0, 1, later, later, later))
    return (time.perf_counter() - began) / DECISIONS * 1e6


def _free_us(strategy: Strategy) -> float:
    """All agents are free and one call comes: time of ``decide`` alone. 1,000 agents of 5 of 50 queues: about 100
    candidates."""
    centre = Floor(Size(), strategy, free=True)
    took = 0.0
    for _ in range(FREE_DECISIONS):
        centre.arrive()
        began = time.perf_counter()
        match = decide(centre.index, centre.state, centre.now)
        took += time.perf_counter() - began
        assert match is not None
        centre.match()
        centre.free(centre.agents[match.agent - 1])
    return took / FREE_DECISIONS * 1e6


def _day() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "day.yaml"
        file.write_text(DAY, encoding="utf-8")
        scenario = load(file)
        began, cpu_began = time.perf_counter(), time.process_time()
        simulate(scenario, folder=Path(folder), seed=1, replications=1)
        return {
            "day_s": round(time.perf_counter() - began, 2),
            "day_cpu_s": round(time.process_time() - cpu_began, 2),
        }


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
