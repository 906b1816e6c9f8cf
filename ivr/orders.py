"""What a flow asks of the centre (orders), what the centre tells a flow (inputs), and what a flow may know (context).

Decides the vocabulary between the two. Does not decide how an order is carried out, nor what follows an input
(`runtime.py`).

The law of a step: its orders are carried out in sequence, and at most one of them, always the last, is *waited for*:

    Answer           → Answered
    Play             → PromptsFinished         (also when a key cut an interruptible prompt short)
    Collect          → DigitsCollected | CollectTimedOut
    Identify         → CustomerIdentified | CustomerUnknown
    VerifyPin        → PinChecked
    WaitForData      → DataWaitEnded
    FindAgent        → AgentLookedUp
    RequestCallback  → CallbackStored | CallbackRefused
    RecordMessage    → MessageStored | MessageTooShort | MessageBegunAnew | MessageRefused
    Enqueue, SetQueueKeys → AnnouncementDue | QueueKeyPressed, any number of times, until the call is delivered
                            (then the flow is dropped by the centre); Enqueue also → QueueRefused
    Transfer, HangUp → nothing; the step's position is None

Inputs that the position does not wait for (late, doubled) change nothing and order nothing.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec


class Answer(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Answer the caller's leg. Answering an answered leg is harmless (a flow repeats its node after a restart)."""


class Play(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Play prompts one after another. A prompt is a key `<language>/<id>`: the rendered file is `<key>.wav`.

    In a queue the music gives way to the prompts and comes back after them by itself; queue keys stay alive.
    """

    prompts: tuple[str, ...]
    language: str
    interruptible: bool = False


class Collect(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Play prompts (a key cuts them short), then collect digits. The first-digit time counts from the prompts' end.

    Done when `digits_max` are in, or a terminator is pressed (however few digits came: none means "skip"), or the
    inter-digit time passes with at least `digits_min`. `secret`: the digits are kept as a Secret by the centre, and
    never logged or journalled. `keys`: those that answer a question of one key; empty for numbers.
    """

    prompts: tuple[str, ...]
    language: str
    digits_min: int
    digits_max: int
    terminators: str = ""
    first_digit_timeout_ms: int = 5_000
    inter_digit_timeout_ms: int = 3_000
    secret: bool = False
    keys: str = ""

    def takes_early(self, key: str) -> bool:
        """Whether a key that cut the announcement before short answers this question: callers who know the menu do not
        wait for it. A key that is no answer only cut short; and never does one become the first digit of a number or
        PIN, whose first digit it may be or not."""
        return key in self.keys


class Identify(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Find the customer by the digits last collected (a customer number in its keypad form) or the caller's number."""

    by: Literal["customer_number", "caller_number"]
    use_collected: bool


class VerifyPin(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Check the digits last collected as the PIN of the customer identified in this call."""


class FindAgent(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Look for the agent whose extension the digits last collected are. Whoever is found has been asked for."""


class WaitForData(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Wait until the customer's record is there, at most this long (never above 300 ms)."""

    limit_ms: int


class Enqueue(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Put the call into a queue.

    priority: class of the order key, 0 = normal, higher goes first. use_tier: the head start of the customer's tier
    counts. The first AnnouncementDue comes at once when `announce_at_start` and nobody takes the call, then every
    `announce_every_s` seconds (0 = never). keys: the digits that come back as QueueKeyPressed. skills: levels that the
    call asks of agents, besides the queue. named: who was asked for gets the call first.
    """

    queue: str
    priority: int = 0
    use_tier: bool = True
    music: str = "hold"
    announce_at_start: bool = True
    announce_every_s: int = 0
    keys: tuple[str, ...] = ()
    skills: dict[str, int] = {}
    named: Literal["asked_for"] | None = None


class SetQueueKeys(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The queued call just waits again (after a question, or a restart): music, and these keys are listened for; it
    asks for these skills from now on."""

    keys: tuple[str, ...]
    music: str = "hold"
    skills: dict[str, int] = {}


class RequestCallback(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Store a callback to the caller's number, or to the digits last collected. A queued call's place is kept.

    Asked twice in one call (a repeated node) it is the same callback.
    """

    number: Literal["caller", "collected"]
    queue: str | None = None


class RecordMessage(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Beep, and keep what the caller says from then on until #, silence of `silence_s` (0: never ends it), `longest_s`,
    or until the caller hangs up. A queued call leaves its queue for it.
    """

    queue: str | None = None
    longest_s: int
    least_s: int
    silence_s: int = 0


class SetLanguage(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The caller chose this language; agents see it and prompts follow it."""

    language: str


class Transfer(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Hand the call to a number outside the centre. Ends the flow."""

    number: str


class HangUp(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """End the call. `reason` is the flow's own code (closed, callback_stored, no_choice, …). Ends the flow."""

    reason: str


Order = (
    Answer
    | Play
    | Collect
    | Identify
    | VerifyPin
    | FindAgent
    | WaitForData
    | Enqueue
    | SetQueueKeys
    | RequestCallback
    | RecordMessage
    | SetLanguage
    | Transfer
    | HangUp
)


class Answered(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The caller's leg is answered and its media is up."""


class PromptsFinished(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The prompts of the last Play are over."""


class DigitsCollected(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The digits of the last Collect, without the terminator. Transient: never stored in a position.

    Of a secret Collect only the length is looked at, so the centre may pass any characters of that length.
    """

    digits: str

    def __repr__(self) -> str:
        return f"DigitsCollected({len(self.digits)} digits)"


class CollectTimedOut(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """No digit came in time, or `partial` digits came: fewer than asked for."""

    partial: int = 0


class CustomerIdentified(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The look-up found this many customers (1 or more)."""

    candidates: int = 1


class CustomerUnknown(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The look-up found nobody, or could not be made in time."""


class PinChecked(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    result: Literal["verified", "wrong", "locked", "unavailable"]


class AgentLookedUp(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """absent: there is somebody with that extension, who is not logged on."""

    result: Literal["found", "absent", "unknown"]


class DataWaitEnded(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The record is there, or the limit has passed; the context says which."""


class AnnouncementDue(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Time to tell the waiting caller the place in the queue (1 = next) and the expected wait, if it is known.

    ``is_raised``: longer than was said before; it is said as a change, or not at all."""

    position: int
    expected_wait_s: int | None = None
    is_raised: bool = False


class QueueKeyPressed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    key: str


class QueueRefused(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The queue took no more calls (full, or unknown to the centre)."""


class CallbackStored(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The callback is on disk; it may be promised to the caller."""


class CallbackRefused(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The callback could not be promised (store unavailable, number not allowed)."""


class MessageStored(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The message is on disk and waits to be heard; that may be told to the caller."""


class MessageTooShort(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Nothing was said, or too little; nothing is kept."""


class MessageBegunAnew(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The caller wants to say it again; what was said is thrown away."""


class MessageRefused(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """No message can be promised (store or recorder unavailable, disk full)."""


class Restarted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The centre was restarted while the flow was here: the node is repeated; a queued call keeps its place."""


FlowInput = (
    Answered
    | PromptsFinished
    | DigitsCollected
    | CollectTimedOut
    | CustomerIdentified
    | CustomerUnknown
    | PinChecked
    | AgentLookedUp
    | DataWaitEnded
    | AnnouncementDue
    | QueueKeyPressed
    | QueueRefused
    | CallbackStored
    | CallbackRefused
    | MessageStored
    | MessageTooShort
    | MessageBegunAnew
    | MessageRefused
    | Restarted
)


class QueueFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a queue is to this caller now, by what the caller would ask of agents. `is_free`: somebody would take the
    call at once; agents are those who could ever serve it; the wait is None when it cannot be estimated.
    """

    waiting: int = 0
    is_free: bool = False
    ready_agents: int = 1
    logged_in_agents: int = 1
    expected_wait_s: int | None = None


class FlowContext(msgspec.Struct, frozen=True, kw_only=True):
    """What the centre knows at this moment.

    weekday: 0 = Monday; minute: of the local day, 0–1439; opening: "by_hours" lets the hours tables decide, the other
    two force the answer of every table (a demo's main number is "always_open"). may_promise: what the caller leaves
    can be kept now. calls: in the whole centre, this one included. queues: by name, and by `orders@en` what the queue
    would be to a caller of that language, where that is another thing.
    """

    weekday: int
    minute: int
    is_holiday: bool = False
    opening: Literal["by_hours", "always_open", "always_closed"] = "by_hours"
    has_caller_number: bool = False
    is_customer_found: bool = False
    is_verified: bool = False
    may_promise: bool = True
    tier: str | None = None
    language: str | None = None
    calls: int = 1
    queues: Mapping[str, QueueFacts] = {}


class FlowPosition(msgspec.Struct, frozen=True, kw_only=True):
    """Where a call is in its flow. Journalled, so it holds no digit and no name.

    stage: the step inside the node; attempts: failed tries in this node; queue: where the call waits, if it does.
    """

    flow_id: str
    version: str
    node: str
    language: str
    stage: str = ""
    attempts: int = 0
    queue: str | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What to do now, and where the flow is afterwards; position None = the flow has ended."""

    position: FlowPosition | None
    orders: tuple[Order, ...] = ()
