"""What the Centre knows: calls with their legs, agents, queues, callbacks. Shapes only.

Only `state.apply` changes these objects (by the folds `fold_*.py`); everybody else reads. Everything here can be
rebuilt from the journal, and is encoded as it stands into a snapshot, except ``State.personal``: texts about people
live in the store.
"""

from dataclasses import dataclass, field
from typing import Any

from cti_server.core.events import Foretold, OrderKey
from cti_server.core.settings import AgentProfile, CentreSettings
from cti_server.core.tallies import AgentDay, Lesson, RecentHours
from cti_server.core.vocabulary import (
    AgentId,
    AgentMode,
    AgentState,
    CallbackId,
    CallbackState,
    CallId,
    CallPhase,
    CardOutcome,
    ClearingCause,
    CustomerRef,
    Direction,
    Extension,
    LegId,
    LegRole,
    LegState,
    Micros,
    NamedBy,
    Occupation,
    OverflowWhen,
    PersonalRef,
    QueueId,
    RecordingId,
    RecordingState,
    Verification,
)
from ivr.orders import FlowPosition

START = Micros(0)
_READY, _IDLE = AgentMode.READY, Occupation.IDLE
_STATES_WHEN_OCCUPIED = {
    Occupation.RESERVED: AgentState.BUSY,
    Occupation.ALERTING: AgentState.BUSY,
    Occupation.CONNECTED: AgentState.BUSY,
    Occupation.AFTER_CALL_WORK: AgentState.WORKING_AFTER_CALL,
}
_STATES_WHEN_IDLE = {
    AgentMode.LOGGED_OFF: AgentState.NULL,
    AgentMode.NOT_READY: AgentState.NOT_READY,
    AgentMode.READY: AgentState.READY,
}


@dataclass(slots=True)
class Leg:
    """The network's side of one party. ``limit_at``: until when it may stay unanswered."""

    leg: LegId
    role: LegRole
    state: LegState
    since: Micros
    agent: AgentId | None = None
    limit_at: Micros | None = None
    resume: bytes = b""


@dataclass(slots=True)
class Party:
    """One agent's part in a call: it is offered to them, or they dial it, or they have it.

    ``since``: offered, then rung. ``release_at``: the phone is rung then at the latest; None: it was. ``card``: was it
    on the screen by then?
    """

    agent: AgentId
    since: Micros
    leg: LegId | None = None
    release_at: Micros | None = None
    card: CardOutcome | None = None


@dataclass(slots=True)
class ScriptPlace:
    """Where the agent stands in the script. ``answers``: names the JSON object of the fields' values."""

    library_version: str
    item: str
    node: str
    path: tuple[str, ...]
    reason: tuple[str, ...] = ()
    answers: PersonalRef | None = None


@dataclass(slots=True)
class Call:
    """A call from arrival to the end of its after-call work. ``since``: of the phase; times are engine microseconds.

    ``parties``: whom it is offered to, in the order in which they were asked (one, but for queues that ring all); from
    the moment somebody answers, or dials, that one alone.
    """

    call: CallId
    direction: Direction
    phase: CallPhase
    arrived_at: Micros
    since: Micros
    line: str = ""
    trunk: str = ""
    number: PersonalRef | None = None
    display_name: PersonalRef | None = None
    legs: dict[LegId, Leg] = field(default_factory=dict)
    customer_leg: LegId | None = None
    outside_leg: LegId | None = None
    """The number outside that a flow hands the caller to."""
    limit_at: Micros | None = None
    """In the flow: the flow's limit. In a conversation: the longest that a call may last."""

    position: FlowPosition | None = None
    waiting_for: str = ""
    wait_until: Micros | None = None
    play: int = 0
    flow_state: dict[str, Any] = field(default_factory=dict)
    answered_by_flow: bool = False

    language: str = ""
    customer: CustomerRef | None = None
    candidates: tuple[CustomerRef, ...] = ()
    tier: str = ""
    matched_by: str = ""
    owner: Extension | None = None
    verification: Verification = Verification.UNVERIFIED

    queue: QueueId | None = None
    """The queue that the call is in, or that it was answered from."""
    key: OrderKey | None = None
    entered_at: Micros | None = None
    queue_limit_at: Micros | None = None
    returned: bool = False
    asks: dict[str, int] = field(default_factory=dict)
    """Levels of skills that it asks for, besides its queue."""
    stage: int = 0
    """How many of the queue's relaxing steps have been taken."""
    relax_at: Micros | None = None
    ceiling_at: Micros | None = None
    named: AgentId | None = None
    """The one agent who may have the call until ``named_until``."""
    named_until: Micros | None = None
    named_by: NamedBy | None = None
    asked_for: AgentId | None = None
    """Whose extension the caller keyed in."""
    uses_tier: bool = False
    overflow_at: Micros | None = None
    unattended: OverflowWhen | None = None
    """The rule of the queue that holds because nobody is there for the call, which leaves at ``unattended_until``."""
    unattended_until: Micros | None = None
    told_s: int | None = None
    """The wait that the caller was told, by how many agents at work, and whether it was raised once."""
    told_staff: int = 0
    told_raised: bool = False
    foretold: Foretold | None = None

    parties: dict[AgentId, Party] = field(default_factory=dict)
    waited_us: int = 0

    established_at: Micros | None = None
    held_since: Micros | None = None
    held_us: int = 0
    muted: bool = False
    recording: RecordingId | None = None
    recording_state: RecordingState = RecordingState.NONE
    recording_paused_by_script: bool = False
    recording_limit_at: Micros | None = None
    """Until when the recording must be confirmed, or closed."""

    note: PersonalRef | None = None
    note_revision: int = 0
    disposition: str = ""
    subdisposition: str = ""
    disposed_automatically: bool = False
    script: ScriptPlace | None = None
    reason: tuple[str, ...] = ()
    callback: CallbackId | None = None
    """The callback that this call carries out."""
    requested_callback: CallbackId | None = None
    """The callback that was asked for in this call."""
    cleared_at: Micros | None = None
    cause: ClearingCause | None = None

    @property
    def agent(self) -> AgentId | None:
        """Who has the call; while it rings at several, the first of them."""
        return next(iter(self.parties), None)

    @property
    def agent_leg(self) -> LegId | None:
        """That agent's."""
        for party in self.parties.values():
            return party.leg
        return None

    @property
    def is_answered(self) -> bool:
        """Has an agent lifted the phone? (The caller may not be connected yet.)"""
        leg = self.legs.get(self.agent_leg) if self.agent_leg is not None else None
        return leg is not None and leg.state in (LegState.CONNECTED, LegState.HELD)


@dataclass(slots=True)
class Agent:
    """Mode × occupation. ``since``: of the CSTA state; ``idle_since``: what longest idle counts from."""

    agent: AgentId
    profile: AgentProfile
    enrolled: bool = True
    mode: AgentMode = AgentMode.LOGGED_OFF
    reason: str = ""
    occupation: Occupation = Occupation.IDLE
    since: Micros = START
    idle_since: Micros = START
    call: CallId | None = None
    pending_ready: bool | None = None
    pending_reason: str = ""
    rest_until: Micros | None = None
    """Not Ready by itself ends then (agents whom nobody could make ready again by hand)."""
    phone_registered: bool = False
    phone_limit_at: Micros | None = None
    has_desktop: bool = False
    desktop_connected: bool = False
    desktop_limit_at: Micros | None = None
    after_call_until: Micros | None = None
    extensions: int = 0
    today: AgentDay = field(default_factory=AgentDay)
    shift: AgentDay = field(default_factory=AgentDay)
    """The same figures since log-on."""
    week: AgentDay = field(default_factory=AgentDay)
    month: AgentDay = field(default_factory=AgentDay)
    """Of the days before ``today`` in its week and month; ``day``: the first of these."""
    recent: RecentHours | None = None
    """Only while some queue compares the last hours."""
    accounted_at: Micros = START

    @property
    def state(self) -> AgentState:
        """The CSTA agent state."""
        return _STATES_WHEN_OCCUPIED.get(self.occupation) or _STATES_WHEN_IDLE[self.mode]

    @property
    def is_available(self) -> bool:
        """May a call be offered? Ready, free, with a phone that can ring and, where there is one, a living desktop."""
        return (
            self.mode is _READY
            and self.occupation is _IDLE
            and self.phone_registered
            and (self.desktop_connected or not self.has_desktop)
        )


@dataclass(slots=True)
class Queue:
    """Who waits (since when, in order of entering), and the counts of one local day. Offered callers still wait."""

    queue: QueueId
    waiting: dict[CallId, Micros] = field(default_factory=dict)
    day: int = 0
    answered: int = 0
    answered_in_time: int = 0
    abandoned: int = 0
    last_agent: AgentId | None = None
    """Who was offered its last call (round robin)."""
    in_line: int = 0
    """How many wait and are not being offered."""
    busy_since: Micros | None = None
    """The last departure, or since when anybody waits; None: nobody does."""
    staff: int = 0
    """How many who serve it were at work at the last offer."""
    pace_us: int = 0
    """The average time between departures times the agents at work (see `estimates.py`), from so many samples:"""
    departures: int = 0
    lessons: dict[int, Lesson] = field(default_factory=dict)
    """By group of callers (`estimates.group_of`)."""


@dataclass(slots=True)
class Message:
    """A voice message that is being left, or whose file is not yet known to be whole; then it is a callback."""

    recording: RecordingId
    call: CallId
    queue: QueueId | None
    key: OrderKey
    number: PersonalRef
    least_ms: int
    longest_s: int
    silence_s: int
    begun_at: Micros
    heard_since: Micros | None = None
    """Since when what the caller says is kept."""
    customer: CustomerRef | None = None
    language: str = ""


@dataclass(slots=True)
class Callback:
    """A promise to call back. ``due_at`` is UTC; ``key`` keeps the place in the queue.

    ``queued``: due, and work of its queue beside the waiting calls; the fields after it are those of a waiting call.
    ``review_at``: when any of that changes by itself.
    """

    callback: CallbackId
    number: PersonalRef
    queue: QueueId | None
    key: OrderKey
    due_at: int
    requested_at: Micros
    state: CallbackState = CallbackState.WAITING
    attempts: int = 0
    call: CallId | None = None
    customer: CustomerRef | None = None
    language: str = ""
    agent: AgentId | None = None
    dialled_by: AgentId | None = None
    dialling: CallId | None = None
    ended_at: Micros | None = None
    recording: RecordingId | None = None
    """The voice message that the caller left, where it lies, and how long it is."""
    path: str = ""
    message_ms: int = 0
    asks: dict[str, int] = field(default_factory=dict)
    """What its caller asked of agents beside the queue."""
    named_for: AgentId | None = None
    """Whom the caller waited for by name when asking."""
    queued: bool = False
    entered_at: Micros | None = None
    """Since when the customer waits: for a caller, from entering the queue on; the promised time otherwise."""
    stage: int = 0
    relax_at: Micros | None = None
    named: AgentId | None = None
    named_until: Micros | None = None
    named_tried: bool = False
    """Somebody was asked to carry it out since the last attempt: from then on it is for anybody."""
    review_at: Micros | None = None


@dataclass(slots=True)
class CarriedOut:
    """A command that took effect, remembered by its idempotency key."""

    at: Micros
    agent: AgentId
    result: dict[str, int]


def command_key(agent: AgentId, key: str) -> str:
    """A client's key is its own: another agent's command with the same key is another command."""
    return f"{agent}/{key}"


@dataclass(slots=True)
class Finished:
    """A call that is over, remembered for a day: a desktop that was cut off may still deliver its note and result."""

    at: Micros
    agent: AgentId
    note_revision: int
    disposed_automatically: bool
    recording: RecordingId | None = None
    recording_settled: bool = True


@dataclass(slots=True)
class State:
    """The whole centre. ``counter``: the last id given; ``epoch``: how often the core process came back."""

    settings: CentreSettings = field(default_factory=CentreSettings)
    calls: dict[CallId, Call] = field(default_factory=dict)
    legs: dict[LegId, CallId] = field(default_factory=dict)
    agents: dict[AgentId, Agent] = field(default_factory=dict)
    extensions: dict[Extension, AgentId] = field(default_factory=dict)
    queues: dict[QueueId, Queue] = field(default_factory=dict)
    callbacks: dict[CallbackId, Callback] = field(default_factory=dict)
    ended_callbacks: dict[CallbackId, Micros] = field(default_factory=dict)
    """Those of them that are over, in the order of their ends."""
    messages: dict[RecordingId, Message] = field(default_factory=dict)
    carried_out: dict[str, CarriedOut] = field(default_factory=dict)
    finished: dict[CallId, Finished] = field(default_factory=dict)
    pin_failures: dict[CustomerRef, list[Micros]] = field(default_factory=dict)
    last_agents: dict[CustomerRef, AgentId] = field(default_factory=dict)
    """Who talked to a customer last; the oldest are forgotten when there are too many."""
    draws: int = 0
    """Random choices made so far."""
    counter: int = 0
    clock_offset_us: int = 0
    last_at: Micros = START
    epoch: int = 0
    personal: dict[PersonalRef, str] = field(default_factory=dict, compare=False)
    """Texts of the references that this state holds; filled by the Centre, and by the engine on restore."""
