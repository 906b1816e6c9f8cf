"""Lines under the top bar that never block: the connection, how an offer ended, a refusal or notice."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from agent_app.i18n import formats, tr
from agent_app.viewmodels.connection import ConnectionModel
from agent_app.viewmodels.incoming import Incoming
from agent_app.viewmodels.notices import Notices
from agent_app.viewmodels.state_bar import StateBar
from agent_app.views.kit import icons, panel
from agent_app.views.kit.button import Button
from agent_app.views.kit.theme import font, t, theme
from agent_app.views.kit.tokens import Tone


class Line(QWidget):
    """One line on the tint of its tone."""

    def __init__(self) -> None:
        super().__init__()
        self._text, self._icon = "", "info"
        self._tone: Tone = "accent"
        self.setFixedHeight(36)
        self.row = panel.row(self, margins=(14, 3, 14, 3), gap=8)
        self.row.addStretch(1)
        self.hide()
        theme().changed.connect(self.update)

    def text(self) -> str:
        return self._text

    def show_line(self, text: str, tone: Tone, icon: str) -> None:
        self._text, self._tone, self._icon = text, tone, icon
        self.setAccessibleName(text)
        self.setVisible(bool(text))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(t().tint(self._tone)))
        icons.paint(painter, self._icon, colour=t().ink(self._tone), x=16, y=10, px=16)
        painter.setPen(QColor(t().ink(self._tone)))
        painter.setFont(font(13, bold=True))
        painter.drawText(self.rect().adjusted(40, 0, -320, 0), Qt.AlignmentFlag.AlignVCenter, self._text)


class Banners(QWidget):
    dial_asked = Signal(str)

    def __init__(self, connection: ConnectionModel, incoming: Incoming, notices: Notices, state_bar: StateBar) -> None:
        super().__init__()
        self._connection, self._incoming, self._notices = connection, incoming, notices
        column = panel.column(self)
        self.connection, self.result, self.notice = Line(), Line(), Line()
        for line in (self.connection, self.result, self.notice):
            column.addWidget(line)
        self.dial = Button(tr("action.dial"), icon="phone-outgoing", height=28)
        self.dial.clicked.connect(self._on_dial)
        self.result.row.addWidget(self.dial)
        self.ready = Button(tr("state.ready"), icon="circle-check", height=28)
        self.ready.clicked.connect(state_bar.ready)
        self.ready.clicked.connect(incoming.dismiss_result)
        self.result.row.addWidget(self.ready)
        for line, dismiss in ((self.result, incoming.dismiss_result), (self.notice, notices.dismiss)):
            button = Button(icon="x", kind="flat", height=26)
            button.setAccessibleName(tr("action.dismiss"))
            button.clicked.connect(dismiss)
            line.row.addWidget(button)
        connection.changed.connect(self._show_connection)
        connection.ticked.connect(self._show_connection)
        incoming.result_changed.connect(self._show_result)
        notices.changed.connect(self._show_notice)
        self._show_connection()
        self._show_result()
        self._show_notice()

    def _show_connection(self) -> None:
        text = self._connection.banner()
        if text != self.connection.text():
            self.connection.show_line(text, "warning", "wifi-off")

    def _show_result(self) -> None:
        result = self._incoming.result()
        if result is None:
            self.result.show_line("", "warning", "info")
            return
        outcome, number = result
        who = formats.telephone(number) if number else tr("caller.no_number")
        match outcome:
            case "missed":
                self.result.show_line(tr("offer.missed", who=who), "alarm", "phone-missed")
            case "declined":
                self.result.show_line(tr("offer.declined", who=who), "accent", "phone-off")
            case "device_failed":
                self.result.show_line(tr("offer.device_failed", who=who), "alarm", "mic-off")
            case "caller_gone":
                self.result.show_line(tr("offer.caller_gone", who=who), "warning", "user-x")
            case "answered_elsewhere":
                self.result.show_line(tr("offer.answered_elsewhere", who=who), "neutral", "user-check")
            case "withdrawn":
                self.result.show_line(tr("offer.withdrawn", who=who), "accent", "info")
            case _:
                self.result.show_line(tr("offer.ended", who=who), "accent", "info")
        self.dial.setVisible(bool(number) and outcome != "answered_elsewhere")
        self.ready.setVisible(outcome in ("missed", "declined", "device_failed"))

    def _on_dial(self) -> None:
        if (result := self._incoming.result()) is not None and result[1]:
            self.dial_asked.emit(result[1])
            self._incoming.dismiss_result()

    def _show_notice(self) -> None:
        message = self._notices.current
        if message is None:
            self.notice.show_line("", "accent", "info")
            return
        tone = cast(Tone, message.tone)
        icon = {"alarm": "triangle-alert", "warning": "triangle-alert", "ready": "circle-check"}.get(tone, "info")
        self.notice.show_line(message.text, tone, icon)
