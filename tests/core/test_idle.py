"""Free beside waiting callers: from when until when, by which rule, and never without one."""

import msgspec

from cti_server.core import events as e
from cti_server.core import inputs as i
from cti_server.core.availability import Exclusion
from cti_server.core.explain import explain
from cti_server.core.idle import IdleRun, IdleRuns
from cti_server.core.settings import AgentProfile, QueueSettings, RelaxSettings
from cti_server.core.state import State, apply
from cti_server.core.vocabulary import AgentId, Strategy
from cti_server.sim.world import World
from tests.core.house import CARE, KIM, LEE, ORDERS, PARK, SECOND, SETTINGS, House, profile
from tests.core.test_explain import scenario

ENGLISH = QueueSettings(
    queue=ORDERS, title={}, requires={"english": 3}, relax=(RelaxSettings(after_s=20, requires={"english": 1}),)
)


def house_with(*agents: AgentProfile) -> House:
    return House(settings=msgspec.structs.replace(SETTINGS, queues=(ENGLISH, SETTINGS.queues[1])), agents=agents)


def runs_of(house: House, agent: AgentId) -> list[IdleRun]:
    state = State()
    runs = IdleRuns(state)
    for event in house.journal:
        apply(state, event)
        runs.follow(event)
    return list(runs.of(agent))


def test_a_run_tells_the_call_the_rule_and_what_ended_it() -> None:
    house = house_with(profile(KIM, skills={ORDERS: 1, "english": 1}))
    house.at_work(KIM)
    call = house.arrive("direct")
    queued_at = house.now
    house.wait(25)
    assert call.agent == KIM
    (run,) = runs_of(house, KIM)
    assert (run.call, run.queue, run.calls) == (call.call, ORDERS, 1)
    assert (run.from_at, run.until_at) == (queued_at, queued_at + 20 * SECOND)
    assert (run.reason.rule, run.reason.skill, run.reason.has, run.reason.asked) == (Exclusion.SKILL, "english", 1, 3)
    assert run.ended_by == "CallRequirementRelaxed"


def test_the_same_rule_beside_one_call_after_the_other_is_one_run() -> None:
    house = house_with(profile(PARK, skills={CARE: 1}), profile(KIM, skills={ORDERS: 1, "english": 3}))
    house.at_work(PARK)
    house.at_work(KIM)
    house.tell(i.SetNotReady(agent=KIM, reason="break"))
    first = house.arrive("direct")
    began = house.now
    house.wait(5)
    house.arrive("direct")
    house.hang_up(first)
    house.wait(5)
    house.tell(i.SetReady(agent=KIM))
    (run,) = runs_of(house, PARK)
    assert (run.from_at, run.calls, run.reason.skill) == (began, 2, ORDERS)
    assert runs_of(house, KIM) == []


def test_nobody_is_idle_beside_a_call_while_not_ready_or_while_nobody_waits() -> None:
    house = house_with(profile(KIM, skills={ORDERS: 1, "english": 0}), profile(LEE, skills={ORDERS: 1, "english": 0}))
    house.at_work(KIM, LEE)
    house.wait(100)
    house.tell(i.SetNotReady(agent=LEE, reason="break"))
    call = house.arrive("direct")
    began = house.now
    house.wait(7)
    house.hang_up(call)
    house.wait(50)
    assert [(run.from_at, run.ended_by) for run in runs_of(house, KIM)] == [(began, "CallLeftQueue")]
    assert runs_of(house, LEE) == []


def test_a_run_that_lasts_is_told_up_to_now() -> None:
    house = house_with(profile(KIM, skills={ORDERS: 1}))
    house.at_work(KIM)
    house.arrive("direct")
    house.wait(10)
    house.arrive("direct")
    (run,) = runs_of(house, KIM)
    assert run.ended_by == "" and run.until_at == house.state.last_at > run.from_at


def test_the_runs_of_wild_days_agree_with_what_is_told_of_each_call() -> None:
    """Whatever a call's own explanation says of somebody free, the day's runs say too, at the same moments."""
    count = 0
    for seed in range(6):
        world = World(seed=seed, scenario=scenario(Strategy.LONGEST_IDLE))
        world.run()
        journal = [msgspec.msgpack.decode(data, type=e.AnyEvent) for data in world.journal]
        state = State()
        runs = IdleRuns(state)
        for event in journal:
            apply(state, event)
            runs.follow(event)
        for run in (run for agent in state.agents for run in runs.of(agent)):
            told = explain(journal, run.call)
            assert told is not None and run.reason.rule is not Exclusion.ORDER
            then = [o for o in told.non_offers if o.agent == run.agent and o.from_at <= run.from_at < o.until_at]
            assert [one.reason for one in then] == [run.reason], run
            count += 1
    assert count > 20
