"""A robot's mouth and ear: speaks from memory, and notices when the other side has finished a sentence.

Decides only what counts as speech and as quiet. Used as the sound device of a phone.
"""

from collections.abc import Callable

import numpy as np

from agent_app.softphone.audio import FRAME_BYTES, SILENCE, level_dbfs

SPEECH_DBFS = -48.0
SPEECH_FRAMES = 12
"""240 ms of sound make a sentence; a click does not."""
QUIET_FRAMES = 45
"""900 ms of quiet after it: the other side waits for us."""


class Ear:
    """``on_quiet`` is called once after each sentence of the other side. Implements ``softphone.audio.AudioDevice``."""

    def __init__(self, speech: bytes = b"", *, on_quiet: Callable[[], None] = lambda: None) -> None:
        self.state = "ok"
        self.heard_frames = 0
        self.is_speaking = False
        self._speech = speech
        self._position = 0
        self._on_quiet = on_quiet
        self._loud = 0
        self._quiet = 0

    def start(self, *, speaks: bool = True) -> None:
        self._loud = self._quiet = 0

    def stop(self) -> None:
        pass

    def read(self) -> bytes:
        if not self.is_speaking or not self._speech:
            return SILENCE
        frame = self._speech[self._position : self._position + FRAME_BYTES].ljust(FRAME_BYTES, b"\0")
        self._position = (self._position + FRAME_BYTES) % len(self._speech)
        return frame

    def write(self, frame: bytes) -> None:
        if level_dbfs(frame) > SPEECH_DBFS:
            self.heard_frames += 1
            self._loud += 1
            self._quiet = 0
            return
        self._quiet += 1
        if self._loud >= SPEECH_FRAMES and self._quiet >= QUIET_FRAMES:
            self._loud = 0
            self._on_quiet()


def tone(frequency_hz: float, seconds: float = 1.0, level: float = 0.25) -> bytes:
    """A pure tone as speech of a robot, for tests that look for it by frequency."""
    at = np.arange(int(8000 * seconds)) / 8000
    wave = np.sin(2 * np.pi * frequency_hz * at) * level * 32767
    return wave.astype("<i2").tobytes()
