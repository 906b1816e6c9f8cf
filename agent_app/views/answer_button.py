"""One expected answer: its key, what the customer says, where it leads."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy

from agent_app.views.kit import icons
from agent_app.views.kit.chip import keycap_width, paint_keycap
from agent_app.views.kit.focus import KeyFocusButton
from agent_app.views.kit.theme import font, t, theme
from agent_app.views.kit.tokens import CONTROL_RADIUS

HEIGHT = 39
LINE_PX = 19


class AnswerButton(KeyFocusButton):
    """A long answer takes a second line rather than being cut."""

    def __init__(self, keys: str, text: str, hint: str = "") -> None:
        super().__init__(text)
        self._keys, self._hint = keys, hint
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(f"{text}. {hint}".rstrip(". "))
        self.setAccessibleDescription(keys)
        theme().changed.connect(self.update)

    def _room(self, width: int) -> tuple[float, float]:
        """Left edge and width of the answer's text."""
        left = 12 + keycap_width(self._keys) + 9
        hint = QFontMetricsF(font(12)).horizontalAdvance(self._hint) + 12 if self._hint else 0
        return left, width - left - min(hint, width * 0.42) - 32

    def heightForWidth(self, width: int) -> int:
        _, room = self._room(width)
        needed = QFontMetricsF(font(13, bold=True)).horizontalAdvance(self.text())
        return HEIGHT if needed <= room else HEIGHT + LINE_PX

    def hasHeightForWidth(self) -> bool:
        return True

    def sizeHint(self) -> QSize:
        width = self.width() if self.width() > 120 else 320
        return QSize(200, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hover = self.underMouse() or self.isDown()
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(QColor(t().accent if self.shows_focus or hover else t().border), 1))
        painter.setBrush(QColor(t().raised if hover else t().card))
        painter.drawRoundedRect(box, CONTROL_RADIUS, CONTROL_RADIUS)
        middle = self.height() / 2
        cap = QRectF(12, middle - 9, keycap_width(self._keys), 18)
        paint_keycap(painter, self._keys, cap, ink=t().muted, border=t().border, ground=t().raised)
        left, room = self._room(self.width())
        painter.setFont(font(13, bold=True))
        painter.setPen(QColor(t().text))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(QRectF(left, 0, room + 2, self.height()), flags, self.text())
        icons.paint(painter, "chevron-right", colour=t().muted, x=self.width() - 28, y=middle - 8, px=16)
        if self._hint:
            small = font(12)
            painter.setFont(small)
            painter.setPen(QColor(t().muted))
            place = QRectF(left + room, 0, self.width() - 36 - left - room, self.height())
            hint = QFontMetricsF(small).elidedText(self._hint, Qt.TextElideMode.ElideRight, place.width())
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, hint)
