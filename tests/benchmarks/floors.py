"""What this machine needs for the least that a call takes: a commit on its disk, a turn of a SIP message in Python.

Measured in the same run as the thing itself, so that a slow machine explains itself.
"""

import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

SYNCS = 300
SYNC_BYTES = 4096
ECHO = """
import asyncio, uvloop
class Forward(asyncio.DatagramProtocol):
    def connection_made(self, transport): self.transport = transport
    def datagram_received(self, data, addr): self.transport.sendto(data, ("127.0.0.1", {target}))
async def main():
    await asyncio.get_running_loop().create_datagram_endpoint(Forward, local_addr=("127.0.0.1", {port}))
    print("ready", flush=True)
    await asyncio.Event().wait()
with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner: runner.run(main())
"""
TURNS = 300


def percentiles(values: list[float]) -> tuple[float, float]:
    """p50 and p95 in milliseconds, of seconds."""
    ordered = sorted(values)
    return round(statistics.median(ordered) * 1000, 2), round(ordered[int(len(ordered) * 0.95)] * 1000, 2)


def sync_s(folder: Path) -> list[float]:
    """fdatasync of 4 KiB in a file that is there already, in seconds."""
    descriptor = os.open(folder / "floor", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.pwrite(descriptor, b"x" * SYNC_BYTES * 64, 0)
        os.fsync(descriptor)
        return [_sync(descriptor, number) for number in range(SYNCS)]
    finally:
        os.close(descriptor)
        os.unlink(folder / "floor")


def _sync(descriptor: int, number: int) -> float:
    os.pwrite(descriptor, b"y" * SYNC_BYTES, SYNC_BYTES * (number % 64))
    began = time.perf_counter()
    os.fdatasync(descriptor)
    return time.perf_counter() - began


def turn_s(rate: float) -> list[float]:
    """An INVITE sent through a process that does nothing but pass it on, so many a second, in seconds."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
        agent.bind(("127.0.0.1", 0))
        agent.settimeout(10)
        port = _free_port()
        code = ECHO.format(target=agent.getsockname()[1], port=port)
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        try:
            assert process.stdout is not None
            process.stdout.readline()
            return [_turn(agent, port, rate) for _ in range(TURNS)]
        finally:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def _turn(agent: socket.socket, port: int, rate: float) -> float:
    message = b"INVITE sip:agent1@127.0.0.1 SIP/2.0\r\n".ljust(900, b"x")
    began = time.perf_counter()
    agent.sendto(message, ("127.0.0.1", port))
    agent.recv(2048)
    took = time.perf_counter() - began
    time.sleep(max(0.0, 1 / rate - took))
    return took


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
