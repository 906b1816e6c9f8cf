"""An offer on the screen: the panel inside the window and a small one that stays on top and never takes the focus."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QGuiApplication, QPainter, QPainterPath, QPaintEvent, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QWidget

from agent_app.i18n import tr
from agent_app.viewmodels.caller import tier_word
from agent_app.viewmodels.incoming import Incoming
from agent_app.viewmodels.state_bar import StateBar
from agent_app.views.caller_view import show_verification
from agent_app.views.customer_card import IconLabel
from agent_app.views.kit import icons, panel
from agent_app.views.kit.button import Button
from agent_app.views.kit.chip import Avatar, Chip
from agent_app.views.kit.label import ElidedLabel, Label
from agent_app.views.kit.theme import font, t, theme

WIDTH = 370
SHADOW = 36
SHADOW_DARKNESS = 0.15
HEAD = 43
RADIUS = 12
ACCEPT_KEYS = "Ctrl+Shift+A"


class OfferHead(QWidget):
    """Title and countdown on the accent; below them the share of the ring time that is left."""

    def __init__(self, model: Incoming) -> None:
        super().__init__()
        self._model = model
        self.setFixedHeight(HEAD)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def title(self) -> str:
        queue = self._model.caller().queue
        title = tr("incoming.callback") if self._model.is_callback else tr("incoming.title")
        return f"{title} · {queue}" if queue else title

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        path = QPainterPath()
        path.addRoundedRect(QRectF(0, 0, self.width(), self.height() + RADIUS), RADIUS, RADIUS)
        painter.setClipRect(self.rect())
        painter.fillPath(path, QColor(t().accent))
        icon = "phone-outgoing" if self._model.is_callback else "phone-incoming"
        icons.paint(painter, icon, colour=t().on_fill, x=16, y=12, px=16)
        painter.setPen(QColor(t().on_fill))
        painter.setFont(font(13, bold=True))
        painter.drawText(QRectF(40, 0, self.width() - 110, HEAD - 3), Qt.AlignmentFlag.AlignVCenter, self.title())
        left = self._model.seconds_left()
        if left is not None:
            painter.setFont(font(13))
            text = tr("incoming.seconds", n=int(left + 0.999))
            place = QRectF(self.width() - 90, 0, 74, HEAD - 3)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)
            gone = self.width() * (1 - self._model.share_left())
            painter.fillRect(QRectF(self.width() - gone, HEAD - 4, gone, 4), QColor(t().border))


class OfferBody(QWidget):
    """What both panels hold: caller, summary, accept and decline."""

    def __init__(self, model: Incoming, state_bar: StateBar) -> None:
        super().__init__()
        self._model, self._state_bar = model, state_bar
        column = panel.column(self)
        self.head = OfferHead(model)
        column.addWidget(self.head)
        inner = panel.column(margins=(16, 15, 16, 14), gap=12)
        column.addLayout(inner)
        who = panel.row(gap=8)
        self.avatar = Avatar("warning", 40)
        who.addWidget(self.avatar)
        lines = panel.column(gap=1)
        first = panel.row(gap=7)
        self.name, self.tier, self.verified = Label("", "name"), Chip(), Chip()
        for widget in (self.name, self.tier, self.verified):
            first.addWidget(widget)
        first.addStretch(1)
        lines.addLayout(first)
        self.line, self.beside = ElidedLabel("", "muted"), ElidedLabel("", "muted")
        lines.addWidget(self.line)
        lines.addWidget(self.beside)
        self.promise = ElidedLabel("", "muted")
        lines.addWidget(self.promise)
        who.addLayout(lines, 1)
        inner.addLayout(who)
        self.box = panel.frame("inset")
        row = panel.row(self.box, margins=(10, 7, 10, 7), gap=9)
        row.addWidget(IconLabel("package", "neutral", 15))
        self.summary = ElidedLabel("")
        row.addWidget(self.summary, 1)
        inner.addWidget(self.box)
        inner.addLayout(self._foot())
        model.changed.connect(self.refresh)
        model.ticked.connect(self.head.update)
        self.refresh()

    def _foot(self) -> QHBoxLayout:
        foot = panel.row(gap=8)
        self.decline = Button(tr("action.decline"), keys="Ctrl+Shift+R")
        self.decline.setObjectName("decline")
        self.decline.clicked.connect(self._on_decline)
        self.accept = Button(tr("action.accept"), icon="phone", kind="accept", keys=ACCEPT_KEYS)
        self.accept.setObjectName("accept")
        self.accept.clicked.connect(self._model.accept)
        for button in (self.decline, self.accept):
            # A press of Return or Space meant for the notes must not take or refuse a call.
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.lift = Label(tr("incoming.lift"), "strong")
        self.lift.setAlignment(Qt.AlignmentFlag.AlignCenter)
        foot.addWidget(self.decline, 3)
        foot.addWidget(self.accept, 4)
        foot.addWidget(self.lift, 4)
        return foot

    def refresh(self) -> None:
        model = self._model
        if model.call is None:
            return
        caller = model.caller()
        self.avatar.show_name(caller.name, "warning" if caller.is_known else "neutral")
        self.name.setText(caller.name)
        tier = tier_word(caller.tier)
        self.tier.setVisible(bool(tier))
        self.tier.show_text(tier, "warning")
        show_verification(self.verified, caller.verification)
        waited = tr("caller.waited", time=caller.waited) if caller.waited else ""
        number = caller.number if caller.number != caller.name else ""
        waited = "" if model.is_callback else waited
        self.line.setText(" · ".join(part for part in (number, waited, caller.language) if part))
        self.beside.setText(tr("incoming.beside", n=model.rings_beside))
        self.beside.setVisible(model.rings_beside > 0)
        self.promise.setText(model.promise())
        self.promise.setVisible(model.is_callback)
        summary = caller.summary or ("" if caller.is_known else tr("incoming.unknown_caller"))
        self.box.setVisible(bool(summary))
        self.summary.setText(summary)
        hard = model.phone.is_hard_phone
        if model.is_accepted:
            self.accept.show_as(tr("incoming.connecting"), keys="")
            self.accept.setEnabled(False)
        else:
            self.accept.show_as(tr("action.accept"), keys=ACCEPT_KEYS)
            self.accept.setEnabled(True)
        self.accept.setVisible(not hard and not model.is_callback)
        self.lift.setVisible(hard or model.is_callback)
        self.lift.setText(tr("incoming.lift") if hard else tr("incoming.by_itself"))
        self.head.update()

    def _on_decline(self) -> None:
        """With reasons: a menu; the first entry declines without one."""
        reasons = self._state_bar.decline_reasons()
        if not reasons:
            self._model.decline()
            return
        menu = QMenu(self)
        for code, word in reasons:
            menu.addAction(word).setData(code)
        menu.triggered.connect(self._on_reason)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.decline.mapToGlobal(QPoint(0, -menu.sizeHint().height() - 4)))

    def _on_reason(self, action: QAction) -> None:
        self._model.decline(str(action.data() or ""))


class IncomingPanel(QWidget):
    """Over the lower right corner of the window, with the only shadow there is."""

    def __init__(self, model: Incoming, state_bar: StateBar, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self._drawn: object = None
        self._ground = QPixmap()
        column = panel.column(self, margins=(SHADOW, SHADOW, SHADOW, SHADOW))
        self.body = OfferBody(model, state_bar)
        column.addWidget(self.body)
        model.changed.connect(self.refresh)
        theme().changed.connect(self.update)
        self.refresh()

    def refresh(self) -> None:
        shown = self._model.call is not None
        if shown:
            self.place()
        self.setVisible(shown)
        if shown:
            self.raise_()

    def place(self) -> None:
        host = self.parentWidget()
        if host is not None:
            self.setFixedWidth(WIDTH + 2 * SHADOW)
            self.adjustSize()
            self.move(host.width() - self.width() - 29 + SHADOW, host.height() - self.height() - 28 + SHADOW)

    def paintEvent(self, event: QPaintEvent) -> None:
        key = (self.size(), theme().name, self.devicePixelRatioF())
        if key != self._drawn:
            self._drawn, self._ground = key, self._draw_ground()
        QPainter(self).drawPixmap(0, 0, self._ground)

    def _draw_ground(self) -> QPixmap:
        """Card and shadow, drawn once per size and theme: the countdown repaints the panel four times a second."""
        ratio = self.devicePixelRatioF()
        ground = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        ground.setDevicePixelRatio(ratio)
        ground.fill(Qt.GlobalColor.transparent)
        painter = QPainter(ground)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        box = QRectF(self.rect()).adjusted(SHADOW, SHADOW, -SHADOW, -SHADOW)
        shade = QColor(t().shadow)
        for step in range(SHADOW, 0, -1):
            shade.setAlphaF(SHADOW_DARKNESS * 3 / SHADOW * (1 - step / SHADOW) ** 2)
            painter.setBrush(shade)
            painter.drawRoundedRect(box.adjusted(-step, 8 - step, step, step), RADIUS + step, RADIUS + step)
        painter.setBrush(QColor(t().card))
        painter.setPen(QColor(t().border))
        painter.drawRoundedRect(box.adjusted(-0.5, -0.5, 0.5, 0.5), RADIUS, RADIUS)
        painter.end()
        return ground


class IncomingToast(QWidget):
    """On top of all windows while the main window is not in front; shown without being activated."""

    opened = Signal()

    def __init__(self, model: Incoming, state_bar: StateBar, main: QWidget) -> None:
        flags = (
            Qt.WindowType.Tool
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.WindowStaysOnTopHint
            | Qt.WindowType.WindowDoesNotAcceptFocus
        )
        super().__init__(None, flags)
        self._model, self._main = model, main
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating, True)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground, True)
        self.setFixedWidth(WIDTH)
        panel.column(self).addWidget(OfferBody(model, state_bar))
        model.appeared.connect(self.refresh)
        model.left.connect(self.hide)
        model.changed.connect(self._on_changed)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, super().sizeHint().height())

    def refresh(self) -> None:
        if self._model.call is None or self._main.isActiveWindow():
            self.hide()
            return
        screen = self._main.screen() or QGuiApplication.primaryScreen()
        place = screen.availableGeometry()
        self.adjustSize()
        self.move(place.right() - self.width() - 16, place.bottom() - self.height() - 16)
        self.show()

    def _on_changed(self) -> None:
        if self._model.call is None and self.isVisible():
            self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(t().border))
        painter.setBrush(QColor(t().card))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
