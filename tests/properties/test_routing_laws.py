"""Laws of routing that hold in every history: nobody starves, order is kept, and nothing depends on chance outside."""

import dataclasses
import os
import subprocess
import sys

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_server.core import events as e
from cti_server.core.entities import Agent, Call, State
from cti_server.core.explain import reason_of
from cti_server.core.index import Index
from cti_server.core.lines import order_of
from cti_server.core.routing import decide
from cti_server.core.settings import AgentProfile, QueueSettings, RelaxSettings
from cti_server.core.skills import first_stage, stages
from cti_server.core.state import apply
from cti_server.core.vocabulary import (
    AgentId,
    AgentMode,
    CallId,
    CallPhase,
    Direction,
    Extension,
    Micros,
    QueueId,
    RaisedBy,
    Strategy,
)
from cti_server.core.waits import RAISED_RANK
from cti_server.sim.world import World
from tests.core.test_explain import scenario
from tests.shared_data import ROOT

QUEUES = tuple(
    QueueSettings(
        queue=QueueId(name),
        title={},
        requires={"english": 2},
        relax=(RelaxSettings(after_s=10, requires={"english": 1}), RelaxSettings(after_s=20, requires={"english": 0})),
        strategy=strategy,
    )
    for name, strategy in (("a", Strategy.LONGEST_IDLE), ("b", Strategy.TOP_DOWN), ("c", Strategy.ROUND_ROBIN))
)
NAMES = st.sampled_from([queue.queue for queue in QUEUES])
SKILLS = st.dictionaries(NAMES, st.integers(1, 3), max_size=3)
AGENTS = st.lists(st.tuples(SKILLS, st.integers(0, 3), st.integers(0, 50)), max_size=8)
ASKS = st.sampled_from([{}, {}, {"english": 3}, {"french": 1}, {"a": 2}, {"english": 1, "french": 1}])
CALLS = st.lists(
    st.tuples(NAMES, st.integers(-2, 0), st.integers(0, 50), st.integers(0, 2), st.booleans(), ASKS), max_size=12
)
Drawn = tuple[QueueId, int, int, int, bool, dict[str, int]]


def people(drawn: list[tuple[dict[QueueId, int], int, int]]) -> list[Agent]:
    return [
        Agent(
            agent=AgentId(number),
            profile=AgentProfile(
                agent=AgentId(number),
                extension=Extension(str(number)),
                skills={**skills, "english": english, "french": idle % 2},
            ),
            mode=AgentMode.READY,
            phone_registered=True,
            idle_since=Micros(idle),
        )
        for number, (skills, english, idle) in enumerate(drawn, 1)
    ]


def callers(drawn: list[Drawn]) -> list[Call]:
    return [
        Call(
            call=CallId(number),
            direction=Direction.INBOUND,
            phase=CallPhase.QUEUED,
            arrived_at=Micros(0),
            since=Micros(0),
            queue=queue,
            key=e.OrderKey(rank=rank, due_at=due, sequence=number),
            stage=stage,
            returned=returned,
            asks=asks,
        )
        for number, (queue, rank, due, stage, returned, asks) in enumerate(drawn, 100)
    ]


def able(agent: Agent, call: Call) -> bool:
    settings_ = next(queue for queue in QUEUES if queue.queue == call.queue)
    stage = first_stage(agent.profile.skills, stages(settings_, call.asks))
    return stage is not None and stage <= call.stage


@settings(max_examples=300, deadline=None)
@given(AGENTS, CALLS)
def test_everybody_who_can_be_matched_is_and_in_order(
    agents: list[tuple[dict[QueueId, int], int, int]], calls: list[Drawn]
) -> None:
    """Matched one after another until nothing is left: each time the first call that any free agent is able to take."""
    free, waiting = people(agents), callers(calls)
    index, state = Index(QUEUES, free, waiting), State()
    while (match := decide(index, state, 100)) is not None:
        call = next(call for call in waiting if call.call == match.call)
        agent = next(agent for agent in free if agent.agent == match.agent)
        servable = [other for other in waiting if any(able(one, other) for one in free)]
        assert able(agent, call) and order_of(call) == min(order_of(other) for other in servable)
        assert match.candidates == sum(able(one, call) for one in free)
        waiting.remove(call)
        free.remove(agent)
        call.phase, agent.mode = CallPhase.RESERVED, AgentMode.NOT_READY
        index.sync_call(call.call, call)
        index.sync_agent(agent.agent, agent)
    assert not any(able(agent, call) for agent in free for call in waiting)
    assert not index.dirty


@settings(max_examples=150, deadline=None)
@given(AGENTS, CALLS)
def test_the_lists_say_the_same_whether_followed_or_built_anew(
    agents: list[tuple[dict[QueueId, int], int, int]], calls: list[Drawn]
) -> None:
    free, waiting = people(agents), callers(calls)
    followed = Index(QUEUES, free, waiting)
    for call in waiting[::2]:
        call.stage = min(2, call.stage + 1)
        followed.sync_call(call.call, call)
    for agent in free[::2]:
        agent.mode = AgentMode.LOGGED_OFF
        followed.sync_agent(agent.agent, agent)
    anew = Index(QUEUES, free, waiting)
    for queue in QUEUES:
        mine, other = followed.lines[queue.queue], anew.lines[queue.queue]
        assert (mine.waiting, mine.idle) == (other.waiting, other.idle)
        assert followed.waiting(queue.queue) == anew.waiting(queue.queue)
        for call in waiting:
            of, beside = followed.line_for(queue.queue, call.asks), anew.line_for(queue.queue, call.asks)
            assert (of.waiting, of.idle) == (beside.waiting, beside.idle)
            for ask in ("idle", "logged_on", "staff"):
                assert getattr(followed, ask)(queue.queue, call.asks) == getattr(anew, ask)(queue.queue, call.asks)
    for call in waiting:
        same_queue = [other for other in waiting if other.queue == call.queue]
        assert followed.position(call.call) == 1 + sum(order_of(other) < order_of(call) for other in same_queue)


@pytest.mark.parametrize("strategy", [Strategy.LONGEST_IDLE, Strategy.TOP_DOWN, Strategy.EVEN_TALK])
@pytest.mark.parametrize("seed", range(4))
def test_nobody_starves_beyond_the_ceiling(strategy: Strategy, seed: int) -> None:
    """Once a wait has reached its ceiling, no call that has not is given to anybody who is able to take this one."""
    few = scenario(strategy)
    few = dataclasses.replace(few, agents=few.agents[:3], patience_s=300, arrival_every_s=3)
    world = World(seed=seed, scenario=few)
    world.run()
    state, raised = State(), 0
    for data in world.journal:
        event = msgspec.msgpack.decode(data, type=e.AnyEvent)
        raised += isinstance(event, e.CallReordered) and event.why is RaisedBy.WAIT_CEILING
        if isinstance(event, e.CallDelivered):
            given_, agent = state.calls[event.call], state.agents[event.agent]
            assert given_.key is not None
            for call in state.calls.values():
                waits = call.phase is CallPhase.QUEUED and call.key is not None and call.key.rank <= RAISED_RANK
                if waits and given_.key.rank > RAISED_RANK:
                    assert reason_of(state, call, agent) is not None, f"call {call.call} starves"
        apply(state, event)
    assert raised > 0


def test_routing_does_not_depend_on_how_python_hashes() -> None:
    script = (
        "from cti_server.core.vocabulary import Strategy;"
        "from cti_server.sim.world import World;"
        "from tests.core.test_explain import scenario;"
        "print([World(seed=7, scenario=scenario(s)).run().trace for s in Strategy])"
    )
    traces = [
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert traces[0] == traces[1]
    assert len(dict.fromkeys(traces[0].split(","))) == len(Strategy)
