"""A robot notices the end of a sentence, once, and is not fooled by clicks or music."""

from agent_app.robots.ear import QUIET_FRAMES, SPEECH_FRAMES, Ear, tone
from agent_app.softphone.audio import FRAME_BYTES, SILENCE

SOUND = tone(300)[:FRAME_BYTES]


def listening() -> tuple[Ear, list[int]]:
    ends: list[int] = []
    ear = Ear(tone(500), on_quiet=lambda: ends.append(ear.heard_frames))
    ear.start()
    return ear, ends


def hear(ear: Ear, frame: bytes, frames: int) -> None:
    for _ in range(frames):
        ear.write(frame)


def test_a_sentence_and_then_quiet_is_noticed_once() -> None:
    ear, ends = listening()
    hear(ear, SOUND, SPEECH_FRAMES * 4)
    hear(ear, SILENCE, QUIET_FRAMES - 1)
    assert ends == []
    hear(ear, SILENCE, QUIET_FRAMES * 3)
    assert ends == [SPEECH_FRAMES * 4]


def test_a_click_is_no_sentence() -> None:
    ear, ends = listening()
    hear(ear, SOUND, 2)
    hear(ear, SILENCE, QUIET_FRAMES * 2)
    assert ends == []


def test_a_breath_between_words_is_not_the_end() -> None:
    ear, ends = listening()
    for _ in range(5):
        hear(ear, SOUND, SPEECH_FRAMES)
        hear(ear, SILENCE, QUIET_FRAMES // 2)
    assert ends == []


def test_it_speaks_only_when_told_to_and_then_goes_on() -> None:
    ear, _ = listening()
    assert ear.read() == SILENCE
    ear.is_speaking = True
    assert all(len(frame := ear.read()) == FRAME_BYTES and frame != SILENCE for _ in range(200))
