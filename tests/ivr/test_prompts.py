from ivr.loader import load_prompts
from ivr.numbered import NUMBERED_UP_TO
from ivr.prompts import NumberedPrompt, PromptFile, written_out


def test_a_sentence_with_a_number_is_written_out_for_every_number() -> None:
    prompt = NumberedPrompt(
        each="{number} 번째입니다.", more="{number}명이 넘습니다.", form="ordinal", one="다음입니다."
    )
    texts = written_out(PromptFile(language="ko", prompts={"hello": "안녕하세요."}, numbered={"position": prompt}))
    assert len(texts) == 1 + NUMBERED_UP_TO + 1
    assert texts["hello"] == "안녕하세요."
    assert texts["position.1"] == "다음입니다."
    assert texts["position.3"] == "세 번째입니다."
    assert texts["position.20"] == "스무 번째입니다."
    assert texts["position.more"] == "이십명이 넘습니다."


def test_the_shipped_prompts_say_the_same_things_in_both_languages() -> None:
    prompts = load_prompts()
    assert set(prompts.texts) == {"ko", "en"}
    assert set(prompts.texts["ko"]) == set(prompts.texts["en"])
    assert prompts.by_key()["en/position.2"] == "You are the second caller in line."


def test_no_shipped_prompt_has_digits_or_braces_left() -> None:
    """A synthesiser reads digits as it likes, so numbers are written as words."""
    for key, text in load_prompts().by_key().items():
        assert not any(character.isdecimal() or character in "{}" for character in text), key
