import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from cti_server.speech.sound import PAUSE_S, PEAK, TELEPHONE_HZ, for_telephone, read_wav, write_wav

RATE = 22_050


def tone(hertz: float, seconds: float = 1.0, amplitude: float = 0.3) -> npt.NDArray[np.float32]:
    return (amplitude * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)).astype(np.float32)


def strongest(samples: npt.NDArray[np.float32]) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return float(np.argmax(spectrum) * TELEPHONE_HZ / samples.size)


def test_a_tone_keeps_its_pitch_on_the_telephone() -> None:
    assert strongest(for_telephone([(tone(440), RATE)])) == pytest.approx(440, abs=3)


def test_what_a_telephone_cannot_carry_is_not_folded_back() -> None:
    """A 6 kHz tone would alias to 2 kHz; it must vanish beside a tone that is carried."""
    both = for_telephone([((tone(1_000) + tone(6_000)).astype(np.float32), RATE)])
    spectrum = np.abs(np.fft.rfft(both * np.hanning(both.size)))

    def at(hertz: int) -> float:
        place = round(hertz * both.size / TELEPHONE_HZ)
        return float(spectrum[place - 3 : place + 4].max())

    assert at(2_000) < at(1_000) / 1_000


def test_every_prompt_is_equally_loud() -> None:
    for amplitude in (0.05, 0.9):
        loudest = float(np.max(np.abs(for_telephone([(tone(440, amplitude=amplitude), RATE)]))))
        assert loudest == pytest.approx(PEAK, rel=0.01)


def test_silence_is_trimmed_at_the_ends_and_set_between_sentences() -> None:
    quiet = np.zeros(RATE, dtype=np.float32)
    sentence = np.concatenate([quiet, tone(440), quiet])
    one = for_telephone([(sentence, RATE)]).size / TELEPHONE_HZ
    assert one == pytest.approx(1.17, abs=0.05)
    two = for_telephone([(sentence, RATE), (sentence, RATE)]).size / TELEPHONE_HZ
    assert two == pytest.approx(2 * one + PAUSE_S, abs=0.01)


def test_files_are_16_bit_mono_at_8_khz_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    samples = for_telephone([(tone(440), RATE)])
    write_wav(path, samples)
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, TELEPHONE_HZ)
    back, rate = read_wav(path)
    assert rate == TELEPHONE_HZ
    assert float(np.max(np.abs(back - samples))) < 1e-4
    assert [left.name for left in tmp_path.iterdir()] == ["x.wav"]


def test_a_stereo_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(b"\0" * 8)
    with pytest.raises(ValueError, match="not 16-bit mono"):
        read_wav(path)


def test_no_sound_stays_no_sound() -> None:
    assert for_telephone([]).size == 0
    assert not for_telephone([(np.zeros(100, dtype=np.float32), RATE)]).any()
