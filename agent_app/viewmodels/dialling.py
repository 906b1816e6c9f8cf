"""Dialling, redialling, asking for a callback, finding a customer: what a number on the screen can be used for."""

from __future__ import annotations

from PySide6.QtCore import Signal

from agent_app.i18n import tr
from agent_app.store import Topic
from agent_app.viewmodels.notices import Notices
from agent_app.viewmodels.session import Session, ViewModel
from agent_app.viewmodels.situations import Situation, situation
from cti_server.wire.client import DialNumber, RequestCallback, SearchCustomers
from cti_server.wire.server import CustomerRow, ReplyFrame

SEARCH_CHARACTERS_MIN = 2


class Dialling(ViewModel):
    """One click dials: in Ready, Not ready and after-call work, within the agent's permission."""

    found = Signal()
    topics = frozenset({Topic.CUSTOMERS})

    def __init__(self, session: Session, notices: Notices) -> None:
        super().__init__(session)
        self._notices = notices
        self.last_number = ""
        session.replied.connect(self._on_reply)

    @property
    def may_dial_now(self) -> bool:
        welcome = self.store.welcome
        now = situation(self.store.agent, self.store.call)
        if not self.session.is_connected:
            return False
        return welcome is not None and welcome.me.may_dial and now in (Situation.IDLE, Situation.WRAP_UP)

    def dial(self, number: str, customer: str = "") -> bool:
        """False, with the reason shown, when it cannot be."""
        digits = plain_number(number)
        if not digits:
            self._notices.say(tr("dial.bad_number"), "warning")
            return False
        if not self.may_dial_now:
            self._notices.say(tr("dial.not_now"), "warning")
            return False
        if not self.store.is_outstanding(DialNumber):
            self.last_number = digits
            self.session.do(DialNumber(number=digits, customer=customer))
        return True

    def redial(self) -> None:
        if self.last_number:
            self.dial(self.last_number)
        else:
            self._notices.say(tr("dial.nothing_to_redial"), "accent")

    def request_callback(self, *, number: str, due_at: int, customer: str = "") -> bool:
        digits = plain_number(number)
        if not digits:
            self._notices.say(tr("dial.bad_number"), "warning")
            return False
        call = self.store.call
        body = RequestCallback(
            number=digits,
            due_at=due_at,
            customer=customer,
            queue=call.queue if call else "",
            call=call.call if call else 0,
        )
        self.session.do(body)
        return True

    def search(self, text: str) -> None:
        if len(text.strip()) >= SEARCH_CHARACTERS_MIN:
            self.session.ask(SearchCustomers(text=text.strip()))

    def customers(self) -> tuple[CustomerRow, ...]:
        return self.store.customers.rows if self.store.customers else ()

    def _on_reply(self, body: object, reply: ReplyFrame) -> None:
        if isinstance(body, RequestCallback) and reply.ok:
            self._notices.say(tr("dial.callback_requested"), "ready")

    def refresh(self, topics: set[Topic]) -> None:
        self.found.emit()


def plain_number(text: str) -> str:
    """Digits of a number as people write it, with a leading +; empty if it is none."""
    kept = "".join(sign for sign in text if sign not in " -().")
    body = kept[1:] if kept.startswith("+") else kept
    return kept if 2 <= len(body) <= 20 and all(sign in "0123456789*#" for sign in body) else ""
