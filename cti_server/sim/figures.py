"""The figures of one run: what was offered, answered, abandoned, how long people waited, how busy agents were.

Calls count by the moment of arrival, within the window that is measured; whether they are answered may show later.
Times in a queue and at work count by what of them lies within the window. Definitions: docs/simulation.md. Decides
nothing about calls.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
import numpy.typing as npt

from cti_server.sim.day import Day
from cti_server.sim.distributions import SECOND_US
from cti_server.sim.driver import ABANDONED, ANSWERED, REFUSED, Outcomes
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
    """The run as arrays, times in microseconds from the opening."""

    at: Whole
    left_at: Whole
    fate: Whole
    agent: Whole
    free_at: Whole
    is_callback: Mask
    queue_of: Whole
    class_of: Whole
    window: tuple[int, int]
    counted: Mask = field(init=False)

    def __post_init__(self) -> None:
        self.counted = (self.at >= self.window[0]) & (self.at < self.window[1])


def measure(scenario: Scenario, variant: Variant, day: Day, outcomes: Outcomes, window_us: tuple[int, int]) -> Measured:
    run = _arrays(variant, day, outcomes, window_us)
    queues = {queue.queue: run.queue_of == index for index, queue in enumerate(variant.queues)}
    classes = {callers.name: run.class_of == index for index, callers in enumerate(variant.callers)}
    working = _working(run)
    groups = {
        group: [number for number, of in enumerate(day.groups, start=1) if of == group]
        for group in dict.fromkeys(day.groups)
    }
    everybody = list(range(1, len(day.people) + 1))
    whole = _of_calls(scenario, run, np.ones(len(run.at), bool)) | _of_agents(run, working, everybody, day)
    if len(everybody) > 1:
        whole |= _spread(run, working, day)
    return Measured(
        whole=whole,
        queues={name: _of_calls(scenario, run, mask) for name, mask in queues.items()},
        classes={name: _of_calls(scenario, run, mask) for name, mask in classes.items()},
        groups={name: _of_agents(run, working, members, day) for name, members in groups.items()},
        agents={str(number): _of_agents(run, working, [number], day) for number in everybody},
    )


def _arrays(variant: Variant, day: Day, outcomes: Outcomes, window: tuple[int, int]) -> _Run:
    numbers = {queue.queue: index for index, queue in enumerate(variant.queues)}
    queue_of_class = np.array([numbers[callers.queue] for callers in variant.callers])
    return _Run(
        at=np.array(day.calls.at, np.int64),
        left_at=np.array(outcomes.left_at, np.int64),
        fate=np.array(outcomes.fate, np.int64),
        agent=np.array(outcomes.agent, np.int64),
        free_at=np.array(outcomes.free_at, np.int64),
        is_callback=day.wants_callback == 1,
        queue_of=queue_of_class[day.class_of],
        class_of=day.class_of,
        window=window,
    )


def _of_calls(scenario: Scenario, run: _Run, chosen: Mask) -> Figures:
    counted = chosen & run.counted
    answered = counted & (run.fate == ANSWERED)
    abandoned = counted & (run.fate == ABANDONED)
    left = run.fate != 0
    wait_s = np.where(left, run.left_at - run.at, 0) / SECOND_US
    hours = (run.window[1] - run.window[0]) / SECOND_US / 3600
    offered, answers = int(counted.sum()), int(answered.sum())
    figures: Figures = {
        "offered": float(offered),
        "answered": float(answers),
        "answered_per_hour": answers / hours,
        "queue_mean": _overlap(run.at, run.left_at, chosen & left, run.window) / (run.window[1] - run.window[0]),
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
    if (counted & run.is_callback).any():
        figures |= _of_callbacks(run, counted, answered, wait_s)
    for limit_s in scenario.service_levels_s:
        figures |= _service_levels(scenario, limit_s, wait_s, answered, abandoned, offered)
    return figures


def _of_callbacks(run: _Run, counted: Mask, answered: Mask, wait_s: Numbers) -> Figures:
    """Those who hung up and were called back, and beside them those who stayed on the line."""
    done, stayed = answered & run.is_callback, counted & ~run.is_callback
    figures = {"callbacks_asked": float((counted & run.is_callback).sum()), "callbacks_done": float(done.sum())}
    if done.any():
        figures["mean_time_to_callback_s"] = float(wait_s[done].mean())
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


def _working(run: _Run) -> Mask:
    working: Mask = (run.fate == ANSWERED) & (run.free_at >= 0)
    return working


def _of_agents(run: _Run, working: Mask, members: Sequence[int], day: Day) -> Figures:
    """Occupancy: handling by (handling and available) time."""
    theirs = working & np.isin(run.agent, members) if len(members) < len(day.people) else working
    busy = _overlap(run.left_at, run.free_at, theirs, run.window)
    there = sum(_there(day, run, number, theirs) for number in members)
    figures: Figures = {"answered": float((theirs & run.counted).sum())}
    if there > 0:
        figures["occupancy"] = busy / there
        figures["idle_share"] = 1 - busy / there
    return figures


def _there(day: Day, run: _Run, number: int, theirs: Mask) -> float:
    """Time logged in within the window. Who talks past the end of a shift is there until then."""
    begins, ends = run.window
    there = 0.0
    for shift_begins, shift_ends in day.people[number - 1].shifts:
        if shift_ends >= ends:
            there += max(0, ends - max(shift_begins, begins))
            continue
        over = theirs & (run.agent == number) & (run.left_at < shift_ends) & (run.free_at > shift_ends)
        until = max(shift_ends, int(run.free_at[over].max())) if over.any() else shift_ends
        there += max(0, min(until, ends) - max(shift_begins, begins))
    return there


def _spread(run: _Run, working: Mask, day: Day) -> Figures:
    """How evenly the work fell: over agents, of occupancy and of the number of calls."""
    count = len(day.people)
    begins, ends = run.window
    busy = np.clip(np.minimum(run.free_at, ends) - np.maximum(run.left_at, begins), 0, None)[working]
    by_agent = np.bincount(run.agent[working], weights=busy, minlength=count + 1)[1:]
    there = np.array([_there(day, run, number, working) for number in range(1, count + 1)])
    calls = np.bincount(run.agent[working & run.counted], minlength=count + 1)[1:]
    if not (there > 0).all() or calls.mean() == 0:
        return {}
    occupancy = by_agent / there
    return {
        "occupancy_sd_between_agents": float(occupancy.std(ddof=1)),
        "occupancy_range_between_agents": float(occupancy.max() - occupancy.min()),
        "calls_cv_between_agents": float(calls.std(ddof=1) / calls.mean()),
    }


def _overlap(begins: Whole, ends: Whole, chosen: Mask, window: tuple[int, int]) -> float:
    """Microseconds of these intervals that lie within the window."""
    within = np.minimum(ends[chosen], window[1]) - np.maximum(begins[chosen], window[0])
    return float(np.clip(within, 0, None).sum())
