"""RTP headers (RFC 3550 §5.1): read safely, written without making an object for each packet.

The hot path of the media worker uses ``HEADER`` on one buffer of its own; ``parse`` is for everything else: first
packets, unusual headers, phones and tests. Nothing here decides whom to believe.
"""

import struct
from typing import NamedTuple

HEADER = struct.Struct("!BBHII")
"""First byte (version 2: 0x80), marker and payload type, sequence, timestamp, SSRC."""
HEADER_BYTES = 12
VERSION_2 = 0x80
MARKER = 0x80
MASK_16 = 0xFFFF
MASK_32 = 0xFFFFFFFF
PACKET_BYTES_MAX = 2048


class RtpPacket(NamedTuple):
    """Where things are in one datagram: the payload is ``data[start:end]``."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    start: int
    end: int


def parse(data: bytes | bytearray | memoryview, length: int | None = None) -> RtpPacket | None:
    """The header of ``data[:length]``; None for what is not RTP version 2 or is cut short (RTCP is not RTP)."""
    end = len(data) if length is None else length
    if end < HEADER_BYTES:
        return None
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    if first & 0xC0 != VERSION_2 or 192 <= second <= 223:
        return None
    start = HEADER_BYTES + 4 * (first & 0x0F)
    if first & 0x10:
        if end < start + 4:
            return None
        start += 4 + 4 * ((data[start + 2] << 8) | data[start + 3])
    if first & 0x20:
        padding = data[end - 1]
        if padding == 0:
            return None
        end -= padding
    if start > end:
        return None
    return RtpPacket(second & 0x7F, second >= MARKER, sequence, timestamp, ssrc, start, end)


def sequence_distance(earlier: int, later: int) -> int:
    """How far ``later`` is ahead of ``earlier``, −32768…32767, across the wrap."""
    return ((later - earlier + 0x8000) & MASK_16) - 0x8000


def timestamp_distance(earlier: int, later: int) -> int:
    """How far ``later`` is ahead of ``earlier`` in samples, −2³¹…2³¹−1, across the wrap."""
    return ((later - earlier + 0x80000000) & MASK_32) - 0x80000000


class RtpSender:
    """One outgoing stream of our own: SSRC, sequence and timestamp go on through everything that is sent on it."""

    __slots__ = ("sequence", "ssrc", "timestamp")

    def __init__(self, *, ssrc: int, sequence: int, timestamp: int) -> None:
        """Random start values come from the caller (RFC 3550 §5.1 wants them unpredictable)."""
        self.ssrc = ssrc
        self.sequence = sequence & MASK_16
        self.timestamp = timestamp & MASK_32

    def packet(self, payload: bytes | memoryview, *, payload_type: int, marker: bool = False) -> bytes:
        """A packet at the present timestamp. Moves the sequence; the timestamp moves by ``advance``."""
        return self.packet_at(self.timestamp, payload, payload_type=payload_type, marker=marker)

    def packet_at(
        self, timestamp: int, payload: bytes | memoryview, *, payload_type: int, marker: bool = False
    ) -> bytes:
        """A packet at a given timestamp: all packets of a telephone event bear that of its start (RFC 4733 §2.2.2)."""
        second = payload_type | (MARKER if marker else 0)
        header = HEADER.pack(VERSION_2, second, self.sequence, timestamp & MASK_32, self.ssrc)
        self.sequence = (self.sequence + 1) & MASK_16
        return header + bytes(payload)

    def advance(self, samples: int) -> None:
        self.timestamp = (self.timestamp + samples) & MASK_32
