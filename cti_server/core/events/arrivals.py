"""A call comes or is made, and who is at the other end becomes known."""

from typing import Any

from cti_server.core.events.base import CallEvent
from cti_server.core.vocabulary import (
    AgentId,
    CallbackId,
    CustomerRef,
    Direction,
    Extension,
    LegId,
    Micros,
    PersonalRef,
    PinResult,
    QueueId,
    Verification,
)
from ivr.orders import FlowPosition


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
