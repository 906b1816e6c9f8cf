"""`ieum simulate`: runs a scenario file and prints its figures, or fills a data folder with a made-up day.

What a scenario means stands in docs/simulation.md; it is run in `cti_server/sim/simulate.py`.
"""

import argparse
import sys
import time

from cti_server.sim.results import as_json, chart, table
from cti_server.sim.scenario import load
from cti_server.sim.simulate import simulate


def run(arguments: argparse.Namespace) -> int:
    if arguments.day == (arguments.scenario is not None):
        print("ieum simulate: give either a scenario or --day (see ieum simulate --help)", file=sys.stderr)
        return 2
    if arguments.day:
        from cti_server.commands.made_up import run_day  # it needs half the server; scenarios do not

        run_day(arguments.data, seed=arguments.seed or 1, speed=arguments.speed)
        return 0
    started = time.monotonic()
    scenario = load(arguments.scenario)
    result = simulate(
        scenario,
        folder=arguments.scenario.parent,
        seed=arguments.seed,
        replications=arguments.replications,
        tell=_tell,
    )
    if scenario.says:
        print(scenario.says)
    print(f"{result.scenario}: seed {result.seed}, {result.replications} replications, ± is 95 % from", end=" ")
    print(result.half_widths_from, end="\n\n")
    print(table(result), chart(result), sep="\n\n")
    for variant in result.variants[1:]:
        if variant.says:
            print(f"\n{variant.name}: {variant.says}", end="")
    for note in result.notes:
        print(f"\n{note}", end="")
    print(f"\n\n{time.monotonic() - started:.1f} s")
    if arguments.json:
        arguments.json.write_bytes(as_json(result))
    return 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
