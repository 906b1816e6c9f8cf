"""How even the day was: everybody's calls beside an even share, and below it my own free time beside waiting calls."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from agent_app.i18n import tr
from agent_app.viewmodels.fairness import RUNS, SHARES, Fairness, PastTable
from agent_app.views import paper
from agent_app.views.kit import panel
from agent_app.views.kit.button import Button
from agent_app.views.kit.label import ElidedLabel, Label
from agent_app.views.kit.theme import t, theme
from agent_app.views.kit.tokens import PAGE_MARGIN
from cti_server.wire.explained import IdleRun, Share

ROW_PX = 34
BAR_PX = 10
BAND_PX = 18
SHARE_WIDTHS = {"agent": 190, "share": 290, "calls": 70, "expected": 120, "logged": 100, "idle": 95, "occupancy": 105}
RUN_WIDTHS = {"time": 180, "length": 90, "call": 240}


class ShareDelegate(QStyledItemDelegate):
    """A bar for the calls on a band for what chance allows about an even share; the share itself is a line."""

    def __init__(self, model: Fairness, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        share, box = index.data(Qt.ItemDataRole.UserRole), option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, QColor(t().accent_tint))
        most = self._model.most()
        if isinstance(share, Share) and most > 0:
            self._bar(painter, QRectF(box).adjusted(11, 0, -11, 0), share, most)
        painter.fillRect(box.left(), box.bottom(), box.width(), 1, QColor(t().border))
        painter.restore()

    def _bar(self, painter: QPainter, box: QRectF, share: Share, most: float) -> None:
        scale, middle = box.width() / most, box.center().y()
        low, high = max(0.0, share.expected_calls - share.spread), share.expected_calls + share.spread
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t().border))
        band = QRectF(box.left() + low * scale, middle - BAND_PX / 2, (high - low) * scale, BAND_PX)
        painter.drawRoundedRect(band, 4, 4)
        painter.setBrush(QColor(t().accent if share.who.is_you else t().muted))
        bar = QRectF(box.left(), middle - BAR_PX / 2, max(2.0, share.calls * scale), BAR_PX)
        painter.drawRoundedRect(bar, 3, 3)
        line = box.left() + share.expected_calls * scale
        painter.fillRect(QRectF(line - 1, middle - BAND_PX / 2, 2, BAND_PX), QColor(t().text))


class FairnessPage(QWidget):
    """`why_asked` carries the call of a chosen run of time."""

    why_asked = Signal(int)

    def __init__(self, model: Fairness) -> None:
        super().__init__()
        self._model = model
        outer = panel.column(self, margins=(PAGE_MARGIN, 12, PAGE_MARGIN, PAGE_MARGIN), gap=10)
        card = panel.frame("card")
        outer.addWidget(card, 3)
        column = panel.column(card, margins=(1, 1, 1, 1))
        column.addLayout(self._head())
        column.addWidget(panel.line())
        column.addLayout(self._about_me())
        self.table = _table(model.shares, tr("page.fairness"), SHARE_WIDTHS, SHARES)
        self.table.setItemDelegateForColumn(SHARES.index("share"), ShareDelegate(model, self.table))
        column.addWidget(self.table, 1)
        self.empty = Label("", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.empty, 1)
        below = panel.frame("card")
        outer.addWidget(below, 2)
        self._build_runs(panel.column(below, margins=(1, 1, 1, 1)))
        model.changed.connect(self.refresh)
        theme().changed.connect(self.table.viewport().update)
        self.refresh()

    def _head(self) -> QHBoxLayout:
        model, head = self._model, panel.row(margins=(14, 9, 14, 9), gap=8)
        head.addWidget(Label(tr("page.fairness"), "title"))
        self.before = Button(icon="chevron-left", height=30)
        self.after = Button(icon="chevron-right", height=30)
        for button, words, days in ((self.before, tr("fair.day_before"), -1), (self.after, tr("fair.day_after"), 1)):
            button.setAccessibleName(words)
            button.setToolTip(words)
            button.setProperty("days", days)
            button.clicked.connect(self._on_step)
        self.day = Label("", "strong")
        for widget in (self.before, self.day, self.after):
            head.addWidget(widget)
        head.addStretch(1)
        self.reload = Button(tr("action.reload"), icon="rotate-ccw", height=30)
        self.reload.clicked.connect(model.reload)
        self.copy = Button(tr("action.copy"), icon="copy", height=30)
        self.copy.clicked.connect(self._on_copy)
        self.print = Button(tr("action.print"), icon="printer", height=30)
        self.print.clicked.connect(self._on_print)
        for button in (self.reload, self.copy, self.print):
            head.addWidget(button)
        return head

    def _about_me(self) -> QHBoxLayout:
        row = panel.row(margins=(14, 8, 14, 8), gap=12)
        self.summary = ElidedLabel("", "strong")
        row.addWidget(self.summary, 1)
        self.legend = Label(tr("fair.legend"), "small")
        row.addWidget(self.legend)
        return row

    def _build_runs(self, column: QVBoxLayout) -> None:
        head = panel.row(margins=(14, 9, 14, 9), gap=8)
        head.addWidget(Label(tr("fair.runs"), "title"))
        self.runs_state = Label("", "small")
        head.addWidget(self.runs_state)
        head.addStretch(1)
        self.why = Button(tr("fair.who_got_it"), icon="scale", height=30)
        self.why.clicked.connect(self._on_why)
        head.addWidget(self.why)
        column.addLayout(head)
        column.addWidget(panel.line())
        self.runs = _table(self._model.runs, tr("fair.runs"), RUN_WIDTHS, RUNS)
        self.runs.activated.connect(self._on_why)
        self.runs.selectionModel().selectionChanged.connect(self.refresh)
        column.addWidget(self.runs, 1)

    def refresh(self) -> None:
        model = self._model
        self.day.setText(model.title())
        self.after.setEnabled(not model.is_today)
        told = model.told()
        has_rows = told is not None and bool(told.shares)
        self.table.setVisible(has_rows)
        self.empty.setVisible(not has_rows)
        self.empty.setText(model.failure() or (tr("fair.nobody") if told is not None else tr("why.loading")))
        self.summary.setText(model.summary())
        self.legend.setVisible(has_rows)
        for button in (self.copy, self.print):
            button.setEnabled(has_rows)
        self.runs_state.setText(model.runs_state())
        self.why.setEnabled(self._chosen() is not None)

    def _chosen(self) -> IdleRun | None:
        index = self.runs.currentIndex()
        row = index.data(Qt.ItemDataRole.UserRole) if index.isValid() else None
        return row if isinstance(row, IdleRun) else None

    def _on_step(self) -> None:
        if (button := self.sender()) is not None:
            self._model.step(int(button.property("days")))

    def _on_why(self) -> None:
        if (run := self._chosen()) is not None:
            self.why_asked.emit(run.call)

    def _on_copy(self) -> None:
        paper.copy(self._model.text())

    def _on_print(self) -> None:
        paper.ask_printer(self._model.text(), self)


def _table(model: PastTable, name: str, widths: dict[str, int], columns: tuple[str, ...]) -> QTableView:
    made = QTableView()
    made.setModel(model)
    made.verticalHeader().hide()
    made.verticalHeader().setDefaultSectionSize(ROW_PX)
    made.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    made.horizontalHeader().setStretchLastSection(True)
    made.horizontalHeader().setHighlightSections(False)
    made.setShowGrid(False)
    made.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    made.setTabKeyNavigation(False)
    made.setAccessibleName(name)
    for number, column in enumerate(columns[:-1]):
        made.setColumnWidth(number, widths[column])
    return made
