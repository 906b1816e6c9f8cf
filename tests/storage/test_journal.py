"""The journal: what was acknowledged is there, whatever happens to the process or the disk."""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cti_server.core.errors import DataError
from cti_server.core.vocabulary import CallId, PersonalRef
from cti_server.storage.data_folder import DataFolder, DataFolderInUse
from cti_server.storage.journal import Durability, SqliteJournal
from cti_server.storage.journal_file import JournalFile, JournalReader
from tests.storage.sample_calls import NUMBER, call_arrives, call_clears
from tests.storage.small_tmpfs import fill, small_tmpfs

Work = Callable[[SqliteJournal], Coroutine[Any, Any, None]]


def with_journal(folder: DataFolder, work: Work) -> None:
    async def run() -> None:
        journal = SqliteJournal(folder)
        try:
            await work(journal)
        finally:
            await journal.close()

    asyncio.run(run())


def stored_seqs(folder: DataFolder) -> list[int]:
    with closing(JournalReader(folder.journal)) as reader:
        return [row.seq for row in reader.all_rows(after=0)]


def test_events_are_numbered_without_gaps_and_come_back_as_state(folder: DataFolder) -> None:
    async def work(journal: SqliteJournal) -> None:
        assert await journal.append(call_arrives(1), {NUMBER: "01012345678"}) == 2
        assert await journal.append(call_arrives(11), {}) == 4
        state = await journal.restore()
        assert set(state.calls) == {1, 11}
        assert state.personal == {NUMBER: "01012345678"}

    with_journal(folder, work)
    assert stored_seqs(folder) == [1, 2, 3, 4]


def test_numbering_goes_on_after_a_restart(folder: DataFolder) -> None:
    async def first(journal: SqliteJournal) -> None:
        await journal.append(call_arrives(1, at=7), {})

    async def second(journal: SqliteJournal) -> None:
        assert (journal.last_seq, journal.last_at) == (2, 7)
        assert await journal.append(call_clears(1), {}) == 3

    with_journal(folder, first)
    with_journal(folder, second)


def test_a_snapshot_spares_the_fold_and_gives_the_same_state(folder: DataFolder) -> None:
    from cti_server.core.state import encode_snapshot

    async def work(journal: SqliteJournal) -> None:
        await journal.append(call_arrives(1), {NUMBER: "010"})
        await journal.keep_snapshot(journal.last_seq, encode_snapshot(journal.restore_now().state))
        await journal.append(call_arrives(11), {})
        restored = journal.restore_now()
        assert (restored.snapshot_seq, restored.folded) == (2, 2)
        assert restored.state.personal == {NUMBER: "010"}
        for path in folder.snapshots.iterdir():
            path.unlink()
        assert journal.restore_now().state == restored.state

    with_journal(folder, work)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other schema"])
def test_a_damaged_snapshot_falls_back_to_the_fold(folder: DataFolder, damage: str) -> None:
    from cti_server.core.state import encode_snapshot

    async def work(journal: SqliteJournal) -> None:
        await journal.append(call_arrives(1), {})
        await journal.keep_snapshot(journal.last_seq, encode_snapshot(journal.restore_now().state))
        (path,) = folder.snapshots.iterdir()
        content = path.read_bytes()
        damaged = {
            "cut": content[:-1],
            "flip": content[:-1] + bytes([content[-1] ^ 1]),
            "empty": b"",
            "other schema": content.replace(b"schema ", b"schema 0"),
        }
        path.write_bytes(damaged[damage])
        restored = journal.restore_now()
        assert (restored.snapshot_seq, restored.folded) == (0, 2)

    with_journal(folder, work)


def test_a_snapshot_newer_than_the_journal_is_passed_over(folder: DataFolder) -> None:
    from cti_server.core.state import encode_snapshot

    async def work(journal: SqliteJournal) -> None:
        await journal.append(call_arrives(1), {})
        await journal.keep_snapshot(99, encode_snapshot(journal.restore_now().state))
        assert journal.restore_now().snapshot_seq == 0

    with_journal(folder, work)


def test_a_damaged_event_is_named_and_never_skipped(folder: DataFolder) -> None:
    async def work(journal: SqliteJournal) -> None:
        await journal.append(call_arrives(1), {})

    with_journal(folder, work)
    with closing(sqlite3.connect(folder.journal)) as connection, connection:
        connection.execute("UPDATE events SET body = substr(body, 1, 20) WHERE seq = 2")
    with pytest.raises(DataError, match=r"event 2 \(CallLanguageSet\)"):
        asyncio.run(_restore_only(folder))


def test_a_missing_event_is_named(folder: DataFolder) -> None:
    async def work(journal: SqliteJournal) -> None:
        await journal.append(call_arrives(1) + call_clears(1), {})

    with_journal(folder, work)
    with closing(sqlite3.connect(folder.journal)) as connection, connection:
        connection.execute("DELETE FROM events WHERE seq = 2")
    with pytest.raises(DataError, match="events 2 to 2 are missing"):
        asyncio.run(_restore_only(folder))


def test_a_file_that_is_no_journal_is_refused_and_left_alone(folder: DataFolder) -> None:
    folder.prepare()
    folder.journal.write_bytes(b"not a database, " * 200)
    with pytest.raises(DataError, match="cannot be used as a journal"):
        SqliteJournal(folder)
    assert folder.journal.read_bytes().startswith(b"not a database")


def test_a_newer_format_is_refused(folder: DataFolder) -> None:
    folder.prepare()
    with closing(sqlite3.connect(folder.journal)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(DataError, match="journal format 99"):
        SqliteJournal(folder)


def test_one_centre_per_data_folder(folder: DataFolder) -> None:
    async def work(_: SqliteJournal) -> None:
        with pytest.raises(DataFolderInUse, match="in use by another centre"):
            SqliteJournal(folder)

    with_journal(folder, work)
    with_journal(folder, _nothing)


def test_an_event_with_a_secret_is_our_bug_and_stores_nothing(folder: DataFolder) -> None:
    async def work(journal: SqliteJournal) -> None:
        from cti_server.core.events import CallLanguageSet
        from cti_server.core.vocabulary import Micros, Secret

        bad = CallLanguageSet(at=Micros(1), call=CallId(1), language=Secret("1234"))  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            await journal.append([*call_arrives(1), bad], {})
        assert await journal.append(call_arrives(1), {}) == 2

    with_journal(folder, work)


def test_erased_text_is_gone_from_the_answers_and_from_the_disk(folder: DataFolder) -> None:
    async def work(journal: SqliteJournal) -> None:
        await journal.append(call_arrives(1), {NUMBER: "01099998888", PersonalRef(901): "stays"})
        await journal.erase([NUMBER])
        assert await journal.personal([NUMBER, PersonalRef(901)]) == {NUMBER: None, 901: "stays"}
        assert (await journal.restore()).personal == {}
        for path in folder.path.glob("journal.db*"):
            assert b"01099998888" not in path.read_bytes()

    with_journal(folder, work)


# --- when the disk fails ---------------------------------------------------------------------------------------------


def test_a_full_disk_sends_events_to_the_spool_and_back_exactly_once(tmp_path: Path) -> None:
    with small_tmpfs(tmp_path / "full", size_kib=1024) as disk:
        folder = DataFolder(disk / "data")

        async def work() -> None:
            journal = SqliteJournal(folder, spool=tmp_path / "spool")
            await journal.append(call_arrives(1), {NUMBER: "010"})
            filler = fill(disk)
            seq = 2
            for call in range(11, 600, 2):
                seq += 2
                assert await journal.append(call_arrives(call), {PersonalRef(call + 1000): "x" * 100}) == seq
            assert journal.durability is Durability.SPOOL
            assert not await journal.try_return(), "there is no room yet"
            filler.unlink()
            await journal.append(call_clears(1), {})
            assert journal.durability is Durability.SPOOL, "the file that failed is not used again"
            assert await journal.try_return()
            await journal.append(call_clears(11), {})
            assert journal.durability is Durability.JOURNAL
            restored = journal.restore_now()
            assert restored.folded == seq + 2
            assert await journal.personal([NUMBER, PersonalRef(1599)]) == {NUMBER: "010", 1599: "x" * 100}
            await journal.close()

        asyncio.run(work())
        assert stored_seqs(folder) == list(range(1, stored_seqs(folder)[-1] + 1))
        assert not (tmp_path / "spool" / "spool.db").exists()


def fail_appends_to(name: str, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The disk fails below the file of this name, after the rows were written and before they were durable."""
    real = JournalFile.append
    failing = [Path(name)]

    def append(self: JournalFile, rows: Any, personal: Any) -> None:
        if any(self.path.name == path.name for path in failing):
            raise sqlite3.OperationalError("disk I/O error")
        real(self, rows, personal)

    monkeypatch.setattr(JournalFile, "append", append)
    return failing


def test_a_spool_that_outlived_its_process_is_taken_over_at_start(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def degraded(journal: SqliteJournal) -> None:
        await journal.append(call_arrives(1), {})
        failing = fail_appends_to("journal.db", monkeypatch)
        await journal.append(call_arrives(11), {NUMBER: "010"})
        assert journal.durability is Durability.SPOOL
        failing.clear()

    async def afterwards(journal: SqliteJournal) -> None:
        assert journal.durability is Durability.JOURNAL
        assert journal.last_seq == 4
        state = await journal.restore()
        assert set(state.calls) == {1, 11}
        assert await journal.personal([NUMBER]) == {NUMBER: "010"}

    with_journal(folder, degraded)
    with_journal(folder, afterwards)
    assert stored_seqs(folder) == [1, 2, 3, 4]


def test_what_the_failed_append_left_in_the_file_is_replaced_not_doubled(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failed sync nobody knows whether the transaction is in the file. Here it is."""
    real = JournalFile.append

    async def work(journal: SqliteJournal) -> None:
        await journal.append(call_arrives(1), {})

        def append_and_fail(self: JournalFile, rows: Any, personal: Any) -> None:
            real(self, rows, personal)
            if self.path.name == "journal.db":
                raise sqlite3.OperationalError("disk I/O error")

        monkeypatch.setattr(JournalFile, "append", append_and_fail)
        await journal.append(call_arrives(11), {})
        monkeypatch.setattr(JournalFile, "append", real)
        await journal.append(call_clears(11), {})
        assert len((await journal.restore()).calls) == 2
        assert await journal.try_return()
        assert journal.restore_now().folded == 5

    with_journal(folder, work)
    assert stored_seqs(folder) == [1, 2, 3, 4, 5]


def test_when_the_spool_fails_too_events_wait_in_memory_and_are_kept_in_the_end(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(journal: SqliteJournal) -> None:
        await journal.append(call_arrives(1), {})
        failing = fail_appends_to("journal.db", monkeypatch)
        await journal.append(call_arrives(11), {})
        failing.append(Path("spool.db"))
        await journal.append(call_arrives(21), {NUMBER: "010"})
        assert journal.durability is Durability.MEMORY
        assert not journal.kept_durably
        assert set((await journal.restore()).calls) == {1, 11, 21}
        assert await journal.personal([NUMBER]) == {NUMBER: "010"}
        failing.clear()
        assert await journal.try_return()
        assert journal.kept_durably

    with_journal(folder, work)
    assert stored_seqs(folder) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("step", ["ready", "old log removed"])
def test_an_interrupted_return_is_finished_at_the_next_start(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    class PowerCut(BaseException):
        pass

    async def cut_off(journal: SqliteJournal) -> None:
        await journal.append(call_arrives(1), {})
        failing = fail_appends_to("journal.db", monkeypatch)
        await journal.append(call_arrives(11), {})
        failing.clear()
        real = SqliteJournal._finish_return

        def finish(self: SqliteJournal) -> None:
            if step == "old log removed":
                for suffix in ("-wal", "-shm"):
                    Path(f"{folder.journal}{suffix}").unlink()
            raise PowerCut

        monkeypatch.setattr(SqliteJournal, "_finish_return", finish)
        with pytest.raises(PowerCut):
            await journal.try_return()
        monkeypatch.setattr(SqliteJournal, "_finish_return", real)

    async def afterwards(journal: SqliteJournal) -> None:
        assert journal.restore_now().folded == 4

    with_journal(folder, cut_off)
    with_journal(folder, afterwards)
    assert stored_seqs(folder) == [1, 2, 3, 4]


async def _nothing(_: SqliteJournal) -> None: ...


async def _restore_only(folder: DataFolder) -> None:
    journal = SqliteJournal(folder)
    try:
        await journal.restore()
    finally:
        await journal.close()
