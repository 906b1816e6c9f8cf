"""What is in a sound: level, the strength of a frequency, the loudest frequency, audible key tones.

For checking calls (a tone of each side must be found on the other and in its own channel of the recording), for robots
and, where a trunk cannot do better, for keys sent as sound. It decides nothing about calls.
"""

import numpy as np

from cti_server.media.g711 import RATE, Samples
from cti_server.media.tones import KEY_FREQUENCIES

KEY_BLOCK = 205
"""Samples of one look at a key tone (25.6 ms), which separates the eight frequencies."""
VOICE_LEVEL_MIN = 60.0
"""RMS over a 20 ms frame above which somebody is heard; the idle noise of G.711 stays below 10."""
VOICED_FRAMES_MIN = 10


def level(samples: Samples) -> float:
    """Root mean square, 0…32,767."""
    return float(np.sqrt(np.mean(np.square(samples.astype(np.float64))))) if len(samples) else 0.0


def share_of(samples: Samples, frequency_hz: float) -> float:
    """Share of the energy that a sine of this frequency explains, 0…1 (the Goertzel power, normalised)."""
    energy = float(np.sum(np.square(samples.astype(np.float64))))
    if energy == 0.0:
        return 0.0
    angle = 2 * np.pi * frequency_hz / RATE * np.arange(len(samples))
    real, imaginary = float(samples @ np.cos(angle)), float(samples @ np.sin(angle))
    return min(1.0, 2.0 * (real * real + imaginary * imaginary) / (len(samples) * energy))


def loudest_frequency(samples: Samples) -> float:
    """The frequency of the highest peak of the spectrum in Hz; 0 for silence."""
    if len(samples) == 0 or not np.any(samples):
        return 0.0
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    spectrum[0] = 0.0
    return float(np.argmax(spectrum)) * RATE / len(samples)


def is_voiced(samples: Samples) -> bool:
    """Does anybody speak: at least 0.2 s of frames above the level of silence."""
    whole = len(samples) // 160 * 160
    frames = samples[:whole].reshape(-1, 160).astype(np.float64)
    return int(np.count_nonzero(np.sqrt(np.mean(np.square(frames), axis=1)) > VOICE_LEVEL_MIN)) >= VOICED_FRAMES_MIN


def key_in(block: Samples) -> str | None:
    """The key whose two frequencies make up this block; None for speech and silence."""
    if level(block) < VOICE_LEVEL_MIN:
        return None
    best = max(KEY_FREQUENCIES, key=lambda key: sum(share_of(block, float(hz)) for hz in KEY_FREQUENCIES[key]))
    low, high = (share_of(block, float(hz)) for hz in KEY_FREQUENCIES[best])
    is_key = low + high > 0.85 and min(low, high) > 0.15
    return best if is_key else None


def keys_in(samples: Samples) -> str:
    """Audible keys, in order; a key counts when two blocks in a row show it, and again after a block without it."""
    found: list[str] = []
    before: str | None = None
    counted: str | None = None
    for start in range(0, len(samples) - KEY_BLOCK + 1, KEY_BLOCK):
        key = key_in(samples[start : start + KEY_BLOCK])
        if key is not None and key == before and key != counted:
            found.append(key)
            counted = key
        elif key is None and before is None:
            counted = None
        before = key
    return "".join(found)
