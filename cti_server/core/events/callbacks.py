"""Promises to call back, and what became of them."""

from cti_server.core.events.base import Event, OrderKey
from cti_server.core.vocabulary import (
    AgentId,
    CallbackId,
    CallbackPause,
    CallId,
    ClearingCause,
    CustomerRef,
    Micros,
    PersonalRef,
    QueueId,
    RecordingId,
)


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
