"""Numbers as they are spoken, Korean and English. Decides words only; sentences are in the prompt files.

Korean counts things, places in a line and hours with its own numerals (세 번째), minutes and digits with Sino-Korean
ones (삼 분). A digit in a telephone number that is zero is 공.
"""

from typing import Literal

Form = Literal["ordinal", "cardinal"]

NATIVE_MAX = 99
_NATIVE_ONES = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_NATIVE_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
_SINO_ONES = ("", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구")
_SINO_UNITS = ("", "십", "백", "천")
_SINO_DIGITS = ("공", *_SINO_ONES[1:])
_ENGLISH_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_ENGLISH_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ENGLISH_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def number_words(number: int, language: str, form: Form) -> str:
    """Korean ordinals come without 번째 (`첫`, `두`, `스무`), because the sentence has it."""
    if language == "ko":
        return _native_before_noun(number) if form == "ordinal" else sino_korean(number)
    return _english_ordinal(number) if form == "ordinal" else english(number)


def sino_korean(number: int) -> str:
    """0 to 9999."""
    if not 0 <= number <= 9999:
        raise ValueError(f"no words for {number}")
    if number == 0:
        return "영"
    words = ""
    for place, digit in enumerate(reversed(str(number))):
        if digit != "0":
            one_is_silent = digit == "1" and place > 0
            words = ("" if one_is_silent else _SINO_ONES[int(digit)]) + _SINO_UNITS[place] + words
    return words


def english(number: int) -> str:
    """0 to 99."""
    if not 0 <= number <= 99:
        raise ValueError(f"no words for {number}")
    if number < len(_ENGLISH_ONES):
        return _ENGLISH_ONES[number]
    tens, ones = divmod(number, 10)
    return _ENGLISH_TENS[tens] + (f"-{_ENGLISH_ONES[ones]}" if ones else "")


def spoken_telephone_number(number: str, language: str) -> str:
    """Digit by digit, with a pause between the groups: 010-1234-5678 → 공 일 공, 일 이 삼 사, 오 육 칠 팔."""
    digits = _SINO_DIGITS if language == "ko" else _ENGLISH_ONES[:10]
    groups = "".join(character if character.isdecimal() else " " for character in number).split()
    return ", ".join(" ".join(digits[int(digit)] for digit in group) for group in groups)


def _native_before_noun(number: int) -> str:
    if not 1 <= number <= NATIVE_MAX:
        raise ValueError(f"no words for {number}")
    if number == 1:
        return "첫"
    tens, ones = divmod(number, 10)
    return "스무" if number == 20 else _NATIVE_TENS[tens] + _NATIVE_ONES[ones]


def _english_ordinal(number: int) -> str:
    words = english(number)
    head, separator, last = words.rpartition("-")
    if last in _ENGLISH_ORDINALS:
        return head + separator + _ENGLISH_ORDINALS[last]
    return words[:-1] + "ieth" if words.endswith("y") else words + "th"
