"""What the engine adds between an input and its effect, beside what this machine's disk needs for one commit.

    python -m tests.benchmarks.bench_engine

``run()`` gives milliseconds: input submitted → effect performed (a call arriving at a free agent), a bare SQLite commit
of as many rows on the same disk (``floor``), fdatasync alone, and inputs a second when many wait.
"""

import asyncio
import json
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from cti_server.core.centre import Centre
from cti_server.core.effects import Effect, PlaceLeg
from cti_server.core.inputs import EnrolAgents, LegCleared, LegFailed, LoadSettings, PhoneRegistered
from cti_server.core.vocabulary import SWITCH_LEG_BIT, AgentId, ClearingCause, Extension, LegId
from tests.engine_helpers import Outside, Running, caller, profile, running, settings

CALLS = 1_000
BURST = 5_000
AGENTS = 10
COMMITS = 1_000
ROWS_A_CALL = 6


def run() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(_measure(Path(folder) / "data"))
        return {**result, **_floor(Path(folder))}


async def _measure(data: Path) -> dict[str, float]:
    outside = Outside()
    async with running(data, outside=outside, make_centre=Centre) as bench:
        await bench.engine.carry_out(LoadSettings(settings=settings()))
        agents = tuple(profile(AgentId(number), needs_desktop=False) for number in range(1, AGENTS + 1))
        await bench.engine.carry_out(EnrolAgents(agents=agents))
        for agent in agents:
            bench.engine.submit(PhoneRegistered(extension=Extension(agent.extension)))
        await bench.until(lambda: outside.kinds.count("AgentReady") == AGENTS)
        took = [await _one_call(bench, number) for number in range(1, CALLS + 1)]
        outside.recorded.clear()
        per_second = await _burst(bench)
    return {**_percentiles("input_to_effect", took), "inputs_per_second": round(per_second)}


async def _one_call(bench: Running, number: int) -> float:
    """The caller arrives, the agent's phone is rung; then the caller hangs up, and the agent is free again."""
    placed: asyncio.Future[tuple[float, LegId]] = asyncio.get_running_loop().create_future()

    def on_perform(effect: Effect) -> None:
        if isinstance(effect, PlaceLeg) and not placed.done():
            placed.set_result((time.perf_counter(), effect.leg))

    bench.outside.on_perform = on_perform
    began = time.perf_counter()
    bench.engine.submit(caller(number))
    done, agent_leg = await asyncio.wait_for(placed, 30)
    bench.engine.submit(LegCleared(leg=LegId(SWITCH_LEG_BIT + number), cause=ClearingCause.CALLER_HUNG_UP))
    bench.engine.submit(LegFailed(leg=agent_leg, cause=ClearingCause.CANCELLED, status=487))
    await bench.engine.look(lambda state, seq: None)
    await bench.engine.look(lambda state, seq: None)
    return (done - began) * 1000


async def _burst(bench: Running) -> float:
    """Many callers at once: they queue, and each append takes as many as wait."""
    began = time.perf_counter()
    for number in range(CALLS + 1, CALLS + BURST + 1):
        while bench.engine.is_overloaded:
            await asyncio.sleep(0)
        bench.engine.submit(caller(number))
    await bench.until(lambda: bench.outside.kinds.count("CallArrived") >= BURST)
    return BURST / (time.perf_counter() - began)


def _floor(folder: Path) -> dict[str, float]:
    connection = sqlite3.connect(folder / "floor.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("CREATE TABLE events(seq INTEGER PRIMARY KEY, body BLOB)")
    commits = [_commit(connection, number) for number in range(COMMITS)]
    connection.close()
    descriptor = os.open(folder / "floor", os.O_RDWR | os.O_CREAT, 0o600)
    syncs = [_sync(descriptor, number) for number in range(COMMITS)]
    os.close(descriptor)
    return {**_percentiles("floor_commit", commits), **_percentiles("floor_fdatasync", syncs)}


def _commit(connection: sqlite3.Connection, number: int) -> float:
    rows = [(number * ROWS_A_CALL + offset, b"x" * 200) for offset in range(ROWS_A_CALL)]
    began = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO events VALUES (?, ?)", rows)
    connection.execute("COMMIT")
    return (time.perf_counter() - began) * 1000


def _sync(descriptor: int, number: int) -> float:
    os.pwrite(descriptor, b"x" * 4096, 4096 * (number % 200))
    began = time.perf_counter()
    os.fdatasync(descriptor)
    return (time.perf_counter() - began) * 1000


def _percentiles(name: str, values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        f"{name}_p50_ms": round(statistics.median(ordered), 3),
        f"{name}_p95_ms": round(ordered[int(len(ordered) * 0.95)], 3),
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
