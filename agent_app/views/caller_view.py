"""The caller's name, tier and verification in the state bar: the header of the card.

Its paintEvent is the moment at which the name is on the screen; that, and nothing earlier, is told to the server.
"""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from agent_app.i18n import tr
from agent_app.viewmodels.caller import tier_word
from agent_app.viewmodels.card import CardModel
from agent_app.viewmodels.situations import Situation, situation
from agent_app.viewmodels.subject import Subject
from agent_app.views.kit import panel
from agent_app.views.kit.button import Button
from agent_app.views.kit.chip import Chip
from agent_app.views.kit.label import ElidedLabel, Label, plain_tip


class CallerView(QWidget):
    dial_asked = Signal(str)
    why_asked = Signal()

    def __init__(self, subject: Subject, card: CardModel) -> None:
        super().__init__()
        self._subject, self._card = subject, card
        self._to_confirm: int | None = None
        self._painted: int | None = None
        self._number = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._rule = panel.frame("line")
        self._rule.setFixedSize(1, 34)
        row = panel.row(self)
        row.addWidget(self._rule)
        row.addSpacing(12)
        column = panel.column(gap=1)
        column.addStretch(1)
        first = panel.row(gap=7)
        self.name, self.tier, self.verified = Label("", "name"), Chip(), Chip()
        self.reopen = Button(tr("card.reopen"), icon="rotate-ccw", height=28)
        self.reopen.clicked.connect(subject.reopen)
        for widget in (self.name, self.tier, self.verified):
            first.addWidget(widget)
        first.addStretch(1)
        column.addLayout(first)
        second = panel.row(gap=4)
        self.line = ElidedLabel("", "small")
        self.line.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        second.addWidget(self.line, 1)
        self.dial = Button(icon="phone-outgoing", kind="flat", height=20)
        self.dial.clicked.connect(self._on_dial)
        second.addWidget(self.dial)
        self.why = Button(tr("action.why_short"), icon="scale", kind="flat", height=20)
        self.why.setAccessibleName(tr("action.why"))
        self.why.setToolTip(tr("action.why") + "  Ctrl+Shift+Y")
        self.why.clicked.connect(self.why_asked)
        second.addWidget(self.why)
        second.addStretch(0)
        column.addLayout(second)
        column.addStretch(1)
        row.addLayout(column, 1)
        row.addWidget(self.reopen)
        row.addStretch(0)
        subject.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        subject = self._subject
        caller = subject.caller()
        shown = not subject.is_empty
        for widget in (self._rule, self.name, self.line):
            widget.setVisible(shown)
        self.name.setText(caller.name if shown else "")
        tier = tier_word(caller.tier) if shown else ""
        self.tier.setVisible(bool(tier))
        self.tier.show_text(tier, "warning")
        show_verification(self.verified, caller.verification if shown else "")
        self.line.setText(caller.line() if shown else "")
        self.reopen.setVisible(subject.can_reopen)
        # In a call the number is on the line already; before and after it one click dials.
        self._number = caller.raw_number if shown else ""
        self.dial.setVisible(bool(self._number) and self._may_dial())
        self.dial.setAccessibleName(f"{tr('action.dial')} {caller.number}")
        self.dial.setToolTip(plain_tip(f"{tr('action.dial')} {caller.number}"))
        call = subject.call
        self.why.setVisible(call is not None and bool(call.queue) and call.direction == "inbound")
        self._to_confirm = self._card.key_to_confirm()
        if self._to_confirm is not None:
            self._paint_now()

    def _may_dial(self) -> bool:
        store = self._subject.store
        return situation(store.agent, store.call) in (Situation.IDLE, Situation.WRAP_UP)

    def _on_dial(self) -> None:
        self.dial_asked.emit(self._number)

    def _paint_now(self) -> None:
        """The name before everything else of the card: the phone rings when it is on the screen."""
        self._painted = None
        self.update()
        if not self.isVisible():
            return
        host = self.parentWidget()
        for layout in (host.layout() if host else None, self.layout()):
            if layout is not None:
                layout.activate()
        self.repaint()
        if self._painted == self._to_confirm:
            self._confirm()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._to_confirm is not None:
            # The children (the labels) are painted in this same pass, right after their parent: tell when it is over.
            self._painted = self._to_confirm
            QTimer.singleShot(0, self, self._confirm)

    def _confirm(self) -> None:
        if self._to_confirm is not None:
            call, self._to_confirm = self._to_confirm, None
            self._card.painted(call)


def show_verification(chip: Chip, code: str) -> None:
    """Three conditions, each with shape, word and colour; hidden when nobody is there."""
    chip.setVisible(bool(code))
    match code:
        case "verified":
            chip.show_text(tr("caller.verified"), "ready", "check")
        case "locked":
            chip.show_text(tr("caller.locked"), "alarm", "lock")
        case "unverified":
            chip.show_text(tr("caller.unverified"), "neutral")
        case _:
            pass
