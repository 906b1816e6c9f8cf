"""Runs seeds from the command line: ``python -m cti_server.sim 0 1000`` (from, to); prints what did not hold, and the
rate. With a third word, ``first``, it stops at the first seed that fails.
"""

import sys
import time

from cti_server.sim.checks import Violation
from cti_server.sim.scenarios import variant, variants
from cti_server.sim.world import World

SEEDS_DEFAULT = ("0", "500")
STOP_AT_FIRST = "first"


def main(arguments: list[str]) -> int:
    first, last = (int(number) for number in (arguments[:2] or SEEDS_DEFAULT))
    scenarios = variants()
    started, steps, failed = time.perf_counter(), 0, 0
    for seed in range(first, last):
        try:
            steps += World(seed=seed, scenario=variant(seed, scenarios)).run().steps
        except Violation as violation:
            failed += 1
            print(violation)
            if STOP_AT_FIRST in arguments:
                return 1
    took_s = time.perf_counter() - started
    print(f"{last - first} seeds, {failed} failed; {(last - first) / took_s:.0f} seeds/s, {steps / took_s:.0f} steps/s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
