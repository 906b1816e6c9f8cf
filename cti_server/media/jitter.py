"""A jitter buffer: packets in as they come, 20 ms frames out as the clock asks, with a delay that follows the network.

The store is a ring of samples of fixed size, addressed by RTP timestamp: reordering, duplicates, any packet length and
any jump of the timestamp cost no memory. It decides how long to wait (``delay``), not what to play for a frame that
never came: ``get`` says None and the caller conceals.
"""

from cti_server.media.g711 import FRAME_SAMPLES
from cti_server.media.rtp import MASK_32, timestamp_distance

RING_SAMPLES = 8192
"""About a second: later than that is never played, further ahead is a jump."""
WINDOW_FRAMES = 150
"""How long (3 s) a smaller delay must have sufficed before the buffer shrinks by a frame."""


LATE_RUN_MAX = 3
"""So many late packets in a row are not late: the sender paused without moving its timestamps."""
MISSING_RUN_MAX = 50
"""After a second of nothing the stream counts as ended; the next packet starts one."""


class JitterBuffer:
    """``width``: bytes of a sample (1 for G.711, 2 for 16-bit linear). Delays are in frames of 20 ms."""

    __slots__ = (
        "_countdown",
        "_delay_max",
        "_delay_min",
        "_delay_start",
        "_filled",
        "_frames_left",
        "_late_run",
        "_margin",
        "_missing_run",
        "_play",
        "_ring",
        "_width",
        "delayed",
        "dropped",
        "jumps",
        "late",
        "missing",
    )

    def __init__(self, *, width: int = 1, delay_start: int = 3, delay_min: int = 1, delay_max: int = 20) -> None:
        self.late = 0
        """Packets that came after their time."""
        self.missing = 0
        """Frames asked for and not there, while the stream ran."""
        self.delayed = 0
        self.dropped = 0
        """Frames inserted and left out to change the delay."""
        self.jumps = 0
        self._width = width
        self._delay_start = delay_start
        self._delay_min = delay_min
        self._delay_max = delay_max
        self._ring = bytearray(RING_SAMPLES * width)
        self._filled = bytearray(RING_SAMPLES)
        self._play: int | None = None
        self._countdown = 0
        self._margin = RING_SAMPLES
        self._frames_left = WINDOW_FRAMES
        self._late_run = 0
        self._missing_run = 0

    @property
    def is_running(self) -> bool:
        return self._play is not None

    def reset(self) -> None:
        """Forget the stream; the next packet starts another."""
        self._play = None
        self._filled[:] = bytes(RING_SAMPLES)

    def put(self, timestamp: int, payload: bytes | bytearray | memoryview) -> None:
        """``timestamp`` of the first sample; the payload holds whole samples."""
        samples = len(payload) // self._width
        if samples == 0 or samples > RING_SAMPLES // 2:
            return
        if self._play is None:
            self._start(timestamp)
        assert self._play is not None
        ahead = timestamp_distance(self._play, timestamp)
        self._late_run = self._late_run + 1 if ahead < 0 else 0
        is_elsewhere = not -RING_SAMPLES < ahead <= RING_SAMPLES - samples
        if is_elsewhere or self._late_run > LATE_RUN_MAX:
            self.jumps += 1
            self.reset()
            self._start(timestamp)
            ahead = 0
        self._margin = min(self._margin, ahead)
        if ahead < 0:
            self.late += 1
            self._wait_longer(-ahead)
            return
        self._store(timestamp, payload, samples)

    def get(self) -> bytes | None:
        """The next frame, or None: not there. Call every 20 ms."""
        if self._play is None:
            return None
        if self._countdown > 0:
            self._countdown -= 1
            return None
        self._shrink_when_calm()
        frame, is_whole = self._take(self._play)
        self._play = (self._play + FRAME_SAMPLES) & MASK_32
        if is_whole:
            self._missing_run = 0
            return frame
        self.missing += 1
        self._missing_run += 1
        if self._missing_run >= MISSING_RUN_MAX:
            self.reset()
        return None

    def _start(self, timestamp: int) -> None:
        self._play = timestamp
        self._countdown = self._delay_start
        self._late_run = self._missing_run = 0
        self._margin = RING_SAMPLES
        self._frames_left = WINDOW_FRAMES

    def _wait_longer(self, late_samples: int) -> None:
        """Play later from now on, so that a packet as late as this one would be in time; at most one frame a packet."""
        assert self._play is not None
        held = self._countdown
        if held < self._delay_max and late_samples <= self._delay_max * FRAME_SAMPLES:
            self._countdown += 1
            self.delayed += 1
        self._margin = RING_SAMPLES
        self._frames_left = WINDOW_FRAMES

    def _shrink_when_calm(self) -> None:
        """After 3 s in which every packet came more than a frame early, leave out one frame."""
        self._frames_left -= 1
        if self._frames_left > 0:
            return
        is_early = self._margin < RING_SAMPLES and self._margin >= (self._delay_min + 1) * FRAME_SAMPLES
        if is_early and self._play is not None:
            self._take(self._play)
            self._play = (self._play + FRAME_SAMPLES) & MASK_32
            self.dropped += 1
        self._margin = RING_SAMPLES
        self._frames_left = WINDOW_FRAMES

    def _store(self, timestamp: int, payload: bytes | bytearray | memoryview, samples: int) -> None:
        at, width = timestamp % RING_SAMPLES, self._width
        first = min(samples, RING_SAMPLES - at)
        self._ring[at * width : (at + first) * width] = payload[: first * width]
        self._filled[at : at + first] = b"\1" * first
        if first < samples:
            rest = samples - first
            self._ring[: rest * width] = payload[first * width : samples * width]
            self._filled[:rest] = b"\1" * rest

    def _take(self, timestamp: int) -> tuple[bytes, bool]:
        at, width = timestamp % RING_SAMPLES, self._width
        first = min(FRAME_SAMPLES, RING_SAMPLES - at)
        rest = FRAME_SAMPLES - first
        frame = bytes(self._ring[at * width : (at + first) * width] + self._ring[: rest * width])
        filled = self._filled[at : at + first].count(1) + self._filled[:rest].count(1)
        self._filled[at : at + first] = bytes(first)
        self._filled[:rest] = bytes(rest)
        return frame, filled == FRAME_SAMPLES
