"""Writes `docs/generated` from the source: the messages between server and desktop, the words of the
core, and its tables of moves.

Run it after a change of a message: `.venv/bin/python docs/generate.py`. A test compares what it writes with what is
there. It decides nothing: names, meanings and defaults are those of the types and their docstrings.
"""

import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parent.parent
GENERATED = ROOT / "docs" / "generated"
MEMBERS_MAX = 8
NOTICE = "<!-- Written by docs/generate.py from the source: change the source, not this file. -->\n"


def wire() -> str:
    from cti_server.wire import client, explained, server

    parts = [
        "# Messages between server and desktop",
        "JSON text frames over a WebSocket. The key `t` names the frame; the key of a body is given with it. Unknown "
        "fields and facts are ignored. A field with a default may be left out.",
        *_section("Frames that a desktop sends", client.ClientFrame),
        *_section("Commands: the body of a `command`", client.CommandBody),
        *_section("Questions: the body of an `ask`", client.AskBody),
        *_section("Frames that the server sends", server.ServerFrame),
        *_section("Facts: the body of a `fact`", server.FactBody),
        *_section("Gauges: the body of a `gauge`", server.GaugeBody),
        *_rest("Parts of these messages", [client, server]),
        *_rest("Parts of what is told about the past (over HTTP too)", [explained]),
    ]
    return _page(parts)


def core() -> str:
    from cti_server.core import effects, inputs
    from cti_server.core.events import agents, arrivals, base, callbacks, centre, queueing, talks

    parts = [
        "# The words of the core",
        "What goes into the Centre, what it says has happened, and what it orders.",
        *_rest("Inputs", [inputs]),
        *_rest("Events", [base, centre, arrivals, queueing, talks, agents, callbacks]),
        *_rest("Effects", [effects]),
    ]
    return _page(parts)


def states() -> str:
    from cti_server.core.drawing import states_page

    return NOTICE + "\n" + states_page()


PAGES: dict[str, Callable[[], str]] = {"wire.md": wire, "core.md": core, "states.md": states}


def pages() -> dict[str, str]:
    """File name → what must stand in it."""
    _SHOWN.clear()
    return {name: page() for name, page in PAGES.items()}


_SHOWN: set[type] = set()


def _page(parts: Iterable[str]) -> str:
    return NOTICE + "\n" + "\n\n".join(parts) + "\n"


def _section(title: str, union: Any) -> list[str]:
    members = typing.get_args(union) if isinstance(union, types.UnionType) else (union,)
    return [f"## {title}", *[_message(member) for member in members]]


def _rest(title: str, modules: list[types.ModuleType]) -> list[str]:
    """The structures of these modules that no section before has shown, in the order of their declaration."""
    found = [
        declared
        for module in modules
        for declared in vars(module).values()
        if isinstance(declared, type)
        and issubclass(declared, msgspec.Struct)
        and declared.__module__ == module.__name__
        and declared not in _SHOWN
    ]
    return [f"## {title}", *[_message(declared) for declared in found]]


def _message(declared: type[msgspec.Struct]) -> str:
    _SHOWN.add(declared)
    config = declared.__struct_config__
    name = f"`{declared.__name__}`" + (f" (`{config.tag_field}`: `{config.tag}`)" if config.tag is not None else "")
    lines = [f"### {name}", ""]
    if declared.__doc__:
        lines += [" ".join(inspect.cleandoc(declared.__doc__).split()).replace("``", "`"), ""]
    fields = msgspec.structs.fields(declared)
    if fields:
        lines += ["| field | type | default |", "|---|---|---|"]
        lines += [f"| `{field.encode_name}` | `{_type(field.type)}` | {_default(field)} |" for field in fields]
    return "\n".join(lines).rstrip()


def _type(annotation: Any) -> str:
    if annotation is None or annotation is type(None):
        return "null"
    if annotation is Ellipsis:
        return "…"
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        if len(arguments) > MEMBERS_MAX:
            return f"one of {len(arguments)} messages"
        return " or ".join(_type(argument) for argument in arguments)
    if arguments:
        return f"{getattr(origin, '__name__', origin)}[{', '.join(_type(argument) for argument in arguments)}]"
    return str(getattr(annotation, "__name__", annotation))


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.default_factory is not msgspec.NODEFAULT:
        return "empty"
    if field.default is msgspec.NODEFAULT:
        return ""
    value = field.default
    return f"`{value.value!r}`" if hasattr(value, "value") else f"`{value!r}`"


def main() -> int:
    GENERATED.mkdir(exist_ok=True)
    for name, text in pages().items():
        (GENERATED / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
