"""What the card says of a customer: sections, timeline, views, and what scripts put into sentences."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import TypeVar

import pytest

from cti_server.core.errors import Refused
from cti_server.customers.main_system import MainSystem
from cti_server.customers.sample.story import CARD
from scripts.sentences import DATA_NAMES
from tests.sample_shop import MINJI, TODAY, shop

Result = TypeVar("Result")


def read(work: Callable[[MainSystem], Awaitable[Result]]) -> Result:
    async def main() -> Result:
        main_system = shop()
        try:
            return await work(main_system)
        finally:
            await main_system.connector.close()

    return asyncio.run(main())


def test_the_profile_names_seller_store_and_what_is_open() -> None:
    profile = read(lambda shop: shop.cards.profile(MINJI, "ko"))
    assert profile is not None
    assert (profile.name, profile.tier, profile.seller, profile.store) == ("김민지", "VIP", "박점장", "홍대점")
    assert (profile.open_cases, profile.open_case_text) == (1, "반품 접수 1건")
    assert profile.skin_type == "건성"
    assert profile.consents["marketing_call"] is True


def test_the_profile_speaks_the_agents_language() -> None:
    profile = read(lambda shop: shop.cards.profile(MINJI, "en"))
    assert profile is not None
    assert (profile.store, profile.skin_type, profile.open_case_text) == ("Hongdae", "Dry", "Return open: 1")


def test_needs_are_worked_out_beforehand() -> None:
    needs = read(lambda shop: shop.cards.needs(MINJI, "ko"))
    assert needs.payment == CARD
    assert needs.payment_share == pytest.approx(14 / 17)
    assert [(line.name, line.orders) for line in needs.products] == [("수분 크림", 14), ("세럼", 9), ("클렌저", 6)]
    assert (needs.order, needs.order_amount) == ("KR-20931", 68_000)
    assert [(step.code, step.state) for step in needs.order_steps][-2:] == [
        ("delivering", "current"),
        ("completed", "ahead"),
    ]


def test_an_alert_tells_of_the_complaint() -> None:
    alerts = read(lambda shop: shop.cards.alerts(MINJI)).alerts
    assert [alert.level for alert in alerts] == ["warning"]
    assert "지난 통화(11/18)에서 배송 지연으로 불만" in alerts[0].text


def test_nobody_of_that_key_is_nobody() -> None:
    assert read(lambda shop: shop.cards.person("C-999999")) is None
    assert read(lambda shop: shop.cards.profile("C-999999", "ko")) is None
    assert read(lambda shop: shop.cards.picture("P-999")) is None


def test_product_pictures_can_be_loaded() -> None:
    png = read(lambda shop: shop.cards.picture("P-101"))
    assert png is not None
    assert png.startswith(b"\x89PNG")


def test_the_timeline_is_newest_first_with_everything_on_every_channel() -> None:
    rows = read(lambda shop: shop.timeline.rows(MINJI, "ko", limit=8))
    assert [(row.kind, row.title) for row in rows] == [
        ("call_in", "배송 지연 문의 · 재배송 요청"),
        ("order", "주문 KR-20931 · ₩68,000"),
        ("inquiry", "웹 문의 #1183 답변 완료"),
        ("return", "반품 접수 R-771 · 처리 중"),
        ("callback", "콜백 · 신제품 안내 동의"),
        ("visit", "방문 구매 · 홍대점"),
        ("mail", "뉴스레터 열람"),
        ("note", "메모 · 이준호"),
    ]
    assert (rows[0].tag, rows[0].tag_level, rows[0].duration_s) == ("불만", "alarm", 252)
    assert rows[1].text == "수분 크림 2, 세럼 1 · 웹 주문 · 신한 ****-1207"


def test_older_rows_follow_without_a_gap_and_without_repeating() -> None:
    async def both(shop: MainSystem) -> tuple[list[int], list[int]]:
        first = await shop.timeline.rows(MINJI, "ko", limit=5)
        older = await shop.timeline.rows(MINJI, "ko", before_at=first[-1].at, limit=5)
        all_rows = await shop.timeline.rows(MINJI, "ko", limit=10)
        return [row.at for row in first + older], [row.at for row in all_rows]

    paged, whole = read(both)
    assert paged == whole


def test_a_row_that_was_answered_later_is_on_exactly_one_page() -> None:
    async def pages(shop: MainSystem) -> list[str]:
        found: list[str] = []
        before_at = 1 << 62
        while rows := await shop.timeline.rows(MINJI, "ko", before_at=before_at, limit=3):
            found += [f"{row.kind} {row.reference or row.title}" for row in rows]
            before_at = rows[-1].at
        return found

    found = read(pages)
    assert len(found) == len(set(found))
    assert {"inquiry Q-1183", "return R-771", "order KR-20931"} <= set(found)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_declared_view_loads_for_a_busy_customer(language: str) -> None:
    async def all_views(shop: MainSystem) -> list[str]:
        loaded = [await shop.views.load(MINJI, view.view, {}, language) for view in shop.declarations.views]
        for view in loaded:
            keys = {column.key for column in (*view.columns, *view.detail)}
            assert all(set(row) == keys for row in view.rows)
            for column in (*view.columns, *view.detail):
                if column.values:
                    assert {row[column.key] for row in view.rows} <= set(column.values) | {None}
        return [view.view for view in loaded if view.rows]

    assert len(read(all_views)) == 9  # she has no open case


def test_arguments_select_a_row_and_some_leave_the_others_out() -> None:
    orders = read(lambda shop: shop.views.load(MINJI, "orders", {"order": "KR-19376"}, "ko"))
    assert len(orders.rows) == 17
    assert orders.selected is not None
    assert orders.rows[orders.selected]["order_number"] == "KR-19376"
    order = read(lambda shop: shop.views.load(MINJI, "order", {"order": "KR-20931", "unknown": "x"}, "ko"))
    assert [row["name"] for row in order.rows] == ["수분 크림", "세럼"]


def test_an_argument_that_fits_nothing_selects_nothing() -> None:
    assert read(lambda shop: shop.views.load(MINJI, "orders", {"order": "KR-0"}, "ko")).selected is None


def test_an_unknown_view_is_refused() -> None:
    with pytest.raises(Refused, match="unknown_view"):
        read(lambda shop: shop.views.load(MINJI, "secrets", {}, "ko"))


def test_scripts_get_values_ready_to_be_said() -> None:
    values = read(lambda shop: shop.values.of_customer(MINJI, today=TODAY, language="ko"))
    assert values["order.number"] == "KR-20931"
    assert values["order.status"] == "배송 중"
    assert values["order.due_date"] == "11월 22일"
    assert values["order.amount"] == "68,000원"
    assert values["bonus.points"].replace(",", "").isdigit()
    assert values["customer.phone_last4"] == "6789"


def test_values_are_said_in_english_to_english_agents() -> None:
    values = read(lambda shop: shop.values.of_customer(MINJI, today=TODAY, language="en"))
    assert values["order.due_date"] == "November 22"
    assert values["order.products"] == "Moisture cream, Serum"


def test_only_names_that_scripts_know_are_given() -> None:
    async def names(shop: MainSystem) -> set[str]:
        centre = shop.values.of_centre(agent_name="이서윤", today=date(2026, 11, 21), language="ko")
        found = set(centre)
        for customer in (MINJI, "C-004600", "C-004601", "C-004620"):
            found |= set(await shop.values.of_customer(customer, today=TODAY, language="ko"))
        return found

    found = read(names)
    assert found <= set(DATA_NAMES)
    assert len(found) > 25


def test_the_summary_says_what_matters_on_one_line() -> None:
    assert read(lambda shop: shop.cards.summary(MINJI, "ko")) == "KR-20931 배송 중 · 반품 접수 1건"
