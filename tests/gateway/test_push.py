"""What one client may hold, and in which order it is sent."""

import asyncio

from cti_server.gateway.push import Outbox


class Line:
    """A connection that holds ``bytes`` and remembers that it was cut."""

    def __init__(self) -> None:
        self.held = 0
        self.cuts = 0

    def unsent(self) -> int:
        return self.held

    def cut(self) -> None:
        self.cuts += 1


def outbox(line: Line, held_max: int = 100) -> Outbox:
    return Outbox(unsent=line.unsent, cut=line.cut, held_max=held_max)


def drained(box: Outbox, count: int) -> list[bytes | None]:
    async def main() -> list[bytes | None]:
        return [await box.next() for _ in range(count)]

    return asyncio.run(main())


def test_frames_go_in_order_and_gauges_after_them_with_their_latest_value() -> None:
    box = outbox(Line())
    box.put_gauge("queues", b"old")
    box.put(b"1")
    box.put_gauge("day", b"day")
    box.put_gauge("queues", b"new")
    box.put(b"2")
    assert drained(box, 4) == [b"1", b"2", b"new", b"day"]


def test_whoever_holds_too_much_is_cut_off_once() -> None:
    line = Line()
    box = outbox(line)
    line.held = 60
    box.put(b"x" * 40)
    assert (box.is_cut, box.held) == (False, 100)
    box.put(b"x")
    box.put(b"x")
    assert (box.is_cut, line.cuts) == (True, 1)
    assert drained(box, 1) == [None]


def test_what_was_taken_does_not_count_any_more() -> None:
    line = Line()
    box = outbox(line)
    for _ in range(50):
        box.put(b"x" * 90)
        assert drained(box, 1) == [b"x" * 90]
    assert line.cuts == 0


def test_the_latest_gauges_alone_never_grow() -> None:
    line = Line()
    box = outbox(line)
    for n in range(1000):
        box.put_gauge("queues", b"%04d" % n)
    assert (line.cuts, box.held) == (0, 4)


def test_who_waits_is_woken_by_a_frame_and_by_the_end() -> None:
    async def main() -> None:
        box = outbox(Line())
        waiting = asyncio.create_task(box.next())
        await asyncio.sleep(0)
        box.put(b"1")
        assert await waiting == b"1"
        waiting = asyncio.create_task(box.next())
        await asyncio.sleep(0)
        box.finish(b"bye")
        assert await waiting is None
        assert box.farewell == b"bye"
        box.put(b"late")
        assert box.held == 0

    asyncio.run(main())
