"""A number is the same however it is written, and is shown as people at home write it."""

import pytest

from cti_server.customers.numbers import display, keypad, normalise


@pytest.mark.parametrize(
    "text",
    ["010-2345-6789", "01023456789", "+82 10 2345 6789", "+821023456789", "(010) 2345-6789", "0082-10-2345-6789"],
)
def test_a_mobile_number_has_one_form(text: str) -> None:
    assert normalise(text) == "+821023456789"


@pytest.mark.parametrize("text", ["1588-1234", "15881234", "+82 1588 1234", "+8215881234"])
def test_nationwide_numbers_stay_as_they_are_dialled(text: str) -> None:
    assert normalise(text) == "15881234"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+821023456789", "010-2345-6789"),
        ("021234567", "02-123-4567"),
        ("0212345678", "02-1234-5678"),
        ("0311234567", "031-123-4567"),
        ("15881234", "1588-1234"),
        ("07012345678", "070-1234-5678"),
        ("050512345678", "0505-1234-5678"),
        ("+12125550123", "+1 212-555-0123"),
        ("2003", "2003"),
        ("119", "119"),
        ("", ""),
    ],
)
def test_numbers_are_shown_as_people_write_them(number: str, shown: str) -> None:
    assert display(number) == shown


@pytest.mark.parametrize("text", ["", "anonymous", "sip:unknown", "---"])
def test_a_text_without_digits_is_no_number(text: str) -> None:
    assert normalise(text) == ""


def test_every_number_keeps_its_form_when_it_is_normalised_again() -> None:
    for text in ("010-2345-6789", "1588-1234", "112", "02-123-4567", "2003", "+1 212 555 0123"):
        assert normalise(normalise(text)) == normalise(text)


def test_letters_of_a_customer_number_have_a_keypad_form() -> None:
    assert keypad("C-004812") == "2004812"
    assert keypad("vip-12Z") == "847129"
