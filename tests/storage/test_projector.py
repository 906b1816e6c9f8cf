"""The main database follows the journal exactly once, whatever happens on the way, on both engines."""

import itertools
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlalchemy import Connection, Engine, insert, make_url, select, text

from cti_server.core.events import AnyEvent
from cti_server.storage import database as database_module
from cti_server.storage import projector as projector_module
from cti_server.storage import tables as t
from cti_server.storage.call_history import HISTORY
from cti_server.storage.database import open_database
from cti_server.storage.projections import MAKERS, WITHOUT_ROWS
from cti_server.storage.projector import Projector
from cti_server.storage.queries import Queries
from cti_server.storage.schema import upgrade
from tests.storage import sample_day
from tests.storage.journals import WrittenJournal
from tests.storage.postgres import make_database
from tests.storage.sample_day import BEGIN, CALLBACK, CUSTOMER, KIM, LEE, SECOND, TEXTS, day

ROOT = Path(__file__).resolve().parents[2]
OFFSET = 2 * SECOND
TIMEOUT_S = 30


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[WrittenJournal]:
    written = WrittenJournal(tmp_path / "journal.db")
    yield written
    written.file.close()


@pytest.fixture
def projector(journal: WrittenJournal, database: Engine) -> Iterator[Projector]:
    made = Projector(journal.path, database)
    yield made
    made.close()


def everything(database: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every projection."""
    with database.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in t.PROJECTIONS
        }


def rows(database: Engine, table: Any, **where: Any) -> list[dict[str, Any]]:
    with database.connect() as connection:
        query = select(table).where(*(table.c[name] == value for name, value in where.items()))
        return [dict(row) for row in connection.execute(query).mappings()]


def utc(second: float) -> int:
    return BEGIN + int(second * SECOND) + OFFSET


def until(condition: Callable[[], bool]) -> None:
    done = threading.Event()
    for _ in range(int(TIMEOUT_S / 0.02)):
        if condition():
            return
        done.wait(0.02)
    raise AssertionError("it did not come about")


def test_every_event_makes_rows_or_is_known_to_make_none() -> None:
    assert set(MAKERS) | set(HISTORY) | WITHOUT_ROWS == set(get_args(AnyEvent))
    assert not (set(MAKERS) | set(HISTORY)) & WITHOUT_ROWS


def test_a_day_becomes_rows(journal: WrittenJournal, projector: Projector, database: Engine) -> None:
    journal.write(day(), TEXTS)
    assert projector.catch_up() == journal.last_seq
    (call,) = rows(database, t.calls, call=sample_day.ANSWERED)
    expected = {
        "direction": "inbound",
        "queue": "orders",
        "agent": KIM,
        "customer": CUSTOMER,
        "tier": "gold",
        "language": "ko",
        "verification": "verified",
        "arrived_at": utc(10),
        "queued_at": utc(16),
        "established_at": utc(20),
        "cleared_at": utc(80),
        "after_call_at": utc(80),
        "after_call_ended_at": utc(92),
        "waited_us": 4 * SECOND,
        "talk_us": 60 * SECOND,
        "hold_us": 5 * SECOND,
        "offers": 1,
        "recordings": 1,
        "cause": "caller_hung_up",
        "queue_exit": "answered",
        "disposition": "order",
        "subcode": "changed",
        "reason_1": "delivery",
        "reason_3": "today",
    }
    assert {name: call[name] for name in expected} == expected


def test_a_call_that_came_back_is_one_visit_and_two_offers(
    journal: WrittenJournal, projector: Projector, database: Engine
) -> None:
    journal.write(day(), TEXTS)
    projector.catch_up()
    (visit,) = rows(database, t.queue_visits, call=sample_day.RETURNED)
    assert (visit["entered_at"], visit["left_at"], visit["waited_us"]) == (utc(201), utc(226), 25 * SECOND)
    offers = rows(database, t.offers, call=sample_day.RETURNED)
    assert [(offer["agent"], offer["outcome"], offer["card"]) for offer in offers] == [
        (KIM, "missed", "shown"),
        (LEE, "answered", "shown"),
    ]


def test_agents_intervals_touch_and_tell_mode_and_occupation(
    journal: WrittenJournal, projector: Projector, database: Engine
) -> None:
    journal.write(day(), TEXTS)
    projector.catch_up()
    intervals = sorted(rows(database, t.agent_states, agent=KIM), key=lambda row: row["started_at"])
    assert all(first["ended_at"] == then["started_at"] for first, then in itertools.pairwise(intervals))
    assert [(row["mode"], row["occupation"], row["reason"]) for row in intervals] == [
        ("not_ready", "idle", "signed_in"),
        ("ready", "idle", ""),
        ("ready", "reserved", ""),
        ("ready", "alerting", ""),
        ("ready", "connected", ""),
        ("ready", "after_call_work", ""),
        ("ready", "idle", ""),
        ("ready", "reserved", ""),
        ("ready", "alerting", ""),
        ("ready", "idle", ""),
        ("not_ready", "idle", "missed_call"),
        ("logged_off", "idle", ""),
    ]
    assert intervals[-1]["ended_at"] is None
    lee = rows(database, t.agent_states, agent=LEE, ended_at=None)
    assert lee == [] or lee[0]["mode"] == "logged_off"


def test_a_callback_keeps_its_attempts(journal: WrittenJournal, projector: Projector, database: Engine) -> None:
    journal.write(day(), TEXTS)
    projector.catch_up()
    (callback,) = rows(database, t.callbacks, callback=CALLBACK)
    assert (callback["state"], callback["attempts"], callback["ended_at"]) == ("done", 2, utc(1335))
    attempts = rows(database, t.callback_attempts, callback=CALLBACK)
    assert sorted((row["attempt"], row["outcome"]) for row in attempts) == [(1, "busy"), (2, "done")]


# --- exactly once ----------------------------------------------------------------------------------------------------


def test_in_portions_or_at_once_the_rows_are_the_same(
    journal: WrittenJournal, projector: Projector, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.write(day(), TEXTS)
    projector.catch_up()
    at_once = everything(database)
    monkeypatch.setattr(projector_module, "EVENTS_A_TRANSACTION", 1)
    assert projector.rebuild() == journal.last_seq
    assert everything(database) == at_once


def test_a_rebuild_keeps_people(journal: WrittenJournal, projector: Projector, database: Engine) -> None:
    with database.begin() as connection:
        person = dict(login="kim", name="Kim", password_hash="x", roles="[]", skills="{}", created_at=1)
        flags = dict(may_dial=True, needs_desktop=True, is_active=True)
        connection.execute(insert(t.people), {**person, **flags})
    journal.write(day(), TEXTS)
    projector.rebuild()
    assert len(rows(database, t.people)) == 1


def test_a_transaction_that_fails_half_way_leaves_nothing(
    journal: WrittenJournal, projector: Projector, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = day()
    journal.write(events[:40], TEXTS)
    real, count = projector_module.carry_out, 0

    def fail_late(connection: Connection, change: Any) -> None:
        nonlocal count
        count += 1
        if count == 30:
            raise ConnectionError("planted")
        real(connection, change)

    monkeypatch.setattr(projector_module, "carry_out", fail_late)
    with pytest.raises(ConnectionError):
        projector.catch_up()
    assert projector.applied_seq() == 0
    assert all(not found for found in everything(database).values())
    monkeypatch.setattr(projector_module, "carry_out", real)
    journal.write(events[40:])
    projector.catch_up()
    after_failure = everything(database)
    projector.rebuild()
    assert everything(database) == after_failure


def test_a_bug_in_a_projection_is_told_and_does_not_end_the_projector(
    journal: WrittenJournal, projector: Projector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projector_module, "REST_AFTER_BUG_S", 0.01)
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(projector_module.log, "error", lambda name, **details: told.append(details))
    real = projector_module.carry_out

    def bug(connection: Connection, change: Any) -> None:
        raise KeyError(TEXTS[9001])

    monkeypatch.setattr(projector_module, "carry_out", bug)
    stop = threading.Event()
    thread = threading.Thread(target=projector.run, args=(stop,))
    thread.start()
    try:
        journal.write(day(), TEXTS)
        until(lambda: bool(told))
        monkeypatch.setattr(projector_module, "carry_out", real)
        until(lambda: projector.applied_seq() == journal.last_seq)
    finally:
        stop.set()
        thread.join(TIMEOUT_S)
    assert told[0]["error"] == "KeyError"
    assert TEXTS[9001] not in str(told)


def test_two_projectors_at_once_apply_each_event_once(
    journal: WrittenJournal, database: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projector_module, "EVENTS_A_TRANSACTION", 3)
    others = [open_database(database_url, is_writer=True) for _ in range(2)]
    projectors = [Projector(journal.path, other) for other in others]
    stop = threading.Event()
    threads = [threading.Thread(target=one.run, args=(stop,)) for one in projectors]
    for thread in threads:
        thread.start()
    try:
        events = day()
        for begin in range(0, len(events), 10):
            journal.write(events[begin : begin + 10], TEXTS if begin == 0 else None)
        until(lambda: projectors[0].applied_seq() == journal.last_seq)
    finally:
        stop.set()
        for thread in threads:
            thread.join(TIMEOUT_S)
        for other in others:
            other.dispose()
    raced = everything(database)
    alone = Projector(journal.path, database)
    alone.rebuild()
    alone.close()
    assert everything(database) == raced


def test_a_locked_database_is_waited_for(
    tmp_path: Path, journal: WrittenJournal, sqlite_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second writer holds the lock longer than the projector is willing to wait at a time; readers go on."""
    monkeypatch.setattr(database_module, "LOCK_WAIT_S", 0.1)
    url = sqlite_database.url.render_as_string()
    failures: list[str] = []
    monkeypatch.setattr(projector_module.log, "warning", lambda name, **_: failures.append(name))
    writing, reading = open_database(url, is_writer=True), open_database(url)
    projector, stop = Projector(journal.path, writing), threading.Event()
    journal.write(day()[:5])
    projector.catch_up()
    with closing(sqlite3.connect(tmp_path / "main.db", isolation_level=None)) as second_writer:
        second_writer.execute("BEGIN IMMEDIATE")
        thread = threading.Thread(target=projector.run, args=(stop,))
        thread.start()
        try:
            journal.write(day()[5:], TEXTS)
            until(lambda: failures.count("projector_waits") >= 2)
            assert Queries(reading).applied_seq() == 5
            second_writer.execute("ROLLBACK")
            until(lambda: Queries(reading).applied_seq() == journal.last_seq)
        finally:
            stop.set()
            thread.join(TIMEOUT_S)
            projector.close()
            writing.dispose()
            reading.dispose()


@pytest.mark.postgres
def test_connections_that_break_are_made_again(
    journal: WrittenJournal, postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL throws everybody out, several times, in the middle of it all."""
    monkeypatch.setattr(projector_module, "REST_AFTER_ERROR_S", 0.02)
    monkeypatch.setattr(projector_module, "EVENTS_A_TRANSACTION", 5)
    url = make_database(postgres)
    admin, writing = open_database(f"{postgres}/postgres"), open_database(url, is_writer=True)
    upgrade(writing)
    projector, stop = Projector(journal.path, writing), threading.Event()
    thread = threading.Thread(target=projector.run, args=(stop,))
    thread.start()
    name = make_url(url).database
    everybody_out = text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = :name")
    try:
        events = day()
        for begin in range(0, len(events), 10):
            journal.write(events[begin : begin + 10], TEXTS if begin == 0 else None)
            with admin.begin() as connection:
                connection.execute(everybody_out, {"name": name})
            reached = journal.last_seq - 5
            until(lambda reached=reached: Projector(journal.path, writing).applied_seq() >= reached)  # type: ignore[misc]
        until(lambda: Projector(journal.path, writing).applied_seq() == journal.last_seq)
    finally:
        stop.set()
        thread.join(TIMEOUT_S)
        projector.close()
    followed = everything(writing)
    alone = Projector(journal.path, writing)
    alone.rebuild()
    alone.close()
    assert everything(writing) == followed
    writing.dispose()
    admin.dispose()


def test_a_killed_projector_process_is_followed_by_another(tmp_path: Path, database_url: str, database: Engine) -> None:
    journal = WrittenJournal(tmp_path / "journal.db")
    events = day()
    command = [sys.executable, "-m", "tests.storage.projecting", str(journal.path), database_url]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    watcher = Projector(journal.path, database)
    for begin in range(0, len(events), 25):
        with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
            journal.write(events[begin : begin + 25], TEXTS if begin == 0 else None)
            until(lambda before=begin: watcher.applied_seq() > before)  # type: ignore[misc]
            process.send_signal(signal.SIGKILL)
    watcher.catch_up()
    followed = everything(database)
    watcher.rebuild()
    assert everything(database) == followed
    watcher.close()
    journal.file.close()


def test_a_journal_that_was_exchanged_is_read_on(tmp_path: Path, journal: WrittenJournal, projector: Projector) -> None:
    """After a degraded time the journal is another file of the same name."""
    events = day()
    journal.write(events[:30], TEXTS)
    assert projector.catch_up() == 30
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(journal.path)) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    journal.file.close()
    copy.replace(journal.path)
    again = WrittenJournal(journal.path)
    again.last_seq = 30
    again.write(events[30:])
    assert projector.catch_up() == len(events)
    journal.file = again.file


def test_erased_text_goes_here_too(journal: WrittenJournal, projector: Projector, database: Engine) -> None:
    journal.write(day(), TEXTS)
    projector.catch_up()
    journal.file.erase([9001])
    projector.catch_up()
    assert {row["ref"]: row["value"] for row in rows(database, t.personal)} == {**TEXTS, 9001: None}
    projector.rebuild()
    assert rows(database, t.personal, ref=9001) == [{"ref": 9001, "value": None}]


def test_a_journal_that_is_only_being_made_is_waited_for(
    tmp_path: Path, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a first start the file is there before its tables are."""
    monkeypatch.setattr(projector_module, "REST_AFTER_ERROR_S", 0.01)
    waits: list[str] = []
    monkeypatch.setattr(projector_module.log, "warning", lambda name, **_: waits.append(name))
    path = tmp_path / "journal.db"
    projector, stop = Projector(path, database), threading.Event()
    thread = threading.Thread(target=projector.run, args=(stop,))
    with closing(sqlite3.connect(path)) as unfinished:
        unfinished.execute("PRAGMA journal_mode = WAL")
        unfinished.execute("CREATE TABLE not_yet(x)")
        thread.start()
        try:
            until(lambda: bool(waits))
            written = WrittenJournal(path)
            written.write(day(), TEXTS)
            until(lambda: projector.applied_seq() == written.last_seq)
        finally:
            stop.set()
            thread.join(TIMEOUT_S)
            projector.close()
    written.file.close()
