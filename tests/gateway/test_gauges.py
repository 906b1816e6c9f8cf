"""Figures go out as latest values, at most four times a second, and only when they are new."""

from pathlib import Path

from cti_server.gateway import gauges as module
from cti_server.wire import client as wire
from cti_server.wire.server import CallbackCount, GaugeFrame, MyDayGauge, QueueGauges
from tests.gateway.floor import Desktop, Floor, on_the_floor


def gauges(desktop: Desktop, kind: type) -> list[GaugeFrame]:
    return [frame for frame in desktop.of(GaugeFrame) if isinstance(frame.body, kind)]


def test_a_desktop_that_comes_gets_all_figures_at_once(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await it.sign_in()
        for kind in (QueueGauges, MyDayGauge, CallbackCount):
            await desktop.until(lambda kind=kind: gauges(desktop, kind))
        queues = gauges(desktop, QueueGauges)[0].body.queues
        assert [(queue.queue, queue.waiting, queue.service_level) for queue in queues] == [
            ("orders", 0, None),
            ("care", 0, None),
        ]
        assert gauges(desktop, MyDayGauge)[0].body.day.talk_mean_s is None

    on_the_floor(tmp_path, work)


def test_waiting_callers_and_ready_agents_are_counted(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await it.sign_in()
        for _ in range(3):
            it.offer()

        def orders() -> tuple[int, int] | None:
            found = gauges(desktop, QueueGauges)
            queue = found[-1].body.queues[0] if found else None
            return (queue.waiting, queue.ready) if queue else None

        await desktop.until(lambda: orders() == (3, 0))
        assert gauges(desktop, QueueGauges)[-1].body.queues[0].longest_since is not None
        await it.sign_in("agent2")
        assert (await it.desktops[-1].command(wire.SetReady())).ok
        later = it.gateway.utc_now() + 3_600_000_000
        ask = wire.RequestCallback(number="010-2345-6789", due_at=later, queue="orders")
        assert (await it.desktops[-1].command(ask)).ok
        named = it.desktops[-1]
        await named.until(lambda: gauges(named, CallbackCount)[-1].body.waiting == 1)

    on_the_floor(tmp_path, work)


def test_what_did_not_change_is_not_sent_again(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await it.sign_in()
        await desktop.until(lambda: gauges(desktop, CallbackCount))
        before = len(desktop.of(GaugeFrame))
        for _ in range(5):
            it.gateway._gauges.round()
        assert (await desktop.command(wire.SetNotReady(reason="break"))).ok
        it.gateway._gauges.round()
        assert (await desktop.command(wire.SetNotReady(reason="break"))).ok
        assert len(desktop.of(GaugeFrame)) == before

    on_the_floor(tmp_path, work)


def test_a_burst_is_one_value(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await it.sign_in()
        await desktop.until(lambda: gauges(desktop, QueueGauges))
        before = len(gauges(desktop, QueueGauges))
        for _ in range(50):
            it.offer()
        await desktop.until(lambda: gauges(desktop, QueueGauges)[-1].body.queues[0].waiting == 50)
        assert len(gauges(desktop, QueueGauges)) - before < 50

    on_the_floor(tmp_path, work)


def test_rounds_are_no_more_than_four_a_second() -> None:
    assert module.ROUND_S >= 0.25
