"""What a replay says: answered share, mean and 90 % wait as they were and as they would have been, as ranges.

A range is the lowest and the highest of the draws, with the mean between them. It covers what the log does not know
(patience, service of those who hung up), not what the model leaves out. Decides nothing about calls.
"""

from collections.abc import Callable, Sequence
from statistics import fmean

import msgspec
import numpy as np
import numpy.typing as npt

from cti_server.sim.calllog import Log
from cti_server.sim.replay import Draw, Replayed, as_it_was

Mask = npt.NDArray[np.bool_]
FEW = 30
SAME_S = 1.0
FIGURES = ("answered_share", "mean_wait_s", "wait_90_s")


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """Of the draws."""

    low: float
    mean: float
    high: float


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the calls (an hour, a class, all): ``real``, and by configuration the ranges; waits are those of the
    answered. Figures without a base are missing."""

    part: str
    offered: int
    real: dict[str, float]
    replayed: dict[str, dict[str, Range]]


class Differences(msgspec.Struct, frozen=True, kw_only=True):
    """Call by call and draw by draw, the second configuration beside the first; shares of all calls."""

    answered_instead_of_lost: Range
    lost_instead_of_answered: Range
    sooner: Range
    later: Range
    same: Range


class Report(msgspec.Struct, frozen=True, kw_only=True):
    configurations: tuple[str, ...]
    draws: int
    seed: int
    calls: int
    left_out: dict[str, int]
    total: Row
    hours: tuple[Row, ...]
    classes: tuple[Row, ...]
    misfit: dict[str, dict[str, float]]
    """By configuration: mean over the hours, weighted by calls, of |replayed − real|."""
    differences: Differences | None
    by_call: tuple[tuple[object, ...], ...] = ()
    """(call, day, class, answered really, waited really, then for each configuration: share of draws in which it was
    answered, and its mean time in the queue)"""


def report(log: Log, replays: Sequence[Replayed]) -> Report:
    real = as_it_was(log)
    hour = np.array([int(call.entered_s // 3600) for call in log.calls])
    class_of = np.array([call.class_of for call in log.calls])
    hours = tuple(_row(f"{each:02d}", hour == each, real, replays) for each in sorted(set(hour.tolist())))
    plan = replays[0].plan
    return Report(
        configurations=tuple(each.plan.replay for each in replays),
        draws=len(replays[0].draws),
        seed=plan.seed,
        calls=len(log.calls),
        left_out=log.left_out,
        total=_row("all", np.ones(len(log.calls), bool), real, replays),
        hours=hours,
        classes=tuple(_row(name, class_of == name, real, replays) for name in sorted(set(class_of.tolist()))),
        misfit={each.plan.replay: _misfit(hours, each.plan.replay) for each in replays},
        differences=_differences(*replays) if len(replays) == 2 else None,
        by_call=tuple(_by_call(log, real, replays)),
    )


def text(found: Report) -> str:
    """For people."""
    names = found.configurations
    lines = [f"{found.calls} calls, {found.draws} draws, seed {found.seed}; ranges are lowest–highest of the draws"]
    if found.left_out:
        lines.append("left out: " + ", ".join(f"{count} {why}" for why, count in sorted(found.left_out.items())))
    lines += ["", _line(["", "calls", "figure", "real", *names])]
    for row in (found.total, *found.classes, *found.hours):
        for figure in FIGURES:
            if figure in row.real:
                cells = [_range(row.replayed[name].get(figure), figure) for name in names]
                lines.append(_line([row.part, str(row.offered), figure, _number(row.real[figure], figure), *cells]))
    lines.append("")
    for name, misfit in found.misfit.items():
        told = ", ".join(f"{figure} {_number(value, figure)}" for figure, value in misfit.items())
        lines.append(f"{name}: mean difference from the real day by hour: {told}")
    if found.differences is not None:
        shares = msgspec.structs.asdict(found.differences)
        told = ", ".join(f"{key.replace('_', ' ')} {_range(each, 'answered_share')}" for key, each in shares.items())
        lines.append(f"calls with {names[1]} instead of {names[0]}: {told}")
    return "\n".join(lines)


def _row(part: str, chosen: Mask, real: Draw, replays: Sequence[Replayed]) -> Row:
    replayed = {}
    for each in replays:
        drawn = [_figures(draw, chosen) for draw in each.draws]
        names = [name for name in FIGURES if all(name in figures for figures in drawn)]
        replayed[each.plan.replay] = {name: _range_of([figures[name] for figures in drawn]) for name in names}
    return Row(part=part, offered=int(chosen.sum()), real=_figures(real, chosen), replayed=replayed)


def _figures(draw: Draw, chosen: Mask) -> dict[str, float]:
    answered = chosen & draw.answered
    figures = {"answered_share": float(answered.sum() / chosen.sum())}
    if answered.any():
        figures["mean_wait_s"] = float(draw.waited_s[answered].mean())
        figures["wait_90_s"] = float(np.quantile(draw.waited_s[answered], 0.9))
    return figures


def _misfit(hours: Sequence[Row], name: str) -> dict[str, float]:
    """Hours with few calls say little, and are left out."""
    found = {}
    for figure in FIGURES:
        rows = [row for row in hours if row.offered >= FEW and figure in row.real and figure in row.replayed[name]]
        total = sum(row.offered for row in rows)
        if total:
            off = sum(abs(row.replayed[name][figure].mean - row.real[figure]) * row.offered for row in rows)
            found[figure] = off / total
    return found


def _differences(first: Replayed, second: Replayed) -> Differences:
    pairs = list(zip(first.draws, second.draws, strict=True))

    def share(of: Callable[[Draw, Draw], Mask]) -> Range:
        return _range_of([float(of(a, b).mean()) for a, b in pairs])

    return Differences(
        answered_instead_of_lost=share(lambda a, b: ~a.answered & b.answered),
        lost_instead_of_answered=share(lambda a, b: a.answered & ~b.answered),
        sooner=share(lambda a, b: a.answered & b.answered & (b.waited_s < a.waited_s - SAME_S)),
        later=share(lambda a, b: a.answered & b.answered & (b.waited_s > a.waited_s + SAME_S)),
        same=share(lambda a, b: (a.answered == b.answered) & (abs(a.waited_s - b.waited_s) <= SAME_S)),
    )


def _by_call(log: Log, real: Draw, replays: Sequence[Replayed]) -> list[tuple[object, ...]]:
    columns = []
    for each in replays:
        columns += [
            np.mean([draw.answered for draw in each.draws], axis=0).round(3).tolist(),
            np.mean([draw.waited_s for draw in each.draws], axis=0).round(1).tolist(),
        ]
    return [
        (call.call, call.day, call.class_of, bool(real.answered[n]), call.waited_s, *(column[n] for column in columns))
        for n, call in enumerate(log.calls)
    ]


def _range_of(values: Sequence[float]) -> Range:
    return Range(low=min(values), mean=fmean(values), high=max(values))


def _range(each: Range | None, figure: str) -> str:
    if each is None:
        return "–"
    return f"{_number(each.mean, figure)} ({_number(each.low, figure)}–{_number(each.high, figure)})"


def _number(value: float, figure: str) -> str:
    return f"{value:.3f}" if figure == "answered_share" else f"{value:.1f}"


def _line(cells: Sequence[str]) -> str:
    return f"{cells[0]:<6}{cells[1]:>7}  {cells[2]:<15}{cells[3]:>8}" + "".join(f"  {cell:>24}" for cell in cells[4:])
