"""The child process that speaks, and the parent's handle to it. espeak-ng may crash or hang; then only the child does.

One JSON line a sentence each way. The child answers on its first standard output; what pyttsx3 prints goes to stderr.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO

START_LIMIT_S = 60.0
UTTERANCE_LIMIT_S = 60.0
MISSING_HINT = "install espeak-ng's library: apt-get install libespeak-ng1"


class WorkerUnusable(Exception):
    """The synthesiser cannot be started at all."""


class WorkerLost(Exception):
    """The child died or hung over this sentence."""


class Worker:
    """A running child. Use as a context manager."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cti_server.speech", "--worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).parents[2],
        )
        self._unread = b""

    def __enter__(self) -> "Worker":
        try:
            hello = self._read(START_LIMIT_S)
        except WorkerLost as error:
            self.close()
            raise WorkerUnusable(f"the synthesiser does not start; {MISSING_HINT}") from error
        if "error" in hello:
            self.close()
            raise WorkerUnusable(f"{hello['error']}; {MISSING_HINT}")
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def speak_to(self, path: Path, text: str, *, voice: str, rate: int, pitch: int) -> float:
        """Seconds of speech in the file. Raises WorkerLost, and RuntimeError when this text cannot be spoken."""
        order = {"path": str(path), "text": text, "voice": voice, "rate": rate, "pitch": pitch}
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise WorkerLost("the synthesiser is gone") from error
        reply = self._read(UTTERANCE_LIMIT_S)
        if "error" in reply:
            raise RuntimeError(str(reply["error"]))
        return float(reply["seconds"])

    def close(self) -> None:
        """Ends the child: politely, then not."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # the child closed its side first
                    pipe.close()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read(self, limit_s: float) -> dict[str, Any]:
        """The next line; the limit is for each piece of it, and a line is one piece in practice."""
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        while b"\n" not in self._unread:
            readable, _, _ = select.select([descriptor], [], [], limit_s)
            piece = os.read(descriptor, 65_536) if readable else b""
            if not piece:
                self._process.kill()
                raise WorkerLost("the synthesiser is gone" if readable else f"no answer within {limit_s:.0f} s")
            self._unread += piece
        line, _, self._unread = self._unread.partition(b"\n")
        reply: dict[str, Any] = json.loads(line)
        return reply


def serve() -> int:
    """The child's side: speaks what comes on standard input until it ends."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # pyttsx3 prints
    try:
        from cti_server.speech.voice import Voice

        voice = Voice()
    except Exception as error:  # whatever the library raises, the parent must hear of it
        _answer(answers, {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"})
        return 1
    _answer(answers, {"ready": True})
    for line in sys.stdin.buffer:
        order = json.loads(line)
        try:
            seconds = voice.speak_to(
                Path(order["path"]), order["text"], voice=order["voice"], rate=order["rate"], pitch=order["pitch"]
            )
            _answer(answers, {"seconds": seconds})
        except Exception as error:  # one text that fails must not end the others
            _answer(answers, {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"})
    answers.close()
    return 0


def _answer(stream: BinaryIO | Any, reply: dict[str, Any]) -> None:
    stream.write(json.dumps(reply).encode() + b"\n")
