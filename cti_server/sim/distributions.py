"""How long things last, and when calls come: the distributions that a scenario may name, and how they are drawn.

Draws are scaled from standard variates, so that two variants of a scenario with the same seed get the same luck (common
random numbers): the call that talks twice as long as others before does so after the change, too. All times are whole
microseconds. Decides nothing about calls.
"""

import csv
import math
from pathlib import Path
from typing import Annotated, assert_never

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta

SECOND_US = 1_000_000
ENDLESS_US = -1
"""Patience that never ends."""
VALUES_MAX = 1_000_000

Draws = npt.NDArray[np.int64]
Generator = np.random.Generator
Positive = Annotated[float, Meta(ge=1e-6, le=1e7)]
NotNegative = Annotated[float, Meta(ge=0, le=1e7)]


class Exponential(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="exponential"):
    mean_s: Positive


class Lognormal(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="lognormal"):
    """``cv``: standard deviation by mean, of the time itself and not of its logarithm."""

    mean_s: Positive
    cv: Annotated[float, Meta(ge=0.001, le=20)]


class Constant(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="constant"):
    value_s: NotNegative


class Erlang(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="erlang"):
    """The sum of ``k`` exponential phases."""

    mean_s: Positive
    k: Annotated[int, Meta(ge=1, le=1000)]


class Empirical(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="empirical"):
    """One of these values, each as likely: written out, or the column ``column`` of the CSV file ``file``."""

    values_s: tuple[NotNegative, ...] = ()
    file: str = ""
    column: str = ""


class Endless(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="endless"):
    """For patience: nobody hangs up."""


class OfTalk(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="of_talk"):
    """For after-call work: this multiple of the same call's talk time."""

    factor: Annotated[float, Meta(ge=0, le=100)]


Duration = Exponential | Lognormal | Constant | Erlang | Empirical
Patience = Exponential | Lognormal | Constant | Erlang | Empirical | Endless
AfterCall = Exponential | Lognormal | Constant | Erlang | Empirical | OfTalk


class Poisson(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="poisson"):
    """At a constant rate, without memory."""

    per_hour: Annotated[float, Meta(ge=0.001, le=1e6)]


class ByInterval(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="by_interval"):
    """Poisson with a rate for each interval from the opening; after the last one nobody calls."""

    interval_s: Annotated[int, Meta(ge=1, le=86_400)]
    per_hour: tuple[Annotated[float, Meta(ge=0, le=1e6)], ...]


class FromFile(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="from_file"):
    """The same calls in every replication: ``column`` of the CSV file is seconds from the opening."""

    file: str
    column: str


Arrivals = Poisson | ByInterval | FromFile


def mean_s(of: Duration) -> float:
    match of:
        case Constant():
            return of.value_s
        case Empirical():
            return sum(of.values_s) / len(of.values_s) if of.values_s else 0.0
        case _:
            return of.mean_s


def draw(of: Duration, count: int, random: Generator) -> Draws:
    """``count`` times in microseconds."""
    match of:
        case Exponential():
            seconds = random.standard_exponential(count) * of.mean_s
        case Lognormal():
            variance = math.log1p(of.cv**2)
            normal = random.standard_normal(count)
            seconds = np.exp(math.log(of.mean_s) - variance / 2 + math.sqrt(variance) * normal)
        case Constant():
            seconds = np.full(count, of.value_s)
        case Erlang():
            seconds = random.standard_exponential((count, of.k)).sum(axis=1) * (of.mean_s / of.k)
        case Empirical():
            seconds = np.asarray(of.values_s)[random.integers(0, len(of.values_s), count)]
        case _:
            assert_never(of)
    return _micros(seconds)


def draw_patience(of: Patience, count: int, random: Generator) -> Draws:
    return np.full(count, ENDLESS_US, np.int64) if isinstance(of, Endless) else draw(of, count, random)


def draw_after_call(of: AfterCall, talk: Draws, random: Generator) -> Draws:
    if isinstance(of, OfTalk):
        return _micros(talk / SECOND_US * of.factor)
    return draw(of, len(talk), random)


def draw_arrivals(of: Arrivals, until_s: float, random: Generator, folder: Path) -> Draws:
    """The moments of arrival within ``until_s`` seconds of the opening, in order."""
    match of:
        case Poisson():
            edges, rates = np.array([0.0, until_s]), np.array([of.per_hour / 3600])
        case ByInterval():
            rates = np.array(of.per_hour) / 3600
            edges = np.arange(len(rates) + 1, dtype=float) * of.interval_s
        case FromFile():
            moments = np.sort(np.asarray(read_column(folder / of.file, of.column)))
            return _micros(moments[(moments >= 0) & (moments < until_s)])
        case _:
            assert_never(of)
    expected = np.concatenate(([0.0], np.cumsum(rates * np.diff(edges))))
    times = _unit_poisson(float(expected[-1]), random)
    moments = _moments_of(times, expected, edges)
    return _micros(moments[moments < until_s])


def read_column(path: Path, column: str) -> list[float]:
    """Numbers of one column of a CSV file. Raises ValueError with the line of what is none."""
    values: list[float] = []
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        if column not in (rows.fieldnames or ()):
            raise ValueError(f"{path.name}:1: there is no column {column}")
        for row in rows:
            try:
                values.append(float(row[column]))
            except (TypeError, ValueError):
                raise ValueError(f"{path.name}:{rows.line_num}: {row[column]!r} is not a number") from None
            if len(values) > VALUES_MAX:
                raise ValueError(f"{path.name}: more than {VALUES_MAX} values")
    if not values:
        raise ValueError(f"{path.name}: the column {column} is empty")
    return values


def _unit_poisson(until: float, random: Generator) -> npt.NDArray[np.float64]:
    """Arrivals at rate 1 up to ``until``."""
    chunk = int(until + 6 * math.sqrt(until) + 20)
    times = np.cumsum(random.standard_exponential(chunk))
    while times[-1] < until:
        times = np.concatenate((times, times[-1] + np.cumsum(random.standard_exponential(chunk))))
    return times[times < until]


def _moments_of(
    times: npt.NDArray[np.float64], expected: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Stretches rate 1 to the rates of the intervals. An interval without calls is passed over."""
    rises = np.concatenate(([True], np.diff(expected) > 0))
    starts = np.concatenate((edges[:-1][np.diff(expected) > 0], [edges[-1]]))
    index = np.searchsorted(expected[rises], times, side="right") - 1
    index = np.minimum(index, len(starts) - 1)
    rates = (np.diff(expected) / np.diff(edges))[np.diff(expected) > 0]
    return starts[index] + (times - expected[rises][index]) / rates[np.minimum(index, len(rates) - 1)]


def _micros(seconds: npt.NDArray[np.float64]) -> Draws:
    return np.rint(seconds * SECOND_US).astype(np.int64)
