"""Sound of a synthesiser made fit for the telephone: 8 kHz, 16-bit mono, even loudness, short silences at the ends.

Decides sample values only; which sentences there are is not known here.
"""

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

TELEPHONE_HZ = 8_000
PEAK = 0.55  # of full scale: about -5 dBFS, as loud as people speak on a line
SILENCE_BELOW = 0.01
LEAD_S = 0.05
TAIL_S = 0.12
PAUSE_S = 0.28  # between two sentences

Samples = npt.NDArray[np.float32]


def read_wav(path: Path) -> tuple[Samples, int]:
    """Mono 16-bit samples as -1 … 1, and their rate."""
    with wave.open(str(path), "rb") as file:
        if file.getnchannels() != 1 or file.getsampwidth() != 2:
            raise ValueError(f"{path.name} is not 16-bit mono")
        frames = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        return frames.astype(np.float32) / 32768.0, file.getframerate()


def for_telephone(sentences: Sequence[tuple[Samples, int]]) -> Samples:
    """Sentences one after another at 8 kHz, with pauses between, at one loudness."""
    pause = np.zeros(int(PAUSE_S * TELEPHONE_HZ), dtype=np.float32)
    pieces: list[Samples] = []
    for samples, rate in sentences:
        if pieces:
            pieces.append(pause)
        pieces.append(_trimmed(np.asarray(soxr.resample(samples, rate, TELEPHONE_HZ), dtype=np.float32)))
    joined = np.concatenate(pieces) if pieces else pause[:0]
    peak = float(np.max(np.abs(joined), initial=0.0))
    return joined * np.float32(PEAK / peak) if peak > 0 else joined


def write_wav(path: Path, samples: Samples) -> None:
    """Written beside its place first, so that a reader never sees half a file."""
    part = path.with_name(path.name + ".part")
    with wave.open(str(part), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(TELEPHONE_HZ)
        file.writeframes((np.clip(samples, -1.0, 1.0) * 32767).round().astype("<i2").tobytes())
    part.replace(path)


def _trimmed(samples: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(samples) > SILENCE_BELOW)
    if loud.size == 0:
        return samples
    first = max(0, int(loud[0]) - int(LEAD_S * TELEPHONE_HZ))
    last = min(samples.size, int(loud[-1]) + int(TAIL_S * TELEPHONE_HZ))
    return samples[first:last]
