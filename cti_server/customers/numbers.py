"""Telephone and customer numbers in one form each: what a look-up compares and what a screen shows.

Decides how Korean numbers are normalised, including those that the public metadata does not know (1588-type and short
numbers). Does not decide who a number belongs to.
"""

import re

import phonenumbers

HOME_REGION = "KR"
_NATIONWIDE = re.compile(r"^1[3-9]\d{6}$")
"""1588-1234 and its relatives: eight digits, no area code, unreachable from abroad with a prefix."""
_SHORT = re.compile(r"^1\d{1,4}$")
"""112, 119, 1330, 18000: service numbers, always as dialled."""
_EXTENSION = re.compile(r"^[2-9]\d{2,3}$")
_KEYPAD = {letter: key for key, letters in {
    "2": "ABC", "3": "DEF", "4": "GHI", "5": "JKL", "6": "MNO", "7": "PQRS", "8": "TUV", "9": "WXYZ",
}.items() for letter in letters}  # fmt: skip


def normalise(text: str, region: str = HOME_REGION) -> str:
    """The one form of a telephone number: E.164 with ``+``, or bare digits for numbers that exist only at home.

    Empty when ``text`` holds no number. ``010-2345-6789``, ``+82 10 2345 6789`` and ``0082 10 2345 6789`` are
    one number.
    """
    digits = re.sub(r"[^\d+]", "", text)
    if not any(c.isdigit() for c in digits):
        return ""
    bare = digits.lstrip("+")
    if region == HOME_REGION:
        bare_home = _without_prefix(digits)
        if _NATIONWIDE.match(bare_home) or _SHORT.match(bare_home):
            return bare_home
        if _EXTENSION.match(bare):
            return bare
    return _international(digits, region) or bare


def _without_prefix(digits: str) -> str:
    for prefix in ("+82", "0082", "00182", "00282"):
        if digits.startswith(prefix):
            return digits.removeprefix(prefix)
    return digits.lstrip("+")


def _international(digits: str, region: str) -> str:
    # 001, 002, 005… are Korean carriers' international prefixes; a plain 00 is what foreign phones put in front.
    if digits.startswith("00") and not digits.startswith(("001", "002", "005", "006", "008")):
        digits = "+" + digits[2:]
    if digits.startswith("0082"):
        digits = "+" + digits[2:]
    try:
        parsed = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def display(number: str) -> str:
    """As people at home write it: ``010-2345-6789``, ``02-123-4567``, ``1588-1234``; others internationally."""
    normal = normalise(number)
    if _NATIONWIDE.match(normal):
        return f"{normal[:4]}-{normal[4:]}"
    if normal.startswith("+82"):
        return _korean(normal.removeprefix("+82"))
    if normal.startswith("+"):
        parsed = phonenumbers.parse(normal)
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return normal or number


def _korean(national: str) -> str:
    area = 1 if national.startswith("2") else 3 if national.startswith("505") else 2
    head, rest = "0" + national[:area], national[area:]
    return f"{head}-{rest[:-4]}-{rest[-4:]}" if len(rest) > 4 else f"{head}-{rest}"


def keypad(customer_number: str) -> str:
    """A customer number as it is typed on a telephone: letters by their keys, the rest of the signs left out.

    ``C-004812`` → ``2004812``.
    """
    return "".join(_KEYPAD.get(c, c) for c in customer_number.upper() if c.isascii() and c.isalnum())
