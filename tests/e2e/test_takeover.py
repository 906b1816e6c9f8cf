"""kill −9 of the core process in the middle of ten calls: what callers hear, what agents see, what the store knows."""

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent_app.robots.agent import AgentPlan
from agent_app.robots.caller import CallPlan
from agent_app.robots.crowd import Appointment, Crowd, Day, DayReport
from cti_server.storage.journal_file import JournalReader
from cti_server.wire import client as cl
from tests.e2e.centre import DIRECT, MAIN, PASSWORD, SHORT, Centre
from tests.e2e.people import Desk, Phone, leaving, share, until
from tests.e2e.programs import write_tone

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

GAP_S_MAX = 1.0
"""A process that carried sound would be gone for more than this. Usually it is a tenth of a second."""
READY_S_MAX = 30.0
AGENTS = 3
DAY_CALLS = 24
DAY_AGENTS = 3
KILLS = 5


def test_calls_outlive_the_core_process(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    with Centre(tmp_path, agents=AGENTS, after_call_work_s=60) as centre:
        figures = asyncio.run(_ten_calls(centre))
    for name, value in figures.items():
        record_property(name, value)
    print(figures)


def test_a_warden_that_was_killed_leaves_no_ports_taken_and_its_successor_has_the_calls(tmp_path: Path) -> None:
    with Centre(tmp_path, agents=1, after_call_work_s=60) as centre:
        asyncio.run(_warden_killed(centre))


async def _warden_killed(centre: Centre) -> None:
    desk, phone = Desk(centre, "agent1"), Phone(frequency_hz=440.0, name="phone")
    talker, waiter = Phone(frequency_hz=1000.0, name="talker"), Phone(name="waiter")
    async with leaving(desk, phone, talker, waiter):
        await phone.register(centre.phone_of("2001"))
        await desk.sign_in()
        await desk.ready()
        await talker.dial(centre.sip, DIRECT, number="01010000001")
        await desk.call_is("connected")
        await waiter.dial(centre.sip, SHORT, number="01020000001")
        await until(lambda: waiter.packets > 10, "the position is heard")

        children, snapshots, killed_at = centre.children(), desk.snapshots, time.monotonic()
        assert centre.process is not None
        centre.process.kill()
        centre.process.wait()
        await until(lambda: not any(is_running(children[name]) for name in ("core", "web")), "core and web end")
        assert is_running(children["media-0"]), "sound outlives them"
        await asyncio.to_thread(centre.start)
        await until(lambda: desk.snapshots > snapshots, "the desktop is back")
        assert (desk.phase, talker.ended_by, waiter.ended_by) == ("connected", [], [])
        await phone.hears(1000.0)
        assert max(one.gap_s(killed_at) for one in (phone, talker)) < GAP_S_MAX

        assert desk.call is not None
        await desk.done(cl.EndCall(call=desk.call.call))
        await desk.finish_call()
        call = await desk.call_is("connected")
        assert call.number == "010-2000-0001"
        waiter.hang_up()
        await desk.finish_call()
        os.kill(children["media-0"], signal.SIGTERM)


def test_a_phone_that_rings_when_the_core_dies_is_answered_all_the_same(tmp_path: Path) -> None:
    """Picked up while nobody listens: its 200 is repeated until the core is back, and the caller is talked to."""
    with Centre(tmp_path, agents=1, times={"ring_timeout_s": 60}) as centre:
        asyncio.run(_answer_while_dead(centre))


def _is_in_the_journal(centre: Centre, kind: str) -> bool:
    reader = JournalReader(centre.data / "journal.db")
    try:
        return any(row.kind == kind for row in reader.all_rows(after=0))
    finally:
        reader.close()


async def _answer_while_dead(centre: Centre) -> None:
    desk, phone = Desk(centre, "agent1"), Phone(frequency_hz=440.0, name="phone", answers=False)
    caller = Phone(frequency_hz=1000.0, name="caller")
    async with leaving(desk, phone, caller):
        await phone.register(centre.phone_of("2001"))
        await desk.sign_in()
        await desk.ready()
        await caller.dial(centre.sip, SHORT, number="01040000001")
        await until(lambda: phone.ringing, "the phone rings")
        call = await desk.call_is("alerting")
        await until(lambda: _is_in_the_journal(centre, "LegRinging"), "that it rings is durable")
        centre.kill("core")
        await phone.answer()
        await until(lambda: desk.call is not None and desk.call.phase == "connected", "talks", timeout_s=READY_S_MAX)
        assert desk.call is not None and desk.call.call == call.call
        assert len(phone.rang) == 1, "it was not rung again"
        await caller.hears(440.0)
        await phone.hears(1000.0)
        await desk.done(cl.EndCall(call=call.call))
        await desk.finish_call()


async def _ten_calls(centre: Centre) -> dict[str, float]:
    desks = [Desk(centre, f"agent{number}") for number in range(1, AGENTS + 1)]
    phones = [Phone(frequency_hz=440.0, name=f"phone {number}") for number in range(1, AGENTS + 1)]
    talkers = [Phone(frequency_hz=1000.0, name=f"talker {number}") for number in range(AGENTS)]
    waiters = [Phone(frequency_hz=700.0, name=f"waiter {number}") for number in range(4)]
    listeners = [Phone(name=f"listener {number}") for number in range(3)]
    async with leaving(*desks, *phones, *talkers, *waiters, *listeners):
        for number, (desk, phone) in enumerate(zip(desks, phones, strict=True), 1):
            await phone.register(centre.phone_of(f"{2000 + number}"))
            await desk.sign_in()
            await desk.ready()
        for number, talker in enumerate(talkers):
            await talker.dial(centre.sip, DIRECT, number=f"0101000000{number}")
        for desk in desks:
            await desk.call_is("connected")
        for number, waiter in enumerate(waiters):
            await waiter.dial(centre.sip, SHORT, number=f"0102000000{number}")
            await until(lambda waiter=waiter: waiter.packets > 10, "the position is heard")
        for number, listener in enumerate(listeners):
            await listener.dial(centre.sip, MAIN, number=f"0103000000{number}")
            await until(lambda listener=listener: listener.packets > 10, "the greeting is heard")

        notes = [f"before the crash {desk.user}" for desk in desks]
        for desk, note in zip(desks, notes, strict=True):
            assert desk.call is not None
            await desk.done(cl.TakeNote(call=desk.call.call, text=note, revision=1))
        callback = await desks[0].done(
            cl.RequestCallback(number="01099998888", due_at=time.time_ns() // 1000 + 3_600_000_000, queue="orders")
        )
        snapshots = [desk.snapshots for desk in desks]
        killed_at = time.monotonic()
        centre.kill("core")
        await until(lambda: centre.answers_sip(0.2), "SIP is answered again", timeout_s=READY_S_MAX)
        ready_s = time.monotonic() - killed_at
        await until(
            lambda: all(desk.snapshots > before for desk, before in zip(desks, snapshots, strict=True)),
            "the desktops are back",
        )
        desks_s = time.monotonic() - killed_at
        for phone in (*talkers, *phones):
            await until(
                lambda phone=phone: share(phone.mouth.heard[-8_000:], _other(phone, phones)) > 0.5, "still talks"
            )
        gaps = [phone.gap_s(killed_at) for phone in (*talkers, *phones)]
        assert max(gaps) < GAP_S_MAX, gaps
        _nothing_is_missing(desks, notes, int(callback.result["callback"]))

        await _hold_and_retrieve(desks[0], talkers, phones[0])
        await _serve_in_order(desks, waiters)
        for listener in listeners:
            assert listener.is_up
            listener.hang_up()
        await until(lambda: all(listener.ended_by for listener in listeners), "listeners gone")
        for desk in desks:
            await until(lambda desk=desk: desk.state == "ready" and desk.call is None, f"{desk.user} is free")
        await _stored(centre, notes, int(callback.result["callback"]))
    return {"ready_s": round(ready_s, 2), "desks_s": round(desks_s, 2), "gap_s": round(max(gaps), 3)}


def is_running(pid: int) -> bool:
    """And not only waiting for somebody to take note of its end."""
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def _other(phone: Phone, phones: list[Phone]) -> float:
    return 1000.0 if phone in phones else 440.0


def _nothing_is_missing(desks: list[Desk], notes: list[str], callback: int) -> None:
    for desk, note in zip(desks, notes, strict=True):
        assert desk.call is not None
        assert (desk.call.phase, desk.call.note, desk.state) == ("connected", note, "busy")
    assert desks[0].callbacks[callback].state == "waiting"


async def _hold_and_retrieve(desk: Desk, talkers: list[Phone], phone: Phone) -> None:
    assert desk.call is not None
    await desk.done(cl.HoldCall(call=desk.call.call))
    await desk.call_is("held")
    await until(lambda: share(phone.mouth.heard[-8_000:], 1000.0) < 0.1, "the caller on hold is not heard")
    await desk.done(cl.RetrieveCall(call=desk.call.call))
    await desk.call_is("connected")
    await phone.hears(1000.0)


async def _serve_in_order(desks: list[Desk], waiters: list[Phone]) -> None:
    """One agent becomes free after the other: those who wait come in the order in which they called."""
    served: list[str] = []
    for turn, desk in enumerate([*desks, desks[0]]):
        assert desk.call is not None
        if turn < len(desks):
            await desk.done(cl.EndCall(call=desk.call.call))
        else:
            waiters[0].hang_up()
        await desk.finish_call()
        call = await desk.call_is("connected")
        served.append(call.number)
        assert waiters[turn].is_up
    assert [number[-1] for number in served] == ["0", "1", "2", "3"], served
    for desk in desks:
        assert desk.call is not None
        await desk.done(cl.EndCall(call=desk.call.call))
        await desk.finish_call()


async def _stored(centre: Centre, notes: list[str], callback: int) -> None:
    """What was acknowledged before the crash is in the database, once."""
    await until(lambda: sum(bool(row.cause) for row in centre.queries.calls().rows) == 10, "ten calls are over")
    rows = centre.queries.calls().rows
    assert sorted(row.note for row in rows if row.note) == sorted(notes)
    assert sum(bool(row.disposition) for row in rows) == AGENTS + 4
    assert [row.callback for row in centre.queries.open_callbacks()] == [callback]
    assert len(centre.recordings) == AGENTS + 4


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_day_with_five_kills_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    with Centre(tmp_path, agents=DAY_AGENTS, after_call_work_s=20) as centre:
        report = asyncio.run(_day_with_kills(centre, tmp_path))
        assert not report.problems
        handled = [call for agent in report.agents for call in agent.handled.values() if call.talk_at]
        assert len(handled) >= DAY_CALLS // 2
        centre.until(lambda: all(row.cause for row in centre.queries.calls().rows), "every call is over")
        stored = {row.call: row for row in centre.queries.calls().rows}
        for call in handled:
            row = stored[call.call]
            assert not call.note_acknowledged or row.note == call.note, call
            assert not call.disposition_acknowledged or row.disposition == call.disposition, call
        assert all(report_of.ended_by for report_of in report.calls)
        assert "invariant_broken" not in centre.log
        assert "Traceback" not in centre.log


async def _day_with_kills(centre: Centre, folder: Path) -> DayReport:
    """Robots at work, and the core process killed every few seconds."""
    speech = str(write_tone(folder / "speech.wav", 440.0))
    agents = tuple(
        AgentPlan(user=f"agent{number}", password=PASSWORD, talk_s=(2.0, 5.0)) for number in range(1, DAY_AGENTS + 1)
    )
    calls = tuple(
        Appointment(
            at_s=number * 1.5,
            speech=speech,
            plan=CallPlan(name=f"caller {number}", number=f"0105000{number:04}", line=(DIRECT, SHORT)[number % 2]),
        )
        for number in range(DAY_CALLS)
    )
    day = Day(
        url=centre.url,
        sip=centre.sip,
        folder=str(folder),
        agents=agents,
        agent_speech=(speech,),
        calls=calls,
        drain_s=90,
    )
    crowd = asyncio.create_task(Crowd(day, tell=lambda progress: None).run())
    chance = random.Random(1)
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(4.0, 9.0))  # a moment that nobody chose
        if "core" in centre.children():
            await asyncio.to_thread(centre.kill, "core")
    await asyncio.to_thread(centre.wait_ready)
    return await crowd
