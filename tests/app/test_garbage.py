"""The core process stands still for garbage only briefly, or while nobody calls."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from cti_server.app import garbage


class Thing:
    """Becomes garbage that only the collector finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def grown_old() -> Thing:
    thing = Thing()
    gc.collect()  # it has survived a whole collection
    return thing


def test_what_is_there_at_the_start_is_never_looked_at_again() -> None:
    thing = grown_old()
    garbage.keep_pauses_short()
    assert gc.get_freeze_count() > 0
    assert not any(found is thing for found in gc.get_objects())


def test_old_garbage_waits_while_there_are_calls() -> None:
    garbage.keep_pauses_short()
    gone = weakref.ref(grown_old())
    for _ in range(50_000):  # many collections of the young; the old are not looked at
        Thing()
    assert gone() is not None
    gc.collect()
    assert gone() is None


def test_old_garbage_is_collected_when_there_is_no_call() -> None:
    gone = weakref.ref(grown_old())
    looks = 0

    def is_quiet() -> bool:
        nonlocal looks
        looks += 1
        assert gone() is not None or looks > 3
        return looks >= 3

    async def run() -> None:
        watching = asyncio.create_task(garbage.collect_while_quiet(is_quiet, look_every_s=0.001))
        async with asyncio.timeout(30):
            while gone() is not None:
                await asyncio.sleep(0.001)
        watching.cancel()

    asyncio.run(run())
    assert looks >= 3


def test_a_centre_that_is_never_quiet_is_collected_once_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "LOOKS_MAX", 3)
    gone = weakref.ref(grown_old())

    async def run() -> None:
        watching = asyncio.create_task(garbage.collect_while_quiet(lambda: False, look_every_s=0.001))
        async with asyncio.timeout(30):
            while gone() is not None:
                await asyncio.sleep(0.001)
        watching.cancel()

    asyncio.run(run())
