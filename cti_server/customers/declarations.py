"""Reads and checks the file that declares how the main system is read: queries, codes, record views.

Decides what such a file may say. A wrong one is refused with file, line and a suggestion before anything uses it.
"""

import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import yaml

from cti_server.core.errors import DataError
from cti_server.customers.connectors import Query
from cti_server.wire.server import Column, ViewTitle

SHOP_FILE = Path(__file__).with_name("shop.yaml")
"""The sample company's declarations."""
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Both are safe: no tags that make objects. The first is ten times faster, where libyaml is there."""
BYTES_MAX = 512 * 1024
LANGUAGES = ("ko", "en")
COLUMN_KINDS = ("text", "number", "money", "date", "time", "state", "picture")
QUERIES = (
    *("by_number", "by_keypad", "search", "customer", "consents", "alerts", "bonus", "open_services", "open_cases"),
    *("payment_methods", "favourite_products", "last_order", "order_steps", "picture"),
    *("timeline_contacts", "timeline_orders", "timeline_lines", "timeline_inquiries", "timeline_services"),
)
"""The queries that the card is made of."""
CODES = ("order_status", "progress", "channel", "service_kind", "category", "skin_type")
"""The coded values that the card puts into words."""
Words = dict[str, dict[str, str]]
"""Words by code, then by language."""


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class View(_Strict, frozen=True, kw_only=True):
    """A record view. ``arguments``: column by argument; those in ``keep_only`` leave out all other rows."""

    view: str
    title: dict[str, str]
    sql: str
    columns: tuple[Column, ...]
    detail: tuple[Column, ...] = ()
    arguments: dict[str, str] = {}
    keep_only: tuple[str, ...] = ()
    ttl_s: float = 10.0


class Company(_Strict, frozen=True, kw_only=True):
    name: dict[str, str]
    phone: str


class Declarations(_Strict, frozen=True, kw_only=True):
    """How one main system is read."""

    company: Company
    queries: dict[str, Query]
    codes: dict[str, Words]
    views: tuple[View, ...]

    def connector_queries(self) -> dict[str, Query]:
        """All queries as the connector needs them; those of views are named ``view:<name>``."""
        return self.queries | {f"view:{v.view}": Query(sql=v.sql, ttl_s=v.ttl_s) for v in self.views}

    def titles(self) -> tuple[ViewTitle, ...]:
        """The desktop's menu of record views."""
        return tuple(ViewTitle(view=v.view, title=v.title) for v in self.views)


def load_declarations(file: Path = SHOP_FILE) -> Declarations:
    """The checked content of ``file``. Raises DataError."""
    if file.stat().st_size > BYTES_MAX:
        raise DataError(file=str(file), line=0, what=f"longer than {BYTES_MAX} bytes")
    text = file.read_text(encoding="utf-8")
    try:
        declared = msgspec.convert(yaml.load(text, LOADER), Declarations)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise DataError(file=str(file), line=line, what=str(error.problem)) from error
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$")
        raise DataError(file=str(file), line=_line(text, _steps(path)), what=what) from error
    for place, what, hint in _complaints(declared):
        raise DataError(file=str(file), line=_line(text, place), what=what, hint=hint)
    return declared


Complaint = tuple[tuple[str | int, ...], str, str]


def _complaints(declared: Declarations) -> Iterable[Complaint]:
    for name in QUERIES:
        if name not in declared.queries:
            yield ("queries",), f"the query {name!r} is missing", _nearest(name, declared.queries)
    for name in CODES:
        if name not in declared.codes:
            yield ("codes",), f"the codes {name!r} are missing", _nearest(name, declared.codes)
    for n, view in enumerate(declared.views):
        yield from _view_complaints(n, view)
    names = [view.view for view in declared.views]
    for name in {name for name in names if names.count(name) > 1}:
        yield ("views", names.index(name)), f"the view {name!r} is declared twice", ""


def _view_complaints(n: int, view: View) -> Iterable[Complaint]:
    place = ("views", n)
    keys = [column.key for column in (*view.columns, *view.detail)]
    if not set(LANGUAGES) <= set(view.title):
        yield (*place, "title"), "a title needs ko and en", ""
    for part, columns in (("columns", view.columns), ("detail", view.detail)):
        for m, column in enumerate(columns):
            if column.kind not in COLUMN_KINDS:
                yield (*place, part, m), f"unknown kind {column.kind!r}", _nearest(column.kind, COLUMN_KINDS)
            if not set(LANGUAGES) <= set(column.title):
                yield (*place, part, m), "a title needs ko and en", ""
    for argument, key in view.arguments.items():
        if key not in keys:
            yield (*place, "arguments"), f"{argument!r} selects by {key!r}, which is no column", _nearest(key, keys)
    for argument in view.keep_only:
        if argument not in view.arguments:
            yield (*place, "keep_only"), f"{argument!r} is no argument", _nearest(argument, view.arguments)


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f"did you mean {near[0]!r}?" if near else ""


def _steps(path: str) -> tuple[str | int, ...]:
    """``.views[3].columns[0]`` as steps into the document; a step through any key (``[...]``) ends the way."""
    steps: list[str | int] = []
    for name, index in re.findall(r"\.(\w+)|\[(\d+|\.\.\.)\]", path.rstrip("`")):
        if index == "...":
            break
        steps.append(int(index) if index else name)
    return tuple(steps)


def _line(text: str, path: tuple[str | int, ...]) -> int:
    """The line, from 1, of the deepest part of ``path`` that the document has."""
    node: Any = yaml.compose(text, LOADER)
    for step in path:
        if isinstance(node, yaml.MappingNode):
            inner = next((value for key, value in node.value if key.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            inner = node.value[step] if step < len(node.value) else None
        else:
            inner = None
        if inner is None:
            break
        node = inner
    return int(node.start_mark.line) + 1 if node is not None else 0
