"""Ports in a row that nobody has, and that no other process of tests takes before they are used.

Between the look and the use lie seconds in which a centre is furnished, so a run of ports is claimed by a lock, which
the kernel lets go of when the process ends, however it ends.
"""

import fcntl
import itertools
import os
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

FIRST = 10_000
CELL = 300
CELLS = 33
"""Up to 19,900: below the range that the system hands out by itself."""
_turns = itertools.count(os.getpid())


class Ports:
    """``first`` and those that follow it, until ``release``."""

    def __init__(self, size: int) -> None:
        cells = -(-size // CELL)
        for _ in range(4 * CELLS):
            cell = next(_turns) % (CELLS - cells + 1)
            self.first = FIRST + cell * CELL
            self._claims = [_claim(number) for number in range(cell, cell + cells)]
            if None not in self._claims and all(_is_free(self.first + offset) for offset in range(size)):
                return
            self.release()
        raise AssertionError("no ports")

    def release(self) -> None:
        for claim in self._claims:
            if claim is not None:
                os.close(claim)
        self._claims = []


def _claim(cell: int) -> int | None:
    """A lock that is held as long as this is open; None: another process has it."""
    claim = os.open(Path(tempfile.gettempdir()) / f"ieum-ports-{cell}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    with suppress(BlockingIOError):
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return claim
    os.close(claim)
    return None


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
