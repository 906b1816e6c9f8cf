"""The header first, every other section on its own: what is slow or down delays only itself."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from cti_server.core.errors import Unavailable
from cti_server.customers.connectors import Connector, Row, Value
from cti_server.customers.main_system import MainSystem, read_main_system
from cti_server.gateway import cards as module
from cti_server.storage.answers import TimelineEntry
from cti_server.wire import client as wire
from cti_server.wire.server import CallGone, CardSection
from tests.gateway.floor import Floor, on_the_floor
from tests.sample_shop import MINJI, shop


class Hampered:
    """A main system some of whose queries hang, and some fail."""

    def __init__(self, inner: Connector, *, hang: str = "-", fail: str = "-") -> None:
        self.inner = inner
        self.hang = hang
        self.fail = fail
        self.gate = asyncio.Event()

    async def fetch(self, query: str, **arguments: Value) -> list[Row]:
        if query.startswith(self.fail):
            raise Unavailable("down")
        if query.startswith(self.hang):
            await self.gate.wait()
        return await self.inner.fetch(query, **arguments)

    async def close(self) -> None:
        await self.inner.close()


def hampered(**how: str) -> MainSystem:
    whole = shop()
    return read_main_system(Hampered(whole.connector, **how), whole.declarations)


def on_a_call(path: Path, work: Callable[[Floor, "Desk"], Awaitable[None]], **how: str) -> None:
    """A ready agent is about to get 김민지's call."""

    async def with_call(it: Floor) -> None:
        desktop = await it.sign_in()
        assert (await desktop.command(wire.SetReady())).ok
        it.offer()
        view = await desktop.call()
        await work(it, Desk(desktop, view.call))

    on_the_floor(path, with_call, main=hampered(**how))


class Desk:
    def __init__(self, desktop: object, call: int) -> None:
        self.desktop = desktop
        self.call = call

    async def section(self, name: str) -> CardSection:
        found = self.desktop.until(  # type: ignore[attr-defined]
            lambda: next((s for s in self.sections() if s.section == name and s.customer == MINJI), None)
        )
        section: CardSection = await found
        return section

    def sections(self) -> list[CardSection]:
        found: list[CardSection] = self.desktop.of(CardSection)  # type: ignore[attr-defined]
        return found


def test_the_header_goes_first_and_everything_else_follows(tmp_path: Path) -> None:
    async def work(it: Floor, desk: Desk) -> None:
        names = ("alerts", "profile", "needs", "timeline", "script_data")
        for name in names:
            assert (await desk.section(name)).data is not None
        order = [s.section for s in desk.sections() if s.customer == MINJI]
        assert order[0] == "header"
        assert sorted(order[1:]) == sorted(names)
        header = (await desk.section("header")).data
        assert header.summary == "KR-20931 배송 중 · 반품 접수 1건"

    on_a_call(tmp_path, work)


def test_a_section_that_hangs_delays_only_itself(tmp_path: Path) -> None:
    async def work(it: Floor, desk: Desk) -> None:
        for name in ("header", "alerts", "profile", "needs"):
            assert (await desk.section(name)).data is not None
        assert "timeline" not in [s.section for s in desk.sections()]
        it.main.connector.gate.set()  # type: ignore[attr-defined]
        assert (await desk.section("timeline")).data is not None

    on_a_call(tmp_path, work, hang="timeline_orders")


def test_a_section_that_fails_is_said_to_be_missing(tmp_path: Path) -> None:
    async def work(it: Floor, desk: Desk) -> None:
        assert (await desk.section("needs")).data is None
        assert (await desk.section("profile")).data is not None

    on_a_call(tmp_path, work, fail="favourite_products")


def test_a_section_that_never_comes_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECTION_TIMEOUT_S", 0.2)

    async def work(it: Floor, desk: Desk) -> None:
        assert (await desk.section("alerts")).data is None

    on_a_call(tmp_path, work, hang="alerts")


def test_a_main_system_that_is_down_still_gives_a_header_to_ring_with(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await it.sign_in()
        await desktop.command(wire.SetReady())
        it.offer()
        view = await desktop.call()
        header = await desktop.section("header", view.call)
        assert (header.data.name, header.data.number) == ("", "010-2345-6789")
        assert (await desktop.command(wire.ConfirmCardShown(call=view.call))).ok
        await it.rung()

    on_the_floor(tmp_path, work, main=hampered(fail=""))


def test_our_own_calls_stand_among_the_main_systems_contacts(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await it.sign_in()
        everything = (await desktop.ask(wire.LoadTimeline(customer=MINJI, before_at=1 << 62, limit=3))).body.timeline
        between = everything.rows[1].at + 1
        it.history.entries.append(
            TimelineEntry(at=between, kind="call", call=9, direction="inbound", disposition="delivery", note="메모")
        )
        again = (await desktop.ask(wire.LoadTimeline(customer=MINJI, before_at=1 << 62, limit=3))).body.timeline
        assert [row.title for row in again.rows] == [
            everything.rows[0].title,
            "배송 문의",
            everything.rows[1].title,
        ]
        assert again.has_more

    on_the_floor(tmp_path, work)


def test_what_was_on_its_way_for_a_call_that_is_gone_is_dropped(tmp_path: Path) -> None:
    async def work(it: Floor, desk: Desk) -> None:
        await desk.section("header")
        caller = it.run.outside.recorded[0]
        assert caller is not None
        await desk.desktop.close()  # type: ignore[attr-defined]
        await it.run.until(lambda: it.gateway.clients == 0)
        assert it.gateway.desk._tasks == {}

    on_a_call(tmp_path, work, hang="timeline_orders")


def test_the_next_customers_card_replaces_the_one_before(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await it.sign_in()
        await desktop.command(wire.SetReady())
        caller = it.offer()
        first = await desktop.call()
        await desktop.section("header", first.call)
        it.hang_up(caller)
        await desktop.fact(CallGone)
        it.offer("02-000-4120")
        second = await desktop.call(lambda call: call.call != first.call)
        await desktop.section("header", second.call)
        started = [s.call for s in desktop.of(CardSection)].index(second.call)
        assert first.call not in [s.call for s in desktop.of(CardSection)[started:]]

    on_the_floor(tmp_path, work)


def test_a_card_opened_by_hand_does_not_take_the_calls_card_away(tmp_path: Path) -> None:
    async def work(it: Floor, desk: Desk) -> None:
        await desk.section("header")
        desktop = it.desktops[0]
        assert (await desktop.ask(wire.OpenCard(customer="C-004600"))).code == ""
        it.main.connector.gate.set()  # type: ignore[attr-defined]
        assert (await desktop.section("timeline", desk.call)).customer == MINJI
        assert (await desktop.section("timeline", 0)).customer == "C-004600"

    on_a_call(tmp_path, work, hang="timeline_orders")
