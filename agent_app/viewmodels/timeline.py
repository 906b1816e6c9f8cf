"""The timeline of contacts and events: a list model with month headings, filters and search; older rows on demand.

Decides which rows are shown; the delegate of the view draws them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from agent_app.i18n import formats, language
from agent_app.viewmodels.session import ViewModel
from agent_app.viewmodels.subject import Subject
from cti_server.wire.client import LoadTimeline
from cti_server.wire.server import Timeline, TimelineRow

Index = QModelIndex | QPersistentModelIndex

FILTERS: Final[dict[str, frozenset[str] | None]] = {
    "all": None,
    "calls": frozenset({"call_in", "call_out", "callback"}),
    "orders": frozenset({"order", "return", "visit"}),
    "inquiries": frozenset({"inquiry", "mail"}),
    "notes": frozenset({"note"}),
}
ICONS: Final[dict[str, tuple[str, str]]] = {
    "call_in": ("phone-incoming", "accent"),
    "call_out": ("phone-outgoing", "accent"),
    "callback": ("phone-outgoing", "accent"),
    "order": ("package", "ready"),
    "inquiry": ("message-square", "after_call"),
    "return": ("undo-2", "warning"),
    "visit": ("store", "ready"),
    "mail": ("mail", "neutral"),
    "note": ("sticky-note", "neutral"),
}
"""Icon and tone by kind; kinds that a newer server adds look like notes."""


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


class TimelineModel(QAbstractListModel):
    """Items are Heading or TimelineRow, under Qt.UserRole; DisplayRole is what a screen reader says."""

    def __init__(self, parent: ViewModel) -> None:
        super().__init__(parent)
        self._items: list[Heading | TimelineRow] = []

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        return 0 if parent.isValid() else len(self._items)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        item = self._items[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return item
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return item.text if isinstance(item, Heading) else f"{item.title} {item.text}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if index.isValid() and isinstance(self._items[index.row()], Heading):
            return Qt.ItemFlag.ItemIsEnabled
        return super().flags(index)

    def show_rows(self, rows: list[TimelineRow]) -> None:
        """Replace what is shown; a pure extension at the end is inserted, so that the place in the list stays."""
        items: list[Heading | TimelineRow] = []
        last = ""
        for row in rows:
            if (month := formats.month(row.at)) != last:
                items.append(Heading(month))
                last = month
            items.append(row)
        old = len(self._items)
        if old and len(items) > old and items[:old] == self._items:
            self.beginInsertRows(QModelIndex(), old, len(items) - 1)
            self._items = items
            self.endInsertRows()
        elif items != self._items:
            self.beginResetModel()
            self._items = items
            self.endResetModel()


class TimelineViewModel(ViewModel):
    """`opened` carries a row that the person chose and that names a record view, `explained` the call of one that is
    a call of ours."""

    opened = Signal(object)
    explained = Signal(int)

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject.session)
        self.subject = subject
        self.model = TimelineModel(self)
        self.filter = "all"
        self.needle = ""
        self._asked_before: int | None = None
        self._shown: object = None
        self._kept: object = None
        subject.changed.connect(self._show)
        subject.switched.connect(self._on_switched)

    def set_filter(self, name: str) -> None:
        self.filter = name
        self._show()

    def search(self, text: str) -> None:
        self.needle = text.strip().casefold()
        self._show()

    def rows(self) -> list[TimelineRow]:
        """After filter and search."""
        found = self.subject.section("timeline")
        kinds = FILTERS[self.filter]
        rows = found.rows if isinstance(found, Timeline) else ()
        return [row for row in rows if (kinds is None or row.kind in kinds) and self._matches(row)]

    def _matches(self, row: TimelineRow) -> bool:
        needle = self.needle
        return not needle or any(needle in text.casefold() for text in (row.title, row.text, row.tag, row.reference))

    @property
    def has_more(self) -> bool:
        found = self.subject.section("timeline")
        return isinstance(found, Timeline) and found.has_more

    def load_older(self) -> None:
        """Once per oldest row, however often the view scrolls to its end."""
        found = self.subject.section("timeline")
        if not isinstance(found, Timeline) or not found.has_more or not found.rows:
            return
        oldest = found.rows[-1].at
        if oldest != self._asked_before and self.subject.customer:
            self._asked_before = oldest
            self.session.ask(LoadTimeline(customer=self.subject.customer, before_at=oldest))

    def choose(self, row: TimelineRow) -> None:
        if row.view:
            self.opened.emit(row)
        elif (call := own_call(row)) is not None:
            self.explained.emit(call)

    def explain(self, row: TimelineRow) -> None:
        if (call := own_call(row)) is not None:
            self.explained.emit(call)

    def _on_switched(self) -> None:
        self._asked_before = None
        self.filter, self.needle = "all", ""
        self._show()

    def _show(self) -> None:
        """Only what is new costs something: the section itself says whether it is."""
        found = self.subject.section("timeline")
        key = (id(found), found is None, self.filter, self.needle, language())
        if key != self._shown:
            self._shown, self._kept = key, found
            self.model.show_rows(self.rows())
        self.changed.emit()


def own_call(row: TimelineRow) -> int | None:
    """The call that this row is, if it came through our queues; those of the customer system have other references."""
    is_ours = row.kind == "call_in" and not row.view and row.reference.isascii() and row.reference.isdigit()
    return int(row.reference) if is_ours else None
