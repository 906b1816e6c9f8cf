"""Buttons: bordered, filled, danger, flat; icon and word, the key cap of its shortcut inside. Painted from tokens."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from agent_app.views.kit import icons
from agent_app.views.kit.chip import keycap_width, paint_keycap
from agent_app.views.kit.focus import KeyFocusButton
from agent_app.views.kit.theme import font, t, theme
from agent_app.views.kit.tokens import BASE_PX, CONTROL_RADIUS, Tone

Kind = Literal["plain", "filled", "accept", "danger", "flat"]


class Button(KeyFocusButton):
    """`icon_tone` colours the icon alone (the red dot of "pause recording")."""

    def __init__(
        self,
        text: str = "",
        *,
        icon: str = "",
        kind: Kind = "plain",
        keys: str = "",
        icon_tone: Tone | None = None,
        height: int = 34,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._icon, self._kind, self._keys, self._icon_tone, self._tall = icon, kind, keys, icon_tone, height
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)
        self.setAccessibleDescription(keys)
        if keys:
            self.setToolTip(f"{text}  {keys}")
        theme().changed.connect(self.update)

    def kind(self) -> Kind:
        return self._kind

    def show_as(self, text: str, *, icon: str | None = None, kind: Kind | None = None, keys: str | None = None) -> None:
        self._icon = self._icon if icon is None else icon
        self._keys = self._keys if keys is None else keys
        self._kind = kind or self._kind
        self.setText(text)
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def _content_width(self) -> float:
        width = QFontMetricsF(font(BASE_PX, bold=True)).horizontalAdvance(self.text())
        width += 16 + (7 if self.text() else 0) if self._icon else 0
        return width + (keycap_width(self._keys) + 8 if self._keys else 0)

    def sizeHint(self) -> QSize:
        pad = (11 if self._tall <= 30 else 13) if self.text() else 6
        return QSize(round(self._content_width() + 2 * pad + 0.5), self._tall)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _colours(self) -> tuple[str | None, str, str]:
        """Ground, border and ink of the present kind and condition."""
        tokens, hover = t(), self.underMouse() and self.isEnabled()
        if not self.isEnabled() and self._kind in ("filled", "accept", "danger"):
            return tokens.disabled_fill, tokens.disabled_fill, tokens.on_disabled
        match self._kind:
            case "filled":
                return tokens.accent, tokens.accent, tokens.on_fill
            case "accept":
                return tokens.ready, tokens.ready, tokens.on_fill
            case "danger":
                return tokens.danger_fill, tokens.danger_fill, tokens.on_danger
            case "flat":
                return (tokens.neutral if hover else None), "", tokens.muted
            case _:
                ink = tokens.text if self.isEnabled() else tokens.muted
                return (tokens.raised if hover else tokens.card), tokens.border, ink

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground, border, ink = self._colours()
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(QColor(border), 1) if border else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(ground) if ground else Qt.BrushStyle.NoBrush)
        if self.isDown():
            painter.setOpacity(0.85)
        painter.drawRoundedRect(box, CONTROL_RADIUS, CONTROL_RADIUS)
        if self.shows_focus:
            painter.setPen(QPen(QColor(t().text if self._kind in ("filled", "accept", "danger") else t().accent), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), CONTROL_RADIUS - 1, CONTROL_RADIUS - 1)
        self._paint_content(painter, ink)

    def _paint_content(self, painter: QPainter, ink: str) -> None:
        left = (self.width() - self._content_width()) / 2
        middle = self.height() / 2
        if self._icon:
            colour = t().ink(self._icon_tone) if self._icon_tone and self.isEnabled() else ink
            icons.paint(painter, self._icon, colour=colour, x=left, y=middle - 8, px=16)
            left += 16 + (7 if self.text() else 0)
        if self.text():
            bold = font(BASE_PX, bold=True)
            painter.setFont(bold)
            painter.setPen(QColor(ink))
            width = QFontMetricsF(bold).horizontalAdvance(self.text())
            painter.drawText(QRectF(left, 0, width + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, self.text())
            left += width + 8
        if self._keys:
            box = QRectF(left, middle - 9, keycap_width(self._keys), 18)
            filled = self._kind in ("filled", "accept", "danger")
            ground = None if filled else t().raised
            paint_keycap(
                painter,
                self._keys,
                box,
                ink=ink if filled else t().muted,
                border=ink if filled else t().border,
                ground=ground,
            )


class ChoiceChip(KeyFocusButton):
    """A choice among few: rounded, the chosen one in the accent; `quiet` is the filter of a list (no border)."""

    def __init__(self, text: str, *, quiet: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._quiet = quiet
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)
        self._font = font(12 if quiet else 12.5, bold=True)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        width = QFontMetricsF(self._font).horizontalAdvance(self.text())
        return QSize(round(width + (20 if self._quiet else 22)), 24 if self._quiet else 26)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens, chosen = t(), self.isChecked()
        if self._quiet:
            border = tokens.accent if self.shows_focus else ""
            ground = tokens.neutral if chosen or self.underMouse() else None
            ink = tokens.text if chosen else tokens.muted
        else:
            border = tokens.accent if chosen or self.shows_focus else tokens.border
            ground = tokens.accent_tint if chosen else tokens.card
            ink = tokens.accent if chosen else tokens.text
        painter.setPen(QPen(QColor(border), 1) if border else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(ground) if ground else Qt.BrushStyle.NoBrush)
        radius = self.height() / 2 - 0.5
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        painter.setPen(QColor(ink if self.isEnabled() else tokens.muted))
        painter.setFont(self._font)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
