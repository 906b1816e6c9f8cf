"""WAV: headers read back, mended after a cut at any byte, channels apart and together."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_server.media import g711, tones, wav
from cti_server.media.g711 import Codec
from cti_server.media.wav import NotWav


@given(st.sampled_from(list(Codec)), st.binary(max_size=400))
def test_a_recording_is_read_back(codec: Codec, data: bytes) -> None:
    data = data[: len(data) // 2 * 2]
    content = wav.g711_header(codec, channels=2, data_bytes=len(data)) + data
    info = wav.read_info(content)
    assert (info.encoding, info.channels, info.rate) == (codec, 2, 8000)
    assert content[info.start : info.start + info.length] == data
    assert info.is_finished
    assert wav.mended_header(content, len(content)) is None
    left, right = wav.read_channels(content)
    assert left.tolist() == g711.decode_samples(data[0::2], codec).tolist()
    assert right.tolist() == g711.decode_samples(data[1::2], codec).tolist()


def test_the_header_says_what_the_format_asks() -> None:
    header = wav.g711_header(Codec.PCMU, channels=2, data_bytes=16_000)
    assert len(header) == wav.HEADER_BYTES
    assert struct.unpack_from("<I", header, 4) == (58 - 8 + 16_000,)
    assert struct.unpack_from("<HHIIHHH", header, 20) == (7, 2, 8000, 16_000, 2, 8, 0)
    assert struct.unpack_from("<4sII", header, 38) == (b"fact", 4, 8000)


@given(st.sampled_from(list(Codec)), st.integers(0, 999))
def test_an_unfinished_recording_is_mended_for_what_is_there(codec: Codec, length: int) -> None:
    beginning = wav.g711_header(codec, channels=2, data_bytes=None)
    data = bytes(length)
    mended = wav.mended_header(beginning, len(beginning) + length)
    assert mended is not None
    info = wav.read_info(mended + data)
    assert (info.length, info.is_finished) == (length // 2 * 2, True)


def test_a_file_cut_in_its_header_or_of_another_kind_is_not_mended() -> None:
    header = wav.g711_header(Codec.PCMU, channels=2, data_bytes=None)
    for length in range(len(header)):
        with pytest.raises(NotWav):
            wav.mended_header(header[:length], length)
    with pytest.raises(NotWav):
        wav.mended_header(wav.linear_file(tones.beep()), 10_000)


def test_linear_files_are_read_and_other_chunks_stepped_over() -> None:
    samples = tones.beep()
    content = wav.linear_file(samples)
    assert np.array_equal(wav.read_channels(content)[0], samples)
    with_list = content[:36] + b"LIST" + struct.pack("<I", 3) + b"abc\0" + content[36:]
    assert np.array_equal(wav.read_channels(with_list)[0], samples)


def test_every_truncation_and_mutation_is_refused_or_read() -> None:
    content = bytearray(wav.linear_file(tones.tone((440,), 10)))
    for position in range(44):
        for value in (0, 1, 127, 255):
            changed = content.copy()
            changed[position] = value
            for candidate in (bytes(changed), bytes(changed[:position])):
                try:
                    wav.read_channels(candidate)
                except NotWav:
                    continue


@given(st.binary(max_size=200))
def test_anything_is_refused_or_read(rubbish: bytes) -> None:
    for content in (rubbish, b"RIFF\0\0\0\0WAVE" + rubbish, b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + rubbish):
        try:
            wav.read_channels(content)
        except NotWav:
            continue


@given(st.binary(max_size=300))
def test_channels_laid_together_come_apart_again(data: bytes) -> None:
    half = len(data) // 2
    left, right = data[:half], data[half : 2 * half]
    assert wav.split(wav.interleave(left, right)) == (left, right)
