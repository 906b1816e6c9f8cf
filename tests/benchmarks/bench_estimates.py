"""How well waits are foretold: our estimator and three known ones, on three weeks of a real call centre.

    python -m tests.benchmarks.bench_estimates

The bank log of February 1999 (`../shared/data`). Each caller who queued and was answered is foretold a wait on
entering; the error is the wait's distance from it. Callers who hung up are not counted: how long they would have waited
nobody knows; they move those behind them up, as in life. Two queues: internet calls, and all others, who share the
regular agents. Priority 2 stands as if it had come 1.5 minutes earlier, as the bank did it. Agents at work are
inferred: from the first service of a day to the last, without gaps of more than ``BREAK_S``.

``PACE_MEMORY`` was chosen on the first half of the days; ``run()`` gives the errors on the second half, in seconds:

    ours       place × average time between departures, times agents, / agents at work (`core/estimates.py`)
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

from cti_server.core import fold_shared
from cti_server.core.entities import Queue
from cti_server.core.estimates import Estimate, expected
from cti_server.core.fold_shared import departed, joined
from cti_server.core.vocabulary import Micros, QueueId
from tests.shared_data import find_shared

LOG = "data/anonymous_bank_1999_02_01-21.csv.gz"
BREAK_S = 1_800
HEAD_START_S = 90
MEMORIES = (4, 8, 16, 32, 64)
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


class Foretold(NamedTuple):
    waited: int
    ours: Estimate | None
    asterisk: float
    opensips: float
    vicidial: float


def run() -> dict[str, Any]:
    halves = _halves(visits())
    chosen = min(MEMORIES, key=lambda memory: _error(_foretell(halves[0], memory), lambda told: told.ours))
    found = list(_foretell(halves[1], chosen))
    known = [told for told in found if told.ours is not None]
    inside = sum(told.ours.low <= told.waited <= told.ours.high for told in known if told.ours is not None)
    return {
        "memory_best_on_first_half": chosen,
        "memory_used": fold_shared.PACE_MEMORY,
        "callers": len(known),
        "mean_wait_s": round(statistics.fmean(told.waited for told in known), 1),
        "mean_error_s": {name: round(_error(known, of), 1) for name, of in ESTIMATORS.items()},
        "median_error_s": {name: round(_median(known, of), 1) for name, of in ESTIMATORS.items()},
        "bias_s": {name: round(_bias(known, of), 1) for name, of in ESTIMATORS.items()},
        "inside_80_percent_interval": round(inside / len(known), 3),
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


def _foretell(found: list[Visit], memory: int) -> Iterator[Foretold]:
    before, fold_shared.PACE_MEMORY = fold_shared.PACE_MEMORY, memory
    try:
        for name in ("regular", "internet"):
            yield from _foretell_queue([visit for visit in found if visit.queue == name], memory)
    finally:
        fold_shared.PACE_MEMORY = before


def _foretell_queue(found: list[Visit], memory: int) -> Iterator[Foretold]:
    staff_at = _staff(found)
    queue = Queue(queue=QueueId("bank"))
    waiting: list[tuple[int, int]] = []
    told: dict[int, tuple[Estimate | None, float, float, float]] = {}
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
            told[number] = (
                expected(queue, staff=staff, place=place),
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
            yield Foretold(waited, *told[number])
        holdtime = holdtime * 0.75 + waited * 0.25
        durations.append(visit.served_s)
        waits.append(waited)


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


Of = Callable[[Foretold], Any]
ESTIMATORS: dict[str, Of] = {
    "ours": lambda told: told.ours,
    "asterisk": lambda told: told.asterisk,
    "opensips": lambda told: told.opensips,
    "vicidial": lambda told: told.vicidial,
}


def _errors(found: Iterator[Foretold] | list[Foretold], of: Of) -> list[float]:
    """Foretold minus waited."""
    values = ((of(told), told.waited) for told in found if told.ours is not None)
    return [(value.seconds if isinstance(value, Estimate) else value) - waited for value, waited in values]


def _error(found: Iterator[Foretold] | list[Foretold], of: Of) -> float:
    return statistics.fmean(abs(error) for error in _errors(found, of))


def _median(found: list[Foretold], of: Of) -> float:
    return statistics.median(abs(error) for error in _errors(found, of))


def _bias(found: list[Foretold], of: Of) -> float:
    return statistics.fmean(_errors(found, of))


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
