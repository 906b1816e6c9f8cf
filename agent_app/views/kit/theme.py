"""The theme in use: palette, style sheet and fonts of the running application; told to every view when it changes.

Decides how tokens become a QPalette and a style sheet. Colours themselves are in tokens.py.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from agent_app.views.kit import tokens
from agent_app.views.kit.style import style_sheet
from agent_app.views.kit.tokens import THEMES, ThemeName, Tokens

# Korean fonts first; then each platform's own. Qt takes the first that has the glyph.
FONT_FAMILIES = [
    "Noto Sans KR",
    "Noto Sans CJK KR",
    "NanumGothic",
    "Malgun Gothic",
    "Apple SD Gothic Neo",
    "Noto Sans",
    "sans-serif",
]


class Theme(QObject):
    """Holds the name of the theme; `changed` is emitted after palette and style sheet are in place."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._name: ThemeName = "light"

    @property
    def name(self) -> ThemeName:
        return self._name

    @property
    def tokens(self) -> Tokens:
        return THEMES[self._name]

    def apply(self, name: ThemeName) -> None:
        self._name = name
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.setPalette(palette(self.tokens))
            app.setStyleSheet(style_sheet(self.tokens))
        self.changed.emit()

    def toggle(self) -> None:
        self.apply("dark" if self._name == "light" else "light")


_theme: Theme | None = None


def theme() -> Theme:
    """The one theme object; made on first use because a QObject must not be made at import."""
    global _theme
    if _theme is None:
        _theme = Theme()
    return _theme


def t() -> Tokens:
    return theme().tokens


def colour(name: str) -> QColor:
    return QColor(getattr(theme().tokens, name))


def font(px: float = tokens.BASE_PX, *, bold: bool = False) -> QFont:
    made = QFont()
    made.setFamilies(FONT_FAMILIES)
    made.setPixelSize(round(px))
    made.setWeight(QFont.Weight.Bold if bold else QFont.Weight.Normal)
    made.setStyleStrategy(QFont.StyleStrategy.PreferAntialias)
    return made


def install(app: QApplication, name: ThemeName) -> None:
    """Fusion, because it is the one style that follows a palette on every platform."""
    fusion = QStyleFactory.create("Fusion")
    if fusion is not None:
        app.setStyle(fusion)
    app.setFont(font())
    theme().apply(name)


def palette(of: Tokens) -> QPalette:
    role = QPalette.ColorRole
    made = QPalette()
    for target, value in (
        (role.Window, of.ground),
        (role.WindowText, of.text),
        (role.Base, of.raised),
        (role.AlternateBase, of.neutral),
        (role.Text, of.text),
        (role.Button, of.card),
        (role.ButtonText, of.text),
        (role.BrightText, of.alarm),
        (role.Link, of.accent),
        (role.Highlight, of.accent_tint),
        (role.HighlightedText, of.text),
        (role.ToolTipBase, of.raised),
        (role.ToolTipText, of.text),
        (role.PlaceholderText, of.muted),
        (role.Accent, of.accent),
        (role.Light, of.raised),
        (role.Mid, of.border),
        (role.Dark, of.border),
    ):
        made.setColor(target, QColor(value))
    for target in (role.Text, role.ButtonText, role.WindowText):
        made.setColor(QPalette.ColorGroup.Disabled, target, QColor(of.muted))
    return made
