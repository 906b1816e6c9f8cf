"""Where a phone's sound comes from and goes to: a sound card, nothing, or files. Frames are 20 ms of 16-bit mono at 8
kHz.

Decides nothing about calls. No device is a normal case: a phone without one is silent and says so.
"""

import wave
from collections import deque
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from cti_server.media.g711 import FRAME_SAMPLES

RATE_HZ = 8000
FRAME_BYTES = FRAME_SAMPLES * 2
SILENCE = bytes(FRAME_BYTES)
HELD_FRAMES_MAX = 15
"""300 ms: what a stalled side may hold before the oldest is dropped."""


class AudioDevice(Protocol):
    """``read`` and ``write`` never block and are called every 20 ms while a call is up."""

    state: str
    """ok, no_device or error."""

    def start(self, *, speaks: bool = True) -> None:
        """``speaks`` False: only to hear something, so no microphone is opened."""

    def stop(self) -> None: ...

    def read(self) -> bytes:
        """What the person said in the last 20 ms; silence when nothing is there."""

    def write(self, frame: bytes) -> None:
        """What the person is to hear next."""


class NullAudio:
    """No sound card: silence out, nothing in."""

    state = "no_device"

    def start(self, *, speaks: bool = True) -> None:
        pass

    def stop(self) -> None:
        pass

    def read(self) -> bytes:
        return SILENCE

    def write(self, frame: bytes) -> None:
        pass


class FileAudio:
    """Speaks from a WAV file (8 kHz, 16-bit, mono) and keeps what it hears in another. For robots and tests."""

    def __init__(self, *, speak: Path | None = None, keep: Path | None = None, repeat: bool = True) -> None:
        self.state = "ok"
        self._said = _read_wav(speak) if speak is not None else b""
        self._position = 0
        self._repeat = repeat
        self._keep = keep
        self._file: wave.Wave_write | None = None

    def start(self, *, speaks: bool = True) -> None:
        self._position = 0
        if self._keep is not None and self._file is None:
            self._file = wave.open(str(self._keep), "wb")  # noqa: SIM115 - kept open for the call
            self._file.setnchannels(1)
            self._file.setsampwidth(2)
            self._file.setframerate(RATE_HZ)

    def stop(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def read(self) -> bytes:
        if self._position >= len(self._said):
            if not self._repeat or not self._said:
                return SILENCE
            self._position = 0
        frame = self._said[self._position : self._position + FRAME_BYTES]
        self._position += FRAME_BYTES
        return frame.ljust(FRAME_BYTES, b"\0")

    def write(self, frame: bytes) -> None:
        if self._file is not None:
            self._file.writeframesraw(frame)


class SoundCard:
    """PortAudio. Its callback runs in a thread of its own; two bounded deques join it with the caller."""

    def __init__(self, *, microphone: str = "", speaker: str = "") -> None:
        self.state = "no_device"
        self._microphone = microphone
        self._speaker = speaker
        self._heard: deque[bytes] = deque(maxlen=HELD_FRAMES_MAX)
        self._to_play: deque[bytes] = deque(maxlen=HELD_FRAMES_MAX)
        self._streams: list[Any] = []

    def choose(self, *, microphone: str, speaker: str) -> None:
        """Take these devices from the next call on; empty: the system's default."""
        self._microphone = microphone
        self._speaker = speaker

    def start(self, *, speaks: bool = True) -> None:
        """Open the devices; ``state`` says what came of it. Never raises: a phone without sound is still a phone."""
        if self._streams:
            return
        self._heard.clear()
        self._to_play.clear()
        try:
            import sounddevice
        except OSError:
            self.state = "no_device"
            return
        try:
            self._open(sounddevice, speaks=speaks)
            self.state = "ok"
        except (sounddevice.PortAudioError, ValueError) as error:
            self.stop()
            self.state = "no_device" if "querying device" in str(error).lower() else "error"

    def _open(self, sounddevice: Any, *, speaks: bool) -> None:
        common = {"samplerate": RATE_HZ, "blocksize": FRAME_SAMPLES, "channels": 1, "dtype": "int16"}
        if speaks:
            microphone = sounddevice.RawInputStream(device=self._microphone or None, callback=self._captured, **common)
            self._streams.append(microphone)
        speaker = sounddevice.RawOutputStream(device=self._speaker or None, callback=self._wanted, **common)
        self._streams.append(speaker)
        for stream in self._streams:
            stream.start()

    def stop(self) -> None:
        for stream in self._streams:
            stream.close()
        self._streams.clear()

    def read(self) -> bytes:
        return self._heard.popleft() if self._heard else SILENCE

    def write(self, frame: bytes) -> None:
        self._to_play.append(frame)

    def _captured(self, data: Any, frames: int, time: Any, status: Any) -> None:
        self._heard.append(bytes(data))

    def _wanted(self, data: Any, frames: int, time: Any, status: Any) -> None:
        data[:] = (self._to_play.popleft() if self._to_play else SILENCE).ljust(len(data), b"\0")[: len(data)]


def device_names() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Microphones and speakers by name; empty where there is no sound system."""
    try:
        import sounddevice

        devices = sounddevice.query_devices()
    except (OSError, Exception):
        return (), ()
    microphones = tuple(dict.fromkeys(d["name"] for d in devices if d["max_input_channels"] > 0))
    speakers = tuple(dict.fromkeys(d["name"] for d in devices if d["max_output_channels"] > 0))
    return microphones, speakers


def level_dbfs(frame: bytes) -> float:
    """RMS of a frame in dB below full scale; −90 for silence."""
    samples = np.frombuffer(frame, dtype="<i2").astype(np.float64)
    power = float(np.mean(samples * samples)) if samples.size else 0.0
    return max(-90.0, 10 * float(np.log10(power / 32768.0**2))) if power > 0 else -90.0


def _read_wav(path: Path) -> bytes:
    """Raises ValueError for what is not 8 kHz 16-bit mono."""
    with wave.open(str(path), "rb") as source:
        if (source.getframerate(), source.getsampwidth(), source.getnchannels()) != (RATE_HZ, 2, 1):
            raise ValueError(f"{path}: not a WAV file of 8 kHz, 16 bit, mono")
        return source.readframes(source.getnframes())
