"""Callbacks that this agent may dial: a table in the order they are due; dialling is one click."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from agent_app.i18n import formats, tr
from agent_app.store import Topic
from agent_app.viewmodels.caller import queue_word
from agent_app.viewmodels.session import Session, ViewModel
from cti_server.wire.client import CancelCallback, DialCallback, ListCallbacks, SettleCallback
from cti_server.wire.server import CallbackView

Index = QModelIndex | QPersistentModelIndex
COLUMNS: Final = ("due", "customer", "number", "queue", "message", "requested", "attempts", "state")
OPEN_STATES: Final = ("waiting", "reserved", "dialling")


class CallbackTable(QAbstractTableModel):
    """Rows are CallbackView under Qt.UserRole."""

    def __init__(self, parent: Callbacks) -> None:
        super().__init__(parent)
        self._owner = parent
        self.rows: list[CallbackView] = []

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return self._owner.cell(row, COLUMNS[index.column()])
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[COLUMNS[section]]()
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    def show_rows(self, rows: list[CallbackView]) -> None:
        if rows != self.rows:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()


HEADERS: Final = {
    "due": lambda: tr("callback.due"),
    "customer": lambda: tr("callback.customer"),
    "number": lambda: tr("callback.number"),
    "queue": lambda: tr("callback.queue"),
    "message": lambda: tr("callback.message"),
    "requested": lambda: tr("callback.requested"),
    "attempts": lambda: tr("callback.attempts"),
    "state": lambda: tr("callback.state"),
}


class Callbacks(ViewModel):
    topics = frozenset({Topic.CALLBACKS, Topic.SESSION, Topic.REPLY})

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.table = CallbackTable(self)
        session.signed_in.connect(self.reload)

    @property
    def count(self) -> int | None:
        """Waiting ones; the server's own count where it told one."""
        if self.store.callbacks_waiting is not None:
            return self.store.callbacks_waiting
        return len(self.rows()) if self.store.agent else None

    def rows(self) -> list[CallbackView]:
        found = [view for view in self.store.callbacks.values() if view.state in OPEN_STATES]
        return sorted(found, key=lambda view: (view.due_at, view.callback))

    def summary(self) -> str:
        messages = sum(view.message_ms > 0 for view in self.rows())
        order = tr("callback.in_order")
        by_itself = sum(view.is_automatic for view in self.rows())
        parts = [
            order,
            tr("callback.by_itself", count=by_itself) if by_itself else "",
            tr("callback.messages", count=messages) if messages else "",
        ]
        return " · ".join(part for part in parts if part)

    def reload(self) -> None:
        self.session.ask(ListCallbacks())

    def can_dial(self, view: CallbackView) -> bool:
        """A caller who withheld the number can be heard, and not called."""
        return view.state == "waiting" and bool(view.number)

    def settle(self, view: CallbackView) -> None:
        """Done without a call."""
        if view.state == "waiting" and not self.store.is_outstanding(SettleCallback):
            self.session.do(SettleCallback(callback=view.callback))

    def dial(self, view: CallbackView) -> None:
        if self.can_dial(view) and not self.store.is_outstanding(DialCallback):
            self.session.do(DialCallback(callback=view.callback))
            self.changed.emit()

    def cancel(self, view: CallbackView, reason: str) -> None:
        self.session.do(CancelCallback(callback=view.callback, reason=reason))

    def cell(self, view: CallbackView, column: str) -> str:
        match column:
            case "due":
                return formats.date_time(view.due_at)
            case "customer":
                return view.customer_name or view.customer or formats.UNKNOWN
            case "number":
                return formats.telephone(view.number) or formats.UNKNOWN
            case "message":
                return formats.duration(view.message_ms / 1000) if view.message_ms else ""
            case "queue":
                return queue_word(self.store, view.queue) or formats.UNKNOWN
            case "requested":
                return formats.date_time(view.requested_at)
            case "attempts":
                return str(view.attempts)
            case _ if view.is_automatic and view.state == "waiting":
                return tr("callback.state.automatic")
            case _:
                return state_word(view.state)

    def refresh(self, topics: set[Topic]) -> None:
        self.table.show_rows(self.rows())
        self.changed.emit()


def state_word(state: str) -> str:
    match state:
        case "waiting":
            return tr("callback.state.waiting")
        case "reserved":
            return tr("callback.state.reserved")
        case "dialling":
            return tr("callback.state.dialling")
        case _:
            return state
