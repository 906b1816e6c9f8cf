"""CPU of the media worker for each relayed and each recorded call, beside a bare relay in the same run.

``run()`` gives the figures; ``python -m tests.benchmarks.bench_media`` prints them. The three relay at the same time,
each with its own load, so that whatever else the machine does disturbs all alike; the ratios are medians of the rounds.
CPU is what the kernel counted for all threads of the relaying process (``/proc/PID/task/*/schedstat``), as percent of
one core for one call of two legs.
"""

import asyncio
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cti_server.switch.embedded.media_link import MediaLink
from cti_server.switch.embedded.media_protocol import RecordingFailed, RecordingFinished

CALLS = 100
ROUNDS = 3
SECONDS = 10.0
WARM_UP_S = 2.0
RELAY_RATIO_MAX = 1.5
RECORDED_RATIO_MAX = 2.5
ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0


def cpu_s(pid: int) -> float:
    """CPU seconds of all threads so far."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def free_ports(count: int, *, after: int) -> int:
    """The first of ``count`` free UDP ports in a row, below the ephemeral ones."""
    for first in range(after, 32_000 - count, 500):
        try:
            with contextlib.ExitStack() as held:
                for port in range(first, first + count):
                    bound = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                    bound.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise RuntimeError(f"no {count} free ports in a row")


def start(module: str, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, **options)


class Subject:
    """A process that relays, and the ports that the load talks to."""

    def __init__(self, kind: str, calls: int, *, after: int) -> None:
        self.kind = kind
        self.load_port = free_ports(2 * calls, after=after)
        self.own_port = free_ports(4 * calls, after=self.load_port + 2 * calls)
        self.ports: list[int] = []
        self.process: subprocess.Popen[str] | None = None
        self.link: MediaLink | None = None
        self.reports: list[Any] = []

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    async def close(self) -> None:
        if self.link is not None:
            await self.link.close()
        if self.process is not None:
            self.process.kill()
            self.process.communicate()


async def start_bare(calls: int, *, after: int) -> Subject:
    subject = Subject("bare", calls, after=after)
    ports = str(subject.own_port), str(subject.load_port)
    subject.process = start("tests.benchmarks.bare_relay", *ports, str(calls), stdin=subprocess.PIPE)
    subject.ports = [subject.own_port + number for number in range(2 * calls)]
    assert subject.process.stdout is not None
    await asyncio.to_thread(subject.process.stdout.readline)
    return subject


async def start_worker(calls: int, folder: Path, *, after: int, is_recorded: bool) -> Subject:
    kind = "recorded" if is_recorded else "relayed"
    subject = Subject(kind, calls, after=after)
    first = subject.own_port
    path = folder / f"{kind}.sock"
    subject.process = start(
        "cti_server.switch.embedded.media_worker",
        "--socket",
        str(path),
        "--ports",
        f"{first}-{first + 4 * calls - 1}",
        stderr=subprocess.DEVNULL,
    )
    subject.link = link = MediaLink(socket_path=path, epoch=1, on_report=subject.reports.append)
    await link.start(timeout_s=PATIENCE_S)
    subject.ports = [open_leg(link, number, subject.load_port) for number in range(2 * calls)]
    for call in range(calls):
        agent, customer = 2 * call, 2 * call + 1
        link.connect_legs(call=call, leg=agent, other=customer)
        if is_recorded:
            file = str(folder / "recordings" / f"{call}-{subject.pid}.wav")
            link.start_recording(call=call, recording=call, path=file, agent_leg=agent, customer_leg=customer)
    await link.barrier(timeout_s=PATIENCE_S)
    return subject


async def measure(subjects: list[Subject], seconds: float) -> dict[str, tuple[float, dict[str, float]]]:
    """For each subject: percent of a core for one call, and what its load saw."""
    loads = [
        start("tests.benchmarks.media_load", str(one.load_port), str(seconds + WARM_UP_S), *map(str, one.ports))
        for one in subjects
    ]
    await asyncio.sleep(WARM_UP_S)
    before, began = [cpu_s(one.pid) for one in subjects], time.monotonic()
    await asyncio.sleep(seconds * 0.8)
    used = [cpu_s(one.pid) - earlier for one, earlier in zip(subjects, before, strict=True)]
    lasted = time.monotonic() - began
    found: dict[str, tuple[float, dict[str, float]]] = {}
    for one, load, own in zip(subjects, loads, used, strict=True):
        output, _ = await asyncio.to_thread(load.communicate, timeout=PATIENCE_S)
        assert one.process is not None and one.process.poll() is None, f"the {one.kind} relay ended"
        found[one.kind] = own / lasted * 100 / (len(one.ports) // 2), json.loads(output)
    return found


def open_leg(link: MediaLink, number: int, load_port: int) -> int:
    port = link.allocate_port()
    link.open_leg(call=number // 2, leg=number, port=port)
    link.set_remote(call=number // 2, leg=number, address="127.0.0.1", port=load_port + number)
    return port


async def finish(link: MediaLink, calls: int, reports: list[Any]) -> None:
    for call in range(calls):
        link.close_call(call=call)
    deadline = time.monotonic() + PATIENCE_S
    while sum(isinstance(report, RecordingFinished) for report in reports) < calls:
        assert not any(isinstance(report, RecordingFailed) for report in reports)
        assert time.monotonic() < deadline, "recordings were not finished"
        await asyncio.sleep(0.05)


def fsync_p50_ms(folder: Path) -> float:
    """The disk's floor: an append of 16 kB and its fdatasync."""
    descriptor = os.open(folder / "floor", os.O_WRONLY | os.O_CREAT, 0o600)
    took = []
    for _ in range(100):
        os.write(descriptor, bytes(16_000))
        began = time.perf_counter()
        os.fdatasync(descriptor)
        took.append((time.perf_counter() - began) * 1000)
    os.close(descriptor)
    return statistics.median(took)


async def _round(calls: int, seconds: float, folder: Path) -> dict[str, tuple[float, dict[str, float]]]:
    subjects: list[Subject] = []
    try:
        subjects.append(await start_bare(calls, after=10_000))
        for is_recorded in (False, True):
            after = subjects[-1].own_port + 4 * calls
            subjects.append(await start_worker(calls, folder, after=after, is_recorded=is_recorded))
        found = await measure(subjects, seconds)
        recorder = subjects[-1]
        assert recorder.link is not None
        await finish(recorder.link, calls, recorder.reports)
        return found
    finally:
        for one in subjects:
            await one.close()


async def _run(calls: int, rounds: int, seconds: float) -> dict[str, Any]:
    figures: dict[str, list[float]] = {"bare": [], "relayed": [], "recorded": []}
    lost: dict[str, int] = dict.fromkeys(figures, 0)
    late_ms = 0.0
    with tempfile.TemporaryDirectory(prefix="ieum-media-") as name:
        folder = Path(name)
        for _ in range(rounds):
            for kind, (percent, load) in (await _round(calls, seconds, folder)).items():
                figures[kind].append(percent)
                lost[kind] += int(load["sent"] - load["received"])
                late_ms = max(late_ms, load["late_ms_max"])
        fsync_ms = fsync_p50_ms(folder)
    ratios = {
        kind: statistics.median(own / floor for own, floor in zip(figures[kind], figures["bare"], strict=True))
        for kind in ("relayed", "recorded")
    }
    percents = {f"{kind}_cpu_percent_per_call": round(statistics.median(figures[kind]), 4) for kind in figures}
    return {
        "calls": calls,
        "rounds": rounds,
        "relay_ratio": round(ratios["relayed"], 2),
        "relay_ratio_max": RELAY_RATIO_MAX,
        "recorded_ratio": round(ratios["recorded"], 2),
        "recorded_ratio_max": RECORDED_RATIO_MAX,
        "lost_packets": lost["relayed"] + lost["recorded"],
        "bare_lost_packets": lost["bare"],
        **percents,
        "fsync_p50_ms": round(fsync_ms, 3),
        "load_late_ms_max": late_ms,
    }


def run(*, calls: int = CALLS, rounds: int = ROUNDS, seconds: float = SECONDS) -> dict[str, Any]:
    """The figures by name; takes about ``rounds × (seconds + 6)`` seconds."""
    return asyncio.run(_run(calls, rounds, seconds))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        print(json.dumps(run(), indent=2))
