"""The softphone against a server of our own on real sockets: it registers, is called, talks, and hangs up."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from agent_app.robots.ear import tone
from agent_app.softphone import messages as ms
from agent_app.softphone.audio import FRAME_BYTES, SILENCE
from agent_app.softphone.native_driver import NativeDriver
from agent_app.softphone.phone import Phone
from agent_app.softphone.pyvoip_driver import PyVoipDriver
from agent_app.softphone.voice import Voice
from cti_server.core.vocabulary import Secret
from cti_server.engine import EngineClock
from cti_server.media.detect import loudest_frequency
from cti_server.media.g711 import Samples
from cti_server.sip import events as ev
from cti_server.sip.commands import OutboundCall
from cti_server.sip.offer_answer import LocalMedia, Negotiator
from cti_server.switch.embedded.admission import Admission
from cti_server.switch.embedded.sip_endpoint import SipEndpoint
from cti_server.switch.embedded.sip_settings import SwitchSettings

TIMEOUT_S = 30


class Instrument:
    """A sound device that speaks a tone and remembers what it heard."""

    def __init__(self, frequency_hz: float) -> None:
        self.state = "ok"
        self.heard = bytearray()
        self._said = tone(frequency_hz)
        self._at = 0

    def start(self, *, speaks: bool = True) -> None:
        self._at = 0

    def stop(self) -> None:
        pass

    def read(self) -> bytes:
        frame = self._said[self._at : self._at + FRAME_BYTES]
        self._at = (self._at + FRAME_BYTES) % len(self._said)
        return frame or SILENCE

    def write(self, frame: bytes) -> None:
        self.heard += frame

    def tail(self) -> Samples:
        return np.frombuffer(bytes(self.heard[-8000:]), dtype="<i2")


class Passwords:
    def issue(self, extension: str) -> tuple[str, str]:
        return extension, "secret"

    def password_of(self, user: str) -> Secret | None:
        return Secret("secret") if user.startswith("2001") else None


@dataclass
class Server:
    """A registrar that can call the phone and hear it."""

    endpoint: SipEndpoint
    events: list[ev.Event] = field(default_factory=list)
    wake: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, wanted: Callable[[ev.Event], bool]) -> ev.Event:
        async with asyncio.timeout(TIMEOUT_S), self.wake:
            await self.wake.wait_for(lambda: any(wanted(event) for event in self.events))
        return next(event for event in self.events if wanted(event))


async def started_server() -> Server:
    server: Server

    def happened(event: ev.Event) -> None:
        server.events.append(event)

        async def tell() -> None:
            async with server.wake:
                server.wake.notify_all()

        tasks.append(asyncio.get_running_loop().create_task(tell()))

    tasks: list[asyncio.Task[None]] = []
    settings = SwitchSettings(port=0, registration_s=60)
    clock = EngineClock()
    policy = Admission(
        settings,
        secrets=Passwords(),
        clock=clock,
        is_overloaded=lambda: False,
        addresses={},
        is_registered=lambda account, flow: False,
    )
    endpoint = SipEndpoint(
        settings, clock=clock, policy=policy, new_leg=iter(range(1000, 2000)).__next__, on_event=happened
    )
    server = Server(endpoint)
    endpoint.bind()
    await endpoint.open()
    return server


@dataclass
class Held:
    """The phone's window."""

    statuses: list[ms.PhoneStatus] = field(default_factory=list)
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, status: ms.PhoneStatus) -> None:
        self.statuses.append(status)
        self.wake.set()

    async def until(self, holds: Callable[[ms.PhoneStatus], bool]) -> ms.PhoneStatus:
        async with asyncio.timeout(TIMEOUT_S):
            while not (self.statuses and holds(self.statuses[-1])):
                self.wake.clear()
                await self.wake.wait()
        return self.statuses[-1]


@pytest.mark.parametrize(("driver", "transport"), [(NativeDriver, "udp"), (NativeDriver, "tcp"), (PyVoipDriver, "udp")])
def test_a_phone_registers_is_called_talks_and_is_hung_up(
    driver: type[NativeDriver | PyVoipDriver], transport: str
) -> None:
    asyncio.run(one_call(driver, transport))


async def one_call(driver: type[NativeDriver | PyVoipDriver], transport: str) -> None:
    server = await started_server()
    where = server.endpoint.sockets.local
    sound = Instrument(440)
    window = Held()
    phone = Phone(lambda user: driver(user, sound), sound, publish=window, quit_now=lambda: None)
    phone.obey(ms.Attach(token=""))
    phone.obey(
        ms.Configure(
            host=where.host, port=where.port, transport=transport, extension="2001", user="2001.x", password="secret"
        )
    )
    await window.until(lambda status: status.registration == "registered")
    await server.until(lambda event: isinstance(event, ev.BindingsChanged))
    binding = server.endpoint.agent.bindings("2001")[0]

    far = Instrument(1000)
    voice = Voice(far)
    port = await voice.open("127.0.0.1")
    negotiator = Negotiator(media=LocalMedia(address="127.0.0.1", port=port), session_id=1)
    call = OutboundCall(
        target=binding.contact,
        from_uri=f"sip:01012345678@{where.host}",
        from_display="김민지",
        sdp=negotiator.offer(),
        flow=binding.flow,
        pin_flow=True,
        headers=(("X-Ieum-Call", "77"),),
    )
    server.endpoint.agent.place_call(5, call, EngineClock()())
    server.endpoint.pump()

    ringing = await window.until(lambda status: status.call is not None and status.call.state == "ringing")
    assert ringing.call is not None
    assert (ringing.call.call, ringing.call.number, ringing.call.name) == (77, "01012345678", "김민지")
    phone.obey(ms.Answer())
    answered = await server.until(lambda event: isinstance(event, ev.Established))
    assert isinstance(answered, ev.Established)
    assert answered.sdp is not None
    voice.agree(negotiator.accept(answered.sdp))
    await window.until(lambda status: status.call is not None and status.call.has_media)
    async with asyncio.timeout(TIMEOUT_S):
        while voice.packets_received < 60 or len(sound.heard) < 60 * FRAME_BYTES:
            await asyncio.sleep(0.05)
    assert abs(loudest_frequency(far.tail()) - 440) < 15
    assert abs(loudest_frequency(sound.tail()) - 1000) < 15

    server.endpoint.agent.hang_up(5, EngineClock()())
    server.endpoint.pump()
    ended = await window.until(lambda status: status.call is not None and status.call.state == "ended")
    assert ended.call is not None
    assert ended.call.ended_by == "theirs"
    voice.close()
    await phone.close()
    await server.endpoint.close()


@pytest.mark.parametrize("driver", [NativeDriver, PyVoipDriver])
def test_a_call_that_is_given_up_stops_ringing_and_the_next_one_rings(
    driver: type[NativeDriver | PyVoipDriver],
) -> None:
    asyncio.run(two_calls_given_up(driver))


async def two_calls_given_up(driver: type[NativeDriver | PyVoipDriver]) -> None:
    server = await started_server()
    where = server.endpoint.sockets.local
    sound = Instrument(440)
    window = Held()
    phone = Phone(lambda user: driver(user, sound), sound, publish=window, quit_now=lambda: None)
    phone.obey(
        ms.Configure(
            host=where.host, port=where.port, transport="udp", extension="2001", user="2001.x", password="secret"
        )
    )
    await window.until(lambda status: status.registration == "registered")
    await server.until(lambda event: isinstance(event, ev.BindingsChanged))
    binding = server.endpoint.agent.bindings("2001")[0]
    for leg in (5, 6):
        call = OutboundCall(
            target=binding.contact,
            from_uri=f"sip:01012345678@{where.host}",
            sdp=Negotiator(media=LocalMedia(address="127.0.0.1", port=20_000), session_id=leg).offer(),
            flow=binding.flow,
            pin_flow=True,
            headers=(("X-Ieum-Call", str(leg)),),
        )
        server.endpoint.agent.place_call(leg, call, EngineClock()())
        server.endpoint.pump()
        await window.until(lambda status: status.call is not None and status.call.state == "ringing")
        server.endpoint.agent.cancel(leg, EngineClock()())
        server.endpoint.pump()
        ended = await window.until(lambda status: status.call is not None and status.call.state == "ended")
        assert ended.call is not None
        assert (ended.call.call, ended.call.ended_by) == (leg, "cancelled")
        await server.until(lambda event, leg=leg: isinstance(event, ev.Failed) and event.leg == leg)  # type: ignore[misc]  # bound in the loop
    await phone.close()
    await server.endpoint.close()


def test_a_wrong_password_is_reported_and_not_tried_for_ever() -> None:
    asyncio.run(wrong_password())


async def wrong_password() -> None:
    server = await started_server()
    where = server.endpoint.sockets.local
    sound = Instrument(440)
    window = Held()
    phone = Phone(lambda user: NativeDriver(user, sound), sound, publish=window, quit_now=lambda: None)
    phone.obey(
        ms.Configure(
            host=where.host, port=where.port, transport="udp", extension="2001", user="2001.x", password="guess"
        )
    )
    failed = await window.until(lambda status: status.registration == "failed")
    assert failed.reason.startswith("401") or failed.reason.startswith("403")
    await phone.close()
    await server.endpoint.close()


def test_a_phone_without_a_free_port_refuses_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the caller would wait for somebody who pressed "accept" and hears nothing."""

    async def no_port(voice: Voice, host: str) -> int:
        raise OSError("no even UDP port is free")

    monkeypatch.setattr(Voice, "open", no_port)
    asyncio.run(answered_without_port())


async def answered_without_port() -> None:
    server = await started_server()
    where = server.endpoint.sockets.local
    sound = Instrument(440)
    window = Held()
    phone = Phone(lambda user: NativeDriver(user, sound), sound, publish=window, quit_now=lambda: None)
    phone.obey(
        ms.Configure(
            host=where.host, port=where.port, transport="udp", extension="2001", user="2001.x", password="secret"
        )
    )
    await window.until(lambda status: status.registration == "registered")
    binding = server.endpoint.agent.bindings("2001")[0]
    negotiator = Negotiator(media=LocalMedia(address="127.0.0.1", port=20_000), session_id=1)
    call = OutboundCall(
        target=binding.contact,
        from_uri=f"sip:01012345678@{where.host}",
        sdp=negotiator.offer(),
        flow=binding.flow,
        pin_flow=True,
    )
    server.endpoint.agent.place_call(5, call, EngineClock()())
    server.endpoint.pump()
    await window.until(lambda status: status.call is not None and status.call.state == "ringing")
    phone.obey(ms.Answer())
    failed = await server.until(lambda event: isinstance(event, ev.Failed))
    assert isinstance(failed, ev.Failed)
    assert failed.status == 486
    await window.until(lambda status: status.call is not None and status.call.state == "ended")
    await phone.close()
    await server.endpoint.close()
