"""Every text can be read on its ground, in both themes; colours are written in one file only."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import agent_app
from agent_app.views.kit.tokens import THEMES, colour_names, contrast, text_pairs

CONTRAST_MIN = 4.5


@pytest.mark.parametrize("theme", list(THEMES))
def test_contrast_of_every_pair(theme: str) -> None:
    pairs = text_pairs(THEMES[theme])  # type: ignore[index]
    weak = {
        what: round(contrast(ink, ground), 2) for what, ink, ground in pairs if contrast(ink, ground) < CONTRAST_MIN
    }
    assert weak == {} and len(pairs) > 40


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_both_themes_name_every_colour() -> None:
    for tokens in THEMES.values():
        assert all(re.fullmatch("#[0-9A-F]{6}", getattr(tokens, name)) for name in colour_names())


def test_no_other_file_writes_a_colour() -> None:
    root = Path(agent_app.__file__).parent
    written = [
        path.name
        for path in root.rglob("*.py")
        if path.name != "tokens.py"
        and re.search(r'"#[0-9A-Fa-f]{3,8}"|#[0-9A-Fa-f]{6}\b|Qt\.GlobalColor\.(?!transparent)', path.read_text())
    ]
    assert written == []
