"""Callbacks in the order they are due, voice messages among them; the chosen one is heard in place, and dialled by one
click or Return."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from agent_app.i18n import tr
from agent_app.viewmodels.callbacks import COLUMNS, Callbacks, Index
from agent_app.viewmodels.dialling import Dialling
from agent_app.viewmodels.message_player import MessagePlayer
from agent_app.views.kit import icons, panel
from agent_app.views.kit.button import Button
from agent_app.views.kit.label import Label
from agent_app.views.kit.theme import t
from agent_app.views.kit.tokens import PAGE_MARGIN
from agent_app.views.message_bar import MessageBar
from cti_server.wire.server import CallbackView

WIDTHS = (180, 180, 150, 130, 110, 180, 90, 120)
MESSAGE_COLUMN = COLUMNS.index("message")


class MessageDelegate(QStyledItemDelegate):
    """A message is seen by its sign before it is read."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        if index.data():
            option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration
            option.icon = icons.icon("mic", t().accent)


class CallbacksPage(QWidget):
    def __init__(self, model: Callbacks, dialling: Dialling, player: MessagePlayer) -> None:
        super().__init__()
        self._model, self._dialling, self._player = model, dialling, player
        outer = panel.column(self, margins=(PAGE_MARGIN, 12, PAGE_MARGIN, PAGE_MARGIN))
        card = panel.frame("card")
        outer.addWidget(card)
        column = panel.column(card, margins=(1, 1, 1, 1))
        head = panel.row(margins=(14, 9, 14, 9), gap=8)
        head.addWidget(Label(tr("page.callbacks"), "title"))
        self.hint = Label("", "small")
        head.addWidget(self.hint)
        head.addStretch(1)
        self.reload = Button(tr("action.reload"), icon="rotate-ccw", height=30)
        self.reload.clicked.connect(model.reload)
        self.settle = Button(tr("callback.settle"), icon="check", height=30)
        self.settle.clicked.connect(self._on_settle)
        self.cancel = Button(tr("callback.cancel"), icon="x", height=30)
        self.cancel.clicked.connect(self._on_cancel)
        self.dial = Button(tr("action.dial"), icon="phone-outgoing", kind="filled", keys="↵", height=30)
        self.dial.setObjectName("dial_callback")
        self.dial.clicked.connect(self._on_dial)
        for button in (self.reload, self.settle, self.cancel, self.dial):
            head.addWidget(button)
        column.addLayout(head)
        column.addWidget(panel.line())
        self.table = QTableView()
        self.table.setModel(model.table)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(36)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.setAccessibleName(tr("page.callbacks"))
        for number, width in enumerate(WIDTHS):
            self.table.setColumnWidth(number, width)
        self.table.activated.connect(self._on_dial)
        self.table.selectionModel().selectionChanged.connect(self.refresh)
        self.table.setItemDelegateForColumn(MESSAGE_COLUMN, MessageDelegate(self.table))
        self.bar = MessageBar(player, self.table)
        column.addWidget(self.bar)
        column.addWidget(self.table, 1)
        self.empty = Label(tr("callback.none"), "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.empty, 1)
        self._chosen: int | None = None
        model.table.modelAboutToBeReset.connect(self._remember)
        model.table.modelReset.connect(self._restore)
        model.changed.connect(self.refresh)
        self.refresh()

    def chosen(self) -> CallbackView | None:
        index = self.table.currentIndex()
        row = index.data(Qt.ItemDataRole.UserRole) if index.isValid() else None
        return row if isinstance(row, CallbackView) else None

    def refresh(self) -> None:
        rows = self._model.table.rowCount()
        self.table.setVisible(rows > 0)
        self.empty.setVisible(rows == 0)
        self.hint.setText(self._model.summary() if rows else "")
        chosen = self.chosen()
        waiting = chosen is not None and chosen.state == "waiting"
        can_dial = chosen is not None and self._model.can_dial(chosen)
        self.dial.setEnabled(can_dial and self._dialling.may_dial_now)
        self.cancel.setEnabled(waiting)
        self.settle.setVisible(chosen is not None and chosen.message_ms > 0)
        self.settle.setEnabled(waiting)
        self._player.choose(chosen)

    def _remember(self) -> None:
        chosen = self.chosen()
        self._chosen = chosen.callback if chosen else None

    def _restore(self) -> None:
        """The same callback stays chosen when rows come and go; else the first."""
        rows = self._model.table.rows
        at = next((number for number, view in enumerate(rows) if view.callback == self._chosen), 0)
        if rows:
            self.table.selectRow(at)

    def _on_dial(self) -> None:
        if (chosen := self.chosen()) is not None and self._dialling.may_dial_now:
            self._model.dial(chosen)

    def _on_settle(self) -> None:
        if (chosen := self.chosen()) is not None:
            self._player.pause()
            self._model.settle(chosen)

    def _on_cancel(self) -> None:
        if (chosen := self.chosen()) is not None:
            self._model.cancel(chosen, "agent")
