"""G.711 over every value there is, against the standard library's tables and against itself."""

import numpy as np
import pytest

from cti_server.media import g711
from cti_server.media.g711 import Codec

EVERY = np.arange(65536, dtype=np.uint16).view(np.int16)
LAWS = [Codec.PCMU, Codec.PCMA]


@pytest.mark.parametrize("codec", LAWS)
def test_every_sample_is_encoded_and_every_byte_decoded_as_another_implementation_does(codec: Codec) -> None:
    audioop = pytest.importorskip("audioop")
    linear = EVERY.astype("<i2").tobytes()
    every_byte = bytes(range(256))
    if codec is Codec.PCMU:
        assert g711.encode(linear, codec) == audioop.lin2ulaw(linear, 2)
        assert g711.decode(every_byte, codec) == audioop.ulaw2lin(every_byte, 2)
    else:
        assert g711.encode(linear, codec) == audioop.lin2alaw(linear, 2)
        assert g711.decode(every_byte, codec) == audioop.alaw2lin(every_byte, 2)


@pytest.mark.parametrize("codec", LAWS)
def test_a_decoded_byte_encodes_to_a_byte_of_the_same_value(codec: Codec) -> None:
    values = g711.decode_samples(bytes(range(256)), codec)
    again = g711.decode_samples(g711.encode_samples(values, codec), codec)
    assert np.array_equal(values, again)


@pytest.mark.parametrize("codec", LAWS)
def test_the_error_of_a_sample_stays_within_its_step(codec: Codec) -> None:
    """The steps grow with the level: 1/16 of the magnitude, and at the smallest levels a few units."""
    heard = g711.decode_samples(g711.encode_samples(EVERY, codec), codec).astype(np.int64)
    wanted = EVERY.astype(np.int64)
    clip = 32124 if codec is Codec.PCMU else 32256
    inside = np.abs(wanted) <= clip
    assert np.all(np.abs(heard - wanted)[inside] <= np.abs(wanted)[inside] / 16 + 16)


def test_translation_between_the_laws_takes_the_nearest_value() -> None:
    every = bytes(range(256))
    for source, target in ((Codec.PCMU, Codec.PCMA), (Codec.PCMA, Codec.PCMU)):
        table = g711.translation(source, target)
        assert table is not None
        translated = every.translate(table)
        assert translated == g711.encode_samples(g711.decode_samples(every, source), target)
    assert g711.translation(Codec.PCMA, Codec.PCMA) is None


@pytest.mark.parametrize("codec", LAWS)
def test_silence_decodes_to_nearly_nothing(codec: Codec) -> None:
    assert abs(int(g711.decode_samples(bytes([codec.silence]), codec)[0])) <= 8


def test_an_odd_last_byte_is_ignored() -> None:
    assert len(g711.encode(b"\x01\x02\x03", Codec.PCMU)) == 1
    assert g711.encode(b"", Codec.PCMU) == b""
