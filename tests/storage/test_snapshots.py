"""Which snapshots stay: the newest for restoring, one of each stretch for questions about the past, and no more."""

from pathlib import Path

import pytest

from cti_server.storage import snapshots as module
from cti_server.storage.snapshots import KEPT, STRETCH, Snapshot, Snapshots

EVERY = 10_000


def seqs(folder: Path) -> list[int]:
    return sorted(int(path.stem) for path in folder.iterdir())


def write(kept: Snapshots, *, upto: int, after: int = 0, size: int = 100) -> None:
    for seq in range(after + EVERY, upto + 1, EVERY):
        kept.write(Snapshot(seq, b"x" * size))


def test_the_first_of_each_stretch_stays_beside_the_newest(tmp_path: Path) -> None:
    kept = Snapshots(tmp_path, "now")
    write(kept, upto=5 * STRETCH)
    newest = [5 * STRETCH - n * EVERY for n in range(KEPT)]
    assert seqs(tmp_path) == sorted([EVERY, *(n * STRETCH for n in range(1, 5)), *newest])
    assert next(found.seq for found in kept.newest_first(up_to=3 * STRETCH + 1)) == 3 * STRETCH


def test_there_are_never_too_many_and_never_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Snapshots(tmp_path, "now")
    monkeypatch.setattr(module, "KEPT_OLD", 4)
    write(kept, upto=8 * STRETCH)
    assert len(seqs(tmp_path)) == KEPT + 4 and seqs(tmp_path)[0] == 4 * STRETCH
    monkeypatch.setattr(module, "BYTES_MAX", 1200)
    write(kept, after=8 * STRETCH, upto=8 * STRETCH + EVERY)
    assert KEPT < len(seqs(tmp_path)) < KEPT + 4
    monkeypatch.setattr(module, "BYTES_MAX", 1)
    write(kept, after=8 * STRETCH + EVERY, upto=8 * STRETCH + 2 * EVERY)
    assert len(seqs(tmp_path)) == KEPT


def test_those_of_another_schema_go_when_they_are_old(tmp_path: Path) -> None:
    write(Snapshots(tmp_path, "before"), upto=2 * STRETCH)
    write(Snapshots(tmp_path, "now"), after=2 * STRETCH, upto=4 * STRETCH)
    assert seqs(tmp_path)[0] == 2 * STRETCH + EVERY


def test_those_of_a_future_that_was_undone_go(tmp_path: Path) -> None:
    kept = Snapshots(tmp_path, "now")
    write(kept, upto=2 * STRETCH)
    kept.write(Snapshot(STRETCH + 5, b"after a backup was put back"))
    assert seqs(tmp_path)[-1] == STRETCH + 5
