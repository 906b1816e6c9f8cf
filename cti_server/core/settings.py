"""The centre's configuration as the core understands it: shapes and defaults, already checked.

The text files are read by ``cti_server/config.py``; an event carries the whole of it, so that a journal explains
itself. Durations are in seconds or milliseconds as their names say.
"""

from typing import Literal

import msgspec

from cti_server.core.vocabulary import (
    AgentId,
    Extension,
    NamedBy,
    OverflowWhen,
    QueueId,
    ResultsWindow,
    Strategy,
    WorkOrder,
)

ANY_LINE = "*"
"""The line of those who dialled none that is named."""


class RelaxSettings(msgspec.Struct, frozen=True, kw_only=True):
    """After so long a wait these levels are enough; a skill that is not named keeps the level of the step before."""

    after_s: int
    requires: dict[str, int]


class OverflowSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``to``: another queue, or ``refused`` (the flow goes on there). ``at_least``: seconds or callers."""

    when: OverflowWhen
    to: str
    at_least: int = 0


class TierSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Customers of one tier. ``head_start_s``: as if they had come so much earlier; ``priority`` is added to the
    flow's; ``wait_ceiling_s`` 0: that of the queue."""

    tier: str
    head_start_s: int = 0
    priority: int = 0
    wait_ceiling_s: int = 0


class QueueSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One queue. An agent serves it when the skill named like the queue is at least ``minimum_level``, and those of
    ``requires`` have their levels; ``relax`` lowers these as the wait grows.

    ``weight``: the wait of its callers counts so many times beside that of other queues. ``wait_ceiling_s``: who has
    waited so long goes before all classes (0: never). ``results_window``: of the even strategies and
    of occupancy, with ``results_hours`` for `hours` (`figures.py`). ``ring_all_max``: at how many phones a call rings
    at once (``ring_all``). ``named``: whom a
    caller is given to by name, for ``named_wait_s`` at most, then to anybody. ``overflow``: see `overflow.py`.
    ``callbacks``: those that are due are work of the queue, and dialled when it is their turn, or wait for a person who
    dials them.
    """

    queue: QueueId
    title: dict[str, str]
    strategy: Strategy = Strategy.LONGEST_IDLE
    minimum_level: int = 1
    service_level_s: int = 20
    service_level_target: float = 0.8
    after_call_work_s: int = 30
    maximum_waiting: int = 500
    maximum_wait_s: int = 1800
    requires: dict[str, int] = {}
    relax: tuple[RelaxSettings, ...] = ()
    weight: int = 1
    wait_ceiling_s: int = 0
    results_window: ResultsWindow = ResultsWindow.TODAY
    results_hours: int = 8
    ring_all_max: int = 10
    named: tuple[NamedBy, ...] = ()
    named_wait_s: int = 20
    overflow: tuple[OverflowSettings, ...] = ()
    callbacks: Literal["automatic", "by_hand"] = "by_hand"


class LineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A number that callers dial, and the flow that it starts.

    ``flow`` ``queue:orders`` is no flow: straight into that queue, and the caller is answered when an agent answers.
    ``agent``: the extension of the one whose line it is: its callers wait for that person by name first. ``use_tier``:
    straight into the queue, the customer's tier counts, too.
    ``opening``: ``by_hours``, or ``always_open`` / ``always_closed`` whatever the flow's hours tables say.
    ``language``: that its callers are taken to speak until they choose another one. ``skills``: what they ask of
    agents, besides their queue."""

    line: str
    flow: str
    opening: Literal["by_hours", "always_open", "always_closed"] = "by_hours"
    agent: str = ""
    language: str = ""
    skills: dict[str, int] = {}
    use_tier: bool = False


class LanguageSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``skills``: what callers of this language ask of agents, besides their queue."""

    language: str
    skills: dict[str, int] = {}


class CodeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A code that people choose, with its words by language."""

    code: str
    title: dict[str, str]
    subcodes: tuple["CodeSettings", ...] = ()


class AgentProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What routing needs to know about a person. ``skills``: level by skill; queues are skills named like the queue."""

    agent: AgentId
    extension: Extension
    group: str = ""
    skills: dict[str, int] = {}
    may_dial: bool = True
    needs_desktop: bool = True
    """False: logged on and Ready without a desktop (fixed phones, benches)."""


class CentreSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the core needs; ``version`` is the hash of the text that it came from."""

    version: str = ""
    queues: tuple[QueueSettings, ...] = ()
    lines: tuple[LineSettings, ...] = ()
    languages: tuple[LanguageSettings, ...] = ()
    not_ready_reasons: tuple[CodeSettings, ...] = ()
    decline_reasons: tuple[CodeSettings, ...] = ()
    dispositions: tuple[CodeSettings, ...] = ()
    time_zone_offset_s: int = 32400
    ring_timeout_s: int = 20
    dial_timeout_s: int = 45
    pop_wait_ms: int = 150
    after_call_work_extension_s: int = 30
    after_call_work_extensions: int = 2
    desktop_lost_s: int = 5
    lookup_timeout_s: int = 2
    pin_timeout_s: int = 5
    flow_limit_s: int = 900
    """A caller who is still in the flow after this is let go: nobody stays in a passing state."""
    call_limit_s: int = 14400
    callback_attempts: int = 3
    callback_retry_s: int = 900
    callback_from_s: int = 0
    """The centre dials callbacks by itself from this second of the local day on,"""
    callback_until_s: int = 86_400
    """and before this one."""
    record_calls: bool = True
    outbound_number: str = ""
    """The number shown to those whom we dial."""
    outbound_after_call_work_s: int = 30
    """After-call work of calls that belong to no queue."""
    rest_s: int = 30
    """An agent without a desktop is Ready again so long after a missed, declined or failed call."""
    phone_return_s: int = 60
    """After a restart a phone has so long to register again before its agent becomes Not Ready (phone_lost)."""
    tiers: tuple[TierSettings, ...] = ()
    work_order: WorkOrder = WorkOrder.DUE_FIRST
    routing_seed: int = 0
    """Of the random strategy: the same seed, the same choices."""
    calendar: Literal["none", "korea"] = "none"
    """Whose public holidays the hours tables of flows know."""
    own_holidays: tuple[int, ...] = ()
    """The centre's own, as days since 1970-01-01 in local time."""
