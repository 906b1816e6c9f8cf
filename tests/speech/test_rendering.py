"""What is rendered, what is kept, and what happens when the synthesiser dies over a text."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cti_server.speech.rendering import (
    LIST_FILE,
    RenderReport,
    SpeechFailed,
    SpeechUnavailable,
    Utterance,
    render_utterances,
)
from cti_server.speech.worker import Worker, WorkerLost, WorkerUnusable


class FakeWorker:
    """Writes the text instead of speech. Dies over "crash", dies once over "stumble", refuses "mute"."""

    started = 0
    stumbled = False

    def __enter__(self) -> "FakeWorker":
        type(self).started += 1
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def speak_to(self, path: Path, text: str, *, voice: str, rate: int, pitch: int) -> float:
        if text == "crash" or (text == "stumble" and not type(self).stumbled):
            type(self).stumbled = True
            raise WorkerLost("gone")
        if text == "mute":
            raise RuntimeError("no sound")
        path.write_text(f"{voice} {rate} {pitch} {text}")
        return 1.0


@pytest.fixture
def start() -> Callable[[], Any]:
    return type("FreshWorker", (FakeWorker,), {"started": 0, "stumbled": False})


def utterances(**texts: str) -> dict[str, Utterance]:
    return {f"ko/{name}": Utterance(text=text, language="ko") for name, text in texts.items()}


def test_every_text_gets_its_file_and_progress_is_told(tmp_path: Path, start: Callable[[], Any]) -> None:
    told: list[tuple[int, int, str]] = []
    report = render_utterances(
        tmp_path, utterances(a="하나", b="둘"), lambda *progress: told.append(progress), start_worker=start
    )
    assert report == RenderReport(total=2, rendered=2, kept=0, removed=0, seconds=2.0)
    assert told == [(1, 2, "ko/a"), (2, 2, "ko/b")]
    assert (tmp_path / "ko" / "a.wav").read_text() == "ko 155 50 하나"


def test_only_what_changed_is_rendered_again(tmp_path: Path, start: Any) -> None:
    render_utterances(tmp_path, utterances(a="하나", b="둘", c="셋"), start_worker=start)
    (tmp_path / "ko" / "c.wav").unlink()
    report = render_utterances(tmp_path, utterances(a="하나", b="두울", c="셋"), start_worker=start)
    assert (report.rendered, report.kept) == (2, 1)
    assert (tmp_path / "ko" / "b.wav").read_text().endswith("두울")
    starts = start.started
    assert render_utterances(tmp_path, utterances(a="하나", b="두울", c="셋"), start_worker=start).rendered == 0
    assert start.started == starts, "nothing to say needs no synthesiser"


def test_another_voice_is_rendered_again(tmp_path: Path, start: Any) -> None:
    render_utterances(tmp_path, {"x": Utterance(text="Hello", language="en")}, start_worker=start)
    other = {"x": Utterance(text="Hello", language="en", variant="f2", rate=170, pitch=60)}
    assert render_utterances(tmp_path, other, start_worker=start).rendered == 1
    assert (tmp_path / "x.wav").read_text() == "en-us+f2 170 60 Hello"


def test_files_of_texts_that_are_gone_are_removed_and_no_others(tmp_path: Path, start: Any) -> None:
    render_utterances(tmp_path, utterances(a="하나", b="둘"), start_worker=start)
    (tmp_path / "ko" / "mine.wav").write_text("recorded by hand")
    report = render_utterances(tmp_path, utterances(a="하나"), start_worker=start)
    assert report.removed == 1
    assert sorted(path.name for path in (tmp_path / "ko").iterdir()) == ["a.wav", "mine.wav"]


def test_a_lost_list_renders_all_again(tmp_path: Path, start: Any) -> None:
    render_utterances(tmp_path, utterances(a="하나"), start_worker=start)
    (tmp_path / LIST_FILE).write_text("{broken")
    assert render_utterances(tmp_path, utterances(a="하나"), start_worker=start).rendered == 1


def test_a_synthesiser_that_dies_once_is_started_again(tmp_path: Path, start: Any) -> None:
    report = render_utterances(tmp_path, utterances(a="하나", b="stumble", c="셋"), start_worker=start)
    assert (report.rendered, start.started) == (3, 2)


def test_a_text_that_kills_it_twice_is_given_up_and_the_others_are_there(tmp_path: Path, start: Any) -> None:
    with pytest.raises(SpeechFailed, match="1 texts could not be spoken, first ko/b: gone"):
        render_utterances(tmp_path, utterances(a="하나", b="crash", c="셋"), start_worker=start)
    assert (tmp_path / "ko" / "c.wav").exists()
    with pytest.raises(SpeechFailed):
        render_utterances(tmp_path, utterances(a="하나", b="crash", c="셋"), start_worker=start)


def test_many_deaths_end_the_work(tmp_path: Path, start: Any) -> None:
    texts = {f"ko/{n}": Utterance(text="crash", language="ko") for n in range(20)}
    with pytest.raises(SpeechFailed, match="20 texts"):
        render_utterances(tmp_path, texts, start_worker=start)
    assert start.started <= 4


def test_a_text_without_sound_is_told(tmp_path: Path, start: Any) -> None:
    with pytest.raises(SpeechFailed, match="no sound"):
        render_utterances(tmp_path, utterances(a="mute"), start_worker=start)


def test_a_missing_synthesiser_is_told(tmp_path: Path) -> None:
    def missing() -> Worker:
        raise WorkerUnusable("no library; install espeak-ng's library")

    with pytest.raises(SpeechUnavailable, match="install espeak-ng"):
        render_utterances(tmp_path, utterances(a="하나"), start_worker=missing)


@pytest.mark.parametrize("key", ["../x", "/x", "ko//x", ".hidden", "ko/../../x"])
def test_a_key_cannot_leave_the_folder(tmp_path: Path, key: str, start: Any) -> None:
    with pytest.raises(ValueError, match="cannot be a file's name"):
        render_utterances(tmp_path, {key: Utterance(text="x", language="ko")}, start_worker=start)
