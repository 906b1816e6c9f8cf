"""Which customer is on the screen: the live call's, for two seconds the last one's, one reopened, one opened by hand.

The previous customer is cleared before the next one is shown; every view-model of the card reads here and nowhere else.
"""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QTimer, Signal

from agent_app.store import OPENED, Card, Topic
from agent_app.viewmodels.caller import Caller, caller_of
from agent_app.viewmodels.session import Session, ViewModel
from cti_server.wire.client import AssignCustomer, OpenCard
from cti_server.wire.server import CallView

LINGER_MS = 2_000
REOPEN_MS = 60_000
Mode = Literal["live", "lingering", "reopened", "opened", "none"]


class Subject(ViewModel):
    """`switched` when another customer, or none, is on the screen: drop everything of the one before."""

    switched = Signal()
    topics = frozenset({Topic.CALL, Topic.CARD, Topic.TIMELINE})

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._mode: Mode = "none"
        self._key: tuple[int, str] | None = None
        self._opened_customer = ""
        self._linger = QTimer(self)
        self._linger.setSingleShot(True)
        self._linger.timeout.connect(self._on_lingered)
        self._reopen = QTimer(self)
        self._reopen.setSingleShot(True)
        self._reopen.timeout.connect(self.changed)

    # --- reading ---------------------------------------------------------------------------------------------------

    @property
    def call(self) -> CallView | None:
        """The live call, or the last one while its card stays."""
        if self._mode == "live":
            return self.store.call
        return self.store.last_call if self._mode in ("lingering", "reopened") else None

    @property
    def card(self) -> Card | None:
        if self._mode == "opened":
            return self.store.cards.get(OPENED)
        call = self.call
        return self.store.cards.get(call.call) if call else None

    @property
    def customer(self) -> str:
        card, call = self.card, self.call
        return (card.customer if card else "") or (call.customer if call else "")

    @property
    def is_empty(self) -> bool:
        return self._mode == "none"

    @property
    def is_live(self) -> bool:
        return self._mode == "live"

    @property
    def can_reopen(self) -> bool:
        return self._mode == "none" and self._reopen.isActive() and self.store.last_call is not None

    def caller(self) -> Caller:
        return caller_of(self.store, self.call, self.card)

    def section(self, name: str) -> object:
        return self.card.section(name) if self.card else None

    def is_waited_for(self, name: str) -> bool:
        """The section has not come yet; once it came empty the customer system did not answer."""
        return self.card is None or name not in self.card.sections

    # --- acting ----------------------------------------------------------------------------------------------------

    def reopen(self) -> None:
        if self.can_reopen:
            self._set("reopened")

    def open(self, customer: str) -> None:
        """From a search: outside a call a look; in a call of an unknown caller, the answer to "who is this?"."""
        if self.store.call is not None:
            self.session.do(AssignCustomer(call=self.store.call.call, customer=customer))
            return
        self.store.cards.pop(OPENED, None)
        self._opened_customer = customer
        self.session.ask(OpenCard(customer=customer))
        self._set("opened")

    def close(self) -> None:
        if self.store.call is None:
            self._set("none")

    # --- hearing ---------------------------------------------------------------------------------------------------

    def refresh(self, topics: set[Topic]) -> None:
        if self.store.call is not None:
            self._linger.stop()
            self._reopen.stop()
            self._enter("live")
        elif self._mode == "live":
            had_talk = self.store.last_call is not None and self.store.last_call.phase == "after_call_work"
            if had_talk:
                self._linger.start(LINGER_MS)
                self._reopen.start(REOPEN_MS)
                self._enter("lingering")
            else:
                self._enter("none")
        else:
            self._note_key()
        self.changed.emit()

    def _on_lingered(self) -> None:
        if self._mode == "lingering":
            self._set("none")

    def _set(self, mode: Mode) -> None:
        self._enter(mode)
        self.changed.emit()

    def _enter(self, mode: Mode) -> None:
        self._mode = mode
        self._note_key()

    def _note_key(self) -> None:
        call = self.call
        key = None if self._mode == "none" else (call.call if call else OPENED, self.customer)
        if key != self._key:
            self._key = key
            self.switched.emit()
