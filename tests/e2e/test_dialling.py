"""Calls that agents make: one-click dial, and callbacks that callers asked for. sipp plays the far end."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from cti_server.recording.files import has_both_voices
from cti_server.wire import client as cl
from tests.e2e.centre import SHORT, Centre
from tests.e2e.people import Desk, Phone, leaving, until
from tests.e2e.programs import Program, sipp

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

AGENT_HZ = 440.0
RETRY_S = 10


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    times = {"dial_timeout_s": 5, "callback_retry_s": RETRY_S, "callback_attempts": 3}
    with Centre(tmp_path_factory.mktemp("dialling"), agents=1, dials=True, times=times) as running:
        yield running


def far_end(centre: Centre, folder: Path, scenario: str, **replace: str) -> Program:
    """One call; what it hears it sends back."""
    options = ("-m", "1", "-rtp_echo", "-timeout", "60s", "-mp", str(centre.far_port + 1000))
    return sipp(scenario, *options, folder=folder, port=centre.far_port, replace=replace, name=scenario)


def test_one_click_dial_is_recorded_and_disposed(centre: Centre, tmp_path: Path) -> None:
    asyncio.run(_dial(centre, tmp_path))


async def _dial(centre: Centre, folder: Path) -> None:
    desk, phone = Desk(centre, "agent1"), Phone(frequency_hz=AGENT_HZ, answers=False)
    async with leaving(desk, phone):
        await phone.register(centre.phone_of("2001"))
        await desk.sign_in()
        await until(lambda: desk.agent is not None and desk.agent.phone_registered, "the phone is known")
        with far_end(centre, folder, "far_answers") as far:
            reply = await desk.done(cl.DialNumber(number="010-7777-8888"))
            call = await desk.call_is("connected")
            assert (call.call, call.direction, call.number) == (reply.result["call"], "outbound", "010-7777-8888")
            await phone.hears(AGENT_HZ)
            await asyncio.sleep(1)  # something to record
            await desk.done(cl.EndCall(call=call.call))
            await desk.finish_call()
            await until(lambda: far.process.poll() == 0, f"the far end was hung up on: {far.log[-500:]}")
        await until(lambda: (row := centre.queries.call(call.call)) and row.recordings[0].path, "the recording is kept")
        stored = centre.queries.call(call.call)
        assert stored is not None
        assert (stored.call.disposition, stored.call.cause) == (desk.disposition()["code"], "agent_hung_up")
        assert has_both_voices(centre.data / "recordings" / stored.recordings[0].path)


def test_a_callback_is_asked_for_in_the_queue_and_dialled_until_it_is_answered(centre: Centre, tmp_path: Path) -> None:
    asyncio.run(_call_back(centre, tmp_path))


async def _call_back(centre: Centre, folder: Path) -> None:
    desk, phone = Desk(centre, "agent1"), Phone(frequency_hz=AGENT_HZ, answers=False)
    caller = Phone(name="caller")
    async with leaving(desk, phone, caller):
        await phone.register(centre.phone_of("2001"))
        await desk.sign_in()
        await until(lambda: desk.agent is not None and desk.agent.phone_registered, "the phone is known")
        await caller.dial(centre.sip, SHORT, number="01066667777")
        await until(lambda: caller.packets > 20, "the position is heard")
        await caller.pressed("2")
        before = caller.packets
        await until(lambda: caller.packets > before + 20, "the question is heard")
        await caller.pressed("1")
        await until(lambda: desk.callbacks, "the callback is on the desktop")
        [callback] = desk.callbacks
        assert (desk.callbacks[callback].number, desk.callbacks[callback].state) == ("010-6666-7777", "waiting")
        await until(lambda: caller.ended_by, "the caller was told, and let go")

        await _not_reached(desk, centre, folder, callback, "far_refuses", attempts=1, STATUS="486 Busy Here")
        await _not_reached(desk, centre, folder, callback, "far_rings", attempts=2)
        with far_end(centre, folder, "far_answers") as far:
            await desk.done(cl.DialCallback(callback=callback))
            call = await desk.call_is("connected")
            assert (call.direction, call.callback) == ("callback", callback)
            await desk.done(cl.EndCall(call=call.call))
            await desk.finish_call()
            await until(lambda: far.process.poll() == 0, "the far end was hung up on")
        await until(lambda: desk.callbacks[callback].state == "done", "done")
        await until(lambda: not centre.queries.open_callbacks(), "done in the store too")


async def _not_reached(
    desk: Desk, centre: Centre, folder: Path, callback: int, scenario: str, *, attempts: int, **replace: str
) -> None:
    """It is due again later, and nothing is left to do for the agent."""
    due_before = desk.callbacks[callback].due_at
    with far_end(centre, folder, scenario, **replace) as far:
        await desk.done(cl.DialCallback(callback=callback))
        await until(lambda: desk.callbacks[callback].state == "waiting" and desk.call is None, "rescheduled")
        assert desk.callbacks[callback].attempts == attempts
        assert desk.callbacks[callback].due_at > due_before
        await until(lambda: far.process.poll() == 0, f"the far end is done: {far.log[-500:]}")


def test_a_callback_to_nobody_is_exhausted_after_the_last_attempt(centre: Centre, tmp_path: Path) -> None:
    asyncio.run(_exhaust(centre, tmp_path))


async def _exhaust(centre: Centre, folder: Path) -> None:
    desk, phone = Desk(centre, "agent1"), Phone(answers=False)
    async with leaving(desk, phone):
        await phone.register(centre.phone_of("2001"))
        await desk.sign_in()
        await until(lambda: desk.agent is not None and desk.agent.phone_registered, "the phone is known")
        reply = await desk.done(cl.RequestCallback(number="01012121212", due_at=1, queue="orders"))
        callback = reply.result["callback"]
        await until(lambda: callback in desk.callbacks, "the callback is on the desktop")
        for attempts in (1, 2):
            await _not_reached(
                desk, centre, folder, callback, "far_refuses", attempts=attempts, STATUS="480 Temporarily Unavailable"
            )
        with far_end(centre, folder, "far_refuses", STATUS="404 Not Found"):
            await desk.done(cl.DialCallback(callback=callback))
            await until(lambda: desk.callbacks[callback].state == "exhausted", "exhausted")
        refused = await desk.do(cl.DialCallback(callback=callback))
        assert (refused.ok, refused.code) == (False, "callback_over")
        stored = centre.queries.callback(callback)
        await until(lambda: (row := centre.queries.callback(callback)) and row.state == "exhausted", f"{stored}")


def test_the_centre_calls_back_by_itself_who_asked_for_it_in_the_queue(tmp_path: Path) -> None:
    with Centre(
        tmp_path, agents=1, times={"dial_timeout_s": 5}, dials=True, queues={"callbacks": "automatic"}
    ) as centre:
        asyncio.run(_called_back_by_itself(centre, tmp_path))


async def _called_back_by_itself(centre: Centre, folder: Path) -> None:
    """The caller asks while nobody is Ready, hangs up, and is dialled as soon as somebody is; nobody clicks."""
    desk, phone = Desk(centre, "agent1"), Phone(frequency_hz=AGENT_HZ, answers=False)
    caller = Phone(name="caller")
    async with leaving(desk, phone, caller):
        await phone.register(centre.phone_of("2001"))
        await desk.sign_in()
        await until(lambda: desk.agent is not None and desk.agent.phone_registered, "the phone is known")
        await caller.dial(centre.sip, SHORT, number="01066667777")
        await until(lambda: caller.packets > 20, "the position is heard")
        await caller.pressed("2")
        before = caller.packets
        await until(lambda: caller.packets > before + 20, "the question is heard")
        await caller.pressed("1")
        await until(lambda: desk.callbacks, "the callback is on the desktop")
        [callback] = desk.callbacks
        assert desk.callbacks[callback].is_automatic
        await until(lambda: caller.ended_by, "the caller was told, and let go")
        with far_end(centre, folder, "far_answers") as far:
            await desk.done(cl.SetReady())
            call = await desk.call_is("connected")
            assert (call.direction, call.callback, call.number) == ("callback", callback, "010-6666-7777")
            assert (call.callback_attempt, call.callback_attempts_max) == (1, 3)
            await phone.hears(AGENT_HZ)
            await asyncio.sleep(1)  # something to record
            await desk.done(cl.EndCall(call=call.call))
            await desk.finish_call()
            await until(lambda: far.process.poll() == 0, f"the far end was hung up on: {far.log[-500:]}")
        await until(lambda: desk.callbacks[callback].state == "done", "done")
        await until(lambda: not centre.queries.open_callbacks(), "done in the store too")
        await until(lambda: (row := centre.queries.call(call.call)) and row.recordings[0].path, "the recording is kept")
        stored = centre.queries.call(call.call)
        assert stored is not None and has_both_voices(centre.data / "recordings" / stored.recordings[0].path)
