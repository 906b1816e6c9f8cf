"""The synthesiser itself: one pyttsx3 engine in one process, one sentence at a time.

Runs in the child process only. What pyttsx3 2.99 needs to be reliable: `init()` once, a first sentence that may be
lost, one `runAndWait` a sentence, and a look at each file, because a sentence can end without one.
"""

import re
import tempfile
from pathlib import Path
from typing import Any

from cti_server.speech.sound import Samples, for_telephone, read_wav, write_wav

SHORTEST_S = 0.3
TRIES = 3
_SENTENCE = re.compile(r"[^.!?]+[.!?]*(?=\s|$)")


class Voice:
    """Speaks Korean and English into files."""

    def __init__(self) -> None:
        import pyttsx3  # loads libespeak-ng, which may be missing

        self._engine: Any = pyttsx3.init("espeak")
        self._engine.connect("finished-utterance", self._finished)
        self._is_finished = False
        self._speak("warm up", Path(tempfile.gettempdir()) / "ieum-warm-up.wav", must_succeed=False)

    def speak_to(self, path: Path, text: str, *, voice: str, rate: int, pitch: int) -> float:
        """Writes the text as an 8 kHz WAV file; gives its length in seconds. Raises RuntimeError."""
        self._engine.setProperty("voice", voice)
        self._engine.setProperty("rate", rate)
        self._engine.setProperty("pitch", pitch)
        with tempfile.TemporaryDirectory(prefix="ieum-speech-") as folder:
            spoken = [self._sentence(sentence, Path(folder)) for sentence in sentences(text)]
        samples = for_telephone(spoken)
        write_wav(path, samples)
        return len(samples) / 8_000

    def _sentence(self, text: str, folder: Path) -> tuple[Samples, int]:
        for attempt in range(TRIES):
            path = folder / f"{attempt}.wav"
            if self._speak(text, path, must_succeed=True):
                samples, rate = read_wav(path)
                if len(samples) > SHORTEST_S * rate:
                    return samples, rate
        raise RuntimeError(f"espeak-ng made no sound of {text!r}")

    def _speak(self, text: str, path: Path, *, must_succeed: bool) -> bool:
        self._is_finished = False
        self._engine.save_to_file(text, str(path))
        self._engine.runAndWait()
        is_there = path.exists()
        if not must_succeed:
            path.unlink(missing_ok=True)
        return self._is_finished and is_there

    def _finished(self, name: str | None, completed: bool) -> None:
        self._is_finished = completed


def sentences(text: str) -> list[str]:
    """A text at its full stops, question and exclamation marks."""
    found = [match.strip() for match in _SENTENCE.findall(" ".join(text.split()))]
    return [sentence for sentence in found if any(character.isalnum() for character in sentence)] or [text]
