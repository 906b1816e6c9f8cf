"""The customer card: profile rows with one-click numbers, alerts. Each condition of the section has its own face."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from agent_app.i18n import tr
from agent_app.viewmodels.caller import tier_word
from agent_app.viewmodels.card import CardModel, Row
from agent_app.views.kit import icons, panel
from agent_app.views.kit.button import Button
from agent_app.views.kit.label import Label, plain_tip
from agent_app.views.kit.theme import t, theme
from agent_app.views.kit.tokens import Tone

_TONES: dict[str, Tone] = {"info": "accent", "warning": "warning", "alarm": "alarm"}


class IconLabel(QLabel):
    """A tinted icon that follows the theme."""

    def __init__(self, name: str, tone: Tone = "neutral", px: int = 16) -> None:
        super().__init__()
        self._name, self._tone, self._px = name, tone, px
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFixedSize(px, px)
        theme().changed.connect(self._draw)
        self._draw()

    def _draw(self) -> None:
        self.setPixmap(icons.pixmap(self._name, t().ink(self._tone), self._px, self.devicePixelRatioF()))


class CustomerCard(QWidget):
    dial_asked = Signal(str)
    search_asked = Signal()

    def __init__(self, model: CardModel) -> None:
        super().__init__()
        self._model, self._shown = model, object()
        card = panel.frame("card")
        panel.column(self).addWidget(card)
        column = panel.column(card, margins=(14, 11, 14, 12), gap=0)
        head = panel.row()
        head.addWidget(Label(tr("card.title"), "title"))
        head.addStretch(1)
        self.find_button = Button(icon="search", kind="flat", height=24)
        self.find_button.setAccessibleName(tr("card.find"))
        self.find_button.setToolTip(tr("card.find") + "  Ctrl+L")
        self.find_button.clicked.connect(self.search_asked)
        head.addWidget(self.find_button)
        column.addLayout(head)
        self._state = Label("", "muted", wrap=True)
        self._state.setMinimumHeight(40)
        column.addWidget(self._state)
        body = QWidget()
        self._grid = QGridLayout(body)
        self._grid.setContentsMargins(0, 6, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnMinimumWidth(0, 74)
        self._grid.setColumnStretch(1, 1)
        column.addWidget(body)
        self._candidates = panel.column(gap=6)
        column.addLayout(self._candidates)
        self._alerts = panel.column(gap=6)
        column.addLayout(self._alerts)
        model.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        model = self._model
        rows, alerts, condition = model.rows(), model.alerts(), model.condition("profile")
        candidates = model.candidates()
        key = (tuple(rows), tuple(alerts), condition, candidates)
        if key == self._shown:
            return
        self._shown = key
        self._state.setVisible(not rows)
        text = tr("card.several") if candidates else _SENTENCES[condition]()
        self._state.setText(text if not rows else "")
        panel.clear(self._candidates)
        for row in candidates:
            name = " · ".join(part for part in (row.name, tier_word(row.tier), row.customer) if part)
            button = Button(name, icon="user-check", height=32)
            button.setToolTip(plain_tip(row.address))
            button.setProperty("customer", row.customer)
            button.clicked.connect(self._on_candidate)
            self._candidates.addWidget(button)
        panel.clear(self._grid)
        for number, line in enumerate(rows):
            self._grid.addWidget(Label(line.label, "muted"), number, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(self._value(line), number, 1)
        panel.clear(self._alerts)
        for level, text in alerts:
            self._alerts.addSpacing(7)
            self._alerts.addWidget(alert_box(level, text))
        self.updateGeometry()

    def _value(self, row: Row) -> QWidget:
        if not row.number:
            return Label(row.value, row.role, wrap=True)
        return dial_link(row.value, row.number, self._on_dial)

    def _on_candidate(self) -> None:
        if (button := self.sender()) is not None:
            self._model.choose(str(button.property("customer")))

    def _on_dial(self) -> None:
        link = self.sender()
        if link is not None:
            self.dial_asked.emit(str(link.property("number")))


def dial_link(text: str, number: str, on_click: Callable[[], None]) -> QWidget:
    """A number that is dialled by one click: the number, and a small handset."""
    host = QWidget()
    row = panel.row(host, gap=4)
    row.addWidget(Label(text))
    button = Button(icon="phone-outgoing", kind="flat", height=20)
    button.setProperty("number", number)
    button.setAccessibleName(f"{tr('action.dial')} {text}")
    button.setToolTip(plain_tip(f"{tr('action.dial')} {text}"))
    button.clicked.connect(on_click)
    row.addWidget(button)
    row.addStretch(1)
    return host


def alert_box(level: str, text: str) -> QWidget:
    tone = _TONES.get(level, "warning")
    box = panel.frame("alert" if tone == "warning" else "alert_" + tone)
    row = panel.row(box, margins=(10, 7, 10, 8), gap=9)
    row.addWidget(IconLabel("info" if level == "info" else "triangle-alert", tone, 15), 0, Qt.AlignmentFlag.AlignTop)
    label = Label(text, _ALERT_ROLES[tone], wrap=True)
    row.addWidget(label, 1)
    return box


_ALERT_ROLES = {"warning": "warning", "alarm": "alarmtext", "accent": "accenttext"}
_SENTENCES: Final[dict[str, Callable[[], str]]] = {
    "empty": lambda: tr("card.empty"),
    "unknown": lambda: tr("card.unknown"),
    "waiting": lambda: tr("card.waiting"),
    "failed": lambda: tr("card.failed"),
    "here": lambda: "",
}
