"""What a waiting caller is told: an estimate that knows how sure it is, and that never rises without a reason."""

import msgspec

from cti_server.core import events as e
from cti_server.core.entities import Call, Queue
from cti_server.core.estimates import Estimate, by_pace, expected, group_of, to_say
from cti_server.core.fold_waits import END_PPM_MAX, END_PPM_MIN, departed, joined, learn
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


def taught(queue: Queue, waits_s: list[int], *, place: int = 3, is_favoured: bool = False) -> Queue:
    """Callers of whom a wait was foretold, and how long each waited."""
    for wait_s in waits_s:
        foretold = by_pace(queue, staff=4, place=place, is_favoured=is_favoured)
        assert foretold is not None
        learn(queue, foretold, wait_s * SECOND)
    return queue


def test_callers_who_waited_longer_than_foretold_make_the_next_one_hear_it() -> None:
    queue = taught(queue_with(departures=40, every_s=10, staff=4), [45] * 20)
    estimate = expected(queue, staff=4, place=3)
    assert estimate is not None and estimate.seconds == 45


def test_a_few_callers_correct_nothing_yet() -> None:
    queue = taught(queue_with(departures=40, every_s=10, staff=4), [90] * 4)
    estimate = expected(queue, staff=4, place=3)
    assert estimate is not None and estimate.seconds == 30


def test_the_interval_comes_to_hold_four_waits_in_five() -> None:
    waits = [10 + 37 * n % 100 for n in range(3_000)]  # evenly from 10 to 109 s, in a mixed order
    queue = taught(queue_with(departures=40, every_s=10, staff=4), waits)
    estimate = expected(queue, staff=4, place=3)
    assert estimate is not None
    assert abs(sum(estimate.low <= wait <= estimate.high for wait in waits) / len(waits) - 0.8) < 0.05
    assert abs(sum(wait < estimate.low for wait in waits) / len(waits) - 0.1) < 0.05


def test_those_who_are_overtaken_and_those_who_overtake_are_learnt_from_apart() -> None:
    queue = taught(queue_with(departures=40, every_s=10, staff=4), [60] * 20)
    taught(queue, [30] * 20, is_favoured=True)
    overtaken, favoured = (expected(queue, staff=4, place=3, is_favoured=favoured) for favoured in (False, True))
    assert overtaken is not None and favoured is not None
    assert (overtaken.seconds, favoured.seconds) == (60, 30)


def test_near_and_far_places_are_groups_of_their_own() -> None:
    groups = {place: group_of(place, is_favoured=False) for place in (1, 2, 3, 4, 7, 8, 500)}
    assert groups == {1: 0, 2: 1, 3: 1, 4: 2, 7: 2, 8: 3, 500: 3}
    assert group_of(500, is_favoured=True) == 7


def test_the_ends_of_the_interval_stay_within_bounds() -> None:
    queue = taught(queue_with(departures=40, every_s=10, staff=4), [0] * 3_000, place=1)
    taught(queue, [100_000] * 3_000, place=8)
    near, far = (queue.lessons[group_of(place, is_favoured=False)] for place in (1, 8))
    assert (near.low_ppm, near.high_ppm) == (END_PPM_MIN, END_PPM_MIN)
    assert (far.low_ppm, far.high_ppm) == (END_PPM_MAX, END_PPM_MAX)
    for place in (1, 8):
        estimate = expected(queue, staff=4, place=place)
        assert estimate is not None and estimate.low <= estimate.seconds <= estimate.high


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


def test_an_answered_caller_teaches_and_one_who_hung_up_does_not() -> None:
    house = House(settings=msgspec.structs.replace(SETTINGS, pop_wait_ms=0), agents=(profile(KIM),))
    house.at_work(KIM)
    talking = house.talking("direct")
    for _ in range(6):
        house.arrive("direct")
    for call in list(house.state.queues[ORDERS].waiting)[:5]:
        house.now += 10 * SECOND
        house.hang_up(house.state.calls[call])
    impatient = house.arrive("direct")
    assert impatient.foretold is not None and impatient.foretold.wait_us == 20 * SECOND, "the second of the queue"
    house.now += 10 * SECOND
    house.hang_up(impatient)
    assert not house.state.queues[ORDERS].lessons
    patient = house.arrive("direct")
    first = house.state.calls[next(iter(house.state.queues[ORDERS].waiting))]
    house.hang_up(first)
    house.now += 5 * SECOND
    house.hang_up(talking)
    house.wait(31)
    assert patient.agent == KIM, "the only one who still waits"
    house.lift(patient)
    lesson = house.state.queues[ORDERS].lessons[group_of(2, is_favoured=False)]
    assert lesson.callers == 1 and lesson.waited_us == house.now - (patient.entered_at or 0)


def test_what_a_caller_was_told_is_an_event_and_is_kept() -> None:
    house = House()
    call = house.arrive("direct")
    apply(
        house.state,
        e.WaitAnnounced(at=Micros(house.now), call=call.call, queue=ORDERS, position=3, expected_s=50, staff=2),
    )
    assert (call.told_s, call.told_staff, call.told_raised) == (50, 2, False)
