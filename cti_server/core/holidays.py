"""Public holidays of Korea from 2020 to 2035, so that opening hours know them. Dates only; who is open is the flow's.

The law: 공휴일에 관한 법률 and 관공서의 공휴일에 관한 규정 (article 2 names the days, article 3 the
substitutes). Days of the lunar calendar come from a table of the dates that the Korea Astronomy and Space Science
Institute publishes (`LUNAR`); substitutes are computed:

    Seollal, Chuseok (three days each)      a day on a Sunday or on another holiday      since 2014
    Children's Day                          on a Saturday, a Sunday or another holiday   since 2014
    1 March, 15 August, 3 and 9 October     the same                                     since August 2021
    Buddha's Birthday, Christmas            the same                                     since May 2023
    Labour Day, Constitution Day            the same; holidays themselves since 2026

The substitute is the next day that is neither a holiday nor a weekend; two holidays on one day give one. Days that the
government declares for one year (elections by the calendar, temporary holidays) are in `DECLARED` as far as they are
known; later ones belong into the centre's configuration.
"""

from datetime import date, timedelta
from functools import cache

FIRST_YEAR, LAST_YEAR = 2020, 2035
EPOCH = date(1970, 1, 1).toordinal()
DAY = timedelta(days=1)
SATURDAY, SUNDAY = 5, 6

LUNAR: dict[int, tuple[tuple[int, int], tuple[int, int], tuple[int, int]]] = {
    2020: ((1, 25), (4, 30), (10, 1)),
    2021: ((2, 12), (5, 19), (9, 21)),
    2022: ((2, 1), (5, 8), (9, 10)),
    2023: ((1, 22), (5, 27), (9, 29)),
    2024: ((2, 10), (5, 15), (9, 17)),
    2025: ((1, 29), (5, 5), (10, 6)),
    2026: ((2, 17), (5, 24), (9, 25)),
    2027: ((2, 7), (5, 13), (9, 15)),
    2028: ((1, 27), (5, 2), (10, 3)),
    2029: ((2, 13), (5, 20), (9, 22)),
    2030: ((2, 3), (5, 9), (9, 12)),
    2031: ((1, 23), (5, 28), (10, 1)),
    2032: ((2, 11), (5, 16), (9, 19)),
    2033: ((1, 31), (5, 6), (9, 8)),
    2034: ((2, 19), (5, 25), (9, 27)),
    2035: ((2, 8), (5, 15), (9, 16)),
}
"""Seollal, Buddha's Birthday and Chuseok of each year, as (month, day)."""

DECLARED = (
    *((2020, 4, 15), (2020, 8, 17), (2022, 3, 9), (2022, 6, 1), (2023, 10, 2), (2024, 4, 10), (2024, 10, 1)),
    *((2025, 1, 27), (2025, 6, 3), (2026, 6, 3)),
)
"""Elections and temporary holidays."""

FIXED = (
    (1, 1, 0),
    (3, 1, 2022),
    (5, 1, 2026),
    (5, 5, 2014),
    (6, 6, 0),
    (7, 17, 2026),
    (8, 15, 2021),
    (10, 3, 2021),
    (10, 9, 2021),
    (12, 25, 2023),
)
"""Month, day, and the first year with a substitute; 0: none."""
HOLIDAYS_SINCE_2026 = ((5, 1), (7, 17))
BUDDHA_SUBSTITUTED_SINCE = 2023


def is_holiday(local_day: int) -> bool:
    """``local_day``: days since 1970-01-01 in Korea. False outside the years of the table."""
    day = date.fromordinal(EPOCH + local_day) if 0 <= local_day < 100_000 else date(1970, 1, 1)
    return day in of_year(day.year)


@cache
def of_year(year: int) -> tuple[date, ...]:
    """All public holidays of a year, substitutes included, in order; empty outside the table."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return ()
    blocks = _blocks(year)
    plain = sorted([day for days, _ in blocks for day in days] + [date(*day) for day in DECLARED if day[0] == year])
    substitutes: list[date] = []
    shared: list[date] = []
    for days, is_block in sorted(blocks):
        if days[0] in shared or not _loses_a_day(days, is_block=is_block, plain=plain, year=year):
            continue
        shared += [day for day in days if plain.count(day) > 1]
        substitutes.append(_next_free(days[-1], (*plain, *substitutes)))
    return tuple(sorted(dict.fromkeys((*plain, *substitutes))))


def _blocks(year: int) -> list[tuple[tuple[date, ...], bool]]:
    """The holidays of a year as runs of days; True: a run of three around a lunar day."""
    seollal, buddha, chuseok = (date(year, *day) for day in LUNAR[year])
    found: list[tuple[tuple[date, ...], bool]] = [
        ((middle - DAY, middle, middle + DAY), True) for middle in (seollal, chuseok)
    ]
    found.append(((buddha,), False))
    for month, day, _ in FIXED:
        if (month, day) not in HOLIDAYS_SINCE_2026 or year >= 2026:
            found.append(((date(year, month, day),), False))
    return found


def _loses_a_day(days: tuple[date, ...], *, is_block: bool, plain: list[date], year: int) -> bool:
    if is_block:
        return any(day.weekday() == SUNDAY or plain.count(day) > 1 for day in days)
    since = _substituted_since(days[0])
    if since == 0 or year < since:
        return False
    return days[0].weekday() >= SATURDAY or plain.count(days[0]) > 1


def _substituted_since(day: date) -> int:
    fixed = {(month, number): since for month, number, since in FIXED}
    return fixed.get((day.month, day.day), BUDDHA_SUBSTITUTED_SINCE)


def _next_free(day: date, taken: tuple[date, ...]) -> date:
    while day in taken or day.weekday() >= SATURDAY:
        day += DAY
    return day
