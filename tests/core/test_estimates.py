"""What a waiting caller is told: an estimate that knows how sure it is, and that never rises without a reason."""

import msgspec

from cti_server.core import events as e
from cti_server.core.entities import Call, Queue
from cti_server.core.estimates import Estimate, expected, to_say
from cti_server.core.fold_shared import departed, joined
from cti_server.core.state import apply
from cti_server.core.vocabulary import CallId, CallPhase, Direction, Micros
from tests.core.house import KIM, LEE, ORDERS, SECOND, SETTINGS, House, profile


def queue_with(*, departures: int, every_s: float, staff: int) -> Queue:
    """So many callers left a queue that was never empty."""
    queue = Queue(queue=ORDERS, staff=staff)
    now = 0
    for _ in range(departures + 1):
        joined(queue, Micros(now))
    for _ in range(departures):
        now += int(every_s * SECOND)
        departed(queue, Micros(now))
    return queue


def told(seconds: int | None, *, staff: int = 4, is_raised: bool = False) -> Call:
    call = Call(
        call=CallId(1), direction=Direction.INBOUND, phase=CallPhase.QUEUED, arrived_at=Micros(0), since=Micros(0)
    )
    call.told_s, call.told_staff, call.told_raised = seconds, staff, is_raised
    return call


def of(seconds: int) -> Estimate:
    return Estimate(seconds=seconds, low=seconds // 2, high=seconds * 2)


def test_the_place_times_the_pace() -> None:
    queue = queue_with(departures=40, every_s=10, staff=4)
    estimate = expected(queue, staff=4, place=3)
    assert estimate is not None and estimate.seconds == 30
    assert estimate.low < 30 < estimate.high


def test_half_the_agents_take_twice_the_time() -> None:
    queue = queue_with(departures=40, every_s=10, staff=4)
    few = expected(queue, staff=2, place=3)
    assert few is not None and few.seconds == 60


def test_the_interval_is_relatively_narrower_far_back() -> None:
    queue = queue_with(departures=40, every_s=10, staff=1)
    near, far = expected(queue, staff=1, place=1), expected(queue, staff=1, place=25)
    assert near is not None and far is not None
    assert (far.high - far.low) / far.seconds < (near.high - near.low) / near.seconds
    assert (near.low, near.high) == (1, 23), "the 10 % and 90 % points of an exponential time of ten seconds"


def test_nothing_is_said_before_enough_is_known_or_when_nobody_is_at_work() -> None:
    assert expected(queue_with(departures=4, every_s=10, staff=4), staff=4, place=1) is None
    assert expected(queue_with(departures=40, every_s=10, staff=4), staff=0, place=1) is None


def test_who_did_not_wait_says_nothing_about_the_pace() -> None:
    queue = Queue(queue=ORDERS, staff=3)
    for second in range(20):
        joined(queue, Micros(second * SECOND))
        departed(queue, Micros(second * SECOND))
    assert queue.departures == 0 and queue.busy_since is None and queue.in_line == 0


def test_what_was_said_does_not_rise() -> None:
    said = to_say(told(40), of(70), staff=4)
    assert said.estimate.seconds == 40 and not said.is_raised and said.estimate.high == 140
    assert to_say(told(40), of(30), staff=4).estimate.seconds == 30


def test_it_is_raised_once_when_agents_left_and_said_as_a_change() -> None:
    said = to_say(told(40), of(70), staff=3)
    assert said.estimate.seconds == 70 and said.is_raised
    again = to_say(told(70, staff=3, is_raised=True), of(90), staff=2)
    assert again.estimate.seconds == 70 and not again.is_raised


def test_the_pace_is_learnt_from_those_who_leave_the_front() -> None:
    house = House(settings=msgspec.structs.replace(SETTINGS, pop_wait_ms=0), agents=(profile(KIM), profile(LEE)))
    house.at_work(KIM)
    house.talking("direct")
    waiting = [house.arrive("direct") for _ in range(8)]
    for call in waiting[:6]:
        house.now += 10 * SECOND
        house.hang_up(call)
    queue = house.state.queues[ORDERS]
    assert (queue.departures, queue.in_line) == (6, 2)
    estimate = expected(queue, staff=house.centre.surroundings.index.staff(ORDERS), place=2)
    assert estimate is not None and estimate.seconds == 20


def test_what_a_caller_was_told_is_an_event_and_is_kept() -> None:
    house = House()
    call = house.arrive("direct")
    apply(
        house.state,
        e.WaitAnnounced(at=Micros(house.now), call=call.call, queue=ORDERS, position=3, expected_s=50, staff=2),
    )
    assert (call.told_s, call.told_staff, call.told_raised) == (50, 2, False)
