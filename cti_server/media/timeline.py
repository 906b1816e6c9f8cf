"""One channel of a recording: packets laid where they belong in time, gaps filled with silence.

The next few seconds lie in one buffer whose first byte has a known RTP timestamp, so that a packet in order costs a
subtraction and a slice. Wall time rules where the stream starts, after a jump and whenever the two clocks have drifted
apart by more than ``DRIFT_MAX``; between those, RTP time rules, which keeps speech free of network jitter.
Positions count samples from the start of the recording; they and the clock are passed in.
"""

from cti_server.media.g711 import FRAME_SAMPLES, Codec, translation
from cti_server.media.rtp import MASK_32, timestamp_distance

CAPACITY = 40_000
"""Samples held (5 s): what is cut off each second, the wait for late packets, and a stalled process."""
LENGTH_MAX = 1_600
"""The longest payload taken (200 ms)."""
DRIFT_MAX = 1_600
"""200 ms between a packet's place by RTP time and its arrival: then it is laid down anew."""
LIMIT = CAPACITY - LENGTH_MAX


class ChannelTimeline:
    """The hot path may write ``buffer`` itself: at ``(timestamp − base) & MASK_32`` when that is below ``LIMIT``.

    ``base`` is the RTP timestamp of ``buffer[0]``; None as long as nothing is anchored.
    """

    __slots__ = ("_was_apart", "base", "buffer", "codec", "dropped", "floor", "origin", "placed")

    def __init__(self, codec: Codec, *, origin: int = 0) -> None:
        self.codec = codec
        self.origin = origin
        """Position of ``buffer[0]``."""
        self.buffer = bytearray([codec.silence]) * CAPACITY
        self.base: int | None = None
        self.floor = origin
        """A packet whose first sample was spoken before this position is not laid (the end of a pause)."""
        self.dropped = 0
        self._was_apart = False
        self.placed = 0
        """How often the stream was laid anew, the first time included."""

    def put(self, timestamp: int, payload: bytes | bytearray | memoryview, now: int) -> None:
        """Lay a packet that arrived at position ``now``."""
        length = len(payload)
        if length > LENGTH_MAX:
            self.dropped += 1
            return
        expected = now - length
        at = -1 if self.base is None else (timestamp - self.base) & MASK_32
        if at < 0 or at >= LIMIT or abs(at + self.origin - expected) > DRIFT_MAX:
            at = expected - self.origin
            if expected < self.floor or not 0 <= at < LIMIT:
                self.dropped += 1
                return
            self.base = (timestamp - at) & MASK_32
            self.placed += 1
        self.buffer[at : at + length] = payload

    def check(self, timestamp: int, now: int) -> None:
        """Once a second: ``timestamp`` is of the newest packet, which arrived just before ``now``; drift is undone.

        Only what two checks in a row found is drift; what one found is a delay that passes. The whole stream is moved,
        so that packets which are out of order just now stay in order.
        """
        if self.base is None:
            return
        expected = now - FRAME_SAMPLES - self.origin
        is_apart = abs(timestamp_distance(self.base, timestamp) - expected) > DRIFT_MAX
        if is_apart and self._was_apart:
            self.base = (timestamp - expected) & MASK_32 if 0 <= expected < LIMIT else None
            self.placed += 1
        self._was_apart = is_apart and not self._was_apart

    def forget(self) -> None:
        """The stream ended or became another; the next packet is laid by its arrival."""
        self.base = None

    def speak(self, codec: Codec) -> None:
        """The leg changed its law: what is held is translated."""
        table = translation(self.codec, codec)
        if table is not None:
            self.buffer[:] = self.buffer.translate(table)
            self.codec = codec

    def cut(self, samples: int, codec: Codec) -> bytes:
        """Take the oldest samples away, in ``codec``; at most ``CAPACITY``."""
        taken = bytes(self.buffer[:samples])
        del self.buffer[:samples]
        self.buffer += bytes([self.codec.silence]) * len(taken)
        self.origin += len(taken)
        if self.base is not None:
            self.base = (self.base + len(taken)) & MASK_32
        table = translation(self.codec, codec)
        return taken if table is None else taken.translate(table)

    def silence_from(self, position: int) -> None:
        """Nothing from ``position`` on is kept (a pause); what is held of it becomes silence."""
        start = max(0, position - self.origin)
        if start < CAPACITY:
            self.buffer[start:] = bytes([self.codec.silence]) * (CAPACITY - start)
        self.floor = position
        self.base = None
