"""One archive file: a gzipped tar with a head, members, and a list of their checksums at the end.

    with ArchiveWriter(path, head) as archive: archive.add_file(name, file); archive.add_bytes(name, content)
    head = unpack(path, folder, tell)        # DataError: cut off, damaged, or not ours; what is in `folder` is no good

Decides how an archive is made and believed; what goes into one is decided in `backup.py`. It is written beside its name
and takes it when it is complete and on the disk, so that an archive that is there is whole. The list is the last
member: without it the file was cut off, and a member that is not on it, or differs from it, is not ours.
"""

import gzip
import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Self

import msgspec

from cti_server.core.errors import DataError
from cti_server.storage.data_folder import sync_folder

FORMAT = 1
HEAD = "ieum-backup.json"
LIST = "checksums.json"
PORTION = 1024 * 1024
FAST = 1
"""Recordings hardly become smaller, and a backup that takes the night is not made."""
LIST_BYTES_MAX = 256 * 1024 * 1024

Tell = Callable[[int], None]
"""Told how many bytes of content are done."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive says of itself. ``made_at``: UTC microseconds; ``last_seq``: of the journal;
    ``has_recordings``: False where they were left out on purpose."""

    format: int
    release: str
    made_at: int
    last_seq: int
    has_recordings: bool = True


class Sum(msgspec.Struct, frozen=True, kw_only=True):
    """Of one member: bytes and SHA-256 of its content."""

    size: int
    sha256: str


class ArchiveWriter:
    """Members are added one after another; the archive is there when the ``with`` ends well, and not before."""

    def __init__(self, path: Path, head: Head, tell: Tell = lambda _: None) -> None:
        self._path = path
        self._unfinished = path.with_name(f"{path.name}.unfinished")
        self._tell = tell
        self._done = 0
        self._sums: dict[str, Sum] = {}
        descriptor = os.open(self._unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._raw = os.fdopen(descriptor, "wb")
        self._zipped = gzip.GzipFile(filename="", fileobj=self._raw, mode="wb", compresslevel=FAST)
        self._tar = tarfile.TarFile(fileobj=self._zipped, mode="w", format=tarfile.PAX_FORMAT)
        self.add_bytes(HEAD, msgspec.json.encode(head))

    def add_bytes(self, name: str, content: bytes) -> None:
        self._add(name, io.BytesIO(content), len(content))

    def add_file(self, name: str, file: Path) -> bool:
        """As long as it is now: what is written to it meanwhile is left. False: it is not there (any more)."""
        try:
            opened = file.open("rb")
        except FileNotFoundError:
            return False
        with opened:
            self._add(name, opened, os.fstat(opened.fileno()).st_size)
        return True

    def _add(self, name: str, content: IO[bytes], size: int) -> None:
        member = tarfile.TarInfo(name)
        member.size = size
        member.mode = 0o600
        summed = _Summed(content, self._told)
        self._tar.addfile(member, summed)  # OSError when there is less than `size`
        self._sums[name] = Sum(size=size, sha256=summed.digest.hexdigest())

    def _told(self, count: int) -> None:
        self._done += count
        self._tell(self._done)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._raw.close()
            self._unfinished.unlink(missing_ok=True)
            return
        sums = msgspec.json.encode(self._sums)
        member = tarfile.TarInfo(LIST)
        member.size, member.mode = len(sums), 0o600
        self._tar.addfile(member, io.BytesIO(sums))
        self._tar.close()
        self._zipped.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()
        self._unfinished.replace(self._path)
        sync_folder(self._path.absolute().parent)


def unpack(path: Path, folder: Path | None, tell: Tell = lambda _: None) -> Head:
    """All members into ``folder`` (None: only looked at). DataError: it cannot be believed; then nor can the folder."""
    try:
        with gzip.open(path) as zipped:
            with tarfile.open(fileobj=zipped, mode="r|") as tar:
                head = _Unpacking(path, folder, tell).read(tar)
            while zipped.read(PORTION):  # to its end, where the whole file's own checksum stands
                pass
            return head
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, msgspec.DecodeError, UnicodeError) as error:
        raise _wrong(path, f"the archive is damaged or cut off: {error}") from error


class _Unpacking:
    def __init__(self, path: Path, folder: Path | None, tell: Tell) -> None:
        self._path = path
        self._folder = folder
        self._tell = tell
        self._done = 0
        self._found: dict[str, Sum] = {}

    def read(self, tar: tarfile.TarFile) -> Head:
        head: Head | None = None
        sums: dict[str, Sum] | None = None
        for member in tar:
            content = tar.extractfile(member) if member.isreg() else None
            if sums is not None or content is None:
                raise _wrong(self._path, f"{member.name} does not belong into an archive")
            if head is None:
                head = self._head(member, content)
            elif member.name == LIST:
                sums = msgspec.json.decode(content.read(LIST_BYTES_MAX), type=dict[str, Sum])
            else:
                self._member(member, content)
        if head is None or sums is None:
            raise _wrong(self._path, "the archive is cut off: its end is missing")
        self._compare(sums)
        return head

    def _head(self, member: tarfile.TarInfo, content: IO[bytes]) -> Head:
        if member.name != HEAD:
            raise _wrong(self._path, "this is no archive of a centre", "made by `ieum backup`")
        body = content.read(PORTION)
        head = msgspec.json.decode(body, type=Head)
        if head.format > FORMAT:
            raise _wrong(self._path, f"the archive's format is {head.format}", f"this release reads format {FORMAT}")
        self._found[HEAD] = Sum(size=len(body), sha256=hashlib.sha256(body).hexdigest())
        return head

    def _member(self, member: tarfile.TarInfo, content: IO[bytes]) -> None:
        inside = PurePosixPath(member.name)
        if inside.is_absolute() or ".." in inside.parts or member.name in self._found:
            raise _wrong(self._path, f"{member.name} does not belong into an archive")
        summed = _Summed(content, self._told)
        if self._folder is None:
            while summed.read(PORTION):
                pass
        else:
            self._write(self._folder / inside, summed)
        self._found[member.name] = Sum(size=member.size, sha256=summed.digest.hexdigest())

    def _write(self, file: Path, content: "_Summed") -> None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            while portion := content.read(PORTION):
                out.write(portion)
            out.flush()
            os.fsync(out.fileno())

    def _told(self, count: int) -> None:
        self._done += count
        self._tell(self._done)

    def _compare(self, sums: dict[str, Sum]) -> None:
        missing = [name for name in sums if name not in self._found]
        if missing:
            raise _wrong(self._path, f"{missing[0]} is missing from the archive")
        for name, found in self._found.items():
            if sums.get(name) != found:
                raise _wrong(self._path, f"{name} is not what was saved", "take another backup")


class _Summed(io.RawIOBase):
    """Reads on, and keeps the checksum of what was read."""

    def __init__(self, content: IO[bytes], tell: Tell) -> None:
        self._content = content
        self._tell = tell
        self.digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        portion = self._content.read(size)
        self.digest.update(portion)
        self._tell(len(portion))
        return portion


def _wrong(path: Path, what: str, hint: str = "") -> DataError:
    return DataError(file=str(path), line=0, what=what, hint=hint)
