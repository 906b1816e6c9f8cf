"""After a crash: make every unfinished recording playable again.

A recording is unfinished when its header does not tell the length that the file has. The header is written anew for the
samples that are there, and file and folder are synced. It must run while no media worker writes into the folder, or be
told which files are still being written. A file without even a whole header holds no audio and is removed. Which rows
the index needs is the caller's affair; it gets what was found.
"""

import hashlib
import os
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from cti_server.media import wav
from cti_server.media.g711 import RATE
from cti_server.recording.files import SUFFIX, NotARecording, numbers_of

READ_BYTES = 1024 * 1024


class Recovered(msgspec.Struct, frozen=True, kw_only=True):
    """``problem`` is "" for a file that is whole now; else why it was left as it is, or ``empty``: it was removed."""

    path: Path
    call: int
    number: int
    duration_ms: int = 0
    size_bytes: int = 0
    sha256: str = ""
    problem: str = ""


def recover(root: Path, *, in_use: Collection[Path] = ()) -> list[Recovered]:
    """Mend what needs it under ``root``; a second run finds nothing. ``in_use``: files that a living worker writes."""
    writing = {path.resolve() for path in in_use}
    return [found for path in recordings_in(root) if path.resolve() not in writing for found in _recover_file(path)]


def recordings_in(root: Path) -> Iterator[Path]:
    """Every file under ``root`` that has a recording's name, in order of its path."""
    for path in sorted(root.rglob(f"*{SUFFIX}")):
        try:
            numbers_of(path)
        except NotARecording:
            continue
        if path.is_file() and not path.is_symlink():
            yield path


def _recover_file(path: Path) -> list[Recovered]:
    """One element when the file was mended or cannot be; none when it is whole."""
    call, number = numbers_of(path)
    try:
        if path.stat().st_size < wav.HEADER_BYTES:
            path.unlink()
            return [Recovered(path=path, call=call, number=number, problem="empty")]
        mended = _mend(path)
        if not mended:
            return []
        size = path.stat().st_size
        digest = _digest(path)
    except (OSError, wav.NotWav) as error:
        return [Recovered(path=path, call=call, number=number, problem=str(error))]
    duration_ms = (size - wav.HEADER_BYTES) // 2 * 1000 // RATE
    return [Recovered(path=path, call=call, number=number, duration_ms=duration_ms, size_bytes=size, sha256=digest)]


def _mend(path: Path) -> bool:
    """True when the header was written anew."""
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        size = os.fstat(descriptor).st_size
        header = wav.mended_header(os.pread(descriptor, wav.HEADER_BYTES, 0), size)
        if header is None:
            return False
        whole = wav.HEADER_BYTES + (size - wav.HEADER_BYTES) // 2 * 2
        os.ftruncate(descriptor, whole)
        os.pwrite(descriptor, header, 0)
        os.fsync(descriptor)
        return True
    finally:
        os.close(descriptor)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while block := content.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest()
