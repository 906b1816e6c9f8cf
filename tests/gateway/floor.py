"""A small floor: the real engine, Centre and journal, the real gateway, and desktops that are plain WebSocket clients.

The network is played by ``Switch``: it remembers what it was ordered, and a test lets phones ring, answer and hang up.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from cti_server.core.effects import Effect, PlaceLeg, StartRecording, StopRecording
from cti_server.core.entities import State
from cti_server.core.errors import Refused
from cti_server.core.inputs import (
    EnrolAgents,
    LegAlerting,
    LegAnswered,
    LegCleared,
    LegOffered,
    LoadSettings,
    PhoneRegistered,
    RecordingFinished,
    RecordingStarted,
    Signal,
)
from cti_server.core.settings import AgentProfile, CentreSettings, CodeSettings, LineSettings, QueueSettings
from cti_server.core.vocabulary import (
    SWITCH_LEG_BIT,
    AgentId,
    ClearingCause,
    CustomerRef,
    Extension,
    LegId,
    PinResult,
    QueueId,
    Secret,
)
from cti_server.customers.main_system import MainSystem
from cti_server.customers.performer import CustomerPerformer
from cti_server.engine import EngineClock
from cti_server.gateway.arrivals import PhonePlace
from cti_server.gateway.history import History
from cti_server.gateway.phone_secrets import SignedPhoneSecrets
from cti_server.gateway.server import Gateway, GatewaySettings
from cti_server.ports import CredentialCheck, Recorded
from cti_server.storage.answers import TimelineEntry
from cti_server.wire import VERSION
from cti_server.wire.client import (
    AskBody,
    AskFairness,
    AskFrame,
    CommandBody,
    CommandFrame,
    ExplainCall,
    Hello,
    ListIdleRuns,
    PastAsk,
)
from cti_server.wire.codec import MAX_SERVER_BYTES, decode_server, encode
from cti_server.wire.explained import CallExplained, FairnessTold, IdleRunsTold, Somebody
from cti_server.wire.server import (
    AnswerFrame,
    CallChanged,
    CallView,
    CardSection,
    Denied,
    FactFrame,
    ReplyFrame,
    ServerFrame,
    Snapshot,
    Welcome,
)
from tests.engine_helpers import Outside, Running, running
from tests.sample_shop import shop

TIMEOUT_S = 30.0
PASSWORD = "correct horse"
LINE = "1588-0001"
KEY = b"k" * 32
Found = TypeVar("Found")


def settings(**changes: Any) -> CentreSettings:
    values: dict[str, Any] = {
        "version": "test",
        "queues": (
            QueueSettings(queue=QueueId("orders"), title={"ko": "주문", "en": "Orders"}),
            QueueSettings(queue=QueueId("care"), title={"ko": "상담", "en": "Care"}),
        ),
        "lines": (LineSettings(line=LINE, flow="queue:orders"),),
        "not_ready_reasons": (CodeSettings(code="break", title={"ko": "휴식", "en": "Break"}),),
        "decline_reasons": (CodeSettings(code="busy", title={"ko": "바쁨", "en": "Busy"}),),
        "dispositions": (
            CodeSettings(
                code="delivery",
                title={"ko": "배송 문의", "en": "Delivery"},
                subcodes=(CodeSettings(code="late", title={"ko": "지연", "en": "Late"}),),
            ),
        ),
        "pop_wait_ms": 20_000,
    }
    return CentreSettings(**(values | changes))


PROFILES = tuple(
    AgentProfile(agent=AgentId(n), extension=Extension(f"200{n}"), group="T/O", skills=skills)
    for n, skills in ((1, {"orders": 1}), (2, {"orders": 1, "care": 1}), (3, {"care": 1}))
)


@dataclass
class FakeCredentials:
    """Everybody named ``agent<N>`` is agent N; ``boss`` is no agent; other names do not exist."""

    asked: list[str] = field(default_factory=list)
    result: str = ""
    roles: tuple[str, ...] = ("agent",)

    async def check_password(self, user: str, password: Secret, address: str) -> CredentialCheck:
        self.asked.append(user)
        if self.result:
            return CredentialCheck(result=self.result)
        if password.reveal() != PASSWORD:
            return CredentialCheck(result="wrong")
        if user == "boss":
            return CredentialCheck(result="ok", user=user, name="한선미", roles=("supervisor",))
        number = int(user.removeprefix("agent"))
        return CredentialCheck(
            result="ok",
            user=user,
            agent=AgentId(number),
            name="이서윤",
            group="T/O",
            extension=f"200{number}",
            roles=self.roles,
        )

    async def check_pin(self, customer: CustomerRef, pin: Secret) -> PinResult:
        return PinResult.VERIFIED


@dataclass
class FakeHistory:
    entries: list[TimelineEntry] = field(default_factory=list)

    async def past(self, customer: str, *, before_at: int, limit: int) -> Sequence[TimelineEntry]:
        return [entry for entry in self.entries if entry.at < before_at][:limit]


class FakePast:
    """The web process, played: an empty answer of the right kind; nobody may know about call 404."""

    async def answer(self, person: CredentialCheck, ask: PastAsk) -> bytes:
        match ask:
            case ExplainCall(call=404):
                raise Refused("not_found")
            case ExplainCall():
                return msgspec.json.encode(CallExplained(call=ask.call, read_to=person.agent or 0))
            case AskFairness():
                return msgspec.json.encode(FairnessTold(day="2026-11-22", read_to=ask.at))
            case ListIdleRuns():
                return msgspec.json.encode(IdleRunsTold(day="2026-11-22", read_to=1, who=Somebody(agent=person.agent)))


class Switch(Outside):
    """Both who watches and who carries out: everything goes on to the gateway and the look-ups."""

    gateway: Gateway
    customers: CustomerPerformer
    submit: Callable[[Signal], None]

    def publish(self, recorded: Sequence[Recorded], state: State) -> None:
        super().publish(recorded, state)
        self.gateway.publish(recorded, state)

    def perform(self, effect: Effect) -> None:
        super().perform(effect)
        self.gateway.perform(effect)
        self.customers.perform(effect)
        match effect:
            case StartRecording(call=call, recording=recording):
                self.submit(RecordingStarted(call=call, recording=recording))
            case StopRecording(call=call, recording=recording):
                self.submit(
                    RecordingFinished(call=call, recording=recording, path="a.wav", duration_ms=1, size_bytes=1)
                )
            case _:
                pass

    def placed(self) -> list[PlaceLeg]:
        return [effect for effect in self.performed if isinstance(effect, PlaceLeg)]


class Desktop:
    """A client that reads everything into ``frames``."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.frames: list[ServerFrame] = []
        self._count = 0
        self._reader = asyncio.create_task(self._read())
        self.close_code: int | None = None

    async def _read(self) -> None:
        try:
            async for data in self.connection:
                assert isinstance(data, str)
                frame = decode_server(data)
                assert frame is not None
                self.frames.append(frame)
        except ConnectionClosed:
            pass
        self.close_code = self.connection.close_code

    async def say(self, frame: Hello | CommandFrame | AskFrame) -> None:
        await self.connection.send(encode(frame), text=True)

    async def hello(self, user: str = "agent1", *, password: str = PASSWORD, **more: Any) -> None:
        await self.say(Hello(version=VERSION, user=user, password=password, **more))

    async def resume(self, token: str) -> None:
        await self.say(Hello(version=VERSION, token=token))

    async def command(self, body: CommandBody, *, key: str = "") -> ReplyFrame:
        self._count += 1
        frame = CommandFrame(id=key or f"{id(self)}-{self._count}", body=body)
        before = len([f for f in self.frames if isinstance(f, ReplyFrame) and f.to == frame.id])
        await self.say(frame)
        replies = await self.until(
            lambda: [f for f in self.frames if isinstance(f, ReplyFrame) and f.to == frame.id][before:]
        )
        return replies[0]

    async def ask(self, body: AskBody) -> AnswerFrame:
        self._count += 1
        frame = AskFrame(id=f"a{self._count}", body=body)
        await self.say(frame)
        return await self.until(lambda: next((f for f in self.of(AnswerFrame) if f.to == frame.id), None))

    async def until(self, found: Callable[[], Found | None]) -> Found:
        """What ``found`` gives as soon as it is something."""
        async with asyncio.timeout(TIMEOUT_S):
            while not (value := found()):
                await asyncio.sleep(0.005)
            return value

    def of(self, kind: type[Found]) -> list[Found]:
        return [frame for frame in self.frames if isinstance(frame, kind)]

    def facts(self, kind: type[Found]) -> list[Found]:
        return [frame.body for frame in self.of(FactFrame) if isinstance(frame.body, kind)]

    async def fact(self, kind: type[Found], fits: Callable[[Found], bool] = lambda _: True) -> Found:
        return await self.until(lambda: next((fact for fact in self.facts(kind) if fits(fact)), None))

    async def welcome(self) -> Welcome:
        return await self.until(lambda: next(iter(self.of(Welcome)), None))

    async def denied(self) -> Denied:
        return await self.until(lambda: next(iter(self.of(Denied)), None))

    async def snapshot(self) -> Snapshot:
        return await self.until(lambda: next(iter(self.of(Snapshot)), None))

    async def call(self, fits: Callable[[CallView], bool] = lambda _: True) -> CallView:
        return (await self.fact(CallChanged, lambda fact: fits(fact.call))).call

    async def section(self, name: str, call: int | None = None) -> CardSection:
        return await self.until(
            lambda: next((s for s in self.of(CardSection) if s.section == name and call in (None, s.call)), None)
        )

    async def closed(self) -> int | None:
        async with asyncio.timeout(TIMEOUT_S):
            await asyncio.shield(self._reader)
        return self.close_code

    async def close(self) -> None:
        if not self._reader.done():
            await self.connection.close()
        await asyncio.gather(self._reader, return_exceptions=True)


@dataclass
class Floor:
    run: Running
    switch: Switch
    gateway: Gateway
    credentials: FakeCredentials
    history: FakeHistory
    main: MainSystem
    desktops: list[Desktop] = field(default_factory=list)
    legs: int = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.gateway.port}/"

    async def connect(self, **more: Any) -> Desktop:
        desktop = Desktop(await connect(self.url, compression=None, max_size=MAX_SERVER_BYTES, proxy=None, **more))
        self.desktops.append(desktop)
        return desktop

    async def sign_in(self, user: str = "agent1", **more: Any) -> Desktop:
        """A desktop with its snapshot, and its phone registered."""
        desktop = await self.connect()
        await desktop.hello(user, **more)
        await desktop.snapshot()
        return desktop

    def phone(self, extension: str) -> None:
        self.run.engine.submit(PhoneRegistered(extension=Extension(extension)))

    def offer(self, number: str = "010-2345-6789") -> LegId:
        """A caller arrives."""
        self.legs += 1
        leg = LegId(SWITCH_LEG_BIT + self.legs)
        self.run.engine.submit(LegOffered(leg=leg, line=LINE, trunk="main", number=number))
        return leg

    async def rung(self, count: int = 1) -> PlaceLeg:
        """The ``count``-th leg that was ordered."""
        await self.run.until(lambda: len(self.switch.placed()) >= count)
        return self.switch.placed()[count - 1]

    def alert(self, leg: LegId) -> None:
        self.run.engine.submit(LegAlerting(leg=leg))

    def answer(self, leg: LegId) -> None:
        self.run.engine.submit(LegAnswered(leg=leg))

    def hang_up(self, leg: LegId, cause: ClearingCause = ClearingCause.CALLER_HUNG_UP) -> None:
        self.run.engine.submit(LegCleared(leg=leg, cause=cause))


@asynccontextmanager
async def floor(
    path: Path, *, main: MainSystem | None = None, clients_max: int = 50, **changes: Any
) -> AsyncIterator[Floor]:
    """The floor with three agents whose phones are registered, nobody signed in."""
    outside, credentials, history = Switch(), FakeCredentials(), FakeHistory()
    main_system = main or shop()
    clock = EngineClock()
    async with running(path, outside=outside, clock=clock) as run:
        gateway = make_gateway(
            run, clock, credentials, history, main_system, recordings=path / "recordings", clients_max=clients_max
        )
        outside.gateway, outside.submit = gateway, run.engine.submit
        outside.customers = CustomerPerformer(
            directory=main_system.directory,
            credentials=credentials,
            submit=run.engine.submit,
            warm=gateway.desk.warm,
        )
        if not await run.engine.look(lambda state, _seq: state.settings.version):
            await run.engine.carry_out(LoadSettings(settings=settings(**changes)))
            await run.engine.carry_out(EnrolAgents(agents=PROFILES))
        await gateway.start()
        made = Floor(run, outside, gateway, credentials, history, main_system)
        for profile in PROFILES:
            made.phone(profile.extension)
        try:
            yield made
        finally:
            for desktop in made.desktops:
                await desktop.close()
            await gateway.close()
            await outside.customers.close()
            await main_system.connector.close()


def make_gateway(
    run: Running,
    clock: EngineClock,
    credentials: FakeCredentials,
    history: History,
    main: MainSystem,
    *,
    recordings: Path,
    clients_max: int,
) -> Gateway:
    return Gateway(
        settings=GatewaySettings(clients_max=clients_max),
        door=run.engine.carry_out,
        submit=run.engine.submit,
        look=run.engine.look,
        now=clock,
        credentials=credentials,
        phones=SignedPhoneSecrets(KEY, clock),
        place=PhonePlace(port=5060),
        main=main,
        history=history,
        recordings=recordings,
        past=FakePast(),
        token_key=KEY,
        scripts=msgspec.Raw(b'{"library":"test"}'),
        scripts_version="v1",
    )


def on_the_floor(path: Path, work: Callable[[Floor], Awaitable[None]], **changes: Any) -> None:
    """Run ``work`` on a new floor."""

    async def main() -> None:
        async with floor(path, **changes) as made:
            await work(made)

    asyncio.run(main())
