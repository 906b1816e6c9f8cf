import pytest

from scripts.korean import particle


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("KR-20931", "은"),
        ("KR-20932", "는"),
        ("김민지", "는"),
        ("박점장", "은"),
        ("3,200", "은"),
        ("VIP", "는"),
        ("GOLD", "는"),
        ("수분 크림 (50ml)", "은"),
        ("–", "는"),
        ("", "는"),
    ],
)
def test_the_particle_follows_the_last_sound(value: str, expected: str) -> None:
    assert particle(value, "은", "는") == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("서울", "로"), ("부산", "으로"), ("대구", "로"), ("1", "로"), ("3", "으로"), ("2", "로")]
)
def test_a_final_rieul_takes_ro(value: str, expected: str) -> None:
    assert particle(value, "으로", "로") == expected
