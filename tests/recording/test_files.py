"""Where recordings lie, and what is found in them."""

from pathlib import Path, PurePosixPath

import pytest

from cti_server.media import tones, wav
from cti_server.media.g711 import Codec, encode_samples
from cti_server.recording.files import NotARecording, has_both_voices, numbers_of, read_contents, relative_path, resolve


def recording(path: Path, *, agent: bool = True, customer: bool = True, finished: bool = True) -> Path:
    voice, nothing = (encode_samples(sound, Codec.PCMU) for sound in (tones.tone((500,), 1000), tones.silence(1000)))
    data = bytes(wav.interleave(voice if agent else nothing, voice if customer else nothing))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(wav.g711_header(Codec.PCMU, channels=2, data_bytes=len(data) if finished else None) + data)
    return path


def test_a_recording_lies_under_the_utc_day_on_which_it_began() -> None:
    last_us = 1_767_225_599_999_999  # 2025-12-31 23:59:59.999999 UTC
    assert relative_path(call=812, number=2, started_at_us=last_us) == PurePosixPath("2025/12/31/812-2.wav")
    assert relative_path(call=812, number=2, started_at_us=last_us + 1) == PurePosixPath("2026/01/01/812-2.wav")


def test_the_name_tells_call_and_number() -> None:
    assert numbers_of(relative_path(call=812, number=2, started_at_us=0)) == (812, 2)
    for name in ("812.wav", "812-2.mp3", "x-2.wav", "812-.wav", "-2.wav", "812-2-3.wav", "٨-2.wav"):
        with pytest.raises(NotARecording):
            numbers_of(PurePosixPath(name))


def test_nothing_outside_the_folder_is_ever_named(tmp_path: Path) -> None:
    assert resolve(tmp_path, "2026/01/01/1-1.wav") == (tmp_path / "2026/01/01/1-1.wav").resolve()
    (tmp_path / "out").symlink_to("/etc")
    for wrong in ("../1-1.wav", "/etc/passwd", "2026/../../x", "out/passwd"):
        with pytest.raises(NotARecording):
            resolve(tmp_path, wrong)


@pytest.mark.parametrize(("agent", "customer"), [(True, True), (True, False), (False, True), (False, False)])
def test_voices_are_found_channel_by_channel(tmp_path: Path, agent: bool, customer: bool) -> None:
    path = recording(tmp_path / "1-1.wav", agent=agent, customer=customer)
    contents = read_contents(path)
    assert (contents.agent_voiced, contents.customer_voiced) == (agent, customer)
    assert contents.duration_ms == 1000
    assert has_both_voices(path) == (agent and customer)


def test_an_unfinished_file_can_be_looked_into_and_another_kind_not(tmp_path: Path) -> None:
    assert not read_contents(recording(tmp_path / "1-1.wav", finished=False)).is_finished
    other = tmp_path / "1-2.wav"
    other.write_bytes(wav.linear_file(tones.beep()))
    with pytest.raises(NotARecording):
        read_contents(other)
    other.write_bytes(b"no wav")
    with pytest.raises(NotARecording):
        read_contents(other)
