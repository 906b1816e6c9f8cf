"""From engine time to the centre's local date: integer arithmetic, no clock.

A time zone is an offset here; when that changes for summer time, new settings come in (``app/core_process.py``).
Durations use engine time alone; only what people call a date or an hour uses these functions.
"""

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
DAY_US = 24 * 60 * MINUTE_US
THURSDAY = 3  # 1970-01-01, with Monday = 0


def local_us(at: int, *, offset_us: int, zone_s: int) -> int:
    """Local wall time in microseconds since 1970-01-01 00:00 local. ``offset_us``: wall clock minus engine time."""
    return at + offset_us + zone_s * SECOND_US


def local_day(at: int, *, offset_us: int, zone_s: int) -> int:
    """Days since 1970-01-01 in local time."""
    return local_us(at, offset_us=offset_us, zone_s=zone_s) // DAY_US


def first_of_month(day: int) -> int:
    """The first day of the month that this day is in (Hinnant, "chrono-compatible low-level date algorithms")."""
    of_era = (day + 719_468) % 146_097
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    return day - (of_year - (153 * month + 2) // 5)


def weekday_and_minute(at: int, *, offset_us: int, zone_s: int) -> tuple[int, int]:
    """(0 = Monday … 6 = Sunday, minute of the local day 0–1439)."""
    day, within = divmod(local_us(at, offset_us=offset_us, zone_s=zone_s), DAY_US)
    return (day + THURSDAY) % 7, within // MINUTE_US
