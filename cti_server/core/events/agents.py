"""An agent's mode, after-call work and devices."""

from cti_server.core.events.base import Event
from cti_server.core.vocabulary import AgentId, CallId, Micros


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
