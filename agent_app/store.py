"""What the desktop knows: wire messages folded into one picture. Pure: no clock, socket, thread, file or Qt.

Decides which message is news (duplicate and late facts are not), which card belongs to the call on the screen, and
which commands still wait for their reply. Does not decide what to show: view-models do. Times are UTC microseconds;
``now_us`` that comes in is the local monotonic clock, so that a jump of the workplace's clock moves no timer.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from cti_server.wire.client import AskBody, AskFrame, Body, CommandBody, CommandFrame, LoadMessage, PastAsk
from cti_server.wire.explained import CallExplained, FairnessTold, IdleRunsTold
from cti_server.wire.server import (
    AgentChanged,
    AgentView,
    AnswerFrame,
    CallbackChanged,
    CallbackCount,
    CallbacksListed,
    CallbackView,
    CallChanged,
    CallGone,
    CallView,
    CardHeader,
    CardSection,
    CustomersListed,
    Denied,
    FactFrame,
    GaugeFrame,
    MessageLoaded,
    MyDay,
    MyDayGauge,
    Notice,
    OfferEnded,
    PictureLoaded,
    QueueGauge,
    QueueGauges,
    ReplyFrame,
    ServerFrame,
    Snapshot,
    Timeline,
    TimelineLoaded,
    ViewLoaded,
    Welcome,
)

CARDS_MAX = 4
PICTURES_MAX = 200
TREND_POINTS_MAX = 60
OUTSTANDING_MAX = 500
TOLD_MAX = 30
OPENED = 0
"""The card key of a customer opened outside a call."""


Past = CallExplained | FairnessTold | IdleRunsTold


class Topic(StrEnum):
    """What changed; view-models listen by topic."""

    CONNECTION = "connection"
    SESSION = "session"
    AGENT = "agent"
    CALL = "call"
    CARD = "card"
    TIMELINE = "timeline"
    VIEW = "view"
    QUEUES = "queues"
    DAY = "day"
    CALLBACKS = "callbacks"
    OFFER_ENDED = "offer_ended"
    NOTICE = "notice"
    REPLY = "reply"
    PICTURE = "picture"
    CUSTOMERS = "customers"
    PAST = "past"
    MESSAGE = "message"


class Connection(StrEnum):
    OFFLINE = "offline"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    RECONNECTING = "reconnecting"


@dataclass(slots=True)
class Card:
    """Sections as they became known; a section that is present with None is one the customer system did not answer."""

    call: int
    customer: str = ""
    sections: dict[str, object] = field(default_factory=dict)

    def section(self, name: str) -> object:
        return self.sections.get(name)

    @property
    def header(self) -> CardHeader | None:
        header = self.sections.get("header")
        return header if isinstance(header, CardHeader) else None


@dataclass(slots=True)
class MessageSound:
    """The sound of a voice message as far as it is here; ``code``: why no more will come."""

    callback: int
    law: str = ""
    total: int = 0
    data: bytearray = field(default_factory=bytearray)
    code: str = ""

    @property
    def is_whole(self) -> bool:
        return self.total > 0 and len(self.data) >= self.total


@dataclass(slots=True)
class Store:
    """``prefix`` makes this client's command ids unique for ever."""

    prefix: str
    connection: Connection = Connection.OFFLINE
    latency_ms: float | None = None
    heard_at: int | None = None
    clock_offset_us: int = 0
    welcome: Welcome | None = None
    denied: Denied | None = None
    seq: int = -1
    agent: AgentView | None = None
    call: CallView | None = None
    last_call: CallView | None = None
    offer_ended: OfferEnded | None = None
    notices: deque[Notice] = field(default_factory=lambda: deque(maxlen=20))
    cards: dict[int, Card] = field(default_factory=dict)
    views: dict[tuple[str, str], ViewLoaded] = field(default_factory=dict)
    queues: tuple[QueueGauge, ...] = ()
    trends: dict[str, deque[float]] = field(default_factory=dict)
    day: MyDay | None = None
    callbacks: dict[int, CallbackView] = field(default_factory=dict)
    callbacks_waiting: int | None = None
    pictures: dict[str, bytes] = field(default_factory=dict)
    customers: CustomersListed | None = None
    message: MessageSound | None = None
    """The one that was asked for last."""
    replies: deque[tuple[CommandBody, ReplyFrame]] = field(default_factory=lambda: deque(maxlen=50))
    told: dict[PastAsk, Past | str] = field(default_factory=dict)
    """What was asked about the past, with its answer, or the code of its refusal."""
    commands: dict[str, CommandFrame] = field(default_factory=dict)
    asks: dict[str, AskFrame] = field(default_factory=dict)
    unanswered: deque[tuple[AskBody, str]] = field(default_factory=lambda: deque(maxlen=50))
    _count: int = 0

    # --- outgoing --------------------------------------------------------------------------------------------------

    def command(self, body: CommandBody, *, command_id: str = "") -> CommandFrame:
        """A command on its way; it stays outstanding until its reply. An id that comes in is one kept on disk."""
        frame = CommandFrame(id=command_id or self._next_id("c"), body=body)
        self.commands[frame.id] = frame
        while len(self.commands) > OUTSTANDING_MAX:
            del self.commands[next(iter(self.commands))]
        return frame

    def ask(self, body: AskBody) -> AskFrame:
        frame = AskFrame(id=self._next_id("a"), body=body)
        self.asks[frame.id] = frame
        while len(self.asks) > OUTSTANDING_MAX:
            del self.asks[next(iter(self.asks))]
        return frame

    def unacknowledged(self) -> list[CommandFrame | AskFrame]:
        """What to send again after a reconnect, in the order in which it was first sent, with the same ids."""
        return [*self.commands.values(), *self.asks.values()]

    def is_outstanding(self, kind: type[Body]) -> bool:
        return any(isinstance(frame.body, kind) for frame in self.commands.values())

    def is_asked(self, body: AskBody) -> bool:
        return any(frame.body == body for frame in self.asks.values())

    def _next_id(self, kind: str) -> str:
        self._count += 1
        return f"{self.prefix}-{kind}{self._count}"

    # --- incoming --------------------------------------------------------------------------------------------------

    def server_now(self, now_us: int) -> int:
        """The server's clock, from our monotonic one."""
        return now_us + self.clock_offset_us

    def connection_changed(self, state: Connection, *, latency_ms: float | None = None) -> set[Topic]:
        self.connection, self.latency_ms = state, latency_ms
        return {Topic.CONNECTION}

    def current_card(self) -> Card | None:
        """The card of the call on the screen; without a call, the one that was opened by hand."""
        key = self.call.call if self.call else OPENED
        return self.cards.get(key)

    def apply(self, frame: ServerFrame, now_us: int) -> set[Topic]:
        """Fold one message in; says what changed."""
        self.heard_at = self.server_now(now_us)
        match frame:
            case Welcome():
                self.welcome, self.denied = frame, None
                self.clock_offset_us = frame.server_time - now_us
                return {Topic.SESSION}
            case Denied():
                self.denied = frame
                return {Topic.SESSION}
            case Snapshot():
                return self._snapshot(frame)
            case FactFrame():
                if frame.seq <= self.seq:
                    return set()
                self.seq = frame.seq
                return self._fact(frame)
            case GaugeFrame():
                return self._gauge(frame)
            case CardSection():
                return self._card_section(frame)
            case ReplyFrame():
                return self._reply(frame)
            case AnswerFrame():
                return self._answer(frame)

    def _snapshot(self, snapshot: Snapshot) -> set[Topic]:
        self.seq = snapshot.seq
        self.agent = snapshot.agent
        self.callbacks = {view.callback: view for view in snapshot.callbacks}
        self._set_call(snapshot.call)
        return {Topic.AGENT, Topic.CALL, Topic.CARD, Topic.TIMELINE, Topic.CALLBACKS}

    def _fact(self, fact: FactFrame) -> set[Topic]:
        match fact.body:
            case AgentChanged(agent=agent):
                self.agent = agent
                return {Topic.AGENT}
            case CallChanged(call=call):
                changed = self._set_call(call)
                return {Topic.CALL, Topic.CARD, Topic.TIMELINE} if changed else {Topic.CALL}
            case OfferEnded() as ended:
                self.offer_ended = ended
                if self.call is not None and self.call.call == ended.call:
                    self._set_call(None)
                return {Topic.CALL, Topic.CARD, Topic.TIMELINE, Topic.OFFER_ENDED}
            case CallGone(call=gone):
                if self.call is None or self.call.call != gone:
                    return set()
                self._set_call(None)
                return {Topic.CALL, Topic.CARD, Topic.TIMELINE}
            case CallbackChanged(callback=callback):
                self.callbacks[callback.callback] = callback
                return {Topic.CALLBACKS}
            case Notice() as notice:
                self.notices.append(notice)
                return {Topic.NOTICE}

    def _set_call(self, call: CallView | None) -> bool:
        """True when it is another call: then nothing of the previous customer stays (cards are kept per call)."""
        before = self.call
        if call is None and before is not None:
            self.last_call = before
        self.call = call
        if call is None or (before is not None and before.call == call.call):
            return call is None and before is not None
        self.offer_ended = None
        self.views.clear()
        self.cards.pop(OPENED, None)
        return True

    def _card_section(self, section: CardSection) -> set[Topic]:
        card = self.cards.get(section.call)
        if card is None or (section.customer and card.customer and card.customer != section.customer):
            # A fresh dictionary entry: sections of two customers are never mixed, and the newest card stands last.
            self.cards.pop(section.call, None)
            card = self.cards[section.call] = Card(section.call, section.customer)
            while len(self.cards) > CARDS_MAX:
                del self.cards[next(iter(self.cards))]
        card.customer = section.customer or card.customer
        card.sections[section.section] = section.data
        return {Topic.CARD, Topic.TIMELINE} if section.section == "timeline" else {Topic.CARD}

    def _gauge(self, gauge: GaugeFrame) -> set[Topic]:
        match gauge.body:
            case QueueGauges(queues=queues):
                self.queues = queues
                for queue in queues:
                    if queue.service_level is not None:
                        trend = self.trends.setdefault(queue.queue, deque(maxlen=TREND_POINTS_MAX))
                        trend.append(queue.service_level)
                return {Topic.QUEUES}
            case MyDayGauge(day=day):
                self.day = day
                return {Topic.DAY}
            case CallbackCount(waiting=waiting):
                self.callbacks_waiting = waiting
                return {Topic.CALLBACKS}

    def _reply(self, reply: ReplyFrame) -> set[Topic]:
        frame = self.commands.pop(reply.to, None)
        if frame is None:
            return set()
        self.replies.append((frame.body, reply))
        return {Topic.REPLY}

    def _answer(self, answer: AnswerFrame) -> set[Topic]:
        frame = self.asks.pop(answer.to, None)
        if frame is None:
            return set()
        if isinstance(frame.body, PastAsk):
            told = answer.body if isinstance(answer.body, Past) else answer.code or "unavailable"
            return self._tell(frame.body, told)
        match answer.body:
            case ViewLoaded() as view:
                self.views[view.customer, view.view] = view
                return {Topic.VIEW}
            case TimelineLoaded() as older:
                return self._older_rows(older)
            case CustomersListed() as listed:
                self.customers = listed
                return {Topic.CUSTOMERS}
            case PictureLoaded() as picture:
                self.pictures[picture.picture] = picture.png
                while len(self.pictures) > PICTURES_MAX:
                    del self.pictures[next(iter(self.pictures))]
                return {Topic.PICTURE}
            case CallbacksListed(callbacks=callbacks):
                self.callbacks = {view.callback: view for view in callbacks}
                return {Topic.CALLBACKS}
            case MessageLoaded() as piece:
                return self._message_piece(piece)
            case None if isinstance(frame.body, LoadMessage):
                self.message = MessageSound(frame.body.callback, code=answer.code)
                return {Topic.MESSAGE}
            case None:
                self.unanswered.append((frame.body, answer.code))
                return {Topic.VIEW}
            case _:
                return set()

    def _message_piece(self, piece: MessageLoaded) -> set[Topic]:
        """The next piece; the first one of another message takes its place. Nothing more to come is an end, too."""
        held = self.message
        if held is None or held.callback != piece.callback or piece.start == 0:
            held = self.message = MessageSound(piece.callback, law=piece.law)
        if piece.start != len(held.data):
            return set()
        held.data += piece.sound
        held.total = piece.total if piece.sound else len(held.data)
        held.code = "" if held.data else "not_found"
        return {Topic.MESSAGE}

    def _tell(self, ask: PastAsk, told: Past | str) -> set[Topic]:
        self.told.pop(ask, None)
        self.told[ask] = told
        while len(self.told) > TOLD_MAX:
            del self.told[next(iter(self.told))]
        return {Topic.PAST}

    def _older_rows(self, older: TimelineLoaded) -> set[Topic]:
        card = self.current_card()
        if card is None or card.customer != older.customer:
            return set()
        held = card.sections.get("timeline")
        rows = held.rows if isinstance(held, Timeline) else ()
        oldest = rows[-1].at if rows else None
        new = tuple(row for row in older.timeline.rows if oldest is None or row.at < oldest)
        card.sections["timeline"] = Timeline(rows=rows + new, has_more=older.timeline.has_more)
        return {Topic.TIMELINE}
