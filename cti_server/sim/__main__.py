"""Runs seeds from the command line: ``python -m cti_server.sim 0 1000`` (from, to); prints what did not hold, and the
rate."""

import sys
import time

from cti_server.sim.checks import Violation
from cti_server.sim.scenarios import variant, variants
from cti_server.sim.world import World

SEEDS_DEFAULT = (0, 500)


def main(arguments: list[str]) -> int:
    first, last = (int(arguments[0]), int(arguments[1])) if len(arguments) == 2 else SEEDS_DEFAULT
    scenarios = variants()
    started, steps, failed = time.perf_counter(), 0, 0
    for seed in range(first, last):
        try:
            steps += World(seed=seed, scenario=variant(seed, scenarios)).run().steps
        except Violation as violation:
            failed += 1
            print(violation)
    took_s = time.perf_counter() - started
    print(f"{last - first} seeds, {failed} failed; {(last - first) / took_s:.0f} seeds/s, {steps / took_s:.0f} steps/s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
