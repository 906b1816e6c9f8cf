"""The embedded switch with a real media worker and real phones: it obeys effects and reports facts."""

import asyncio
import itertools
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from agent_app.robots.caller import CallPlan, Keys, RobotCaller
from agent_app.robots.ear import tone
from agent_app.softphone import messages as ms
from agent_app.softphone.account import Account
from agent_app.softphone.native_driver import NativeDriver
from agent_app.softphone.phone import Phone
from cti_server.core import effects as ef
from cti_server.core import inputs
from cti_server.core.vocabulary import CallId, ClearingCause, Extension, LegId, RecordingId, Secret
from cti_server.engine import EngineClock
from cti_server.media.detect import loudest_frequency
from cti_server.media.wav import read_channels
from cti_server.switch.embedded.adopting import adopt
from cti_server.switch.embedded.media_link import MediaLink
from cti_server.switch.embedded.sip_settings import SwitchSettings, Trunk
from cti_server.switch.embedded.switch import EmbeddedSwitch
from tests.agent_app.softphone.test_phone_and_server import Held, Instrument

TIMEOUT_S = 30.0
CALL = CallId(7)
AGENT_LEG = LegId(50)
RECORDING = RecordingId(3)
Wanted = TypeVar("Wanted", bound=inputs.Signal)


class Passwords:
    def issue(self, extension: str) -> tuple[str, str]:
        return extension, "secret"

    def password_of(self, user: str) -> Secret | None:
        return Secret("secret")


@dataclass
class Signals:
    """What the switch reported."""

    all: list[inputs.Signal] = field(default_factory=list)
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, signal: inputs.Signal) -> None:
        self.all.append(signal)
        self.wake.set()

    async def first(self, kind: type[Wanted], where: Callable[[Wanted], bool] = lambda signal: True) -> Wanted:
        async with asyncio.timeout(TIMEOUT_S):
            while True:
                for signal in self.all:
                    if isinstance(signal, kind) and where(signal):
                        return signal
                self.wake.clear()
                await self.wake.wait()


@dataclass
class Bench:
    """A switch under test, with a call's effects numbered for it."""

    switch: EmbeddedSwitch
    signals: Signals
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def account(self) -> Account:
        where = self.switch.endpoint.sockets.local
        return Account(host=where.host, port=where.port)

    def do(self, kind: type[ef.Effect], **fields: object) -> int:
        n = next(self.numbers)
        self.switch.perform(kind(call=CALL, n=n, **fields))  # type: ignore[arg-type]
        return n


@asynccontextmanager
async def media_worker(folder: Path) -> AsyncIterator[Path]:
    path = folder / "media-0.sock"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cti_server.switch.embedded.media_worker", "--socket", str(path)),
        *("--ports", "25000-25039", "--media-timeout-s", "20"),
    )
    try:
        yield path
    finally:
        process.terminate()
        await process.wait()


def new_switch(folder: Path, socket: Path, signals: Signals, *, epoch: int, port: int = 0) -> EmbeddedSwitch:
    settings = SwitchSettings(
        port=port,
        trunks=(Trunk(name="local", host="127.0.0.1"),),
        contacts={"2009": "sip:2009@127.0.0.1:9"},
    )
    return EmbeddedSwitch(
        settings,
        clock=EngineClock(),
        submit=signals,
        is_overloaded=lambda: False,
        secrets=Passwords(),
        links=lambda reported, changed: [
            MediaLink(socket_path=socket, epoch=epoch, on_report=reported, on_state=lambda state: changed(0, state))
        ],
        prompts=folder,
        recordings=folder,
        recording_path=lambda call, recording, at: folder / f"{call}-{recording}.wav",
        run=folder,
    )


@asynccontextmanager
async def bench(folder: Path) -> AsyncIterator[Bench]:
    async with media_worker(folder) as path:
        signals = Signals()
        switch = new_switch(folder, path, signals, epoch=1)
        await switch.prepare()
        await switch.open()
        try:
            yield Bench(switch, signals)
        finally:
            await switch.close()


@asynccontextmanager
async def agent_phone(account: Account, sound: Instrument) -> AsyncIterator[tuple[Phone, Held]]:
    window = Held()
    phone = Phone(lambda user: NativeDriver(user, sound), sound, publish=window, quit_now=lambda: None)
    phone.obey(
        ms.Configure(
            host=account.host, port=account.port, transport="udp", extension="2001", user="2001.a", password="secret"
        )
    )
    await window.until(lambda status: status.registration == "registered")
    try:
        yield phone, window
    finally:
        await phone.close()


def caller_of(account: Account, *keys: Keys, line: str = "15880001") -> RobotCaller:
    plan = CallPlan(name="김민지", number="01023456789", line=line, keys=keys)
    return RobotCaller(plan, server=account, speech=tone(1000))


async def connected(at: Bench, sound: Instrument, phone: Phone, window: Held) -> LegId:
    """Caller and agent talk and are recorded; the caller's leg."""
    offered = await at.signals.first(inputs.LegOffered)
    at.do(ef.AnswerLeg, leg=offered.leg)
    at.do(ef.PlayMusic, leg=offered.leg)
    at.do(ef.PlaceLeg, leg=AGENT_LEG, to=ef.ToExtension(extension=Extension("2001")), timeout_s=20)
    await window.until(lambda status: status.call is not None and status.call.state == "ringing")
    phone.obey(ms.Answer())
    await at.signals.first(inputs.LegAnswered, lambda signal: signal.leg == AGENT_LEG)
    at.do(ef.ConnectLegs, leg=AGENT_LEG, other=offered.leg)
    at.do(
        ef.StartRecording,
        recording=RECORDING,
        agent_leg=AGENT_LEG,
        customer_leg=offered.leg,
        started_at_us=0,
    )
    await at.signals.first(inputs.RecordingStarted)
    return offered.leg


async def until_heard(sound: Instrument, frequency_hz: float) -> None:
    """The last second of what this device heard is this tone."""
    async with asyncio.timeout(TIMEOUT_S):
        while True:
            heard = np.frombuffer(bytes(sound.heard[-8000:]), dtype="<i2")
            if len(heard) >= 4000 and abs(loudest_frequency(heard) - frequency_hz) < 15:
                return
            await asyncio.sleep(0.05)


def test_a_call_from_a_caller_to_an_agent_is_carried_recorded_and_ended(tmp_path: Path) -> None:
    asyncio.run(whole_call(tmp_path))


async def whole_call(folder: Path) -> None:
    async with bench(folder) as at:
        sound = Instrument(440)
        async with agent_phone(at.account, sound) as (phone, window):
            registered = await at.signals.first(inputs.PhoneRegistered, lambda s: s.extension == "2001")
            assert registered.extension == "2001"
            caller = caller_of(at.account)
            calling = asyncio.create_task(caller.run())
            leg = await connected(at, sound, phone, window)
            offered = await at.signals.first(inputs.LegOffered)
            assert (offered.line, offered.number, offered.display_name, offered.trunk) == (
                "15880001",
                "01023456789",
                "김민지",
                "local",
            )
            await until_heard(sound, 1000)
            at.do(ef.HoldLeg, leg=leg, other=AGENT_LEG)
            before = len(sound.heard)
            async with asyncio.timeout(TIMEOUT_S):
                while len(sound.heard) < before + 16_000:
                    await asyncio.sleep(0.05)
            held = np.frombuffer(bytes(sound.heard[-4000:]), dtype="<i2")
            assert np.abs(held.astype(int)).max() < 500, "the agent hears nothing while the customer is on hold"
            at.do(ef.RetrieveLeg, leg=leg, other=AGENT_LEG)
            await until_heard(sound, 1000)
            at.do(ef.StopRecording, recording=RECORDING)
            at.do(ef.ReleaseLeg, leg=AGENT_LEG, cause=ClearingCause.NORMAL)
            at.do(ef.ReleaseLeg, leg=leg, cause=ClearingCause.NORMAL)
            report = await asyncio.wait_for(calling, TIMEOUT_S)
            assert report.ended_by == "theirs"
            await window.until(lambda status: status.call is not None and status.call.state == "ended")
            finished = await at.signals.first(inputs.RecordingFinished)
            assert finished.duration_ms > 500
            agent, customer = read_channels((folder / finished.path).read_bytes())
            assert abs(loudest_frequency(agent[:8000]) - 440) < 15
            assert abs(loudest_frequency(customer[:8000]) - 1000) < 15
        assert at.switch.legs == {}
        assert at.switch.branches == {}


def test_keys_are_reported_one_by_one(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path) as at:
            caller = caller_of(at.account, Keys(digits="135790#", after_s=0.2))
            calling = asyncio.create_task(caller.run())
            offered = await at.signals.first(inputs.LegOffered)
            at.do(ef.AnswerLeg, leg=offered.leg)
            async with asyncio.timeout(TIMEOUT_S):
                while len([s for s in at.signals.all if isinstance(s, inputs.DigitPressed)]) < 7:
                    await asyncio.sleep(0.05)
            pressed = "".join(s.digit.reveal() for s in at.signals.all if isinstance(s, inputs.DigitPressed))
            assert pressed == "135790#"
            at.do(ef.ReleaseLeg, leg=offered.leg, cause=ClearingCause.NORMAL)
            await asyncio.wait_for(calling, TIMEOUT_S)

    asyncio.run(run())


def test_a_caller_who_gives_up_is_reported(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path) as at:
            caller = caller_of(at.account)
            calling = asyncio.create_task(caller.run())
            offered = await at.signals.first(inputs.LegOffered)
            at.do(ef.RingLeg, leg=offered.leg)
            caller.hang_up()
            cleared = await at.signals.first(inputs.LegCleared)
            assert (cleared.leg, cleared.cause) == (offered.leg, ClearingCause.CALLER_HUNG_UP)
            report = await asyncio.wait_for(calling, TIMEOUT_S)
            assert report.answered_s is None

    asyncio.run(run())


def test_a_phone_that_is_nowhere_fails_at_once_and_a_silent_one_in_time(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path) as at:
            at.do(ef.PlaceLeg, leg=LegId(60), to=ef.ToExtension(extension=Extension("2999")), timeout_s=20)
            failed = await at.signals.first(inputs.LegFailed, lambda signal: signal.leg == 60)
            assert failed.cause is ClearingCause.UNREACHABLE
            at.do(ef.PlaceLeg, leg=LegId(61), to=ef.ToExtension(extension=Extension("2009")), timeout_s=1)
            silent = await at.signals.first(inputs.LegFailed, lambda signal: signal.leg == 61)
            assert silent.cause in (ClearingCause.NO_ANSWER, ClearingCause.UNREACHABLE)
            assert at.switch.legs == {}

    asyncio.run(run())


def test_a_call_goes_on_through_a_new_core_process_and_can_be_ended_by_it(tmp_path: Path) -> None:
    asyncio.run(taken_over(tmp_path))


async def taken_over(folder: Path) -> None:
    async with media_worker(folder) as socket:
        first_signals = Signals()
        first = new_switch(folder, socket, first_signals, epoch=1)
        await first.prepare()
        await first.open()
        at = Bench(first, first_signals)
        account = at.account
        sound = Instrument(440)
        async with agent_phone(account, sound) as (phone, window):
            caller = caller_of(account)
            calling = asyncio.create_task(caller.run())
            leg = await connected(at, sound, phone, window)
            await until_heard(sound, 1000)
            resumes = {
                signal.leg: signal.resume
                for signal in first_signals.all
                if isinstance(signal, inputs.LegSignal) and signal.resume
            }
            await first.close()  # what a kill would leave: phones and worker go on, nobody listens

            second_signals = Signals()
            second = new_switch(folder, socket, second_signals, epoch=2, port=account.port)
            await second.prepare()
            inventory = adopt(second, {LegId(number): data for number, data in resumes.items()})
            await second.open()
            assert {alive.leg: alive.adopted for alive in inventory} == {leg: True, AGENT_LEG: True}
            assert "2001" in second.phones.registered
            await until_heard(sound, 1000)
            again = Bench(second, second_signals, itertools.count(100))
            again.do(ef.HoldLeg, leg=leg, other=AGENT_LEG)
            again.do(ef.RetrieveLeg, leg=leg, other=AGENT_LEG)
            again.do(ef.ReleaseLeg, leg=AGENT_LEG, cause=ClearingCause.NORMAL)
            again.do(ef.ReleaseLeg, leg=leg, cause=ClearingCause.NORMAL)
            report = await asyncio.wait_for(calling, TIMEOUT_S)
            assert report.ended_by == "theirs"
            await window.until(lambda status: status.call is not None and status.call.state == "ended")
        await second.close()


INVITE = (
    b"INVITE sip:15880001@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bKname\r\nMax-Forwards: 70\r\n"
    b'From: "%s" <sip:01023456789@127.0.0.1>;tag=a\r\nTo: <sip:15880001@127.0.0.1>\r\n'
    b"Call-ID: name\r\nCSeq: 1 INVITE\r\nContact: <sip:caller@127.0.0.1:%d>\r\n"
    b"Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s"
)
OFFER = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 30000 RTP/AVP 0\r\n"


@pytest.mark.parametrize(
    ("octets", "name"),
    [
        ("김민지".encode("cp949"), "김민지"),
        ("김민지".encode(), "김민지"),
        (b"\xff\xfe", "\N{REPLACEMENT CHARACTER}" * 2),
    ],
)
def test_a_callers_name_in_any_encoding_is_heard_and_kept(tmp_path: Path, octets: bytes, name: str) -> None:
    """Older exchanges in Korea send names in CP949; the call must come in whatever the octets are."""

    async def run() -> None:
        async with bench(tmp_path) as at:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
                caller.bind(("127.0.0.1", 0))
                port = int(caller.getsockname()[1])
                where = at.switch.endpoint.sockets.local
                caller.sendto(INVITE % (port, octets, port, len(OFFER), OFFER), (where.host, where.port))
                offered = await at.signals.first(inputs.LegOffered)
                assert (offered.display_name, offered.number, offered.line) == (name, "01023456789", "15880001")
                assert offered.resume
                at.do(ef.ReleaseLeg, leg=offered.leg, cause=ClearingCause.REJECTED)
                assert at.switch.legs == {}

    asyncio.run(run())
