"""Turns a tree into a msgspec type, and names everything that does not fit, each with its line.

msgspec itself stops at the first mistake and knows no lines; a person who edits a file wants all of them at once. Only
the shapes that our files use are known: structs, tagged unions of structs, tuples, dicts with text keys, scalars.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from msgspec import inspect as shapes

from datafiles.problems import Problem, nearest
from datafiles.reading import Branch, Leaf, Row, Tree

Shaped = TypeVar("Shaped")
_WRONG: Any = object()  # this part has a problem, and it is noted


def shape(tree: Tree, into: type[Shaped], file: str) -> tuple[Shaped | None, list[Problem]]:
    """The value, or None and what is wrong."""
    shaper = _Shaper(file)
    value = shaper.any(tree, shapes.type_info(into), "")
    return (None if shaper.problems else value), shaper.problems


def shape_any(tree: Tree, into: object, file: str, name: str) -> tuple[Any, list[Problem]]:
    """The same for a type expression such as a union; `name` is what the problems call this part."""
    shaper = _Shaper(file)
    value = shaper.any(tree, shapes.type_info(into), name)
    return (None if shaper.problems else value), shaper.problems


class _Shaper:
    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def any(self, tree: Tree, into: shapes.Type, name: str) -> Any:
        match into:
            case shapes.StructType():
                return self._struct(tree, into, name)
            case shapes.UnionType():
                return self._union(tree, into, name)
            case shapes.VarTupleType() | shapes.ListType():
                return self._row(tree, into.item_type, name)
            case shapes.DictType():
                return self._dict(tree, into.value_type, name)
            case shapes.Metadata():
                return self.any(tree, into.type, name)
            case _:
                return self._leaf(tree, into, name)

    def _wrong(self, line: int, what: str, hint: str = "") -> Any:
        self.problems.append(Problem(self.file, line, what, hint))
        return _WRONG

    def _struct(self, tree: Tree, into: shapes.StructType, name: str) -> Any:
        if not isinstance(tree, Branch):
            return self._wrong(tree.line, f"{name or 'the file'} must be fields with values, not {_kind(tree)}")
        fields = {field.encode_name: field for field in into.fields}
        values: dict[str, Any] = {}
        for key, child in tree.entries.items():
            if key == into.tag_field:
                continue
            if key not in fields:
                self._wrong(tree.key_lines[key], f"{name or 'the file'} has no field {key}", nearest(key, fields))
                continue
            values[fields[key].name] = self.any(child, fields[key].type, _dotted(name, key))
        for key, field in fields.items():
            if field.required and key not in tree.entries:
                self._wrong(tree.line, f"{name or 'the file'} lacks the field {key}")
        if any(value is _WRONG for value in values.values()) or any(
            field.required and field.name not in values for field in fields.values()
        ):
            return _WRONG
        return into.cls(**values)

    def _union(self, tree: Tree, into: shapes.UnionType, name: str) -> Any:
        if any(isinstance(kind, shapes.NoneType) for kind in into.types):
            if isinstance(tree, Leaf) and tree.value is None:
                return None
            rest = [kind for kind in into.types if not isinstance(kind, shapes.NoneType)]
            if len(rest) == 1:
                return self.any(tree, rest[0], name)
        structs = {str(kind.tag): kind for kind in into.types if isinstance(kind, shapes.StructType)}
        if not structs:
            return self._leaf(tree, into, name)
        if not isinstance(tree, Branch):
            return self._wrong(tree.line, f"{name or 'the file'} must be fields with values, not {_kind(tree)}")
        return self._tagged(tree, structs, name)

    def _tagged(self, tree: Branch, structs: Mapping[str, shapes.StructType], name: str) -> Any:
        tag_field = next(iter(structs.values())).tag_field or "type"
        tag = tree.entries.get(tag_field)
        if not isinstance(tag, Leaf):
            return self._wrong(tree.line, f"{name} lacks the field {tag_field}", f"one of {', '.join(structs)}")
        if tag.text not in structs:
            hint = nearest(tag.text, structs) or f"one of {', '.join(structs)}"
            return self._wrong(tag.line, f"{name}: there is no {tag_field} {tag.text}", hint)
        return self._struct(tree, structs[tag.text], name)

    def _row(self, tree: Tree, item: shapes.Type, name: str) -> Any:
        """One value where several may stand counts as a row of one."""
        items = tree.items if isinstance(tree, Row) else [tree]
        if isinstance(tree, Leaf) and tree.value is None:
            return self._wrong(tree.line, f"{name} is empty")
        values = [self.any(child, item, f"{name}[{index}]") for index, child in enumerate(items)]
        return _WRONG if any(value is _WRONG for value in values) else tuple(values)

    def _dict(self, tree: Tree, value_type: shapes.Type, name: str) -> Any:
        if not isinstance(tree, Branch):
            return self._wrong(tree.line, f"{name} must be names with values, not {_kind(tree)}")
        values = {key: self.any(child, value_type, _dotted(name, key)) for key, child in tree.entries.items()}
        return _WRONG if any(value is _WRONG for value in values.values()) else values

    def _leaf(self, tree: Tree, into: shapes.Type, name: str) -> Any:
        if not isinstance(tree, Leaf):
            return self._wrong(tree.line, f"{name} must be one value, not {_kind(tree)}")
        for kind, (expected, fits) in _LEAVES.items():
            if isinstance(into, kind):
                value = tree.text if isinstance(into, shapes.StrType) and tree.value is not None else tree.value
                if not fits(value):
                    return self._wrong(tree.line, f"{name} must be {expected}, not {_shown(tree)}")
                return self._within(tree.line, value, into, name)
        if isinstance(into, shapes.LiteralType):
            if tree.text in into.values:
                return tree.text
            known = [str(value) for value in into.values]
            return self._wrong(
                tree.line,
                f"{name} cannot be {_shown(tree)}",
                nearest(tree.text, known) or f"one of {', '.join(known)}",
            )
        raise TypeError(f"{name}: no rule for {into}")

    def _within(self, line: int, value: Any, into: Any, name: str) -> Any:
        low, high = getattr(into, "ge", None), getattr(into, "le", None)
        if (low is not None and value < low) or (high is not None and value > high):
            return self._wrong(line, f"{name} must be from {low} to {high}, not {value}")
        pattern = getattr(into, "pattern", None)
        if pattern is not None and not re.search(pattern, value):
            return self._wrong(line, f"{name} cannot be written like this: {value}", f"pattern {pattern}")
        if getattr(into, "min_length", None) and len(value) < into.min_length:
            return self._wrong(line, f"{name} is empty")
        return value


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_yes_or_no(value: object) -> bool:
    return isinstance(value, bool)


_LEAVES: Mapping[type[shapes.Type], tuple[str, Callable[[object], bool]]] = {
    shapes.StrType: ("text", _is_text),
    shapes.IntType: ("a whole number", _is_whole),
    shapes.FloatType: ("a number", _is_number),
    shapes.BoolType: ("true or false", _is_yes_or_no),
}


def _dotted(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key


def _kind(tree: Tree) -> str:
    match tree:
        case Branch():
            return "fields"
        case Row():
            return "a list"
        case Leaf():
            return _shown(tree)


def _shown(leaf: Leaf) -> str:
    return "nothing" if leaf.value is None else repr(leaf.text)
