"""A small centre for tests: sentences in, events and effects out. Time moves by ``house.wait``."""

from typing import TypeVar

from cti_server.core import events as e
from cti_server.core import inputs as i
from cti_server.core.centre import Centre
from cti_server.core.effects import Effect, PlaceLeg
from cti_server.core.entities import Agent, Call, State
from cti_server.core.errors import Refused
from cti_server.core.events import Event
from cti_server.core.settings import AgentProfile, CentreSettings, CodeSettings, LineSettings, QueueSettings
from cti_server.core.state import fold
from cti_server.core.vocabulary import (
    SWITCH_LEG_BIT,
    AgentId,
    CallId,
    ClearingCause,
    Extension,
    LegId,
    QueueId,
    Secret,
)
from ivr.model import FlowSet

KIM, LEE, PARK = AgentId(1), AgentId(2), AgentId(3)
ORDERS, CARE = QueueId("orders"), QueueId("care")
START = 1_760_000_000_000_000
SECOND = 1_000_000
NUMBER = "01012345678"
T = TypeVar("T")

SETTINGS = CentreSettings(
    version="1",
    queues=(
        QueueSettings(queue=ORDERS, title={}, after_call_work_s=30),
        QueueSettings(queue=CARE, title={}, after_call_work_s=0),
    ),
    lines=(
        LineSettings(line="1588", flow="main", opening="always_open"),
        LineSettings(line="direct", flow="queue:orders"),
        LineSettings(line="care", flow="queue:care"),
    ),
    not_ready_reasons=(CodeSettings(code="break", title={}),),
    decline_reasons=(CodeSettings(code="busy", title={}),),
    dispositions=(
        CodeSettings(code="order", title={}, subcodes=(CodeSettings(code="new", title={}),)),
        CodeSettings(code="other", title={}),
    ),
    ring_timeout_s=20,
    desktop_lost_s=10,
    pop_wait_ms=150,
)


def profile(
    agent: AgentId, *, skills: dict[str, int] | None = None, needs_desktop: bool = True, may_dial: bool = True
) -> AgentProfile:
    return AgentProfile(
        agent=agent,
        extension=Extension(f"200{agent}"),
        skills={ORDERS: 1, CARE: 1} if skills is None else skills,
        needs_desktop=needs_desktop,
        may_dial=may_dial,
    )


class House:
    """The Centre with its journal; ``events`` and ``effects`` are those of the last step."""

    def __init__(
        self,
        *,
        settings: CentreSettings = SETTINGS,
        agents: tuple[AgentProfile, ...] = (),
        flows: FlowSet | None = None,
    ) -> None:
        self.flows = flows or FlowSet(flows=())
        self.centre = Centre(State(), self.flows, strict=True)
        self.now = START
        self.journal: list[Event] = []
        self.personal: dict[int, str] = {}
        self.events: list[Event] = []
        self.effects: list[Effect] = []
        self._legs = 0
        self.tell(i.LoadSettings(settings=settings))
        self.tell(i.EnrolAgents(agents=agents or (profile(KIM), profile(LEE))))

    # --- telling -----------------------------------------------------------------------------------------------------

    def tell(self, input: i.Input) -> dict[str, int]:
        outcome = self.centre.handle(input, self.now)
        self.events, self.effects = outcome.events, outcome.effects
        self.journal += outcome.events
        self.personal.update(outcome.personal)
        return outcome.result

    def refused(self, command: i.Command) -> str:
        """The code of the refusal; nothing may have changed."""
        before = len(self.journal)
        try:
            self.tell(command)
        except Refused as refusal:
            assert len(self.journal) == before
            return refusal.code
        raise AssertionError(f"{command} was carried out")

    def wait(self, seconds: float) -> None:
        """Time passes; deadlines are met when they come."""
        until = self.now + int(seconds * SECOND)
        events: list[Event] = []
        effects: list[Effect] = []
        while (deadline := self.centre.next_deadline()) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            self.tell(i.Tick())
            events += self.events
            effects += self.effects
        self.now = until
        self.events, self.effects = events, effects

    # --- people ------------------------------------------------------------------------------------------------------

    def at_work(self, *agents: AgentId, has_desktop: bool = True) -> None:
        """Signed in, phone registered, Ready, one second after another."""
        for agent in agents:
            self.tell(i.PhoneRegistered(extension=self.agent(agent).profile.extension))
            if has_desktop:
                self.tell(i.LogOn(agent=agent))
                self.tell(i.SetReady(agent=agent))
            self.now += SECOND

    def arrive(self, line: str = "direct", number: str = NUMBER) -> Call:
        """A caller; the call as the Centre has it."""
        self._legs += 1
        leg = LegId(SWITCH_LEG_BIT | self._legs)
        self.tell(i.LegOffered(leg=leg, line=line, trunk="t", number=number, display_name="Hong"))
        arrived = next(event for event in self.events if isinstance(event, e.CallArrived))
        return self.centre.state.calls.get(arrived.call) or Call(
            call=arrived.call,
            direction="inbound",
            phase="cleared",
            arrived_at=self.now,
            since=self.now,  # type: ignore[arg-type]
        )

    def show_card(self, call: Call) -> None:
        assert call.agent is not None
        self.tell(i.ConfirmCardShown(agent=call.agent, call=call.call))

    def ring(self, call: Call) -> None:
        assert call.agent_leg is not None
        self.tell(i.LegAlerting(leg=call.agent_leg))

    def lift(self, call: Call) -> None:
        """The agent answers; the caller's phone acknowledges."""
        assert call.agent_leg is not None and call.customer_leg is not None
        self.tell(i.LegAnswered(leg=call.agent_leg, resume=b"agent"))
        if call.established_at is None:
            self.tell(i.LegAnswered(leg=call.customer_leg, resume=b"caller"))

    def talking(self, line: str = "direct", number: str = NUMBER) -> Call:
        """A call from arrival to conversation."""
        call = self.arrive(line, number)
        if call.agent_leg is None:
            self.show_card(call)
        self.ring(call)
        self.lift(call)
        assert call.established_at is not None
        return call

    def hang_up(self, call: Call, cause: ClearingCause = ClearingCause.NORMAL) -> None:
        assert call.customer_leg is not None
        self.tell(i.LegCleared(leg=call.customer_leg, cause=cause))

    def press(self, call: Call, digits: str) -> None:
        for digit in digits:
            assert call.customer_leg is not None
            self.tell(i.DigitPressed(leg=call.customer_leg, digit=Secret(digit)))

    # --- looking -----------------------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        return self.centre.state

    def agent(self, agent: AgentId) -> Agent:
        return self.state.agents[agent]

    def call(self, call: CallId) -> Call:
        return self.state.calls[call]

    def seen(self, kind: type[T]) -> list[T]:
        """The events and effects of this kind in the last step (or wait)."""
        return [thing for thing in (*self.events, *self.effects) if isinstance(thing, kind)]

    def one(self, kind: type[T]) -> T:
        found = self.seen(kind)
        assert len(found) == 1, f"{len(found)} of {kind.__name__} in {self.events} {self.effects}"
        return found[0]

    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events]

    def placed(self) -> PlaceLeg:
        return self.one(PlaceLeg)

    def crash(
        self, *, adopted: tuple[LegId, ...], lost: tuple[LegId, ...] = (), registered: tuple[str, ...] = ()
    ) -> None:
        """The process dies and comes back with this inventory; the state is the fold of the journal."""
        restored = fold(self.journal)
        assert restored == self.state
        restored.personal.update({ref: text for ref, text in self.personal.items()})  # type: ignore[misc]
        self.centre = Centre(restored, self.flows, strict=True)
        inventory = [i.LegAlive(leg=leg, adopted=True) for leg in adopted]
        inventory += [i.LegAlive(leg=leg, adopted=False) for leg in lost]
        phones = registered or tuple(agent.profile.extension for agent in restored.agents.values())
        self.tell(i.Restarted(inventory=tuple(inventory), registered=tuple(Extension(phone) for phone in phones)))


def assert_delivered(house: House, call: Call, *, to: AgentId) -> None:
    assert call.agent == to, f"call {call.call} is with {call.agent}"
    assert house.agent(to).call == call.call
