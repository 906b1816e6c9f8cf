"""What the Centre orders the outside to do.

Effects of one call run in order, calls side by side. Each has the id (``call``, ``n``), so that repeating it is
harmless, and each that can fail has its signal. Effects are not journalled: after a restart the Centre asks about
every passing state. They may carry personal text and secrets, because they are carried out and forgotten.
"""

import msgspec

from cti_server.core.vocabulary import (
    AgentId,
    CallId,
    ClearingCause,
    CustomerRef,
    Extension,
    LegId,
    RecordingId,
    Secret,
)

TONE = "tone:beep"
SILENCE = "silence"


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """``call`` 0: about no call. ``n`` counts the effects of one call from 1."""

    call: CallId
    n: int


class LegEffect(Effect, frozen=True, kw_only=True):
    leg: LegId


class RingLeg(LegEffect, frozen=True, kw_only=True):
    """Tell the caller that we are ringing (180)."""


class AnswerLeg(LegEffect, frozen=True, kw_only=True):
    """Answer the caller (200). ⇒ ``LegAnswered`` or ``LegCleared``."""


class ToExtension(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One of our own phones: all its registered contacts, or its fixed one."""

    extension: Extension


class ToNumber(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The public network, by the trunk that the switch chooses."""

    number: str


class PlaceLeg(LegEffect, frozen=True, kw_only=True):
    """INVITE somebody. ⇒ ``LegAlerting``, ``LegAnswered``, ``LegFailed``. ``timeout_s``: then cancel, cause no_answer.

    ``show_number`` and ``show_name`` are what the phone displays; ``call`` goes along as header ``X-Ieum-Call``.
    """

    to: ToExtension | ToNumber
    timeout_s: int
    show_number: str = ""
    show_name: str = ""
    auto_answer: bool = False
    """The person asked for this call himself (dial out): the phone answers without ringing, if it can."""


class ReleaseLeg(LegEffect, frozen=True, kw_only=True):
    """End the leg whatever state it is in (CANCEL, BYE or an error response). Unknown legs are ignored."""

    cause: ClearingCause


class ConnectLegs(LegEffect, frozen=True, kw_only=True):
    """Let two legs hear each other; whatever was played to either stops."""

    other: LegId


class HoldLeg(LegEffect, frozen=True, kw_only=True):
    """Part the leg from its other side and play it music."""

    other: LegId


class RetrieveLeg(LegEffect, frozen=True, kw_only=True):
    """Join the held leg with its other side again."""

    other: LegId


class MuteLeg(LegEffect, frozen=True, kw_only=True):
    """Nothing that this leg says is heard (the recording keeps silence for it)."""

    muted: bool


class PlayPrompts(LegEffect, frozen=True, kw_only=True):
    """Play prompts one after the other; ``n`` names the play. ⇒ ``PlayFinished(play=n)``. Replaces what was playing.
    ``TONE`` among them is the tone after which a caller speaks."""

    prompts: tuple[str, ...]
    language: str


class PlayMusic(LegEffect, frozen=True, kw_only=True):
    """Music on hold until something else is ordered; ``music`` ``SILENCE``: packets without sound, so that nobody on
    the way takes the line for dead."""

    music: str = "hold"


class PlayRingback(LegEffect, frozen=True, kw_only=True):
    """The tone that a ringing phone makes, to a leg that is answered already."""


class StopPlaying(LegEffect, frozen=True, kw_only=True):
    """Silence."""


class SendTones(LegEffect, frozen=True, kw_only=True):
    """Dial tones (RFC 4733) to this leg."""

    digits: Secret


class StartRecording(Effect, frozen=True, kw_only=True):
    """Keep both sides: agent left, customer right. ⇒ ``RecordingStarted`` or ``RecordingFailed``. ``started_at_us``:
    UTC.

    ``agent_leg`` None: a voice message, of the customer alone. ``silence_s``: ⇒ ``RecordingSilent`` when the customer
    has said nothing for so long; 0: never.
    """

    recording: RecordingId
    agent_leg: LegId | None
    customer_leg: LegId
    started_at_us: int
    silence_s: int = 0


class PauseRecordingEffect(Effect, frozen=True, kw_only=True):
    recording: RecordingId


class ResumeRecordingEffect(Effect, frozen=True, kw_only=True):
    recording: RecordingId


class StopRecording(Effect, frozen=True, kw_only=True):
    """Close the file. ⇒ ``RecordingFinished``. ``discard``: remove it instead; nothing follows."""

    recording: RecordingId
    discard: bool = False


class LookUpCustomer(Effect, frozen=True, kw_only=True):
    """Who is it? By customer number, else by telephone number. ⇒ ``CustomersFound`` (possibly empty)."""

    number: str = ""
    customer_number: Secret | None = None


class CheckPin(Effect, frozen=True, kw_only=True):
    """⇒ ``PinChecked``. Done outside the core process, one at a time, in constant time."""

    customer: CustomerRef
    pin: Secret


class PrepareCard(Effect, frozen=True, kw_only=True):
    """Fetch the card's sections for the agent who is about to get this call (the gateway pushes them)."""

    agent: AgentId
    customer: CustomerRef | None
    candidates: tuple[CustomerRef, ...] = ()


AnyEffect = (
    RingLeg
    | AnswerLeg
    | PlaceLeg
    | ReleaseLeg
    | ConnectLegs
    | HoldLeg
    | RetrieveLeg
    | MuteLeg
    | PlayPrompts
    | PlayMusic
    | PlayRingback
    | StopPlaying
    | SendTones
    | StartRecording
    | PauseRecordingEffect
    | ResumeRecordingEffect
    | StopRecording
    | LookUpCustomer
    | CheckPin
    | PrepareCard
)
