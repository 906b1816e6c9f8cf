"""A call flow as data: nodes, hours tables, versions.

Decides what a flow file may contain. Does not decide whether a flow makes sense (`checker.py`) or what a node does
(`entering.py`, `reacting.py`). Fields of these types are the fields of the YAML files.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

NodeId = str
PromptRef = str  # "greeting": in the caller's language; "greeting@en": in this language whatever the caller chose

Attempts = Annotated[int, Meta(ge=1, le=5)]
DigitCount = Annotated[int, Meta(ge=1, le=20)]
Level = Annotated[int, Meta(ge=1, le=10)]
TimeoutMs = Annotated[int, Meta(ge=1_000, le=30_000)]

DATA_WAIT_MS_MAX = 300
LOAD_LIMITS = ("waiting_at_least", "waiting_per_agent", "expected_wait_s", "calls_at_least")
"""Fields of a `load` node: any of them makes a queue busy."""
KEYS = "0123456789*#"


class AnswerNode(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="answer"):
    """Answers the call. Nothing is played or collected on a path without it."""

    next: NodeId


class HoursNode(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="hours"):
    table: str
    open: NodeId
    closed: NodeId


class PlayNode(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="play"):
    prompts: tuple[PromptRef, ...]
    next: NodeId
    interruptible: bool = False


class LanguageNode(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="language"):
    """Lets the caller choose a language; after `attempts` without a choice the present one stays."""

    prompts: tuple[PromptRef, ...]
    keys: dict[str, str]
    next: NodeId
    attempts: Attempts = 2
    first_digit_timeout_ms: TimeoutMs = 5_000


class MenuNode(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="menu"):
    """One key leads on; after `attempts` without a valid one, `otherwise`."""

    prompts: tuple[PromptRef, ...]
    keys: dict[str, NodeId]
    otherwise: NodeId
    invalid: tuple[PromptRef, ...] = ()
    silent: tuple[PromptRef, ...] = ()
    attempts: Attempts = 3
    first_digit_timeout_ms: TimeoutMs = 5_000


class IdentifyNode(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="identify"):
    """Finds the customer, by a number that the caller keys in or by the caller's own number.

    `several`: more than one customer fits (never guessed); without it they are treated as unknown. `skip`: the caller
    pressed # alone, having no number.
    """

    by: Literal["customer_number", "caller_number"]
    found: NodeId
    unknown: NodeId
    several: NodeId | None = None
    skip: NodeId | None = None
    prompts: tuple[PromptRef, ...] = ()
    invalid: tuple[PromptRef, ...] = ()
    digits_min: DigitCount = 4
    digits_max: DigitCount = 10
    attempts: Attempts = 3
    first_digit_timeout_ms: TimeoutMs = 7_000


class PinNode(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="pin"):
    """Asks for the PIN of the customer found; `failed` after `attempts` wrong or missing ones; `skip`: # alone."""

    prompts: tuple[PromptRef, ...]
    verified: NodeId
    failed: NodeId
    locked: NodeId
    unavailable: NodeId
    skip: NodeId | None = None
    invalid: tuple[PromptRef, ...] = ()
    digits_min: DigitCount = 4
    digits_max: DigitCount = 8
    attempts: Attempts = 3
    first_digit_timeout_ms: TimeoutMs = 7_000


class ExtensionNode(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="extension"):
    """Asks for an agent's extension. `found`: somebody logged on has it; `absent`: somebody has it who is not;
    `unknown`: after `attempts` with none that anybody has; `skip`: # alone. A queue node with `named: asked_for` then
    gives the caller to that agent first.
    """

    prompts: tuple[PromptRef, ...]
    found: NodeId
    absent: NodeId
    unknown: NodeId
    skip: NodeId | None = None
    invalid: tuple[PromptRef, ...] = ()
    digits_min: DigitCount = 2
    digits_max: DigitCount = 6
    attempts: Attempts = 2
    first_digit_timeout_ms: TimeoutMs = 7_000


class BranchNode(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="branch"):
    """Goes on by what is known: values are a tier's name or "none", a language, or "yes" and "no".

    `may_promise`: can a callback or a message be kept at this moment? Where not, none should be offered.
    """

    on: Literal["tier", "language", "verified", "customer_found", "caller_number", "may_promise"]
    cases: dict[str, NodeId]
    otherwise: NodeId


class LoadNode(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="load"):
    """Goes on by how busy a queue is for this caller. `nobody`: nobody who could serve the caller is logged in;
    `nobody_ready`: nobody of them is Ready. `busy`: nobody is free, and one of the limits is reached: so many wait, or
    so many for each who is logged in, or so many seconds are expected; or there are so many calls in the whole centre,
    whoever is free. A wait that cannot be estimated reaches no limit.
    """

    queue: str
    otherwise: NodeId
    busy: NodeId | None = None
    nobody: NodeId | None = None
    nobody_ready: NodeId | None = None
    waiting_at_least: Annotated[int, Meta(ge=1, le=1_000)] | None = None
    waiting_per_agent: Annotated[int, Meta(ge=1, le=100)] | None = None
    expected_wait_s: Annotated[int, Meta(ge=1, le=14_400)] | None = None
    calls_at_least: Annotated[int, Meta(ge=1, le=10_000)] | None = None


class WaitNode(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="wait_for_data"):
    next: NodeId
    limit_ms: Annotated[int, Meta(ge=1, le=DATA_WAIT_MS_MAX)] = DATA_WAIT_MS_MAX


class QueueNode(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="queue"):
    """Waits for an agent. `position` and `expected_wait` name numbered prompts; `keys` lead to other nodes.

    `named: asked_for`: first for the agent whose extension the caller keyed in, as long as the queue's `named_wait_s`,
    then for anybody. `wait_raised` is said before an expected wait that is longer than what was said before; without
    it, such a wait is not said. `skills`: what the call asks of agents, besides the queue.
    """

    queue: str
    priority: Annotated[int, Meta(ge=0, le=9)] = 0
    use_tier: bool = True
    music: str = "hold"
    announce_at_start: bool = True
    announce_every_s: Annotated[int, Meta(ge=0, le=600)] = 0
    position: str | None = None
    expected_wait: str | None = None
    wait_raised: tuple[PromptRef, ...] = ()
    offer: tuple[PromptRef, ...] = ()
    named: Literal["asked_for"] | None = None
    keys: dict[str, NodeId] = {}
    refused: NodeId | None = None
    skills: dict[str, Level] = {}


class CallbackNode(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="callback"):
    """Offers to call back: `yes` confirms the caller's own number, `other` asks for one, anything else goes back.

    Without a caller's number it asks for one at once.
    """

    prompts: tuple[PromptRef, ...]
    ask_number: tuple[PromptRef, ...]
    stored: NodeId
    refused: NodeId
    back: NodeId
    yes: str = "1"
    other: str = "2"
    queue: str | None = None
    invalid: tuple[PromptRef, ...] = ()
    digits_min: DigitCount = 9
    digits_max: DigitCount = 12
    attempts: Attempts = 2
    first_digit_timeout_ms: TimeoutMs = 7_000


class MessageNode(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="message"):
    """Records what the caller says after the tone, and keeps it as a callback that can be listened to.

    # ends it and * begins anew; so do silence and the greatest length end it, and hanging up keeps what was said. What
    is shorter than `least_s`, or silent, is not kept: `too_short` and the prompts are heard again; after `attempts`
    beginnings the way is `back`. `refused`: nothing can be kept now. `prompts` must say that it is recorded.
    """

    prompts: tuple[PromptRef, ...]
    stored: NodeId
    refused: NodeId
    back: NodeId
    queue: str | None = None
    too_short: tuple[PromptRef, ...] = ()
    longest_s: Annotated[int, Meta(ge=10, le=600)] = 120
    least_s: Annotated[int, Meta(ge=1, le=30)] = 2
    silence_s: Annotated[int, Meta(ge=0, le=60)] = 8
    attempts: Attempts = 3


class TransferNode(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="transfer"):
    number: Annotated[str, Meta(pattern=r"^\+?[0-9]{2,15}$")]
    prompts: tuple[PromptRef, ...] = ()


class HangUpNode(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="hang_up"):
    reason: Annotated[str, Meta(pattern=r"^[a-z_]{1,40}$")]
    prompts: tuple[PromptRef, ...] = ()


Node = (
    AnswerNode
    | HoursNode
    | PlayNode
    | LanguageNode
    | MenuNode
    | IdentifyNode
    | PinNode
    | ExtensionNode
    | BranchNode
    | LoadNode
    | WaitNode
    | QueueNode
    | CallbackNode
    | MessageNode
    | TransferNode
    | HangUpNode
)


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """From this minute of the day until before that one (1440 = midnight)."""

    from_minute: int
    until_minute: int


class HoursTable(msgspec.Struct, frozen=True, kw_only=True):
    """Openings by weekday (0 = Monday; seven of them), and those of a public holiday whatever its weekday."""

    weekdays: tuple[tuple[Opening, ...], ...]
    holidays: tuple[Opening, ...] = ()


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """A checked flow. `version` is the hash of its content; calls in progress keep theirs."""

    id: str
    version: str
    title: dict[str, str]
    languages: tuple[str, ...]
    start: NodeId
    nodes: dict[NodeId, Node]
    hours: dict[str, HoursTable] = {}


class FlowSet(msgspec.Struct, frozen=True, kw_only=True):
    """The flows that were loaded together."""

    flows: tuple[Flow, ...]

    def by_id(self, flow_id: str) -> Flow | None:
        return next((flow for flow in self.flows if flow.id == flow_id), None)
