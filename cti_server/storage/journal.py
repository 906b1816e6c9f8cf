"""The journal as the engine uses it: one storage thread, and what happens when the disk fails.

A file whose append failed is never synced again (after a failed fsync the kernel may call lost pages clean). From then
on the store is *degraded*: events go to a spool, a second journal file in another folder, or, when that fails as well,
wait in memory. ``try_return`` copies the old file into a new one, puts spool and memory behind it, each event once, and
gives it the old one's name. It decides nothing about calls; who may still promise what is the engine's matter.

Where an interrupted return is found at start, it is finished. A spool found at start is taken over in the same way.
"""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import structlog

from cti_server.core.errors import DataError, Unavailable
from cti_server.core.events import Event
from cti_server.core.state import State, schema_hash
from cti_server.core.vocabulary import PersonalRef
from cti_server.storage.data_folder import DataFolder, DataLock, sync_folder
from cti_server.storage.event_codec import Row, encode
from cti_server.storage.journal_file import JournalFile, JournalReader
from cti_server.storage.restore import Restored, restore
from cti_server.storage.snapshots import Snapshot, Snapshots

TIDY_EVERY = 1_000
"""Appends after which the log is moved into the database: about as many as fit the room made for it."""
UNSAVED_MAX = 200_000
"""Events that may wait in memory when both folders fail (hours of a busy centre); beyond it no new call is taken."""

log = structlog.get_logger(__name__)
_Result = TypeVar("_Result")
_Batch = tuple[Sequence[Row], Mapping[int, str]]
_DISK_ERRORS = (sqlite3.Error, OSError)


class Durability(StrEnum):
    """Where the last append went."""

    JOURNAL = "journal"
    SPOOL = "spool"
    MEMORY = "memory"


class SqliteJournal:
    """The port `Journal`, with a spool behind it. All methods but the constructor are called in the event loop."""

    def __init__(self, folder: DataFolder, *, spool: Path | None = None) -> None:
        """Opens and locks; blocks, so it is for the start. DataFolderInUse, DataError: see there."""
        folder.prepare()
        self._lock = DataLock(folder)
        self._path = folder.journal
        self._ready_path = folder.journal.with_name("journal-returning.db")
        self._spool_path = (spool or folder.spool) / "spool.db"
        self._snapshots = Snapshots(folder.snapshots, schema_hash())
        self._journal: JournalFile | None = None
        self._spool: JournalFile | None = None
        self._unsaved: list[_Batch] = []
        self._unsaved_count = 0
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="storage")
        self._keeper = ThreadPoolExecutor(1, thread_name_prefix="storage-keeper")
        self._is_returning = False
        try:
            self.durability = Durability.JOURNAL
            self._open()
            self.last_seq, self.last_at = self._last()
            self._appends = 0
            self._tidying: asyncio.Future[None] | None = None
        except BaseException:
            self._lock.release()
            raise

    @property
    def is_degraded(self) -> bool:
        return self.durability is not Durability.JOURNAL

    @property
    def kept_durably(self) -> bool:
        """The last append is on a disk."""
        return self.durability is not Durability.MEMORY

    @property
    def is_full(self) -> bool:
        """No more calls should be begun: what they make could not even be remembered."""
        return self._unsaved_count >= UNSAVED_MAX

    async def append(self, events: Sequence[Event], personal: Mapping[PersonalRef, str]) -> int:
        """Gives the seq of the last event. Afterwards ``durability`` tells where they are; it never
        fails for want of a disk. TypeError: an event cannot be stored, which is our own bug."""
        rows = encode(events, self.last_seq + 1)
        self.durability = await self._in_writer(self._write, (rows, dict(personal)))
        self.last_seq = rows[-1].seq
        self.last_at = rows[-1].at
        self._appends += 1
        if self._appends >= TIDY_EVERY and not self.is_degraded:
            self._appends = 0
            self._tidying = asyncio.get_running_loop().run_in_executor(self._keeper, self._tidy)
        return self.last_seq

    def restore_now(self) -> Restored:
        """The state as of the last event. Blocks: for the start, before the loop runs. DataError: see there."""
        return restore(
            self._snapshots.newest_first(up_to=self.last_seq), lambda seq: self._read_rows(after=seq), self._personal
        )

    async def restore(self) -> State:
        """The same while the loop runs; no append may be under way."""
        return (await self._in_writer(self.restore_now)).state

    async def personal(self, refs: Sequence[PersonalRef]) -> dict[int, str | None]:
        """Texts by reference; those erased are None, those unknown are absent."""
        return await self._in_writer(self._personal, refs)

    async def erase(self, refs: Sequence[PersonalRef]) -> None:
        """Forget these texts for ever. Unavailable while degraded."""
        await self._in_writer(self._erase, list(refs))

    async def keep_snapshot(self, seq: int, content: bytes) -> None:
        """Write it beside the appends. A failure is an alarm, not an error. Not while degraded."""
        if not self.is_degraded:
            await asyncio.get_running_loop().run_in_executor(self._keeper, self._keep, Snapshot(seq, content))

    async def try_return(self) -> bool:
        """While degraded: make a good journal again. False: not possible yet. Appends go on meanwhile."""
        if not self.is_degraded or self._is_returning:
            return not self.is_degraded
        self._is_returning = True
        try:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._keeper, self._copy_old)
            await self._in_writer(self._put_in_place)
            self.durability = Durability.JOURNAL
        except (*_DISK_ERRORS, DataError) as error:
            log.warning("journal_still_unavailable", error=str(error))
            return False
        finally:
            self._is_returning = False
        log.warning("journal_returned", last_seq=self.last_seq)
        return True

    async def close(self) -> None:
        """Waits for what was begun. A degraded store leaves its spool for the next start."""
        await asyncio.get_running_loop().run_in_executor(self._keeper, lambda: None)
        await self._in_writer(self._close)
        self._writer.shutdown()
        self._keeper.shutdown()
        self._lock.release()

    # --- in the storage thread ---------------------------------------------------------------------------------------

    async def _in_writer(self, work: Callable[..., _Result], *arguments: object) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work, *arguments)

    def _write(self, batch: _Batch) -> Durability:
        if self._journal is not None:
            try:
                self._journal.append(*batch)
                return Durability.JOURNAL
            except _DISK_ERRORS as error:
                log.error("journal_failed", error=str(error), file=str(self._path), last_seq=self.last_seq)
                self._journal.abandon()
                self._journal = None
        return self._write_spool(batch)

    def _write_spool(self, batch: _Batch) -> Durability:
        if not self._unsaved:
            try:
                self._spool = self._spool or self._new_spool()
                self._spool.append(*batch)
                return Durability.SPOOL
            except (*_DISK_ERRORS, DataError) as error:
                log.error("spool_failed", error=str(error), file=str(self._spool_path))
                # What the spool had is durable and stays; the file itself takes nothing more.
        self._unsaved.append(batch)
        self._unsaved_count += len(batch[0])
        return Durability.MEMORY

    def _new_spool(self) -> JournalFile:
        self._spool_path.parent.mkdir(parents=True, exist_ok=True)
        return JournalFile(self._spool_path)

    def _read_rows(self, *, after: int) -> Iterator[Row]:
        """All events after a seq, wherever they are."""
        spool_first = self._spool.first_seq() if self._spool else 0
        if self._path.exists():
            reader = JournalReader(self._path)
            yield from reader.all_rows(after=after, before=spool_first or self._unsaved_first())
            reader.close()
        if spool_first:
            reader = JournalReader(self._spool_path)
            yield from reader.all_rows(after=after)
            reader.close()
        for rows, _ in self._unsaved:
            yield from (row for row in rows if row.seq > after)

    def _personal(self, refs: Sequence[int]) -> dict[int, str | None]:
        found: dict[int, str | None] = {}
        for path in (self._path, self._spool_path):
            if path.exists():
                reader = JournalReader(path)
                found.update(reader.personal(refs))
                reader.close()
        for _, personal in self._unsaved:
            found.update({ref: personal[ref] for ref in refs if ref in personal})
        return found

    def _erase(self, refs: list[int]) -> None:
        if self._journal is None:
            raise Unavailable("the journal cannot be written now")
        self._journal.erase(refs)

    def _close(self) -> None:
        if self._journal is not None:
            self._journal.close()
        if self._spool is not None:
            self._spool.close()

    # --- in the keeper's thread --------------------------------------------------------------------------------------

    def _keep(self, snapshot: Snapshot) -> None:
        try:
            self._snapshots.write(snapshot)
        except OSError as error:
            log.error("snapshot_failed", error=str(error))

    def _tidy(self) -> None:
        """Move the log into the database, so that it is written from its beginning again."""
        if self._journal is None:
            return
        try:
            tidying = JournalFile(self._path)
            tidying.checkpoint()
            tidying.close()
        except (*_DISK_ERRORS, DataError) as error:
            log.error("log_not_tidied", error=str(error))

    def _copy_old(self) -> None:
        """The slow half of a return: everything before the spool, in a new file with a name of its own."""
        unfinished = self._unfinished_path
        _remove(unfinished)
        if self._path.exists():
            reader = JournalReader(self._path)
            try:
                reader.copy_to(unfinished)
            finally:
                reader.close()

    # --- returning ---------------------------------------------------------------------------------------------------

    @property
    def _unfinished_path(self) -> Path:
        return self._path.with_name("journal-unfinished.db")

    def _put_in_place(self) -> None:
        """The short half: nothing is appended while it runs."""
        fresh = JournalFile(self._unfinished_path)
        try:
            fresh.take_over(self._spool_path if self._spool_path.exists() else None, self._unsaved)
        finally:
            fresh.close()  # moves its log into the file and removes it, so that the file stands alone
        _sync_file(self._unfinished_path)
        self._unfinished_path.replace(self._ready_path)
        sync_folder(self._path.parent)
        self._finish_return()
        self._journal = JournalFile(self._path)

    def _finish_return(self) -> None:
        """From here on the new file is the truth; each step can be repeated after a crash."""
        _remove(self._path, keep_main=True)
        self._ready_path.replace(self._path)
        sync_folder(self._path.parent)
        if self._spool is not None:
            self._spool.abandon()
            self._spool = None
        _remove(self._spool_path)
        self._unsaved.clear()
        self._unsaved_count = 0

    # --- at start ----------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        if self._ready_path.exists():
            self._finish_return()
        if self._spool_path.exists():
            try:
                self._copy_old()
                self._put_in_place()
            except (*_DISK_ERRORS, DataError) as error:
                log.error("journal_unavailable_at_start", error=str(error), file=str(self._path))
                self._spool = JournalFile(self._spool_path)
                self.durability = Durability.SPOOL
                return
        else:
            self._journal = JournalFile(self._path)
            self._journal.make_room()
            sync_folder(self._path.parent)

    def _last(self) -> tuple[int, int]:
        last = (0, 0)
        for file in (self._journal, self._spool):
            if file is not None:
                last = max(last, file.last())
        if self._journal is None and self._path.exists() and last == (0, 0):
            reader = JournalReader(self._path)
            rows = reader.rows(after=reader.last_seq() - 1)
            reader.close()
            last = (rows[-1].seq, rows[-1].at) if rows else last
        return last

    def _unsaved_first(self) -> int | None:
        return self._unsaved[0][0][0].seq if self._unsaved else None


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path, *, keep_main: bool = False) -> None:
    for suffix in ("-wal", "-shm", "" if not keep_main else "-wal"):
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{suffix}").unlink()
