"""A record view: the list as a table with fixed widths, below it the chosen row in detail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QPalette, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from agent_app.i18n import tr
from agent_app.viewmodels.records import LEVEL_ROLE, TIMELINE, RecordViews
from agent_app.views.kit import panel
from agent_app.views.kit.button import Button
from agent_app.views.kit.label import Label
from agent_app.views.kit.theme import t
from agent_app.views.kit.tokens import Tone
from cti_server.wire.server import Column

CHARACTER_PX = 8
ROW_PX = 34
DETAIL_COLUMNS = 2
PICTURE_PX = 84
COLUMN_PX_MIN = 44
_TONES: Final[dict[str, Tone]] = {"ok": "ready", "info": "accent", "warning": "warning", "alarm": "alarm"}


class CellDelegate(QStyledItemDelegate):
    """Colours a coded value by its level; the word stays beside the colour."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        if (tone := _TONES.get(index.data(LEVEL_ROLE) or "")) is not None:
            ink = QColor(t().ink(tone))
            option.palette.setColor(QPalette.ColorRole.Text, ink)
            option.palette.setColor(QPalette.ColorRole.HighlightedText, ink)


class RecordView(QWidget):
    def __init__(self, model: RecordViews) -> None:
        super().__init__()
        self._model, self._widths = model, object()
        column = panel.column(self)
        self.table = QTableView()
        self.table.setModel(model.table)
        self.table.setItemDelegate(CellDelegate(self.table))
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(ROW_PX)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.setTabKeyNavigation(False)
        self.table.selectionModel().currentRowChanged.connect(self._on_row)
        column.addWidget(self.table, 3)
        self.detail_area = panel.ScrolledColumn(fills=True)
        self.detail = QWidget()
        self._grid = QGridLayout(self.detail)
        self._grid.setContentsMargins(14, 12, 14, 14)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        for place in range(DETAIL_COLUMNS):
            self._grid.setColumnMinimumWidth(2 * place, 74)
            self._grid.setColumnStretch(2 * place + 1, 1)
        self.detail_area.content.addWidget(self.detail)
        column.addWidget(self.detail_area, 2)
        self.state = Label("", "muted")
        self.state.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.state, 1)
        self.retry = Button(tr("action.try_again"), icon="rotate-ccw")
        self.retry.clicked.connect(model.retry)
        column.addWidget(self.retry, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(8)
        model.changed.connect(self.refresh)
        model.moved.connect(self._on_moved)
        self.refresh()

    def refresh(self) -> None:
        if self._model.current == TIMELINE:
            return
        model, condition = self._model, self._model.condition
        rows = model.table.rowCount()
        here = condition == "here" and rows > 0
        for widget in (self.table, self.detail_area):
            widget.setVisible(here)
        self.state.setVisible(not here)
        self.retry.setVisible(condition == "failed")
        if here:
            self._set_widths()
            self._select()
            return
        self.state.setText(_SENTENCES[condition]())
        panel.clear(self._grid)

    def _set_widths(self) -> None:
        key = tuple((column.key, column.width) for column in self._model.table.columns)
        if key != self._widths:
            self._widths = key
            for number, width in enumerate(fitted(self._model.table.columns, self.width() - 10)):
                self.table.setColumnWidth(number, width)
        tall = self.table.horizontalHeader().sizeHint().height() + self._model.table.rowCount() * ROW_PX + 2
        self.table.setMaximumHeight(tall)

    def _select(self) -> None:
        current = self.table.currentIndex().row()
        wanted = current if 0 <= current < self._model.table.rowCount() else self._model.selected()
        if current != wanted:
            self.table.selectRow(wanted)
        else:
            self._show_detail(wanted)

    def _on_moved(self) -> None:
        wanted = self._model.selected()
        if wanted >= 0:
            self.table.selectRow(wanted)
            self.table.scrollTo(self._model.table.index(wanted, 0))

    def _on_row(self, now: QModelIndex, before: QModelIndex) -> None:
        if now.isValid():
            self._show_detail(now.row())

    def _show_detail(self, row: int) -> None:
        panel.clear(self._grid)
        for number, (title, text, kind) in enumerate(self._model.detail(row)):
            line, place = divmod(number, DETAIL_COLUMNS)
            self._grid.addWidget(Label(title, "muted"), line, 2 * place, Qt.AlignmentFlag.AlignTop)
            value = self._picture(text) if kind == "picture" else self._text(text)
            self._grid.addWidget(value, line, 2 * place + 1, Qt.AlignmentFlag.AlignTop)
        self._grid.setRowStretch(self._grid.rowCount(), 1)

    def _text(self, text: str) -> QWidget:
        value = Label(text, wrap=True)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return value

    def _picture(self, name: str) -> QWidget:
        shown, pixmap = Label(), QPixmap()
        png = self._model.picture(name)
        if png and pixmap.loadFromData(png):
            ratio = self.devicePixelRatioF()
            pixmap = pixmap.scaledToHeight(round(PICTURE_PX * ratio), Qt.TransformationMode.SmoothTransformation)
            pixmap.setDevicePixelRatio(ratio)
            shown.setPixmap(pixmap)
        return shown

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._widths = object()
        self._set_widths()


def fitted(columns: tuple[Column, ...], room: int) -> list[int]:
    """Widths in pixels. Where they do not fit, texts give way: a scroll bar would hide the state behind them."""
    wanted = [max(64, (16 if column.kind == "time" else column.width) * CHARACTER_PX + 16) for column in columns]
    rigid = sum(width for width, column in zip(wanted, columns, strict=True) if column.kind != "text")
    flexible = sum(wanted) - rigid
    share = min(1.0, max(0.0, room - rigid) / flexible) if flexible else 1.0
    return [
        max(COLUMN_PX_MIN, int(width * share)) if column.kind == "text" else width
        for width, column in zip(wanted, columns, strict=True)
    ]


_SENTENCES: Final[dict[str, Callable[[], str]]] = {
    "empty": lambda: tr("timeline.nobody"),
    "waiting": lambda: tr("card.waiting"),
    "failed": lambda: tr("card.failed"),
    "here": lambda: tr("record.none"),
}
