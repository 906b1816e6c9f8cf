"""Runs a scenario: each variant, each replication, through the real Centre; gives figures with their half widths.

    result = simulate(load(path), folder=path.parent)

Replication r of every variant has the same callers (common random numbers). Decides nothing about calls.
"""

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from cti_server.sim.day import make_day
from cti_server.sim.distributions import SECOND_US
from cti_server.sim.driver import Driver
from cti_server.sim.figures import Measured, measure
from cti_server.sim.results import BATCHES, Result, VariantResult, compare, over_batches, over_replications
from cti_server.sim.scenario import Scenario, Variant, variants_of

PROGRESS_EVERY_S = 2.0
Tell = Callable[[str], None]


def simulate(
    scenario: Scenario,
    *,
    folder: Path,
    seed: int | None = None,
    replications: int | None = None,
    tell: Tell | None = None,
) -> Result:
    """``seed`` and ``replications`` override the file's. ``tell`` gets a line on progress every few seconds."""
    chosen_seed = scenario.seed if seed is None else seed
    count = scenario.replications if replications is None else replications
    variants = variants_of(scenario)
    runs: list[list[Measured]] = []
    results: list[VariantResult] = []
    for number, variant in enumerate(variants):
        measured: list[Measured] = []
        batches: list[Measured] = []
        for replication in range(count):
            where = f"{variant.name} ({number + 1}/{len(variants)}), replication {replication + 1}/{count}"
            whole, parts = _run(
                scenario,
                variant,
                seed=chosen_seed,
                replication=replication,
                folder=folder,
                has_batches=count == 1,
                progress=_Progress(where, tell),
            )
            measured.append(whole)
            batches += parts
        runs.append(measured)
        is_one = count == 1
        results.append(
            over_batches(variant.name, variant.says, measured[0], batches)
            if is_one
            else over_replications(variant.name, variant.says, measured)
        )
    by_name = {variant.name: run for variant, run in zip(variants, runs, strict=True)}
    return Result(
        scenario=scenario.scenario,
        seed=chosen_seed,
        replications=count,
        half_widths_from=f"{BATCHES} batches of one run" if count == 1 else "replications",
        variants=tuple(results),
        comparisons=tuple(
            compare(by_name[variant.against], run, names=(variant.against, variant.name))
            for variant, run in zip(variants[1:], runs[1:], strict=True)
        ),
        notes=scenario.notes,
    )


def _run(
    scenario: Scenario,
    variant: Variant,
    *,
    seed: int,
    replication: int,
    folder: Path,
    has_batches: bool,
    progress: "_Progress",
) -> tuple[Measured, list[Measured]]:
    day = make_day(scenario, variant, seed=seed, replication=replication, folder=folder)
    driver = Driver(settings=day.settings, people=day.people, flows=day.flows, opens_at_us=day.opens_at_us)
    outcomes = driver.run(day.calls, progress)
    begins, ends = scenario.warm_up_s * SECOND_US, scenario.until_s * SECOND_US
    edges = [begins + (ends - begins) * part // BATCHES for part in range(BATCHES + 1)] if has_batches else []
    whole, *batches = measure(scenario, variant, day, outcomes, [(begins, ends), *pairwise(edges)])
    return whole, batches


class _Progress:
    """Says where a long run is, at most every few seconds."""

    def __init__(self, where: str, tell: Tell | None) -> None:
        self._where = where
        self._tell = tell
        self._next = time.monotonic() + PROGRESS_EVERY_S

    def __call__(self, arrived: int, count: int) -> None:
        if self._tell is not None and time.monotonic() >= self._next:
            self._next = time.monotonic() + PROGRESS_EVERY_S
            self._tell(f"{self._where}: {arrived} of {count} calls")
