"""The running session: signs in, folds messages into the store, tells view-models what changed, sends for them.

Decides nothing about what is shown. One object per window; the only view-model that knows the link.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal, SignalInstance

from agent_app.link.client import Batch, LinkNews, Received, Target
from agent_app.store import Connection, Store, Topic
from cti_server.wire.client import (
    AskBody,
    ClientFrame,
    CommandBody,
    DeclineCall,
    DialCallback,
    DialNumber,
    EndCall,
    HoldCall,
    LogOff,
    MuteCall,
    RetrieveCall,
    SendDigits,
)
from cti_server.wire.server import Code, Denied, ServerFrame, Snapshot, Welcome

TICK_MS = 250
MOMENTARY = (DeclineCall, HoldCall, RetrieveCall, EndCall, SendDigits, MuteCall, DialNumber, DialCallback)
"""Buttons of the moment."""
MOMENTARY_US = 5_000_000


class Link(Protocol):
    """What the session needs of the bridge; tests bring their own."""

    @property
    def happened(self) -> SignalInstance: ...

    def open(self, target: Target) -> None: ...

    def send(self, frame: ClientFrame) -> None: ...

    def close(self) -> None: ...


def monotonic_us() -> int:
    return time.monotonic_ns() // 1000


class Session(QObject):
    """`changed` carries the set of topics, `replied` a command's body and its ReplyFrame.

    `welcomed` comes before the news of a sign-in are told, `signed_in` after; `resynced` follows a snapshot; `tick`
    comes four times a second for the timers on the screen; `signed_out` says that nothing more will come, with the
    code of the denial if there was one; `forgotten`: how many requests were too old to be sent again.
    """

    changed = Signal(object)
    tick = Signal()
    welcomed = Signal()
    signed_in = Signal()
    resynced = Signal()
    denied = Signal(str, object)
    replied = Signal(object, object)
    signed_out = Signal(str)
    forgotten = Signal(int)

    def __init__(self, link: Link, *, clock: Callable[[], int] = monotonic_us, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.link = link
        self.store = Store(prefix=secrets.token_hex(8))
        self._clock = clock
        self._target: Target | None = None
        self._asked_at: dict[str, int] = {}
        link.happened.connect(self._on_event)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)
        self._timer.start()

    # --- what the person does --------------------------------------------------------------------------------------

    def sign_in(self, target: Target) -> None:
        self._target = target
        self.store.denied = None
        self.link.open(target)

    def do(self, body: CommandBody, *, command_id: str = "") -> str:
        """Send a command; returns its id. It stays outstanding until the server replied, also over a reconnect."""
        frame = self.store.command(body, command_id=command_id)
        self._asked_at[frame.id] = self._clock()
        self.link.send(frame)
        return frame.id

    def ask(self, body: AskBody) -> None:
        self.link.send(self.store.ask(body))

    def new_id(self) -> str:
        """An id for a command that is kept on disk before it is sent."""
        return f"{self.store.prefix}-k{secrets.token_hex(4)}"

    def sign_out(self) -> None:
        self.do(LogOff())

    def leave(self) -> None:
        """Signed off: this session is over, and a new one begins with a new desk."""
        self.close()
        self.signed_out.emit("")

    def speak(self, language: str) -> None:
        """The server words the card in the session's language, so the connection is opened anew with the token."""
        if self._target is not None and self._target.language != language:
            self._target.language = language
            if self.store.welcome is not None and self.store.denied is None:
                self.link.open(self._target)

    def close(self) -> None:
        self._timer.stop()
        self.link.close()

    # --- what view-models read -------------------------------------------------------------------------------------

    def now(self) -> int:
        """The server's clock in UTC microseconds."""
        return self.store.server_now(self._clock())

    @property
    def server_url(self) -> str:
        return self._target.url if self._target else ""

    @property
    def user(self) -> str:
        return self._target.user if self._target else ""

    @property
    def is_connected(self) -> bool:
        return self.store.connection is Connection.CONNECTED

    def codes(self, kind: str) -> tuple[Code, ...]:
        """A code table of the catalogue by its field name; empty before sign-in."""
        if self.store.welcome is None:
            return ()
        found: tuple[Code, ...] = getattr(self.store.welcome.catalogue, kind)
        return found

    # --- what comes in ---------------------------------------------------------------------------------------------

    def _on_event(self, event: LinkNews) -> None:
        """Fold all that came, then tell once: what is in between is never painted."""
        topics: set[Topic] = set()
        news: list[Received] = []
        for one in event.events if isinstance(event, Batch) else (event,):
            if isinstance(one, Received):
                topics |= self.store.apply(one.frame, self._clock())
                news.append(one)
            else:
                topics |= self.store.connection_changed(one.state, latency_ms=one.latency_ms)
        for kept in news:
            self._before_telling(kept.frame)
        while self.store.replies:
            self.replied.emit(*self.store.replies.popleft())
        if topics:
            self.changed.emit(topics)
        for kept in news:
            self._after_telling(kept.frame)

    def _before_telling(self, frame: ServerFrame) -> None:
        if isinstance(frame, Welcome):
            self.welcomed.emit()
        elif isinstance(frame, Snapshot):
            self._send_again()

    def _send_again(self) -> None:
        """What was not replied to, with its ids; but a button pressed long ago must not act now."""
        late = self._clock() - MOMENTARY_US
        dropped = 0
        for frame in list(self.store.commands.values()):
            if isinstance(frame.body, MOMENTARY) and self._asked_at.get(frame.id, 0) < late:
                del self.store.commands[frame.id]
                dropped += 1
        self._asked_at = {known: at for known, at in self._asked_at.items() if known in self.store.commands}
        for waiting in self.store.unacknowledged():
            self.link.send(waiting)
        if dropped:
            self.forgotten.emit(dropped)

    def _after_telling(self, frame: ServerFrame) -> None:
        if isinstance(frame, Welcome):
            self.signed_in.emit()
        elif isinstance(frame, Snapshot):
            self.resynced.emit()
        elif isinstance(frame, Denied):
            self.denied.emit(frame.code, dict(frame.parameters))


class ViewModel(QObject):
    """Base of the others: hears only of its own topics, and says `changed` when its picture is new."""

    changed = Signal()
    topics: frozenset[Topic] = frozenset()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.session = session
        session.changed.connect(self._on_topics)

    @property
    def store(self) -> Store:
        return self.session.store

    def _on_topics(self, topics: set[Topic]) -> None:
        if not self.topics.isdisjoint(topics):
            self.refresh(topics)

    def refresh(self, topics: set[Topic]) -> None:
        """Override where there is more to do than to draw again."""
        self.changed.emit()
