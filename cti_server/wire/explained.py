"""Why a call went to whom, and how even a day was, as it is told to people: codes with parameters, never sentences.

The same shapes are the answers of the HTTP API and of a desktop's asks; `ieum why` says them in words too. Who may read
what was decided before they were made (``cti_server/past/telling.py``): what somebody may not know is not in them.

Times are UTC microseconds. Parameters whose names end in ``_at`` are times, in ``_us`` and ``_s`` durations.
"""

import msgspec

Parameters = dict[str, str | int]


class Somebody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person of an answer. ``label``: 1, 2, … for colleagues who are not named, in this answer alone; else 0."""

    agent: int | None = None
    extension: str = ""
    name: str = ""
    label: int = 0
    is_you: bool = False


class Said(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A code with its parameters; the words are in the catalogue under ``why.…``."""

    code: str
    parameters: Parameters = {}


class Turn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the wait went: ``what`` is an event (call_queued, call_requirement_relaxed, offer_ended, …)."""

    at: int
    what: Said
    who: Somebody | None = None


class Candidate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``reason`` None: could have been chosen, with this ``standing``."""

    who: Somebody
    reason: Said | None = None
    standing: Said | None = None


class FirstCall(msgspec.Struct, frozen=True, kw_only=True):
    """The first call of another queue at that moment."""

    call: int
    queue: str


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One offer. ``rule`` empty: not recorded. ``excluded``: how many people, by rule. ``is_tie``: both stood equal:
    the smaller number decided. ``window``: over which time results were compared. ``beside``: where it rang already."""

    at: int
    who: Somebody
    queue: str = ""
    rule: str = ""
    standing: Said | None = None
    runner_up: Somebody | None = None
    runner_up_standing: Said | None = None
    is_tie: bool = False
    candidates: int = 0
    excluded: dict[str, int] = {}
    settings_version: str = ""
    waited_us: int = 0
    is_reproduced: bool = True
    window: Said | None = None
    beside: tuple[Somebody, ...] = ()
    people: tuple[Candidate, ...] = ()
    first_calls: tuple[FirstCall, ...] = ()


class NonOffer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """From then until then this person was not offered the call, by one rule. ``ended``: the event that ended it."""

    who: Somebody
    from_at: int
    until_at: int
    reason: Said
    ended: str = ""


class CallExplained(msgspec.Struct, frozen=True, kw_only=True, tag="call_explained"):
    """``is_over``: the call ended; else told up to ``read_to``."""

    call: int
    read_to: int
    is_over: bool = False
    turns: tuple[Turn, ...] = ()
    decisions: tuple[Decision, ...] = ()
    non_offers: tuple[NonOffer, ...] = ()


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """One person's day. None: not for this reader. ``why``: within_spread, shorter_log_in, …, unexplained; ``personal``
    stands for reasons that are that person's own matter."""

    who: Somebody
    calls: int
    expected_calls: float
    spread: float
    why: str
    logged_s: int
    idle_share: float
    occupancy: float
    queues: tuple[str, ...] = ()
    not_ready_share: float | None = None
    talk_s: int | None = None
    missed: int | None = None


class FairnessTold(msgspec.Struct, frozen=True, kw_only=True, tag="fairness"):
    """A local day (``day``: its date) up to ``read_to``. ``is_all``: everybody is in it."""

    day: str
    read_to: int
    is_all: bool = False
    shares: tuple[Share, ...] = ()


class IdleRun(msgspec.Struct, frozen=True, kw_only=True):
    """Free beside waiting calls, by one rule: the first of them was ``call`` of ``queue``, and there were ``calls``.
    ``ended`` empty: it lasts."""

    from_at: int
    until_at: int
    call: int
    queue: str
    reason: Said
    calls: int = 1
    ended: str = ""


class IdleRunsTold(msgspec.Struct, frozen=True, kw_only=True, tag="idle_runs"):
    """Of one person and local day. ``read_permille`` below 1000: the day is still being read, ask again.
    ``forgotten``: earlier runs that were too many to keep."""

    day: str
    read_to: int
    who: Somebody
    runs: tuple[IdleRun, ...] = ()
    read_permille: int = 1000
    forgotten: int = 0
