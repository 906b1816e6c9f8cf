"""A library of call scripts as data: three levels (대/중/소분류), nodes, answers, fields. Encodes to JSON.

Decides what a library may contain. Does not decide whether it makes sense (`checker.py`) or where a call is in it
(`engine.py`).
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Sentence = Annotated[str, Meta(min_length=1, max_length=2_000)]
Code = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
ItemCode = str  # "delivery.delay.redelivery": the codes of the three levels
NodeId = str

CHOICES_MAX = 9  # what one digit key reaches: three keys open an item, Alt+1…9 choose an answer
LANGUAGES = ("ko", "en")


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """The same in both languages. May hold placeholders: {customer.name}, {order.number:은/는}."""

    ko: Sentence
    en: Sentence

    def of(self, language: str) -> str:
        return self.ko if language == "ko" else self.en


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The record view that the screen shows at a node. Argument values may hold placeholders."""

    name: str
    label: Text | None = None
    arguments: dict[str, str] = {}


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer may say, and where it leads: a node of this item, or another item by its full code."""

    id: Code
    says: Text
    to: str
    hint: Text | None = None


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    code: Code
    title: Text


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """Something to note down. `required`: the agent is reminded before leaving the node, never locked in."""

    id: Code
    title: Text
    type: Literal["text", "long_text", "choice", "date", "time", "number", "phone", "yes_no"] = "text"
    choices: tuple[Choice, ...] = ()
    required: bool = False


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One step: the sentence to say, information to answer with, the expected answers, fields, the view.

    `pause_recording`: nothing said here may be kept (payment). `ends`: the item is done here.
    """

    say: Text
    information: tuple[Text, ...] = ()
    answers: tuple[Answer, ...] = ()
    fields: tuple[Field, ...] = ()
    view: View | None = None
    pause_recording: bool = False
    ends: bool = False


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """소분류. `sets_reason` False: passing through here (greeting, closing) says nothing about why somebody calls."""

    code: Code
    title: Text
    start: NodeId
    nodes: dict[NodeId, Node]
    sets_reason: bool = True


class Middle(msgspec.Struct, frozen=True, kw_only=True):
    """중분류."""

    code: Code
    title: Text
    items: tuple[Item, ...]


class Major(msgspec.Struct, frozen=True, kw_only=True):
    """대분류. `order`: its place in the chooser, from 1."""

    code: Code
    title: Text
    order: Annotated[int, Meta(ge=1, le=CHOICES_MAX)]
    middles: tuple[Middle, ...]


class Library(msgspec.Struct, frozen=True, kw_only=True):
    """All scripts of a centre. `version` is the hash of their content; `opening`: the item a call begins with."""

    version: str
    opening: ItemCode
    majors: tuple[Major, ...]

    def find(self, code: ItemCode) -> tuple[Major, Middle, Item] | None:
        """The item with the levels above it."""
        parts = code.split(".")
        for major in self.majors:
            for middle in major.middles:
                for item in middle.items:
                    if [major.code, middle.code, item.code] == parts:
                        return major, middle, item
        return None


class Disposition(msgspec.Struct, frozen=True, kw_only=True):
    """상담 결과, second level."""

    code: Code
    title: Text


class DispositionGroup(msgspec.Struct, frozen=True, kw_only=True):
    """상담 결과, first level; with no choices it is one by itself."""

    code: Code
    title: Text
    choices: tuple[Disposition, ...] = ()


class Dispositions(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    groups: tuple[DispositionGroup, ...]
