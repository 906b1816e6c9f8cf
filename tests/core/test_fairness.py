"""How even a day was, and what explains a difference."""

from msgspec import structs

from cti_server.core.entities import Agent, State
from cti_server.core.fairness import Share, Why, fairness
from cti_server.core.settings import CentreSettings, LanguageSettings
from cti_server.core.tallies import AgentDay
from cti_server.core.vocabulary import AgentId, AgentMode, Micros, Occupation
from tests.core.house import CARE, KIM, LEE, ORDERS, PARK, SECOND, SETTINGS, House, profile

HOUR = 3_600 * SECOND
NOON = 1_000 * 24 * HOUR + 3 * HOUR


def worker(
    number: AgentId, *, calls: int, hours: float = 4, ready: float = 0.5, missed: int = 0, **skills: int
) -> Agent:
    logged = int(hours * HOUR)
    day = AgentDay(
        answered=calls, missed=missed, logged_us=logged, ready_us=int(logged * ready), handling_us=int(logged * 0.4)
    )
    return Agent(
        agent=number,
        profile=profile(number, skills=skills or {ORDERS: 1}),
        mode=AgentMode.READY,
        accounted_at=Micros(NOON),
        today=day,
    )


def shares(*agents: Agent) -> dict[AgentId, Share]:
    settings: CentreSettings = SETTINGS
    state = State(settings=settings, agents={agent.agent: agent for agent in agents})
    return {share.agent: share for share in fairness(state, NOON)}


def test_small_differences_are_chance() -> None:
    found = shares(worker(KIM, calls=40), worker(LEE, calls=46))
    assert [share.why for share in found.values()] == [Why.WITHIN_SPREAD] * 2
    assert found[KIM].expected_calls == 43 and found[KIM].spread == 13.1


def test_the_expected_share_goes_by_the_time_at_work() -> None:
    found = shares(worker(KIM, calls=60, hours=4), worker(LEE, calls=30, hours=2))
    assert (found[KIM].expected_calls, found[LEE].expected_calls) == (60, 30)


def test_a_difference_without_a_reason_is_called_so() -> None:
    found = shares(worker(KIM, calls=100), worker(LEE, calls=20))
    assert found[KIM].why is Why.UNEXPLAINED and found[LEE].why is Why.UNEXPLAINED


def test_missed_offers_explain_fewer_calls() -> None:
    found = shares(worker(KIM, calls=60), worker(LEE, calls=15, missed=30), worker(PARK, calls=60))
    assert found[LEE].why is Why.MISSED_OFFERS


def test_people_with_other_queues_are_compared_among_themselves() -> None:
    found = shares(worker(KIM, calls=90, orders=1, care=1), worker(LEE, calls=10, care=1))
    assert [share.why for share in found.values()] == [Why.WITHIN_SPREAD] * 2
    assert found[KIM].queues == (ORDERS, CARE)


def test_people_who_speak_what_callers_ask_for_are_compared_among_themselves() -> None:
    speaks = {ORDERS: 1, "english": 2}
    workers = [worker(KIM, calls=90, **speaks), worker(LEE, calls=20), worker(PARK, calls=20, orders=1, english=1)]
    people = {agent.agent: agent for agent in workers}
    languages = (LanguageSettings(language="en", skills={"english": 2}),)
    settings = structs.replace(SETTINGS, languages=languages)
    found = fairness(State(settings=settings, agents=people), NOON)
    assert [(share.why, share.expected_calls) for share in found] == [
        (Why.WITHIN_SPREAD, 90),
        (Why.WITHIN_SPREAD, 20),
        (Why.WITHIN_SPREAD, 20),
    ]


def test_a_whole_call_falls_into_the_figures_of_its_agent() -> None:
    """Ready, offered, talking and writing: each second is counted once."""
    house = House(agents=(profile(KIM),))
    house.at_work(KIM)
    ready_since = house.now - SECOND
    house.wait(60)
    call = house.arrive("direct")
    house.wait(0.1)
    house.show_card(call)
    house.ring(call)
    house.wait(5)
    house.lift(call)
    house.wait(120)
    house.hang_up(call)
    house.wait(10)
    assert house.agent(KIM).occupation is Occupation.AFTER_CALL_WORK
    (share,) = fairness(house.state, house.now)
    assert share.calls == 1 and share.talk_s == 120
    assert share.logged_s == (house.now - ready_since) // SECOND
    assert share.idle_share == round(61 / (house.now - ready_since) * SECOND, 4)
    assert share.occupancy == round(130 / 191, 4)
