"""How figures are written: dates, durations, money, telephone numbers. Korean forms first; English ones beside them.

Times come as UTC microseconds and are shown in the workplace's own zone. Unknown is "–", never 0.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Final

from agent_app.i18n import language

UNKNOWN: Final = "–"
_QUARTER_OF_AN_HOUR_US: Final = 15 * 60 * 1_000_000
_WEEKDAYS_KO: Final = "월화수목금토일"
_WEEKDAYS_EN: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS_EN: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def local(at_us: int) -> datetime:
    return datetime.fromtimestamp(at_us / 1_000_000)


def duration(seconds: float | None) -> str:
    """`02:14`, with hours only where there are any."""
    if seconds is None:
        return UNKNOWN
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60:02}:{rest % 60:02}"


def clock(at_us: int) -> str:
    """`11월 21일 (토) 14:32` or `Sat 21 Nov 14:32`."""
    at = local(at_us)
    if language() == "ko":
        return f"{at.month}월 {at.day}일 ({_WEEKDAYS_KO[at.weekday()]}) {at:%H:%M}"
    return f"{_WEEKDAYS_EN[at.weekday()]} {at.day} {_MONTHS_EN[at.month - 1][:3]} {at:%H:%M}"


def date_time(at_us: int | None) -> str:
    """`2026-11-21 (토) 14:32`."""
    if at_us is None:
        return UNKNOWN
    at = local(at_us)
    day = _WEEKDAYS_KO[at.weekday()] if language() == "ko" else _WEEKDAYS_EN[at.weekday()]
    return f"{at:%Y-%m-%d} ({day}) {at:%H:%M}"


def date_of(day: date) -> str:
    """`2026-11-21 (토)`."""
    return f"{day:%Y-%m-%d} ({_WEEKDAYS_KO[day.weekday()] if language() == 'ko' else _WEEKDAYS_EN[day.weekday()]})"


def short_time(at_us: int) -> str:
    """`11/18 13:28`: in a list whose headings tell the month."""
    return f"{local(at_us):%m/%d %H:%M}"


def month(at_us: int) -> str:
    return _month(at_us // _QUARTER_OF_AN_HOUR_US, language())


@lru_cache(maxsize=4096)
def _month(quarter: int, code: str) -> str:
    """No zone changes its day within a quarter of an hour; long histories ask for the same ones again."""
    at = local(quarter * _QUARTER_OF_AN_HOUR_US)
    return f"{at.year}년 {at.month}월" if code == "ko" else f"{_MONTHS_EN[at.month - 1]} {at.year}"


def time_of_day(at_us: int | None) -> str:
    return UNKNOWN if at_us is None else f"{local(at_us):%H:%M:%S}"


def money(won: float | None) -> str:
    return UNKNOWN if won is None else f"₩{won:,.0f}"


def percent(share: float | None) -> str:
    return UNKNOWN if share is None else f"{share * 100:.0f}%"


def number(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def telephone(raw: str) -> str:
    """A Korean number with its hyphens; others as they came."""
    digits = raw.replace("-", "").replace(" ", "")
    if digits.startswith("+82"):
        digits = "0" + digits[3:]
    if not digits.isdigit():
        return raw or UNKNOWN
    if len(digits) == 8 and digits[0] == "1":
        return f"{digits[:4]}-{digits[4:]}"
    if digits.startswith("02") and len(digits) in (9, 10):
        return f"02-{digits[2:-4]}-{digits[-4:]}"
    if digits.startswith("050") and len(digits) in (11, 12):
        return f"{digits[:4]}-{digits[4:-4]}-{digits[-4:]}"
    if digits.startswith("0") and len(digits) in (10, 11):
        return f"{digits[:3]}-{digits[3:-4]}-{digits[-4:]}"
    return digits
