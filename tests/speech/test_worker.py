"""The real synthesiser in its own process. Skipped, visibly, where espeak-ng's library is missing."""

import ctypes.util
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from cti_server.speech.rendering import SpeechUnavailable, Utterance, render, render_utterances
from cti_server.speech.sound import TELEPHONE_HZ
from cti_server.speech.worker import Worker, WorkerLost
from tests.shared_data import ROOT

needs_espeak = pytest.mark.skipif(
    ctypes.util.find_library("espeak-ng") is None,
    reason="libespeak-ng1 is not installed: apt-get install libespeak-ng1",
)


def seconds(path: Path) -> float:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, TELEPHONE_HZ)
        return file.getnframes() / TELEPHONE_HZ


@needs_espeak
def test_both_languages_are_spoken(tmp_path: Path) -> None:
    texts = {
        "ko/short": "네.",
        "ko/hello": "안녕하세요. 이음 화장품 고객센터입니다.",
        "en/hello": "Hello, and welcome to Ieum Cosmetics customer service.",
    }
    report = render(tmp_path, texts)
    assert report.rendered == 3
    assert seconds(tmp_path / "ko" / "hello.wav") > 2 * seconds(tmp_path / "ko" / "short.wav") > 0.4
    assert seconds(tmp_path / "en" / "hello.wav") > 2


@needs_espeak
def test_no_sentence_is_lost_or_doubled(tmp_path: Path) -> None:
    """The same sentence twenty times has the same length twenty times, the first one included."""
    texts = {f"en/{n}": Utterance(text="Your order has arrived.", language="en") for n in range(20)}
    render_utterances(tmp_path, texts)
    lengths = {round(seconds(tmp_path / "en" / f"{n}.wav"), 2) for n in range(20)}
    assert len(lengths) == 1


@needs_espeak
def test_variants_sound_different(tmp_path: Path) -> None:
    texts = {
        name: Utterance(text="배송이 아직 안 왔어요.", language="ko", variant=name, pitch=pitch)
        for name, pitch in (("f2", 60), ("m3", 40))
    }
    render_utterances(tmp_path, texts)
    assert (tmp_path / "f2.wav").read_bytes() != (tmp_path / "m3.wav").read_bytes()


@needs_espeak
def test_a_killed_child_is_noticed_and_ends_nothing_else(tmp_path: Path) -> None:
    with Worker() as worker:
        worker.speak_to(tmp_path / "a.wav", "하나.", voice="ko", rate=155, pitch=50)
        worker._process.kill()
        worker._process.wait(timeout=30)
        with pytest.raises(WorkerLost):
            worker.speak_to(tmp_path / "b.wav", "둘.", voice="ko", rate=155, pitch=50)


@needs_espeak
def test_a_voice_that_does_not_exist_fails_its_text_only(tmp_path: Path) -> None:
    with Worker() as worker:
        with pytest.raises(RuntimeError, match="voice"):
            worker.speak_to(tmp_path / "a.wav", "x", voice="no-such-voice", rate=155, pitch=50)
        assert worker.speak_to(tmp_path / "b.wav", "하나.", voice="ko", rate=155, pitch=50) > 0.3


@needs_espeak
def test_the_command_renders_all_prompts(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cti_server.speech", "--out", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "rendered, 0 kept" in done.stdout
    assert seconds(tmp_path / "ko" / "position.3.wav") > 1


def test_without_the_library_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyttsx3.py").write_text("raise OSError('libespeak-ng.so.1: cannot open shared object file')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(SpeechUnavailable, match=r"cannot open shared object file; install .* libespeak-ng1"):
        render(tmp_path / "out", {"ko/a": "하나."})
