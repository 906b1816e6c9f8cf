"""Figures that are kept as they grow: an agent's day, the last hours, and how well waits were foretold. Shapes only.

Only the folds change them; what is compared, and over which time, is decided in `figures.py` and `estimates.py`.
"""

from dataclasses import dataclass, field


@dataclass(slots=True)
class AgentDay:
    """An agent's own figures of one local day (``day``: days since 1970-01-01), or of the time that the field names.

    ``logged_us`` ⊇ ``ready_us`` (Ready and free), ``offered_us`` (reserved, ringing), ``handling_us`` (conversation,
    hold, after-call work); each up to ``Agent.accounted_at``.
    """

    day: int = 0
    answered: int = 0
    dialled: int = 0
    missed: int = 0
    talk_us: int = 0
    talks: int = 0
    logged_us: int = 0
    ready_us: int = 0
    offered_us: int = 0
    handling_us: int = 0


@dataclass(slots=True)
class RecentHours:
    """The figures of the last hours: totals, and what they were when each quarter-hour from ``first`` on began.

    ``first``: its number in engine time. ``kept``: how many marks; a mark is (calls, talk, logged in, ready, handling).
    """

    kept: int
    first: int
    marks: list[tuple[int, int, int, int, int]]
    total: AgentDay = field(default_factory=AgentDay)


@dataclass(slots=True)
class Lesson:
    """How far the waits of a group of callers were from what was foretold (`fold_waits.py`): averages over the latest,
    and what each end of the interval is multiplied by, in millionths."""

    callers: int = 0
    waited_us: int = 0
    foretold_us: int = 0
    low_ppm: int = 1_000_000
    high_ppm: int = 1_000_000
