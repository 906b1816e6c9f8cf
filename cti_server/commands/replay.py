"""`ieum replay`: a log of real calls through the real routing, with one configuration or two beside each other.

What the files say and what is assumed stands in docs/simulation.md; it is run in `cti_server/sim/replay.py`.
"""

import argparse
import sys
import time

import msgspec

from cti_server.sim.calllog import load_mapping, read_log
from cti_server.sim.replay import replay
from cti_server.sim.replayed import report, text
from cti_server.sim.replaying import load_plan


def run(arguments: argparse.Namespace) -> int:
    started = time.monotonic()
    first = load_plan(arguments.config)
    plans = [first] if arguments.against is None else [first, load_plan(arguments.against)]
    log = read_log(arguments.calls, load_mapping(arguments.config.parent / first.mapping))
    found = report(log, [replay(log, plan, luck_of=first, tell=_tell) for plan in plans])
    for plan in plans:
        if plan.says:
            print(f"{plan.replay}: {plan.says}")
    print(text(found))
    print(f"\n{time.monotonic() - started:.1f} s")
    if arguments.json:
        arguments.json.write_bytes(msgspec.json.encode(found) + b"\n")
    return 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
