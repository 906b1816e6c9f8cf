"""Sounds that are computed: call progress tones, key tones, a beep, music on hold, silence; 8 kHz, 16-bit.

Ringback and busy are the Korean plan (TTA; also North America's): 440 + 480 Hz, 1 s on and 2 s off, and 480 + 620 Hz,
half a second on and off.
The music is a small melody of our own, synthesised, so that no file and no licence is needed.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from cti_server.media.g711 import RATE, Samples

Wave = NDArray[np.float64]

KEY_FREQUENCIES = {
    key: (low, high)
    for low, keys in ((697, "123A"), (770, "456B"), (852, "789C"), (941, "*0#D"))
    for key, high in zip(keys, (1209, 1336, 1477, 1633), strict=True)
}
TONE_MS_MAX = 60_000
_RAMP_MS = 5
_LEVEL = 6000
_SEMITONE = 2 ** (1 / 12)


class UnknownTone(ValueError):
    """No tone of that name."""


def silence(ms: int) -> Samples:
    return np.zeros(RATE * ms // 1000, dtype=np.int16)


def tone(frequencies_hz: tuple[float, ...], ms: int, *, level: float = _LEVEL) -> Samples:
    """Equal sines that together reach ``level`` (of 32,767), with soft edges that do not click."""
    time_s = np.arange(RATE * ms // 1000) / RATE
    wave = np.zeros(len(time_s))
    for frequency_hz in frequencies_hz:
        wave += np.sin(2 * np.pi * frequency_hz * time_s)
    return _as_samples(_soft_edges(wave) * (level / max(1, len(frequencies_hz))))


def key_tone(key: str, ms: int = 100) -> Samples:
    """The two frequencies of a key (ITU-T Q.23). :raises UnknownTone: not a key."""
    pair = KEY_FREQUENCIES.get(key.upper())
    if pair is None:
        raise UnknownTone(key)
    return tone((float(pair[0]), float(pair[1])), ms, level=12000)


@cache
def ringback() -> Samples:
    """One period, to be repeated."""
    return np.concatenate([tone((440, 480), 1000), silence(2000)])


@cache
def busy() -> Samples:
    """One period, to be repeated."""
    return np.concatenate([tone((480, 620), 500), silence(500)])


@cache
def beep() -> Samples:
    return tone((1000,), 200, level=9000)


def named(name: str) -> Samples:
    """``ringback``, ``busy``, ``beep``, ``music``, ``silence:MS``, ``key:K`` or ``HZ:MS``. :raises UnknownTone: none
    of these."""
    fixed = {"ringback": ringback, "busy": busy, "beep": beep, "music": music}
    if name in fixed:
        return fixed[name]()
    kind, _, value = name.partition(":")
    if kind == "key":
        return key_tone(value)
    if not value.isdecimal() or not 0 < int(value) <= TONE_MS_MAX:
        raise UnknownTone(name)
    if kind == "silence":
        return silence(int(value))
    if kind.isdecimal() and 0 < int(kind) < RATE // 2:
        return tone((float(kind),), int(value))
    raise UnknownTone(name)


# --- music on hold ---------------------------------------------------------------------------------------------------

_BEAT_MS = 460
_CHORDS = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14))
"""C, A minor, F, G over the root C4, in semitones."""
_MELODY = (
    (16, 1), (19, 1), (24, 2), (23, 1), (21, 1), (19, 2), (21, 1), (19, 1), (17, 1), (16, 1), (14, 3), (19, 1),
    (16, 1), (19, 1), (24, 2), (28, 1), (26, 1), (24, 2), (21, 1), (24, 1), (23, 1), (21, 1), (19, 4),
    (12, 1), (14, 1), (16, 2), (21, 1), (19, 1), (16, 2), (17, 2), (21, 2), (19, 2), (23, 2),
    (24, 2), (19, 1), (16, 1), (21, 2), (16, 2), (17, 1), (16, 1), (14, 2), (12, 4),
)  # fmt: skip
"""(semitones above C4, beats)."""
_MIDDLE_C_HZ = 261.63


@cache
def music() -> Samples:
    """About half a minute that joins itself: a plucked melody over broken chords."""
    beats = sum(length for _, length in _MELODY)
    track = np.zeros((beats + 2) * RATE * _BEAT_MS // 1000)
    position = 0
    for note, length in _MELODY:
        _add(track, position, _pluck(note, length * _BEAT_MS, decay_s=0.9) * 1.0)
        position += length
    for beat in range(beats):
        chord = _CHORDS[(beat // 4) % len(_CHORDS)]
        _add(track, beat, _pluck(chord[beat % 3] - 12, 2 * _BEAT_MS, decay_s=0.5) * 0.5)
    period = beats * RATE * _BEAT_MS // 1000
    track[: len(track) - period] += track[period:]
    track = track[:period]
    return _as_samples(track * (_LEVEL / float(np.max(np.abs(track)))))


def _pluck(semitones: int, ms: int, *, decay_s: float) -> Wave:
    frequency_hz = _MIDDLE_C_HZ * _SEMITONE**semitones
    time_s = np.arange(RATE * ms // 1000) / RATE
    wave = np.sin(2 * np.pi * frequency_hz * time_s) + 0.3 * np.sin(4 * np.pi * frequency_hz * time_s)
    wave += 0.12 * np.sin(6 * np.pi * frequency_hz * time_s)
    return _soft_edges(wave * np.exp(-time_s / decay_s))


def _add(track: Wave, beat: int, wave: Wave) -> None:
    start = beat * RATE * _BEAT_MS // 1000
    end = min(len(track), start + len(wave))
    track[start:end] += wave[: end - start]


def _soft_edges(wave: Wave) -> Wave:
    length = min(RATE * _RAMP_MS // 1000, len(wave) // 2)
    if length:
        ramp = np.linspace(0.0, 1.0, length)
        wave[:length] *= ramp
        wave[-length:] *= ramp[::-1]
    return wave


def _as_samples(wave: Wave) -> Samples:
    return np.clip(np.round(wave), -32768, 32767).astype(np.int16)
