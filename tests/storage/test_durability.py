"""Acknowledged is durable: shown by killing the process, and by watching its system calls.

A kill proves nothing about the disk, because the kernel keeps what was written; that the sync comes before the
acknowledgement, and that a file whose sync failed is never synced again, is seen with strace.
"""

import asyncio
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cti_server.core.vocabulary import PersonalRef
from cti_server.storage.data_folder import DataFolder
from cti_server.storage.journal import SqliteJournal

ROOT = Path(__file__).resolve().parents[2]
KILLS = 8
TIMEOUT_S = 60


def acknowledging(data: Path, spool: Path, *count: str) -> list[str]:
    return [sys.executable, "-m", "tests.storage.acknowledging", str(data), str(spool), *count]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def acknowledged(output: str) -> list[tuple[int, str]]:
    return [(int(seq), where) for seq, where in re.findall(r"^ack (\d+) (\w+)$", output, re.MULTILINE)]


def check_everything_is_there(data: Path, seq: int, spool: Path) -> int:
    """Folds the journal; gives its last seq."""

    async def work() -> int:
        journal = SqliteJournal(DataFolder(data), spool=spool)
        try:
            restored = journal.restore_now()
            assert restored.folded == journal.last_seq >= seq
            texts = await journal.personal([PersonalRef(number * 10) for number in range(1, 4)])
            assert list(texts.values()) == [f"text {ref}" for ref in texts]
            return journal.last_seq
        finally:
            await journal.close()

    return asyncio.run(work())


def test_what_was_acknowledged_survives_kills(tmp_path: Path) -> None:
    """One journal, killed again and again at another place, is opened again at once."""
    chance = random.Random(2)
    data, spool = tmp_path / "data", tmp_path / "spool"
    for _ in range(KILLS):
        command = acknowledging(data, spool)
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environment(), text=True) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(chance.randint(1, 60))]
            process.send_signal(signal.SIGKILL)
            lines += process.stdout.readlines()
        acks = acknowledged("".join(line for line in lines if line.endswith("\n")))
        assert acks
        check_everything_is_there(data, acks[-1][0], spool)


@pytest.fixture
def strace() -> str:
    found = shutil.which("strace")
    if found is None:
        pytest.skip("strace is not installed (Debian's package strace)")
    probe = subprocess.run([found, "-o", "/dev/null", "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip("strace may not trace here")
    return found


def traced(strace: str, options: list[str], command: list[str], log: Path) -> str:
    """The log of the system calls."""
    run = subprocess.run(
        [strace, "-f", "-y", "-o", str(log), *options, *command],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return log.read_text(errors="replace")


def test_the_log_is_synced_between_its_last_write_and_the_acknowledgement(strace: str, tmp_path: Path) -> None:
    data, spool = tmp_path / "data", tmp_path / "spool"
    command = acknowledging(data, spool, "20")
    calls = "trace=fdatasync,fsync,pwrite64,write"
    is_synced, acks = False, 0
    for line in traced(strace, ["-e", calls], command, tmp_path / "calls").splitlines():
        if "pwrite64(" in line and "journal.db-wal" in line:
            is_synced = False
        elif re.search(r"\b(fdatasync|fsync)\b.*= 0$", line):  # whole, or the end of one that was interrupted
            is_synced = True
        elif re.search(r'write\(1<.*"ack \d+ journal', line):
            assert is_synced, f"acknowledged before it was synced: {line}"
            acks += 1
    assert acks == 20


def test_a_file_whose_sync_failed_is_never_synced_again(strace: str, tmp_path: Path) -> None:
    """A sync of the log fails; what follows is in the spool, and nothing of it is lost or doubled."""
    data, spool = tmp_path / "data", tmp_path / "spool"
    wal = data / "journal.db-wal"
    inject = ["-P", str(wal), "-e", "trace=fdatasync,fsync", "-e", "inject=fdatasync,fsync:error=EIO:when=8+"]
    log = traced(strace, inject, acknowledging(data, spool, "30"), tmp_path / "calls")
    syncs = [line for line in log.splitlines() if "sync(" in line and "journal.db-wal" in line]
    failed = [index for index, line in enumerate(syncs) if "EIO" in line]
    assert len(failed) == 1, log
    assert failed[0] == len(syncs) - 1
    last = check_everything_is_there(data, 90, spool)
    assert last == 90
    assert not (spool / "spool.db").exists()
