"""Counts tries that failed, in a sliding window. Decides when somebody is locked; keeps nothing for ever."""

from collections import OrderedDict
from collections.abc import Hashable

WATCHED_MAX = 20_000


class Attempts:
    """At most ``limit`` failures in ``window_s`` for one key; times are the monotonic seconds that are passed in."""

    def __init__(self, *, limit: int, window_s: float) -> None:
        self._limit = limit
        self._window_s = window_s
        self._failures: OrderedDict[Hashable, list[float]] = OrderedDict()

    def is_locked(self, key: Hashable, now: float) -> bool:
        return len(self._recent(key, now)) >= self._limit

    def failed(self, key: Hashable, now: float) -> None:
        """The oldest keys are forgotten when there are too many."""
        self._failures[key] = [*self._recent(key, now), now][-self._limit :]
        self._failures.move_to_end(key)
        while len(self._failures) > WATCHED_MAX:
            self._failures.popitem(last=False)

    def succeeded(self, key: Hashable) -> None:
        self._failures.pop(key, None)

    def _recent(self, key: Hashable, now: float) -> list[float]:
        return [at for at in self._failures.get(key, ()) if at > now - self._window_s]
