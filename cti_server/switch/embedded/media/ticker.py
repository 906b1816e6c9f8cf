"""The one 20 ms clock of all endpoints: no task and no timer for each leg, and no drift.

Frames are due at start + n × 20 ms. When the process was held up, up to ``CATCH_UP_MAX`` frames are sent at once;
what is
beyond is skipped, so that the listener hears a gap instead of growing delay.
"""

import asyncio
from typing import Protocol

import structlog

log = structlog.get_logger(__name__)

FRAME_S = 0.02
CATCH_UP_MAX = 5


class Ticked(Protocol):
    def tick(self) -> None:
        """20 ms are due: send a frame."""

    def skip(self, frames: int) -> None:
        """So many frames are not to be sent; time has passed all the same."""


class Ticker:
    """Runs while it has members, in the order of their joining."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._members: dict[Ticked, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._start = 0.0
        self._done = 0

    def join(self, member: Ticked) -> None:
        self._members[member] = None
        if self._timer is None:
            self._start, self._done = self._loop.time(), 0
            self._schedule()

    def leave(self, member: Ticked) -> None:
        self._members.pop(member, None)

    def _schedule(self) -> None:
        self._timer = self._loop.call_at(self._start + (self._done + 1) * FRAME_S, self._run)

    def _run(self) -> None:
        due = int((self._loop.time() - self._start) / FRAME_S + 1e-6) - self._done
        self._done += due
        skipped = max(0, due - CATCH_UP_MAX)
        for member in tuple(self._members):
            if skipped:
                member.skip(skipped)
        for _ in range(due - skipped):
            for member in tuple(self._members):
                self._tick(member)
        if self._members:
            self._schedule()
        else:
            self._timer = None

    def _tick(self, member: Ticked) -> None:
        if member not in self._members:
            return
        try:
            member.tick()
        except Exception:
            # An edge: a mistake of ours in one call must not silence all others, which this clock serves too.
            log.exception("a leg fell silent")
            self.leave(member)
