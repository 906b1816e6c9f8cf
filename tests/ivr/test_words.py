import pytest

from ivr.words import english, number_words, sino_korean, spoken_telephone_number


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "첫"), (2, "두"), (3, "세"), (4, "네"), (5, "다섯"), (10, "열"), (11, "열한"), (20, "스무"), (21, "스물한")],
)
def test_places_in_a_line_are_counted_with_native_korean_numerals(number: int, words: str) -> None:
    assert number_words(number, "ko", "ordinal") == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "영"),
        (1, "일"),
        (10, "십"),
        (12, "십이"),
        (20, "이십"),
        (105, "백오"),
        (1234, "천이백삼십사"),
        (3000, "삼천"),
    ],
)
def test_minutes_are_counted_with_sino_korean_numerals(number: int, words: str) -> None:
    assert sino_korean(number) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "first"),
        (2, "second"),
        (3, "third"),
        (4, "fourth"),
        (9, "ninth"),
        (12, "twelfth"),
        (20, "twentieth"),
        (45, "forty-fifth"),
    ],
)
def test_english_ordinals(number: int, words: str) -> None:
    assert number_words(number, "en", "ordinal") == words


def test_english_numbers() -> None:
    assert [english(number) for number in (0, 13, 20, 99)] == ["zero", "thirteen", "twenty", "ninety-nine"]


def test_a_telephone_number_is_read_digit_by_digit_with_pauses() -> None:
    assert spoken_telephone_number("010-1234-5678", "ko") == "공 일 공, 일 이 삼 사, 오 육 칠 팔"
    assert spoken_telephone_number("02-123-4567", "en") == "zero two, one two three, four five six seven"


@pytest.mark.parametrize("number", [-1, 100])
def test_numbers_that_nobody_needs_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="no words"):
        english(number)
    with pytest.raises(ValueError, match="no words"):
        number_words(number, "ko", "ordinal")
