"""A network in virtual time that loses, doubles, delays and so reorders what it is given.

Decides, by a seeded generator, what becomes of each item; knows nothing of what the items are. Same seed, same fate.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


class Chance(Protocol):
    """`random.Random(seed)`."""

    def random(self) -> float: ...


@dataclass(slots=True, kw_only=True)
class Weather:
    """Shares of all items, and the delay of each copy in microseconds (even between the two)."""

    loss: float = 0.2
    duplicates: float = 0.1
    delay_us: tuple[int, int] = (2_000, 40_000)
    late: float = 0.05
    """This share is delayed by up to `late_us` more, and so overtaken by what was sent after it."""
    late_us: int = 700_000


@dataclass(slots=True)
class LossyNetwork(Generic[T]):
    """`put` items, ask `next_us`, `take` what has arrived."""

    chance: Chance
    weather: Weather = field(default_factory=Weather)
    lost: int = 0
    doubled: int = 0
    delivered: int = 0
    _way: list[tuple[int, int, T]] = field(default_factory=list)
    _count: int = 0

    def put(self, item: T, now_us: int) -> None:
        if self.chance.random() < self.weather.loss:
            self.lost += 1
            return
        self._send(item, now_us)
        if self.chance.random() < self.weather.duplicates:
            self.doubled += 1
            self._send(item, now_us)

    def _send(self, item: T, now_us: int) -> None:
        shortest, longest = self.weather.delay_us
        delay_us = shortest + int(self.chance.random() * (longest - shortest))
        if self.chance.random() < self.weather.late:
            delay_us += int(self.chance.random() * self.weather.late_us)
        self._count += 1
        heapq.heappush(self._way, (now_us + delay_us, self._count, item))

    def next_us(self) -> int | None:
        """When the next item arrives, or None."""
        return self._way[0][0] if self._way else None

    def take(self, now_us: int) -> Iterator[T]:
        """What has arrived by now, in the order of arrival."""
        while self._way and self._way[0][0] <= now_us:
            self.delivered += 1
            yield heapq.heappop(self._way)[2]
