"""A number that an agent dials sends sound before it answers: the agent hears that. sipp plays the network."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from cti_server.wire import client as cl
from tests.e2e.centre import Centre
from tests.e2e.people import Desk, Phone, leaving, until
from tests.e2e.programs import Program, sipp

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

AGENT_HZ = 700.0  # no part of our own ringing tone


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with Centre(tmp_path_factory.mktemp("early"), agents=1, dials=True, times={"dial_timeout_s": 60}) as running:
        yield running


def network(centre: Centre, folder: Path, scenario: str) -> Program:
    """One call; what it hears it sends back, so that both ways are heard."""
    options = ("-m", "1", "-rtp_echo", "-timeout", "100s", "-mp", str(centre.far_port + 1000))
    return sipp(scenario, *options, folder=folder, port=centre.far_port, name=scenario)


def test_an_agent_hears_what_the_network_says_before_anybody_answers(centre: Centre, tmp_path: Path) -> None:
    asyncio.run(_announced(centre, tmp_path))


async def _announced(centre: Centre, folder: Path) -> None:
    desk, phone = Desk(centre, "agent1"), Phone(frequency_hz=AGENT_HZ, answers=False)
    async with leaving(desk, phone):
        await _at_work(centre, desk, phone)
        with network(centre, folder, "far_announces") as far:
            reply = await desk.done(cl.DialNumber(number="010-7777-8888"))
            await phone.hears(AGENT_HZ)
            assert desk.phase == "initiated"
            await desk.done(cl.EndCall(call=reply.result["call"]))
            await until(lambda: far.process.poll() == 0, f"the far end was let go: {far.log[-500:]}")
        await until(lambda: desk.call is None, "nothing is left to do")


def test_the_call_goes_on_when_the_number_answers(centre: Centre, tmp_path: Path) -> None:
    """The 200 says nothing about sound any more: what the 183 said holds."""
    asyncio.run(_answered(centre, tmp_path))


async def _answered(centre: Centre, folder: Path) -> None:
    desk, phone = Desk(centre, "agent1"), Phone(frequency_hz=AGENT_HZ, answers=False)
    async with leaving(desk, phone):
        await _at_work(centre, desk, phone)
        with network(centre, folder, "far_announces_then_answers") as far:
            await desk.done(cl.DialNumber(number="010-7777-8888"))
            call = await desk.call_is("connected")
            phone.mouth.heard.clear()
            await phone.hears(AGENT_HZ)
            await desk.done(cl.EndCall(call=call.call))
            await desk.finish_call()
            await until(lambda: far.process.poll() == 0, f"the far end was hung up on: {far.log[-500:]}")


async def _at_work(centre: Centre, desk: Desk, phone: Phone) -> None:
    await phone.register(centre.phone_of("2001"))
    await desk.sign_in()
    await until(lambda: desk.agent is not None and desk.agent.phone_registered, "the phone is known")
