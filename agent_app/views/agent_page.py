"""The agent's page: three columns. Left customer, needs, disposition; middle the tabs; right the script."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QWidget

from agent_app.viewmodels.card import CardModel
from agent_app.viewmodels.records import RecordViews
from agent_app.viewmodels.script import ScriptModel
from agent_app.viewmodels.timeline import TimelineViewModel
from agent_app.viewmodels.wrap_up import WrapUp
from agent_app.views.customer_card import CustomerCard
from agent_app.views.kit import panel
from agent_app.views.kit.tokens import COLUMN_GAP, PAGE_MARGIN
from agent_app.views.middle_pane import MiddlePane
from agent_app.views.needs_card import NeedsCard
from agent_app.views.script_pane import ScriptPane
from agent_app.views.wrap_up_card import WrapUpCard

WIDTHS = (346, 653, 392)


class AgentPage(QWidget):
    dial_asked = Signal(str)

    def __init__(
        self,
        *,
        card: CardModel,
        wrap_up: WrapUp,
        timeline: TimelineViewModel,
        records: RecordViews,
        script: ScriptModel,
        splitter: list[int],
    ) -> None:
        super().__init__()
        outer = panel.column(self, margins=(PAGE_MARGIN, 0, PAGE_MARGIN, 12))
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(COLUMN_GAP)
        self.splitter.setChildrenCollapsible(False)
        outer.addWidget(self.splitter)
        left = QWidget()
        column = panel.column(left, gap=10)
        scroll = panel.ScrolledColumn()
        scroll.content.setSpacing(10)
        self.customer, self.needs, self.wrap_up = CustomerCard(card), NeedsCard(card), WrapUpCard(wrap_up)
        self.customer.dial_asked.connect(self.dial_asked)
        scroll.content.addWidget(self.customer)
        scroll.content.addWidget(self.needs)
        column.addWidget(scroll)
        column.addWidget(self.wrap_up, 1)
        left.setMinimumWidth(300)
        self.middle = MiddlePane(timeline, records)
        self.middle.setMinimumWidth(420)
        self.script = ScriptPane(script)
        self.script.setMinimumWidth(320)
        for pane in (left, self.middle, self.script):
            self.splitter.addWidget(pane)
        self.splitter.setStretchFactor(0, 0)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setStretchFactor(2, 0)
        self.splitter.setSizes(splitter if len(splitter) == 3 else list(WIDTHS))

    def panes(self) -> list[QWidget]:
        """F6 goes through these; each has a widget that can take the focus."""
        return [self.customer.find_button, self.wrap_up.note, self.middle.timeline.search, self.script.find_button]
