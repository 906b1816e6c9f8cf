"""What the core process orders a media worker to do.

Commands name what should be so (``SetRemote``, ``ConnectLegs``), so that repeating them is harmless; what would be
heard or kept twice carries a name of its own (``play``, ``number``, ``recording``) that the worker remembers. Fields
are only ever added, with defaults: a worker outlives the core process that started its calls and may be older than the
next one. This module decides nothing.
"""

from enum import StrEnum

import msgspec

from cti_server.media.g711 import Codec

PROTOCOL_VERSION = 1


class MediaDirection(StrEnum):
    """What *we* do on this leg (the peer's ``sendonly`` is our ``recvonly``)."""

    SEND_RECEIVE = "sendrecv"
    SEND_ONLY = "sendonly"
    RECEIVE_ONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def sends(self) -> bool:
        return self in (MediaDirection.SEND_RECEIVE, MediaDirection.SEND_ONLY)

    @property
    def receives(self) -> bool:
        return self in (MediaDirection.SEND_RECEIVE, MediaDirection.RECEIVE_ONLY)


class Command(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """``seq`` is set by the link: the worker carries out each (epoch, seq) once."""

    seq: int = 0


class CallCommand(Command, frozen=True, kw_only=True):
    call: int


class LegCommand(CallCommand, frozen=True, kw_only=True):
    leg: int


class Hello(Command, frozen=True, kw_only=True):
    """First frame. An ``epoch`` lower than the highest one seen is refused; a higher one takes over. The same epoch
    may reconnect."""

    epoch: int
    version: int = PROTOCOL_VERSION


class Ping(Command, frozen=True, kw_only=True):
    token: int


class AcknowledgeReports(Command, frozen=True, kw_only=True):
    """Durable reports up to ``number`` need not be repeated."""

    number: int


class GetInventory(Command, frozen=True, kw_only=True):
    token: int


class GetStatistics(LegCommand, frozen=True, kw_only=True):
    token: int


class OpenLeg(LegCommand, frozen=True, kw_only=True):
    """Take ``port`` (even; RTCP is the next one) for a leg. ``metadata``: opaque, given back in the inventory."""

    port: int
    metadata: bytes = b""


class Annotate(LegCommand, frozen=True, kw_only=True):
    metadata: bytes


class SetRemote(LegCommand, frozen=True, kw_only=True):
    """What signalling says of the peer. A change of address or port forgets the latched source and SSRC; a repetition
    changes nothing.

    ``event_type``: the telephone-event payload type that we send; ``event_type_received``: that we receive (None: the
    same).
    ``may_latch``: the peer may send from another port of the signalled address (symmetric RTP); False: address and
    port must match.
    ``expect_rtp``: silence on this leg for the configured time is a fault.
    """

    address: str
    port: int
    codec: Codec = Codec.PCMU
    payload_type: int = 0
    event_type: int | None = 101
    event_type_received: int | None = None
    direction: MediaDirection = MediaDirection.SEND_RECEIVE
    may_latch: bool = True
    expect_rtp: bool = True


class ConnectLegs(LegCommand, frozen=True, kw_only=True):
    """Let two legs hear each other. Whatever was played to either stops; either's former partner is left alone."""

    other: int


class DisconnectLeg(LegCommand, frozen=True, kw_only=True):
    """Part a leg from its partner or its conference."""


class HoldLeg(LegCommand, frozen=True, kw_only=True):
    """The leg hears ``music`` and is heard by nobody; its partner hears nothing. Who its partner is stays known."""

    music: str = "tone:music"


class RetrieveLeg(LegCommand, frozen=True, kw_only=True):
    """End of hold."""


class MuteLeg(LegCommand, frozen=True, kw_only=True):
    """``muted``: what this leg says reaches neither its partner nor a recording; it goes on hearing."""

    muted: bool


class Play(LegCommand, frozen=True, kw_only=True):
    """Play ``items`` one after the other, in place of what the partner says. ⇒ ``PlayFinished``. Replaces what was
    playing.

    An item is the path of a WAV file (8 kHz, 16-bit, mono; or G.711) or a tone: ``tone:ringback``, ``tone:beep``,
    ``tone:busy``, ``tone:music``, ``tone:silence:MS``, ``tone:HZ:MS``. ``play`` is a name unique within the call; a
    second command with the same is ignored.
    """

    play: int
    items: tuple[str, ...]
    repeat: bool = False
    stop_on_digit: bool = False


class StopPlaying(LegCommand, frozen=True, kw_only=True):
    """Silence. Stops any play, music on hold included."""


class SendDigits(LegCommand, frozen=True, kw_only=True):
    """Send key presses (RFC 4733) to the leg. ``number`` is unique within the call; a second command with the same is
    ignored."""

    number: int
    digits: str

    def __repr__(self) -> str:
        return f"SendDigits(call={self.call}, leg={self.leg}, number={self.number})"


class StartRecording(CallCommand, frozen=True, kw_only=True):
    """Keep both sides in ``path`` (WAV, G.711, agent left, customer right). ⇒ ``RecordingStarted`` or
    ``RecordingFailed``.

    The customer is kept always; the agent while the customer can hear them (not muted, not parted by hold).
    ``agent_leg`` 0: a voice message, whose left channel is silent. ``silence_s``: ⇒ ``RecordingSilent`` when the
    customer has said nothing for so long; 0: never.
    """

    recording: int
    path: str
    agent_leg: int
    customer_leg: int
    codec: Codec = Codec.PCMU
    silence_s: int = 0


class PauseRecording(CallCommand, frozen=True, kw_only=True):
    """From here on the file holds silence in both channels; the samples received are not kept anywhere. ⇒
    ``RecordingPaused``."""

    recording: int


class ResumeRecording(CallCommand, frozen=True, kw_only=True):
    """⇒ ``RecordingResumed``."""

    recording: int


class StopRecording(CallCommand, frozen=True, kw_only=True):
    """⇒ ``RecordingFinished``. ``discard``: the file is removed; ⇒ ``RecordingFailed(reason=discarded)``."""

    recording: int
    discard: bool = False


class SetConference(CallCommand, frozen=True, kw_only=True):
    """Exactly these legs hear each other (2 to 8), mixed. Fewer than two: the conference ends."""

    legs: tuple[int, ...]


class CloseLeg(LegCommand, frozen=True, kw_only=True):
    """Give the leg's port back. ⇒ ``LegClosed``. Closing the last leg of a call finishes its recordings."""


class CloseCall(CallCommand, frozen=True, kw_only=True):
    """Close all legs of a call and finish its recordings."""


class Preload(Command, frozen=True, kw_only=True):
    """Encode prompts ahead of their first use."""

    items: tuple[str, ...]


AnyCommand = (
    Hello
    | Ping
    | AcknowledgeReports
    | GetInventory
    | GetStatistics
    | OpenLeg
    | Annotate
    | SetRemote
    | ConnectLegs
    | DisconnectLeg
    | HoldLeg
    | RetrieveLeg
    | MuteLeg
    | Play
    | StopPlaying
    | SendDigits
    | StartRecording
    | PauseRecording
    | ResumeRecording
    | StopRecording
    | SetConference
    | CloseLeg
    | CloseCall
    | Preload
)
