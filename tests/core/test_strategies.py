"""Which of several free agents is chosen: each strategy by its own measure, and fair to who comes late."""

import msgspec

from cti_server.core.entities import Agent, State
from cti_server.core.inputs import DesktopConnected
from cti_server.core.settings import QueueSettings
from cti_server.core.strategies import rank
from cti_server.core.tallies import AgentDay
from cti_server.core.vocabulary import AgentId, AgentMode, Micros, ResultsWindow, Strategy
from tests.core.house import CARE, KIM, LEE, ORDERS, PARK, SECOND, SETTINGS, House, assert_delivered, profile

HOUR = 3_600 * SECOND
NOON = 1_000 * 24 * HOUR + 3 * HOUR
"""12:00 in Seoul."""
MIDNIGHT = NOON - 12 * HOUR


def agent(
    number: AgentId, *, idle_s: int = 0, hours: float = 1.0, answered: int = 0, talk_s: int = 0, handling_s: int = 0
) -> Agent:
    figures = AgentDay(
        answered=answered,
        talk_us=talk_s * SECOND,
        logged_us=int(hours * HOUR),
        ready_us=int(hours * HOUR) - handling_s * SECOND,
        handling_us=handling_s * SECOND,
    )
    return Agent(
        agent=number,
        profile=profile(number),
        mode=AgentMode.READY,
        phone_registered=True,
        idle_since=Micros(NOON - idle_s * SECOND),
        accounted_at=Micros(NOON),
        today=figures,
        shift=figures,
    )


def chosen(strategy: Strategy, *agents: Agent, state: State | None = None, now: int = NOON) -> AgentId:
    settings = QueueSettings(queue=ORDERS, title={}, strategy=strategy)
    kept = state or State()
    ranks = [rank(settings, one, state=kept, now=now, begins=MIDNIGHT, level=1) for one in agents]
    return AgentId(min(ranks)[-1])


def test_even_answered_gives_to_who_has_answered_least_an_hour() -> None:
    assert chosen(Strategy.EVEN_ANSWERED, agent(KIM, answered=9), agent(LEE, answered=8)) == LEE


def test_results_are_in_proportion_to_the_time_logged_in() -> None:
    """Ten in two hours are fewer than six in one."""
    assert chosen(Strategy.EVEN_ANSWERED, agent(KIM, answered=10, hours=2), agent(LEE, answered=6)) == KIM


def test_who_comes_late_is_not_flooded() -> None:
    """One call in the first five minutes is more than ten in an hour: the next one goes to the others."""
    late = agent(LEE, answered=1, hours=1 / 12)
    assert chosen(Strategy.EVEN_ANSWERED, agent(KIM, answered=10), late) == KIM
    assert chosen(Strategy.EVEN_ANSWERED, agent(KIM, answered=10), agent(LEE, answered=0, hours=0.01)) == LEE


def test_even_talk_gives_to_who_has_talked_least() -> None:
    few_long, many_short = agent(KIM, answered=2, talk_s=900), agent(LEE, answered=9, talk_s=600)
    assert chosen(Strategy.EVEN_TALK, few_long, many_short) == LEE


def test_callbacks_and_dialled_calls_count_like_answered_ones() -> None:
    kim = agent(KIM, answered=5)
    kim.today.dialled = 5
    assert chosen(Strategy.EVEN_ANSWERED, kim, agent(LEE, answered=9)) == LEE


def test_lowest_occupancy_gives_to_who_was_least_busy() -> None:
    assert chosen(Strategy.LOWEST_OCCUPANCY, agent(KIM, handling_s=1800), agent(LEE, handling_s=1700)) == LEE


def test_the_present_idleness_counts() -> None:
    """Both were busy for half the time; one has been free for another hour."""
    rested, kim = agent(LEE, handling_s=1800), agent(KIM, handling_s=1800)
    rested.accounted_at = Micros(NOON - HOUR)
    assert chosen(Strategy.LOWEST_OCCUPANCY, kim, rested) == LEE


def test_yesterdays_figures_are_over_at_midnight() -> None:
    kim = agent(KIM, answered=50)
    kim.accounted_at = Micros(MIDNIGHT - HOUR)
    assert chosen(Strategy.EVEN_ANSWERED, kim, agent(LEE, answered=1)) == KIM


def test_since_log_on_is_another_window() -> None:
    settings = QueueSettings(
        queue=ORDERS, title={}, strategy=Strategy.EVEN_ANSWERED, results_window=ResultsWindow.LOG_ON
    )
    kim, lee = agent(KIM, answered=9), agent(LEE, answered=5)
    kim.shift = AgentDay(logged_us=HOUR)
    ranks = [rank(settings, one, state=State(), now=NOON, begins=MIDNIGHT) for one in (kim, lee)]
    assert min(ranks)[-1] == KIM


def test_equals_go_by_idle_time_and_then_by_number() -> None:
    for strategy in (Strategy.EVEN_ANSWERED, Strategy.EVEN_TALK, Strategy.LOWEST_OCCUPANCY):
        assert chosen(strategy, agent(KIM, idle_s=5), agent(LEE, idle_s=6)) == LEE
        assert chosen(strategy, agent(LEE, idle_s=5), agent(KIM, idle_s=5)) == KIM


def house_of(strategy: Strategy, *, seed: int = 0) -> House:
    orders = msgspec.structs.replace(SETTINGS.queues[0], strategy=strategy, after_call_work_s=0)
    settings = msgspec.structs.replace(SETTINGS, queues=(orders, SETTINGS.queues[1]), routing_seed=seed)
    people = (profile(KIM, skills={ORDERS: 1}), profile(LEE, skills={ORDERS: 5}), profile(PARK, skills={ORDERS: 3}))
    house = House(settings=settings, agents=people)
    house.at_work(KIM, LEE, PARK)
    return house


def offered_in_turn(house: House, count: int) -> list[AgentId | None]:
    offered = []
    for _ in range(count):
        call = house.arrive("direct")
        offered.append(call.agent)
        house.hang_up(call)
        house.now += SECOND
    return offered


def restart(house: House) -> None:
    house.crash(adopted=())
    for agent in (KIM, LEE, PARK):
        house.tell(DesktopConnected(agent=agent))


def test_round_robin_goes_round() -> None:
    assert offered_in_turn(house_of(Strategy.ROUND_ROBIN), 5) == [KIM, LEE, PARK, KIM, LEE]


def test_round_robin_goes_on_after_a_restart() -> None:
    house = house_of(Strategy.ROUND_ROBIN)
    assert offered_in_turn(house, 2) == [KIM, LEE]
    restart(house)
    assert offered_in_turn(house, 2) == [PARK, KIM]


def test_top_down_always_begins_with_the_best() -> None:
    house = house_of(Strategy.TOP_DOWN)
    first, second = house.arrive("direct"), house.arrive("direct")
    assert_delivered(house, first, to=LEE)
    assert_delivered(house, second, to=PARK)


def test_random_is_the_same_for_a_seed_and_reaches_everybody() -> None:
    first, again = (offered_in_turn(house_of(Strategy.RANDOM, seed=1), 12) for _ in range(2))
    assert first == again
    assert sorted(dict.fromkeys(first)) == [KIM, LEE, PARK]
    assert offered_in_turn(house_of(Strategy.RANDOM, seed=2), 12) != first


def test_random_goes_on_after_a_restart_as_it_would_have() -> None:
    unbroken, broken = house_of(Strategy.RANDOM), house_of(Strategy.RANDOM)
    expected = offered_in_turn(unbroken, 8)
    got = offered_in_turn(broken, 4)
    restart(broken)
    assert got + offered_in_turn(broken, 4) == expected


def test_random_is_even() -> None:
    draws = [0, 0, 0]
    people = [agent(number) for number in (KIM, LEE, PARK)]
    for draw in range(3_000):
        draws[chosen(Strategy.RANDOM, *people, state=State(draws=draw)) - 1] += 1
    assert all(900 < count < 1_100 for count in draws)


def test_another_queue_keeps_its_own_strategy() -> None:
    house = house_of(Strategy.TOP_DOWN)
    assert {line.settings.queue: line.settings.strategy for line in house.centre.surroundings.index.lines.values()} == {
        ORDERS: Strategy.TOP_DOWN,
        CARE: Strategy.LONGEST_IDLE,
    }
