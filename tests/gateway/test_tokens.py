"""A token proves a sign-in for twelve hours, and cannot be made or changed by others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_server.core.vocabulary import AgentId
from cti_server.gateway.tokens import LIFE_US, Tokens
from cti_server.ports import CredentialCheck

KIM = CredentialCheck(result="ok", user="kim", agent=AgentId(1), name="김", extension="2001", roles=("agent",))


class Clock:
    now = 1_000_000

    def __call__(self) -> int:
        return self.now


def test_a_token_says_who_signed_in_until_it_is_too_old() -> None:
    clock = Clock()
    tokens = Tokens(b"key", clock)
    token, claim = tokens.issue(KIM)
    assert tokens.read(token) == claim
    assert claim.person == KIM
    clock.now += LIFE_US - 1
    assert tokens.read(token) is not None
    clock.now += 1
    assert tokens.read(token) is None


def test_a_token_of_another_centre_opens_nothing() -> None:
    token, _ = Tokens(b"their key", Clock()).issue(KIM)
    assert Tokens(b"our key", Clock()).read(token) is None


def test_every_changed_character_makes_it_worthless() -> None:
    tokens = Tokens(b"key", Clock())
    token, _ = tokens.issue(KIM)
    for place in range(0, len(token), 7):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert tokens.read(changed) is None


@given(st.text(max_size=200))
def test_any_text_is_read_without_harm(text: str) -> None:
    assert Tokens(b"key", Clock()).read(text) is None


@pytest.mark.parametrize("token", ["", ".", "a.b", "x" * 10_000, "é.ü"])
def test_what_is_no_token_is_nothing(token: str) -> None:
    assert Tokens(b"key", Clock()).read(token) is None


def test_two_sign_ins_differ() -> None:
    tokens = Tokens(b"key", Clock())
    assert tokens.issue(KIM)[1].session != tokens.issue(KIM)[1].session
