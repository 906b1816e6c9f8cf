"""Typed values of the headers that steer SIP: Via, From/To/Contact/Route, CSeq, Reason, Session-Expires.

Decides what is well formed in them. Everything else stays text until somebody asks.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from cti_server.sip.errors import RemoteProtocolError
from cti_server.sip.events import Reason
from cti_server.sip.grammar import (
    Parameters,
    find,
    is_quoted_string,
    is_token,
    number,
    parse_parameters,
    quote,
    show,
    split_outside,
    unquote,
)
from cti_server.sip.uri import REMEMBERED_LENGTH_MAX, REMEMBERED_MAX, Uri, host_port, parse_uri, split_host_port

CSEQ_MAX = 2**31 - 1
DELTA_SECONDS_MAX = 2**32 - 1
MAGIC_COOKIE = "z9hG4bK"

COMPACT = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
}

_VIA = re.compile(
    r"SIP\s*/\s*([0-9.]{1,8})\s*/\s*([A-Za-z0-9\-.!%*_+`'~]+)\s+([^;,\s]+(?:\s*:\s*\d+)?)\s*(;.*)?\Z", re.DOTALL | re.I
)
_CSEQ = re.compile(r"(\d{1,20})\s+([A-Za-z0-9\-.!%*_+`'~]+)\Z")


class Via(msgspec.Struct, frozen=True, kw_only=True):
    """`transport` in upper case; `port` 0 when absent."""

    transport: str
    host: str
    port: int
    parameters: Parameters = ()

    @property
    def branch(self) -> str:
        return find(self.parameters, "branch") or ""

    @property
    def has_rport(self) -> bool:
        return find(self.parameters, "rport") is not None

    @property
    def sent_by(self) -> str:
        return host_port(self.host.lower(), self.port)

    def __str__(self) -> str:
        return f"SIP/2.0/{self.transport} {host_port(self.host, self.port)}{show(self.parameters)}"


class NameAddr(msgspec.Struct, frozen=True, kw_only=True):
    """From, To, Contact, Route and their like. `display` is unquoted; `parameters` are those outside the brackets."""

    uri: Uri
    display: str = ""
    parameters: Parameters = ()

    @property
    def tag(self) -> str:
        return find(self.parameters, "tag") or ""

    def __str__(self) -> str:
        shown = f"{quote(self.display)} " if self.display else ""
        return f"{shown}<{self.uri}>{show(self.parameters)}"


class CSeq(msgspec.Struct, frozen=True):
    number: int
    method: str


def parse_via(text: str) -> Via:
    """One Via element. Any version is let through: a 505 has to find its way back too. Raises RemoteProtocolError."""
    match = _VIA.match(text.strip())
    if match is None:
        raise RemoteProtocolError("bad Via")
    sent_by = match[3] if match[3].isascii() and " " not in match[3] else "".join(match[3].split())
    host, port = split_host_port(sent_by)
    return Via(transport=match[2].upper(), host=host, port=port, parameters=parse_parameters(match[4] or ""))


def parse_name_addr(text: str) -> NameAddr:
    """One From, To, Contact or Route element. Raises RemoteProtocolError."""
    return _remembered(text) if len(text) <= REMEMBERED_LENGTH_MAX else _parse_name_addr(text)


def _parse_name_addr(text: str) -> NameAddr:
    text = text.strip()
    if text.startswith('"'):
        display, rest = _leading_quoted(text)
        if not rest.startswith("<"):
            raise RemoteProtocolError("a display name without <>")
    else:
        before, bracket, after = text.partition("<")
        if not bracket:
            return _bare(text)
        display, rest = before.strip(), bracket + after
        if display and not all(_is_word(word) for word in display.split()):
            raise RemoteProtocolError("a display name that needs quotes")
    uri, closed, parameters = rest[1:].partition(">")
    if not closed:
        raise RemoteProtocolError("unbalanced bracket")
    return NameAddr(uri=parse_uri(uri), display=display, parameters=parse_parameters(parameters))


_remembered = lru_cache(maxsize=REMEMBERED_MAX)(_parse_name_addr)


def _is_word(word: str) -> bool:
    return is_token(word) or not word.isascii()


def _leading_quoted(text: str) -> tuple[str, str]:
    position = 1
    while position < len(text) and text[position] != '"':
        position += 2 if text[position] == "\\" else 1
    quoted = text[: position + 1]
    if not is_quoted_string(quoted):
        raise RemoteProtocolError("unbalanced quote")
    return unquote(quoted), text[position + 1 :].lstrip()


def _bare(text: str) -> NameAddr:
    """Without <>, what follows the first ; belongs to the header, and the URI has no , or ? (RFC 3261 20)."""
    uri, semicolon, parameters = text.partition(";")
    uri = uri.rstrip()
    if "?" in uri or "," in uri:
        raise RemoteProtocolError("this URI needs <>")
    return NameAddr(uri=parse_uri(uri), parameters=parse_parameters(semicolon + parameters))


def parse_cseq(text: str) -> CSeq:
    match = _CSEQ.match(text)
    if match is None:
        raise RemoteProtocolError("bad CSeq")
    return CSeq(number(match[1], largest=CSEQ_MAX), match[2])


def parse_contacts(values: list[str]) -> list[NameAddr]:
    """All contacts of all Contact headers; "*" is not one of them. Raises RemoteProtocolError."""
    return [parse_name_addr(piece) for value in values for piece in split_outside(value, ",")]


def delta_seconds(text: str) -> int | None:
    """Seconds, or None if that is no number or does not fit 32 bits (RFC 3261 10.3: then the default holds)."""
    text = text.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) > DELTA_SECONDS_MAX:
        return None
    return int(text)


def parse_reason(text: str | None) -> Reason | None:
    """First value of a Reason header; None if absent or malformed."""
    if text is None:
        return None
    try:
        first = split_outside(text, ",")[0]
        protocol, semicolon, rest = first.partition(";")
        parameters = parse_parameters(semicolon + rest)
        cause = find(parameters, "cause") or "0"
        return Reason(protocol=protocol.strip(), cause=number(cause, largest=9999), text=find(parameters, "text") or "")
    except RemoteProtocolError:
        return None


def show_reason(reason: Reason) -> str:
    text = f";text={quote(reason.text)}" if reason.text else ""
    return f"{reason.protocol};cause={reason.cause}{text}"


class SessionExpires(msgspec.Struct, frozen=True):
    """RFC 4028 4: seconds, and who refreshes ("uac", "uas" or "" if not said)."""

    seconds: int
    refresher: str = ""


def parse_session_expires(text: str | None) -> SessionExpires | None:
    """None if absent; raises RemoteProtocolError if malformed."""
    if text is None:
        return None
    seconds, semicolon, rest = text.partition(";")
    refresher = find(parse_parameters(semicolon + rest), "refresher") or ""
    if refresher not in ("", "uac", "uas"):
        raise RemoteProtocolError("bad refresher")
    return SessionExpires(number(seconds.strip(), largest=DELTA_SECONDS_MAX), refresher)
