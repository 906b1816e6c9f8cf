"""Local dates from engine time."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from cti_server.core.clock import DAY_US, local_day, weekday_and_minute

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(
    at=st.integers(0, 4_000_000_000_000_000),
    offset_s=st.integers(-40_000_000, 40_000_000),
    zone_min=st.integers(-14 * 60, 14 * 60),
)
def test_weekday_and_minute_are_those_of_the_calendar(at: int, offset_s: int, zone_min: int) -> None:
    """Compared with Python's own calendar."""
    wall = EPOCH + timedelta(microseconds=at + offset_s * 1_000_000)
    local = wall.astimezone(timezone(timedelta(minutes=zone_min)))
    found = weekday_and_minute(at, offset_us=offset_s * 1_000_000, zone_s=zone_min * 60)
    assert found == (local.weekday(), local.hour * 60 + local.minute)


def test_a_day_ends_at_local_midnight() -> None:
    almost = 15 * 3_600_000_000 - 1
    assert local_day(almost, offset_us=0, zone_s=32_400) == 0
    assert local_day(almost + 1, offset_us=0, zone_s=32_400) == 1
    assert local_day(almost + 1, offset_us=-DAY_US, zone_s=32_400) == 0
