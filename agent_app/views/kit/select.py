"""Inputs that open a list or a calendar: the style sheet takes their arrow away, so it is drawn here, tinted."""

from __future__ import annotations

from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QDateTimeEdit, QWidget

from agent_app.views.kit import icons
from agent_app.views.kit.theme import t, theme


def _paint_arrow(widget: QWidget) -> None:
    painter = QPainter(widget)
    icons.paint(painter, "chevron-down", colour=t().muted, x=widget.width() - 24, y=widget.height() / 2 - 8, px=16)
    painter.end()


class Select(QComboBox):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme().changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        _paint_arrow(self)


class DateTime(QDateTimeEdit):
    """Day and time, with a calendar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCalendarPopup(True)
        theme().changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        _paint_arrow(self)
