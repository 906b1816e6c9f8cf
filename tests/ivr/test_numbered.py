from ivr.numbered import NUMBERED_UP_TO, numbered_key, prompt_key, whole_minutes


def test_a_prompt_is_spoken_in_the_callers_language_unless_it_names_its_own() -> None:
    assert prompt_key("greeting", "ko") == "ko/greeting"
    assert prompt_key("greeting@en", "ko") == "en/greeting"


def test_numbers_above_the_limit_share_a_sentence() -> None:
    assert numbered_key("position", NUMBERED_UP_TO, "ko") == "ko/position.20"
    assert numbered_key("position", NUMBERED_UP_TO + 1, "ko") == "ko/position.more"


def test_waits_are_rounded_up_to_minutes_and_never_none() -> None:
    assert [whole_minutes(seconds) for seconds in (0, 1, 60, 61, 121)] == [1, 1, 1, 2, 3]
