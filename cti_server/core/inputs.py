"""What the Centre is told: commands (a person asks), signals (the network states a fact), and the tick of a deadline.

A command may be ``Refused`` and then changes nothing. A signal is never refused: it is true already. Inputs are not
journalled; the events that they cause are. They may carry personal text and secrets, which events never do.
"""

import msgspec

from cti_server.core.settings import AgentProfile, CentreSettings
from cti_server.core.vocabulary import (
    AgentId,
    CallbackId,
    CallId,
    ClearingCause,
    CustomerRef,
    Extension,
    LegId,
    PinResult,
    RecordingId,
    Secret,
)


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A person asks. ``key`` is the client's idempotency key: the same key is carried out once."""

    key: str = ""


class AgentCommand(Command, frozen=True, kw_only=True):
    """Asked by an agent (or by a robot in an agent's place)."""

    agent: AgentId


# --- commands: agents ------------------------------------------------------------------------------------------------


class LogOn(AgentCommand, frozen=True, kw_only=True):
    """The agent signed in at a desktop, or a phone-only agent by the server's configuration. Lands in Not Ready."""

    has_desktop: bool = True


class LogOff(AgentCommand, frozen=True, kw_only=True):
    """Refused ``in_call`` while a call is assigned."""


class SetReady(AgentCommand, frozen=True, kw_only=True):
    """In a call or in after-call work: a pending mode. Refused ``phone_unregistered`` when no phone could ring."""


class SetNotReady(AgentCommand, frozen=True, kw_only=True):
    """``reason``: a code of the configuration. In a call: a pending mode."""

    reason: str


class CancelPendingMode(AgentCommand, frozen=True, kw_only=True):
    """Take the pending mode back."""


class CompleteAfterCallWork(AgentCommand, frozen=True, kw_only=True):
    """End after-call work. Refused ``disposition_required`` while the call has none."""

    call: CallId


class ExtendAfterCallWork(AgentCommand, frozen=True, kw_only=True):
    """Ask for more time, as often as the configuration allows."""

    call: CallId


# --- commands: calls -------------------------------------------------------------------------------------------------


class CallCommand(AgentCommand, frozen=True, kw_only=True):
    """About the agent's own call; refused ``not_your_call`` otherwise."""

    call: CallId


class ConfirmCardShown(CallCommand, frozen=True, kw_only=True):
    """The desktop has painted name, tier and verification of this call."""


class DeclineCall(CallCommand, frozen=True, kw_only=True):
    """Send a ringing call back to the head of its queue; ``reason`` is a code of the configuration."""

    reason: str = ""


class HoldCall(CallCommand, frozen=True, kw_only=True):
    """The customer hears music."""


class RetrieveCall(CallCommand, frozen=True, kw_only=True):
    """Back from hold."""


class MuteCall(CallCommand, frozen=True, kw_only=True):
    """Silence the agent's own voice at the server (for hard phones)."""

    muted: bool


class SendDigits(CallCommand, frozen=True, kw_only=True):
    """Dial tones to the customer's side; the digits are never stored."""

    digits: Secret


class EndCall(CallCommand, frozen=True, kw_only=True):
    """Hang up both sides."""


class PauseRecording(CallCommand, frozen=True, kw_only=True):
    """Nothing that is said from here is kept. ``by_script``: a payment node asked for it."""

    by_script: bool = False


class ResumeRecording(CallCommand, frozen=True, kw_only=True):
    """Keep what is said again."""

    by_script: bool = False


class DialNumber(AgentCommand, frozen=True, kw_only=True):
    """One-click dial. The agent's phone rings first, then the number is dialled. In Ready, Not Ready or after-call
    work.
    """

    number: str
    customer: CustomerRef | None = None


class DialCallback(AgentCommand, frozen=True, kw_only=True):
    """Dial a stored callback by hand."""

    callback: CallbackId


class RequestCallbackFor(AgentCommand, frozen=True, kw_only=True):
    """An agent stores a callback for a customer, due at a UTC time in microseconds."""

    number: str
    due_at: int
    customer: CustomerRef | None = None
    queue: str = ""


class SettleCallback(AgentCommand, frozen=True, kw_only=True):
    """It is done without a call: the message was heard, or the matter is settled. Ends the callback."""

    callback: CallbackId


class CancelCallback(AgentCommand, frozen=True, kw_only=True):
    """Take a waiting callback off the list, with the reason."""

    callback: CallbackId
    reason: str


class TakeNote(CallCommand, frozen=True, kw_only=True):
    """The whole note as it stands; a later revision replaces an earlier one, an older one is ignored."""

    text: str
    revision: int


class DisposeCall(CallCommand, frozen=True, kw_only=True):
    """The result of the call: first- and second-level code. May be changed until after-call work ends."""

    code: str
    subcode: str = ""


class FollowScript(CallCommand, frozen=True, kw_only=True):
    """Where the agent stands in the script: item, node, answers given so far and the script library's version."""

    library_version: str
    item: str
    node: str
    path: tuple[str, ...]
    answers: dict[str, str] = {}
    reason: tuple[str, ...] = ()


class CorrectReason(CallCommand, frozen=True, kw_only=True):
    """The agent names the contact reason (three levels) himself."""

    reason: tuple[str, ...]


class AssignCustomer(CallCommand, frozen=True, kw_only=True):
    """The agent chose one of several candidates, or found the caller by search."""

    customer: CustomerRef


# --- commands: the centre itself -------------------------------------------------------------------------------------


class LoadSettings(Command, frozen=True, kw_only=True):
    """A checked configuration takes effect, all or nothing."""

    settings: CentreSettings


class EnrolAgents(Command, frozen=True, kw_only=True):
    """The people that may take calls, as the directory has them now. An agent in a call keeps it."""

    agents: tuple[AgentProfile, ...]


# --- signals: legs ---------------------------------------------------------------------------------------------------


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """The network states a fact."""


class LegSignal(Signal, frozen=True, kw_only=True):
    """About one leg. ``resume``: opaque bytes of the switch, empty when unchanged; they go into the event."""

    leg: LegId
    resume: bytes = b""


class LegOffered(LegSignal, frozen=True, kw_only=True):
    """A caller's INVITE was accepted for handling; 100 went out, nothing is answered. ``number`` is empty when
    withheld.
    """

    line: str
    trunk: str
    number: str = ""
    display_name: str = ""


class LegAlerting(LegSignal, frozen=True, kw_only=True):
    """The far phone rings (180, or 183 with early media)."""


class EarlyMediaBegan(LegSignal, frozen=True, kw_only=True):
    """A leg that we placed sends sound before it is answered: the network's ringing, or why nobody is reached."""


class LegAnswered(LegSignal, frozen=True, kw_only=True):
    """The far end answered (2xx to a leg that we placed), or our answer to a caller was acknowledged."""


class LegChanged(LegSignal, frozen=True, kw_only=True):
    """The resume bytes changed (re-INVITE, target refresh)."""


class LegFailed(LegSignal, frozen=True, kw_only=True):
    """A leg that we placed was not established. ``status``: the SIP status, 0 when none arrived."""

    cause: ClearingCause
    status: int = 0


class LegCleared(LegSignal, frozen=True, kw_only=True):
    """A leg ended: BYE, CANCEL, or its media died."""

    cause: ClearingCause


class DigitPressed(LegSignal, frozen=True, kw_only=True):
    """One key (0–9 * # A–D), by RFC 4733 or SIP INFO."""

    digit: Secret


class PlayFinished(LegSignal, frozen=True, kw_only=True):
    """Prompts of the play ``play`` (the effect's number) were heard to the end; not sent when stopped."""

    play: int


class RecordingStarted(Signal, frozen=True, kw_only=True):
    """The first sample can be kept."""

    call: CallId
    recording: RecordingId


class RecordingFinished(Signal, frozen=True, kw_only=True):
    """The file is closed and durable. ``path`` is relative to the recordings' folder; ``duration_ms`` of audio."""

    call: CallId
    recording: RecordingId
    path: str
    duration_ms: int
    size_bytes: int
    customer_heard: bool = True
    """Did the customer say anything? True also where that is not known."""


class RecordingSilent(Signal, frozen=True, kw_only=True):
    """The customer has said nothing for as long as ``StartRecording`` asked; the recording goes on."""

    call: CallId
    recording: RecordingId


class RecordingFailed(Signal, frozen=True, kw_only=True):
    """Nothing more is kept of this call; the call goes on."""

    call: CallId
    recording: RecordingId
    reason: str


# --- signals: answers to what the Centre asked for -----------------------------------------------------------------


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A customer who may be the caller: what routing needs to know and no more. ``owner``: the extension of the agent
    whose account it is."""

    customer: CustomerRef
    tier: str = ""
    language: str = ""
    owner: Extension | None = None


class CustomersFound(Signal, frozen=True, kw_only=True):
    """Answer to ``LookUpCustomer``: none, one or several candidates. ``n``: the effect's number; 0: the latest one."""

    call: CallId
    candidates: tuple[Candidate, ...]
    n: int = 0


class PinChecked(Signal, frozen=True, kw_only=True):
    """Answer to ``CheckPin``. ``n``: the effect's number; 0: the latest one."""

    call: CallId
    result: PinResult
    n: int = 0


# --- signals: devices and the process --------------------------------------------------------------------------------


class PhoneRegistered(Signal, frozen=True, kw_only=True):
    """The extension has at least one live contact (or a fixed one)."""

    extension: Extension


class PhoneLost(Signal, frozen=True, kw_only=True):
    """The extension's last contact expired or was removed."""

    extension: Extension


class DesktopConnected(Signal, frozen=True, kw_only=True):
    """An agent's desktop is connected (again)."""

    agent: AgentId


class DesktopLost(Signal, frozen=True, kw_only=True):
    """The connection of an agent's desktop broke; ten seconds later the agent is Not Ready."""

    agent: AgentId


class ClockSet(Signal, frozen=True, kw_only=True):
    """Wall clock minus engine time changed by more than a second. ``offset_us``: add it to engine time for wall
    time.
    """

    offset_us: int


class LegAlive(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the switch's inventory after a restart. ``adopted``: both signalling and media go on."""

    leg: LegId
    adopted: bool


class Restarted(Signal, frozen=True, kw_only=True):
    """The core process is back: what the switch and the media workers still have."""

    inventory: tuple[LegAlive, ...]
    registered: tuple[Extension, ...] = ()


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """``now`` has reached ``Centre.next_deadline()``."""


Input = Command | Signal | Tick
