"""G.711: 16-bit linear samples ↔ µ-law and A-law, and one law into the other.

Everything is a table made once from the definition in ITU-T G.711 (segments, steps, inverted bits): 65,536 entries to
encode, 256 to decode, 256 to translate. Linear samples are little-endian 16-bit on every machine. Which law a leg
speaks is decided by signalling, not here.
"""

from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 8000
FRAME_SAMPLES = 160
"""20 ms."""

Samples = NDArray[np.int16]
_LITTLE = np.dtype("<i2")


class Codec(StrEnum):
    """The two laws by their RTP encoding names; the static payload types are 0 and 8 (RFC 3551)."""

    PCMU = "PCMU"
    PCMA = "PCMA"

    @property
    def payload_type(self) -> int:
        return 0 if self is Codec.PCMU else 8

    @property
    def silence(self) -> int:
        """The byte that decodes to (nearly) zero."""
        return 0xFF if self is Codec.PCMU else 0xD5


def _segments(magnitude: NDArray[np.int32], ends: tuple[int, ...]) -> NDArray[np.int32]:
    return np.searchsorted(np.array(ends), magnitude).astype(np.int32)


def _mu_law_table() -> NDArray[np.uint8]:
    """By the bits of the sample as an unsigned index: 14-bit magnitude with bias 33, eight segments of sixteen
    steps."""
    linear = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32) >> 2
    mask = np.where(linear < 0, 0x7F, 0xFF)
    magnitude = np.minimum(np.abs(linear), 8159) + 33
    segment = _segments(magnitude, (0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF, 0x1FFF))
    step = (magnitude >> (np.minimum(segment, 7) + 1)) & 0xF
    value = np.where(segment > 7, 0x7F, (segment << 4) | step)
    return np.asarray(value ^ mask, dtype=np.uint8)


def _a_law_table() -> NDArray[np.uint8]:
    """By the bits of the sample as an unsigned index: 13-bit magnitude, eight segments, even bits inverted."""
    linear = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32) >> 3
    mask = np.where(linear < 0, 0x55, 0xD5)
    magnitude = np.where(linear < 0, -linear - 1, linear)
    segment = _segments(magnitude, (0x1F, 0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF))
    step = (magnitude >> np.maximum(segment, 1)) & 0xF
    return np.asarray(((segment << 4) | step) ^ mask, dtype=np.uint8)


def _mu_law_values() -> Samples:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = ((((code & 0xF) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _a_law_values() -> Samples:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment = (code >> 4) & 7
    base = (code & 0xF) << 4
    magnitude = np.where(segment == 0, base + 8, (base + 0x108) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


_ENCODE = {Codec.PCMU: _mu_law_table(), Codec.PCMA: _a_law_table()}
_DECODE = {Codec.PCMU: _mu_law_values(), Codec.PCMA: _a_law_values()}


def encode_samples(samples: Samples, codec: Codec) -> bytes:
    """One byte for each sample."""
    return _ENCODE[codec][samples.view(np.uint16)].tobytes()


def decode_samples(data: bytes | bytearray | memoryview, codec: Codec) -> Samples:
    """One sample for each byte."""
    values: Any = _DECODE[codec][np.frombuffer(data, dtype=np.uint8)]
    return np.asarray(values, dtype=np.int16)


def encode(linear: bytes | bytearray | memoryview, codec: Codec) -> bytes:
    """16-bit little-endian linear bytes to G.711; an odd last byte is ignored."""
    samples = np.frombuffer(linear, dtype=_LITTLE, count=len(linear) // 2).astype(np.int16, copy=False)
    return encode_samples(samples, codec)


def decode(data: bytes | bytearray | memoryview, codec: Codec) -> bytes:
    """G.711 to 16-bit little-endian linear bytes."""
    return decode_samples(data, codec).astype(_LITTLE, copy=False).tobytes()


A_OF_MU = bytes(_ENCODE[Codec.PCMA][_DECODE[Codec.PCMU].view(np.uint16)])
"""For ``bytes.translate``: the A-law byte nearest to a µ-law byte."""
MU_OF_A = bytes(_ENCODE[Codec.PCMU][_DECODE[Codec.PCMA].view(np.uint16)])
"""For ``bytes.translate``: the µ-law byte nearest to an A-law byte."""


def translation(source: Codec, target: Codec) -> bytes | None:
    """The table for ``bytes.translate``; None when nothing is to be done."""
    if source is target:
        return None
    return A_OF_MU if source is Codec.PCMU else MU_OF_A
