"""What becomes of a call that is offered and not taken: missed, declined, given up, the phone dead, the sound dead."""

import asyncio
import contextlib
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cti_server.recording.files import has_both_voices
from cti_server.wire import client as cl
from tests.e2e.centre import DIRECT, ROOT, SHORT, Centre
from tests.e2e.people import Desk, Phone, leaving, until
from tests.e2e.programs import Program

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

RING_S = 5
NOT_READY_S_MAX = 10.0
SECOND_GRACE_S = 15.0
"""Beyond the ring time, on a busy machine; a free one needs none of it."""


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with Centre(tmp_path_factory.mktemp("ringing"), agents=2, times={"ring_timeout_s": RING_S}) as running:
        yield running


@contextlib.asynccontextmanager
async def at_work(centre: Centre, number: int, **phone: object) -> AsyncIterator[tuple[Desk, Phone]]:
    """An agent who is ready, with a phone."""
    desk, own = Desk(centre, f"agent{number}"), Phone(frequency_hz=440.0, **phone)  # type: ignore[arg-type]  # a test's own
    async with leaving(desk, own):
        await own.register(centre.phone_of(f"{2000 + number}"))
        await desk.sign_in()
        await desk.ready()
        yield desk, own
        if desk.call is None:
            await desk.do(cl.SetNotReady(reason="break"))
            await own.leave()


def test_no_answer_goes_back_to_the_head_of_the_queue(centre: Centre) -> None:
    asyncio.run(_missed(centre))


async def _missed(centre: Centre) -> None:
    first, second = Phone(frequency_hz=1000.0, name="first"), Phone(name="second")
    async with at_work(centre, 1, answers=False) as (sleeper, deaf), leaving(first, second):
        await first.dial(centre.sip, SHORT, number="01030000001")
        await until(lambda: deaf.ringing, "the phone rings")
        await second.dial(centre.sip, SHORT, number="01030000002")
        await until(lambda: sleeper.offers_ended == ["missed"], "missed")
        assert sleeper.agent is not None
        assert (sleeper.state, sleeper.agent.reason) == ("not_ready", "missed_call")
        async with at_work(centre, 2) as (desk, _phone):
            call = await desk.call_is("connected")
            assert call.number == "010-3000-0001", "the one who waited longest comes first"
            await desk.done(cl.EndCall(call=call.call))
            await desk.finish_call()
            call = await desk.call_is("connected")
            assert call.number == "010-3000-0002"
            second.hang_up()
            await desk.finish_call()


def test_a_declined_call_goes_to_another(centre: Centre) -> None:
    asyncio.run(_declined(centre))


async def _declined(centre: Centre) -> None:
    caller = Phone(name="caller")
    async with at_work(centre, 1, answers=False) as (desk, phone), leaving(caller):
        await caller.dial(centre.sip, DIRECT, number="01030000003")
        await until(lambda: phone.ringing, "the phone rings")
        assert desk.call is not None
        await desk.done(cl.DeclineCall(call=desk.call.call, reason="other_task"))
        await until(lambda: phone.ringing is None, "it rings no more")
        assert desk.agent is not None
        assert (desk.state, desk.agent.reason) == ("not_ready", "declined")
        async with at_work(centre, 2) as (other, _phone):
            call = await other.call_is("connected")
            assert call.number == "010-3000-0003"
            caller.hang_up()
            await other.finish_call()


def test_a_caller_who_gives_up_while_it_rings(centre: Centre) -> None:
    asyncio.run(_given_up(centre))


async def _given_up(centre: Centre) -> None:
    caller = Phone(name="caller")
    async with at_work(centre, 1, answers=False) as (desk, phone), leaving(caller):
        await caller.dial(centre.sip, DIRECT, number="01030000004")
        await until(lambda: phone.ringing, "the phone rings")
        caller.hang_up()
        await until(lambda: desk.offers_ended == ["caller_gone"], "the agent is told")
        await until(lambda: phone.ringing is None, "it rings no more")
        await until(lambda: desk.state == "ready" and desk.call is None, "free for the next")


def test_a_phone_that_dies_ringing_gives_the_call_back(centre: Centre, tmp_path: Path) -> None:
    asyncio.run(_dead_phone(centre, tmp_path))


async def _dead_phone(centre: Centre, folder: Path) -> None:
    """kill −9 of the phone's process: it neither answers nor refuses; the ring time ends the offer."""
    desk, caller = Desk(centre, "agent1"), Phone(name="caller")
    account = centre.phone_of("2001")
    where = f"{account.user}:{account.password}@{account.host}:{account.port}"
    command = ["/usr/bin/env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "agent_app.softphone", "--audio", "none"]
    command += ["--rendezvous", str(folder / "window"), "--account", where]
    with Program(command, folder=folder, name="phone") as phone:
        async with leaving(desk, caller):
            await desk.sign_in()
            await desk.ready()
            await caller.dial(centre.sip, DIRECT, number="01030000005")
            await desk.call_is("alerting")
            rang_at = time.monotonic()
            phone.kill()
            async with at_work(centre, 2) as (other, _phone):
                call = await other.call_is("connected")
                took_s = time.monotonic() - rang_at
                assert took_s < RING_S + SECOND_GRACE_S
                print(f"given back after {took_s:.1f} s of {RING_S} s ring time")
                assert desk.offers_ended == ["missed"]
                await other.done(cl.EndCall(call=call.call))
                await other.finish_call()
    async with _registered(centre, "2001") as phone_again:
        await phone_again.leave()  # the dead contact goes with the account's others


@contextlib.asynccontextmanager
async def _registered(centre: Centre, extension: str) -> AsyncIterator[Phone]:
    phone = Phone()
    await phone.register(centre.phone_of(extension))
    yield phone


def test_a_desktop_that_is_cut_off_is_not_ready_within_ten_seconds(centre: Centre) -> None:
    asyncio.run(_cut_off(centre))


async def _cut_off(centre: Centre) -> None:
    async with at_work(centre, 2) as (desk, _phone):
        await desk.cut()
        cut_at = time.monotonic()
        await until(lambda: _agent_states(centre)[-1][:2] == ("not_ready", "desktop_lost"), "not ready")
        took_s = time.monotonic() - cut_at
        assert took_s < NOT_READY_S_MAX + SECOND_GRACE_S
        print(f"not ready {took_s:.1f} s after the cut")
        await desk.sign_in()
        assert desk.agent is not None
        assert (desk.state, desk.agent.reason) == ("not_ready", "desktop_lost")


def _agent_states(centre: Centre) -> list[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(f"file:{centre.data / 'ieum.db'}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT mode, reason FROM agent_states WHERE agent = 3 ORDER BY seq").fetchall()
        return [(str(mode), str(reason)) for mode, reason in rows]


def test_the_death_of_a_media_worker_ends_its_calls_and_keeps_the_recording(centre: Centre) -> None:
    asyncio.run(_dead_worker(centre))


async def _dead_worker(centre: Centre) -> None:
    caller, waiter = Phone(frequency_hz=1000.0, name="caller"), Phone(name="waiter")
    async with at_work(centre, 1) as (desk, phone), leaving(caller, waiter):
        await caller.dial(centre.sip, DIRECT, number="01030000006")
        call = await desk.call_is("connected")
        await caller.hears(440.0)
        await waiter.dial(centre.sip, SHORT, number="01030000007")
        await until(lambda: waiter.packets > 20, "the position is heard")
        await asyncio.sleep(2.5)  # all that is older than two seconds must be playable
        centre.kill("media-0")
        for person in (caller, phone, waiter):
            await until(lambda person=person: person.ended_by, f"{person.name or 'agent'}'s phone was hung up on")
        await desk.finish_call()
        await until(lambda: (row := centre.queries.call(call.call)) and row.call.cause, "the call is over")
        stored = centre.queries.call(call.call)
        assert stored is not None
        assert stored.call.cause == "media_lost"
        await until(lambda: centre.answers_sip(), "SIP is answered")
        await until(lambda: "media-0" in centre.children(), "the worker is there again")
        await until(lambda: desk.state == "ready", "the agent is free")
        again = Phone(frequency_hz=700.0)
        async with leaving(again):
            await _call_until_answered(centre, again, desk)
            await phone.hears(700.0)
            again.hang_up()
            await desk.finish_call()
    file = max(centre.recordings, key=lambda path: path.stat().st_mtime_ns if f"{call.call}" in path.name else 0)
    assert has_both_voices(file)


async def _call_until_answered(centre: Centre, caller: Phone, desk: Desk) -> None:
    """A worker that has only just started may refuse the first."""
    await caller.dial(centre.sip, DIRECT, number="01030000008")
    await desk.call_is("connected")


def test_nothing_was_raised(centre: Centre) -> None:
    """Comes last: what happened above is nothing that a log should call an error."""
    assert "Traceback" not in centre.log
