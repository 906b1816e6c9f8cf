"""Requests and responses: bytes to values and back (RFC 3261 7). Decides what a message is, not what it deserves.

Reading is lenient in two steps: `read_message` returns what can be made out and notes the first `defect`, so that a
malformed request can still be answered 400; `parse_message` raises that defect. Headers stay text, in their order and
spelling; the typed ones are parsed when first asked for. Octets that are no UTF-8 survive by surrogateescape.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from cti_server.sip.errors import RemoteProtocolError
from cti_server.sip.grammar import is_token, split_outside
from cti_server.sip.headers import COMPACT, CSeq, NameAddr, Via, parse_cseq, parse_name_addr, parse_via
from cti_server.sip.reasons import reason_phrase

HEADERS_MAX = 200
VERSION = "SIP/2.0"
_COMMON = frozenset(
    {"via", "from", "to", "call-id", "cseq", "contact", "max-forwards", "content-length", "content-type"}
)

_VERSION_LIKE = re.compile(r"SIP/\d{1,3}\.\d{1,3}\Z", re.I)
_NOT_IN_LINES = re.compile(r"[\r\n]")

CREDENTIALS = frozenset({"authorization", "proxy-authorization"})
"""Headers that leave this package in no event and no resume."""

Header = tuple[str, str, str]
"""(name in lower case and long form, name as written, value)."""


@dataclass(slots=True)
class Message:
    """What requests and responses share. `header` and `headers_named` take names in lower case and long form."""

    headers: list[Header]
    body: bytes = b""
    defect: RemoteProtocolError | None = None
    _via: Via | None = field(default=None, init=False, repr=False)
    _cseq: CSeq | None = field(default=None, init=False, repr=False)

    def header(self, key: str) -> str | None:
        """First value, or None."""
        for header in self.headers:
            if header[0] == key:
                return header[2]
        return None

    def headers_named(self, key: str) -> list[str]:
        return [header[2] for header in self.headers if header[0] == key]

    def listed(self, key: str) -> list[str]:
        """All elements of all headers of that name, split at commas. Raises RemoteProtocolError."""
        values = self.headers_named(key)
        if not values:
            return values
        return [piece.strip() for value in values for piece in split_outside(value, ",") if piece.strip()]

    def has_option(self, key: str, option: str) -> bool:
        return any(piece.lower() == option for piece in self.listed(key))

    # The typed ones raise RemoteProtocolError when absent or malformed.

    @property
    def via(self) -> Via:
        """The topmost."""
        if self._via is None:
            first = split_outside(self.required("via"), ",")[0]
            self._via = parse_via(first)
        return self._via

    @property
    def cseq(self) -> CSeq:
        if self._cseq is None:
            self._cseq = parse_cseq(self.required("cseq"))
        return self._cseq

    @property
    def from_(self) -> NameAddr:
        return parse_name_addr(self.required("from"))

    @property
    def to(self) -> NameAddr:
        return parse_name_addr(self.required("to"))

    @property
    def call_id(self) -> str:
        return self.required("call-id")

    @property
    def contact(self) -> NameAddr | None:
        """The first Contact, or None."""
        value = self.header("contact")
        return parse_name_addr(split_outside(value, ",")[0]) if value is not None else None

    @property
    def content_type(self) -> str:
        """Type/subtype in lower case without parameters; "" if there is none."""
        return (self.header("content-type") or "").partition(";")[0].replace(" ", "").lower()

    def required(self, key: str) -> str:
        value = self.header(key)
        if value is None:
            raise RemoteProtocolError(f"no {key}")
        return value

    def _serialise(self, start: str) -> bytes:
        lines = [start]
        lines += [f"{name}: {value}" for key, name, value in self.headers if key != "content-length"]
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + self.body


@dataclass(slots=True)
class Request(Message):
    method: str = ""
    uri: str = ""

    def to_bytes(self) -> bytes:
        return self._serialise(f"{self.method} {self.uri} {VERSION}")


@dataclass(slots=True)
class Response(Message):
    status: int = 0
    reason: str = ""

    def to_bytes(self) -> bytes:
        return self._serialise(f"{VERSION} {self.status} {self.reason}")


def header(name: str, value: str) -> Header:
    """One header for a message of ours, `name` in its usual long spelling."""
    return (name.lower(), name, value)


def is_safe(name: str, value: str) -> bool:
    """False if an embedder's header could break out of its line."""
    return is_token(name) and _NOT_IN_LINES.search(value) is None and "\x00" not in value


def parse_message(data: bytes) -> Request | Response:
    """A whole datagram. Raises RemoteProtocolError if anything about its form is wrong."""
    message = read_message(data)
    if message.defect is not None:
        raise message.defect
    return message


def read_message(data: bytes, *, is_stream: bool = False) -> Request | Response:
    """As much of a message as can be made out, its first defect noted; raises only if that is nothing worth a reply.
    Octets after the end that Content-Length gives are dropped (RFC 3261 18.3).
    """
    data = data.lstrip(b"\r\n")
    head, found, body = data.partition(b"\r\n\r\n")
    if not found and b"\n\n" in head:
        head, found, body = head.partition(b"\n\n")
    text = head.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    if "\r" in text:
        raise RemoteProtocolError("a bare CR in the head")
    start, _, rest = text.partition("\n")
    message = _read_start(start)
    if not found:
        message.defect = message.defect or RemoteProtocolError("no end of headers")
    try:
        _read_headers(message, rest)
        _read_body(message, body, is_stream=is_stream)
    except RemoteProtocolError as defect:
        message.defect = message.defect or defect
    return message


def _read_start(line: str) -> Request | Response:
    if line[:4].upper() == "SIP/":
        return _read_status_line(line)
    parts = line.split(" ")
    method = parts[0]
    if len(parts) < 3 or not is_token(method) or "SIP/" not in line.upper():
        raise RemoteProtocolError("not SIP")
    request = Request(headers=[], method=method, uri=" ".join(parts[1:-1]))
    if len(parts) != 3 or not parts[1]:
        request.defect = RemoteProtocolError("bad request line")
    elif parts[2].upper() != VERSION:
        is_other = _VERSION_LIKE.match(parts[2]) is not None
        request.defect = RemoteProtocolError("bad version", status=505 if is_other else 400)
    return request


def _read_status_line(line: str) -> Response:
    version, _, rest = line.partition(" ")
    code, _, reason = rest.partition(" ")
    if (
        version.upper() != VERSION
        or len(code) != 3
        or not code.isdigit()
        or not code.isascii()
        or not "100" <= code < "700"
    ):
        raise RemoteProtocolError("bad status line")
    return Response(headers=[], status=int(code), reason=reason)


def _read_headers(message: Message, text: str) -> None:
    if not text:
        return
    lines = text.split("\n")
    if "\n " in text or "\n\t" in text:
        lines = _unfolded(lines)
    if len(lines) > HEADERS_MAX:
        raise RemoteProtocolError("too many headers")
    defect: RemoteProtocolError | None = None
    for line in lines:
        name, colon, value = line.partition(":")
        key = name.rstrip(" \t").lower()
        if not colon or not (key in _COMMON or is_token(key)):
            defect = defect or RemoteProtocolError("bad header line")
            continue
        message.headers.append((COMPACT.get(key, key), name.rstrip(" \t"), value.strip(" \t")))
    if defect is not None:
        raise defect


def _unfolded(lines: list[str]) -> list[str]:
    joined: list[str] = []
    for line in lines:
        if line[:1] in (" ", "\t") and joined:
            joined[-1] += " " + line.strip(" \t")
        else:
            joined.append(line)
    return joined


def _read_body(message: Message, body: bytes, *, is_stream: bool) -> None:
    lengths = {value for key, _, value in message.headers if key == "content-length"}
    if not lengths:
        message.body = body
        if is_stream:
            raise RemoteProtocolError("no Content-Length on a stream")
        return
    if len(lengths) > 1:
        raise RemoteProtocolError("several Content-Lengths")
    length = lengths.pop()
    if not (length.isascii() and length.isdigit()) or len(length) > 10:
        raise RemoteProtocolError("bad Content-Length")
    message.body = body[: int(length)]
    if len(body) < int(length):
        raise RemoteProtocolError("body shorter than Content-Length")


def response_to(
    request: Request, status: int, *, to_tag: str, reason: str = "", headers: Iterable[Header] = (), body: bytes = b""
) -> Response:
    """A response as RFC 3261 8.2.6 wants it: Via, From, To (tagged unless it was, or 100), Call-ID and CSeq copied."""
    copied: list[Header] = []
    seen: set[str] = set()
    for key, _, value in request.headers:
        if key in _COPIED and (key == "via" or key not in seen):
            seen.add(key)
            if key == "to" and to_tag and status != 100 and not _is_tagged(value):
                value = f"{value};tag={to_tag}"
            elif key == "timestamp" and status != 100:
                continue
            copied.append((key, _COPIED[key], value))
    copied += headers
    return Response(headers=copied, body=body, status=status, reason=reason or reason_phrase(status))


def _is_tagged(value: str) -> bool:
    try:
        return bool(parse_name_addr(value).tag)
    except RemoteProtocolError:
        return True  # malformed: goes back as it came


def failure_ack(invite: Request, response: Response) -> Request:
    """The ACK to a final 3xx-6xx: part of the INVITE's own transaction (RFC 3261 17.1.1.3)."""
    kept = [entry for entry in invite.headers if entry[0] in _KEPT_IN_ACK]
    headers = [next(entry for entry in invite.headers if entry[0] == "via"), *kept]
    headers.append(header("To", response.required("to")))
    headers.append(header("CSeq", f"{invite.cseq.number} ACK"))
    return Request(headers=headers, method="ACK", uri=invite.uri)


def cancel_for(invite: Request, extra: Iterable[Header] = ()) -> Request:
    """The CANCEL of an INVITE of ours: same Via, so that it meets the same transaction (RFC 3261 9.1)."""
    kept = [entry for entry in invite.headers if entry[0] in _KEPT_IN_CANCEL]
    headers = [next(entry for entry in invite.headers if entry[0] == "via"), *kept]
    headers.append(header("CSeq", f"{invite.cseq.number} CANCEL"))
    return Request(headers=[*headers, *extra], method="CANCEL", uri=invite.uri)


_KEPT_IN_ACK = {"max-forwards", "route", "from", "call-id", "authorization", "proxy-authorization", "user-agent"}
_KEPT_IN_CANCEL = {"max-forwards", "route", "from", "to", "call-id", "user-agent"}
_COPIED = {
    "via": "Via",
    "from": "From",
    "to": "To",
    "call-id": "Call-ID",
    "cseq": "CSeq",
    "timestamp": "Timestamp",
}
