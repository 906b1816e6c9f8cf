"""SIP, SIPS and TEL URIs (RFC 3261 19.1, RFC 3966). Decides what is well formed; never resolves a name.

Everything is kept as it was received (escapes are not undone, so %00 can truncate nothing); `Uri.name` gives the user
part with escapes undone, for people and look-ups.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from cti_server.sip.errors import RemoteProtocolError

URI_LENGTH_MAX = 4096
REMEMBERED_MAX = 2048
REMEMBERED_LENGTH_MAX = 200
"""Together they bound what strangers can make us remember."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*\Z")
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.\-]*[A-Za-z0-9_.])?\Z")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]{2,45}\Z")
_USER = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/#]|%[0-9A-Fa-f]{2}|[^\x00-\x7f])+\Z")
_PASSWORD = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()&=+$,]|%[0-9A-Fa-f]{2})*\Z")
_PARAMETER = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()\[\]/:&+$]|%[0-9A-Fa-f]{2})+\Z")
_HEADERS = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()\[\]/?:+$&=]|%[0-9A-Fa-f]{2})*\Z")
_OPAQUE = re.compile(r"[^\s<>\"\x00-\x20\x7f]+\Z")
_ESCAPE = re.compile(r"((?:%[0-9A-Fa-f]{2})+)")
_PLAIN_USER = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!~*'()&=+$,;?/")


class Uri(msgspec.Struct, frozen=True, kw_only=True):
    """`host` without brackets; `port` 0 when absent; `opaque` is all after the colon of a scheme other than sip(s)."""

    scheme: str = "sip"
    user: str = ""
    password: str = ""
    host: str = ""
    port: int = 0
    parameters: tuple[tuple[str, str | None], ...] = ()
    headers: str = ""
    opaque: str = ""

    @property
    def is_sip(self) -> bool:
        return self.scheme == "sip" or self.scheme == "sips"

    @property
    def name(self) -> str:
        """The user part (or telephone number of a tel URI) with %-escapes undone."""
        if not self.is_sip:
            return self.opaque.partition(";")[0]
        return unescape(self.user)

    def parameter(self, name: str) -> str | None:
        """Value of a URI parameter; "" if present without one; None if absent."""
        for key, value in self.parameters:
            if key.lower() == name:
                return value if value is not None else ""
        return None

    def __str__(self) -> str:
        if not self.is_sip:
            return f"{self.scheme}:{self.opaque}"
        parts = [self.scheme, ":"]
        if self.user:
            parts += [self.user, f":{self.password}@" if self.password else "@"]
        parts.append(host_port(self.host, self.port))
        for key, value in self.parameters:
            parts.append(f";{key}" if value is None else f";{key}={value}")
        if self.headers:
            parts += ["?", self.headers]
        return "".join(parts)


def host_port(host: str, port: int) -> str:
    """`host`, `host:port` or `[v6]:port`."""
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port}" if port else shown


def split_host_port(text: str) -> tuple[str, int]:
    """(host without brackets, port or 0). Raises RemoteProtocolError."""
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        if not closed or not _IPV6.match(host) or ":" not in host or (rest and not rest.startswith(":")):
            raise RemoteProtocolError("bad IPv6 reference")
        return host, _port(rest[1:]) if rest else 0
    host, colon, port = text.partition(":")
    if len(host) > 255 or not _HOST.match(host):
        raise RemoteProtocolError("bad host")
    return host, _port(port) if colon else 0


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        raise RemoteProtocolError("bad port")
    return int(text)


def parse_uri(text: str) -> Uri:
    """Raises RemoteProtocolError. Short ones are remembered: the same few come again in every message of a call."""
    return _remembered(text) if len(text) <= REMEMBERED_LENGTH_MAX else _parse(text)


def _parse(text: str) -> Uri:
    scheme, colon, rest = text.partition(":")
    if not colon or len(text) > URI_LENGTH_MAX or not _SCHEME.match(scheme) or not rest:
        raise RemoteProtocolError("bad URI")
    scheme = scheme.lower()
    if scheme not in ("sip", "sips"):
        if not _OPAQUE.match(rest):
            raise RemoteProtocolError("bad URI")
        return Uri(scheme=scheme, opaque=rest)
    return _parse_sip(scheme, rest)


_remembered = lru_cache(maxsize=REMEMBERED_MAX)(_parse)


def _parse_sip(scheme: str, rest: str) -> Uri:
    # An unescaped @ cannot stand in parameters or headers, so the last one ends the user part, which may hold ; and ?
    user_part, at, rest = rest.rpartition("@")
    user, colon, password = user_part.partition(":")
    if at and (not _USER.match(user) or (colon and not _PASSWORD.match(password))):
        raise RemoteProtocolError("bad user part of URI")
    rest, question, headers = rest.partition("?")
    if question and not _HEADERS.match(headers):
        raise RemoteProtocolError("bad headers in URI")
    pieces = rest.split(";")
    host, port = split_host_port(pieces[0])
    parameters = tuple(_parameter(piece) for piece in pieces[1:])
    return Uri(
        scheme=scheme, user=user, password=password, host=host, port=port, parameters=parameters, headers=headers
    )


def _parameter(piece: str) -> tuple[str, str | None]:
    key, equals, value = piece.partition("=")
    if not _PARAMETER.match(key) or (equals and not _PARAMETER.match(value)):
        raise RemoteProtocolError("bad URI parameter")
    return key, value if equals else None


def unescape(text: str) -> str:
    """Undoes %-escapes as UTF-8; bytes that are not stay visible as replacement characters."""
    if "%" not in text:
        return text
    return _ESCAPE.sub(lambda run: bytes.fromhex(run[1].replace("%", "")).decode("utf-8", "replace"), text)


def escape_user(name: str) -> str:
    """A user part that says `name`, with escapes where RFC 3261 demands them."""
    return "".join(c if c in _PLAIN_USER else "".join(f"%{b:02X}" for b in c.encode("utf-8")) for c in name)
