"""Deadlines instead of timers: what has to happen at which microsecond. Decides the order; ties as set."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Deadline:
    """One thing to do; `cancel` may be called at any time, also twice."""

    at_us: int
    action: Callable[[], None] | None

    def cancel(self) -> None:
        self.action = None


@dataclass(slots=True)
class Deadlines:
    """A heap whose cancelled entries are dropped when they come up, or all at once when they are the majority."""

    now_us: int = 0
    _heap: list[tuple[int, int, Deadline]] = field(default_factory=list)
    _count: int = 0

    def at(self, at_us: int, action: Callable[[], None]) -> Deadline:
        deadline = Deadline(at_us, action)
        self._count += 1
        heapq.heappush(self._heap, (at_us, self._count, deadline))
        if len(self._heap) > 1024 and self._count % 1024 == 0:
            self._drop_cancelled()
        return deadline

    def after(self, delay_us: int, action: Callable[[], None]) -> Deadline:
        return self.at(self.now_us + delay_us, action)

    def next_us(self) -> int | None:
        while self._heap and self._heap[0][2].action is None:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def run(self) -> None:
        """Does all that is due at `now_us`, also what becomes due by doing it."""
        while (at_us := self.next_us()) is not None and at_us <= self.now_us:
            deadline = heapq.heappop(self._heap)[2]
            action, deadline.action = deadline.action, None
            if action is not None:
                action()

    def _drop_cancelled(self) -> None:
        live = [entry for entry in self._heap if entry[2].action is not None]
        if len(live) * 2 < len(self._heap):
            heapq.heapify(live)
            self._heap = live
