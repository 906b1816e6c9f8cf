"""Digits in INFO bodies."""

from __future__ import annotations

import pytest

from cti_server.sip.dtmf_relay import CONTENT_TYPE, digits_body, parse_digit
from cti_server.sip.events import InfoDigits


@pytest.mark.parametrize("digit", list("0123456789*#ABCD"))
def test_a_digit_comes_back(digit: str) -> None:
    assert parse_digit(CONTENT_TYPE, digits_body(digit, duration_ms=250)) == (digit, 250)


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("application/dtmf", b"5\r\n", ("5", 0)),
        ("application/dtmf", b"11", ("#", 0)),
        (CONTENT_TYPE, b"Signal= 10\r\nDuration= 100\r\n", ("*", 100)),
        (CONTENT_TYPE, b"Signal=d\nDuration=99999", ("D", 60_000)),
        (CONTENT_TYPE, b"Signal=1\r\nDuration=-5", ("1", 0)),
        (CONTENT_TYPE, b"Signal=77", None),
        (CONTENT_TYPE, b"\xff\x00", None),
        (CONTENT_TYPE, b"Signal=1" * 100, None),
        ("text/plain", b"1", None),
    ],
)
def test_what_phones_send_is_understood(content_type: str, body: bytes, expected: tuple[str, int] | None) -> None:
    assert parse_digit(content_type, body) == expected


def test_a_digit_never_shows_in_a_log() -> None:
    event = InfoDigits(leg=3, digit="7")
    assert "7" not in repr(event)
    assert "7" not in f"{event}"
