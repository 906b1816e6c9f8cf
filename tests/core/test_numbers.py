"""What can be dialled."""

import pytest

from cti_server.core.numbers import dialable, is_same_line


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


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("1588-0001", "15880001"),
        ("1588-0001", "+8215880001"),
        ("02-123-4567", "021234567"),
        ("02-123-4567", "+8221234567"),
        ("orders", "orders"),
    ],
)
def test_a_line_is_known_however_a_trunk_writes_it(written: str, dialled: str) -> None:
    assert is_same_line(written, dialled)


@pytest.mark.parametrize(("written", "dialled"), [("1588-0001", "15880002"), ("orders", "care"), ("0", "000")])
def test_different_lines_stay_different(written: str, dialled: str) -> None:
    assert not is_same_line(written, dialled)
