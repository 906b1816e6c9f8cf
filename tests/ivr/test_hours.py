import pytest

from ivr.hours import is_open
from ivr.model import HoursTable, Opening
from ivr.orders import FlowContext

NINE_TO_SIX = (Opening(from_minute=540, until_minute=1080),)
OFFICE = HoursTable(weekdays=(NINE_TO_SIX,) * 5 + ((), ()), holidays=(Opening(from_minute=600, until_minute=660),))


@pytest.mark.parametrize(
    ("weekday", "minute", "is_holiday", "expected"),
    [
        (0, 539, False, False),
        (0, 540, False, True),
        (0, 1079, False, True),
        (0, 1080, False, False),
        (5, 700, False, False),
        (0, 540, True, False),
        (0, 600, True, True),
        (6, 600, True, True),
    ],
)
def test_hours(weekday: int, minute: int, is_holiday: bool, expected: bool) -> None:
    assert is_open(OFFICE, FlowContext(weekday=weekday, minute=minute, is_holiday=is_holiday)) is expected


def test_opening_can_be_forced_both_ways() -> None:
    assert is_open(OFFICE, FlowContext(weekday=6, minute=0, opening="always_open"))
    assert not is_open(OFFICE, FlowContext(weekday=0, minute=600, opening="always_closed"))
