"""Says how far long work is, on a terminal, in one line that goes when the work is over. Files get nothing of it."""

import sys
import time
from types import TracebackType
from typing import Self, TextIO

EVERY_S = 0.2
MB = 1_000_000


class Progress:
    """``size``: bytes in all; 0: not known. ``done``: the bytes told last."""

    def __init__(self, what: str, size: int = 0, out: TextIO | None = None) -> None:
        self._what = what
        self._size = size
        self._out = sys.stderr if out is None else out
        self._is_shown = self._out.isatty()
        self._said_at = 0.0
        self._width = 0
        self.done = 0

    def at(self, done: int) -> None:
        self.done = done
        if self._is_shown and time.monotonic() - self._said_at >= EVERY_S:
            self._said_at = time.monotonic()
            of_all = f" of {self._size / MB:.0f} MB, {min(done / self._size, 1):.0%}" if self._size else " MB"
            self._say(f"{self._what} … {done / MB:.0f}{of_all}")

    def _say(self, line: str) -> None:
        self._out.write(f"\r{line.ljust(self._width)}")
        self._out.flush()
        self._width = len(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._width:
            self._say("")
            self._out.write("\r")
            self._out.flush()
