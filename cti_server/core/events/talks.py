"""A conversation, what is recorded and written of it, and its end."""

from cti_server.core.events.base import CallEvent, OrderKey
from cti_server.core.vocabulary import (
    AgentId,
    ClearingCause,
    LegId,
    MessageEnd,
    Micros,
    PersonalRef,
    QueueId,
    RecordingId,
)


class CallEstablished(CallEvent, frozen=True, kw_only=True):
    """Agent and customer hear each other for the first time. ``limit_at``: the longest a call may last."""

    agent: AgentId
    limit_at: Micros
    waited_us: int = 0


class CallForwarded(CallEvent, frozen=True, kw_only=True):
    """The flow handed the caller to a number outside, and both hear each other."""

    leg: LegId
    limit_at: Micros


class CallHeld(CallEvent, frozen=True, kw_only=True):
    agent: AgentId


class CallRetrieved(CallEvent, frozen=True, kw_only=True):
    agent: AgentId
    held_us: int


class CallMuted(CallEvent, frozen=True, kw_only=True):
    """The server silences the agent (hard phones)."""

    agent: AgentId
    muted: bool


class RecordingBegun(CallEvent, frozen=True, kw_only=True):
    """Ordered; ``RecordingConfirmed`` follows when the first sample can be kept, by ``limit_at``."""

    recording: RecordingId
    limit_at: Micros | None = None


class RecordingConfirmed(CallEvent, frozen=True, kw_only=True):
    recording: RecordingId


class RecordingPaused(CallEvent, frozen=True, kw_only=True):
    recording: RecordingId
    by_script: bool


class RecordingResumed(CallEvent, frozen=True, kw_only=True):
    recording: RecordingId
    by_script: bool


class RecordingStored(CallEvent, frozen=True, kw_only=True):
    """The file is closed and durable. ``path`` is relative to the recordings' folder."""

    recording: RecordingId
    path: str
    duration_ms: int
    size_bytes: int


class RecordingLost(CallEvent, frozen=True, kw_only=True):
    """Nothing (more) was kept; the call went on."""

    recording: RecordingId
    reason: str


class MessageBegun(CallEvent, frozen=True, kw_only=True):
    """The caller is about to leave a voice message, in the recording just begun. It will be a callback of ``queue``
    with the place ``key``, to ``number`` (empty where it was withheld). ``limit_at``: the flow's new limit."""

    recording: RecordingId
    queue: QueueId | None
    key: OrderKey
    number: PersonalRef
    least_ms: int
    longest_s: int
    silence_s: int
    limit_at: Micros


class MessageEnded(CallEvent, frozen=True, kw_only=True):
    """Kept as a callback (its ``CallbackRequested`` came with this), or thrown away. It may come after the call's
    end."""

    recording: RecordingId
    how: MessageEnd


class NoteTaken(CallEvent, frozen=True, kw_only=True):
    """The note as of ``revision``; it replaces earlier ones."""

    agent: AgentId
    note: PersonalRef
    revision: int


class ScriptFollowed(CallEvent, frozen=True, kw_only=True):
    """Where the agent stands in the script. ``answers``: a reference to the fields' values (they may be personal)."""

    agent: AgentId
    library_version: str
    item: str
    node: str
    path: tuple[str, ...]
    reason: tuple[str, ...] = ()
    answers: PersonalRef | None = None


class ContactReasonSet(CallEvent, frozen=True, kw_only=True):
    """The agent corrected the contact reason."""

    agent: AgentId
    reason: tuple[str, ...]


class CallDisposed(CallEvent, frozen=True, kw_only=True):
    """The result of the call. ``automatic``: after-call work ran out (``AUTO_TIMEOUT``)."""

    agent: AgentId
    code: str
    subcode: str = ""
    automatic: bool = False


class CallCleared(CallEvent, frozen=True, kw_only=True):
    """The one terminal record of a call. ``talk_us`` and ``hold_us`` of the conversation, 0 when there was none.

    ``reason``: the flow's own code, where the flow ended the call; ``recording_limit_at``: its file is closed then."""

    cause: ClearingCause
    talk_us: int = 0
    hold_us: int = 0
    agent: AgentId | None = None
    queue: QueueId | None = None
    reason: str = ""
    recording_limit_at: Micros | None = None
