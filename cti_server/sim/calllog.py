"""A log of real calls, read by a mapping of its columns; and the agents' shifts, which such logs do not tell.

The mapping is a small YAML file (docs/simulation.md; one for the bank log is included). Calls that never waited for an
agent are left out and counted: nobody served them, or they ended before the queue. Decides nothing about routing.
"""

import csv
import gzip
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Literal

import msgspec
from msgspec import Meta

from cti_server.core.errors import DataError
from datafiles.problems import DataErrors, nearest
from datafiles.reading import read_file
from datafiles.shaping import shape

CALLS_MAX = 2_000_000
DAY_S = 86_400


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """Names of the log's columns. ``day`` tells days apart; times are ``H:MM:SS`` of that day. ``tier`` may be left
    out."""

    call: str
    class_of: str = msgspec.field(name="class")
    day: str
    entered: str
    waited_s: str
    outcome: str
    service_s: str
    agent: str
    tier: str = ""


class LogMapping(msgspec.Struct, frozen=True, kw_only=True):
    """``answered`` and ``abandoned``: values of the outcome column; calls with others are left out. ``nobody``: agents'
    names that mean nobody. ``tiers``: what a value of the tier column is called; others are of no tier.
    ``least_wait_s``: who hung up sooner never was in the queue."""

    log: str
    columns: Columns
    time: Literal["clock"] = "clock"
    answered: tuple[str, ...]
    abandoned: tuple[str, ...]
    nobody: tuple[str, ...] = ()
    tiers: dict[str, str] = {}
    least_wait_s: Annotated[float, Meta(ge=0, le=60)] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedCall:
    """Times in seconds from midnight of ``day``; ``service_s`` None: was not answered."""

    number: int
    call: str
    class_of: str
    tier: str
    day: str
    entered_s: float
    waited_s: float
    service_s: float | None
    agent: str


@dataclass(frozen=True, slots=True)
class Log:
    calls: tuple[LoggedCall, ...]
    left_out: dict[str, int]


def load_mapping(path: Path) -> LogMapping:
    """Raises DataErrors."""
    tree, problems = read_file(path)
    mapping = None
    if tree is not None:
        mapping, found = shape(tree, LogMapping, str(path))
        problems += found
    if mapping is None:
        raise DataErrors(problems)
    return mapping


def read_log(path: Path, mapping: LogMapping) -> Log:
    """Raises DataError with the line of what cannot be read."""
    calls: list[LoggedCall] = []
    left_out: dict[str, int] = {}
    with _opened(path) as stream:
        rows = csv.DictReader(stream)
        _check_columns(path, mapping, rows.fieldnames or ())
        for row in rows:
            try:
                call = _call(row, mapping, len(calls))
            except ValueError as error:
                raise DataError(file=str(path), line=rows.line_num, what=str(error)) from None
            if isinstance(call, str):
                left_out[call] = left_out.get(call, 0) + 1
            else:
                calls.append(call)
            if len(calls) > CALLS_MAX:
                raise DataError(file=str(path), line=rows.line_num, what=f"more than {CALLS_MAX} calls")
    return Log(tuple(calls), left_out)


def shifts(
    calls: Sequence[LoggedCall],
    *,
    queue_of: Callable[[LoggedCall], str],
    serves: Mapping[str, Collection[str]],
    break_after_s: float,
    away_if_waited_s: float,
) -> dict[tuple[str, str], list[tuple[float, float]]]:
    """By (day, agent): from the first to the last of their calls, less the pauses in which they were away.

    A pause counts as away when it is longer than ``break_after_s``, or when callers of the agent's queues waited in it
    for longer than ``away_if_waited_s`` in all: who is free does not let them wait. Who was there and idle before the
    first call of a part is not known to have been there."""
    served: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for call in calls:
        if call.service_s is not None:
            begun_s = call.entered_s + call.waited_s
            served[call.day, call.agent].append((begun_s, begun_s + call.service_s))
    waiting = _waiting(calls, queue_of)
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for day, agent in sorted(served):
        its_queues = [waiting[day, queue] for queue in serves[agent] if (day, queue) in waiting]
        parts: list[tuple[float, float]] = []
        for begins, ends in sorted(served[day, agent]):
            pause_s = begins - parts[-1][1] if parts else 0.0
            let_wait = pause_s > away_if_waited_s and any(
                queue.within(parts[-1][1], begins) > away_if_waited_s for queue in its_queues
            )
            if parts and pause_s <= break_after_s and not let_wait:
                parts[-1] = (parts[-1][0], max(parts[-1][1], ends))
            else:
                parts.append((begins, max(ends, begins)))
        found[day, agent] = parts
    return found


class _Waiting:
    """When anybody waited in one queue of one day."""

    def __init__(self, waits: Iterable[tuple[float, float]]) -> None:
        self._begins: list[float] = []
        self._ends: list[float] = []
        self._before: list[float] = []
        total = 0.0
        for begins, ends in sorted(waits):
            if self._ends and begins <= self._ends[-1]:
                total += max(0.0, ends - self._ends[-1])
                self._ends[-1] = max(self._ends[-1], ends)
                continue
            self._begins.append(begins)
            self._ends.append(ends)
            self._before.append(total)
            total += ends - begins

    def within(self, begins: float, ends: float) -> float:
        """For how long, in seconds."""
        return self._until(ends) - self._until(begins)

    def _until(self, moment: float) -> float:
        place = bisect_right(self._begins, moment) - 1
        if place < 0:
            return 0.0
        return self._before[place] + min(moment, self._ends[place]) - self._begins[place]


def _waiting(calls: Sequence[LoggedCall], queue_of: Callable[[LoggedCall], str]) -> dict[tuple[str, str], _Waiting]:
    waits: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for call in calls:
        if call.waited_s > 0:
            waits[call.day, queue_of(call)].append((call.entered_s, call.entered_s + call.waited_s))
    return {key: _Waiting(each) for key, each in waits.items()}


def _call(row: dict[str, str], mapping: LogMapping, number: int) -> LoggedCall | str:
    """The call, or why it is left out. Raises ValueError."""
    columns = mapping.columns
    outcome, agent = row[columns.outcome], row[columns.agent]
    waited_s = float(row[columns.waited_s])
    is_answered = outcome in mapping.answered
    if not is_answered and outcome not in mapping.abandoned:
        return f"outcome {outcome}"
    if is_answered and agent in mapping.nobody:
        return "answered by nobody"
    if not is_answered and waited_s <= mapping.least_wait_s:
        return "hung up before the queue"
    return LoggedCall(
        number=number,
        call=row[columns.call],
        class_of=row[columns.class_of],
        tier=mapping.tiers.get(row[columns.tier], "") if columns.tier else "",
        day=row[columns.day],
        entered_s=_clock(row[columns.entered]),
        waited_s=waited_s,
        service_s=float(row[columns.service_s]) if is_answered else None,
        agent=agent if is_answered else "",
    )


def _clock(text: str) -> float:
    parts = text.split(":")
    if len(parts) != 3:
        raise ValueError(f"{text!r} is no time of day (H:MM:SS)")
    return int(parts[0]) * 3600 + int(parts[1]) * 60 + float(parts[2])


def _check_columns(path: Path, mapping: LogMapping, known: Sequence[str]) -> None:
    for column in msgspec.structs.astuple(mapping.columns):
        if column and column not in known:
            raise DataError(file=str(path), line=1, what=f"there is no column {column}", hint=nearest(column, known))


def _opened(path: Path) -> IO[str]:
    is_packed = path.suffix == ".gz"
    return gzip.open(path, "rt", encoding="utf-8", newline="") if is_packed else path.open(encoding="utf-8", newline="")
