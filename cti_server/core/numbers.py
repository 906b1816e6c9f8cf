"""What counts as a number that can be dialled. Number plans, short codes and permissions by destination are not known
here."""

DIGITS_MIN = 2
DIGITS_MAX = 20
SEPARATORS = str.maketrans("", "", " -.()/\t")
DIALLED = frozenset("0123456789*#")


def dialable(number: str) -> str:
    """The number without separators, with a leading + kept; empty: it is none. ``(02) 123-4567`` is ``021234567``."""
    text = number.translate(SEPARATORS)
    digits = text[1:] if text.startswith("+") else text
    if not DIGITS_MIN <= len(digits) <= DIGITS_MAX or not all(digit in DIALLED for digit in digits):
        return ""
    return text
