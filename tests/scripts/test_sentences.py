import pytest

from scripts.sentences import MISSING, Part, fill, has_stray_brace, placeholders, plain

DATA = {"customer.name": "김민지", "order.number": "KR-20931", "delivery.status": "배송 중"}


def test_data_is_told_apart_from_the_words_around_it() -> None:
    assert fill("{customer.name} 고객님. {order.number:은/는} 현재 {delivery.status}이며", DATA) == (
        Part("김민지", True),
        Part(" 고객님. ", False),
        Part("KR-20931", True),
        Part("은 현재 ", False),
        Part("배송 중", True),
        Part("이며", False),
    )


@pytest.mark.parametrize("data", [{}, {"order.number": ""}, {"order.number": "  "}])
def test_a_missing_value_is_a_dash(data: dict[str, str]) -> None:
    assert plain(fill("{order.number:을/를} 취소", data)) == f"{MISSING}를 취소"


def test_a_value_is_never_read_as_a_placeholder() -> None:
    assert plain(fill("{customer.name}", {"customer.name": "{order.number}", "order.number": "no"})) == "{order.number}"


def test_placeholders_are_listed() -> None:
    assert placeholders("{customer.name} {order.number:은/는}") == ("customer.name", "order.number")


def test_braces_that_would_be_read_aloud_are_found() -> None:
    assert has_stray_brace("a {customer.name b")
    assert has_stray_brace("customer.name}")
    assert not has_stray_brace("{customer.name} {order.number:은/는}")
