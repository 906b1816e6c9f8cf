"""The synthesiser itself: one pyttsx3 engine in one process, one sentence at a time.

Runs in the child process only. What pyttsx3 2.99 needs to be reliable: `init()` once; a first sentence that may be
lost; one `runAndWait` a sentence, which returns while espeak-ng's own thread still speaks, so that a second sentence
would cut the first one; and a look at each file, beside a second take of the same sentence.
"""

import re
import tempfile
import threading
from pathlib import Path
from typing import Any

from cti_server.speech.sound import TELEPHONE_HZ, Samples, for_telephone, read_wav, write_wav

SHORTEST_S = 0.3
SENTENCE_LIMIT_S = 30.0
TAKES_MAX = 6
ALIKE_S = 0.03
"""Takes of one sentence differ by a few samples; one that was cut lacks a tenth of a second or more."""
_SENTENCE = re.compile(r"\S.*?(?:[.!?]+(?=\s|$)|$)")


class Voice:
    """Speaks Korean and English into files."""

    def __init__(self) -> None:
        import pyttsx3  # loads libespeak-ng, which may be missing
        from pyttsx3.drivers import _espeak

        self._finished = threading.Event()
        self._errors: list[Exception] = []
        self._wait_for_espeak = _espeak.Synchronize
        self._engine: Any = pyttsx3.init("espeak")
        self._engine.connect("finished-utterance", self._note_finished)
        self._engine.connect("error", self._note_error)
        with tempfile.TemporaryDirectory(prefix="ieum-speech-") as folder:
            self._speak("warm up", Path(folder) / "lost.wav")

    def speak_to(self, path: Path, text: str, *, voice: str, rate: int, pitch: int) -> float:
        """Writes the text as an 8 kHz WAV file; gives its length in seconds. Raises RuntimeError."""
        self._engine.setProperty("voice", voice)
        self._engine.setProperty("rate", rate)
        self._engine.setProperty("pitch", pitch)
        with tempfile.TemporaryDirectory(prefix="ieum-speech-") as folder:
            spoken = [self._sentence(sentence, Path(folder)) for sentence in sentences(text)]
        samples = for_telephone(spoken)
        write_wav(path, samples)
        return len(samples) / TELEPHONE_HZ

    def _sentence(self, text: str, folder: Path) -> tuple[Samples, int]:
        """A take is believed when another is as long: one in dozens is cut short, and nothing else tells."""
        lengths_s: list[float] = []
        for attempt in range(TAKES_MAX):
            path = folder / f"{attempt}.wav"
            if not self._speak(text, path):
                continue
            samples, rate = read_wav(path)
            length_s = len(samples) / rate
            if length_s > SHORTEST_S and any(abs(length_s - other_s) < ALIKE_S for other_s in lengths_s):
                return samples, rate
            lengths_s.append(length_s)
        raise RuntimeError(f"espeak-ng did not say {text!r} twice alike in {TAKES_MAX} takes")

    def _speak(self, text: str, path: Path) -> bool:
        """Whether there is a file and nobody writes to it any more."""
        self._finished.clear()
        self._engine.save_to_file(text, str(path))
        self._engine.runAndWait()
        self._wait_for_espeak()
        if self._errors:
            raise RuntimeError(str(self._errors.pop(0)))
        return self._finished.wait(SENTENCE_LIMIT_S) and path.exists()

    def _note_finished(self, name: str | None, completed: bool) -> None:
        if completed:
            self._finished.set()

    def _note_error(self, name: str | None, exception: Exception) -> None:
        """pyttsx3 swallows what its driver raises, e.g. over a voice that does not exist."""
        self._errors.append(exception)


def sentences(text: str) -> list[str]:
    """A text at its full stops, question and exclamation marks."""
    found = [match.strip() for match in _SENTENCE.findall(" ".join(text.split()))]
    return [sentence for sentence in found if any(character.isalnum() for character in sentence)] or [text]
