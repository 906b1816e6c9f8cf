"""What a desktop sends: one ``Hello``, then ``CommandFrame`` and ``AskFrame``.

A command changes something and goes through the engine; ``id`` is also its idempotency key: a desktop that did not
hear the reply sends the same frame again after reconnecting. An ask only reads. Field meanings are those of the
server's commands.
"""

import msgspec


class Frame(msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag=str.lower, omit_defaults=True):
    """A text frame; the key ``t`` names it."""


class Hello(Frame, frozen=True, kw_only=True, tag="hello"):
    """The first frame. Either ``user`` and ``password`` or a ``token`` from an earlier Welcome."""

    version: int
    user: str = ""
    password: str = ""
    token: str = ""
    language: str = "ko"


class Body(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", tag=True, omit_defaults=True):
    """The content of a command or of an ask; the key ``do`` names it."""


# --- commands --------------------------------------------------------------------------------------------------------


class SetReady(Body, frozen=True, kw_only=True):
    pass


class SetNotReady(Body, frozen=True, kw_only=True):
    reason: str


class CancelPendingMode(Body, frozen=True, kw_only=True):
    pass


class LogOff(Body, frozen=True, kw_only=True):
    pass


class ConfirmCardShown(Body, frozen=True, kw_only=True):
    """Name, tier and verification of ``call`` are painted on the screen."""

    call: int


class DeclineCall(Body, frozen=True, kw_only=True):
    call: int
    reason: str = ""


class HoldCall(Body, frozen=True, kw_only=True):
    call: int


class RetrieveCall(Body, frozen=True, kw_only=True):
    call: int


class MuteCall(Body, frozen=True, kw_only=True):
    """For hard phones only; the desktop's own phone mutes itself."""

    call: int
    muted: bool


class SendDigits(Body, frozen=True, kw_only=True):
    call: int
    digits: str


class EndCall(Body, frozen=True, kw_only=True):
    call: int


class PauseRecording(Body, frozen=True, kw_only=True):
    call: int
    by_script: bool = False


class ResumeRecording(Body, frozen=True, kw_only=True):
    call: int
    by_script: bool = False


class DialNumber(Body, frozen=True, kw_only=True):
    number: str
    customer: str = ""


class DialCallback(Body, frozen=True, kw_only=True):
    callback: int


class RequestCallback(Body, frozen=True, kw_only=True):
    """Store a callback for a customer; ``due_at`` UTC µs. ``call``: the call it comes from, 0 for none."""

    number: str
    due_at: int
    customer: str = ""
    queue: str = ""
    call: int = 0


class CancelCallback(Body, frozen=True, kw_only=True):
    callback: int
    reason: str


class SettleCallback(Body, frozen=True, kw_only=True):
    """Done without a call: the message was heard, or the matter is settled."""

    callback: int


class TakeNote(Body, frozen=True, kw_only=True):
    call: int
    text: str
    revision: int


class DisposeCall(Body, frozen=True, kw_only=True):
    call: int
    code: str
    subcode: str = ""


class FollowScript(Body, frozen=True, kw_only=True):
    call: int
    library_version: str
    item: str
    node: str
    path: tuple[str, ...] = ()
    answers: dict[str, str] = {}
    reason: tuple[str, ...] = ()


class CorrectReason(Body, frozen=True, kw_only=True):
    call: int
    reason: tuple[str, ...]


class AssignCustomer(Body, frozen=True, kw_only=True):
    call: int
    customer: str


class CompleteAfterCallWork(Body, frozen=True, kw_only=True):
    call: int


class ExtendAfterCallWork(Body, frozen=True, kw_only=True):
    call: int


CommandBody = (
    SetReady
    | SetNotReady
    | CancelPendingMode
    | LogOff
    | ConfirmCardShown
    | DeclineCall
    | HoldCall
    | RetrieveCall
    | MuteCall
    | SendDigits
    | EndCall
    | PauseRecording
    | ResumeRecording
    | DialNumber
    | DialCallback
    | RequestCallback
    | CancelCallback
    | SettleCallback
    | TakeNote
    | DisposeCall
    | FollowScript
    | CorrectReason
    | AssignCustomer
    | CompleteAfterCallWork
    | ExtendAfterCallWork
)


class CommandFrame(Frame, frozen=True, kw_only=True, tag="command"):
    """``id``: unique for this client for ever (random prefix + counter)."""

    id: str
    body: CommandBody


# --- asks ------------------------------------------------------------------------------------------------------------


class SearchCustomers(Body, frozen=True, kw_only=True):
    """By number, name or telephone number. ⇒ ``CustomersListed``."""

    text: str
    limit: int = 20


class OpenCard(Body, frozen=True, kw_only=True):
    """Fetch a customer's card outside a call. ⇒ the card's sections come as ``CardSection`` with ``call`` 0."""

    customer: str


class LoadView(Body, frozen=True, kw_only=True):
    """A record view of a customer. ⇒ ``ViewLoaded``."""

    customer: str
    view: str
    arguments: dict[str, str] = {}


class LoadTimeline(Body, frozen=True, kw_only=True):
    """Older rows of the timeline, before ``before_at``. ⇒ ``TimelineLoaded``."""

    customer: str
    before_at: int
    limit: int = 50


class LoadPicture(Body, frozen=True, kw_only=True):
    """⇒ ``PictureLoaded``."""

    picture: str


class ListCallbacks(Body, frozen=True, kw_only=True):
    """⇒ ``CallbacksListed``: those that this agent may dial."""


class LoadMessage(Body, frozen=True, kw_only=True):
    """The sound of a callback's voice message, from the sample ``start`` on. ⇒ ``MessageLoaded``: the next piece."""

    callback: int
    start: int = 0


class ExplainCall(Body, frozen=True, kw_only=True):
    """Why did a call go to whom? ⇒ ``CallExplained``; ``not_found`` also where the asker may not know."""

    call: int


class AskFairness(Body, frozen=True, kw_only=True):
    """How even was the local day of ``at`` (UTC µs; 0: today)? ⇒ ``FairnessTold``."""

    at: int = 0


class ListIdleRuns(Body, frozen=True, kw_only=True):
    """When was an agent (0: the asker) free beside waiting calls on the local day of ``at``? ⇒ ``IdleRunsTold``."""

    agent: int = 0
    at: int = 0


PastAsk = ExplainCall | AskFairness | ListIdleRuns
"""Read from the journal, by the web process; the core process only passes question and answer on."""

PresentAsk = SearchCustomers | OpenCard | LoadView | LoadTimeline | LoadPicture | ListCallbacks | LoadMessage
AskBody = PresentAsk | PastAsk


class AskFrame(Frame, frozen=True, kw_only=True, tag="ask"):
    id: str
    body: AskBody


ClientFrame = Hello | CommandFrame | AskFrame
