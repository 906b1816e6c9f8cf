"""The figures of one run: what was offered, answered, abandoned, how long people waited, how busy agents were.

Calls count by the moment of arrival, within the window that is measured; whether they are answered may show later.
Times in a queue and at work count by what of them lies within the window. Definitions: docs/simulation.md. Decides
nothing about calls.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from cti_server.sim.day import Day
from cti_server.sim.distributions import ENDLESS_US, SECOND_US
from cti_server.sim.driver import ABANDONED, ANSWERED, ASKED, EXHAUSTED, REFUSED, Outcomes
from cti_server.sim.scenario import Scenario, Variant

Numbers = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Figures = dict[str, float]


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """Figures by name; a figure that has no base (no call was answered) is missing."""

    whole: Figures
    queues: dict[str, Figures]
    classes: dict[str, Figures]
    groups: dict[str, Figures]
    agents: dict[str, Figures]


@dataclass(slots=True, kw_only=True)
class _Run:
    """The run as arrays, times in microseconds from the opening. ``counted``: arrived within the window measured.
    ``asked_at``: hung up to be called back (ENDLESS_US: did not); ``failed``: attempts, as agent, from, until."""

    at: Whole
    left_at: Whole
    fate: Whole
    agent: Whole
    free_at: Whole
    asked_at: Whole
    taken_at: Whole
    attempts: Whole
    failed: Whole
    queue_of: Whole
    class_of: Whole
    shifts: "_Shifts"
    window: tuple[int, int] = (0, 0)
    counted: Mask = field(init=False)

    def __post_init__(self) -> None:
        self.counted = (self.at >= self.window[0]) & (self.at < self.window[1])


class _Shifts(NamedTuple):
    """One entry for each shift: whose, from when, and until when they were there."""

    agent: Whole
    begins: Whole
    ends: Whole


class _Staff(NamedTuple):
    """One entry for each agent, in the order of ``Day.people``, of what lies within the window: calls answered, and
    microseconds of handling and of being there."""

    answered: Whole
    busy: Numbers
    there: Numbers


def measure(
    scenario: Scenario, variant: Variant, day: Day, outcomes: Outcomes, windows: Sequence[tuple[int, int]]
) -> list[Measured]:
    """The figures of each window (from, until; microseconds from the opening)."""
    run = _arrays(variant, day, outcomes)
    return [_measure(scenario, variant, day, replace(run, window=window)) for window in windows]


def _measure(scenario: Scenario, variant: Variant, day: Day, run: _Run) -> Measured:
    queues = {queue.queue: run.queue_of == index for index, queue in enumerate(variant.queues)}
    classes = {callers.name: run.class_of == index for index, callers in enumerate(variant.callers)}
    staff = _staff(run, len(day.people))
    groups = {
        group: [number for number, of in enumerate(day.groups) if of == group] for group in dict.fromkeys(day.groups)
    }
    everybody = range(len(day.people))
    whole = _of_calls(scenario, run, np.ones(len(run.at), bool)) | _of_agents(staff, everybody)
    if len(everybody) > 1:
        whole |= _spread(staff)
    return Measured(
        whole=whole,
        queues={name: _of_calls(scenario, run, mask) for name, mask in queues.items()},
        classes={name: _of_calls(scenario, run, mask) for name, mask in classes.items()},
        groups={name: _of_agents(staff, members) for name, members in groups.items()},
        agents={str(number + 1): _of_agents(staff, [number]) for number in everybody},
    )


def _arrays(variant: Variant, day: Day, outcomes: Outcomes) -> _Run:
    numbers = {queue.queue: index for index, queue in enumerate(variant.queues)}
    queue_of_class = np.array([numbers[callers.queue] for callers in variant.callers])
    agent, left_at, free_at = (
        np.array(column, np.int64) for column in (outcomes.agent, outcomes.left_at, outcomes.free_at)
    )
    return _Run(
        at=np.array(day.calls.at, np.int64),
        left_at=left_at,
        fate=np.array(outcomes.fate, np.int64),
        agent=agent,
        free_at=free_at,
        asked_at=np.array(outcomes.asked_at, np.int64),
        taken_at=np.array(outcomes.taken_at, np.int64),
        attempts=np.array(outcomes.attempts, np.int64),
        failed=np.array(outcomes.failed, np.int64).reshape(-1, 3),
        queue_of=queue_of_class[day.class_of],
        class_of=day.class_of,
        shifts=_shifts(day, agent, left_at, free_at),
    )


def _of_calls(scenario: Scenario, run: _Run, chosen: Mask) -> Figures:
    counted = chosen & run.counted
    answered = counted & (run.fate == ANSWERED)
    abandoned = counted & (run.fate == ABANDONED)
    left = (run.fate != 0) & (run.fate != ASKED)
    on_the_line_until = np.where(run.asked_at == ENDLESS_US, run.left_at, run.asked_at)
    wait_s = np.where(left, run.left_at - run.at, 0) / SECOND_US
    hours = (run.window[1] - run.window[0]) / SECOND_US / 3600
    offered, answers = int(counted.sum()), int(answered.sum())
    figures: Figures = {
        "offered": float(offered),
        "answered": float(answers),
        "answered_per_hour": answers / hours,
        "queue_mean": _overlap(run.at, on_the_line_until, chosen & (run.fate != 0), run.window)
        / (run.window[1] - run.window[0]),
    }
    if offered:
        figures |= {
            "answered_share": answers / offered,
            "abandoned_share": float(abandoned.sum()) / offered,
            "refused_share": float((counted & (run.fate == REFUSED)).sum()) / offered,
            "p_wait": float((counted & ((wait_s > 0) | (run.fate == ABANDONED))).sum()) / offered,
            "mean_wait_s": float(wait_s[counted].mean()),
        }
    if answers:
        figures |= {
            "asa_s": float(wait_s[answered].mean()),
            "wait_90_s": float(np.quantile(wait_s[answered], 0.9)),
        }
    if (counted & (run.asked_at != ENDLESS_US)).any():
        figures |= _of_callbacks(run, counted, answered, wait_s)
    for limit_s in scenario.service_levels_s:
        figures |= _service_levels(scenario, limit_s, wait_s, answered, abandoned, offered)
    return figures


def _of_callbacks(run: _Run, counted: Mask, answered: Mask, wait_s: Numbers) -> Figures:
    """Those who hung up and were called back, and beside them those who stayed on the line."""
    asked = counted & (run.asked_at != ENDLESS_US)
    done, stayed = answered & asked, counted & ~asked
    figures = {
        "callbacks_asked": float(asked.sum()),
        "callbacks_done": float(done.sum()),
        "callbacks_exhausted": float((asked & (run.fate == EXHAUSTED)).sum()),
        "callback_attempts": float(run.attempts[asked].sum()),
    }
    if done.any():
        figures["mean_time_to_callback_s"] = float((run.left_at - run.asked_at)[done].mean() / SECOND_US)
    if stayed.any():
        figures["answered_share_of_stayed"] = float((answered & stayed).sum() / stayed.sum())
    if (answered & stayed).any():
        figures["asa_of_stayed_s"] = float(wait_s[answered & stayed].mean())
    return figures


def _service_levels(
    scenario: Scenario, limit_s: int, wait_s: Numbers, answered: Mask, abandoned: Mask, offered: int
) -> Figures:
    """The default of Ieum's reports comes first. Short: within ``short_abandon_s``."""
    in_time = float((answered & (wait_s <= limit_s)).sum())
    bases = {
        "of_answered_and_abandoned_less_short": float(
            (answered | (abandoned & (wait_s > scenario.short_abandon_s))).sum()
        ),
        "of_offered": float(offered),
        "of_offered_less_abandoned_in_time": offered - float((abandoned & (wait_s <= limit_s)).sum()),
        "of_answered": float(answered.sum()),
    }
    return {f"service_level_{limit_s}s_{name}": in_time / base for name, base in bases.items() if base > 0}


# --- agents ----------------------------------------------------------------------------------------------------------


def _shifts(day: Day, agent: Whole, left_at: Whole, free_at: Whole) -> _Shifts:
    """Who talks past the end of a shift is there until then."""
    order = np.argsort(agent, kind="stable")
    edges = np.searchsorted(agent[order], np.arange(1, len(day.people) + 2))
    shifts: list[tuple[int, int, int]] = []
    for number, person in enumerate(day.people):
        mine = order[edges[number] : edges[number + 1]]
        left, free = left_at[mine], free_at[mine]
        for begins, ends in person.shifts:
            late = free[(left < ends) & (free > ends)]
            shifts.append((number, begins, int(late.max(initial=ends))))
    columns = np.array(shifts, np.int64).reshape(-1, 3).T
    return _Shifts(*columns)


def _staff(run: _Run, count: int) -> _Staff:
    working = run.fate == ANSWERED
    agent, shifts = run.agent[working] - 1, run.shifts
    busy = _within(run.taken_at[working], run.free_at[working], run.window)
    dialled = _within(run.failed[:, 1], run.failed[:, 2], run.window)
    there = _within(shifts.begins, shifts.ends, run.window)
    return _Staff(
        answered=np.bincount(agent[run.counted[working]], minlength=count),
        busy=np.bincount(agent, weights=busy, minlength=count).astype(np.float64)
        + np.bincount(run.failed[:, 0] - 1, weights=dialled, minlength=count),
        there=np.bincount(shifts.agent, weights=there, minlength=count).astype(np.float64),
    )


def _of_agents(staff: _Staff, members: Sequence[int]) -> Figures:
    """Occupancy: handling by (handling and available) time."""
    answered, busy, there = (float(column[members].sum()) for column in staff)
    figures: Figures = {"answered": answered}
    if there > 0:
        figures["occupancy"] = busy / there
        figures["idle_share"] = 1 - busy / there
    return figures


def _spread(staff: _Staff) -> Figures:
    """How evenly the work fell: over agents, of occupancy and of the number of calls."""
    if not (staff.there > 0).all() or staff.answered.mean() == 0:
        return {}
    occupancy = staff.busy / staff.there
    return {
        "occupancy_sd_between_agents": float(occupancy.std(ddof=1)),
        "occupancy_range_between_agents": float(occupancy.max() - occupancy.min()),
        "calls_cv_between_agents": float(staff.answered.std(ddof=1) / staff.answered.mean()),
    }


def _overlap(begins: Whole, ends: Whole, chosen: Mask, window: tuple[int, int]) -> float:
    """Microseconds of the intervals chosen that lie within the window."""
    return float(_within(begins[chosen], ends[chosen], window).sum())


def _within(begins: Whole, ends: Whole, window: tuple[int, int]) -> Whole:
    """Of each interval, the microseconds that lie within the window."""
    inside: Whole = np.clip(np.minimum(ends, window[1]) - np.maximum(begins, window[0]), 0, None)
    return inside
