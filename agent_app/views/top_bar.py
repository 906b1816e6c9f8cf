"""The topmost bar: brand, pages as tabs, the date, theme, language and help."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from agent_app.i18n import formats, tr
from agent_app.viewmodels.callbacks import Callbacks
from agent_app.viewmodels.session import Session
from agent_app.views.kit import icons, panel
from agent_app.views.kit.button import Button
from agent_app.views.kit.focus import KeyFocusButton
from agent_app.views.kit.label import Label
from agent_app.views.kit.theme import font, t, theme
from agent_app.views.kit.tokens import PAGE_MARGIN


class PageTab(KeyFocusButton):
    """Icon, word, a count in amber; underlined when in front."""

    def __init__(self, icon: str, text: str, *, height: int = 44, pad: int = 15, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._icon, self._tall, self._pad, self._count = icon, height, pad, ""
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)
        theme().changed.connect(self.update)

    def show_count(self, count: int | None) -> None:
        text = str(count) if count else ""
        if text != self._count:
            self._count = text
            self.setAccessibleName(f"{self.text()} {text}".strip())
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        width = QFontMetricsF(font(13, bold=True)).horizontalAdvance(self.text()) + 2 * self._pad
        width += 23 if self._icon else 0
        if self._count:
            width += QFontMetricsF(font(12, bold=True)).horizontalAdvance(self._count) + 21
        return QSize(round(width), self._tall)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens, front = t(), self.isChecked()
        ink = tokens.accent if front else tokens.text if self.underMouse() else tokens.muted
        left, middle = float(self._pad), self.height() / 2
        if self._icon:
            icons.paint(painter, self._icon, colour=ink, x=left, y=middle - 8, px=16)
            left += 23
        bold = font(13, bold=True)
        painter.setFont(bold)
        painter.setPen(QColor(ink))
        width = QFontMetricsF(bold).horizontalAdvance(self.text())
        painter.drawText(QRectF(left, 0, width + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, self.text())
        if self._count:
            self._paint_count(painter, left + width + 7, middle)
        if front:
            painter.fillRect(QRectF(0, self.height() - 2, self.width(), 2), QColor(tokens.accent))
        if self.shows_focus:
            painter.setPen(QColor(tokens.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(3.5, 5.5, -3.5, -5.5), 5, 5)

    def _paint_count(self, painter: QPainter, x: float, middle: float) -> None:
        small = font(12, bold=True)
        width = QFontMetricsF(small).horizontalAdvance(self._count) + 14
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t().warning_tint))
        painter.drawRoundedRect(QRectF(x, middle - 9, width, 18), 4, 4)
        painter.setPen(QColor(t().warning))
        painter.setFont(small)
        painter.drawText(QRectF(x, middle - 9, width, 18), Qt.AlignmentFlag.AlignCenter, self._count)


class TopBar(QWidget):
    """`page_chosen` carries agent, callbacks or fairness."""

    page_chosen = Signal(str)
    language_toggled = Signal()
    help_asked = Signal()

    def __init__(self, session: Session, callbacks: Callbacks) -> None:
        super().__init__()
        self._session, self._callbacks = session, callbacks
        bar = panel.frame("bar")
        outer = panel.column(self)
        outer.addWidget(bar)
        row = panel.row(bar, margins=(PAGE_MARGIN, 0, PAGE_MARGIN, 0))
        row.addWidget(Label(tr("app.name"), "brand"))
        row.addSpacing(17)
        self.agent_tab = PageTab("headset", tr("page.agent"))
        self.callbacks_tab = PageTab("phone-outgoing", tr("page.callbacks"))
        self.fairness_tab = PageTab("scale", tr("page.fairness"))
        self._tabs = {"agent": self.agent_tab, "callbacks": self.callbacks_tab, "fairness": self.fairness_tab}
        for name, tab in self._tabs.items():
            tab.setProperty("page", name)
            tab.clicked.connect(self._on_tab)
            row.addWidget(tab)
            row.addSpacing(7)
        self.agent_tab.setChecked(True)
        row.addStretch(1)
        self.clock = Label("", "small")
        row.addWidget(self.clock)
        row.addSpacing(6)
        self.theme_button = Button(icon="moon", kind="flat", height=28)
        self.theme_button.setAccessibleName(tr("action.theme"))
        self.theme_button.setToolTip(tr("action.theme"))
        self.theme_button.clicked.connect(theme().toggle)
        self.language_button = Button(icon="languages", kind="flat", height=28)
        self.language_button.setAccessibleName(tr("action.language"))
        self.language_button.setToolTip(tr("action.language"))
        self.language_button.clicked.connect(self.language_toggled)
        self.help_button = Button(icon="circle-question-mark", kind="flat", height=28)
        self.help_button.setAccessibleName(tr("action.help"))
        self.help_button.setToolTip(tr("action.help") + "  F1")
        self.help_button.clicked.connect(self.help_asked)
        for button in (self.language_button, self.theme_button, self.help_button):
            row.addWidget(button)
        callbacks.changed.connect(self._on_callbacks)
        session.tick.connect(self._on_tick)
        theme().changed.connect(self._on_theme)
        self._on_callbacks()
        self._on_tick()
        self._on_theme()

    def show_page(self, name: str) -> None:
        for tab in self._tabs.values():
            tab.setChecked(tab.property("page") == name)

    def _on_tab(self) -> None:
        tab = self.sender()
        if tab is not None:
            self.page_chosen.emit(str(tab.property("page")))

    def _on_callbacks(self) -> None:
        self.callbacks_tab.show_count(self._callbacks.count)

    def _on_tick(self) -> None:
        if self._session.store.welcome is not None:
            self.clock.setText(formats.clock(self._session.now()))

    def _on_theme(self) -> None:
        self.theme_button.show_as("", icon="moon" if theme().name == "light" else "sun")
        self.theme_button.setAccessibleName(tr("action.theme"))
