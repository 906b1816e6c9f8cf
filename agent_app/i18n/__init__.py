"""Words of the desktop in Korean and English: one key catalogue, kept as data so that others can read it.

Decides which language is in use; does not decide what is said (that is in `ko.json` and `en.json`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Final

LANGUAGES: Final = ("ko", "en")
DEFAULT: Final = "ko"

_language = DEFAULT


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> Mapping[str, str]:
    text = files(__package__).joinpath(f"{language}.json").read_text(encoding="utf-8")
    words: dict[str, str] = json.loads(text)
    return words


def language() -> str:
    return _language


def set_language(code: str) -> None:
    """Views are built anew by whoever calls this; nothing on the screen changes by itself."""
    global _language
    _language = code if code in LANGUAGES else DEFAULT


def tr(key: str, **parameters: object) -> str:
    """The sentence of `key`. An unknown key is our own bug and is shown as the key, so that it is seen."""
    sentence = catalogue(_language).get(key, key)
    return sentence.format_map(_Forgiving(parameters)) if parameters else sentence


def tr_or(key: str, fallback: str, **parameters: object) -> str:
    """For codes that a newer server may have added: the sentence of `key`, else `fallback` as it is."""
    sentence = catalogue(_language).get(key)
    if sentence is None:
        return fallback
    return sentence.format_map(_Forgiving(parameters)) if parameters or "{" in sentence else sentence


def words(titles: Mapping[str, str], fallback: str = "") -> str:
    """A title that came as a table of languages."""
    return titles.get(_language) or titles.get(DEFAULT) or next(iter(titles.values()), "") or fallback


class _Forgiving(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "–"
