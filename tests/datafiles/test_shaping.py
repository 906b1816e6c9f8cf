"""A tree becomes a value of its type, or every mistake in it is named with its line."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from datafiles.problems import Problem
from datafiles.reading import read_bytes
from datafiles.shaping import shape


class Tea(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="tea"):
    minutes: Annotated[int, Meta(ge=1, le=10)]


class Coffee(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="coffee"):
    roast: Literal["light", "dark"]
    milk: bool = False


class Order(msgspec.Struct, frozen=True, kw_only=True):
    guest: Annotated[str, Meta(pattern=r"^[a-z]+$")]
    drinks: dict[str, Tea | Coffee]
    notes: tuple[str, ...] = ()
    tip: float = 0.0
    table: int | None = None


def shaped(text: str) -> tuple[Order | None, list[Problem]]:
    tree, problems = read_bytes(text.encode(), "x.yaml")
    assert tree is not None, problems
    return shape(tree, Order, "x.yaml")


def test_a_right_file_becomes_its_value() -> None:
    value, problems = shaped(
        "guest: kim\ndrinks:\n  one: {kind: tea, minutes: 3}\n  two: {kind: coffee, roast: dark, milk: true}\n"
        "notes: hot\ntip: 2\ntable: null\n"
    )
    assert problems == []
    assert value == Order(
        guest="kim",
        drinks={"one": Tea(minutes=3), "two": Coffee(roast="dark", milk=True)},
        notes=("hot",),
        tip=2,
    )


def test_all_mistakes_are_named_at_once() -> None:
    value, problems = shaped(
        "gest: kim\n"
        "drinks:\n"
        "  one: {kind: tee, minutes: 3}\n"
        "  two: {kind: tea, minutes: 30}\n"
        "  three: {kind: coffee, roast: drak}\n"
        "  four: {kind: coffee, roast: dark, milk: maybe, sugar: 2}\n"
        "  five: [1]\n"
        "notes: {a: b}\n"
        "tip: much\n"
    )
    assert value is None
    assert [(problem.line, problem.what, problem.hint) for problem in sorted(problems)] == [
        (1, "the file has no field gest", "did you mean guest?"),
        (1, "the file lacks the field guest", ""),
        (3, "drinks.one: there is no kind tee", "did you mean tea?"),
        (4, "drinks.two.minutes must be from 1 to 10, not 30", ""),
        (5, "drinks.three.roast cannot be 'drak'", "did you mean dark?"),
        (6, "drinks.four has no field sugar", ""),
        (6, "drinks.four.milk must be true or false, not 'maybe'", ""),
        (7, "drinks.five must be fields with values, not a list", ""),
        (8, "notes[0] must be one value, not fields", ""),
        (9, "tip must be a number, not 'much'", ""),
    ]


def test_a_pattern_and_an_empty_value_are_told() -> None:
    _, problems = shaped("guest: Kim 7\ndrinks: {}\nnotes:\n")
    assert [problem.what for problem in problems] == ["guest cannot be written like this: Kim 7", "notes is empty"]


def test_text_is_needed_where_text_is_meant() -> None:
    _, problems = shaped("guest:\ndrinks: {}\n")
    assert [problem.what for problem in problems] == ["guest must be text, not nothing"]
