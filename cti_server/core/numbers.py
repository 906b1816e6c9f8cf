"""What counts as a number that can be dialled, and when two ways of writing mean the same one. Short codes and
permissions by destination are not known here."""

DIGITS_MIN = 2
DIGITS_MAX = 20
SEPARATORS = str.maketrans("", "", " -.()/\t")
DIALLED = frozenset("0123456789*#")
COUNTRY = "+82"
"""Trunks write our numbers with the country's code, or without, as they like."""


def dialable(number: str) -> str:
    """The number without separators, with a leading + kept; empty: it is none. ``(02) 123-4567`` is ``021234567``."""
    text = number.translate(SEPARATORS)
    digits = text[1:] if text.startswith("+") else text
    if not DIGITS_MIN <= len(digits) <= DIGITS_MAX or not all(digit in DIALLED for digit in digits):
        return ""
    return text


def is_same_line(written: str, other: str) -> bool:
    """``1588-0001``, ``15880001`` and ``+8215880001`` are one line; so are ``02-123-4567`` and ``+8221234567``."""
    return written == other or (bool(_bare(written)) and _bare(written) == _bare(other))


def _bare(number: str) -> str:
    return dialable(number).removeprefix(COUNTRY).lstrip("0")
