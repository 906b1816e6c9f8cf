"""The one loop: durable, then visible, then done; a bug costs one input, a bad disk no call."""

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import pytest

from cti_server.core import inputs
from cti_server.core.centre import Centre, Outcome
from cti_server.core.effects import PlaceLeg
from cti_server.core.errors import DataError
from cti_server.core.events import CallArrived
from cti_server.core.inputs import (
    DesktopConnected,
    DisposeCall,
    LegCleared,
    LogOff,
    RequestCallbackFor,
    Restarted,
    SetNotReady,
    SetReady,
    Tick,
)
from cti_server.core.state import State, fold
from cti_server.core.vocabulary import SWITCH_LEG_BIT, AgentId, CallId, ClearingCause, LegId
from cti_server.engine import EngineClock, loop
from cti_server.ports import Recorded
from cti_server.storage.event_codec import decode_all
from cti_server.storage.journal import SqliteJournal
from cti_server.storage.journal_file import JournalFile, JournalReader
from tests.engine_helpers import BREAK, KIM, Outside, Running, caller, running


def journalled(run: Running) -> State:
    with closing(JournalReader(run.folder.journal)) as reader:
        return fold(event for _, event in decode_all(reader.all_rows(after=0), after=0))


def test_events_are_durable_before_they_are_seen_and_seen_before_effects_are_done(tmp_path: Path) -> None:
    order: list[str] = []
    outside = Outside()

    def on_publish(recorded: Sequence[Recorded]) -> None:
        with closing(JournalReader(tmp_path / "journal.db")) as reader:
            order.append("published" if reader.last_seq() >= recorded[-1].seq else "published too early")

    outside.on_publish = on_publish
    outside.on_perform = lambda effect: order.append("performed")

    async def work() -> None:
        async with running(tmp_path, outside=outside) as run:
            await run.set_up()
            await run.kim_is_ready()
            order.clear()
            run.engine.submit(caller())
            await run.until(lambda: any(isinstance(effect, PlaceLeg) for effect in outside.performed))
            assert order[:2] == ["published", "performed"]
            assert "published too early" not in order
            seqs = [one.seq for one in outside.recorded]
            assert seqs == list(range(1, len(seqs) + 1))

    asyncio.run(work())


def test_a_command_is_answered_with_the_seq_at_which_it_can_be_read(tmp_path: Path) -> None:
    async def work() -> None:
        async with running(tmp_path) as run:
            await run.set_up()
            reply = await run.engine.carry_out(SetReady(agent=KIM))
            assert reply.code == ""
            assert reply.seq == run.journal.last_seq
            assert run.outside.recorded[-1].seq == reply.seq

    asyncio.run(work())


def test_a_refused_command_says_why_and_changes_nothing(tmp_path: Path) -> None:
    async def work() -> None:
        async with running(tmp_path) as run:
            await run.set_up()
            before = run.journal.last_seq
            reply = await run.engine.carry_out(DisposeCall(agent=KIM, call=CallId(999), code="order"))
            assert reply.code == "not_your_call"
            assert run.journal.last_seq == before

    asyncio.run(work())


def test_what_waits_together_is_one_append(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    appends: list[int] = []
    real = JournalFile.append

    def append(self: JournalFile, rows: Any, personal: Any) -> None:
        appends.append(len(rows))
        real(self, rows, personal)

    monkeypatch.setattr(JournalFile, "append", append)

    async def work() -> None:
        async with running(tmp_path) as run:
            await run.set_up()
            appends.clear()
            for number in range(1, 51):
                run.engine.submit(caller(number))
            await run.until(lambda: run.outside.kinds.count("CallQueued") == 50)
            assert len(appends) == 1

    asyncio.run(work())


def test_a_deadline_wakes_the_engine(tmp_path: Path) -> None:
    """Nobody confirms the card: the phone rings when the wait for it is over."""

    async def work() -> None:
        async with running(tmp_path) as run:
            await run.set_up(pop_wait_ms=30)
            run.engine.submit(DesktopConnected(agent=KIM))
            await run.kim_is_ready()
            run.engine.submit(caller())
            await run.until(lambda: any(isinstance(effect, PlaceLeg) for effect in run.outside.performed))

    asyncio.run(work())


class Noted(Centre):
    """Remembers what it was told, in order."""

    told: ClassVar[list[type[inputs.Input]]] = []

    def handle(self, input: inputs.Input, now: int) -> Outcome:
        Noted.told.append(type(input))
        return super().handle(input, now)


def test_after_a_restart_nobody_is_blamed_for_what_ran_out_meanwhile(tmp_path: Path) -> None:
    async def work() -> None:
        async with running(tmp_path) as run:
            await run.set_up(pop_wait_ms=30)
            run.engine.submit(DesktopConnected(agent=KIM))
            await run.kim_is_ready()
            run.engine.submit(caller())
            await run.until(lambda: "CallDelivered" in run.outside.kinds)
        await asyncio.sleep(0.05)  # the process is away, and the wait for the card runs out
        async with running(tmp_path, make_centre=Noted) as run:
            run.engine.submit(LegCleared(leg=LegId(7), cause=ClearingCause.MEDIA_LOST))  # a worker was quicker
            run.engine.submit(Restarted(inventory=(), registered=()))
            await run.until(lambda: len(Noted.told) >= 3)
            assert Noted.told[:3] == [Restarted, Tick, LegCleared]

    asyncio.run(work())


def test_a_look_sees_only_what_is_durable(tmp_path: Path) -> None:
    async def work() -> None:
        async with running(tmp_path) as run:
            await run.set_up()
            run.engine.submit(caller())
            calls, seq = await run.engine.look(lambda state, seq: (len(state.calls), seq))
            assert calls == sum(1 for one in run.outside.recorded if isinstance(one.event, CallArrived))
            assert seq == len(run.outside.recorded)
            with pytest.raises(ZeroDivisionError):
                await run.engine.look(lambda state, seq: 1 // 0)

    asyncio.run(work())


# --- when the rules have a bug ---------------------------------------------------------------------------------------


class Buggy(Centre):
    """Fails half-way through log-offs, and through deadlines while told so."""

    fails_on_tick = False
    ticks = 0

    def handle(self, input: inputs.Input, now: int) -> Outcome:
        if isinstance(input, Tick):
            Buggy.ticks += 1
            if self.fails_on_tick:
                raise KeyError("planted")
        outcome = super().handle(input, now)
        if isinstance(input, LogOff):
            assert outcome.events, "the state has changed, and the journal must not"
            raise ZeroDivisionError("planted")
        return outcome


def test_a_bug_costs_the_input_that_met_it_and_nothing_else(tmp_path: Path) -> None:
    async def work() -> None:
        async with running(tmp_path, make_centre=Buggy) as run:
            await run.set_up()
            run.engine.submit(caller(1))
            replies = await asyncio.gather(
                run.engine.carry_out(LogOff(agent=KIM)),
                run.engine.carry_out(SetNotReady(agent=KIM, reason=BREAK)),
            )
            run.engine.submit(caller(2))
            await run.until(lambda: run.outside.kinds.count("CallQueued") == 2)
            assert [reply.code for reply in replies] == ["internal_error", ""]
            assert [name for name, _ in run.outside.alarms] == ["input_dropped"]
            assert run.outside.alarms[0][1]["input"] == "LogOff"
            assert "AgentLoggedOff" not in run.outside.kinds
            state = await run.engine.look(lambda state, seq: state)
            assert state.agents[KIM].reason == BREAK
            assert state.personal, "texts come back from the store"
            assert state == journalled(run)

    asyncio.run(work())


def test_a_deadline_that_fails_does_not_spin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with running(tmp_path, make_centre=Buggy) as run:
            await run.set_up(pop_wait_ms=30)
            await run.kim_is_ready()
            Buggy.fails_on_tick, Buggy.ticks = True, 0
            run.engine.submit(caller())
            await run.until(lambda: len(run.outside.alarms) == 1)
            run.engine.submit(caller(2))
            await run.until(lambda: run.outside.kinds.count("CallQueued") == 2)
            assert Buggy.ticks <= 2, "calls go on while the deadline rests"
            Buggy.fails_on_tick = False
            await run.until(lambda: any(isinstance(effect, PlaceLeg) for effect in run.outside.performed))

    monkeypatch.setattr(loop, "TICK_REST_US", 300_000)
    try:
        asyncio.run(work())
    finally:
        Buggy.fails_on_tick = False


def test_whoever_watches_or_carries_out_may_fail_without_harm(tmp_path: Path) -> None:
    outside = Outside()

    def fail(_: object) -> None:
        raise RuntimeError("planted")

    async def work() -> None:
        async with running(tmp_path, outside=outside) as run:
            await run.set_up()
            outside.on_publish = outside.on_perform = fail
            await run.kim_is_ready()
            run.engine.submit(caller())
            await run.until(lambda: any(isinstance(effect, PlaceLeg) for effect in outside.performed))
            assert {name for name, _ in outside.alarms} == {"publish_failed", "perform_failed"}

    asyncio.run(work())


def test_when_even_the_journal_cannot_be_read_nobody_waits_for_ever(tmp_path: Path) -> None:
    """A bug, and then no way back: the engine ends, loudly, and those who wait are told."""

    async def work() -> None:
        with pytest.raises(DataError, match="events 2 to 2 are missing"):
            async with running(tmp_path, make_centre=Buggy) as run:
                await run.set_up()
                with closing(sqlite3.connect(run.folder.journal)) as connection, connection:
                    connection.execute("DELETE FROM events WHERE seq = 2")
                assert (await run.engine.carry_out(LogOff(agent=KIM))).code == "internal_error"
                assert (await run.engine.carry_out(SetReady(agent=KIM))).code == "overloaded"

    asyncio.run(work())


# --- when there is too much ------------------------------------------------------------------------------------------


def test_a_full_inbox_sheds_new_calls_and_commands_and_never_a_signal_of_a_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "INBOX_MAX", 10)

    async def work() -> None:
        async with running(tmp_path) as run:
            await run.set_up()
            for number in range(1, 11):
                assert not run.engine.is_overloaded
                run.engine.submit(caller(number))
            assert run.engine.is_overloaded
            run.engine.submit(caller(11))
            assert (await run.engine.carry_out(SetReady(agent=KIM))).code == "overloaded"
            run.engine.submit(LegCleared(leg=LegId(SWITCH_LEG_BIT + 1), cause=ClearingCause.CALLER_HUNG_UP))
            await run.until(lambda: "CallCleared" in run.outside.kinds)
            assert run.outside.kinds.count("CallArrived") == 10
            assert not run.engine.is_overloaded

    asyncio.run(work())


# --- when the disk fails ---------------------------------------------------------------------------------------------


def break_disk(monkeypatch: pytest.MonkeyPatch, *names: str) -> list[str]:
    """Appends to files of these names fail until they are taken off the list."""
    broken = list(names)
    real = JournalFile.append

    def append(self: JournalFile, rows: Any, personal: Any) -> None:
        if self.path.name in broken:
            raise sqlite3.OperationalError("disk I/O error")
        real(self, rows, personal)

    monkeypatch.setattr(JournalFile, "append", append)
    return broken


def wants_callback() -> RequestCallbackFor:
    in_an_hour = time.time_ns() // 1000 + 3_600_000_000
    return RequestCallbackFor(agent=KIM, number="01012345678", due_at=in_an_hour, queue="orders")


def test_while_the_journal_is_away_calls_go_on_and_promises_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "WATCH_EVERY_S", 0.02)
    monkeypatch.setattr(loop, "RETURN_EVERY_S", 0.05)
    may_return = False
    real = SqliteJournal.try_return

    async def try_return(self: SqliteJournal) -> bool:
        return await real(self) if may_return else False

    monkeypatch.setattr(SqliteJournal, "try_return", try_return)

    async def work() -> None:
        nonlocal may_return
        async with running(tmp_path) as run:
            await run.set_up()
            broken = break_disk(monkeypatch, "journal.db")
            await run.kim_is_ready()
            assert run.engine.is_degraded
            run.engine.submit(caller())
            await run.until(lambda: any(isinstance(effect, PlaceLeg) for effect in run.outside.performed))
            assert (await run.engine.carry_out(wants_callback())).code == "store_unavailable"
            await run.until(lambda: ("store_degraded", {}) in run.outside.alarms)
            broken.clear()
            may_return = True
            await run.until(lambda: not run.engine.is_degraded)
            assert (await run.engine.carry_out(wants_callback())).code == ""
            state = await run.engine.look(lambda state, seq: state)
            assert state == journalled(run)
            assert run.journal.last_seq == len(run.outside.recorded)

    asyncio.run(work())


def test_a_promise_that_is_only_in_memory_is_not_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk fails under this very command, and so does the spool's."""

    async def work() -> None:
        async with running(tmp_path) as run:
            await run.set_up()
            break_disk(monkeypatch, "journal.db", "spool.db")
            assert (await run.engine.carry_out(wants_callback())).code == "store_unavailable"
            assert (await run.engine.carry_out(SetReady(agent=KIM))).code == "", "no promise: calls go on"

    asyncio.run(work())


def test_a_promise_that_reached_the_spool_is_kept_over_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        async with running(tmp_path) as run:
            await run.set_up()
            broken = break_disk(monkeypatch, "journal.db")
            assert (await run.engine.carry_out(wants_callback())).code == ""
            broken.clear()
        async with running(tmp_path) as run:
            callbacks = await run.engine.look(lambda state, seq: list(state.callbacks.values()))
            assert len(callbacks) == 1
            assert not run.engine.is_degraded

    asyncio.run(work())


# --- snapshots, restart, time ----------------------------------------------------------------------------------------


def test_a_stop_leaves_a_snapshot_from_which_the_same_centre_comes_back(tmp_path: Path) -> None:
    async def work() -> None:
        async with running(tmp_path) as run:
            await run.set_up()
            run.engine.submit(caller())
            await run.until(lambda: "CallQueued" in run.outside.kinds)
            before = await run.engine.look(lambda state, seq: state)
        async with running(tmp_path) as run:
            restored = run.journal.restore_now()
            assert restored.folded == 0
            assert restored.state == before
            assert restored.state.personal == before.personal != {}

    asyncio.run(work())


def test_snapshots_are_taken_along_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "SNAPSHOT_EVERY", 20)

    async def work() -> None:
        async with running(tmp_path) as run:
            await run.set_up()
            for number in range(1, 31):
                run.engine.submit(caller(number))
            await run.until(lambda: any(run.folder.snapshots.glob("*.snapshot")))
            assert run.journal.restore_now().state == journalled(run)

    asyncio.run(work())


def test_engine_time_never_goes_back_and_tells_when_the_wall_clock_left_it() -> None:
    wall, monotonic = 1_000_000_000, 5_000
    clock = EngineClock(last_at=2_000_000, wall_ns=lambda: wall, monotonic_ns=lambda: monotonic)
    assert clock() == 2_000_000, "not below what the journal has, though the wall clock says 1 s"
    assert clock.wall_offset_us() == -1_000_000
    monotonic += 3_000_000_000
    wall -= 3_600_000_000_000
    assert clock() == 5_000_000, "the wall clock was set back an hour; durations do not care"
    assert clock.wall_offset_us() == -3_604_000_000


def test_a_wall_clock_that_was_set_enters_as_an_offset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "WATCH_EVERY_S", 0.02)
    jump_ns = 0

    async def work() -> None:
        nonlocal jump_ns
        clock = EngineClock(wall_ns=lambda: time.time_ns() + jump_ns)
        async with running(tmp_path, clock=clock) as run:
            await run.set_up()
            assert "ClockOffsetChanged" not in run.outside.kinds
            jump_ns = 7_200_000_000_000
            await run.until(lambda: "ClockOffsetChanged" in run.outside.kinds)
            offset = await run.engine.look(lambda state, seq: state.clock_offset_us)
            assert abs(offset - 7_200_000_000) < 1_000_000
            assert run.outside.kinds.count("ClockOffsetChanged") == 1

    asyncio.run(work())


def test_an_agent_that_nobody_knows_is_refused_by_name(tmp_path: Path) -> None:
    async def work() -> None:
        async with running(tmp_path) as run:
            await run.set_up()
            reply = await run.engine.carry_out(SetReady(agent=AgentId(77)))
            assert reply.code == "unknown_agent"

    asyncio.run(work())


def test_a_broken_law_is_an_alarm_and_the_stuck_are_let_go(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(tmp_path, make_centre=Centre) as run:
            await run.set_up()
            await run.engine.look(lambda state, _seq: setattr(state.agents[KIM], "call", 99))
            await run.engine.carry_out(inputs.LogOn(agent=KIM))
            await run.until(lambda: bool(run.outside.alarms))
            assert run.outside.alarms[0][0] == "invariant_broken"
            assert run.outside.alarms[0][1]["invariant"] == "I3"
            assert await run.engine.look(lambda state, _seq: state.agents[KIM].call) is None

    asyncio.run(story())
