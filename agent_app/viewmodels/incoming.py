"""An offer: who calls, how long it rings, accept and decline; and the ways in which it can end without a talk.

Accept is done by the phone itself; pressed before the phone rings, it is remembered for this call. It is never
Complete.
"""

from __future__ import annotations

from PySide6.QtCore import Signal

from agent_app.i18n import formats, tr
from agent_app.store import Topic
from agent_app.viewmodels.caller import Caller, caller_of
from agent_app.viewmodels.phone import Phone
from agent_app.viewmodels.session import Session, ViewModel
from agent_app.viewmodels.situations import Situation, situation
from cti_server.wire.client import DeclineCall

RESULT_SHOWN_US = 8_000_000
NO_MATTER_SHOWN_US = 4_000_000
"""Nothing is to be done when a colleague was first."""


class Incoming(ViewModel):
    """`appeared` when an offer begins, `left` when it ends; `result_changed` for missed, declined, device, gone."""

    appeared = Signal()
    left = Signal()
    result_changed = Signal()
    ticked = Signal()
    topics = frozenset({Topic.CALL, Topic.CARD, Topic.OFFER_ENDED, Topic.AGENT})

    def __init__(self, session: Session, phone: Phone) -> None:
        super().__init__(session)
        self.phone = phone
        self._accepted: int | None = None
        self._shown: int | None = None
        self._result: tuple[str, str, int] | None = None
        phone.changed.connect(self._on_phone)
        session.tick.connect(self._on_tick)

    @property
    def call(self) -> int | None:
        """The call that is offered now."""
        now = situation(self.store.agent, self.store.call)
        if now in (Situation.RESERVED, Situation.RINGING) and self.store.call is not None:
            return self.store.call.call
        return None

    @property
    def is_accepted(self) -> bool:
        return self._accepted is not None and self._accepted == self.call

    @property
    def is_ringing(self) -> bool:
        return self.store.call is not None and self.store.call.phase == "alerting"

    @property
    def rings_beside(self) -> int:
        """At how many colleagues it rings, too."""
        return self.store.call.rings_beside if self.store.call is not None else 0

    @property
    def is_callback(self) -> bool:
        """The centre dials this customer for the agent: the own phone answers by itself."""
        return self.store.call is not None and self.store.call.callback is not None

    def promise(self) -> str:
        """When the callback was asked for, and which attempt it will be; empty: it is none."""
        call = self.store.call
        if call is None or call.callback_asked_at is None:
            return ""
        time, n, most = formats.short_time(call.callback_asked_at), call.callback_attempt, call.callback_attempts_max
        return tr("incoming.promise", time=time, n=n, max=most)

    def caller(self) -> Caller:
        return caller_of(self.store, self.store.call, self.store.current_card())

    def seconds_left(self) -> float | None:
        call = self.store.call
        if call is None or call.ring_until is None:
            return None
        return max(0.0, (call.ring_until - self.session.now()) / 1e6)

    def share_left(self) -> float:
        call, left = self.store.call, self.seconds_left()
        if call is None or call.ring_until is None or left is None:
            return 1.0
        whole = (call.ring_until - call.since) / 1e6
        return max(0.0, min(1.0, left / whole)) if whole > 0 else 0.0

    def result(self) -> tuple[str, str] | None:
        """(outcome, number) of the last offer that ended without a talk, for some seconds."""
        if self._result is None:
            return None
        outcome, number, since = self._result
        shown_us = NO_MATTER_SHOWN_US if outcome == "answered_elsewhere" else RESULT_SHOWN_US
        return None if self.session.now() - since > shown_us else (outcome, number)

    def dismiss_result(self) -> None:
        self._result = None
        self.result_changed.emit()

    # --- acting ----------------------------------------------------------------------------------------------------

    def accept(self) -> None:
        if self.call is None or self.phone.is_hard_phone:
            return
        self._accepted = self.call
        self._answer_if_ringing()
        self.changed.emit()

    def decline(self, reason: str = "") -> None:
        if self.call is not None and not self.store.is_outstanding(DeclineCall):
            self.session.do(DeclineCall(call=self.call, reason=reason))
            self.changed.emit()

    def _answer_if_ringing(self) -> None:
        if self._accepted is not None and self.phone.is_ringing(self._accepted):
            self.phone.answer()

    # --- hearing ---------------------------------------------------------------------------------------------------

    def refresh(self, topics: set[Topic]) -> None:
        ended = self.store.offer_ended
        if Topic.OFFER_ENDED in topics and ended is not None:
            self._result = (ended.outcome, ended.number, self.session.now())
            self.result_changed.emit()
        offered = self.call
        if offered != self._shown:
            before, self._shown = self._shown, offered
            if before is not None:
                self.left.emit()
            if offered is not None:
                self._accepted, self._result = None, None
                self.result_changed.emit()
                self.appeared.emit()
        self.changed.emit()

    def _on_phone(self) -> None:
        self._answer_if_ringing()
        self.changed.emit()

    def _on_tick(self) -> None:
        if self.call is not None:
            self.ticked.emit()
        if self._result is not None and self.result() is None:
            self.dismiss_result()
