"""A centre with ten phones that sipp plays, callers that sipp plays, and a capture of what passes between them.

The callers' line leads straight into a queue; nobody is answered before an agent answers; there are no desktops, no
after-call work and no wait for a card. Measured is what the wire shows, by ``captures.py``.
"""

import contextlib
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.floors import sync_s
from tests.e2e.centre import DIRECT, Centre, Plan
from tests.e2e.ports import Ports
from tests.e2e.programs import sipp

SCENARIOS = Path(__file__).with_name("scenarios")
AGENTS = 10
LOSS_SHARE_MAX = 0.01


class CannotMeasure(Exception):
    """One line: what is missing."""


@dataclass(frozen=True, slots=True)
class Run:
    """``errors``: of the server's log. ``sync``: seconds of fdatasync before and after."""

    capture: Path
    server: int
    agents: int
    offered: int
    errors: str
    sync: list[float]


@contextlib.contextmanager
def bench_centre() -> Iterator[tuple[Centre, int]]:
    """A running centre, and the port at which its agents' phones are expected."""
    folder = Path(tempfile.mkdtemp(prefix="ieum-bench-"))
    try:
        agents_port = Ports(200).first
        names = tuple(f"agent{number}" for number in range(1, AGENTS + 1))
        plan = Plan(
            agents=AGENTS,
            logins=names,
            extensions=names,
            fixed_phones={name: f"sip:{name}@127.0.0.1:{agents_port}" for name in names},
            is_bare=True,
            after_call_work_s=0,
            times={"pop_wait_ms": 0},
            media_ports=800,
            sample=False,
        )
        with Centre(folder, plan) as centre:
            yield centre, agents_port
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def offer(centre: Centre, agents_port: int, *, hold: str, rate: float, calls: int, waiting: int, seconds: float) -> Run:
    """``hold``: sipp's pause of an agent. ``waiting``: callers at a time, at most."""
    folder = centre.data.parent / f"run-{time.monotonic_ns()}"
    folder.mkdir()
    capture = folder / "sip.pcap"
    sync = sync_s(centre.data)
    callers_port = Ports(200).first
    agent_options = ("-mp", str(agents_port + 2), "-max_socket", "60000")
    caller_options = ("-s", DIRECT, "-m", str(calls), "-r", str(rate), "-l", str(waiting), "-timeout", f"{seconds}s")
    caller_options += ("-mp", str(callers_port + 2), "-recv_timeout", "30000")
    with (
        sipp(SCENARIOS / "agent.xml", *agent_options, folder=folder, port=agents_port, name="agents",
             replace={"HOLD": hold}),
        capturing(capture, centre.sip_port, agents_port),
        sipp(SCENARIOS / "caller.xml", *caller_options, folder=folder, port=callers_port, name="callers",
             target=f"127.0.0.1:{centre.sip_port}") as callers,
    ):  # fmt: skip
        callers.wait(seconds + 60)
    sync += sync_s(centre.data)
    return Run(capture, centre.sip_port, agents_port, calls, centre.log, sync)


@contextlib.contextmanager
def capturing(file: Path, *ports: int) -> Iterator[None]:
    """Everything that passes on loopback at these ports."""
    program = shutil.which("dumpcap")
    if program is None:
        raise CannotMeasure("dumpcap is not installed (Debian package wireshark-common, which tshark brings)")
    wanted = " or ".join(f"udp port {port}" for port in ports)
    command = [program, "-q", "-P", "-i", "lo", "-B", "64", "-f", wanted, "-w", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    assert process.stderr is not None
    try:
        _wait_until_it_captures(process, file)
        yield
        time.sleep(0.5)  # the kernel hands packets over in blocks
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        process.stderr.close()


def _wait_until_it_captures(process: subprocess.Popen[bytes], file: Path) -> None:
    deadline = time.monotonic() + 20
    while not file.exists() or not file.stat().st_size:
        if process.poll() is not None or time.monotonic() > deadline:
            assert process.stderr is not None
            said = process.stderr.read().decode(errors="replace") if process.poll() is not None else ""
            why = " ".join(said.split()) or "it captured nothing"
            raise CannotMeasure(f"packets on loopback cannot be captured (as root?): {why}")
        time.sleep(0.05)
