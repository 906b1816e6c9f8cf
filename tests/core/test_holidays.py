"""Korean public holidays: lunar days, substitutes, and hours tables that know them."""

from datetime import date

import pytest

from cti_server.core.holidays import FIRST_YEAR, LAST_YEAR, LUNAR, is_holiday, of_year


def days_of(year: int) -> list[str]:
    return [f"{day.month}-{day.day}" for day in of_year(year)]


@pytest.mark.parametrize(
    ("year", "expected"),
    [
        (2020, "1-1 1-24 1-25 1-26 1-27 3-1 4-15 4-30 5-5 6-6 8-15 8-17 9-30 10-1 10-2 10-3 10-9 12-25"),
        (2021, "1-1 2-11 2-12 2-13 3-1 5-5 5-19 6-6 8-15 8-16 9-20 9-21 9-22 10-3 10-4 10-9 10-11 12-25"),
        (2025, "1-1 1-27 1-28 1-29 1-30 3-1 3-3 5-5 5-6 6-3 6-6 8-15 10-3 10-5 10-6 10-7 10-8 10-9 12-25"),
        (
            2026,
            "1-1 2-16 2-17 2-18 3-1 3-2 5-1 5-5 5-24 5-25 6-3 6-6 7-17 8-15 8-17 9-24 9-25 9-26 10-3 10-5 10-9 12-25",
        ),
        (2028, "1-1 1-26 1-27 1-28 3-1 5-1 5-2 5-5 6-6 7-17 8-15 10-2 10-3 10-4 10-5 10-9 12-25"),
    ],
)
def test_a_year_is_what_the_government_announced(year: int, expected: str) -> None:
    """Among them: Seollal on a Sunday, two holidays on one day (2025-05-05, 2028-10-03), a weekend after another."""
    assert days_of(year) == expected.split()


def test_every_year_of_the_table_is_whole() -> None:
    assert list(LUNAR) == list(range(FIRST_YEAR, LAST_YEAR + 1))
    for year in LUNAR:
        days = of_year(year)
        assert len(days) == len(dict.fromkeys(days)) >= 15


def test_days_are_counted_from_1970() -> None:
    seollal = date(2026, 2, 17).toordinal() - date(1970, 1, 1).toordinal()
    assert is_holiday(seollal) and is_holiday(seollal + 1) and not is_holiday(seollal + 2)


@pytest.mark.parametrize("local_day", [-1, 0, 10**9])
def test_outside_the_table_no_day_is_a_holiday(local_day: int) -> None:
    assert not is_holiday(local_day)
