"""Engine time: one integer that never runs backwards."""

import time
from collections.abc import Callable


class EngineClock:
    """UTC at start plus monotonic time since; never below the last journalled value."""

    def __init__(
        self,
        last_at: int = 0,
        *,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._base_us = max(wall_ns() // 1000, last_at) - monotonic_ns() // 1000

    def __call__(self) -> int:
        return self._base_us + self._monotonic_ns() // 1000

    def wall_offset_us(self) -> int:
        """Add it to engine time for wall time."""
        return self._wall_ns() // 1000 - self()
