"""A sentence to be said, with the customer's data in bold. Laid out from pieces: nothing in it is ever read as HTML."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import QSizePolicy, QWidget

from agent_app.views.kit.theme import font, t, theme
from agent_app.views.kit.tokens import SENTENCE_PX
from scripts.sentences import Part


class Sentence(QWidget):
    def __init__(self, *, px: float = SENTENCE_PX, leading: float = 1.6) -> None:
        super().__init__()
        self._parts: tuple[Part, ...] = ()
        self._px, self._leading = px, leading
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme().changed.connect(self.update)

    def text(self) -> str:
        return "".join(part.text for part in self._parts)

    def show_parts(self, parts: tuple[Part, ...]) -> None:
        if parts != self._parts:
            self._parts = parts
            self.setAccessibleName(self.text())
            self.updateGeometry()
            self.update()

    def _layout(self, width: int) -> tuple[QTextLayout, float]:
        """The lines, each as tall as the leading says."""
        laid = QTextLayout(self.text(), font(self._px))
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        laid.setTextOption(option)
        bold, ranges, at = QTextCharFormat(), [], 0
        bold.setFontWeight(QFont.Weight.Bold)
        for part in self._parts:
            if part.is_data:
                span = QTextLayout.FormatRange()
                span.start, span.length, span.format = at, len(part.text), bold
                ranges.append(span)
            at += len(part.text)
        laid.setFormats(ranges)
        tall, y = self._px * self._leading, 0.0
        laid.beginLayout()
        while (line := laid.createLine()).isValid():
            line.setLineWidth(max(20, width))
            line.setPosition(QPointF(0, y + (tall - line.height()) / 2))
            y += tall
        laid.endLayout()
        return laid, y

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(self._layout(width)[1] + 1)

    def sizeHint(self) -> QSize:
        width = self.width() if self.width() > 60 else 300
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(60, round(self._px * self._leading))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QColor(t().text))
        self._layout(self.width())[0].draw(painter, QPointF(0, 0))
