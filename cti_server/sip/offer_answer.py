"""Offer and answer for one G.711 audio stream with telephone-event (RFC 3264, RFC 4733).

Decides the codec (the offerer's first that we speak), the directions, which streams are refused (all but the first
usable audio stream over RTP/AVP), payload types and the version of our description. Knows nothing of SIP or of sockets.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from cti_server.sip.errors import LocalProtocolError, RemoteProtocolError
from cti_server.sip.flow import Address
from cti_server.sip.sdp import Codec, Description, Direction, Origin, Stream, parse_sdp, serialise_sdp

G711 = {"PCMU": 0, "PCMA": 8}
TELEPHONE_EVENT = "TELEPHONE-EVENT"
PTIME_MS = 20
_NOWHERE = ("0.0.0.0", "::", "")


class LocalMedia(msgspec.Struct, frozen=True, kw_only=True):
    """What this side can do: where it receives RTP, which codecs in which order, which type telephone-event has."""

    address: str
    port: int
    codecs: tuple[str, ...] = ("PCMU", "PCMA")
    telephone_event: int = 101
    """Payload type we offer; 0: no telephone-event."""
    direction: Direction = "sendrecv"


class Agreed(msgspec.Struct, frozen=True, kw_only=True):
    """What an exchange came to. `direction` is ours: sendonly means that we send and the peer only listens."""

    remote: Address
    """Where to send; host "0.0.0.0" where the peer wants nothing (old style hold; direction says so too)."""
    codec: str
    """"PCMU" or "PCMA"."""
    payload_type: int
    telephone_event_out: int = 0
    """Payload type to send digits with; 0: the peer takes none."""
    telephone_event_in: int = 0
    """Payload type on which digits come; 0: none."""
    direction: Direction = "sendrecv"
    ptime_ms: int = PTIME_MS
    rtcp_port: int = 0

    @property
    def may_send(self) -> bool:
        return self.direction in ("sendrecv", "sendonly")

    @property
    def may_receive(self) -> bool:
        return self.direction in ("sendrecv", "recvonly")


_MIRROR: dict[Direction, Direction] = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}


def narrowed(wanted: Direction, offered: Direction) -> Direction:
    """Our direction in an answer: no more than we want and than the mirror of the offer (RFC 3264 6.1)."""
    mirror = _MIRROR[offered]
    sends = wanted in ("sendrecv", "sendonly") and mirror in ("sendrecv", "sendonly")
    receives = wanted in ("sendrecv", "recvonly") and mirror in ("sendrecv", "recvonly")
    if sends and receives:
        return "sendrecv"
    return "sendonly" if sends else "recvonly" if receives else "inactive"


@dataclass(slots=True)
class Negotiator:
    """Our side of one session's descriptions, over its whole life. One per leg; rebuilt from the last local SDP."""

    media: LocalMedia
    session_id: int
    version: int = 0
    last_local: bytes = b""
    """What we said last; give it to `resumed` after a restart."""
    last_remote: Description | None = None

    @classmethod
    def resumed(cls, media: LocalMedia, last_local: bytes) -> Negotiator:
        """Goes on from the description we said last. Raises RemoteProtocolError if that is no SDP."""
        said = parse_sdp(last_local)
        return cls(media=media, session_id=said.origin.session_id, version=said.origin.version, last_local=last_local)

    def offer(self, *, direction: Direction | None = None) -> bytes:
        """An offer of all our codecs; refused streams of the session so far stay refused, in their places."""
        stream = self._offered_stream(direction or self.media.direction)
        streams = [stream]
        if self.last_local:
            said = parse_sdp(self.last_local).streams
            live = next((index for index, old in enumerate(said) if old.port), 0)
            streams = [stream if index == live else _refused(old) for index, old in enumerate(said)] or [stream]
        return self._said(tuple(streams))

    def answer(self, offer: bytes, *, direction: Direction | None = None) -> tuple[bytes, Agreed]:
        """(our answer, what it means). Raises RemoteProtocolError with 488 when there is no stream we can speak."""
        remote = parse_sdp(offer)
        chosen = next((index for index, stream in enumerate(remote.streams) if self._usable(stream)), None)
        if chosen is None:
            raise RemoteProtocolError("no G.711 audio offered", status=488)
        stream = remote.streams[chosen]
        codec = self._first_common(stream)
        events = _telephone_event(stream) if self.media.telephone_event else 0
        ours = narrowed(direction or self.media.direction, _offered_direction(stream))
        reply = self._answer_stream(stream, codec, events, ours)
        said = self._said(tuple(reply if i == chosen else _refused(s) for i, s in enumerate(remote.streams)))
        self.last_remote = remote
        return said, _agreed(stream, codec, events, events, ours)

    def accept(self, answer: bytes) -> Agreed:
        """Reads the peer's answer to our last offer. Raises RemoteProtocolError (488) if nothing is agreed."""
        if not self.last_local:
            raise LocalProtocolError("an answer without an offer")
        remote = parse_sdp(answer)
        said = parse_sdp(self.last_local)
        pairs = zip(said.streams, remote.streams, strict=False)
        pair = next(((ours, theirs) for ours, theirs in pairs if ours.port and self._usable(theirs)), None)
        if pair is None:
            raise RemoteProtocolError("the answer has no G.711 audio", status=488)
        ours, theirs = pair
        self.last_remote = remote
        codec = self._first_common(theirs)
        direction = narrowed(ours.direction, _offered_direction(theirs))
        events = _telephone_event(theirs)
        return _agreed(theirs, codec, events, _telephone_event(ours) if events else 0, direction)

    def _said(self, streams: tuple[Stream, ...]) -> bytes:
        origin = Origin(session_id=self.session_id, version=self.version, address=self.media.address)
        same = serialise_sdp(Description(origin=origin, streams=streams))
        if same != self.last_local:
            self.version += 1
            origin = msgspec.structs.replace(origin, version=self.version)
            same = serialise_sdp(Description(origin=origin, streams=streams))
            self.last_local = same
        return same

    def _offered_stream(self, direction: Direction) -> Stream:
        codecs = [Codec(payload_type=G711[name], name=name, clock_hz=8000) for name in self.media.codecs]
        if self.media.telephone_event:
            codecs.append(_event_codec(self.media.telephone_event))
        return self._our_stream(tuple(codecs), direction)

    def _answer_stream(self, offered: Stream, codec: Codec, events: int, direction: Direction) -> Stream:
        codecs = (codec, _event_codec(events)) if events else (codec,)
        plain = tuple(msgspec.structs.replace(c, fmtp="") if c is codec else c for c in codecs)
        return msgspec.structs.replace(self._our_stream(plain, direction), protocol=offered.protocol)

    def _our_stream(self, codecs: tuple[Codec, ...], direction: Direction) -> Stream:
        return Stream(
            kind="audio",
            port=self.media.port,
            protocol="RTP/AVP",
            formats=tuple(str(codec.payload_type) for codec in codecs),
            codecs=codecs,
            address=self.media.address,
            direction=direction,
            ptime_ms=PTIME_MS,
        )

    def _usable(self, stream: Stream) -> bool:
        if stream.kind != "audio" or not stream.port or stream.protocol not in ("RTP/AVP", "RTP/AVPF"):
            return False
        return any(self._speaks(codec) for codec in stream.codecs)

    def _speaks(self, codec: Codec) -> bool:
        return codec.name in self.media.codecs and codec.clock_hz == 8000

    def _first_common(self, stream: Stream) -> Codec:
        return next(codec for codec in stream.codecs if self._speaks(codec))


def _event_codec(payload_type: int) -> Codec:
    return Codec(payload_type=payload_type, name=TELEPHONE_EVENT, clock_hz=8000, fmtp="0-16")


def _telephone_event(stream: Stream) -> int:
    for codec in stream.codecs:
        if codec.name == TELEPHONE_EVENT and codec.clock_hz == 8000:
            return codec.payload_type
    return 0


def _offered_direction(stream: Stream) -> Direction:
    """RFC 2543 hold: an address of zeros means that the peer wants to hear nothing."""
    if stream.address in _NOWHERE:
        return "sendonly" if stream.direction in ("sendrecv", "sendonly") else "inactive"
    return stream.direction


def _refused(stream: Stream) -> Stream:
    return Stream(kind=stream.kind, port=0, protocol=stream.protocol, formats=stream.formats)


def _agreed(stream: Stream, codec: Codec, events_out: int, events_in: int, direction: Direction) -> Agreed:
    return Agreed(
        remote=Address(stream.address or "0.0.0.0", stream.port),
        codec=codec.name,
        payload_type=codec.payload_type,
        telephone_event_out=events_out,
        telephone_event_in=events_in,
        direction=direction,
        ptime_ms=stream.ptime_ms or PTIME_MS,
        rtcp_port=stream.rtcp_port,
    )
