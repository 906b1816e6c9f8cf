"""The centre itself: its configuration, its people, its clock, its restarts."""

from cti_server.core.events.base import Event
from cti_server.core.settings import AgentProfile, CentreSettings
from cti_server.core.vocabulary import AgentId, CallId, LegId


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
