"""The state bar: agent, state pill with its timer, pending state, caller, and the call buttons that are valid now."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QMenu, QSizePolicy, QVBoxLayout, QWidget

from agent_app.i18n import tr
from agent_app.viewmodels.card import CardModel
from agent_app.viewmodels.situations import Action
from agent_app.viewmodels.state_bar import ButtonView, StateBar, StateView
from agent_app.viewmodels.subject import Subject
from agent_app.views.caller_view import CallerView
from agent_app.views.kit import icons, panel
from agent_app.views.kit.button import Button
from agent_app.views.kit.chip import Avatar, RemovableChip
from agent_app.views.kit.focus import KeyFocusButton
from agent_app.views.kit.label import Label
from agent_app.views.kit.theme import font, t, theme
from agent_app.views.kit.tokens import PAGE_MARGIN, Tone


class StatePill(KeyFocusButton):
    """Shape, word and colour of the state; opens the state menu."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = StateView("", "circle-minus", "neutral", "")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def view(self) -> StateView:
        return self._view

    def show_state(self, view: StateView) -> None:
        if view == self._view:
            return
        wider = len(view.timer) != len(self._view.timer) or view.label != self._view.label
        self._view = view
        if wider:
            self.setAccessibleName(f"{tr('state.title')}: {view.label}")
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        bold = QFontMetricsF(font(13, bold=True))
        timer = bold.horizontalAdvance("0" * len(self._view.timer)) - 6 if self._view.timer else 0
        return QSize(round(bold.horizontalAdvance(self._view.label) + timer + 57), 32)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tone = cast(Tone, self._view.tone)
        filled = tone in ("accent", "ready", "after_call")
        ground = t().ink(tone) if filled else t().tint(tone)
        ink = t().on_fill if filled else t().ink(tone)
        painter.setPen(QPen(QColor(t().text), 1.5) if self.shows_focus else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 15.5, 15.5)
        icons.paint(painter, self._view.icon, colour=ink, x=12, y=8, px=16)
        bold = font(13, bold=True)
        painter.setFont(bold)
        painter.setPen(QColor(ink))
        width = QFontMetricsF(bold).horizontalAdvance(self._view.label)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(33, 0, width + 2, self.height()), middle, self._view.label)
        painter.drawText(QRectF(33 + width + 7, 0, self.width(), self.height()), middle, self._view.timer)


class StateBarView(QWidget):
    """`decline_asked` and others are the view-model's own; this view adds menus."""

    dial_asked = Signal(str)

    def __init__(self, model: StateBar, subject: Subject, card: CardModel) -> None:
        super().__init__()
        self._model = model
        self._shown_buttons: tuple[Action, ...] = ()
        bar = panel.frame("bar")
        bar.setFixedHeight(60)
        panel.column(self).addWidget(bar)
        row = panel.row(bar, margins=(PAGE_MARGIN, 0, PAGE_MARGIN, 1))
        self.avatar = Avatar("accent", 34)
        row.addWidget(self.avatar)
        row.addSpacing(10)
        row.addLayout(self._me())
        row.addSpacing(11)
        self.pill = StatePill()
        self.pill.clicked.connect(self.open_menu)
        row.addWidget(self.pill)
        row.addSpacing(10)
        self.pending = RemovableChip()
        self.pending.removed.connect(model.cancel_pending)
        row.addWidget(self.pending)
        row.addSpacing(12)
        self.caller = CallerView(subject, card)
        self.caller.dial_asked.connect(self.dial_asked)
        row.addWidget(self.caller, 1)
        self._buttons = panel.row(gap=7)
        row.addLayout(self._buttons)
        self.buttons: dict[Action, Button] = {}
        model.changed.connect(self.refresh)
        model.ticked.connect(self._on_tick)
        self.refresh()

    def _me(self) -> QVBoxLayout:
        column = panel.column()
        column.addStretch(1)
        line = panel.row(gap=4)
        self.name, self.extension, self.group = Label("", "strong"), Label("", "muted"), Label("", "small")
        line.addWidget(self.name)
        line.addWidget(self.extension)
        column.addLayout(line)
        column.addWidget(self.group)
        column.addStretch(1)
        return column

    def refresh(self) -> None:
        model = self._model
        self.avatar.show_name(model.name)
        self.name.setText(model.name)
        self.extension.setText(tr("me.extension", number=model.extension) if model.extension else "")
        self.group.setText(model.group)
        pending = model.pending()
        self.pending.setVisible(bool(pending))
        self.pending.show_text(pending, "warning")
        self.pending.setToolTip(tr("state.cancel_pending"))
        self._on_tick()
        self._show_buttons(model.buttons())

    def _on_tick(self) -> None:
        self.pill.show_state(self._model.state())

    def _show_buttons(self, views: list[ButtonView]) -> None:
        """Rebuilt only when other buttons are valid, so that focus and a press in progress are not lost."""
        actions = tuple(view.spec.action for view in views)
        if actions != self._shown_buttons:
            self._shown_buttons = actions
            if any(button.hasFocus() for button in self.buttons.values()):
                self.pill.setFocus(Qt.FocusReason.OtherFocusReason)
            panel.clear(self._buttons)
            self.buttons = {}
            for view in views:
                button = Button(
                    view.label,
                    icon=view.icon,
                    kind=view.spec.kind,
                    icon_tone="alarm" if view.spec.action is Action.PAUSE_RECORDING else None,
                )
                button.setObjectName(f"call_{view.spec.action.value}")
                button.setProperty("action", view.spec.action.value)
                button.setToolTip(f"{view.label}  {view.spec.keys}".strip())
                button.clicked.connect(self._on_button)
                self.buttons[view.spec.action] = button
                self._buttons.addWidget(button)
        for view in views:
            button = self.buttons[view.spec.action]
            if button.text() != view.label:
                button.show_as(view.label, icon=view.icon)
            button.setEnabled(view.is_enabled and not view.is_requested)
            if view.is_requested:
                button.setToolTip(tr("action.requested"))

    def _on_button(self) -> None:
        button = self.sender()
        if button is not None:
            self._model.press(Action(str(button.property("action"))))

    # --- the state menu --------------------------------------------------------------------------------------------

    def menu(self) -> QMenu:
        """Ready, each reason of Not ready, sign out. A state chosen in a call waits for its end."""
        menu, model = QMenu(self), self._model
        blocked = model.why_not_ready()
        self._add(menu, "circle-check", tr("state.ready"), "ready", model.ready).setEnabled(not blocked)
        if blocked:
            menu.addAction(blocked).setEnabled(False)
        menu.addSeparator()
        for code, word in model.reasons():
            icon = _REASON_ICONS.get(code, "circle-minus")
            action = self._add(menu, icon, f"{tr('state.not_ready')} · {word}", "warning", None)
            action.setData(code)
        menu.addSeparator()
        if not model.phone.is_hard_phone:
            self._add(menu, "volume-2", tr("phone.test"), "neutral", model.phone.test_audio).setEnabled(
                model.phone.is_attached
            )
        self._add(menu, "log-out", tr("action.sign_out"), "neutral", model.sign_out)
        return menu

    def _add(self, menu: QMenu, icon: str, text: str, tone: Tone, run: Callable[[], None] | None) -> QAction:
        action = menu.addAction(icons.icon(icon, t().ink(tone)), text)
        if run is not None:
            action.triggered.connect(run)
        return action

    def open_menu(self) -> None:
        menu = self.menu()
        menu.triggered.connect(self._on_reason)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.pill.mapToGlobal(QPoint(0, self.pill.height() + 4)))

    def _on_reason(self, action: QAction) -> None:
        if isinstance(code := action.data(), str) and code:
            self._model.not_ready(code)


_REASON_ICONS = {
    "break": "coffee",
    "meal": "utensils",
    "lunch": "utensils",
    "paperwork": "briefcase",
    "training": "graduation-cap",
    "meeting": "users",
    "work": "briefcase",
}
