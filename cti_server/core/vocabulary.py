"""The words of the call centre: identifiers, states and outcomes.

Call and agent words are those of ECMA-269 (CSTA); a *leg* is the network's side of a connection. Enumerations are
stored and sent by value, so a value, once released, is never renamed. This module decides nothing.
"""

from enum import StrEnum
from typing import NewType

CallId = NewType("CallId", int)
LegId = NewType("LegId", int)
AgentId = NewType("AgentId", int)
CallbackId = NewType("CallbackId", int)
RecordingId = NewType("RecordingId", int)
QueueId = NewType("QueueId", str)
Extension = NewType("Extension", str)
PersonalRef = NewType("PersonalRef", int)
"""Names a text about a person (number, name, note) kept apart from the events, so that it can be erased."""
CustomerRef = NewType("CustomerRef", str)
"""The customer key of the main system, for example ``C-004812``."""
Micros = NewType("Micros", int)
"""Engine time in microseconds: UTC at boot plus monotonic time since; never runs backwards."""

SWITCH_LEG_BIT = 1 << 60
"""Legs that the switch itself names (callers who arrive) carry this bit; legs that the Centre orders do not."""


class Secret:
    """A text that must never be shown: digits, PINs, passwords. It cannot be printed, compared by accident or
    encoded.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself. Call this only where the secret is consumed."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __len__(self) -> int:
        return len(self._text)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a Secret cannot be stored")


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"
    CALLBACK = "callback"


class LegRole(StrEnum):
    CUSTOMER = "customer"
    AGENT = "agent"
    OUTSIDE = "outside"
    """A number outside the centre that a flow hands the caller to."""


class AgentMode(StrEnum):
    LOGGED_OFF = "logged_off"
    NOT_READY = "not_ready"
    READY = "ready"


class Occupation(StrEnum):
    IDLE = "idle"
    RESERVED = "reserved"
    ALERTING = "alerting"
    CONNECTED = "connected"
    AFTER_CALL_WORK = "after_call_work"


class AgentState(StrEnum):
    """The CSTA agent state, derived from mode and occupation."""

    NULL = "null"
    NOT_READY = "not_ready"
    READY = "ready"
    BUSY = "busy"
    WORKING_AFTER_CALL = "working_after_call"


class CallPhase(StrEnum):
    """Where a call is in its life. The table of moves stands in ``core/calls.py``."""

    FLOW = "flow"
    QUEUED = "queued"
    RESERVED = "reserved"
    ALERTING = "alerting"
    INITIATED = "initiated"
    CONNECTED = "connected"
    HELD = "held"
    CLEARED = "cleared"


OFFERED = (CallPhase.RESERVED, CallPhase.ALERTING)
"""It is offered to an agent, or to several."""
WAITING = (CallPhase.QUEUED, *OFFERED)
"""It is in its queue; a caller to whom nobody talks yet waits."""


class LegState(StrEnum):
    OFFERED = "offered"
    INITIATED = "initiated"
    ALERTING = "alerting"
    CONNECTED = "connected"
    HELD = "held"
    CLEARED = "cleared"


class OfferOutcome(StrEnum):
    """How an offer to an agent ended without a conversation; different things, never one.

    ``ANSWERED_ELSEWHERE``: it rang at several, and a colleague was first. ``WITHDRAWN`` is nobody's doing: the server
    took the offer back (after a restart)."""

    MISSED = "missed"
    DECLINED = "declined"
    DEVICE_FAILED = "device_failed"
    CALLER_GONE = "caller_gone"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    WITHDRAWN = "withdrawn"


class QueueExit(StrEnum):
    ANSWERED = "answered"
    ABANDONED = "abandoned"
    FLOWED_OUT = "flowed_out"
    CALLBACK = "callback"


class ClearingCause(StrEnum):
    """Why a call or a leg ended."""

    NORMAL = "normal"
    CALLER_HUNG_UP = "caller_hung_up"
    AGENT_HUNG_UP = "agent_hung_up"
    FLOW_ENDED = "flow_ended"
    CANCELLED = "cancelled"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    MEDIA_LOST = "media_lost"
    SERVER_RESTARTED = "server_restarted"
    OVERLOAD = "overload"
    PROTOCOL_ERROR = "protocol_error"
    TIMEOUT = "timeout"


class CardOutcome(StrEnum):
    """Was the customer's card on the agent's screen when the phone was made to ring?"""

    SHOWN = "shown"
    LATE = "late"
    NONE = "none"


class Verification(StrEnum):
    UNVERIFIED = "unverified"
    VERIFIED = "verified"
    LOCKED = "locked"


class PinResult(StrEnum):
    VERIFIED = "verified"
    WRONG = "wrong"
    LOCKED = "locked"
    UNAVAILABLE = "unavailable"


class RecordingState(StrEnum):
    NONE = "none"
    STARTING = "starting"
    RECORDING = "recording"
    PAUSED = "paused"
    STOPPED = "stopped"
    FAILED = "failed"


class MessageEnd(StrEnum):
    """What became of a voice message."""

    STORED = "stored"
    TOO_SHORT = "too_short"
    SILENT = "silent"
    BEGUN_ANEW = "begun_anew"
    """The caller threw it away to say it again."""


class CallbackState(StrEnum):
    WAITING = "waiting"
    RESERVED = "reserved"
    DIALLING = "dialling"
    DONE = "done"
    EXHAUSTED = "exhausted"
    CANCELLED = "cancelled"


class CallbackPause(StrEnum):
    """Why a callback left its queue without being dialled: the centre does not dial now, dials no longer by itself, or
    the clock was set and it is not due."""

    HOURS = "hours"
    BY_HAND = "by_hand"
    NOT_DUE = "not_due"


class Strategy(StrEnum):
    """Which of the free agents a queue's caller gets. What each means stands in ``core/strategies.py``."""

    LONGEST_IDLE = "longest_idle"
    EVEN_ANSWERED = "even_answered"
    EVEN_TALK = "even_talk"
    LOWEST_OCCUPANCY = "lowest_occupancy"
    TOP_DOWN = "top_down"
    ROUND_ROBIN = "round_robin"
    RANDOM = "random"
    RING_ALL = "ring_all"


class WorkOrder(StrEnum):
    """What an agent of several queues takes first, within one class: what is due first, or what they are best at."""

    DUE_FIRST = "due_first"
    LEVEL_FIRST = "level_first"


class ResultsWindow(StrEnum):
    """Over which time results are compared: the local day, week or month, the last hours, or since the agent logged
    on."""

    TODAY = "today"
    LOG_ON = "log_on"
    WEEK = "week"
    MONTH = "month"
    HOURS = "hours"


class NamedBy(StrEnum):
    """Who named the agent that a caller is given to: see ``core/naming.py``. The last two are rules of queues."""

    ASKED_FOR = "asked_for"
    LINE = "line"
    LAST_AGENT = "last_agent"
    ACCOUNT_OWNER = "account_owner"


class OverflowWhen(StrEnum):
    """What makes a queue overflow. The meanings stand in ``core/overflow.py``."""

    WAIT = "wait"
    SIZE = "size"
    EXPECTED_WAIT = "expected_wait"
    NOBODY = "nobody"
    NOBODY_READY = "nobody_ready"
    PER_AGENT = "per_agent"


class RaisedBy(StrEnum):
    """Why the order of a waiting call changed."""

    WAIT_CEILING = "wait_ceiling"
    TIER = "tier"


class NamedEnd(StrEnum):
    """Why a call waits for its named agent no longer."""

    TIME_LIMIT = "time_limit"
    LOGGED_OFF = "logged_off"


class NotReadyReason(StrEnum):
    """Reasons that the centre sets by itself; centres declare more of their own in the configuration."""

    SIGNED_IN = "signed_in"
    MISSED_CALL = "missed_call"
    DECLINED = "declined"
    DEVICE_FAILED = "device_failed"
    DESKTOP_LOST = "desktop_lost"
    PHONE_LOST = "phone_lost"
    FORCED = "forced"


AUTO_TIMEOUT = "AUTO_TIMEOUT"
"""The disposition that a call gets when after-call work ran out of time; notes are kept, nothing is discarded."""
