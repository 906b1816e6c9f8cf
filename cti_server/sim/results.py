"""Figures of several replications as mean and 95 % half width, as JSON, as a table and as a chart for people.

With one replication the half width comes from 20 batches of the measured time (batch means), with more from the
differences between replications; both by Student's t. Two variants are compared replication by replication, because
they had the same luck. Decides nothing about calls.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from cti_server.sim.figures import Figures, Measured

BATCHES = 20
CHART_WIDTH = 40
_T_975: tuple[float, ...] = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131),
    *(2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
TABLE = (
    ("offered", "calls offered", "{:.0f}"),
    ("answered_share", "answered share", "{:.4f}"),
    ("answered_per_hour", "answered per hour", "{:.1f}"),
    ("abandoned_share", "abandoned share", "{:.4f}"),
    ("asa_s", "mean wait of answered (s)", "{:.2f}"),
    ("mean_wait_s", "mean wait of all (s)", "{:.2f}"),
    ("p_wait", "share that waits", "{:.4f}"),
    ("queue_mean", "mean number waiting", "{:.2f}"),
    ("occupancy", "occupancy", "{:.4f}"),
    ("answered_share_of_stayed", "answered share of those who stay", "{:.4f}"),
    ("callbacks_asked", "callbacks asked for", "{:.0f}"),
    ("callbacks_done", "callbacks done", "{:.0f}"),
    ("callbacks_exhausted", "callbacks given up", "{:.0f}"),
    ("callback_attempts", "attempts", "{:.0f}"),
    ("mean_time_to_callback_s", "mean time to callback (s)", "{:.2f}"),
)


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """``half_width``: of the 95 % confidence interval; None where one observation is all there is."""

    value: float
    half_width: float | None


Estimates = dict[str, Estimate]


class VariantResult(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    says: str
    whole: Estimates
    queues: dict[str, Estimates]
    classes: dict[str, Estimates]
    groups: dict[str, Estimates]
    agents: dict[str, Estimates]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """``answered_ratio``: answered calls of the variant by those of the first, paired by replication."""

    variant: str
    against: str
    answered_ratio: Estimate
    answered_share_difference: Estimate


class Result(msgspec.Struct, frozen=True, kw_only=True):
    scenario: str
    seed: int
    replications: int
    half_widths_from: str
    variants: tuple[VariantResult, ...]
    comparisons: tuple[Comparison, ...]
    notes: tuple[str, ...] = ()


def t_975(degrees: int) -> float:
    """The 97.5 % point of Student's t."""
    return _T_975[degrees - 1] if degrees <= len(_T_975) else 1.96 + 2.4 / degrees


def estimate(values: Sequence[float]) -> Estimate:
    """Of independent observations with the same mean."""
    count = len(values)
    mean = sum(values) / count
    if count < 2:
        return Estimate(value=mean, half_width=None)
    variance = sum((value - mean) ** 2 for value in values) / (count - 1)
    return Estimate(value=mean, half_width=t_975(count - 1) * math.sqrt(variance / count))


def over_replications(name: str, says: str, runs: Sequence[Measured]) -> VariantResult:
    return _result(name, says, runs, runs)


def over_batches(name: str, says: str, run: Measured, batches: Sequence[Measured]) -> VariantResult:
    """The value is that of the whole run, the half width that of the batches."""
    return _result(name, says, [run], batches)


def compare(first: Sequence[Measured], other: Sequence[Measured], *, names: tuple[str, str]) -> Comparison:
    pairs = list(zip(first, other, strict=True))
    return Comparison(
        variant=names[1],
        against=names[0],
        answered_ratio=estimate([_ratio(b.whole["answered"], a.whole["answered"]) for a, b in pairs]),
        answered_share_difference=estimate(
            [b.whole.get("answered_share", 0.0) - a.whole.get("answered_share", 0.0) for a, b in pairs]
        ),
    )


def as_json(result: Result) -> bytes:
    """Keys as in docs/simulation.md; the figures of the first variant also stand at the top."""
    variants = [_plain(variant) for variant in result.variants]
    top = {
        "scenario": result.scenario,
        "seed": result.seed,
        "replications": result.replications,
        "confidence": 0.95,
        "half_widths_from": result.half_widths_from,
        **{key: value for key, value in variants[0].items() if key not in ("name", "says")},
        "variants": variants,
        "comparisons": [
            {
                "variant": each.variant,
                "against": each.against,
                "answered_ratio": each.answered_ratio.value,
                "answered_share_difference": each.answered_share_difference.value,
                "half_width": {
                    "answered_ratio": each.answered_ratio.half_width,
                    "answered_share_difference": each.answered_share_difference.half_width,
                },
            }
            for each in result.comparisons
        ],
        "notes": list(result.notes),
    }
    return msgspec.json.format(msgspec.json.encode(top), indent=2) + b"\n"


def table(result: Result) -> str:
    """A block for each variant that others are compared with, and these beside it; ± the half width."""
    against = {each.variant: each for each in result.comparisons}
    heads = [each for each in result.variants if each.name not in against or _is_head(each.name, result)]
    return "\n\n".join(_block(head, result, against) for head in heads)


def _is_head(name: str, result: Result) -> bool:
    return any(each.against == name for each in result.comparisons)


def _block(head: VariantResult, result: Result, against: Mapping[str, Comparison]) -> str:
    beside = [each for each in result.variants if each.name in against and against[each.name].against == head.name]
    shown = [head, *(each for each in beside if not _is_head(each.name, result))]
    rows = [(key, title, form) for key, title, form in _rows(result) if any(key in each.whole for each in shown)]
    cells = [["", *(each.name for each in shown)]]
    cells += [[title, *(_cell(each.whole.get(key), form) for each in shown)] for key, title, form in rows]
    ratios = [_cell(against[each.name].answered_ratio, "{:.4f}") for each in shown[1:]]
    if ratios:
        cells.append([f"answered, by {head.name}", "", *ratios])
    return _aligned(cells)


def chart(result: Result) -> str:
    """The answered share as bars, of the whole and of each class where there are several."""
    rows: list[tuple[str, float]] = []
    for variant in result.variants:
        if "answered_share" in variant.whole:
            rows.append((variant.name, variant.whole["answered_share"].value))
        if len(variant.classes) > 1:
            for name, figures in variant.classes.items():
                if "answered_share" in figures:
                    rows.append((f"  {name}", figures["answered_share"].value))
    width = max((len(name) for name, _ in rows), default=0)
    bars = [f"{name:<{width}}  {'█' * round(share * CHART_WIDTH):<{CHART_WIDTH}} {share:.3f}" for name, share in rows]
    return "\n".join(["answered share", *bars])


def _result(name: str, says: str, values: Sequence[Measured], spread: Sequence[Measured]) -> VariantResult:
    def part(of: str) -> dict[str, Estimates]:
        names: Iterable[str] = dict.fromkeys(key for run in values for key in getattr(run, of))
        return {
            key: _estimates(
                [getattr(run, of).get(key, {}) for run in values], [getattr(run, of).get(key, {}) for run in spread]
            )
            for key in names
        }

    return VariantResult(
        name=name,
        says=says,
        whole=_estimates([run.whole for run in values], [run.whole for run in spread]),
        queues=part("queues"),
        classes=part("classes"),
        groups=part("groups"),
        agents=part("agents"),
    )


def _estimates(values: Sequence[Figures], spread: Sequence[Figures] | None = None) -> Estimates:
    found: Estimates = {}
    for key in dict.fromkeys(key for figures in values for key in figures):
        known = [figures[key] for figures in values if key in figures]
        varied = [figures[key] for figures in spread or values if key in figures]
        half_width = estimate(varied).half_width
        found[key] = Estimate(value=sum(known) / len(known), half_width=half_width)
    return found


def _plain(variant: VariantResult) -> dict[str, object]:
    parts = {
        part: {name: _flat(figures) for name, figures in getattr(variant, part).items()}
        for part in ("queues", "classes", "groups", "agents")
    }
    return {"name": variant.name, "says": variant.says, **_flat(variant.whole), **parts}


def _flat(figures: Estimates) -> dict[str, object]:
    """Values by name, service levels by limit and definition, and beside them the half widths in the same shape."""
    values: dict[str, object] = {}
    widths: dict[str, object] = {}
    for key, each in figures.items():
        for into, number in ((values, each.value), (widths, each.half_width)):
            if key.startswith("service_level_"):
                limit, _, definition = key.removeprefix("service_level_").partition("_")
                levels = into.setdefault("service_level", {})
                assert isinstance(levels, dict)
                levels.setdefault(limit, {})[definition] = number
            else:
                into[key] = number
    return {**values, "half_width": widths}


def _rows(result: Result) -> list[tuple[str, str, str]]:
    levels = dict.fromkeys(key for v in result.variants for key in v.whole if key.startswith("service_level_"))
    named = [(key, key.replace("_", " "), "{:.4f}") for key in levels]
    return [*TABLE, *named]


def _cell(each: Estimate | None, form: str) -> str:
    if each is None:
        return "–"
    return form.format(each.value) + (f" ± {form.format(each.half_width)}" if each.half_width is not None else "")


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        row[0].ljust(widths[0])
        + "".join("  " + cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    )


def _ratio(above: float, below: float) -> float:
    return above / below if below else math.nan
