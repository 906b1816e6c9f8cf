"""Tones, detection and mixing: what is made is found again."""

import numpy as np
import pytest

from cti_server.media import detect, tones
from cti_server.media.g711 import Codec, decode_samples, encode_samples
from cti_server.media.mixer import mix_without_own

ALL_KEYS = "123A456B789C*0#D"


def test_a_tone_is_found_by_its_frequency_also_through_g711() -> None:
    for codec in Codec:
        heard = decode_samples(encode_samples(tones.tone((1234,), 500), codec), codec)
        assert abs(detect.loudest_frequency(heard) - 1234) < 3
        assert detect.share_of(heard, 1234) > 0.95
        assert detect.share_of(heard, 1300) < 0.05


def test_every_key_is_found_and_music_and_silence_hold_none() -> None:
    parts = [part for key in ALL_KEYS for part in (tones.key_tone(key, 100), tones.silence(80))]
    assert detect.keys_in(np.concatenate(parts)) == ALL_KEYS
    twice = np.concatenate([tones.key_tone("5"), tones.silence(80), tones.key_tone("5"), tones.silence(80)])
    assert detect.keys_in(twice) == "55"
    assert detect.keys_in(tones.music()) == ""
    assert detect.keys_in(tones.silence(1000)) == ""


def test_the_plan_of_the_progress_tones() -> None:
    assert len(tones.ringback()) == 3 * 8000
    assert detect.level(tones.ringback()[8000:]) == 0
    assert detect.share_of(tones.ringback()[:8000], 440) + detect.share_of(tones.ringback()[:8000], 480) > 0.95
    assert len(tones.busy()) == 8000
    assert detect.share_of(tones.busy()[:4000], 480) + detect.share_of(tones.busy()[:4000], 620) > 0.95


def test_music_goes_on_without_clipping_and_is_heard_throughout() -> None:
    music = tones.music()
    assert 20 * 8000 < len(music) < 60 * 8000
    assert int(np.max(np.abs(music))) < 12_000
    seconds = music[: len(music) // 8000 * 8000].reshape(-1, 8000)
    assert all(detect.is_voiced(second) for second in seconds)


def test_names_of_tones() -> None:
    assert len(tones.named("silence:250")) == 2000
    assert detect.share_of(tones.named("700:100"), 700) > 0.95
    assert detect.keys_in(np.concatenate([tones.named("key:#"), tones.silence(60)])) == "#"
    for wrong in ("", "whistle", "silence:", "silence:-5", "silence:99999999", "9000:100", "key:x", "440:"):
        with pytest.raises(tones.UnknownTone):
            tones.named(wrong)


def test_silence_and_the_noise_of_the_code_are_no_voice() -> None:
    for codec in Codec:
        assert not detect.is_voiced(decode_samples(bytes([codec.silence]) * 8000, codec))
    assert not detect.is_voiced(tones.tone((440,), 100))
    assert detect.is_voiced(tones.tone((440,), 400))
    assert detect.loudest_frequency(tones.silence(10)) == 0
    assert detect.level(tones.silence(0)) == 0


def test_each_party_hears_the_others_and_loudness_is_clipped() -> None:
    a, b, c = (np.array([value, value], dtype=np.int16) for value in (1000, 200, 30_000))
    mixed = mix_without_own([a, b, c])
    assert [int(one[0]) for one in mixed] == [30_200, 31_000, 1_200]
    loud = np.full(2, 32_767, dtype=np.int16)
    assert int(mix_without_own([loud, loud, loud])[0][0]) == 32_767
    assert mix_without_own([]) == []
