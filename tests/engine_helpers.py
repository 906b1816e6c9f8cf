"""A small centre around a real journal, for the engine's tests and its bench: straight into one queue, one agent."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cti_server.core.centre import Centre
from cti_server.core.effects import Effect
from cti_server.core.inputs import EnrolAgents, LegOffered, LoadSettings, LogOn, PhoneRegistered, SetReady
from cti_server.core.settings import AgentProfile, CentreSettings, CodeSettings, LineSettings, QueueSettings
from cti_server.core.state import State
from cti_server.core.vocabulary import SWITCH_LEG_BIT, AgentId, Extension, LegId, QueueId
from cti_server.engine import Engine, EngineClock
from cti_server.ports import Recorded
from cti_server.storage.data_folder import DataFolder
from cti_server.storage.journal import SqliteJournal

TIMEOUT_S = 30.0
KIM = AgentId(1)
BREAK = "break"


def settings(**changes: object) -> CentreSettings:
    values: dict[str, object] = {
        "version": "test",
        "queues": (QueueSettings(queue=QueueId("orders"), title={"ko": "주문", "en": "Orders"}),),
        "lines": (LineSettings(line="1588-0001", flow="queue:orders"),),
        "not_ready_reasons": (CodeSettings(code=BREAK, title={"ko": "휴식", "en": "Break"}),),
        "dispositions": (CodeSettings(code="order", title={"ko": "주문", "en": "Order"}),),
        "pop_wait_ms": 0,
        **changes,
    }
    return CentreSettings(**values)  # type: ignore[arg-type]  # a test names fields that exist


def profile(agent: AgentId = KIM, *, needs_desktop: bool = True) -> AgentProfile:
    return AgentProfile(
        agent=agent, extension=Extension(f"{1000 + agent}"), skills={"orders": 1}, needs_desktop=needs_desktop
    )


def caller(number: int = 1, text: str = "01012345678") -> LegOffered:
    return LegOffered(leg=LegId(SWITCH_LEG_BIT + number), line="1588-0001", trunk="main", number=text)


@dataclass
class Outside:
    """Whoever watches and whoever carries out, remembering what they got."""

    recorded: list[Recorded] = field(default_factory=list)
    performed: list[Effect] = field(default_factory=list)
    alarms: list[tuple[str, Mapping[str, str | int]]] = field(default_factory=list)
    on_publish: Callable[[Sequence[Recorded]], None] = lambda recorded: None
    on_perform: Callable[[Effect], None] = lambda effect: None

    def publish(self, recorded: Sequence[Recorded], state: State) -> None:
        self.recorded += recorded
        self.on_publish(recorded)

    def perform(self, effect: Effect) -> None:
        self.performed.append(effect)
        self.on_perform(effect)

    def alarm(self, name: str, details: Mapping[str, str | int]) -> None:
        self.alarms.append((name, details))

    @property
    def kinds(self) -> list[str]:
        return [type(one.event).__name__ for one in self.recorded]


@dataclass
class Running:
    engine: Engine
    journal: SqliteJournal
    outside: Outside
    folder: DataFolder
    task: "asyncio.Task[None]"

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits for what must come about; the engine's own end is told at once."""

        async def wait() -> None:
            while not condition():
                if self.task.done():
                    self.task.result()
                await asyncio.sleep(0.005)

        await asyncio.wait_for(wait(), TIMEOUT_S)

    async def set_up(self, **changes: object) -> None:
        """Kim is logged on, at the phone, on a break."""
        await self.engine.carry_out(LoadSettings(settings=settings(**changes)))
        await self.engine.carry_out(EnrolAgents(agents=(profile(),)))
        self.engine.submit(PhoneRegistered(extension=Extension("1001")))
        assert (await self.engine.carry_out(LogOn(agent=KIM))).code == ""

    async def kim_is_ready(self) -> None:
        assert (await self.engine.carry_out(SetReady(agent=KIM))).code == ""


@asynccontextmanager
async def running(
    path: Path,
    *,
    make_centre: Callable[[State], Centre] = lambda state: Centre(state, strict=True),
    outside: Outside | None = None,
    clock: EngineClock | None = None,
) -> AsyncIterator[Running]:
    folder = DataFolder(path)
    journal = SqliteJournal(folder)
    outside = outside or Outside()
    engine = Engine(
        centre=make_centre(journal.restore_now().state),
        revive=make_centre,
        store=journal,
        publisher=outside,
        performer=outside,
        clock=clock or EngineClock(journal.last_at),
        alarm=outside.alarm,
    )
    task = asyncio.create_task(engine.run())
    try:
        yield Running(engine, journal, outside, folder, task)
    finally:
        engine.stop()
        try:
            await asyncio.wait_for(task, TIMEOUT_S)
        finally:
            await journal.close()
