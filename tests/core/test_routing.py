"""Who gets which work: order, skills, longest idle, and the same outcome every time."""

from cti_server.core import inputs as i
from cti_server.core.entities import Agent, Call, State
from cti_server.core.events import OrderKey
from cti_server.core.routing import Index, Match
from cti_server.core.routing import decide as decide_with
from cti_server.core.settings import QueueSettings
from cti_server.core.vocabulary import (
    AgentId,
    AgentMode,
    CallId,
    CallPhase,
    Direction,
    Micros,
    QueueId,
)
from tests.core.house import CARE, KIM, LEE, ORDERS, PARK, House, assert_delivered, profile

QUEUES = (QueueSettings(queue=ORDERS, title={}), QueueSettings(queue=CARE, title={}, minimum_level=3))


def agent(number: AgentId, *, idle_since: int, **skills: int) -> Agent:
    return Agent(
        agent=number,
        profile=profile(number, skills=skills),
        mode=AgentMode.READY,
        phone_registered=True,
        idle_since=Micros(idle_since),
    )


def call(number: int, queue: QueueId, *, rank: int = 0, due_at: int = 0, returned: bool = False) -> Call:
    return Call(
        call=CallId(number),
        direction=Direction.INBOUND,
        phase=CallPhase.QUEUED,
        arrived_at=Micros(0),
        since=Micros(0),
        queue=queue,
        key=OrderKey(rank=rank, due_at=due_at, sequence=number),
        returned=returned,
    )


def decide(index: Index) -> Match | None:
    return decide_with(index, State(), 0)


def index_of(agents: list[Agent], calls: list[Call]) -> Index:
    return Index(QUEUES, agents, calls)


def test_one_caller_gets_the_longest_idle() -> None:
    index = index_of([agent(KIM, idle_since=5, orders=1), agent(LEE, idle_since=3, orders=1)], [call(9, ORDERS)])
    match = decide(index)
    assert match is not None and (match.call, match.agent, match.queue) == (9, LEE, ORDERS)
    assert (match.rank, match.runner_up, match.runner_up_rank, match.candidates) == ((3, LEE), KIM, (5, KIM), 2)


def test_equal_idle_times_go_to_the_smaller_number() -> None:
    index = index_of([agent(LEE, idle_since=3, orders=1), agent(KIM, idle_since=3, orders=1)], [call(9, ORDERS)])
    match = decide(index)
    assert match is not None and match.agent == KIM


def test_one_agent_takes_what_is_due_first_over_all_queues() -> None:
    calls = [call(1, ORDERS, due_at=20), call(2, CARE, due_at=10)]
    match = decide(index_of([agent(KIM, idle_since=0, orders=1, care=3)], calls))
    assert match is not None and match.call == 2


def test_the_class_goes_before_the_wait_and_the_returned_before_their_class() -> None:
    calls = [
        call(1, ORDERS, due_at=0),
        call(2, ORDERS, due_at=5, returned=True),
        call(3, ORDERS, due_at=9, rank=-1),
    ]
    index = index_of([], calls)
    assert [index.position(CallId(number)) for number in (3, 2, 1)] == [1, 2, 3]


def test_arrival_decides_between_equals() -> None:
    index = index_of([], [call(2, ORDERS), call(1, ORDERS)])
    assert index.position(CallId(1)) == 1


def test_a_level_below_the_queues_minimum_does_not_serve_it() -> None:
    index = index_of([agent(KIM, idle_since=0, care=2)], [call(1, CARE)])
    assert decide(index) is None
    index.sync_agent(LEE, agent(LEE, idle_since=0, care=3))
    assert decide(index) is None, "people are known to the index when it is built"


def test_nobody_is_matched_twice() -> None:
    people = [agent(KIM, idle_since=0, orders=1)]
    waiting = [call(1, ORDERS), call(2, ORDERS)]
    index = index_of(people, waiting)
    assert decide(index) is not None
    people[0].mode = AgentMode.NOT_READY
    index.sync_agent(KIM, people[0])
    assert decide(index) is None
    assert not index.dirty


def test_facts_about_a_queue() -> None:
    index = index_of([agent(KIM, idle_since=0, orders=1), agent(LEE, idle_since=0, care=3)], [call(1, ORDERS)])
    assert (index.waiting(ORDERS), index.idle(ORDERS), index.logged_on(ORDERS)) == (1, 1, 1)
    assert index.position(CallId(7)) == 0
    index.sync_call(CallId(1), None)
    assert index.waiting(ORDERS) == 0


def test_a_caller_of_the_class_above_goes_first_in_the_house_too() -> None:
    house = House(agents=(profile(KIM), profile(LEE), profile(PARK)))
    first, second = house.arrive("direct"), house.arrive("care")
    house.at_work(PARK)
    assert_delivered(house, first, to=PARK)
    house.at_work(LEE)
    assert_delivered(house, second, to=LEE)


def test_new_skills_count_at_once() -> None:
    house = House(agents=(profile(KIM, skills={CARE: 1}),))
    house.at_work(KIM)
    call_ = house.arrive("direct")
    assert call_.agent is None
    house.tell(i.EnrolAgents(agents=(profile(KIM, skills={ORDERS: 1}),)))
    assert_delivered(house, call_, to=KIM)
