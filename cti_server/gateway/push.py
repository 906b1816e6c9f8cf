"""What goes out to one client: facts, replies and answers in order and at once; of each gauge only the latest.

Decides what a client that does not read may hold: 1 MiB, then it is cut off, so that the others are not held up.
"""

import asyncio
from collections import deque
from collections.abc import Callable

HELD_BYTES_MAX = 1024 * 1024


class Outbox:
    """Frames on their way to one client. ``unsent``: bytes that the connection holds; ``cut`` ends it at once."""

    def __init__(self, *, unsent: Callable[[], int], cut: Callable[[], None], held_max: int = HELD_BYTES_MAX) -> None:
        self._unsent = unsent
        self._cut = cut
        self._held_max = held_max
        self._frames: deque[bytes] = deque()
        self._gauges: dict[str, bytes] = {}
        self._bytes = 0
        self._wake = asyncio.Event()
        self.is_over = False
        self.is_cut = False
        self.farewell: bytes | None = None

    @property
    def held(self) -> int:
        """Bytes that the client has not taken yet."""
        return self._bytes + sum(map(len, self._gauges.values())) + self._unsent()

    def put(self, frame: bytes) -> None:
        """In order, at once."""
        if not self.is_over:
            self._frames.append(frame)
            self._bytes += len(frame)
            self._look()

    def put_gauge(self, topic: str, frame: bytes) -> None:
        """Replaces the value of ``topic`` that has not gone out yet; goes after everything else."""
        if not self.is_over:
            self._gauges[topic] = frame
            self._look()

    def _look(self) -> None:
        if self.held > self._held_max:
            self.is_cut = True
            self.close()
            self._cut()
        self._wake.set()

    async def next(self) -> bytes | None:
        """The next frame to send; None: nothing more will come."""
        while not self.is_over:
            if self._frames:
                frame = self._frames.popleft()
                self._bytes -= len(frame)
                return frame
            if self._gauges:
                return self._gauges.pop(next(iter(self._gauges)))
            self._wake.clear()
            await self._wake.wait()
        return None

    def finish(self, farewell: bytes | None) -> None:
        """Nothing more goes out but these last words."""
        self.farewell = farewell
        self.close()

    def close(self) -> None:
        """No more frames; whoever waits in ``next`` is woken."""
        self.is_over = True
        self._frames.clear()
        self._gauges.clear()
        self._bytes = 0
        self._wake.set()
