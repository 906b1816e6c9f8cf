"""What a desktop receives.

``Welcome`` or ``Denied`` answers the Hello; then one ``Snapshot``, then ``FactFrame`` in order of ``seq`` (own call,
own state, callbacks, alerts; at once), ``GaugeFrame`` (latest value, at most four a second), ``CardSection`` as each
section becomes known,
``ReplyFrame`` to commands and ``AnswerFrame`` to asks. Facts carry the whole new view of the thing that changed, so
that a later fact simply replaces an earlier one.
"""

import msgspec

from cti_server.wire.client import Frame
from cti_server.wire.explained import CallExplained, FairnessTold, IdleRunsTold

Parameters = dict[str, str | int]

# --- signing in ------------------------------------------------------------------------------------------------------


class Code(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A code that people choose, with its words by language."""

    code: str
    title: dict[str, str]
    subcodes: tuple["Code", ...] = ()


class ViewTitle(msgspec.Struct, frozen=True, kw_only=True):
    """A record view that this centre has."""

    view: str
    title: dict[str, str]


class QueueTitle(msgspec.Struct, frozen=True, kw_only=True):
    queue: str
    title: dict[str, str]


class PhoneAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Short-lived SIP credentials of the desktop's own phone; ``transport`` is udp or tcp."""

    host: str
    port: int
    transport: str
    extension: str
    user: str
    password: str


class Me(msgspec.Struct, frozen=True, kw_only=True):
    agent: int
    name: str
    extension: str
    group: str
    roles: tuple[str, ...]
    may_dial: bool


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """What this centre lets one choose from. ``scripts``: the script library, decoded with ``scripts.model``."""

    not_ready_reasons: tuple[Code, ...]
    decline_reasons: tuple[Code, ...]
    dispositions: tuple[Code, ...]
    record_views: tuple[ViewTitle, ...]
    queues: tuple[QueueTitle, ...]
    scripts: msgspec.Raw
    scripts_version: str


class Welcome(Frame, frozen=True, kw_only=True, tag="welcome"):
    version: int
    session: str
    token: str
    token_until: int
    server_time: int
    me: Me
    phone: PhoneAccount | None
    catalogue: Catalogue


class Denied(Frame, frozen=True, kw_only=True, tag="denied"):
    """Codes: ``wrong_credentials``, ``too_many_attempts``, ``token_expired``, ``version_unsupported``, ``elsewhere``,
    ``not_an_agent``.
    """

    code: str
    parameters: Parameters = {}


# --- views of state --------------------------------------------------------------------------------------------------


class AgentView(msgspec.Struct, frozen=True, kw_only=True):
    """``state`` is the CSTA state (null, not_ready, ready, busy, working_after_call); ``since`` UTC µs of that
    state.
    """

    agent: int
    state: str
    mode: str
    reason: str
    occupation: str
    since: int
    phone_registered: bool
    pending_ready: bool | None = None
    pending_reason: str = ""
    call: int | None = None


class ScriptPlace(msgspec.Struct, frozen=True, kw_only=True):
    library_version: str
    item: str
    node: str
    path: tuple[str, ...]
    answers: dict[str, str] = {}
    reason: tuple[str, ...] = ()


class CallView(msgspec.Struct, frozen=True, kw_only=True):
    """The agent's own call. ``phase`` is a CallPhase, or ``after_call_work``; times are UTC µs.

    ``rings_beside``: at how many colleagues it rings, too."""

    call: int
    direction: str
    phase: str
    since: int
    number: str = ""
    display_name: str = ""
    line: str = ""
    queue: str = ""
    language: str = ""
    tier: str = ""
    verification: str = "unverified"
    customer: str = ""
    candidates: tuple[str, ...] = ()
    waited_us: int = 0
    ring_until: int | None = None
    rings_beside: int = 0
    established_at: int | None = None
    held_since: int | None = None
    muted: bool = False
    recording: str = "none"
    recording_paused_by_script: bool = False
    callback: int | None = None
    callback_asked_at: int | None = None
    """When what this call carries out was asked for; the attempt that it is, or will be, and how many there may be."""
    callback_attempt: int = 0
    callback_attempts_max: int = 0
    note: str = ""
    note_revision: int = 0
    disposition: str = ""
    subdisposition: str = ""
    script: ScriptPlace | None = None
    reason: tuple[str, ...] = ()
    after_call_until: int | None = None
    extensions_left: int = 0


class CallbackView(msgspec.Struct, frozen=True, kw_only=True):
    """``message_ms``: the caller left a voice message of this length; 0: none. ``number`` empty: it was withheld.
    ``is_automatic``: the centre will dial it in its turn."""

    callback: int
    state: str
    number: str
    due_at: int
    requested_at: int
    queue: str = ""
    customer: str = ""
    customer_name: str = ""
    language: str = ""
    attempts: int = 0
    agent: int | None = None
    message_ms: int = 0
    is_automatic: bool = False


class QueueGauge(msgspec.Struct, frozen=True, kw_only=True):
    """``longest_since``: when the one who waits longest came in. ``service_level`` 0–1 today by the default
    definition. ``messages``: voice messages that nobody has dealt with yet. ``callbacks``: how many customers wait to
    be called back by the centre, being due; they are not among the ``waiting``.
    """

    queue: str
    waiting: int
    longest_since: int | None
    service_level: float | None
    target: float
    threshold_s: int
    ready: int
    answered: int
    abandoned: int
    messages: int = 0
    callbacks: int = 0


class MyDay(msgspec.Struct, frozen=True, kw_only=True):
    """The agent's own figures since local midnight."""

    answered: int
    dialled: int
    missed: int
    talk_mean_s: float | None


# --- card ------------------------------------------------------------------------------------------------------------


class CardHeader(msgspec.Struct, frozen=True, kw_only=True, tag="header"):
    """What must be on the screen before the phone rings. ``name`` empty: unknown caller."""

    name: str
    number: str
    tier: str
    verification: str
    language: str
    customer: str = ""
    candidates: tuple["CustomerRow", ...] = ()
    summary: str = ""
    """One line for the incoming panel, e.g. the open order and the last contact."""


class CustomerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line in a list of customers."""

    customer: str
    name: str
    number: str = ""
    tier: str = ""
    address: str = ""


class Profile(msgspec.Struct, frozen=True, kw_only=True, tag="profile"):
    customer: str
    name: str
    number: str
    address: str
    tier: str
    language: str
    seller: str = ""
    store: str = ""
    birthday: str = ""
    skin_type: str = ""
    bonus_points: int | None = None
    consents: dict[str, bool] = {}
    open_cases: int = 0
    open_case_text: str = ""


class Alerts(msgspec.Struct, frozen=True, kw_only=True, tag="alerts"):
    """``level``: info, warning or alarm; texts are as the customer system or an agent wrote them."""

    alerts: tuple["Alert", ...]


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    level: str
    text: str


class ProductLine(msgspec.Struct, frozen=True, kw_only=True):
    product: str
    name: str
    orders: int
    picture: str


class OrderStep(msgspec.Struct, frozen=True, kw_only=True):
    """``state``: done, current or ahead; ``code``: ordered, paid, shipped, delivering, completed."""

    code: str
    state: str


class Needs(msgspec.Struct, frozen=True, kw_only=True, tag="needs"):
    """What the agent is about to need. ``payment``: masked, e.g. ``신한 ****-1207``; ``payment_share`` 0–1."""

    payment: str = ""
    payment_share: float | None = None
    products: tuple[ProductLine, ...] = ()
    order: str = ""
    order_amount: int | None = None
    order_at: int | None = None
    order_steps: tuple[OrderStep, ...] = ()


class TimelineRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One contact or event. ``kind``: call_in, call_out, callback, order, inquiry, return, visit, mail, note."""

    at: int
    kind: str
    title: str
    text: str = ""
    tag: str = ""
    tag_level: str = ""
    duration_s: int | None = None
    recording: str = ""
    reference: str = ""
    view: str = ""


class Timeline(msgspec.Struct, frozen=True, kw_only=True, tag="timeline"):
    rows: tuple[TimelineRow, ...]
    has_more: bool = False


class ScriptData(msgspec.Struct, frozen=True, kw_only=True, tag="script_data"):
    """Values for the placeholders of scripts, e.g. ``customer.name``, ``order.number``."""

    values: dict[str, str]


SectionData = CardHeader | Profile | Alerts | Needs | Timeline | ScriptData


class CardSection(Frame, frozen=True, kw_only=True, tag="card"):
    """One section of the card of ``call`` (0: opened outside a call). ``data`` None: the customer system did not
    answer.
    """

    call: int
    customer: str
    section: str
    data: SectionData | None
    at: int


# --- record views ----------------------------------------------------------------------------------------------------


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """``kind``: text, number, money, date, time, state, picture. ``width``: in characters.

    ``date`` values are ISO dates, ``time`` values UTC µs, ``picture`` values names for ``LoadPicture``. ``values``: the
    words of coded values by language; ``levels``: their colours (ok, info, warning, alarm). Both empty: show the value
    as it is.
    """

    key: str
    title: dict[str, str]
    kind: str
    width: int = 12
    values: dict[str, dict[str, str]] = {}
    levels: dict[str, str] = {}


class ViewLoaded(msgspec.Struct, frozen=True, kw_only=True, tag="view"):
    """List and detail: ``rows`` have a value per column plus those of ``detail``; ``selected``: the row to open."""

    customer: str
    view: str
    columns: tuple[Column, ...]
    detail: tuple[Column, ...]
    rows: tuple[dict[str, str | int | float | None], ...]
    selected: int | None = None


class TimelineLoaded(msgspec.Struct, frozen=True, kw_only=True, tag="timeline"):
    customer: str
    timeline: Timeline


class CustomersListed(msgspec.Struct, frozen=True, kw_only=True, tag="customers"):
    rows: tuple[CustomerRow, ...]


class PictureLoaded(msgspec.Struct, frozen=True, kw_only=True, tag="picture"):
    """``png``: the bytes (base64 in JSON)."""

    picture: str
    png: bytes


class CallbacksListed(msgspec.Struct, frozen=True, kw_only=True, tag="callbacks"):
    callbacks: tuple[CallbackView, ...]


class MessageLoaded(msgspec.Struct, frozen=True, kw_only=True, tag="message"):
    """G.711 (``law``: PCMU or PCMA) of the caller alone, 8,000 samples of one byte a second, from ``start`` of
    ``total``."""

    callback: int
    law: str
    start: int
    total: int
    sound: bytes


class CardOpened(msgspec.Struct, frozen=True, kw_only=True, tag="card_opened"):
    customer: str


AnswerBody = (
    ViewLoaded
    | TimelineLoaded
    | CustomersListed
    | PictureLoaded
    | CallbacksListed
    | CardOpened
    | MessageLoaded
    | CallExplained
    | FairnessTold
    | IdleRunsTold
)


class AnswerFrame(Frame, frozen=True, kw_only=True, tag="answer"):
    """``body`` None: refused or unavailable, with ``code``."""

    to: str
    body: AnswerBody | None = None
    code: str = ""
    parameters: Parameters = {}


class PassedAnswer(Frame, frozen=True, kw_only=True, tag="answer"):
    """An AnswerFrame whose body was written by another process, and is passed on as it came."""

    to: str
    body: msgspec.Raw


class ReplyFrame(Frame, frozen=True, kw_only=True, tag="reply"):
    """``ok`` False: refused, with a stable code. ``result``: ids of what was made, e.g. ``call`` or ``callback``."""

    to: str
    ok: bool
    code: str = ""
    parameters: Parameters = {}
    result: dict[str, int] = {}


# --- facts, gauges, snapshot -----------------------------------------------------------------------------------------


class AgentChanged(msgspec.Struct, frozen=True, kw_only=True, tag="agent"):
    agent: AgentView


class CallChanged(msgspec.Struct, frozen=True, kw_only=True, tag="call"):
    call: CallView


class OfferEnded(msgspec.Struct, frozen=True, kw_only=True, tag="offer_ended"):
    """``outcome``: missed, declined, device_failed, caller_gone, answered_elsewhere (by a colleague) or withdrawn:
    different messages."""

    call: int
    outcome: str
    number: str = ""


class CallGone(msgspec.Struct, frozen=True, kw_only=True, tag="call_gone"):
    """The call is no longer the agent's (completed, or taken back)."""

    call: int


class CallbackChanged(msgspec.Struct, frozen=True, kw_only=True, tag="callback"):
    callback: CallbackView


class Notice(msgspec.Struct, frozen=True, kw_only=True, tag="notice"):
    """Something the agent must know: ``code`` with parameters, ``level`` info, warning or alarm."""

    code: str
    level: str
    parameters: Parameters = {}


FactBody = AgentChanged | CallChanged | OfferEnded | CallGone | CallbackChanged | Notice


class FactFrame(Frame, frozen=True, kw_only=True, tag="fact"):
    seq: int
    at: int
    body: FactBody


class QueueGauges(msgspec.Struct, frozen=True, kw_only=True, tag="queues"):
    queues: tuple[QueueGauge, ...]


class MyDayGauge(msgspec.Struct, frozen=True, kw_only=True, tag="my_day"):
    day: MyDay


class CallbackCount(msgspec.Struct, frozen=True, kw_only=True, tag="callback_count"):
    waiting: int


GaugeBody = QueueGauges | MyDayGauge | CallbackCount


class GaugeFrame(Frame, frozen=True, kw_only=True, tag="gauge"):
    at: int
    body: GaugeBody


class Snapshot(Frame, frozen=True, kw_only=True, tag="snapshot"):
    """All that facts have said so far; facts after ``seq`` follow."""

    seq: int
    at: int
    agent: AgentView
    call: CallView | None
    callbacks: tuple[CallbackView, ...] = ()


ServerFrame = Welcome | Denied | ReplyFrame | AnswerFrame | FactFrame | GaugeFrame | Snapshot | CardSection
