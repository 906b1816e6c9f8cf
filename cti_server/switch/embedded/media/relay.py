"""The hot path: what happens 50 times a second for each leg, written so that nothing is made for a packet.

``make_reader`` binds everything that is fixed between two changes of a leg (sockets, offsets, tables) into one function
for ``loop.add_reader``; a change makes another. One buffer serves all legs of the process, because one thread reads
them one after the other. Packets that are not plain speech of the agreed source go to ``Peer.unusual``.
"""

from collections.abc import Callable
from typing import Protocol

from cti_server.media.g711 import translation
from cti_server.media.rtp import HEADER, HEADER_BYTES, MASK_16, MASK_32, VERSION_2
from cti_server.media.timeline import LENGTH_MAX, LIMIT, ChannelTimeline
from cti_server.switch.embedded.media.buffer import BUFFER, PAYLOADS, VIEWS
from cti_server.switch.embedded.media.outgoing import Outgoing
from cti_server.switch.embedded.media.peer import Peer

SHORTEST = HEADER_BYTES + 1
LONGEST = HEADER_BYTES + LENGTH_MAX


class End(Protocol):
    """What a relay knows of a leg: whom it listens to, what it sends, and whether each packet wants a closer look."""

    peer: Peer
    out: Outgoing

    @property
    def needs_care(self) -> bool: ...


class Relay:
    """Speech of ``source`` to ``target`` with the offsets between their streams, known from the first packet on."""

    __slots__ = ("is_aligned", "sequence_offset", "source", "started", "table", "target", "timestamp_offset")

    def __init__(self, source: End, target: End) -> None:
        self.source = source
        self.target = target
        self.is_aligned = False
        self.sequence_offset = 0
        self.timestamp_offset = 0
        self.started = 0
        self.table = translation(source.peer.codec, target.peer.codec)

    def retune(self) -> None:
        """The law of one of the two may have changed."""
        self.table = translation(self.source.peer.codec, self.target.peer.codec)

    def align(self, sequence: int, timestamp: int) -> None:
        """This packet is the first: the target's stream goes on with it."""
        out = self.target.out
        self.sequence_offset = (out.sequence + 1 - sequence) & MASK_16
        self.timestamp_offset = (out.next_timestamp() - timestamp) & MASK_32
        self.started = self.source.peer.received - 1
        self.is_aligned = True

    def finish(self, now: float) -> None:
        """The target's stream goes on from where the relay left it."""
        if not self.is_aligned:
            return
        out = self.target.out
        out.sequence = (self.source.peer.sequence + self.sequence_offset) & MASK_16
        out.timestamp = (self.source.peer.timestamp + self.timestamp_offset) & MASK_32
        out.sent_at = now
        out.packets += self.sent
        self.is_aligned = False

    def leave_out(self) -> None:
        """A packet of the source was received and not sent on."""
        self.started += 1

    @property
    def sent(self) -> int:
        return self.source.peer.received - self.started if self.is_aligned else 0


def make_reader(leg: End, relay: Relay | None, tap: ChannelTimeline | None) -> Callable[[], None]:
    """A reader for a leg whose peer is known. ``tap``: where its speech is recorded."""
    if leg.needs_care or (relay is not None and not relay.is_aligned):
        return _make_careful_reader(leg.peer)
    if relay is None:
        return _make_sink_reader(leg.peer, tap)
    return _make_relay_reader(leg.peer, relay, tap)


def _make_careful_reader(peer: Peer) -> Callable[[], None]:
    receive, unusual = peer.pair.rtp.recv_into, peer.unusual

    def read() -> None:
        try:
            length = receive(BUFFER)
        except OSError:
            return
        unusual(length)

    return read


def _make_sink_reader(peer: Peer, tap: ChannelTimeline | None) -> Callable[[], None]:
    receive, unusual, unpack = peer.pair.rtp.recv_into, peer.unusual, HEADER.unpack_from
    expected_type, expected_ssrc = peer.payload_type, peer.ssrc
    buffer = None if tap is None else tap.buffer

    def read() -> None:
        try:
            length = receive(BUFFER)
        except OSError:
            return
        first, kind, sequence, timestamp, ssrc = unpack(BUFFER)
        if kind != expected_type or ssrc != expected_ssrc or first != VERSION_2 or not SHORTEST <= length <= LONGEST:
            unusual(length)
            return
        if tap is not None and buffer is not None:
            base = tap.base
            if base is None or (at := (timestamp - base) & MASK_32) >= LIMIT:
                unusual(length)
                return
            buffer[at : at + length - HEADER_BYTES] = PAYLOADS[length]
        peer.received += 1
        peer.sequence = sequence
        peer.timestamp = timestamp

    return read


def _make_relay_reader(peer: Peer, relay: Relay, tap: ChannelTimeline | None) -> Callable[[], None]:
    receive, unusual = peer.pair.rtp.recv_into, peer.unusual
    unpack, pack = HEADER.unpack_from, HEADER.pack_into
    expected_type, expected_ssrc = peer.payload_type, peer.ssrc
    target = relay.target
    transmit, out_type, out_ssrc = target.out.transmit, target.peer.payload_type, target.out.ssrc
    sequence_offset, timestamp_offset, table = relay.sequence_offset, relay.timestamp_offset, relay.table
    buffer = None if tap is None else tap.buffer

    def read() -> None:
        try:
            length = receive(BUFFER)
        except OSError:
            return
        first, kind, sequence, timestamp, ssrc = unpack(BUFFER)
        if kind != expected_type or ssrc != expected_ssrc or first != VERSION_2 or not SHORTEST <= length <= LONGEST:
            unusual(length)
            return
        if tap is not None and buffer is not None:
            base = tap.base
            if base is None or (at := (timestamp - base) & MASK_32) >= LIMIT:
                unusual(length)
                return
            buffer[at : at + length - HEADER_BYTES] = PAYLOADS[length]
        peer.received += 1
        peer.sequence = sequence
        peer.timestamp = timestamp
        pack(
            BUFFER,
            0,
            VERSION_2,
            out_type,
            (sequence + sequence_offset) & MASK_16,
            (timestamp + timestamp_offset) & MASK_32,
            out_ssrc,
        )
        if table is not None:
            BUFFER[HEADER_BYTES:length] = BUFFER[HEADER_BYTES:length].translate(table)
        try:
            transmit(VIEWS[length])
        except OSError:
            return  # a full buffer or an unreachable peer loses this packet, as the network does

    return read
