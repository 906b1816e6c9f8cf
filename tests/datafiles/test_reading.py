"""A file that people edit is read as plain data with lines, and nothing in it can hurt the reader."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datafiles.reading import DEPTH_MAX, SIZE_MAX, VALUES_MAX, Branch, Leaf, Row, line_at, read_bytes, read_file


def read(text: str) -> Branch | Row | Leaf:
    tree, problems = read_bytes(text.encode(), "x.yaml")
    assert problems == []
    assert tree is not None
    return tree


def refused(text: str | bytes) -> tuple[int, str]:
    tree, problems = read_bytes(text if isinstance(text, bytes) else text.encode(), "x.yaml")
    assert tree is None
    (problem,) = problems
    return problem.line, problem.what


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-2", -2),
        ("1.5", 1.5),
        ("true", True),
        ("null", None),
        ("~", None),
        ("no", "no"),
        ("on", "on"),
        ("09:00", "09:00"),
        ("0123", "0123"),
        ("'3'", "3"),
        ('"true"', "true"),
        ("2026-11-21", "2026-11-21"),
        ("1_000", "1_000"),
    ],
)
def test_what_was_typed_stays_what_it_was(text: str, value: object) -> None:
    tree = read(f"key: {text}")
    assert isinstance(tree, Branch)
    leaf = tree.entries["key"]
    assert isinstance(leaf, Leaf)
    assert leaf.value == value
    assert type(leaf.value) is type(value)


def test_every_value_knows_its_line() -> None:
    tree = read("a: 1\nb:\n  - x\n  - c: 2\n\n    d: 3\n")
    assert line_at(tree, ()) == 1
    assert line_at(tree, ("b",)) == 2
    assert line_at(tree, ("b", 1)) == 4
    assert line_at(tree, ("b", 1, "d")) == 6
    assert line_at(tree, ("b", 1, "not there")) == 4
    assert line_at(tree, ("b", 9)) == 2


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: &x 1\nb: *x\n", 1, "anchors and aliases are not allowed"),
        ("a: 1\nb: *x\n", 2, "anchors and aliases are not allowed"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "tags are not allowed: tag:yaml.org,2002:python/object/apply"),
        ("a: !secret 1\n", 1, "tags are not allowed: !secret"),
        ("a: 1\na: 2\n", 2, "a stands twice in one place"),
        ("a: 1\n---\nb: 2\n", 2, "a second document in the file"),
        ("{[1]: 2}", 1, "a key must be plain text"),
        ("", 1, "the file is empty"),
        ("# only words\n", 1, "the file is empty"),
    ],
)
def test_what_is_not_plain_data_is_refused(text: str, line: int, what: str) -> None:
    found_line, found = refused(text)
    assert (found_line, found[: len(what)]) == (line, what)


def test_a_bomb_of_aliases_is_refused_before_it_grows() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(9)
    )
    assert refused(bomb) == (1, "anchors and aliases are not allowed")


def test_size_depth_and_number_of_values_are_limited() -> None:
    assert refused("a: " + "x" * SIZE_MAX) == (0, f"larger than {SIZE_MAX // 1024} KiB")
    assert refused("[" * (DEPTH_MAX + 1) + "]" * (DEPTH_MAX + 1)) == (1, f"nested deeper than {DEPTH_MAX}")
    assert refused("[" * 100_000) == (1, f"nested deeper than {DEPTH_MAX}")
    assert refused("- 1\n" * (VALUES_MAX + 1))[1] == f"more than {VALUES_MAX} values"


def test_broken_text_is_told_with_its_line() -> None:
    line, what = refused("a: 1\nb: [1, 2\nc: 3\n")
    assert line == 3
    assert what.startswith("not YAML: ")
    assert refused(b"a: 1\nb: \xff\n") == (2, "not UTF-8 text")


def test_a_file_that_is_not_there_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    tree, problems = read_file(tmp_path / "gone.yaml")
    assert tree is None
    assert problems[0].what.startswith("cannot be read")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    tree, problems = read_bytes(content, "x.yaml")
    assert (tree is None) == bool(problems)


@given(st.text(alphabet="ab:-[]{}&*!#'\"|>\n \t,?%@", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    tree, problems = read_bytes(text.encode(), "x.yaml")
    assert (tree is None) == bool(problems)
