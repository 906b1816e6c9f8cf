"""What one leg sends: one SSRC, and a sequence and timestamp that go on through every change of source.

A source is the partner's speech (relayed, with an offset), prompts, music, keys or a mix. When it changes, the sequence
goes on by one and the timestamp by the time that has passed, with the marker set, as RFC 3550 §5.1 asks.
"""

import time
from collections.abc import Callable

from cti_server.media.g711 import FRAME_SAMPLES, RATE
from cti_server.media.rtp import HEADER, HEADER_BYTES, MARKER, MASK_16, MASK_32, VERSION_2

Transmit = Callable[[bytes | bytearray | memoryview], object]


def send_nothing(data: bytes | bytearray | memoryview) -> None:
    """The transmit function of a leg that may not send."""


class Outgoing:
    """``sequence`` and ``timestamp`` are those of the last packet that was sent."""

    __slots__ = ("_frame", "_frame_payload", "packets", "sent_at", "sequence", "ssrc", "timestamp", "transmit")

    def __init__(self, *, ssrc: int, sequence: int, timestamp: int) -> None:
        self.ssrc = ssrc
        self.sequence = sequence & MASK_16
        self.timestamp = timestamp & MASK_32
        self.sent_at = time.monotonic()
        self.packets = 0
        self.transmit: Transmit = send_nothing
        self._frame = bytearray(HEADER_BYTES + FRAME_SAMPLES)
        self._frame_payload = memoryview(self._frame)[HEADER_BYTES:]

    def next_timestamp(self) -> int:
        """For the first packet of another source: later by the time that has passed, at least by a frame."""
        frames = max(1, round((time.monotonic() - self.sent_at) * RATE / FRAME_SAMPLES))
        return (self.timestamp + frames * FRAME_SAMPLES) & MASK_32

    def present_timestamp(self) -> int:
        """What a packet sampled now would bear (for sender reports)."""
        return (self.timestamp + int((time.monotonic() - self.sent_at) * RATE)) & MASK_32

    def restart(self) -> None:
        """A source that counts frames takes over: ``send_frame`` goes on from now."""
        self.timestamp = (self.next_timestamp() - FRAME_SAMPLES) & MASK_32

    def skip(self, frames: int) -> None:
        self.timestamp = (self.timestamp + frames * FRAME_SAMPLES) & MASK_32

    def send_frame(self, payload: bytes | memoryview, second: int) -> None:
        """A frame of 160 bytes, 20 ms after the one before. ``second``: payload type, with the marker bit if any."""
        self.sequence = (self.sequence + 1) & MASK_16
        self.timestamp = (self.timestamp + FRAME_SAMPLES) & MASK_32
        HEADER.pack_into(self._frame, 0, VERSION_2, second, self.sequence, self.timestamp, self.ssrc)
        self._frame_payload[:] = payload
        self._send(self._frame)

    def send_event(self, payload: bytes, event_type: int, timestamp: int, *, marker: bool) -> None:
        """A telephone event: its timestamp is that of its start, so ``timestamp`` of the stream stays."""
        self.sequence = (self.sequence + 1) & MASK_16
        second = event_type | (MARKER if marker else 0)
        self._send(HEADER.pack(VERSION_2, second, self.sequence, timestamp & MASK_32, self.ssrc) + payload)

    def _send(self, packet: bytes | bytearray) -> None:
        self.packets += 1
        self.sent_at = time.monotonic()
        try:
            self.transmit(packet)
        except OSError:
            return  # a full buffer or an unreachable peer loses this packet, as the network does
