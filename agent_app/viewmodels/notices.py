"""Refusals and notices as sentences: a refusal carries a code and parameters; here it becomes words."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from PySide6.QtCore import Signal

from agent_app.i18n import tr, tr_or
from agent_app.store import Topic
from agent_app.viewmodels.session import Session, ViewModel
from cti_server.wire.client import ConfirmCardShown, FollowScript
from cti_server.wire.server import ReplyFrame

SHOWN_US = 6_000_000
HELD_MAX = 20
QUIET = (ConfirmCardShown, FollowScript)
"""Sent by the desktop itself; their refusal tells the agent nothing to act on."""


@dataclass(frozen=True, slots=True)
class Message:
    text: str
    tone: str
    until: int


class Notices(ViewModel):
    """The message to show now; messages leave by time or when dismissed."""

    announced = Signal(str)
    topics = frozenset({Topic.NOTICE})

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._messages: deque[Message] = deque(maxlen=HELD_MAX)
        session.replied.connect(self._on_reply)
        session.forgotten.connect(self._on_forgotten)
        session.tick.connect(self._on_tick)

    @property
    def current(self) -> Message | None:
        return self._messages[-1] if self._messages else None

    def say(self, text: str, tone: str = "accent") -> None:
        self._messages.append(Message(text, tone, self.session.now() + SHOWN_US))
        self.announced.emit(text)
        self.changed.emit()

    def dismiss(self) -> None:
        if self._messages:
            self._messages.pop()
            self.changed.emit()

    def refresh(self, topics: set[Topic]) -> None:
        while self.store.notices:
            notice = self.store.notices.popleft()
            tone = {"warning": "warning", "alarm": "alarm"}.get(notice.level, "accent")
            self.say(sentence("notice", notice.code, notice.parameters), tone)

    def _on_reply(self, body: object, reply: ReplyFrame) -> None:
        if not reply.ok and not isinstance(body, QUIET):
            self.say(sentence("refusal", reply.code, reply.parameters), "warning")

    def _on_forgotten(self, count: int) -> None:
        self.say(tr("connection.not_sent", n=count), "warning")

    def _on_tick(self) -> None:
        now, before = self.session.now(), len(self._messages)
        while self._messages and self._messages[0].until < now:
            self._messages.popleft()
        if len(self._messages) != before:
            self.changed.emit()


def sentence(kind: str, code: str, parameters: dict[str, str | int]) -> str:
    """The catalogue's sentence for a code; one that a newer server added is shown with its code."""
    text = tr_or(f"{kind}.{code}", "")
    if not text:
        return tr(f"{kind}.unknown", code=code)
    return tr(f"{kind}.{code}", **parameters) if parameters else text
