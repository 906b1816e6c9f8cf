"""Key presses as RTP telephone events (RFC 4733): collected exactly, and sent.

An event is known by its RTP timestamp: all its packets bear that of its start, so any one of them counts it, once, and
the first or the last may be missing. A key held for more than 8.19 s goes on in segments (§2.5.1.3), which are one
press. Audible tones inside the speech are made in ``tones`` and found in ``detect``.
"""

import struct
from collections import deque
from typing import NamedTuple

from cti_server.media.g711 import FRAME_SAMPLES
from cti_server.media.rtp import MASK_32

KEYS = "0123456789*#ABCD"
DURATION_MAX = 0xFFFF
_EVENT = struct.Struct("!BBH")
_END = 0x80
_REMEMBERED = 16
"""Timestamps remembered; late packets of earlier events arrive within a second, in which nobody presses 16 keys."""

_SILENCE_S = 0.25
"""Packets of a held key come every 20 to 50 ms, and late ones within moments."""


class _Seen(NamedTuple):
    """The latest packet of an event."""

    duration: int
    at_s: float | None


class DigitCollector:
    """Feed the payload and timestamp of every telephone-event packet; get a key once for each press.

    ``at_s``: when the packet came. With it a caller who plays one recorded key press again and again, timestamp and
    all, as SIPp does with its captures, presses the key each time: it begins anew after a moment of nothing.
    """

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], _Seen] = {}

    def feed(self, payload: bytes | bytearray | memoryview, timestamp: int, at_s: float | None = None) -> str | None:
        """The key, at the first packet of its event that arrives; None for repetitions, other events and rubbish."""
        if len(payload) < _EVENT.size:
            return None
        event, _, duration = _EVENT.unpack_from(payload)
        if event >= len(KEYS):
            return None
        before = self._known.pop((timestamp, event), None)
        continued = before is not None or ((timestamp - DURATION_MAX) & MASK_32, event) in self._known
        if before is not None and _begins_anew(before, duration, at_s):
            continued = False
        self._known[timestamp, event] = _Seen(duration, at_s)
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
        return None if continued else KEYS[event]


def _begins_anew(before: _Seen, duration: int, at_s: float | None) -> bool:
    if at_s is None or before.at_s is None:
        return False
    return at_s - before.at_s > _SILENCE_S and duration < before.duration


class DigitPacket(NamedTuple):
    """One packet to be sent now. ``start``: samples since the sender's first frame at which the event began."""

    payload: bytes
    start: int
    marker: bool


class DigitSender:
    """A row of key presses as packets, 20 ms by 20 ms. Unknown characters are left out; ``,`` is a pause of a
    second."""

    __slots__ = ("_elapsed", "_frames", "_gap_frames", "_left", "_position", "_volume")

    END_REPEATS = 3

    def __init__(self, digits: str, *, tone_ms: int = 120, gap_ms: int = 80, volume: int = 10) -> None:
        """``volume``: −dBm0, 0…63."""
        self._left = deque(digit for digit in digits.upper() if digit in KEYS or digit == ",")
        self._frames = max(2, tone_ms // 20)
        self._gap_frames = max(self.END_REPEATS, gap_ms // 20)
        self._volume = volume & 0x3F
        self._elapsed = 0
        self._position = 0

    @property
    def is_done(self) -> bool:
        return not self._left

    def next_frame(self) -> DigitPacket | None:
        """What to send in this 20 ms; None: nothing. Call every 20 ms until ``is_done``."""
        if not self._left:
            return None
        packet = self._present()
        self._elapsed += FRAME_SAMPLES
        self._position += 1
        if self._position >= self._length():
            self._left.popleft()
            self._position = 0
        return packet

    def _length(self) -> int:
        return 50 if self._left[0] == "," else self._frames + self._gap_frames

    def _present(self) -> DigitPacket | None:
        """The tone's frames, then the end three times, 20 ms apart, inside the gap that follows."""
        key = self._left[0]
        if key == "," or self._position >= self._frames + self.END_REPEATS:
            return None
        is_end = self._position >= self._frames
        duration = min(self._position + 1, self._frames) * FRAME_SAMPLES
        flags = self._volume | (_END if is_end else 0)
        start = self._elapsed - self._position * FRAME_SAMPLES
        return DigitPacket(_EVENT.pack(KEYS.index(key), flags, duration), start, self._position == 0)
