"""Facts about calls, agents, queues and callbacks, in CSTA words: the journal's content and the only way state changes.

Rules: names are never reused; fields are only added, with defaults; a new meaning gets a new name. No event holds
personal text: numbers, names and notes are ``PersonalRef``, digits and PINs are nowhere. Every event carries what
state needs (deadlines, order keys), so that folding needs no configuration and no clock. Times are engine microseconds.
"""

from typing import Any

import msgspec

from cti_server.core.settings import AgentProfile, CentreSettings
from cti_server.core.vocabulary import (
    AgentId,
    CallbackId,
    CallbackPause,
    CallId,
    CardOutcome,
    ClearingCause,
    CustomerRef,
    Direction,
    Extension,
    LegId,
    LegRole,
    MessageEnd,
    Micros,
    NamedBy,
    NamedEnd,
    OfferOutcome,
    OverflowWhen,
    PersonalRef,
    PinResult,
    QueueExit,
    QueueId,
    RaisedBy,
    RecordingId,
    Verification,
)
from ivr.orders import FlowPosition

NO_CALL = CallId(0)


class Event(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """``at``: when it happened."""

    at: Micros


class OrderKey(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Smaller goes first. ``rank``: strict class; ``due_at``: entered − head start; ``sequence``: order of arrival."""

    rank: int
    due_at: int
    sequence: int


class Foretold(msgspec.Struct, frozen=True, kw_only=True):
    """The wait that the pace of the queue alone foretold somebody on entering, with its 10 % and 90 % points, and the
    group of callers whose past errors correct it (`estimates.py`)."""

    group: int
    wait_us: int
    low_us: int
    high_us: int


# --- the centre ------------------------------------------------------------------------------------------------------


class SettingsLoaded(Event, frozen=True, kw_only=True):
    """A checked configuration took effect."""

    settings: CentreSettings


class AgentsEnrolled(Event, frozen=True, kw_only=True):
    """The whole list of people that may take calls, after a change."""

    agents: tuple[AgentProfile, ...]


class ClockOffsetChanged(Event, frozen=True, kw_only=True):
    """Wall time = engine time + ``offset_us``."""

    offset_us: int


class CentreRestarted(Event, frozen=True, kw_only=True):
    """The core process came back and has taken its inventory."""

    adopted: tuple[LegId, ...]
    lost: tuple[LegId, ...]


class CommandCarriedOut(Event, frozen=True, kw_only=True):
    """A command with an idempotency key took effect; the same key is answered with the same result for 24 h.

    ``result``: ids the reply needs (for example the new call's or callback's id)."""

    agent: AgentId
    key: str
    result: dict[str, int] = {}


class InvariantBroken(Event, frozen=True, kw_only=True):
    """A law did not hold; the party named was released."""

    invariant: str
    detail: str
    call: CallId | None = None
    agent: AgentId | None = None


# --- calls: arrival, flow, identity ----------------------------------------------------------------------------------


class CallEvent(Event, frozen=True, kw_only=True):
    call: CallId


class CallArrived(CallEvent, frozen=True, kw_only=True):
    """A caller's INVITE became a call; nothing is answered yet."""

    leg: LegId
    line: str
    trunk: str
    number: PersonalRef | None
    display_name: PersonalRef | None
    limit_at: Micros
    resume: bytes = b""


class CallInitiated(CallEvent, frozen=True, kw_only=True):
    """An agent dials out: the agent's own phone is called first."""

    agent: AgentId
    number: PersonalRef
    direction: Direction
    customer: CustomerRef | None = None
    callback: CallbackId | None = None
    queue: QueueId | None = None


class CallAnsweredByFlow(CallEvent, frozen=True, kw_only=True):
    """The IVR (not a person) answered the caller."""


class FlowMoved(CallEvent, frozen=True, kw_only=True):
    """The caller's place in the flow; None: the flow has ended. ``play`` and ``wait_until``: what it waits for."""

    position: FlowPosition | None
    play: int = 0
    wait_until: Micros | None = None
    waiting_for: str = ""
    state: dict[str, Any] = {}


class CallLanguageSet(CallEvent, frozen=True, kw_only=True):
    language: str


class CustomerMatched(CallEvent, frozen=True, kw_only=True):
    """A look-up answered. ``customer`` None with several ``candidates``: the agent chooses, nobody guesses."""

    customer: CustomerRef | None
    candidates: tuple[CustomerRef, ...] = ()
    tier: str = ""
    language: str = ""
    by: str = ""
    owner: Extension | None = None
    """The phone of the agent whose account this customer is."""


class CustomerAssigned(CallEvent, frozen=True, kw_only=True):
    """The agent said who it is."""

    agent: AgentId
    customer: CustomerRef


class CallerVerified(CallEvent, frozen=True, kw_only=True):
    """The PIN was right."""

    verification: Verification


class PinRefused(CallEvent, frozen=True, kw_only=True):
    """The PIN was wrong, the account locked, or it could not be checked. It may come after the call's end."""

    result: PinResult
    customer: CustomerRef | None = None


# --- calls: queue and offer ------------------------------------------------------------------------------------------


class CallQueued(CallEvent, frozen=True, kw_only=True):
    """The call waits. ``key`` is its order; a call that comes back (missed, declined) keeps the key of its first
    wait. ``stage``: how many of the queue's relaxing steps have been taken, the next at ``relax_at``; at
    ``ceiling_at`` the class is raised; until ``named_until`` only ``named`` may have it. ``named_by``: who named that
    agent; ``absent``: who was named as well, by whom, and is not logged on. ``foretold``: unless it was known already,
    or nothing can be foretold. ``asks``: skills that the call asks for besides its queue, with their levels.
    """

    queue: QueueId
    key: OrderKey
    entered_at: Micros
    limit_at: Micros
    returned: bool = False
    stage: int = 0
    relax_at: Micros | None = None
    ceiling_at: Micros | None = None
    named: AgentId | None = None
    named_until: Micros | None = None
    named_by: NamedBy | None = None
    absent: dict[str, AgentId] = {}
    uses_tier: bool = False
    overflow_at: Micros | None = None
    foretold: Foretold | None = None
    asks: dict[str, int] = {}


class CallUnattended(CallEvent, frozen=True, kw_only=True):
    """Nobody who could ever serve this waiting call is logged on (``nobody``) or Ready (``nobody_ready``), and its
    queue has a rule for that: it overflows at ``until``. ``rule`` None: somebody is there again."""

    queue: QueueId
    rule: OverflowWhen | None
    until: Micros | None = None


class CallRequirementChanged(CallEvent, frozen=True, kw_only=True):
    """What a waiting call asks for besides its queue is something else now: its caller's language became known or was
    changed, or new settings ask for something else."""

    queue: QueueId
    asks: dict[str, int]


class CallRequirementRelaxed(CallEvent, frozen=True, kw_only=True):
    """The wait has grown so long that the queue asks for less: its step number ``stage`` holds now."""

    queue: QueueId
    stage: int
    relax_at: Micros | None = None


class CallReordered(CallEvent, frozen=True, kw_only=True):
    """A waiting call got another order: its wait ceiling came, or its customer's tier became known."""

    queue: QueueId
    key: OrderKey
    why: RaisedBy
    ceiling_at: Micros | None = None


class WaitAnnounced(CallEvent, frozen=True, kw_only=True):
    """The caller was told a place and, where it could be estimated, a wait: four times in five it is between ``low_s``
    and ``high_s``. ``is_raised``: longer than was said before, because fewer of the ``staff`` are at work."""

    queue: QueueId
    position: int
    expected_s: int | None = None
    low_s: int = 0
    high_s: int = 0
    staff: int = 0
    is_raised: bool = False


class AgentAskedFor(CallEvent, frozen=True, kw_only=True):
    """The caller keyed in the extension of somebody who works here, logged on (``is_there``) or not."""

    agent: AgentId
    is_there: bool


class NamedAgentGivenUp(CallEvent, frozen=True, kw_only=True):
    """The call waits for one agent no longer, but for anybody of its queue."""

    agent: AgentId
    why: NamedEnd


class Delivered(CallEvent, frozen=True, kw_only=True):
    """Work was matched with an agent, who is reserved; the card goes out. ``release_at``: the phone is rung then at
    the latest.

    The grounds of the decision: ``rule`` (``routing.Match``), the ordering keys of the agent and of the one who came
    second (their meaning stands in `strategies.py`), how many could have been chosen, and how many people were
    ``excluded`` by which rule; ``staff``: how many who serve the queue are at work. ``draw``: the number of the random
    choice, where there was one.
    """

    agent: AgentId
    queue: QueueId | None
    waited_us: int
    release_at: Micros
    settings_version: str = ""
    rule: str = ""
    rank: tuple[int, ...] = ()
    runner_up: AgentId | None = None
    runner_up_rank: tuple[int, ...] = ()
    candidates: int = 0
    excluded: dict[str, int] = {}
    staff: int = 0
    draw: int = 0


class CallDelivered(Delivered, frozen=True, kw_only=True):
    """A waiting call was matched with an agent."""


class CallbackDelivered(Delivered, frozen=True, kw_only=True):
    """A callback whose turn has come was matched with an agent: a call begins, first to the agent's own phone."""

    callback: CallbackId
    number: PersonalRef
    customer: CustomerRef | None = None
    language: str = ""


class LegPlaced(CallEvent, frozen=True, kw_only=True):
    """We sent an INVITE. ``card``: was the card on the screen by then (agent legs)? ``limit_at``: the answer's
    deadline.
    """

    leg: LegId
    role: LegRole
    limit_at: Micros
    agent: AgentId | None = None
    card: CardOutcome | None = None
    resume: bytes = b""


class LegAnswering(CallEvent, frozen=True, kw_only=True):
    """We answered the caller (200 ordered); ``limit_at``: the acknowledgement's deadline."""

    leg: LegId
    limit_at: Micros


class LegRinging(CallEvent, frozen=True, kw_only=True):
    """The far phone rings."""

    leg: LegId
    resume: bytes = b""


class LegEstablished(CallEvent, frozen=True, kw_only=True):
    """The leg was answered, in either direction."""

    leg: LegId
    resume: bytes = b""


class LegResumeChanged(CallEvent, frozen=True, kw_only=True):
    """The switch's own state of the leg changed."""

    leg: LegId
    resume: bytes


class LegReleased(CallEvent, frozen=True, kw_only=True):
    """The leg is gone."""

    leg: LegId
    cause: ClearingCause
    status: int = 0


class OfferEnded(CallEvent, frozen=True, kw_only=True):
    """An offer ended without a conversation. The agent's next state is an event of its own."""

    agent: AgentId
    outcome: OfferOutcome
    reason: str = ""


class CallLeftQueue(CallEvent, frozen=True, kw_only=True):
    """Left for good (not by an offer that came back). ``limit_at``: the flow's new limit, where the flow goes on."""

    queue: QueueId
    how: QueueExit
    waited_us: int
    limit_at: Micros | None = None


# --- calls: conversation ---------------------------------------------------------------------------------------------


class CallEstablished(CallEvent, frozen=True, kw_only=True):
    """Agent and customer hear each other for the first time. ``limit_at``: the longest a call may last."""

    agent: AgentId
    limit_at: Micros
    waited_us: int = 0


class CallForwarded(CallEvent, frozen=True, kw_only=True):
    """The flow handed the caller to a number outside, and both hear each other."""

    leg: LegId
    limit_at: Micros


class CallHeld(CallEvent, frozen=True, kw_only=True):
    agent: AgentId


class CallRetrieved(CallEvent, frozen=True, kw_only=True):
    agent: AgentId
    held_us: int


class CallMuted(CallEvent, frozen=True, kw_only=True):
    """The server silences the agent (hard phones)."""

    agent: AgentId
    muted: bool


class RecordingBegun(CallEvent, frozen=True, kw_only=True):
    """Ordered; ``RecordingConfirmed`` follows when the first sample can be kept, by ``limit_at``."""

    recording: RecordingId
    limit_at: Micros | None = None


class RecordingConfirmed(CallEvent, frozen=True, kw_only=True):
    recording: RecordingId


class RecordingPaused(CallEvent, frozen=True, kw_only=True):
    recording: RecordingId
    by_script: bool


class RecordingResumed(CallEvent, frozen=True, kw_only=True):
    recording: RecordingId
    by_script: bool


class RecordingStored(CallEvent, frozen=True, kw_only=True):
    """The file is closed and durable. ``path`` is relative to the recordings' folder."""

    recording: RecordingId
    path: str
    duration_ms: int
    size_bytes: int


class RecordingLost(CallEvent, frozen=True, kw_only=True):
    """Nothing (more) was kept; the call went on."""

    recording: RecordingId
    reason: str


class MessageBegun(CallEvent, frozen=True, kw_only=True):
    """The caller is about to leave a voice message, in the recording just begun. It will be a callback of ``queue``
    with the place ``key``, to ``number`` (empty where it was withheld). ``limit_at``: the flow's new limit."""

    recording: RecordingId
    queue: QueueId | None
    key: OrderKey
    number: PersonalRef
    least_ms: int
    longest_s: int
    silence_s: int
    limit_at: Micros


class MessageEnded(CallEvent, frozen=True, kw_only=True):
    """Kept as a callback (its ``CallbackRequested`` came with this), or thrown away. It may come after the call's
    end."""

    recording: RecordingId
    how: MessageEnd


class NoteTaken(CallEvent, frozen=True, kw_only=True):
    """The note as of ``revision``; it replaces earlier ones."""

    agent: AgentId
    note: PersonalRef
    revision: int


class ScriptFollowed(CallEvent, frozen=True, kw_only=True):
    """Where the agent stands in the script. ``answers``: a reference to the fields' values (they may be personal)."""

    agent: AgentId
    library_version: str
    item: str
    node: str
    path: tuple[str, ...]
    reason: tuple[str, ...] = ()
    answers: PersonalRef | None = None


class ContactReasonSet(CallEvent, frozen=True, kw_only=True):
    """The agent corrected the contact reason."""

    agent: AgentId
    reason: tuple[str, ...]


class CallDisposed(CallEvent, frozen=True, kw_only=True):
    """The result of the call. ``automatic``: after-call work ran out (``AUTO_TIMEOUT``)."""

    agent: AgentId
    code: str
    subcode: str = ""
    automatic: bool = False


class CallCleared(CallEvent, frozen=True, kw_only=True):
    """The one terminal record of a call. ``talk_us`` and ``hold_us`` of the conversation, 0 when there was none.

    ``reason``: the flow's own code, where the flow ended the call; ``recording_limit_at``: its file is closed then."""

    cause: ClearingCause
    talk_us: int = 0
    hold_us: int = 0
    agent: AgentId | None = None
    queue: QueueId | None = None
    reason: str = ""
    recording_limit_at: Micros | None = None


# --- agents ----------------------------------------------------------------------------------------------------------


class AgentEvent(Event, frozen=True, kw_only=True):
    agent: AgentId


class AgentLoggedOn(AgentEvent, frozen=True, kw_only=True):
    """Mode becomes Not Ready (signed_in), or stays what it was when only the desktop came back."""

    has_desktop: bool


class AgentLoggedOff(AgentEvent, frozen=True, kw_only=True):
    reason: str = ""


class AgentReady(AgentEvent, frozen=True, kw_only=True):
    """Mode becomes Ready. ``idle_since``: the moment that longest idle counts from."""

    idle_since: Micros


class AgentNotReady(AgentEvent, frozen=True, kw_only=True):
    """Mode becomes Not Ready with the reason. ``until``: Ready again by itself then (agents without a desktop)."""

    reason: str
    until: Micros | None = None


class AgentModePending(AgentEvent, frozen=True, kw_only=True):
    """``ready`` or not (with reason) after this call; None, None: taken back."""

    ready: bool | None = None
    reason: str = ""


class AgentWorkingAfterCall(AgentEvent, frozen=True, kw_only=True):
    """The conversation is over; ``until``: the deadline. ``extensions`` used so far."""

    call: CallId
    until: Micros
    extensions: int = 0


class AgentAfterCallWorkEnded(AgentEvent, frozen=True, kw_only=True):
    """Occupation becomes idle; the pending or present mode holds. ``idle_since`` as in AgentReady."""

    call: CallId
    idle_since: Micros
    timed_out: bool = False


class AgentPhoneChanged(AgentEvent, frozen=True, kw_only=True):
    """The extension can (not) ring now. ``limit_at``: when the agent becomes Not Ready if it does not come back."""

    is_registered: bool
    limit_at: Micros | None = None


class AgentDesktopChanged(AgentEvent, frozen=True, kw_only=True):
    """Connected, or broken: then ``limit_at`` is when the agent becomes Not Ready."""

    is_connected: bool
    limit_at: Micros | None = None


# --- callbacks -------------------------------------------------------------------------------------------------------


class CallbackEvent(Event, frozen=True, kw_only=True):
    callback: CallbackId


class CallbackRequested(CallbackEvent, frozen=True, kw_only=True):
    """Stored. ``key``: the place in the queue is kept. ``call``: the call it was asked in; ``entered_at``: since when
    that call waited, ``named``: for whom alone, ``asks``: for which skills of its own. ``agent``: who stored it for a
    customer.

    ``recording``: the caller left a voice message: ``path`` relative to the recordings' folder, ``message_ms`` long."""

    number: PersonalRef
    queue: QueueId | None
    key: OrderKey
    due_at: int
    call: CallId | None = None
    customer: CustomerRef | None = None
    language: str = ""
    agent: AgentId | None = None
    recording: RecordingId | None = None
    path: str = ""
    message_ms: int = 0
    entered_at: Micros | None = None
    named: AgentId | None = None
    asks: dict[str, int] = {}


class CallbackQueued(CallbackEvent, frozen=True, kw_only=True):
    """It is due and takes its place among the waiting calls of its queue, or goes on waiting there under other terms:
    less is asked for (``stage``), or it waits for ``named`` no longer. ``review_at``: when that changes next."""

    queue: QueueId
    key: OrderKey
    entered_at: Micros
    stage: int = 0
    relax_at: Micros | None = None
    named: AgentId | None = None
    named_until: Micros | None = None
    review_at: Micros | None = None


class CallbackLeftQueue(CallbackEvent, frozen=True, kw_only=True):
    """It waits on, and is not dialled by the centre for now; the key is kept."""

    queue: QueueId
    why: CallbackPause


class CallbackAttempted(CallbackEvent, frozen=True, kw_only=True):
    """The n-th attempt begins; each n happens at most once."""

    attempt: int
    agent: AgentId
    call: CallId


class CallbackDone(CallbackEvent, frozen=True, kw_only=True):
    """The customer was reached."""

    call: CallId


class CallbackRescheduled(CallbackEvent, frozen=True, kw_only=True):
    """The attempt failed; due again."""

    due_at: int
    cause: ClearingCause


class CallbackExhausted(CallbackEvent, frozen=True, kw_only=True):
    """The last attempt failed, or there is no number any more."""

    cause: ClearingCause


class CallbackSettled(CallbackEvent, frozen=True, kw_only=True):
    """An agent said that it is done: the message was heard, or the matter settled, and no call is needed."""

    agent: AgentId


class CallbackCancelled(CallbackEvent, frozen=True, kw_only=True):
    agent: AgentId | None
    reason: str


AnyEvent = (
    SettingsLoaded
    | AgentsEnrolled
    | ClockOffsetChanged
    | CentreRestarted
    | CommandCarriedOut
    | InvariantBroken
    | CallArrived
    | CallInitiated
    | CallAnsweredByFlow
    | FlowMoved
    | CallLanguageSet
    | CustomerMatched
    | CustomerAssigned
    | CallerVerified
    | PinRefused
    | CallQueued
    | CallUnattended
    | CallRequirementChanged
    | CallRequirementRelaxed
    | CallReordered
    | AgentAskedFor
    | NamedAgentGivenUp
    | WaitAnnounced
    | CallDelivered
    | CallbackDelivered
    | LegPlaced
    | LegAnswering
    | LegRinging
    | LegEstablished
    | LegResumeChanged
    | LegReleased
    | OfferEnded
    | CallLeftQueue
    | CallEstablished
    | CallForwarded
    | CallHeld
    | CallRetrieved
    | CallMuted
    | RecordingBegun
    | RecordingConfirmed
    | RecordingPaused
    | RecordingResumed
    | RecordingStored
    | RecordingLost
    | MessageBegun
    | MessageEnded
    | NoteTaken
    | ScriptFollowed
    | ContactReasonSet
    | CallDisposed
    | CallCleared
    | AgentLoggedOn
    | AgentLoggedOff
    | AgentReady
    | AgentNotReady
    | AgentModePending
    | AgentWorkingAfterCall
    | AgentAfterCallWorkEnded
    | AgentPhoneChanged
    | AgentDesktopChanged
    | CallbackRequested
    | CallbackQueued
    | CallbackLeftQueue
    | CallbackAttempted
    | CallbackDone
    | CallbackRescheduled
    | CallbackExhausted
    | CallbackSettled
    | CallbackCancelled
)
"""Every event there is; the journal decodes by its tag."""
