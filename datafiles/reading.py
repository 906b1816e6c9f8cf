"""Reads one YAML file into a tree that remembers its lines. Decides what is safe to read, not what it means.

Plain data only: tags, anchors and aliases (the parts that bombs and object construction are made of), repeated keys and
several documents in a file are refused; size, depth and number of values are limited. Scalars follow YAML 1.2's core
schema, so that `no`, `on` and `09:00` stay the text that somebody typed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from datafiles.problems import Problem

SIZE_MAX = 512 * 1024
DEPTH_MAX = 16
VALUES_MAX = 40_000

_QUOTED = ("'", '"', "|", ">")  # plain scalars have no style, or an empty one, depending on the parser
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\Z")
_FLOAT = re.compile(r"[-+]?[0-9]{1,15}\.[0-9]{1,15}\Z")
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(slots=True, frozen=True)
class Leaf:
    line: int
    value: str | int | float | bool | None
    text: str


@dataclass(slots=True, frozen=True)
class Branch:
    """A mapping; keys are always text. `key_lines` is where each key stands."""

    line: int
    entries: dict[str, "Tree"] = field(default_factory=dict)
    key_lines: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True, frozen=True)
class Row:
    line: int
    items: list["Tree"] = field(default_factory=list)


Tree = Leaf | Branch | Row


class Unreadable(Exception):
    """Reading had to stop here."""

    def __init__(self, line: int, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.line, self.what, self.hint = line, what, hint


def read_file(path: Path) -> tuple[Tree | None, list[Problem]]:
    try:
        with path.open("rb") as stream:
            content = stream.read(SIZE_MAX + 1)
    except OSError as error:
        return None, [Problem(str(path), 0, f"cannot be read: {error.strerror or error}")]
    return read_bytes(content, str(path))


def read_bytes(content: bytes, file: str) -> tuple[Tree | None, list[Problem]]:
    """The tree, or None and what is wrong."""
    if len(content) > SIZE_MAX:
        return None, [Problem(file, 0, f"larger than {SIZE_MAX // 1024} KiB")]
    try:
        return _Reader(content.decode("utf-8")).document(), []
    except UnicodeDecodeError as error:
        return None, [Problem(file, content[: error.start].count(b"\n") + 1, "not UTF-8 text")]
    except Unreadable as error:
        return None, [Problem(file, error.line, error.what, error.hint)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return None, [Problem(file, mark.line + 1 if mark else 0, f"not YAML: {error.problem or error.context}")]
    except yaml.YAMLError as error:
        return None, [Problem(file, 0, f"not YAML: {' '.join(str(error).split())}")]


def line_at(tree: Tree, path: Sequence[str | int]) -> int:
    """The line of the deepest part of this path that exists; of its key, where it has one."""
    line = tree.line
    for step in path:
        if isinstance(tree, Branch) and str(step) in tree.entries:
            line, tree = tree.key_lines[str(step)], tree.entries[str(step)]
        elif isinstance(tree, Row) and isinstance(step, int) and 0 <= step < len(tree.items):
            tree = tree.items[step]
            line = tree.line
        else:
            break
    return line


class _Reader:
    """Builds the tree from the parser's events, so that nothing is constructed before it was looked at."""

    def __init__(self, text: str) -> None:
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=_LOADER))
        self._values = 0

    def document(self) -> Tree:
        event = next(self._events)
        while not isinstance(event, yaml.NodeEvent):
            if isinstance(event, yaml.StreamEndEvent):
                raise Unreadable(1, "the file is empty")
            event = next(self._events)
        tree = self._tree(event, depth=1)
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                raise Unreadable(_line(event), "a second document in the file")
        return tree

    def _tree(self, event: Any, *, depth: int) -> Tree:
        self._check(event, depth)
        if isinstance(event, yaml.ScalarEvent):
            return Leaf(line=_line(event), value=_scalar(event), text=event.value)
        if isinstance(event, yaml.SequenceStartEvent):
            row = Row(line=_line(event))
            while not isinstance(child := next(self._events), yaml.SequenceEndEvent):
                row.items.append(self._tree(child, depth=depth + 1))
            return row
        branch = Branch(line=_line(event))
        while not isinstance(child := next(self._events), yaml.MappingEndEvent):
            self._entry(branch, child, depth)
        return branch

    def _entry(self, branch: Branch, event: Any, depth: int) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            raise Unreadable(_line(event), "a key must be plain text")
        self._check(event, depth)
        if event.value in branch.entries:
            raise Unreadable(_line(event), f"{event.value} stands twice in one place")
        branch.key_lines[event.value] = _line(event)
        branch.entries[event.value] = self._tree(next(self._events), depth=depth + 1)

    def _check(self, event: Any, depth: int) -> None:
        self._values += 1
        line = _line(event)
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise Unreadable(line, "anchors and aliases are not allowed", "write the text out")
        if event.tag is not None:
            raise Unreadable(line, f"tags are not allowed: {event.tag}")
        if depth > DEPTH_MAX:
            raise Unreadable(line, f"nested deeper than {DEPTH_MAX}")
        if self._values > VALUES_MAX:
            raise Unreadable(line, f"more than {VALUES_MAX} values")


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _scalar(event: Any) -> str | int | float | bool | None:
    text: str = event.value
    if event.style in _QUOTED:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    return float(text) if _FLOAT.match(text) else text
