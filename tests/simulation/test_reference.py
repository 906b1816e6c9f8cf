"""The real Centre gives every call the same wait, to the microsecond, as a simulation that nobody built it from."""

import os

import pytest

from cti_server.core.vocabulary import Strategy, WorkOrder
from cti_server.sim.distributions import ENDLESS_US
from tests.simulation.alike import Callers, assert_every_wait_is_the_same, by_centre, by_reference, callers
from tests.simulation.reference import House, Pool

IS_LONG = os.environ.get("IEUM_LONG") == "1"
CALLS = 200_000 if IS_LONG else 50_000
FEWEST = 20_000 if IS_LONG else 5_000
"""Where every call is offered to many."""


def test_longest_idle_without_end_of_patience() -> None:
    """Every caller stays: arrivals and service times alone decide."""
    given = callers([900], CALLS, seed=11, mean_s=180)
    house = House(pools=(Pool(count=50),))
    assert_every_wait_is_the_same(given, by_centre(given, house.pools), by_reference(house, given))


def test_callers_who_lose_patience_and_agents_who_write_up() -> None:
    """An overloaded centre: nearly everybody waits, four in ten hang up; agents are away after each call."""
    given = callers([1640], CALLS, seed=12, mean_s=150, patience_s=120, after_call_s=30)
    house = House(pools=(Pool(count=50),))
    outcomes = by_centre(given, house.pools)
    assert 0.35 < sum(fate == 2 for fate in outcomes.fate) / CALLS < 0.43
    assert_every_wait_is_the_same(given, outcomes, by_reference(house, given))


def test_callers_who_are_called_back_keep_their_place() -> None:
    """Three in ten who have to wait hang up at once; the Centre dials them when it would have been their turn."""
    given = callers([1640], CALLS, seed=20, mean_s=150, patience_s=120, after_call_s=30)
    for call in range(CALLS):
        asks = call % 10 < 3
        given.dial.append(10_000_000 if asks else 0)
        given.patience[call] = ENDLESS_US if asks else given.patience[call]
    house = House(pools=(Pool(count=50),))
    outcomes = by_centre(given, house.pools)
    assert 0.25 < sum(asked != ENDLESS_US for asked in outcomes.asked_at) / CALLS < 0.3
    assert_every_wait_is_the_same(given, outcomes, by_reference(house, given))


def test_agents_who_work_at_different_speeds() -> None:
    given = callers([70], CALLS, seed=13, mean_s=120, patience_s=600)
    pools = (Pool(count=2, serves=(0,)), Pool(count=2, serves=(0,), pace=2.0))
    house = House(pools=pools, prefers=(((0, 1),),))
    assert_every_wait_is_the_same(given, by_centre(given, pools), by_reference(house, given))


def test_classes_of_priority_in_one_queue() -> None:
    given = callers([50, 400, 450], CALLS, seed=14, mean_s=185, patience_s=900)
    pools = (Pool(count=50, serves=(0, 1, 2)),)
    house = House(pools=pools, prefers=(((0,),),) * 3, rank=(0, 1, 2))
    outcomes = by_centre(given, pools, priorities=(9, 5, 0))
    assert_every_wait_is_the_same(given, outcomes, by_reference(house, given))


def test_agents_of_several_queues_take_what_is_due_first() -> None:
    """Specialists of two queues, and some who serve both."""
    given = callers([120, 90], CALLS, seed=15, mean_s=180, patience_s=240)
    pools = (Pool(count=4, serves=(0,)), Pool(count=3, serves=(1,)), Pool(count=4, serves=(0, 1)))
    house = House(pools=pools, prefers=(((0, 2),), ((1, 2),)), rank=(0, 0))
    assert_every_wait_is_the_same(given, by_centre(given, pools), by_reference(house, given))


def test_callers_of_two_languages_in_one_queue() -> None:
    """Some speak one, some the other, some both: whoever is free takes the first caller whom they understand."""
    given = callers([120, 90], CALLS, seed=19, mean_s=180, patience_s=240)
    pools = (Pool(count=4, serves=(0,)), Pool(count=3, serves=(1,)), Pool(count=4, serves=(0, 1)))
    house = House(pools=pools, prefers=(((0, 2),), ((1, 2),)), rank=(0, 0))
    outcomes = by_centre(given, pools, languages=True)
    assert_every_wait_is_the_same(given, outcomes, by_reference(house, given))


def test_agents_chosen_at_random_change_no_wait() -> None:
    """Equal agents: whom chance picks does not matter to those who wait."""
    given = callers([1000], CALLS, seed=17, mean_s=180, patience_s=120)
    house = House(pools=(Pool(count=50),))
    outcomes = by_centre(given, house.pools, strategy=Strategy.RANDOM)
    assert_every_wait_is_the_same(given, outcomes, by_reference(house, given), also_agents=False)


def test_ringing_everybody_is_longest_idle_when_phones_answer_at_once() -> None:
    """All who are free are rung, and of those the first answers: calls and agents fare as if it alone had rung."""
    given = callers([900], FEWEST, seed=19, mean_s=180, patience_s=120, after_call_s=10)
    house = House(pools=(Pool(count=50),))
    outcomes = by_centre(given, house.pools, strategy=Strategy.RING_ALL)
    assert_every_wait_is_the_same(given, outcomes, by_reference(house, given))


def test_agents_take_what_they_are_best_at() -> None:
    """Pool A serves class 1 only and is preferred for it; pool B serves both, class 2 first."""
    given = callers([120, 90], CALLS, seed=18, mean_s=180, patience_s=120)
    pools = (Pool(count=6, serves=(0,)), Pool(count=6, serves=(1, 0)))
    house = House(pools=pools, prefers=(((0,), (1,)), ((1,),)), rank=(0, 0), by_arrival=False)
    outcomes = by_centre(given, pools, strategy=Strategy.TOP_DOWN, work_order=WorkOrder.LEVEL_FIRST)
    assert_every_wait_is_the_same(given, outcomes, by_reference(house, given), also_agents=False)


def test_a_difference_of_one_microsecond_is_seen() -> None:
    """The comparison itself: one service time that is a microsecond longer for one of the two."""
    given = callers([900], 2_000, seed=16)
    house = House(pools=(Pool(count=40),))
    outcomes = by_centre(given, house.pools)
    longer = Callers(
        at=given.at, kind=given.kind, patience=given.patience, talk=list(given.talk), after_call=given.after_call
    )
    longer.talk[100] += 1
    with pytest.raises(AssertionError, match="µs"):
        assert_every_wait_is_the_same(given, outcomes, by_reference(house, longer))
