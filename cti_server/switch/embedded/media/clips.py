"""Prompts, tones and music, encoded once in both laws and kept in a bounded cache.

Files are read and encoded by one thread, so that no leg's audio waits for a disk; what is cached is there at once.
A file that changed on disk is read again. What is played to whom is decided elsewhere.
"""

import asyncio
import contextlib
import os
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from cti_server.media import g711, tones, wav
from cti_server.media.g711 import FRAME_SAMPLES, RATE, Codec, Samples

FILE_BYTES_MAX = 64 * 1024 * 1024
CACHE_BYTES_MAX = 64 * 1024 * 1024
WAITING_MAX = 1_000
TONE_PREFIX = "tone:"

Key = tuple[str, int, int]


class ClipProblem(Exception):
    """An item cannot be played: the text says why."""


class Clip:
    """Whole frames of 160 bytes in µ-law and A-law."""

    __slots__ = ("_by_codec", "length")

    def __init__(self, samples: Samples) -> None:
        missing = -len(samples) % FRAME_SAMPLES
        whole = np.concatenate([samples, np.zeros(missing, dtype=np.int16)]) if missing else samples
        self._by_codec = {codec: g711.encode_samples(whole, codec) for codec in Codec}
        self.length = len(whole)

    def encoded(self, codec: Codec) -> bytes:
        return self._by_codec[codec]


def load(item: str) -> Clip:
    """Read or make one item. :raises ClipProblem: not there, not readable, not 8 kHz mono, too large, unknown tone."""
    if item.startswith(TONE_PREFIX):
        try:
            return Clip(tones.named(item.removeprefix(TONE_PREFIX)))
        except tones.UnknownTone as error:
            raise ClipProblem(f"unknown tone {item}") from error
    try:
        with open(item, "rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
        info = wav.read_info(content)
        channels = wav.read_channels(content)
    except OSError as error:
        raise ClipProblem(f"{item}: {error.strerror}") from error
    except wav.NotWav as error:
        raise ClipProblem(f"{item}: {error}") from error
    if len(content) > FILE_BYTES_MAX or info.rate != RATE or len(channels) != 1:
        raise ClipProblem(f"{item}: wanted 8000 Hz mono of at most {FILE_BYTES_MAX} bytes")
    return Clip(channels[0])


class ClipStore:
    """``fetch`` calls back, at once when everything is cached, later from the event loop otherwise."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._clips: OrderedDict[Key, Clip] = OrderedDict()
        self._bytes = 0
        self._waiting = 0
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="clips")

    def fetch(self, items: tuple[str, ...], then: Callable[[list[Clip] | ClipProblem], None]) -> None:
        """``then`` gets the clips in order, or the first problem."""
        try:
            keys = [_key(item) for item in items]
        except ClipProblem as problem:
            then(problem)
            return
        found = {key: self._clips[key] for key in keys if key in self._clips}
        if len(found) == len(set(keys)):
            then([self._used(key) for key in keys])
            return
        if self._waiting >= WAITING_MAX:
            then(ClipProblem("too many prompts wait to be read"))
            return
        self._waiting += 1
        missing = [key for key in dict.fromkeys(keys) if key not in found]
        self._reader.submit(self._load, missing, found, keys, then)

    def close(self) -> None:
        self._reader.shutdown(wait=False, cancel_futures=True)

    def _load(
        self,
        missing: list[Key],
        found: dict[Key, Clip],
        keys: list[Key],
        then: Callable[[list[Clip] | ClipProblem], None],
    ) -> None:
        """In the reading thread."""
        problem: ClipProblem | None = None
        try:
            loaded = {key: load(key[0]) for key in missing}
        except ClipProblem as error:
            loaded, problem = {}, error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(
                self._finish, loaded, problem or [(found | loaded)[key] for key in keys], then
            )

    def _finish(
        self,
        loaded: dict[Key, Clip],
        outcome: list[Clip] | ClipProblem,
        then: Callable[[list[Clip] | ClipProblem], None],
    ) -> None:
        self._waiting -= 1
        for key, clip in loaded.items():
            if key not in self._clips:
                self._clips[key] = clip
                self._bytes += 2 * clip.length
        while self._bytes > CACHE_BYTES_MAX and self._clips:
            _, oldest = self._clips.popitem(last=False)
            self._bytes -= 2 * oldest.length
        then(outcome)

    def _used(self, key: Key) -> Clip:
        self._clips.move_to_end(key)
        return self._clips[key]


def _key(item: str) -> Key:
    """Name, time of change and size: a file that was rendered anew is another clip."""
    if item.startswith(TONE_PREFIX):
        return item, 0, 0
    try:
        status = os.stat(item)
    except OSError as error:
        raise ClipProblem(f"{item}: {error.strerror}") from error
    return item, status.st_mtime_ns, status.st_size
