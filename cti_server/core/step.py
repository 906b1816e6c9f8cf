"""One step of the Centre: what handlers read, and the only two things that they may do: emit events and order effects.

Decides nothing about calls. It numbers effects, hands out ids, and notes which calls and agents were touched.
"""

from dataclasses import dataclass, field

from cti_server.core.effects import Effect
from cti_server.core.entities import Agent, Call, State
from cti_server.core.errors import Refused
from cti_server.core.events import Event
from cti_server.core.routing import Index
from cti_server.core.settings import ANY_LINE, CentreSettings, LineSettings, QueueSettings
from cti_server.core.state import apply
from cti_server.core.vocabulary import (
    AgentId,
    CallbackId,
    CallId,
    CustomerRef,
    Extension,
    Micros,
    PersonalRef,
    QueueId,
)
from ivr.model import Flow, FlowSet
from ivr.orders import Collect


@dataclass(slots=True)
class Outcome:
    """What a step did. ``personal``: texts that the events name, to be stored with them. ``result``: ids for the
    reply."""

    events: list[Event] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    personal: dict[PersonalRef, str] = field(default_factory=dict)
    result: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Memory:
    """What is known of a call for the moment only: gone after a restart, when its flow repeats the node.

    Digits are here and nowhere else; nobody prints this.
    """

    effects: int | None = None
    """The number last given to an effect; None: none since the Centre was built."""
    collect: Collect | None = None
    collect_play: int = 0
    digits: str = field(default="", repr=False)
    collected: str = field(default="", repr=False)
    collect_until: Micros | None = None
    late_terminators: str = ""
    """Keys that would still belong to the number that was complete without them, until ``late_until``."""
    late_until: int = 0
    announce_at: Micros | None = None
    queue_play: int = 0
    is_interruptible: bool = False
    lookup: int = 0
    looked_up_by: str = ""
    lookup_until: Micros | None = None
    pin: int = 0
    recording_until: Micros | None = None
    """Asked for again after a restart: until then no news of it is no bad news."""


@dataclass(slots=True)
class Surroundings:
    """What the Centre keeps beside its state between steps; all of it can be had again after a restart."""

    flows: dict[str, Flow] = field(default_factory=dict)
    older_flows: dict[tuple[str, str], Flow] = field(default_factory=dict)
    memories: dict[CallId, Memory] = field(default_factory=dict)
    registered: dict[Extension, bool] = field(default_factory=dict)
    queues: dict[QueueId, QueueSettings] = field(default_factory=dict)
    lines: dict[str, LineSettings] = field(default_factory=dict)
    pins: dict[tuple[CallId, int], tuple[CustomerRef, Micros]] = field(default_factory=dict)
    """PINs being checked, by call and effect: whose, and since when."""
    index: Index = field(default_factory=lambda: Index((), (), ()))
    may_promise: bool = True
    """False while the store cannot keep what would be promised to a caller."""

    def read_state(self, state: State) -> None:
        """Settings or people changed, or the state was restored."""
        self.queues = {queue.queue: queue for queue in state.settings.queues}
        self.lines = {line.line: line for line in state.settings.lines}
        self.index = Index(state.settings.queues, state.agents.values(), state.calls.values(), state.callbacks.values())

    def line_of(self, name: str) -> LineSettings | None:
        return self.lines.get(name) or self.lines.get(ANY_LINE)

    def read_flows(self, flows: FlowSet) -> None:
        """Calls in progress keep the version of the flow that they began with."""
        for flow in self.flows.values():
            self.older_flows[flow.id, flow.version] = flow
        self.flows = {flow.id: flow for flow in flows.flows}


class Step:
    """``now`` is the step's time; ``outcome`` grows by ``emit`` and ``order``."""

    __slots__ = ("around", "counter", "fresh_agents", "fresh_callbacks", "fresh_calls", "now", "outcome", "state")

    def __init__(self, state: State, around: Surroundings, now: Micros) -> None:
        self.state = state
        self.around = around
        self.now = now
        self.outcome = Outcome()
        self.fresh_calls: dict[CallId, None] = {}
        self.fresh_agents: dict[AgentId, None] = {}
        self.fresh_callbacks: dict[CallbackId, None] = {}
        self.counter = state.counter

    @property
    def settings(self) -> CentreSettings:
        return self.state.settings

    def emit(self, event: Event) -> None:
        """A fact: state changes at once."""
        apply(self.state, event)
        self.outcome.events.append(event)
        call = getattr(event, "call", None)
        if call is not None:
            self.fresh_calls[call] = None
        agent = getattr(event, "agent", None)
        if agent is not None:
            self.fresh_agents[agent] = None

    def touch_callback(self, callback: CallbackId | None) -> None:
        """Something was said of this callback, or of what it waits for: it is looked at when the step ends."""
        if callback is not None:
            self.fresh_callbacks[callback] = None

    def order(self, effect: Effect) -> None:
        self.outcome.effects.append(effect)

    def n(self, call: CallId) -> int:
        """The number of this call's next effect."""
        memory = self.memory(call)
        memory.effects = (self._before_first(call) if memory.effects is None else memory.effects) + 1
        return memory.effects

    def memory(self, call: CallId) -> Memory:
        self.fresh_calls[call] = None
        memory = self.around.memories.get(call)
        if memory is None:
            memory = self.around.memories[call] = Memory()
        return memory

    def _before_first(self, call: CallId) -> int:
        """Numbers given before a restart are not journalled: those given now begin at the call's age in microseconds,
        which is above any of them."""
        known = self.state.calls.get(call)
        return self.now if known is None else self.now - known.arrived_at

    def next_id(self) -> int:
        """A number never given before; the event that carries it makes it known to the state."""
        self.counter = max(self.counter, self.state.counter) + 1
        return self.counter

    def keep(self, text: str) -> PersonalRef:
        """A text about a person goes to the store; events carry the reference."""
        ref = PersonalRef(self.next_id())
        self.outcome.personal[ref] = text
        self.state.personal[ref] = text
        return ref

    def text(self, ref: PersonalRef | None) -> str:
        """The text of a reference; empty when there is none, or it was erased."""
        return "" if ref is None else self.state.personal.get(ref, "")

    def after(self, *, s: int = 0, ms: int = 0) -> Micros:
        return Micros(self.now + s * 1_000_000 + ms * 1_000)

    @property
    def utc_us(self) -> int:
        return self.now + self.state.clock_offset_us

    def agent(self, agent_id: AgentId) -> Agent:
        """Raises Refused: nobody of that number."""
        agent = self.state.agents.get(agent_id)
        if agent is None:
            raise Refused("unknown_agent", agent=agent_id)
        return agent

    def own_call(self, agent_id: AgentId, call_id: CallId) -> tuple[Agent, Call]:
        """The call that is assigned to this agent. Raises Refused ``not_your_call``."""
        agent = self.agent(agent_id)
        call = self.state.calls.get(call_id)
        if call is None or agent.call != call_id:
            raise Refused("not_your_call", call=call_id)
        return agent, call
