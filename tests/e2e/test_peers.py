"""Calls with programs that nobody here wrote: sipp as the caller, baresip and pyVoIP as agents' phones."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from agent_app.softphone.account import Account
from cti_server.media.wav import read_channels
from cti_server.wire import client as cl
from tests.e2e.centre import DIRECT, MAIN, ROOT, Centre
from tests.e2e.people import Desk, Phone, leaving, share, until
from tests.e2e.programs import SIPP_DIGITS, Program, baresip, free_media_port, free_port, sipp, write_tone

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

AGENT_HZ, CUSTOMER_HZ = 440.0, 1000.0
KEY_MS = 700
HEARD_MIN = 0.5
"""Of the power of what is heard; the rest is the other tone's echo, clicks, and 8-bit noise in pyVoIP."""


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with Centre(tmp_path_factory.mktemp("peers"), agents=2) as running:
        yield running


def test_sipp_presses_language_and_pin_and_the_card_says_verified(centre: Centre, tmp_path: Path) -> None:
    asyncio.run(_sipp_calls(centre, tmp_path))


async def _sipp_calls(centre: Centre, folder: Path) -> None:
    caller = centre.customers[0]
    desk, phone = Desk(centre, "agent1"), Phone(frequency_hz=AGENT_HZ)
    async with leaving(desk, phone):
        await phone.register(centre.phone_of("2001"))
        await desk.sign_in()
        await desk.ready()
        # During the greeting; after the sentence of consent, in the question; after "thank you", in the menu.
        keys = [(2000, "1"), (8700, caller.pin + "#"), (6700, "1")]
        scenario = {"CALLER": caller.number, "KEYS": "\n".join(_presses(pause, digits) for pause, digits in keys)}
        options = ("-s", MAIN, "-m", "1", "-timeout", "90s", "-mp", str(free_media_port()))
        with sipp("presses_keys", *options, folder=folder, port=free_port(), target=f"127.0.0.1:{centre.sip_port}",
                  replace=scenario) as program:  # fmt: skip
            call = await desk.call_is("connected")
            assert (call.verification, call.customer, call.language) == ("verified", caller.customer, "ko")
            await until(lambda: any(card.section == "profile" for card in desk.cards), "the profile")
            header = next(card.data for card in desk.cards if card.section == "header")
            profile = next(card.data for card in desk.cards if card.section == "profile")
            assert header is not None and profile is not None
            assert (header.name, header.verification) == (caller.name, "verified")  # type: ignore[union-attr]  # a header
            assert profile.customer == caller.customer  # type: ignore[union-attr]  # a profile
            await desk.done(cl.EndCall(call=call.call))
            await desk.finish_call()
            await until(lambda: program.process.poll() is not None, "sipp is done")
            assert program.process.returncode == 0, program.log[-2000:]
        assert phone.rang[0].call == call.call


def _presses(pause_ms: int, digits: str) -> str:
    """Keys one after the other, as sipp can do it: from packets that somebody recorded."""
    steps = []
    for turn, digit in enumerate(digits):
        file = SIPP_DIGITS / f"dtmf_2833_{'pound' if digit == '#' else digit}.pcap"
        steps.append(f'<pause milliseconds="{KEY_MS if turn else pause_ms}"/>')
        steps.append(f'<nop><action><exec play_pcap_audio="{file}"/></action></nop>')
    return "\n".join(steps)


def test_baresip_as_an_agents_phone(centre: Centre, tmp_path: Path) -> None:
    async def phone_of(account: Account) -> AsyncIterator[Path]:
        with baresip(account, folder=tmp_path / "phone", speech=write_tone(tmp_path / "a.wav", AGENT_HZ, seconds=60)):
            yield tmp_path / "phone"

    asyncio.run(_both_sides_are_heard(centre, phone_of, "dump-*-dec.wav", ended_by_server=True))


def test_pyvoip_as_an_agents_phone(centre: Centre, tmp_path: Path) -> None:
    async def phone_of(account: Account) -> AsyncIterator[Path]:
        where = f"{account.user}:{account.password}@{account.host}:{account.port}"
        speech = write_tone(tmp_path / "a.wav", AGENT_HZ)
        command = [sys.executable, "-m", "agent_app.softphone", "--rendezvous", str(tmp_path / "window")]
        command += ["--driver", "pyvoip", "--audio", "files", "--speak", str(speech), "--answer"]
        command += ["--keep", str(tmp_path / "heard.wav"), "--account", where]
        with _in_project(command, tmp_path):
            yield tmp_path

    asyncio.run(_both_sides_are_heard(centre, phone_of, "heard.wav", ended_by_server=False))


def _in_project(command: list[str], folder: Path) -> Program:
    return Program(["/usr/bin/env", f"PYTHONPATH={ROOT}", *command], folder=folder, name="phone")


async def _both_sides_are_heard(centre: Centre, phone_of, heard_in: str, *, ended_by_server: bool) -> None:  # type: ignore[no-untyped-def]
    """The phone answers by itself. The customer hears the agent's tone; the phone and the recording, both."""
    before = set(centre.recordings)
    desk, customer = Desk(centre, "agent2"), Phone(frequency_hz=CUSTOMER_HZ)
    async with leaving(desk, customer), contextlib.asynccontextmanager(phone_of)(centre.phone_of("2002")) as folder:
        await desk.sign_in()
        await desk.ready()
        await customer.dial(centre.sip, DIRECT, number="01055556666", name="customer")
        call = await desk.call_is("connected")
        await customer.hears(AGENT_HZ)
        await asyncio.sleep(2)  # sound for the recording: time itself is what is needed
        await desk.done(cl.EndCall(call=call.call)) if ended_by_server else customer.hang_up()
        await desk.finish_call()
        await until(lambda: customer.ended_by, "the customer's phone is free")
        await until(lambda: list(folder.glob(heard_in)), "what the phone heard")
    [heard] = folder.glob(heard_in)
    assert share(_channels(heard)[0], CUSTOMER_HZ) > HEARD_MIN
    await until(lambda: centre.queries.call(call.call).recordings[0].path, "the recording is stored")
    [recording] = set(centre.recordings) - before
    left, right = _channels(recording)
    assert share(left, AGENT_HZ) > HEARD_MIN > 0.2 > share(left, CUSTOMER_HZ)
    assert share(right, CUSTOMER_HZ) > HEARD_MIN > 0.2 > share(right, AGENT_HZ)


def _channels(file: Path) -> list[bytes]:
    """The last two seconds of each channel, 16 bit."""
    return [channel[-16_000:].tobytes() for channel in read_channels(file.read_bytes())]
