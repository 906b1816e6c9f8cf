"""Plays the sound of a voice message on the phone's own audio device, in real time, from any place in it.

Decides nothing about calls: the phone says when there is one, and then nothing is played.
"""

import asyncio
from collections.abc import Callable

from agent_app.softphone import messages as ms
from agent_app.softphone.audio import SILENCE, AudioDevice
from cti_server.media.g711 import FRAME_SAMPLES, Codec, decode

FRAME_S = 0.02
SAMPLES_A_MS = 8
SOUND_BYTES_MAX = 660 * 1000 * SAMPLES_A_MS
"""Eleven minutes: the longest message that a flow may ask for, and a little more."""
TELL_EVERY_FRAMES = 10
LAST_FRAMES = 10
"""Silence after the end, so that what the device still holds is heard."""
LATE_S = 0.2
"""After a stall of more than this the clock starts afresh instead of sending a burst."""


class Player:
    """``tell`` hears of every change: what is played, where it is, how it ended."""

    def __init__(self, device: AudioDevice, tell: Callable[[ms.Sound], None]) -> None:
        self._device = device
        self._tell = tell
        self._sound = 0
        self._law = Codec.PCMU
        self._data = bytearray()
        self._position = 0
        self._left = 0
        self._next_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_playing(self) -> bool:
        return self._timer is not None

    def load(self, order: ms.LoadSound) -> None:
        """One more piece; the first one makes it another sound. A piece that does not fit on is left out."""
        if order.start == 0:
            self.stop()
            self._sound, self._law, self._data = order.sound, Codec(order.law), bytearray()
        if order.sound == self._sound and order.start == len(self._data):
            self._data += order.data[: SOUND_BYTES_MAX - len(self._data)]

    def play(self, order: ms.PlaySound) -> None:
        """From a place in it; from another place, if it plays already."""
        self._halt()
        if order.sound != self._sound or not self._data:
            self._tell(ms.Sound(sound=order.sound, state="failed"))
            return
        self._position = min(max(0, order.at_ms * SAMPLES_A_MS), len(self._data)) // FRAME_SAMPLES * FRAME_SAMPLES
        self._left = LAST_FRAMES
        self._device.start(speaks=False)
        if self._device.state != "ok":
            self._device.stop()
            self._tell(ms.Sound(sound=self._sound, state=self._device.state))
            return
        self._next_at = asyncio.get_running_loop().time()
        self._say("playing")
        self._tick()

    def stop(self) -> None:
        """Now, wherever it is."""
        if self.is_playing:
            self._halt()
            self._say("stopped")

    def _halt(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._device.stop()

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._next_at = now if now - self._next_at > LATE_S else self._next_at
        while self._next_at <= now:
            self._next_at += FRAME_S
            if not self._one_frame():
                self._halt()
                self._say("ended")
                return
        self._timer = loop.call_at(self._next_at, self._tick)

    def _one_frame(self) -> bool:
        """False: that was all."""
        coded = bytes(self._data[self._position : self._position + FRAME_SAMPLES])
        if not coded:
            self._left -= 1
            self._device.write(SILENCE)
            return self._left > 0
        self._device.write(decode(coded.ljust(FRAME_SAMPLES, bytes((self._law.silence,))), self._law))
        self._position += FRAME_SAMPLES
        if self._position // FRAME_SAMPLES % TELL_EVERY_FRAMES == 0:
            self._say("playing")
        return True

    def _say(self, state: str) -> None:
        at_ms = min(self._position, len(self._data)) // SAMPLES_A_MS
        self._tell(ms.Sound(sound=self._sound, state=state, at_ms=at_ms))
