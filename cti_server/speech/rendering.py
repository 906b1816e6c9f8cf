"""Renders texts to WAV files ahead of time, again only what changed. Decides what is stale; speaking is `worker.py`'s.

A folder that was rendered holds `<key>.wav` for every key (`ko/greeting.wav`) and a list of what each file says.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from cti_server.core.errors import Unavailable
from cti_server.speech.worker import Worker, WorkerLost, WorkerUnusable
from ivr.loader import PROMPTS, load_prompts

MADE_BY = "3"  # raise it when the same text would sound different: everything is then rendered again
LIST_FILE = "rendered.json"
LOSSES_MAX = 3  # how often a new child is started in one go
VOICES = {"ko": "ko", "en": "en-us"}
RATES = {"ko": 155, "en": 150}

Progress = Callable[[int, int, str], None]


class SpeechUnavailable(Unavailable):
    """There is no synthesiser here; the message says what to install."""


class SpeechFailed(Unavailable):
    """Some texts could not be spoken; the others are there."""

    def __init__(self, failed: Mapping[str, str]) -> None:
        self.failed = dict(failed)
        first, reason = next(iter(self.failed.items()))
        super().__init__(f"{len(self.failed)} texts could not be spoken, first {first}: {reason}")


class Utterance(msgspec.Struct, frozen=True, kw_only=True):
    """A text and how it is spoken. `variant`: espeak-ng's (f2, m3, …), for robots that should not all sound alike.

    rate: words a minute, 0 = the language's own; pitch 0–99.
    """

    text: str
    language: str
    variant: str = ""
    rate: int = 0
    pitch: int = 50

    @property
    def voice(self) -> str:
        base = VOICES.get(self.language, self.language)
        return f"{base}+{self.variant}" if self.variant else base

    @property
    def words_a_minute(self) -> int:
        return self.rate or RATES.get(self.language, 150)

    def hash(self) -> str:
        spoken = (MADE_BY, self.text, self.voice, self.words_a_minute, self.pitch)
        return hashlib.sha256(json.dumps(spoken).encode()).hexdigest()[:24]


class RenderReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one go did. `seconds`: of speech that was rendered now."""

    total: int
    rendered: int
    kept: int
    removed: int
    seconds: float


def render_prompts(directory: Path, progress: Progress | None = None, prompts_folder: Path = PROMPTS) -> RenderReport:
    """All prompts of all languages, by the keys of orders. Raises DataErrors, SpeechUnavailable, SpeechFailed."""
    return render(directory, load_prompts(prompts_folder).by_key(), progress)


def render(directory: Path, texts: Mapping[str, str], progress: Progress | None = None) -> RenderReport:
    """Texts by key `<language>/<id>`, each in its language's voice."""
    utterances = {key: Utterance(text=text, language=key.partition("/")[0]) for key, text in texts.items()}
    return render_utterances(directory, utterances, progress)


def render_utterances(
    directory: Path,
    utterances: Mapping[str, Utterance],
    progress: Progress | None = None,
    *,
    start_worker: Callable[[], Worker] = Worker,
) -> RenderReport:
    """Blocks until every utterance has its file. `progress(done, total, key)` is called after each."""
    directory.mkdir(parents=True, exist_ok=True)
    listed = _read_list(directory)
    stale = [
        key
        for key, utterance in utterances.items()
        if listed.get(key) != utterance.hash() or not _file(directory, key).exists()
    ]
    removed = _remove(directory, [key for key in listed if key not in utterances])
    kept = {key: listed[key] for key in utterances if key in listed and key not in stale}
    work = _Work(directory, {key: utterances[key] for key in stale}, kept, progress, start_worker)
    if stale:
        work.run()
    if stale or removed:
        _write_list(directory, work.done)
    if work.failed:
        raise SpeechFailed(work.failed)
    return RenderReport(
        total=len(utterances), rendered=len(stale), kept=len(kept), removed=removed, seconds=work.seconds
    )


class _Work:
    """What is still to be spoken; a text that kills the child twice is given up."""

    def __init__(
        self,
        directory: Path,
        stale: Mapping[str, Utterance],
        kept: Mapping[str, str],
        progress: Progress | None,
        start_worker: Callable[[], Worker],
    ) -> None:
        self._directory = directory
        self._waiting = dict(stale)
        self._total = len(stale)
        self._progress = progress
        self._start_worker = start_worker
        self.done = dict(kept)
        self.failed: dict[str, str] = {}
        self.seconds = 0.0

    def run(self) -> None:
        suspect = ""
        for _ in range(LOSSES_MAX + 1):
            try:
                with self._start_worker() as worker:
                    while self._waiting:
                        self._speak(worker, next(iter(self._waiting)))
                return
            except WorkerUnusable as error:
                raise SpeechUnavailable(str(error)) from error
            except WorkerLost as error:
                lost_at = next(iter(self._waiting))
                if lost_at == suspect:
                    self._give_up(lost_at, str(error))
                suspect = lost_at
                _write_list(self._directory, self.done)
        for key in list(self._waiting):
            self._give_up(key, "the synthesiser died too often")

    def _speak(self, worker: Worker, key: str) -> None:
        utterance = self._waiting[key]
        path = _file(self._directory, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.seconds += worker.speak_to(
                path,
                utterance.text,
                voice=utterance.voice,
                rate=utterance.words_a_minute,
                pitch=utterance.pitch,
            )
        except RuntimeError as error:
            self._give_up(key, str(error))
            return
        del self._waiting[key]
        self.done[key] = utterance.hash()
        if self._progress is not None:
            self._progress(self._total - len(self._waiting), self._total, key)

    def _give_up(self, key: str, reason: str) -> None:
        del self._waiting[key]
        self.failed[key] = reason


def _file(directory: Path, key: str) -> Path:
    """Keys are ours (a–z, digits, `_`, `.`, one `/` a level); anything that could leave the folder is a bug."""
    parts = key.split("/")
    if any(not part or part.startswith(".") for part in parts):
        raise ValueError(f"{key!r} cannot be a file's name")
    return directory.joinpath(*parts[:-1], parts[-1] + ".wav")


def _read_list(directory: Path) -> dict[str, str]:
    """What was rendered before; an unreadable list means that all is rendered again."""
    try:
        return msgspec.json.decode((directory / LIST_FILE).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}


def _write_list(directory: Path, done: Mapping[str, str]) -> None:
    part = directory / (LIST_FILE + ".part")
    part.write_bytes(msgspec.json.format(msgspec.json.encode(dict(sorted(done.items()))), indent=1))
    part.replace(directory / LIST_FILE)


def _remove(directory: Path, keys: list[str]) -> int:
    """Files of texts that are no more. Only what the list names is ever deleted."""
    for key in keys:
        _file(directory, key).unlink(missing_ok=True)
    return len(keys)
