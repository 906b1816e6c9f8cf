"""Session descriptions (RFC 4566/8866): bytes to values and back. Decides what is well formed, not what is wanted.

What is wanted is `offer_answer.py`'s.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from cti_server.sip.errors import RemoteProtocolError

CONTENT_TYPE = "application/sdp"
SDP_BYTES_MAX = 16_384
LINES_MAX = 400
STREAMS_MAX = 16

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
DIRECTIONS: tuple[Direction, ...] = ("sendrecv", "sendonly", "recvonly", "inactive")


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """o= line. `version` grows by one with every changed description of a session (RFC 3264 8)."""

    username: str = "-"
    session_id: int
    version: int
    address: str


class Codec(msgspec.Struct, frozen=True, kw_only=True):
    """One payload type of a stream. `name` in upper case; empty if a dynamic type has no rtpmap."""

    payload_type: int
    name: str
    clock_hz: int
    fmtp: str = ""


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """One m= section. `port` 0: refused. `formats` are the raw tokens, `codecs` only those of RTP profiles."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    codecs: tuple[Codec, ...] = ()
    address: str = ""
    direction: Direction = "sendrecv"
    ptime_ms: int = 0
    rtcp_port: int = 0


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """A whole description; addresses and directions of the session level are already handed down to the streams."""

    origin: Origin
    streams: tuple[Stream, ...]


# RFC 3551: types that need no rtpmap.
STATIC_CODECS = {0: ("PCMU", 8000), 8: ("PCMA", 8000), 3: ("GSM", 8000), 9: ("G722", 8000), 18: ("G729", 8000)}


def parse_sdp(data: bytes) -> Description:
    """Raises RemoteProtocolError (status 488 does not apply here: malformed is 400)."""
    if len(data) > SDP_BYTES_MAX:
        raise RemoteProtocolError("SDP too long")
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\n\r\x00 ").split("\n")
    if len(lines) > LINES_MAX:
        raise RemoteProtocolError("SDP has too many lines")
    sections: list[list[tuple[str, str]]] = [[]]
    for line in lines:
        if len(line) < 2 or line[1] != "=":
            raise RemoteProtocolError("bad SDP line")
        if line[0] == "m":
            sections.append([])
        sections[-1].append((line[0], line[2:].rstrip("\r")))
    if len(sections) - 1 > STREAMS_MAX:
        raise RemoteProtocolError("SDP has too many streams")
    return _description(sections)


def _description(sections: list[list[tuple[str, str]]]) -> Description:
    head = sections[0]
    if not head or head[0] != ("v", "0"):
        raise RemoteProtocolError("SDP does not begin with v=0")
    origin: Origin | None = None
    address = ""
    direction: Direction = "sendrecv"
    for kind, value in head:
        if kind == "o":
            origin = _origin(value)
        elif kind == "c":
            address = _connection(value)
        elif kind == "a" and value in DIRECTIONS:
            direction = value
    if origin is None:
        raise RemoteProtocolError("SDP has no origin")
    streams = tuple(_stream(section, address, direction) for section in sections[1:])
    return Description(origin=origin, streams=streams)


def _origin(value: str) -> Origin:
    fields = value.split()
    if len(fields) != 6 or not _is_number(fields[1]) or not _is_number(fields[2]):
        raise RemoteProtocolError("bad SDP origin")
    return Origin(username=fields[0], session_id=int(fields[1]), version=int(fields[2]), address=fields[5])


def _connection(value: str) -> str:
    fields = value.split()
    if len(fields) != 3 or fields[0] != "IN" or fields[1] not in ("IP4", "IP6"):
        raise RemoteProtocolError("bad SDP connection")
    return fields[2].partition("/")[0]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 20


def _stream(section: list[tuple[str, str]], address: str, direction: Direction) -> Stream:
    fields = section[0][1].split()
    port_text = fields[1].partition("/")[0] if len(fields) > 3 else ""
    if not _is_number(port_text) or int(port_text) > 65535:
        raise RemoteProtocolError("bad SDP media line")
    maps: dict[str, str] = {}
    fmtps: dict[str, str] = {}
    ptime_ms = rtcp_port = 0
    for kind, value in section[1:]:
        if kind == "c":
            address = _connection(value)
        elif kind == "a":
            name, _, rest = value.partition(":")
            if value in DIRECTIONS:
                direction = value
            elif name == "rtpmap":
                number, _, mapping = rest.partition(" ")
                maps[number] = mapping.strip()
            elif name == "fmtp":
                number, _, parameters = rest.partition(" ")
                fmtps[number] = parameters.strip()
            elif name == "ptime" and _is_number(rest) and int(rest) <= 200:
                ptime_ms = int(rest)
            elif name == "rtcp":
                rtcp_text = rest.partition(" ")[0]
                rtcp_port = int(rtcp_text) if _is_number(rtcp_text) and int(rtcp_text) <= 65535 else 0
    is_rtp = fields[2].startswith("RTP/")
    codecs = tuple(_codec(number, maps, fmtps) for number in fields[3:]) if is_rtp else ()
    return Stream(
        kind=fields[0],
        port=int(port_text),
        protocol=fields[2],
        formats=tuple(fields[3:]),
        codecs=codecs,
        address=address,
        direction=direction,
        ptime_ms=ptime_ms,
        rtcp_port=rtcp_port,
    )


def _codec(number: str, maps: dict[str, str], fmtps: dict[str, str]) -> Codec:
    if not _is_number(number) or int(number) > 127:
        raise RemoteProtocolError("bad RTP payload type")
    mapping = maps.get(number, "")
    if not mapping:
        name, clock_hz = STATIC_CODECS.get(int(number), ("", 0))
        return Codec(payload_type=int(number), name=name, clock_hz=clock_hz, fmtp=fmtps.get(number, ""))
    name, _, rest = mapping.partition("/")
    clock = rest.partition("/")[0]
    if not _is_number(clock):
        raise RemoteProtocolError("bad rtpmap")
    return Codec(payload_type=int(number), name=name.upper(), clock_hz=int(clock), fmtp=fmtps.get(number, ""))


def serialise_sdp(description: Description) -> bytes:
    """Stream by stream, with the connection address inside each stream."""
    origin = description.origin
    lines = [
        "v=0",
        f"o={origin.username} {origin.session_id} {origin.version} IN {_family(origin.address)} {origin.address}",
        "s=-",
        f"c=IN {_family(origin.address)} {origin.address}",
        "t=0 0",
    ]
    for stream in description.streams:
        lines += _stream_lines(stream, origin.address)
    return ("\r\n".join(lines) + "\r\n").encode("utf-8")


def _family(address: str) -> str:
    return "IP6" if ":" in address else "IP4"


def _stream_lines(stream: Stream, session_address: str) -> list[str]:
    lines = [f"m={stream.kind} {stream.port} {stream.protocol} {' '.join(stream.formats)}"]
    if stream.port == 0:
        return lines
    if stream.address and stream.address != session_address:
        lines.append(f"c=IN {_family(stream.address)} {stream.address}")
    for codec in stream.codecs:
        if codec.name:
            shown = codec.name.lower() if codec.name == "TELEPHONE-EVENT" else codec.name
            lines.append(f"a=rtpmap:{codec.payload_type} {shown}/{codec.clock_hz}")
        if codec.fmtp:
            lines.append(f"a=fmtp:{codec.payload_type} {codec.fmtp}")
    if stream.ptime_ms:
        lines.append(f"a=ptime:{stream.ptime_ms}")
    lines.append(f"a={stream.direction}")
    return lines
