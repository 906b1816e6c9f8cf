"""When Python's collector looks for cycles of garbage in the core process, which stands still meanwhile.

The law. What is there when the process has started is never looked at. The young are looked at often, and few at a
time. All that has grown old since is looked at only while there is no call, or else once a day: the Centre's state has
no cycles, so little waits for it. With 500 agents and 5,000 waiting calls the longest pause was 59 ms before, and is 2
(docs/performance.md).
"""

import asyncio
import gc
from collections.abc import Callable

YOUNG, MIDDLE, OLD = 200, 4, 1_000_000_000
"""Made and not freed again; collections of the young for one of the middle; of the middle for one of all: never."""
LOOK_EVERY_S = 60.0
LOOKS_MAX = 24 * 60
"""After so many looks at which there was a call, one pause is accepted."""


def keep_pauses_short() -> None:
    """Call it when the process has started."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)


async def collect_while_quiet(is_quiet: Callable[[], bool], *, look_every_s: float = LOOK_EVERY_S) -> None:
    """For ever."""
    looks = 0
    while True:
        await asyncio.sleep(look_every_s)
        looks += 1
        if is_quiet() or looks >= LOOKS_MAX:
            gc.collect()
            looks = 0
