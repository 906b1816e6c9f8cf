import pytest

from cti_server.speech.voice import sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("안녕하세요. 반갑습니다.", ["안녕하세요.", "반갑습니다."]),
        ("For English, press two.", ["For English, press two."]),
        ("Really? Yes! Good", ["Really?", "Yes!", "Good"]),
        ("1.5 million", ["1.5 million"]),
        ("한 줄\n두 줄.  세 줄...", ["한 줄 두 줄.", "세 줄..."]),
        ("...", ["..."]),
    ],
)
def test_a_text_is_spoken_sentence_by_sentence(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected
