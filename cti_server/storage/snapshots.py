"""Snapshots of the state: files that spare a long fold. A cache with a schema hash; losing them loses nothing.

A file says of itself which seq it stands for, which schema it was written with, and its own checksum. One that does not
fit in any of these is passed over, and the next older one, or the whole journal, is used.

The newest few are for restoring. Of the older ones the first of each stretch of ``STRETCH`` events stays, so that a
question about last week need not read the journal from its beginning: at most ``KEPT_OLD`` of them, and together with
the newest no more than ``BYTES_MAX``; beyond that the oldest go.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cti_server.storage.data_folder import sync_folder

MAGIC = b"ieum-snapshot-1\n"
KEPT = 3
STRETCH = 50_000
"""Events between two that stay: half a second of folding."""
KEPT_OLD = 200
BYTES_MAX = 512 * 1024 * 1024
HEADER_BYTES = 200
_NAME = re.compile(r"(\d{12})\.snapshot\Z")


class Snapshot(NamedTuple):
    seq: int
    content: bytes


class Snapshots:
    def __init__(self, folder: Path, schema_hash: str) -> None:
        self._folder = folder
        self._schema = schema_hash

    def write(self, snapshot: Snapshot, *, is_latest: bool = True) -> None:
        """Whole or not at all. ``is_latest``: of the journal's end, so that newer ones are of a journal that was put
        back since. OSError: it is not there, and nothing else is harmed."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{snapshot.seq:012}.snapshot"
        unfinished = path.with_suffix(".unfinished")
        body = _header(snapshot, self._schema) + snapshot.content
        try:
            with unfinished.open("wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        sync_folder(self._folder)
        for other in self._superfluous(snapshot.seq if is_latest else None):
            other.unlink(missing_ok=True)

    def newest_first(self, *, up_to: int) -> Iterator[Snapshot]:
        """Those that can be read and are of this schema. ``up_to``: the journal's last seq; newer ones are passed over
        (the journal was restored from a backup)."""
        for path in self._paths():
            snapshot = self._read(path) if _seq(path) <= up_to else None
            if snapshot is not None:
                yield snapshot

    def _superfluous(self, last: int | None) -> list[Path]:
        """What is not to be kept. ``last``: the journal's end, where it is known."""
        paths = [path for path in self._paths() if last is None or _seq(path) <= last]
        newest, older = paths[:KEPT], [path for path in paths[KEPT:] if self._is_ours(path)]
        kept = newest + list({_seq(path) // STRETCH: path for path in older}.values())[:KEPT_OLD]
        sizes = {path: path.stat().st_size for path in kept}
        while len(kept) > KEPT and sum(sizes[path] for path in kept) > BYTES_MAX:
            kept.pop()
        return [path for path in self._paths() if path not in kept]

    def _is_ours(self, path: Path) -> bool:
        with path.open("rb") as file:
            return f"schema {self._schema}\n".encode() in file.read(HEADER_BYTES)

    def _read(self, path: Path) -> Snapshot | None:
        try:
            body = path.read_bytes()
        except OSError:
            return None
        header, _, content = body.partition(b"\n\n")
        snapshot = Snapshot(_seq(path), content)
        return snapshot if header + b"\n\n" == _header(snapshot, self._schema) else None

    def _paths(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return sorted((path for path in self._folder.iterdir() if _NAME.search(path.name)), reverse=True)


def _seq(path: Path) -> int:
    return int(path.stem)


def _header(snapshot: Snapshot, schema: str) -> bytes:
    digest = hashlib.sha256(snapshot.content).hexdigest()
    return MAGIC + f"seq {snapshot.seq}\nschema {schema}\nsha256 {digest}\n\n".encode()
