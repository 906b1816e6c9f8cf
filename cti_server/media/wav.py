"""WAV files of G.711 (format tags 6 and 7, with a fact chunk) and of 16-bit samples: headers made, read and mended.

A recording is written front to back without knowing its length: the header says "all there is" until the file is
closed. After a crash ``mended_header`` makes a whole one from the size of the file. Only bytes here, no files.
"""

import struct
from typing import Literal

import msgspec
import numpy as np

from cti_server.media import g711
from cti_server.media.g711 import RATE, Codec, Samples

HEADER_BYTES = 58
"""RIFF, fmt with its empty extension, fact, data."""
UNKNOWN = 0xFFFFFFFF
"""Lengths of a file that is being written; players read to its end."""
_TAGS = {Codec.PCMA: 6, Codec.PCMU: 7}
_PCM_TAG = 1
_EXTENSIBLE_TAG = 0xFFFE
_HEADER = struct.Struct("<4sI4s4sIHHIIHHH4sII4sI")
CHUNKS_MAX = 64


class NotWav(ValueError):
    """Not a WAV file that we read: the text says why."""


class WavInfo(msgspec.Struct, frozen=True, kw_only=True):
    """``encoding``: PCMU, PCMA, or 16-bit linear. ``start``, ``length``: bytes of the samples; ``length`` is cut to
    what is there."""

    encoding: Codec | Literal["linear"]
    channels: int
    rate: int
    start: int
    length: int
    is_finished: bool


def g711_header(codec: Codec, *, channels: int, data_bytes: int | None) -> bytes:
    """58 bytes. ``data_bytes`` None: unknown as yet."""
    frames = UNKNOWN if data_bytes is None else data_bytes // channels
    data = UNKNOWN if data_bytes is None else data_bytes
    riff = UNKNOWN if data_bytes is None else HEADER_BYTES - 8 + data_bytes + data_bytes % 2
    return _HEADER.pack(
        b"RIFF", riff, b"WAVE",
        b"fmt ", 18, _TAGS[codec], channels, RATE, RATE * channels, channels, 8, 0,
        b"fact", 4, frames,
        b"data", data,
    )  # fmt: skip


def linear_file(samples: Samples, *, rate: int = RATE) -> bytes:
    """A whole mono file of 16-bit samples."""
    data = samples.astype("<i2").tobytes()
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
    return head + struct.pack("<4sI", b"data", len(data)) + data


def read_info(content: bytes | memoryview, *, file_bytes: int | None = None) -> WavInfo:
    """Read the chunks. ``content`` may be the beginning of a file of ``file_bytes``. :raises NotWav: with the
    reason."""
    size = len(content) if file_bytes is None else file_bytes
    if len(content) < 12 or bytes(content[:4]) != b"RIFF" or bytes(content[8:12]) != b"WAVE":
        raise NotWav("no RIFF/WAVE header")
    position, form = 12, None
    for _ in range(CHUNKS_MAX):
        if position + 8 > len(content):
            break
        name, length = struct.unpack_from("<4sI", content, position)
        position += 8
        if name == b"fmt ":
            form = _read_format(content[position : position + length])
        elif name == b"data":
            if form is None:
                raise NotWav("data before fmt")
            there = max(0, size - position)
            is_finished = length <= there
            encoding, channels, rate = form
            return WavInfo(
                encoding=encoding,
                channels=channels,
                rate=rate,
                start=position,
                length=min(length, there),
                is_finished=is_finished,
            )
        position += length + length % 2
    raise NotWav("no data chunk")


def _read_format(body: bytes | memoryview) -> tuple[Codec | Literal["linear"], int, int]:
    if len(body) < 16:
        raise NotWav("short fmt chunk")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if tag == _EXTENSIBLE_TAG and len(body) >= 26:
        (tag,) = struct.unpack_from("<H", body, 24)
    if not 1 <= channels <= 8 or not 1000 <= rate <= 384_000:
        raise NotWav(f"{channels} channels at {rate} Hz")
    if tag == _PCM_TAG and bits == 16:
        return "linear", channels, rate
    for codec, number in _TAGS.items():
        if tag == number and bits == 8:
            return codec, channels, rate
    raise NotWav(f"format {tag} with {bits} bits")


def mended_header(beginning: bytes, file_bytes: int) -> bytes | None:
    """The header that an unfinished recording should have; None when it is whole already.

    :raises NotWav: the beginning is not a header that ``g711_header`` made.
    """
    if len(beginning) < HEADER_BYTES or file_bytes < HEADER_BYTES:
        raise NotWav("shorter than a header")
    info = read_info(beginning[:HEADER_BYTES], file_bytes=file_bytes)
    if info.encoding == "linear" or info.start != HEADER_BYTES:
        raise NotWav("not a recording of ours")
    whole = (file_bytes - HEADER_BYTES) // info.channels * info.channels
    header = g711_header(info.encoding, channels=info.channels, data_bytes=whole)
    return None if header == beginning[:HEADER_BYTES] else header


def interleave(left: bytes | bytearray, right: bytes | bytearray) -> bytearray:
    """Two channels of one byte a sample into one stream; both have one length."""
    both = bytearray(2 * len(left))
    both[0::2] = left
    both[1::2] = right
    return both


def split(both: bytes | bytearray | memoryview) -> tuple[bytes, bytes]:
    """The two channels of an interleaved stream; an odd last byte is ignored."""
    whole = bytes(both[: len(both) // 2 * 2])
    return whole[0::2], whole[1::2]


def read_channels(content: bytes) -> list[Samples]:
    """All channels of a file as 16-bit samples, at the file's rate. :raises NotWav: see ``read_info``."""
    info = read_info(content)
    data = content[info.start : info.start + info.length]
    width = 2 if info.encoding == "linear" else 1
    data = data[: len(data) // (width * info.channels) * width * info.channels]
    if info.encoding == "linear":
        samples = np.frombuffer(data, dtype="<i2").astype(np.int16)
    else:
        samples = g711.decode_samples(data, info.encoding)
    return [samples[channel :: info.channels] for channel in range(info.channels)]
