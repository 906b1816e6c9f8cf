"""The small pieces of RFC 3261 25.1: tokens, quoted strings, parameters, lists. Decides what is well formed."""

from __future__ import annotations

import re

from cti_server.sip.errors import RemoteProtocolError

Parameters = tuple[tuple[str, str | None], ...]

_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+\Z")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"\Z', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
# A parameter's value: token, host, IPv6 (with or without brackets), or quoted string. Never a separator.
_VALUE = re.compile(r"[^\s\",;<>=\x00-\x20\x7f]+\Z")

PARAMETERS_MAX = 64


def is_token(text: str) -> bool:
    return _TOKEN.match(text) is not None


def number(text: str, *, largest: int) -> int:
    """Decimal digits, at most `largest`. Raises RemoteProtocolError."""
    if not (text.isascii() and text.isdigit()) or len(text) > 20 or int(text) > largest:
        raise RemoteProtocolError("bad number")
    return int(text)


def unquote(text: str) -> str:
    """The content of a quoted string; other text unchanged."""
    if len(text) >= 2 and text[0] == '"' and text[-1] == '"':
        inner = text[1:-1]
        return _ESCAPED.sub(r"\1", inner) if "\\" in inner else inner
    return text


def quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def split_outside(text: str, separator: str) -> list[str]:
    """Splits at `separator` outside of quotes and angle brackets. Raises RemoteProtocolError on an open quote."""
    if '"' not in text and "<" not in text:
        return text.split(separator)
    pieces: list[str] = []
    start = position = 0
    is_quoted = is_angled = False
    while position < len(text):
        character = text[position]
        if is_quoted:
            if character == "\\":
                position += 1
            elif character == '"':
                is_quoted = False
        elif character == '"':
            is_quoted = True
        elif character == "<":
            is_angled = True
        elif character == ">":
            is_angled = False
        elif character == separator and not is_angled:
            pieces.append(text[start:position])
            start = position + 1
        position += 1
    if is_quoted or is_angled:
        raise RemoteProtocolError("unbalanced quote or bracket")
    pieces.append(text[start:])
    return pieces


def parse_parameters(text: str) -> Parameters:
    """`text` is empty or begins with ";". Names keep their case. Raises RemoteProtocolError."""
    text = text.strip()
    if not text:
        return ()
    if text[0] != ";":
        raise RemoteProtocolError("bad parameters")
    pieces = split_outside(text[1:], ";")
    if len(pieces) > PARAMETERS_MAX:
        raise RemoteProtocolError("too many parameters")
    return tuple(_parameter(piece) for piece in pieces)


def _parameter(piece: str) -> tuple[str, str | None]:
    name, equals, value = piece.partition("=")
    name = name.strip()
    if not _TOKEN.match(name):
        raise RemoteProtocolError("bad parameter name")
    if not equals:
        return name, None
    value = value.strip()
    if not (_VALUE.match(value) or _QUOTED.match(value)):
        raise RemoteProtocolError("bad parameter value")
    return name, value


def find(parameters: Parameters, name: str) -> str | None:
    """Value of the first parameter `name` (given in lower case), unquoted; "" if it has none; None if absent."""
    for key, value in parameters:
        if key == name or key.lower() == name:
            return unquote(value) if value is not None else ""
    return None


def show(parameters: Parameters) -> str:
    """`;name=value;flag`, as they were."""
    return "".join(f";{key}" if value is None else f";{key}={value}" for key, value in parameters)


def is_quoted_string(text: str) -> bool:
    return _QUOTED.match(text) is not None
