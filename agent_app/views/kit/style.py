"""The style sheet: borders, paddings and inputs of the standard widgets. Colours come in as tokens.

Painted widgets (chips, buttons, delegates) do not pass through here; they read tokens themselves.
"""

from __future__ import annotations

from agent_app.views.kit import tokens as size
from agent_app.views.kit.tokens import Tokens


def style_sheet(t: Tokens) -> str:
    return f"""
QWidget {{ color: {t.text}; }}
QMainWindow, QDialog, QWidget#page {{ background: {t.ground}; }}
QFrame#bar {{ background: {t.card}; border: none; border-bottom: 1px solid {t.border}; }}
QFrame#card {{ background: {t.card}; border: 1px solid {t.border}; border-radius: {size.CARD_RADIUS}px; }}
QFrame#line {{ background: {t.border}; border: none; }}
QFrame#banner {{ background: {t.warning_tint}; border: none; border-bottom: 1px solid {t.border}; }}
QFrame#say {{ background: {t.accent_tint}; border: none; border-radius: {size.CARD_RADIUS}px; }}
QFrame#linked {{ background: {t.raised}; border: 1px dashed {t.border}; border-radius: {size.CONTROL_RADIUS}px; }}
QFrame#alert {{ background: {t.warning_tint}; border: none; border-radius: {size.CONTROL_RADIUS}px; }}
QFrame#alert_alarm {{ background: {t.alarm_tint}; border: none; border-radius: {size.CONTROL_RADIUS}px; }}
QFrame#alert_accent {{ background: {t.accent_tint}; border: none; border-radius: {size.CONTROL_RADIUS}px; }}
QFrame#inset {{ background: {t.raised}; border: none; border-radius: {size.CONTROL_RADIUS}px; }}
QFrame#outset {{ background: {t.raised}; border: 1px solid {t.border}; border-radius: {size.CONTROL_RADIUS}px; }}

QLabel {{ background: transparent; border: none; }}
QLabel[role="title"] {{ font-size: {size.LABEL_PX}px; font-weight: bold; color: {t.muted}; }}
QLabel[role="muted"] {{ color: {t.muted}; }}
QLabel[role="small"] {{ color: {t.muted}; font-size: {size.LABEL_PX}px; }}
QLabel[role="strong"] {{ font-weight: bold; }}
QLabel[role="name"] {{ font-size: {size.NAME_PX}px; font-weight: bold; }}
QLabel[role="brand"] {{ font-size: {size.NAME_PX}px; font-weight: bold; color: {t.accent}; }}
QLabel[role="big"] {{ font-size: {size.TILE_PX}px; font-weight: bold; }}
QLabel[role="alarm"] {{ color: {t.alarm}; font-weight: bold; }}
QLabel[role="alarmtext"] {{ color: {t.alarm}; }}
QLabel[role="warning"] {{ color: {t.warning}; font-size: {size.LABEL_PX}px; }}
QLabel[role="ready"] {{ color: {t.ready}; font-size: {size.LABEL_PX}px; }}
QLabel[role="required"] {{ color: {t.alarm}; font-size: {size.LABEL_PX}px; font-weight: bold; }}
QLabel[role="accenttext"] {{ color: {t.accent}; font-size: {size.LABEL_PX}px; }}
QLabel[role="accent"] {{ color: {t.accent}; font-size: {size.LABEL_PX}px; font-weight: bold; }}

QLineEdit, QPlainTextEdit, QTextEdit, QComboBox, QDateTimeEdit, QSpinBox {{
  background: {t.raised}; color: {t.text}; border: 1px solid {t.border}; border-radius: {size.CONTROL_RADIUS}px;
  selection-background-color: {t.accent}; selection-color: {t.on_fill}; font-size: {size.BASE_PX}px;
}}
QLineEdit {{ padding: 6px 10px; min-height: 19px; }}
QLineEdit#search {{ background: {t.card}; padding: 5px 10px 5px 4px; }}
QPlainTextEdit {{ padding: 6px 6px; }}
QComboBox, QDateTimeEdit, QSpinBox {{ padding: 5px 10px; min-height: 20px; }}
QLineEdit:focus, QPlainTextEdit:focus, QComboBox:focus, QDateTimeEdit:focus, QSpinBox:focus
{{ border: 1px solid {t.accent}; }}
QLineEdit:disabled, QPlainTextEdit:disabled {{ color: {t.muted}; }}
QComboBox::drop-down, QDateTimeEdit::drop-down {{ border: none; width: 26px; background: transparent; }}
QComboBox::down-arrow, QDateTimeEdit::down-arrow {{ image: none; width: 0; height: 0; }}
QComboBox QAbstractItemView {{ background: {t.card}; border: 1px solid {t.border}; outline: none; padding: 4px; }}

QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {t.border}; }}
QSlider::sub-page:horizontal {{ border-radius: 2px; background: {t.accent}; }}
QSlider::handle:horizontal {{ width: 14px; margin: -5px 0; border-radius: 7px; background: {t.accent}; }}
QSlider::handle:horizontal:focus {{ border: 2px solid {t.text}; width: 10px; }}

QMenu {{ background: {t.card}; border: 1px solid {t.border}; padding: 6px; }}
QMenu::item {{ padding: 7px 28px 7px 10px; border-radius: {size.CHIP_RADIUS}px; }}
QMenu::item:selected {{ background: {t.accent_tint}; color: {t.text}; }}
QMenu::item:disabled {{ color: {t.muted}; }}
QMenu::separator {{ height: 1px; background: {t.border}; margin: 5px 4px; }}
QMenu::icon {{ padding-left: 8px; }}

QAbstractItemView {{ background: {t.card}; border: none; outline: none; }}
QListView, QTableView, QTreeView {{ background: {t.card}; gridline-color: {t.border};
  selection-background-color: {t.accent_tint}; selection-color: {t.text}; alternate-background-color: {t.raised}; }}
QTableView::item {{ padding: 0 8px; border-bottom: 1px solid {t.border}; }}
QTableView::item:selected {{ background: {t.accent_tint}; }}
QHeaderView {{ background: {t.raised}; }}
QHeaderView::section {{ background: {t.raised}; color: {t.muted}; border: none; border-bottom: 1px solid {t.border};
  padding: 6px 8px 6px 11px; font-size: {size.LABEL_PX}px; font-weight: bold; }}
QTableCornerButton::section {{ background: {t.raised}; border: none; }}

QListWidget {{ border: 1px solid {t.border}; border-radius: {size.CONTROL_RADIUS}px; padding: 4px; }}
QListWidget::item {{ padding: 7px 8px; border-radius: {size.CHIP_RADIUS}px; }}
QListWidget::item:selected {{ background: {t.accent_tint}; color: {t.text}; }}
QCalendarWidget QWidget {{ alternate-background-color: {t.raised}; }}
QCalendarWidget QToolButton {{ color: {t.text}; background: transparent; border: none; padding: 4px 8px; }}
QCalendarWidget QAbstractItemView {{ selection-background-color: {t.accent}; selection-color: {t.on_fill}; }}

QScrollArea {{ background: transparent; border: none; }}
QScrollArea > QWidget > QWidget#scrolled {{ background: transparent; }}
QScrollBar:vertical {{ background: transparent; width: 9px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 9px; margin: 0; }}
QScrollBar::handle {{ background: {t.border}; border-radius: 4px; min-height: 28px; min-width: 28px; }}
QScrollBar::handle:hover {{ background: {t.muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QSplitter::handle {{ background: transparent; }}
QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.border}; padding: 4px 6px; }}
"""
