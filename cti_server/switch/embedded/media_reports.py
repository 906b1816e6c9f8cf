"""What a media worker tells the core process.

Passing facts (a key was pressed) go to the controller that is connected, if any. Durable ones (a recording is finished)
are kept and repeated until they are acknowledged, so that a restart of the core process loses none.
This module decides nothing.
"""

from enum import StrEnum

import msgspec

from cti_server.media.g711 import Codec
from cti_server.switch.embedded.media_commands import PROTOCOL_VERSION, MediaDirection


class PlayEnd(StrEnum):
    """Why a play ended."""

    DONE = "done"
    STOPPED = "stopped"
    REPLACED = "replaced"
    DIGIT = "digit"
    FAILED = "failed"


class LegStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Counters of one leg. ``lost`` and ``jitter_ms`` are as RFC 3550 defines them, for what we received."""

    packets_received: int = 0
    packets_sent: int = 0
    lost: int = 0
    jitter_ms: float = 0.0
    from_strangers: int = 0
    """Packets from an address or with an SSRC that is not the agreed peer's. After latching, the kernel drops foreign
    addresses uncounted."""
    malformed: int = 0
    round_trip_ms: float | None = None
    remote_lost: int | None = None
    """What the peer's last RTCP report says it lost of ours."""


class LegInventory(msgspec.Struct, frozen=True, kw_only=True):
    leg: int
    port: int
    metadata: bytes = b""
    remote_address: str = ""
    remote_port: int = 0
    codec: Codec = Codec.PCMU
    direction: MediaDirection = MediaDirection.SEND_RECEIVE
    partner: int | None = None
    held: bool = False
    muted: bool = False
    playing: int | None = None
    in_conference: bool = False
    lost_media: bool = False
    statistics: LegStatistics = LegStatistics()


class RecordingInventory(msgspec.Struct, frozen=True, kw_only=True):
    recording: int
    path: str
    position_ms: int
    paused: bool


class CallInventory(msgspec.Struct, frozen=True, kw_only=True):
    call: int
    legs: tuple[LegInventory, ...] = ()
    recordings: tuple[RecordingInventory, ...] = ()


class Report(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    pass


class DurableReport(Report, frozen=True, kw_only=True):
    """Kept by the worker (the newest 10,000) and repeated to the next connection until acknowledged; the link
    acknowledges a second after its callback returned, so that what was heard can be stored."""

    number: int = 0


class CallReport(Report, frozen=True, kw_only=True):
    call: int


class LegReport(CallReport, frozen=True, kw_only=True):
    leg: int


class Welcome(Report, frozen=True, kw_only=True):
    """``worker`` changes when the worker process is another one. ``carried_out``: the highest ``seq`` of this epoch
    that was carried out."""

    worker: str
    pid: int
    address: str
    ports: tuple[int, ...]
    free_ports: tuple[int, ...]
    calls: tuple[CallInventory, ...]
    carried_out: int = 0
    version: int = PROTOCOL_VERSION


class Refused(Report, frozen=True, kw_only=True):
    """``code``: ``epoch`` (an older controller), ``superseded`` (a newer one took over), ``version``, ``protocol``."""

    code: str
    epoch: int


class Pong(Report, frozen=True, kw_only=True):
    token: int
    carried_out: int


class InventoryReport(Report, frozen=True, kw_only=True):
    token: int
    calls: tuple[CallInventory, ...]
    free_ports: tuple[int, ...]


class StatisticsReport(LegReport, frozen=True, kw_only=True):
    token: int
    statistics: LegStatistics


class LegHeard(LegReport, frozen=True, kw_only=True):
    """The first packet of the agreed peer arrived (again after each ``SetRemote`` that changed the address)."""

    address: str
    port: int


class DigitPressed(LegReport, frozen=True, kw_only=True):
    """One key by RFC 4733, once, at the first of its packets that arrives. Not repeated to a later controller."""

    digit: str

    def __repr__(self) -> str:
        return f"DigitPressed(call={self.call}, leg={self.leg})"


class PlayFinished(LegReport, frozen=True, kw_only=True):
    play: int
    end: PlayEnd
    problem: str = ""


class DigitsSent(LegReport, frozen=True, kw_only=True):
    """The last key of ``SendDigits(number)`` went out."""

    number: int


class MediaLost(DurableReport, frozen=True, kw_only=True):
    """No RTP from this leg for the configured time. Once per silence; the leg stays open until it is closed."""

    call: int
    leg: int


class CallEnded(DurableReport, frozen=True, kw_only=True):
    """The worker itself closed a call, because no leg of it had RTP (``media_lost``). Its recordings are finished."""

    call: int
    reason: str


class LegClosed(LegReport, frozen=True, kw_only=True):
    statistics: LegStatistics
    port: int


class RecordingStarted(DurableReport, frozen=True, kw_only=True):
    call: int
    recording: int
    path: str


class RecordingPaused(DurableReport, frozen=True, kw_only=True):
    call: int
    recording: int
    position_ms: int


class RecordingResumed(DurableReport, frozen=True, kw_only=True):
    call: int
    recording: int
    position_ms: int


class RecordingFinished(DurableReport, frozen=True, kw_only=True):
    """The file is complete and on disk (fsync of file and folder). ``sha256``: of the whole file, hexadecimal."""

    call: int
    recording: int
    path: str
    duration_ms: int
    size_bytes: int
    sha256: str
    agent_heard: bool
    customer_heard: bool


class RecordingSilent(CallReport, frozen=True, kw_only=True):
    """The customer has said nothing for ``StartRecording.silence_s`` seconds, once for each such silence. Not repeated
    to a later controller."""

    recording: int


class RecordingFailed(DurableReport, frozen=True, kw_only=True):
    """Nothing more is kept; the call goes on. ``reason``: ``disk_full``, ``disk_error``, ``disk_slow``,
    ``no_such_leg``, ``discarded``."""

    call: int
    recording: int
    path: str
    reason: str


class CommandFailed(CallReport, frozen=True, kw_only=True):
    """A command could not be carried out. ``code``: ``no_such_call``, ``no_such_leg``, ``no_such_port``,
    ``port_in_use``,
    ``no_such_recording``, ``same_leg``, ``bad_address``, ``bad_payload_type``, ``bad_path``, ``limit``, or ``internal``
    for a mistake of the worker's own."""

    command: str
    code: str
    leg: int = 0


AnyReport = (
    Welcome
    | Refused
    | Pong
    | InventoryReport
    | StatisticsReport
    | LegHeard
    | DigitPressed
    | PlayFinished
    | DigitsSent
    | MediaLost
    | CallEnded
    | LegClosed
    | RecordingStarted
    | RecordingPaused
    | RecordingResumed
    | RecordingFinished
    | RecordingFailed
    | RecordingSilent
    | CommandFailed
)

AnyDurable = (
    MediaLost | CallEnded | RecordingStarted | RecordingPaused | RecordingResumed | RecordingFinished | RecordingFailed
)
