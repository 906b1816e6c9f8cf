"""Deadlines come in order, once, and not at all when cancelled."""

from __future__ import annotations

from cti_server.sip.deadlines import Deadlines


def test_deadlines_run_in_order_and_ties_as_they_were_set() -> None:
    deadlines, done = Deadlines(), []
    deadlines.at(20, lambda: done.append("b"))
    deadlines.at(10, lambda: done.append("a"))
    deadlines.at(20, lambda: done.append("c"))
    deadlines.now_us = 20
    deadlines.run()
    assert done == ["a", "b", "c"]
    assert deadlines.next_us() is None


def test_what_becomes_due_by_running_runs_too() -> None:
    deadlines, done = Deadlines(now_us=5), []
    deadlines.after(0, lambda: deadlines.after(0, lambda: done.append(1)) and None)
    deadlines.run()
    assert done == [1]


def test_a_cancelled_deadline_is_neither_run_nor_announced() -> None:
    deadlines, done = Deadlines(), []
    first = deadlines.at(1, lambda: done.append(1))
    deadlines.at(2, lambda: done.append(2))
    first.cancel()
    first.cancel()
    assert deadlines.next_us() == 2
    deadlines.now_us = 3
    deadlines.run()
    assert done == [2]


def test_a_majority_of_cancelled_entries_is_dropped() -> None:
    deadlines = Deadlines()
    for number in range(10_000):
        deadlines.at(number, lambda: None).cancel()
    assert len(deadlines._heap) < 3_000
