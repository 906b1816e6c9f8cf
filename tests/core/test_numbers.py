"""What can be dialled."""

import pytest

from cti_server.core.numbers import dialable


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("(02) 123-4567", "021234567"),
        ("+82 10 1234 5678", "+821012345678"),
        ("1588", "1588"),
        ("*72#", "*72#"),
        ("", ""),
        ("1", ""),
        ("+", ""),
        ("12a", ""),
        ("++82", ""),
        ("0" * 21, ""),
        ("sip:1588@evil.example", ""),
    ],
)
def test_separators_go_and_nothing_else_is_let_through(written: str, dialled: str) -> None:
    assert dialable(written) == dialled
