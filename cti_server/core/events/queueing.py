"""A call waits and is offered; its legs come and go."""

from cti_server.core.events.base import CallEvent, Foretold, OrderKey
from cti_server.core.vocabulary import (
    AgentId,
    CallbackId,
    CardOutcome,
    ClearingCause,
    CustomerRef,
    LegId,
    LegRole,
    Micros,
    NamedBy,
    NamedEnd,
    OfferOutcome,
    OverflowWhen,
    PersonalRef,
    QueueExit,
    QueueId,
    RaisedBy,
)


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
