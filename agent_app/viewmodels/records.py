"""Record views (orders, delivery, bonus, inquiries, …): which is chosen, its list as a table model, its detail.

The script moves this pane, and so does a click; each view is asked for once per customer and arguments, and kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from agent_app.i18n import formats, words
from agent_app.store import Topic
from agent_app.viewmodels.session import ViewModel
from agent_app.viewmodels.subject import Subject
from cti_server.wire.client import LoadPicture, LoadView
from cti_server.wire.server import Column, ViewLoaded

Index = QModelIndex | QPersistentModelIndex
Value = str | int | float | None
LEVEL_ROLE = int(Qt.ItemDataRole.UserRole) + 1
"""The level of a coded value (ok, info, warning, alarm); the view gives it a colour."""
TIMELINE = "timeline"
"""The pane's first tab; it is no record view and is never asked for."""


class RecordTable(QAbstractTableModel):
    """One view's rows; widths are in characters, so that nothing is measured while rows come in."""

    def __init__(self, parent: ViewModel) -> None:
        super().__init__(parent)
        self.columns: tuple[Column, ...] = ()
        self.rows: tuple[dict[str, Value], ...] = ()

    def show_view(self, view: ViewLoaded | None) -> None:
        columns = view.columns if view else ()
        rows = view.rows if view else ()
        if (columns, rows) != (self.columns, self.rows):
            self.beginResetModel()
            self.columns, self.rows = columns, rows
            self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        column = self.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return cell(column, self.rows[index.row()].get(column.key))
        if role == LEVEL_ROLE:
            return column.levels.get(str(self.rows[index.row()].get(column.key)), "")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.kind in ("money", "number") else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return words(self.columns[section].title, self.columns[section].key)
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            right = self.columns[section].kind in ("money", "number")
            side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None


@dataclass(frozen=True, slots=True)
class Tab:
    view: str
    title: str


class RecordViews(ViewModel):
    """`moved` when another view is in front (by hand or by the script)."""

    moved = Signal()
    topics = frozenset({Topic.VIEW, Topic.SESSION, Topic.PICTURE})

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject.session)
        self.subject = subject
        self.table = RecordTable(self)
        self.current = TIMELINE
        self.arguments: dict[str, str] = {}
        self.reference = ""
        self._asked: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {}
        self._asked_pictures: set[str] = set()
        subject.switched.connect(self._on_switched)

    def tabs(self) -> list[Tab]:
        welcome = self.store.welcome
        known = welcome.catalogue.record_views if welcome else ()
        return [Tab(view.view, words(view.title, view.view)) for view in known]

    def title(self, view: str) -> str:
        return next((tab.title for tab in self.tabs() if tab.view == view), view)

    def has(self, view: str) -> bool:
        return any(tab.view == view for tab in self.tabs())

    def show(self, view: str, arguments: Mapping[str, str] | None = None, *, reference: str = "") -> None:
        """Bring a view to the front now; its rows follow. `reference`: a value of the row to open."""
        self.current, self.arguments, self.reference = view, dict(arguments or {}), reference
        self._load()
        self._fill()
        self.moved.emit()

    @property
    def loaded(self) -> ViewLoaded | None:
        return self.store.views.get((self.subject.customer, self.current))

    @property
    def condition(self) -> str:
        """empty: nobody on the screen; failed: no answer from the customer system; waiting; here."""
        if not self.subject.customer:
            return "empty"
        if self.loaded is not None:
            return "here"
        lost = any(isinstance(ask, LoadView) and ask.view == self.current for ask, _ in self.store.unanswered)
        return "failed" if lost else "waiting"

    def selected(self) -> int:
        """The row to open: the one that was referred to, else the server's choice for the arguments, else the first."""
        view = self.loaded
        if view is None or not view.rows:
            return -1
        for number, row in enumerate(view.rows):
            if self.reference and self.reference in row.values():
                return number
        return view.selected if view.selected is not None and 0 <= view.selected < len(view.rows) else 0

    def detail(self, row: int) -> list[tuple[str, str, str]]:
        """(title, text, kind) of every column of one row, first those of the list."""
        view = self.loaded
        if view is None or not 0 <= row < len(view.rows):
            return []
        shown, values = [], view.rows[row]
        for column in (*view.columns, *view.detail):
            shown.append((words(column.title, column.key), cell(column, values.get(column.key)), column.kind))
        return shown

    def picture(self, name: str) -> bytes | None:
        """A picture of the detail; asked for once, and `changed` follows."""
        found = self.store.pictures.get(name)
        if found is None and name and name not in self._asked_pictures:
            self._asked_pictures.add(name)
            self.session.ask(LoadPicture(picture=name))
        return found

    def retry(self) -> None:
        self._asked.clear()
        self.store.unanswered.clear()
        self._load()
        self.changed.emit()

    def _load(self) -> None:
        customer = self.subject.customer
        if not customer or self.current == TIMELINE:
            return
        asked = (customer, tuple(sorted(self.arguments.items())))
        if self._asked.get(self.current) != asked:
            self._asked[self.current] = asked
            self.session.ask(LoadView(customer=customer, view=self.current, arguments=self.arguments))

    def _fill(self) -> None:
        self.table.show_view(self.loaded if self.current != TIMELINE else None)
        self.changed.emit()

    def refresh(self, topics: set[Topic]) -> None:
        self._fill()

    def _on_switched(self) -> None:
        """Another customer: the previous one's rows go first, then the same view is asked for anew."""
        self._asked.clear()
        self.store.unanswered.clear()
        self.arguments, self.reference = {}, ""
        if not self.subject.customer:
            self.current = TIMELINE
        self._load()
        self._fill()
        self.moved.emit()


def cell(column: Column, value: Value) -> str:
    """One value as text; unknown is "–". Dates come as UTC microseconds or as text that is shown as it is."""
    if value is None or value == "":
        return formats.UNKNOWN
    match column.kind:
        case "money" if isinstance(value, int | float):
            return formats.money(value)
        case "number" if isinstance(value, int | float):
            return formats.number(value)
        case "date" if isinstance(value, int):
            return f"{formats.local(value):%Y-%m-%d}"
        case "date":
            return str(value)[:10]
        case "time" if isinstance(value, int):
            return f"{formats.local(value):%Y-%m-%d %H:%M}"
        case "time":
            return _iso(str(value))
        case "state":
            return words(column.values.get(str(value), {}), str(value))
        case _:
            return str(value)


def _iso(text: str) -> str:
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M}"
    except ValueError:
        return text
