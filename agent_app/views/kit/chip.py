"""Small painted words with a tone: tags (VIP), gauges of the queue strip, the key caps beside an action."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from agent_app.views.kit import icons
from agent_app.views.kit.theme import font, t, theme
from agent_app.views.kit.tokens import CHIP_RADIUS, LABEL_PX, SMALL_PX, Tone


class Painted(QWidget):
    """A widget that draws itself from tokens, so that a change of theme costs one repaint."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)


class Chip(Painted):
    """A tag: short word on the tint of its tone."""

    def __init__(self, text: str = "", tone: Tone = "neutral", icon: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text, self._tone, self._icon = text, tone, icon
        self._font = font(LABEL_PX, bold=True)
        self.setAccessibleName(text)

    def text(self) -> str:
        return self._text

    def tone(self) -> Tone:
        return self._tone

    def show_text(self, text: str, tone: Tone = "neutral", icon: str = "") -> None:
        if (text, tone, icon) == (self._text, self._tone, self._icon):
            return
        self._text, self._tone, self._icon = text, tone, icon
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        width = QFontMetricsF(self._font).horizontalAdvance(self._text) + 14 + (16 if self._icon else 0)
        return QSize(round(width + 0.5), 19)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t().tint(self._tone)))
        painter.drawRoundedRect(QRectF(self.rect()), CHIP_RADIUS - 1, CHIP_RADIUS - 1)
        left = 7.0
        if self._icon:
            icons.paint(painter, self._icon, colour=t().ink(self._tone), x=left - 1, y=3, px=13)
            left += 15
        painter.setPen(QColor(t().ink(self._tone)))
        painter.setFont(self._font)
        painter.drawText(QRectF(left, 0, self.width() - left, self.height()), Qt.AlignmentFlag.AlignVCenter, self._text)


class RemovableChip(Chip):
    """A rounded chip that can be taken back by its cross (the pending state)."""

    removed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width() + 25, 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(t().accent), 1.5) if self.hasFocus() else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t().tint(self._tone)))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 11.5, 11.5)
        painter.setPen(QColor(t().ink(self._tone)))
        painter.setFont(self._font)
        painter.drawText(QRectF(11, 0, self.width(), self.height()), Qt.AlignmentFlag.AlignVCenter, self._text)
        icons.paint(painter, "x", colour=t().ink(self._tone), x=self.width() - 23, y=5, px=14)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.rect().contains(event.position().toPoint()):
            self.removed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Delete):
            self.removed.emit()
        else:
            super().keyPressEvent(event)


class Gauge(Painted):
    """One figure of the queue strip: icon, word, bold value; optionally a line of its last values and a target."""

    def __init__(self, icon: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = icon
        self._word, self._value, self._after = "", "", ""
        self._tone: Tone = "neutral"
        self._points: tuple[float, ...] = ()
        self._target: float | None = None
        self._word_font, self._value_font = font(LABEL_PX), font(13, bold=True)

    def value(self) -> str:
        return self._value

    def tone(self) -> str:
        return self._tone

    def show_value(
        self,
        word: str,
        value: str,
        tone: Tone,
        *,
        after: str = "",
        points: tuple[float, ...] = (),
        target: float | None = None,
    ) -> None:
        new = (word, value, tone, after, points, target)
        if new == (self._word, self._value, self._tone, self._after, self._points, self._target):
            return
        self._word, self._value, self._after = word, value, after
        self._tone = tone
        self._points, self._target = points, target
        self.setAccessibleName(f"{word} {value} {after}".strip())
        self.updateGeometry()
        self.update()

    def _widths(self) -> tuple[float, float, float, float]:
        words, values = QFontMetricsF(self._word_font), QFontMetricsF(self._value_font)
        line = 55.0 if len(self._points) > 1 else 0.0
        after = words.horizontalAdvance(self._after) + 6 if self._after else 0.0
        return words.horizontalAdvance(self._word), values.horizontalAdvance(self._value), line + 6 * bool(line), after

    def sizeHint(self) -> QSize:
        word, value, line, after = self._widths()
        return QSize(round(10 + 20 + word + 7 + value + line + after + 11), 28)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tone = self._tone
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t().tint(tone)))
        painter.drawRoundedRect(QRectF(self.rect()), 8, 8)
        icons.paint(painter, self._icon, colour=t().ink(tone), x=9, y=6, px=15)
        word, value, line, _ = self._widths()
        middle, height = Qt.AlignmentFlag.AlignVCenter, self.height()
        painter.setPen(QColor(t().ink(tone)))
        painter.setFont(self._word_font)
        painter.drawText(QRectF(30, 0, word + 2, height), middle, self._word)
        painter.setFont(self._value_font)
        left = 30 + word + 7
        painter.drawText(QRectF(left, 0, value + 2, height), middle, self._value)
        left += value + 6
        if line:
            self._paint_line(painter, QRectF(left, 7, 55, 14))
            left += line
        if self._after:
            painter.setPen(QColor(t().muted))
            painter.setFont(self._word_font)
            painter.drawText(QRectF(left, 0, self.width() - left, height), middle, self._after)

    def _paint_line(self, painter: QPainter, box: QRectF) -> None:
        low, high = min(self._points), max(self._points)
        if self._target is not None:
            low, high = min(low, self._target), max(high, self._target)
        span = (high - low) or 1.0
        step = box.width() / (len(self._points) - 1)

        def at(index: int, value: float) -> QPointF:
            return QPointF(box.left() + index * step, box.bottom() - (value - low) / span * box.height())

        ink = QColor(t().ink(self._tone))
        if self._target is not None:
            y = at(0, self._target).y()
            painter.setPen(QPen(ink, 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
        painter.setPen(QPen(ink, 1.6))
        painter.drawPolyline(QPolygonF([at(i, v) for i, v in enumerate(self._points)]))


def keycap_width(text: str) -> float:
    return QFontMetricsF(font(SMALL_PX)).horizontalAdvance(text) + 10


def paint_keycap(painter: QPainter, text: str, box: QRectF, *, ink: str, border: str, ground: str | None) -> None:
    """A key as a small boxed word; the lower edge is heavier, as on a keyboard."""
    painter.setPen(QPen(QColor(border), 1))
    painter.setBrush(QColor(ground) if ground else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3.5, 3.5)
    if ground:
        painter.drawLine(QPointF(box.left() + 3, box.bottom() - 1.2), QPointF(box.right() - 3, box.bottom() - 1.2))
    painter.setPen(QColor(ink))
    painter.setFont(font(SMALL_PX))
    painter.drawText(box.adjusted(0, -1, 0, 0), Qt.AlignmentFlag.AlignCenter, text)


class Keycap(Painted):
    """A key cap on its own, beside a title."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self.setAccessibleName(text)

    def sizeHint(self) -> QSize:
        return QSize(round(keycap_width(self._text) + 0.5), 18)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_keycap(painter, self._text, QRectF(self.rect()), ink=t().muted, border=t().border, ground=t().raised)


class Avatar(Painted):
    """The first letter of a name in a circle."""

    def __init__(self, tone: Tone = "accent", px: int = 34, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone: Tone = tone
        self._letter, self._px = "", px

    def show_name(self, name: str, tone: Tone | None = None) -> None:
        self._letter = name.strip()[:1]
        self._tone = tone or self._tone
        self.setAccessibleName(name)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._px, self._px)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t().tint(self._tone)))
        painter.drawEllipse(QRectF(self.rect()))
        painter.setPen(QColor(t().ink(self._tone)))
        painter.setFont(font(13 if self._px < 38 else 14, bold=True))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._letter)
