"""The sound of voice messages, read from their recordings, piece by piece.

Decides how much of a file a desktop gets at once, and how many reads may wait. Who may hear a message is decided by
whoever asks.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import msgspec

from cti_server.core.errors import Refused, Unavailable
from cti_server.media import wav
from cti_server.recording.files import NotARecording, resolve

READERS = 2
WAITING_MAX = 32
PIECE_SAMPLES = 128 * 1024
"""16 s: some 170 KB on the wire."""
CUSTOMER_CHANNEL = 1


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """G.711 of the caller alone, 8,000 samples of one byte a second, from ``start`` of ``total``; ``law``: PCMU or
    PCMA."""

    law: str
    start: int
    total: int
    sound: bytes


class Sounds:
    """Files below ``root``, in threads of its own."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="sounds")
        self._under_way = 0

    async def piece(self, path: str, start: int) -> Piece:
        """From the sample ``start`` on. Raises Refused ``not_found``: there is no such file; Unavailable."""
        if self._under_way >= WAITING_MAX:
            raise Unavailable("too many messages are being read")
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, path, start)
        finally:
            self._under_way -= 1

    def _read(self, path: str, start: int) -> Piece:
        try:
            with resolve(self._root, path).open("rb") as file:
                return _read_piece(file, start)
        except (FileNotFoundError, IsADirectoryError, NotARecording, wav.NotWav):
            raise Refused("not_found") from None
        except OSError as error:
            raise Unavailable("the recordings cannot be read") from error

    def close(self) -> None:
        """A thread that still hangs is left behind."""
        self._readers.shutdown(wait=False, cancel_futures=True)


def _read_piece(file: BinaryIO, start: int) -> Piece:
    size = file.seek(0, 2)
    file.seek(0)
    info = wav.read_info(file.read(wav.HEADER_BYTES), file_bytes=size)
    if info.encoding == "linear":
        raise NotARecording("not a recording of ours")
    total = info.length // info.channels
    file.seek(info.start + min(start, total) * info.channels)
    data = file.read(min(PIECE_SAMPLES, max(0, total - start)) * info.channels)
    channel = CUSTOMER_CHANNEL if info.channels > CUSTOMER_CHANNEL else 0
    return Piece(law=info.encoding.value, start=start, total=total, sound=data[channel :: info.channels])
