"""Every ask is answered, with a body or with a code."""

from pathlib import Path
from typing import get_args

import pytest

from cti_server.gateway import asks as module
from cti_server.wire import client as wire
from cti_server.wire.server import CardSection
from tests.gateway.floor import Floor, on_the_floor
from tests.gateway.test_cards import hampered
from tests.sample_shop import MINJI

EXAMPLES: tuple[wire.Body, ...] = (
    wire.SearchCustomers(text="김민지"),
    wire.OpenCard(customer=MINJI),
    wire.LoadView(customer=MINJI, view="bonus"),
    wire.LoadTimeline(customer=MINJI, before_at=1 << 62),
    wire.LoadPicture(picture="P-101"),
    wire.ListCallbacks(),
)


def test_every_ask_is_answered(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await it.sign_in()
        for body in EXAMPLES:
            answer = await desktop.ask(body)  # type: ignore[arg-type]
            assert (answer.code, answer.body is not None) == ("", True), body
        assert {type(body) for body in EXAMPLES} == set(get_args(wire.AskBody))

    on_the_floor(tmp_path, work)


def test_a_card_opened_without_a_call_is_filled_too(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await it.sign_in("agent1", language="en")
        await desktop.ask(wire.OpenCard(customer=MINJI))
        for name in ("header", "profile", "alerts", "needs", "timeline", "script_data"):
            section = await desktop.section(name, 0)
            assert section.data is not None
            assert section.customer == MINJI
        header = desktop.of(CardSection)[0]
        assert (header.section, header.data.name, header.data.verification) == ("header", "김민지", "unverified")
        assert (await desktop.section("profile")).data.store == "Hongdae"

    on_the_floor(tmp_path, work)


def test_the_bonus_view_opens_with_its_columns_in_words(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await it.sign_in()
        answer = await desktop.ask(wire.LoadView(customer=MINJI, view="bonus", arguments={"order": "KR-20931"}))
        view = answer.body
        kinds = {column.key: column.values for column in view.columns}
        assert kinds["kind"]["earned"] == {"ko": "적립", "en": "Earned"}
        assert view.rows[view.selected]["order_number"] == "KR-20931"

    on_the_floor(tmp_path, work)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (wire.OpenCard(customer="C-999999"), "not_found"),
        (wire.LoadPicture(picture="../../etc/passwd"), "not_found"),
        (wire.LoadView(customer=MINJI, view="secrets"), "unknown_view"),
    ],
)
def test_what_is_not_there_has_a_code(tmp_path: Path, body: wire.AskBody, code: str) -> None:
    async def work(it: Floor) -> None:
        desktop = await it.sign_in()
        answer = await desktop.ask(body)
        assert (answer.body, answer.code) == (None, code)

    on_the_floor(tmp_path, work)


def test_a_main_system_that_is_down_is_said_to_be(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await it.sign_in()
        for body in EXAMPLES[:5]:
            assert (await desktop.ask(body)).code == "unavailable"  # type: ignore[arg-type]
        assert (await desktop.ask(wire.ListCallbacks())).code == ""

    on_the_floor(tmp_path, work, main=hampered(fail=""))


def test_a_main_system_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ASK_TIMEOUT_S", 0.1)

    async def work(it: Floor) -> None:
        desktop = await it.sign_in()
        assert (await desktop.ask(wire.LoadPicture(picture="P-101"))).code == "unavailable"

    on_the_floor(tmp_path, work, main=hampered(hang="picture"))
