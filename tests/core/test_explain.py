"""Why somebody was offered a call, and why nobody else: told from the journal, the same as it was decided."""

from dataclasses import replace as replace_scenario

import msgspec
import pytest

from cti_server.core import events as e
from cti_server.core import inputs as i
from cti_server.core.availability import Exclusion
from cti_server.core.explain import Decision, decision, explain
from cti_server.core.settings import AgentProfile, CentreSettings, QueueSettings, RelaxSettings, TierSettings
from cti_server.core.state import State, apply
from cti_server.core.vocabulary import CallId, NamedBy, Strategy, WorkOrder
from cti_server.sim.scenarios import Scenario, busy_day, sample_settings
from cti_server.sim.world import World
from tests.core.house import CARE, KIM, LEE, ORDERS, PARK, SECOND, SETTINGS, House, profile

ENGLISH = QueueSettings(
    queue=ORDERS,
    title={},
    requires={"english": 3},
    relax=(RelaxSettings(after_s=20, requires={"english": 1}), RelaxSettings(after_s=40, requires={"english": 0})),
)


def house_with(queue: QueueSettings, *agents: AgentProfile) -> House:
    settings = msgspec.structs.replace(SETTINGS, queues=(queue, SETTINGS.queues[1]))
    return House(settings=settings, agents=agents or (profile(KIM), profile(LEE)))


def test_a_skill_that_is_relaxed_is_told_with_the_moment() -> None:
    house = house_with(ENGLISH, profile(KIM, skills={ORDERS: 1, "english": 1}))
    house.at_work(KIM)
    call = house.arrive("direct")
    assert call.agent is None
    queued_at = house.now
    house.wait(25)
    assert call.agent == KIM
    found = explain(house.journal, call.call)
    assert found is not None
    (run,) = found.non_offers
    assert (run.from_at, run.until_at) == (queued_at, queued_at + 20 * SECOND)
    assert (run.reason.rule, run.reason.skill, run.reason.has, run.reason.asked) == (Exclusion.SKILL, "english", 1, 3)
    assert run.ended_by == "CallRequirementRelaxed"


def test_everybody_is_told_of_with_the_first_rule_that_holds() -> None:
    house = House(agents=(profile(KIM), profile(LEE), profile(PARK, skills={CARE: 1})))
    house.at_work(KIM, PARK)
    call = house.arrive("direct")
    found = explain(house.journal, call.call)
    assert found is not None
    (offer,) = found.decisions
    assert offer.agent == KIM and offer.rule == Strategy.LONGEST_IDLE and offer.is_reproduced
    assert offer.excluded == {"logged_off": 1, "skill": 1}
    reasons = {candidate.agent: candidate.reason for candidate in offer.candidates}
    assert reasons[KIM] is None
    assert reasons[LEE] is not None and reasons[LEE].rule is Exclusion.LOGGED_OFF
    assert reasons[PARK] is not None and reasons[PARK].skill == ORDERS


def test_the_next_best_and_a_tie_are_told() -> None:
    house = House()
    house.at_work(LEE, KIM)
    call = house.arrive("direct")
    found = explain(house.journal, call.call)
    assert found is not None
    (offer,) = found.decisions
    assert (offer.agent, offer.runner_up) == (LEE, KIM)
    assert offer.rank < offer.runner_up_rank
    assert [candidate.rank for candidate in offer.candidates] == [offer.runner_up_rank, offer.rank]


def test_a_call_that_rings_at_everybody_is_told_with_each_of_them() -> None:
    """Who was rung, beside whom, who joined, and why somebody who was free was not."""
    house = house_with(QueueSettings(queue=ORDERS, title={}, strategy=Strategy.RING_ALL, ring_all_max=2),
                       profile(KIM), profile(LEE), profile(PARK))  # fmt: skip
    house.at_work(KIM)
    call = house.arrive("direct")
    house.now += SECOND
    house.at_work(LEE, PARK)
    house.now += SECOND
    house.tell(i.DeclineCall(agent=KIM, call=call.call))
    house.now += SECOND
    house.hang_up(call)
    found = explain(house.journal, call.call)
    assert found is not None
    assert [(offer.agent, offer.beside) for offer in found.decisions] == [(KIM, ()), (LEE, (KIM,)), (PARK, (LEE,))]
    assert all(offer.is_reproduced and offer.rule == Strategy.RING_ALL for offer in found.decisions)
    assert found.decisions[1].excluded == {"logged_off": 1, "rung": 1}
    rung = {candidate.agent: candidate.reason for candidate in found.decisions[1].candidates}[KIM]
    assert rung is not None and rung.rule is Exclusion.RUNG
    rules = {(run.agent, run.reason.rule) for run in found.non_offers}
    assert (PARK, Exclusion.FULL) in rules and (KIM, Exclusion.NOT_READY) in rules
    assert not any(rule is Exclusion.ORDER for _, rule in rules)


def test_an_unknown_call_has_no_explanation() -> None:
    assert explain(House().journal, CallId(4711)) is None


def routed(strategy: Strategy) -> CentreSettings:
    sample = sample_settings()
    orders, care = sample.queues
    return msgspec.structs.replace(
        sample,
        queues=(
            msgspec.structs.replace(
                orders,
                strategy=strategy,
                requires={"english": 2},
                relax=(RelaxSettings(after_s=10, requires={"english": 0}),),
                wait_ceiling_s=50,
                named=(NamedBy.LAST_AGENT,),
            ),
            msgspec.structs.replace(care, strategy=strategy, weight=3, wait_ceiling_s=30),
        ),
        tiers=(TierSettings(tier="gold", head_start_s=30), TierSettings(tier="vip", head_start_s=60, priority=1)),
        work_order=WorkOrder.LEVEL_FIRST if strategy is Strategy.TOP_DOWN else WorkOrder.DUE_FIRST,
    )


def scenario(strategy: Strategy) -> Scenario:
    day = busy_day(steps=700)
    people = tuple(
        msgspec.structs.replace(agent, skills={**agent.skills, "english": agent.agent % 4}) for agent in day.agents
    )
    return replace_scenario(day, settings=routed(strategy), agents=people)


@pytest.mark.parametrize("strategy", list(Strategy))
@pytest.mark.parametrize("seed", range(3))
def test_deciding_again_from_the_journal_gives_the_same_for_every_offer(strategy: Strategy, seed: int) -> None:
    """Through crashes, returned calls, relaxed skills and ceilings: what the journal explains is what was decided."""
    world = World(seed=seed, scenario=scenario(strategy))
    world.run()
    state = State()
    offers: list[Decision] = []
    for data in world.journal:
        event = msgspec.msgpack.decode(data, type=e.AnyEvent)
        if isinstance(event, e.Delivered):
            offers.append(decision(state, event))
        apply(state, event)
    assert len(offers) > 5
    assert [offer for offer in offers if not offer.is_reproduced] == []
    for offer in offers:
        able = [candidate.agent for candidate in offer.candidates if candidate.reason is None]
        assert offer.agent in able


def test_nobody_free_and_able_is_ever_passed_by_for_a_while() -> None:
    """No non-offer lasts because of another call: who is free and able is offered at once."""
    world = World(seed=4, scenario=scenario(Strategy.LONGEST_IDLE))
    world.run()
    journal = [msgspec.msgpack.decode(data, type=e.AnyEvent) for data in world.journal]
    calls = [event.call for event in journal if isinstance(event, e.CallQueued)]
    for call in dict.fromkeys(calls):
        found = explain(journal, call)
        assert found is not None
        assert [run for run in found.non_offers if run.reason.rule is Exclusion.ORDER] == []
