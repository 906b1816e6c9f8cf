"""The key catalogue: both languages complete, the same placeholders, nothing missing and nothing left over."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import agent_app
from agent_app.i18n import LANGUAGES, catalogue, set_language, tr, tr_or, words
from cti_server.wire.codes import DENIALS, EXPLAINED, NOTICES, OFFER_OUTCOMES, REFUSALS, SHARE_REASONS

ROOT = Path(agent_app.__file__).parent
COMMANDS = ROOT.parent / "cti_server" / "commands"
"""The command line says some things in the desktop's words."""
BY_CODE = {
    **{f"refusal.{code}": names for code, names in REFUSALS.items()},
    **{f"denied.{code}": names for code, names in {**DENIALS, "extension_taken": ("extension",)}.items()},
    **{f"notice.{code}": names for code, names in NOTICES.items()},
    **{f"offer.{code}": ("who",) for code in OFFER_OUTCOMES},
    **{f"why.{code}": names for code, names in EXPLAINED.items()},
    **{f"fair.why.{code}": () for code in SHARE_REASONS},
    "notice.unknown": ("code",),
    "refusal.unknown": ("code",),
}
"""Looked up by a code that the server sends, with the parameters that it sends."""
_CALL = re.compile(r"""\btr(?:_or)?\(\s*["']([a-z0-9_.]+)["']""")
_TABLE = re.compile(r'"((?:action|keys)\.[a-z0-9_]+)"')


def used_keys() -> set[str]:
    found: set[str] = set()
    for path in (*ROOT.rglob("*.py"), *COMMANDS.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        found.update(_CALL.findall(text), _TABLE.findall(text))
    return found


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_languages_have_the_same_keys() -> None:
    assert set(catalogue("ko")) == set(catalogue("en"))


def test_every_key_that_is_used_exists() -> None:
    assert used_keys() - set(catalogue("ko")) == set()


def test_no_key_is_left_over() -> None:
    left = set(catalogue("ko")) - used_keys() - set(BY_CODE)
    assert left == set()


def test_every_code_of_the_server_has_its_sentence() -> None:
    for key, names in BY_CODE.items():
        assert key in catalogue("ko") and placeholders(catalogue("ko")[key]) <= set(names), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_empty(language: str) -> None:
    assert [key for key, sentence in catalogue(language).items() if not sentence.strip()] == []


def test_both_languages_take_the_same_parameters() -> None:
    for key, sentence in catalogue("ko").items():
        assert placeholders(sentence) == placeholders(catalogue("en")[key]), key


def test_korean_is_korean() -> None:
    """Words that are the same in both languages are named here; all else has Hangul."""
    same = {"tier.vip", "language.other"}
    plain = [key for key, text in catalogue("ko").items() if not re.search("[가-힣]", text) and key not in same]
    assert plain == []
    hangul = [key for key, text in catalogue("en").items() if re.search("[가-힣]", text)]
    assert set(hangul) == {"language.other", "action.language"}


def test_a_missing_parameter_shows_as_unknown() -> None:
    assert tr("caller.waited", other=1).endswith("–")


def test_language_is_switched_at_run_time() -> None:
    set_language("en")
    assert tr("state.ready") == "Ready" and words({"ko": "주문", "en": "Orders"}) == "Orders"
    set_language("xx")
    assert tr("state.ready") == "상담 가능"
    assert tr_or("no.such.key", "code") == "code" and words({}, "code") == "code"
