"""A conference: up to eight legs hear each other, mixed 50 times a second from one jitter buffer for each."""

import numpy as np

from cti_server.media.g711 import FRAME_SAMPLES, Samples, decode_samples, encode_samples
from cti_server.media.jitter import JitterBuffer
from cti_server.media.mixer import mix_without_own
from cti_server.media.rtp import MARKER
from cti_server.switch.embedded.media.leg import Leg
from cti_server.switch.embedded.media.ticker import Ticker

LEGS_MAX = 8
_SILENCE: Samples = np.zeros(FRAME_SAMPLES, dtype=np.int16)


class Conference:
    """A member of the ticker for as long as it has legs. A leg that is on hold or hears a prompt is neither heard nor
    sent to."""

    def __init__(self, ticker: Ticker) -> None:
        self._ticker = ticker
        self._buffers: dict[Leg, JitterBuffer] = {}
        self._started: set[Leg] = set()

    @property
    def legs(self) -> tuple[Leg, ...]:
        return tuple(self._buffers)

    def join(self, leg: Leg) -> None:
        if leg not in self._buffers:
            self._buffers[leg] = JitterBuffer()
            leg.conference = self
            leg.changed()
        self._ticker.join(self)

    def leave(self, leg: Leg) -> None:
        if self._buffers.pop(leg, None) is not None:
            self._started.discard(leg)
            leg.conference = None
            leg.changed()
        if not self._buffers:
            self._ticker.leave(self)

    def take(self, leg: Leg, timestamp: int, payload: memoryview) -> None:
        """Speech of a member arrives."""
        self._buffers[leg].put(timestamp, payload)

    def tick(self) -> None:
        legs = self.legs
        mixed = mix_without_own([self._frame_of(leg) for leg in legs])
        for leg, frame in zip(legs, mixed, strict=True):
            if leg.is_held or leg.speaker.has_something or not leg.can_send:
                self._started.discard(leg)
                continue
            marker = 0
            if leg not in self._started:
                self._started.add(leg)
                leg.out.restart()
                marker = MARKER
            leg.out.send_frame(encode_samples(frame, leg.peer.codec), leg.peer.payload_type | marker)

    def skip(self, frames: int) -> None:
        for leg in self._started:
            leg.out.skip(frames)

    def _frame_of(self, leg: Leg) -> Samples:
        frame = self._buffers[leg].get()
        if frame is None or leg.is_held or leg.is_muted:
            return _SILENCE
        return decode_samples(frame, leg.peer.codec)
