"""How well waits are foretold: our estimator and three known ones, on three weeks of a real call centre.

    python -m tests.benchmarks.bench_estimates

The bank log of February 1999 (`../shared/data`). Each caller who queued and was answered is foretold a wait on
entering; the error is the wait's distance from it. Callers who hung up are not counted: how long they would have waited
nobody knows; they move those behind them up, as in life. Two queues: internet calls, and all others, who share the
regular agents. Priority 2 stands as if it had come 1.5 minutes earlier, as the bank did it. Agents at work are
inferred: from the first service of a day to the last, without gaps of more than ``BREAK_S``.

Our constants (`core/fold_waits.py`) were chosen on the first half of the days: the memory of the pace by its mean
error, how fast the interval's ends move by the interval score (Gneiting and Raftery 2007), which counts width, and ten
times what lies outside. ``run()`` gives the errors on the second half, in seconds; every estimator begins it knowing
nothing:

    ours       `core/estimates.py`: by the pace, corrected by past errors
    pace       the same without the correction
    asterisk   |holdtime + 30 − waited|, holdtime = ¾ old + ¼ new (app_queue)
    opensips   mean duration × queued / logged in (call_center)
    vicidial   mean of the last five waits, at least 10 s
"""

import csv
import gzip
import json
import statistics
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from cti_server.core import fold_waits
from cti_server.core.entities import Queue
from cti_server.core.estimates import Estimate, by_pace, expected
from cti_server.core.events import Foretold
from cti_server.core.fold_waits import departed, joined, learn
from cti_server.core.vocabulary import Micros, QueueId
from tests.shared_data import find_shared

LOG = "data/anonymous_bank_1999_02_01-21.csv.gz"
BREAK_S = 1_800
HEAD_START_S = 90
MEMORIES = (4, 8, 16, 32, 64)
END_STEPS_PPM = (10_000, 20_000, 40_000, 80_000)
ERROR_MEMORIES = (32, 64, 128, 256)
OUTSIDE_WEIGHS = 2 / 0.2
"""What a second outside an interval that should hold 80 % counts in the interval score, beside a second of width."""
US = 1_000_000


class Visit(NamedTuple):
    """One call in a queue; seconds since the log's first midnight. ``served_s`` 0: hung up."""

    queue: str
    entered: int
    left: int
    key: int
    is_answered: bool
    served_s: int
    server: str
    service_from: int
    service_until: int


class Told(NamedTuple):
    waited: int
    ours: Estimate | None
    pace: Estimate | None
    asterisk: float
    opensips: float
    vicidial: float


def run() -> dict[str, Any]:
    halves = _halves(visits())
    memory = min(MEMORIES, key=lambda value: _error(_tell(halves[0], PACE_MEMORY=value), ESTIMATORS["pace"]))
    errors = min(ERROR_MEMORIES, key=lambda value: _error(_tell(halves[0], ERROR_MEMORY=value), ESTIMATORS["ours"]))
    ends = min(END_STEPS_PPM, key=lambda value: _interval_score(_tell(halves[0], END_STEP_PPM=value), "ours"))
    found = _tell(halves[1])
    known = [told for told in found if told.ours is not None]
    return {
        "best_on_first_half": {"PACE_MEMORY": memory, "ERROR_MEMORY": errors, "END_STEP_PPM": ends},
        "used": {name: getattr(fold_waits, name) for name in ("PACE_MEMORY", "ERROR_MEMORY", "END_STEP_PPM")},
        "callers": len(known),
        "mean_wait_s": round(statistics.fmean(told.waited for told in known), 1),
        "mean_error_s": {name: round(_error(known, of), 1) for name, of in ESTIMATORS.items()},
        "median_error_s": {name: round(_median(known, of), 1) for name, of in ESTIMATORS.items()},
        "bias_s": {name: round(_bias(known, of), 1) for name, of in ESTIMATORS.items()},
        "inside_80_percent_interval": {name: round(_inside(known, name), 3) for name in ("ours", "pace")},
        "interval_score_s": {name: round(_interval_score(known, name), 1) for name in ("ours", "pace")},
        "not_foretold": len(found) - len(known),
    }


def visits() -> list[Visit]:
    """Every call of the log that waited or was served, in order of entering."""
    shared = find_shared()
    if shared is None:
        raise FileNotFoundError(f"{LOG} is looked for in ../shared, or in the folder that IEUM_SHARED names")
    with gzip.open(shared / LOG, "rt", encoding="ascii", errors="replace") as opened:
        rows = [visit for row in csv.DictReader(opened) if (visit := _visit(row)) is not None]
    return sorted(rows, key=lambda visit: (visit.entered, visit.left))


def _visit(row: dict[str, str]) -> Visit | None:
    midnight = (int(row["date"]) - 990_201) * 86_400
    waited = int(row["q_time"])
    served_from, served_until = (midnight + _seconds(row[name]) for name in ("ser_start", "ser_exit"))
    has_server = row["outcome"] == "AGENT" and row["server"] not in ("NO_SERVER", "")
    if waited <= 0 and not has_server:
        return None
    entered = midnight + _seconds(row["q_start"]) if waited > 0 else served_from
    return Visit(
        queue="internet" if row["type"] == "IN" else "regular",
        entered=entered,
        left=entered + max(waited, 0),
        key=entered - (HEAD_START_S if row["priority"] == "2" else 0),
        is_answered=row["outcome"] == "AGENT",
        served_s=max(0, int(row["ser_time"])),
        server=row["server"] if has_server else "",
        service_from=served_from,
        service_until=served_until,
    )


def _seconds(clock: str) -> int:
    hours, minutes, seconds = clock.split(":")
    return int(hours) * 3_600 + int(minutes) * 60 + int(seconds)


def _halves(found: list[Visit]) -> tuple[list[Visit], list[Visit]]:
    middle = 86_400 * 11
    return [visit for visit in found if visit.entered < middle], [visit for visit in found if visit.entered >= middle]


def _tell(found: list[Visit], **constants: int) -> list[Told]:
    """What each was told, with other constants of `fold_waits` for the time being."""
    before = {name: getattr(fold_waits, name) for name in constants}
    vars(fold_waits).update(constants)
    try:
        queues = [[visit for visit in found if visit.queue == name] for name in ("regular", "internet")]
        return [told for visits_of_queue in queues for told in _tell_queue(visits_of_queue)]
    finally:
        vars(fold_waits).update(before)


def _tell_queue(found: list[Visit]) -> Iterator[Told]:
    staff_at = _staff(found)
    queue = Queue(queue=QueueId("bank"))
    waiting: list[tuple[int, int]] = []
    told: dict[int, tuple[Estimate | None, Estimate | None, float, float, float]] = {}
    foretold: dict[int, Foretold | None] = {}
    holdtime, durations, waits, day = 0.0, [0.0], [0.0], -1
    moments = sorted(
        [(visit.entered, 1, number) for number, visit in enumerate(found)]
        + [(visit.left, 0 if visit.left > visit.entered else 2, number) for number, visit in enumerate(found)]
    )
    for moment, kind, number in moments:
        visit = found[number]
        if moment // 86_400 != day:  # a new morning: nobody waits, and counters of a day begin anew
            day, queue.busy_since, queue.in_line, waiting = moment // 86_400, None, 0, []
        staff = staff_at(moment)
        if kind == 1:
            joined(queue, Micros(moment * US))
            insort(waiting, (visit.key, number))
            place = bisect_left(waiting, (visit.key, number)) + 1
            favoured = visit.key < visit.entered
            pace = foretold[number] = by_pace(queue, staff=staff, place=place, is_favoured=favoured)
            told[number] = (
                expected(queue, staff=staff, place=place, is_favoured=favoured),
                None if pace is None else _uncorrected(pace),
                holdtime + 30,
                statistics.fmean(durations[-200:]) * len(waiting) / max(1, staff),
                max(10.0, statistics.fmean(waits[-5:])),
            )
            continue
        queue.staff = staff
        departed(queue, Micros(moment * US))
        if (visit.key, number) in waiting:
            waiting.remove((visit.key, number))
        if not visit.is_answered:
            continue
        waited = visit.left - visit.entered
        if waited > 0:
            yield Told(waited, *told[number])
            if (pace := foretold[number]) is not None:
                learn(queue, pace, waited * US)
        holdtime = holdtime * 0.75 + waited * 0.25
        durations.append(visit.served_s)
        waits.append(waited)


def _uncorrected(pace: Foretold) -> Estimate:
    return Estimate(seconds=round(pace.wait_us / US), low=round(pace.low_us / US), high=round(pace.high_us / US))


def _staff(found: list[Visit]) -> Callable[[int], int]:
    """How many agents were at work at a moment: services of one agent joined over gaps of less than a break."""
    changes: list[tuple[int, int]] = []
    for server in dict.fromkeys(visit.server for visit in found if visit.server):
        services = sorted((v.service_from, v.service_until) for v in found if v.server == server)
        begin, end = services[0]
        for since, until in [*services[1:], (1 << 60, 1 << 60)]:
            if since - end > BREAK_S:
                changes += [(begin, 1), (end, -1)]
                begin = since
            end = max(end, until)
    changes.sort()
    counts, count = [], 0
    for _, change in changes:
        count += change
        counts.append(count)
    times = [at for at, _ in changes]

    def at(moment: int) -> int:
        index = bisect_left(times, moment + 1) - 1
        return max(1, counts[index]) if index >= 0 else 1

    return at


Of = Callable[[Told], Any]
ESTIMATORS: dict[str, Of] = {
    "ours": lambda told: told.ours,
    "pace": lambda told: told.pace,
    "asterisk": lambda told: told.asterisk,
    "opensips": lambda told: told.opensips,
    "vicidial": lambda told: told.vicidial,
}


def _errors(found: list[Told], of: Of) -> list[float]:
    """Foretold minus waited."""
    values = ((of(told), told.waited) for told in found if told.ours is not None)
    return [(value.seconds if isinstance(value, Estimate) else value) - waited for value, waited in values]


def _error(found: list[Told], of: Of) -> float:
    return statistics.fmean(abs(error) for error in _errors(found, of))


def _median(found: list[Told], of: Of) -> float:
    return statistics.median(abs(error) for error in _errors(found, of))


def _bias(found: list[Told], of: Of) -> float:
    return statistics.fmean(_errors(found, of))


def _intervals(found: list[Told], name: str) -> list[tuple[int, int, int]]:
    """(low, waited, high)"""
    return [(it.low, told.waited, it.high) for told in found if (it := getattr(told, name)) is not None]


def _inside(found: list[Told], name: str) -> float:
    return statistics.fmean(low <= waited <= high for low, waited, high in _intervals(found, name))


def _interval_score(found: list[Told], name: str) -> float:
    return statistics.fmean(
        high - low + OUTSIDE_WEIGHS * (max(0, low - waited) + max(0, waited - high))
        for low, waited, high in _intervals(found, name)
    )


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
