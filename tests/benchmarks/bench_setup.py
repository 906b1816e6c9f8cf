"""Set-up: from the caller's INVITE to the INVITE at the agent's phone, at 10 and 40 calls a second.

Agents answer at once and hold for 100 ms, so that one is always free.

    python -m tests.benchmarks.bench_setup
"""

import json
from typing import Any

from tests.benchmarks.captures import setup_times_s
from tests.benchmarks.floors import percentiles, turn_s
from tests.benchmarks.signalling import LOSS_SHARE_MAX, CannotMeasure, bench_centre, offer

RATES = (10, 40)
SECONDS = 15
WARM_UP_CALLS = 60
P50_ABOVE_SYNC_MS_MAX = 3.0
HOLD = '<pause milliseconds="100"/>'


def run() -> dict[str, Any]:
    """p50 and p95 by rate, and what the machine needs at least."""
    found: dict[str, Any] = {"setup_p50_ms": {}, "setup_p95_ms": {}, "setup_calls": {}}
    syncs: list[float] = []
    with bench_centre() as (centre, agents_port):
        offer(centre, agents_port, hold=HOLD, rate=20, calls=WARM_UP_CALLS, waiting=200, seconds=30)
        for rate in RATES:
            calls = rate * SECONDS
            done = offer(centre, agents_port, hold=HOLD, rate=rate, calls=calls, waiting=400, seconds=SECONDS + 30)
            times = setup_times_s(done.capture, server=done.server, agents=done.agents)
            if len(times) < calls * (1 - LOSS_SHARE_MAX):
                raise CannotMeasure(f"only {len(times)} of {calls} calls reached an agent")
            found["setup_p50_ms"][str(rate)], found["setup_p95_ms"][str(rate)] = percentiles(times)
            found["setup_calls"][str(rate)] = len(times)
            syncs += done.sync
    sync_p50, sync_p95 = percentiles(syncs)
    turn_p50, turn_p95 = percentiles(turn_s(RATES[-1]))
    return found | {
        "floor_fsync_p50_ms": sync_p50,
        "floor_fsync_p95_ms": sync_p95,
        "floor_sip_turn_p50_ms": turn_p50,
        "floor_sip_turn_p95_ms": turn_p95,
        "setup_aim_p50_ms": round(P50_ABOVE_SYNC_MS_MAX + sync_p50, 2),
        "setup_aim_met": max(found["setup_p50_ms"].values()) <= P50_ABOVE_SYNC_MS_MAX + sync_p50,
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
