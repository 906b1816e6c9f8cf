"""``python -m cti_server.switch.embedded.media_worker``: one media worker process.

It is nobody's child in spirit: it goes on when the core process ends, and a second one on the same socket ends at once
(exit code 3). What it does is in ``media/``; here are its arguments, its socket and its end.
"""

import argparse
import asyncio
import contextlib
import fcntl
import gc
import os
import signal
import socket
import sys
from pathlib import Path

import structlog
import uvloop

from cti_server.logging_setup import set_up_logging
from cti_server.switch.embedded.media.ports import bind_range
from cti_server.switch.embedded.media.worker import MediaWorker
from cti_server.switch.embedded.media_connection import socket_address

log = structlog.get_logger(__name__)

EXIT_ALREADY_RUNNING = 3
EXIT_NO_PORTS = 4


def main(arguments: list[str] | None = None) -> int:
    """Run until stopped (SIGTERM, SIGINT: recordings are finished) or until nobody needs it."""
    options = _parse(arguments)
    set_up_logging()
    options.socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = _lock(options.socket)
    if lock is None:
        print(f"a media worker runs at {options.socket} already", file=sys.stderr)
        return EXIT_ALREADY_RUNNING
    try:
        return uvloop.run(_run(options))
    finally:
        os.close(lock)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="media_worker", description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--socket", type=Path, required=True, help="control socket, <data>/run/media-N.sock")
    parser.add_argument("--ports", type=_ports, required=True, metavar="LO-HI", help="UDP ports, RTP even, RTCP odd")
    parser.add_argument("--address", default="127.0.0.1", help="address of the UDP ports (default: %(default)s)")
    parser.add_argument("--media-timeout-s", type=float, default=30.0, help="end calls silent for so long")
    parser.add_argument("--idle-exit-s", type=float, default=60.0, help="end without calls and controller for so long")
    return parser.parse_args(arguments)


def _ports(text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    if not (low.isdecimal() and high.isdecimal()) or not 1024 <= int(low) < int(high) <= 65535:
        raise argparse.ArgumentTypeError("wanted LO-HI between 1024 and 65535")
    return int(low), int(high)


def _lock(path: Path) -> int | None:
    """One worker for each socket; the lock goes with the process, however it ends."""
    descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


async def _run(options: argparse.Namespace) -> int:
    low, high = options.ports
    pairs = bind_range(options.address, low, high)
    if not pairs:
        print(f"no port pair of {low}-{high} is free on {options.address}", file=sys.stderr)
        return EXIT_NO_PORTS
    loop = asyncio.get_running_loop()
    worker = MediaWorker(
        loop,
        pairs=pairs,
        address=options.address,
        media_timeout_s=options.media_timeout_s,
        idle_exit_s=options.idle_exit_s,
        pid=os.getpid(),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.done.set)
    listening = _listen(options.socket)
    server = await loop.create_unix_server(worker.connect, sock=listening)
    gc.freeze()  # nothing made so far is garbage: collections stay short, and with them the gaps in the audio
    log.info("media worker ready", worker=worker.name, port_pairs=len(pairs), address=options.address)
    try:
        await worker.done.wait()
        await worker.finish()
    finally:
        server.close()
        worker.close()
        with contextlib.suppress(FileNotFoundError):
            options.socket.unlink()
    return 0


def _listen(path: Path) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        path.unlink()  # of a worker that was killed; we hold the lock
    name, folder = socket_address(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(name)
        listening.listen(16)
        listening.setblocking(False)
    finally:
        os.umask(before)
        if folder is not None:
            os.close(folder)
    return listening


if __name__ == "__main__":
    sys.exit(main())
