"""How even a day was: everybody's calls beside an even share, and when I was free beside waiting calls.

Two questions, each with its own condition: the table comes at once, the runs of time may take a while to be read.
Decides which day is asked for and what a row says; what explains a difference was decided by the server.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, QTimer

from agent_app.i18n import formats, tr
from agent_app.i18n.explanations import Words, share_reason
from agent_app.store import Topic
from agent_app.viewmodels.session import Session, ViewModel
from agent_app.viewmodels.why import desk_words, refusal_word
from cti_server.wire.client import AskFairness, ListIdleRuns
from cti_server.wire.explained import FairnessTold, IdleRun, IdleRunsTold, Share

Index = QModelIndex | QPersistentModelIndex
AGAIN_MS = 300
"""A day that is still being read is asked for again after this."""
WHOLE = 1000


def head(column: str) -> str:
    match column:
        case "agent":
            return tr("fair.agent")
        case "share":
            return tr("fair.share")
        case "calls":
            return tr("fair.calls")
        case "expected":
            return tr("fair.expected")
        case "logged":
            return tr("fair.logged")
        case "idle":
            return tr("fair.idle")
        case "occupancy":
            return tr("fair.occupancy")
        case "why":
            return tr("fair.why")
        case "time":
            return tr("fair.time")
        case "length":
            return tr("fair.length")
        case "call":
            return tr("fair.call")
        case _:
            return tr("fair.rule")


class PastTable(QAbstractTableModel):
    """Rows under Qt.UserRole; the cells are written by `Fairness`."""

    def __init__(self, parent: Fairness, columns: tuple[str, ...]) -> None:
        super().__init__(parent)
        self._owner, self.columns = parent, columns
        self.rows: list[Share] | list[IdleRun] = []

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return self._owner.cell(row, self.columns[index.column()])
        if role == Qt.ItemDataRole.TextAlignmentRole and self.columns[index.column()] in RIGHT:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return head(column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column in RIGHT else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def show_rows(self, rows: list[Share] | list[IdleRun]) -> None:
        if rows != self.rows:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()


SHARES: Final = ("agent", "share", "calls", "expected", "logged", "idle", "occupancy", "why")
RUNS: Final = ("time", "length", "call", "rule")
RIGHT: Final = frozenset({"calls", "expected", "logged", "idle", "occupancy", "length"})


class Fairness(ViewModel):
    topics = frozenset({Topic.PAST})

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.day: date | None = None
        """None: today."""
        self.shares = PastTable(self, SHARES)
        self.runs = PastTable(self, RUNS)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(AGAIN_MS)
        self._again.timeout.connect(self._ask_runs)

    # --- which day -------------------------------------------------------------------------------------------------

    def reload(self) -> None:
        """What was told before stays on the screen until the answer comes."""
        if not self.store.is_asked(self._shares_ask()):
            self.session.ask(self._shares_ask())
        self._ask_runs()
        self.refresh({Topic.PAST})

    def step(self, days: int) -> None:
        """Another day; never one that has not come."""
        today = formats.local(self.session.now()).date()
        wanted = (self.day or today) + timedelta(days=days)
        if wanted <= today:
            self.day = None if wanted == today else wanted
            self.reload()

    @property
    def is_today(self) -> bool:
        return self.day is None

    def title(self) -> str:
        """The day, and up to when it is told."""
        told = self.told()
        if told is None:
            return formats.date_of(self.day or formats.local(self.session.now()).date())
        return tr("fair.up_to", day=formats.date_of(date.fromisoformat(told.day)), time=self._time(told.read_to))

    # --- the table -------------------------------------------------------------------------------------------------

    def told(self) -> FairnessTold | None:
        found = self.store.told.get(self._shares_ask())
        return found if isinstance(found, FairnessTold) else None

    def failure(self) -> str:
        found = self.store.told.get(self._shares_ask())
        return refusal_word(found) if isinstance(found, str) else ""

    @property
    def is_loading(self) -> bool:
        return self.store.is_asked(self._shares_ask())

    def own(self) -> Share | None:
        told = self.told()
        return next((share for share in told.shares if share.who.is_you), None) if told is not None else None

    def summary(self) -> str:
        """My own day in one sentence."""
        own = self.own()
        if own is None:
            return ""
        return tr(
            "fair.summary",
            calls=own.calls,
            expected=formats.number(own.expected_calls),
            spread=formats.number(own.spread),
            why=share_reason(own.why),
        )

    def most(self) -> float:
        """The longest bar or band, for one scale for all."""
        told = self.told()
        return max((max(s.calls, s.expected_calls + s.spread) for s in told.shares), default=0.0) if told else 0.0

    # --- the runs of time ------------------------------------------------------------------------------------------

    def runs_told(self) -> IdleRunsTold | None:
        found = self.store.told.get(self._runs_ask())
        return found if isinstance(found, IdleRunsTold) else None

    def runs_state(self) -> str:
        """What is said where rows would stand, or beside them while the day is still being read."""
        found = self.store.told.get(self._runs_ask())
        if isinstance(found, str):
            return refusal_word(found)
        if not isinstance(found, IdleRunsTold):
            return tr("why.loading")
        if found.read_permille < WHOLE:
            return tr("fair.reading", percent=found.read_permille // 10)
        if not found.runs:
            return tr("fair.no_runs")
        total = formats.duration(sum(run.until_at - run.from_at for run in found.runs) / 1e6)
        return tr("fair.runs_total", n=len(found.runs), time=total)

    # --- words -----------------------------------------------------------------------------------------------------

    def words(self) -> Words:
        return desk_words(self.session)

    def cell(self, row: Share | IdleRun, column: str) -> str:
        return self._share_cell(row, column) if isinstance(row, Share) else self._run_cell(row, column)

    def _share_cell(self, share: Share, column: str) -> str:
        match column:
            case "agent":
                return self.words().who(share.who)
            case "share":
                return ""
            case "calls":
                return str(share.calls)
            case "expected":
                return f"{share.expected_calls:.1f} ± {share.spread:.1f}"
            case "logged":
                return formats.duration(share.logged_s)
            case "idle":
                return formats.percent(share.idle_share)
            case "occupancy":
                return formats.percent(share.occupancy)
            case _:
                return share_reason(share.why)

    def _run_cell(self, run: IdleRun, column: str) -> str:
        match column:
            case "time":
                return f"{self._time(run.from_at)}–{self._time(run.until_at) if run.ended else ''}"
            case "length":
                return formats.duration((run.until_at - run.from_at) / 1e6)
            case "call":
                queue = self.words().queue(run.queue)
                if run.calls > 1:
                    return tr("fair.calls_of", call=run.call, n=run.calls - 1, queue=queue)
                return f"{run.call} ({queue})"
            case _:
                return self.words().rule_of(run)

    def text(self) -> str:
        """The whole page, for copying and printing."""
        told, runs = self.told(), self.runs_told()
        lines = [tr("page.fairness"), self.title(), "", self.summary(), ""]
        columns = tuple(column for column in SHARES if column != "share")
        lines.append("\t".join(head(column) for column in columns))
        lines += ["\t".join(self.cell(share, column) for column in columns) for share in (told.shares if told else ())]
        lines += ["", tr("fair.runs"), self.runs_state()]
        lines += [self.words().idle_run(run) for run in (runs.runs if runs else ())]
        return "\n".join(lines) + "\n"

    def refresh(self, topics: set[Topic]) -> None:
        told, runs = self.told(), self.runs_told()
        self.shares.show_rows(list(told.shares) if told is not None else [])
        self.runs.show_rows(list(reversed(runs.runs)) if runs is not None else [])
        if runs is not None and runs.read_permille < WHOLE and not self._again.isActive():
            self._again.start()
        self.changed.emit()

    # --- asking ----------------------------------------------------------------------------------------------------

    def _ask_runs(self) -> None:
        if not self.store.is_asked(self._runs_ask()):
            self.session.ask(self._runs_ask())

    def _shares_ask(self) -> AskFairness:
        return AskFairness(at=self._at())

    def _runs_ask(self) -> ListIdleRuns:
        return ListIdleRuns(at=self._at())

    def _at(self) -> int:
        """Noon of the day, UTC µs; 0: today."""
        if self.day is None:
            return 0
        return round(datetime(self.day.year, self.day.month, self.day.day, 12).timestamp() * 1_000_000)

    def _time(self, at: int) -> str:
        return formats.time_of_day(at)
