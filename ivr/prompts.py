"""The texts that callers hear, by language. Decides which sentence stands for which number; renders nothing."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from ivr.numbered import NUMBERED_UP_TO
from ivr.words import Form, number_words

SPOKEN_NUMBER = "{number}"

Sentence = Annotated[str, Meta(min_length=1, max_length=1_000)]


class NumberedPrompt(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence with a number in it: `each` for 1 to 20, `one` instead where 1 reads differently, `more` above."""

    each: Sentence
    more: Sentence
    form: Form
    one: Sentence | None = None


class PromptFile(msgspec.Struct, frozen=True, kw_only=True):
    """One language's prompts as they stand in its file."""

    language: Annotated[str, Meta(pattern=r"^[a-z]{2}$")]
    prompts: dict[str, Sentence]
    numbered: dict[str, NumberedPrompt] = {}


class PromptSet(msgspec.Struct, frozen=True, kw_only=True):
    """Every sentence by language and id, the numbered ones written out (`position.3`, `position.more`)."""

    version: str
    texts: dict[str, dict[str, str]]
    numbered: dict[str, tuple[str, ...]] = {}

    def by_key(self) -> dict[str, str]:
        """All sentences by the keys that orders carry: `ko/greeting`."""
        return {
            f"{language}/{prompt}": text for language, texts in self.texts.items() for prompt, text in texts.items()
        }


def written_out(file: PromptFile) -> dict[str, str]:
    return file.prompts | {
        key: text for name, prompt in file.numbered.items() for key, text in _sentences(name, prompt, file.language)
    }


def _sentences(name: str, prompt: NumberedPrompt, language: str) -> Iterator[tuple[str, str]]:
    for number in range(1, NUMBERED_UP_TO + 1):
        text = prompt.one if number == 1 and prompt.one else prompt.each
        yield f"{name}.{number}", text.replace(SPOKEN_NUMBER, number_words(number, language, prompt.form))
    more = number_words(NUMBERED_UP_TO, language, "cardinal")
    yield f"{name}.more", prompt.more.replace(SPOKEN_NUMBER, more)
