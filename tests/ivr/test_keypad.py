from ivr.keypad import keypad_form


def test_letters_are_the_key_they_stand_on() -> None:
    assert keypad_form("C-004812") == "2004812"
    assert keypad_form("az S7") == "2977"


def test_other_characters_are_left_out() -> None:
    assert keypad_form("고객 12#*") == "12"
