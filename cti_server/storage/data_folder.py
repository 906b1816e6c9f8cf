"""Where a centre keeps its things, and that only one centre runs there at a time."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from cti_server.core.errors import IeumError


class DataFolderInUse(IeumError):
    """Another centre runs in this folder."""


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Names only; nothing is made until ``prepare``."""

    path: Path

    @property
    def config(self) -> Path:
        return self.path / "config"

    @property
    def secrets(self) -> Path:
        return self.path / "secrets"

    @property
    def journal(self) -> Path:
        return self.path / "journal.db"

    @property
    def snapshots(self) -> Path:
        return self.path / "snapshots"

    @property
    def database(self) -> Path:
        return self.path / "ieum.db"

    @property
    def recordings(self) -> Path:
        return self.path / "recordings"

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def spool(self) -> Path:
        """Where events wait while the journal cannot be written; best configured to be on another disk."""
        return self.path / "spool"

    def prepare(self) -> None:
        """Make the folders that are missing, readable by the owner alone."""
        for folder in (self.path, self.config, self.secrets, self.snapshots, self.recordings, self.run, self.spool):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


class DataLock:
    """Held by the core process as long as it lives; the kernel lets go when it dies, however it dies."""

    def __init__(self, folder: DataFolder) -> None:
        self._path = folder.path / "lock"
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, 20).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise DataFolderInUse(
                f"{folder.path} is in use by another centre (process {holder or 'unknown'})"
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        os.close(self._descriptor)


def sync_folder(folder: Path) -> None:
    """Make names in the folder durable (a rename alone is not)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
