"""What reading the main database gives: plain messages, with texts about people filled in where they still exist.

Times are microseconds UTC, durations microseconds. A number, name or note is empty when it was never known, or erased.
"""

import msgspec


class CallRow(msgspec.Struct, frozen=True, kw_only=True):
    """One call. ``cause`` empty: it is not over. ``agent_name``: as the people table has it now."""

    call: int
    direction: str
    arrived_at: int
    line: str = ""
    trunk: str = ""
    queue: str = ""
    queue_exit: str = ""
    agent: int | None = None
    agent_name: str = ""
    customer: str = ""
    number: str = ""
    display_name: str = ""
    tier: str = ""
    language: str = ""
    verification: str = ""
    callback: int | None = None
    queued_at: int | None = None
    established_at: int | None = None
    cleared_at: int | None = None
    waited_us: int = 0
    talk_us: int = 0
    hold_us: int = 0
    after_call_us: int = 0
    offers: int = 0
    recordings: int = 0
    cause: str = ""
    disposition: str = ""
    subcode: str = ""
    disposed_automatically: bool = False
    reason: tuple[str, ...] = ()
    note: str = ""


class CallStep(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a call's history: an event's name and its detail, never personal text."""

    at: int
    kind: str
    detail: str = ""
    agent: int | None = None
    queue: str = ""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """``outcome``: answered, missed, declined, device_failed, caller_gone, answered_elsewhere; empty while it rings."""

    agent: int
    queue: str
    offered_at: int
    ended_at: int | None
    card: str
    outcome: str
    reason: str


class ScriptPath(msgspec.Struct, frozen=True, kw_only=True):
    library_version: str
    item: str
    node: str
    path: tuple[str, ...]
    answers: str = ""


class RecordingRow(msgspec.Struct, frozen=True, kw_only=True):
    """``path``: relative to the recordings' folder; empty until it is stored. ``kind``: message, or empty."""

    recording: int
    call: int
    begun_at: int
    state: str
    path: str = ""
    duration_ms: int = 0
    size_bytes: int = 0
    pauses: int = 0
    lost_reason: str = ""
    kind: str = ""
    agent: int | None = None
    queue: str = ""
    customer: str = ""


class CallRecord(msgspec.Struct, frozen=True, kw_only=True):
    """All that is kept of one call."""

    call: CallRow
    steps: tuple[CallStep, ...]
    offers: tuple[Offer, ...]
    recordings: tuple[RecordingRow, ...]
    scripts: tuple[ScriptPath, ...]


class CallFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Empty: any. ``since`` ≤ arrived < ``until``."""

    since: int | None = None
    until: int | None = None
    agent: int | None = None
    queue: str = ""
    customer: str = ""
    direction: str = ""
    disposition: str = ""
    cause: str = ""
    queue_exit: str = ""


class CallPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. ``next``: give it as ``after`` to go on; None: there is no more."""

    rows: tuple[CallRow, ...]
    next: tuple[int, int] | None


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A contact with a customer. ``kind``: call or callback. ``recording``: id of a stored recording of the call, or
    of the voice message that the callback is, ``message_ms`` long."""

    at: int
    kind: str
    call: int | None = None
    callback: int | None = None
    direction: str = ""
    queue: str = ""
    agent: int | None = None
    agent_name: str = ""
    talk_us: int = 0
    cause: str = ""
    disposition: str = ""
    subcode: str = ""
    reason: tuple[str, ...] = ()
    note: str = ""
    recording: int | None = None
    state: str = ""
    message_ms: int = 0


class CallbackRow(msgspec.Struct, frozen=True, kw_only=True):
    """``recording``: the voice message that the caller left, ``message_ms`` long."""

    callback: int
    state: str
    number: str
    requested_at: int
    due_at: int
    queue: str = ""
    customer: str = ""
    language: str = ""
    agent: int | None = None
    call: int | None = None
    attempts: int = 0
    ended_at: int | None = None
    cause: str = ""
    recording: int | None = None
    message_ms: int = 0


class AgentFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Of one agent since a moment: ``answered`` and ``dialled`` conversations, offers missed or declined, talk."""

    agent: int
    answered: int = 0
    dialled: int = 0
    missed: int = 0
    declined: int = 0
    talk_us: int = 0
    talks: int = 0


class QueueFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Of one queue since a moment, by the time of leaving it. ``in_time``: answered within the threshold asked for."""

    queue: str
    answered: int = 0
    in_time: int = 0
    abandoned: int = 0
    flowed_out: int = 0
    callback: int = 0
    waited_us: int = 0


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """The report's totals. Recounted from the events alone they must be the same (I8)."""

    calls: int = 0
    cleared: int = 0
    conversations: int = 0
    by_direction: dict[str, int] = {}
    by_cause: dict[str, int] = {}
    by_queue_exit: dict[str, int] = {}
    by_disposition: dict[str, int] = {}
    by_offer: dict[str, int] = {}
    by_callback_state: dict[str, int] = {}
    talk_us: int = 0
    hold_us: int = 0
    waited_us: int = 0
    recordings: int = 0
    recordings_stored: int = 0
    callback_attempts: int = 0
    notes: int = 0
