"""How figures are written."""

from __future__ import annotations

import pytest

from agent_app.i18n import formats, set_language
from tests.agent_app.sample import at


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("01012345678", "010-1234-5678"),
        ("0111234567", "011-123-4567"),
        ("0212345678", "02-1234-5678"),
        ("021234567", "02-123-4567"),
        ("0311234567", "031-123-4567"),
        ("15881234", "1588-1234"),
        ("07012345678", "070-1234-5678"),
        ("05051234567", "0505-123-4567"),
        ("+821012345678", "010-1234-5678"),
        ("010-1234-5678", "010-1234-5678"),
        ("2003", "2003"),
        ("anonymous", "anonymous"),
        ("", "–"),
    ],
)
def test_telephone_numbers(raw: str, shown: str) -> None:
    assert formats.telephone(raw) == shown


def test_durations() -> None:
    assert [formats.duration(s) for s in (0, 134.9, 3725, -3, None)] == ["00:00", "02:14", "1:02:05", "00:00", "–"]


def test_dates_in_korean() -> None:
    assert formats.clock(at("2026-11-21 14:32")) == "11월 21일 (토) 14:32"
    assert formats.date_time(at("2026-11-21 14:32")) == "2026-11-21 (토) 14:32"
    assert formats.month(at("2026-11-01")) == "2026년 11월"


def test_dates_in_english() -> None:
    set_language("en")
    assert formats.clock(at("2026-11-21 14:32")) == "Sat 21 Nov 14:32"
    assert formats.month(at("2026-05-01")) == "May 2026"
    assert formats.short_time(at("2026-11-18 13:28")) == "11/18 13:28"


def test_unknown_is_a_dash_and_never_zero() -> None:
    unknown = (formats.money(None), formats.percent(None), formats.number(None), formats.date_time(None))
    assert set(unknown) == {"–"} and formats.time_of_day(None) == "–"


def test_money_and_shares() -> None:
    assert formats.money(68_000) == "₩68,000" and formats.percent(0.756) == "76%" and formats.number(12400) == "12,400"
