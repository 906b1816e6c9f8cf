"""The middle pane: tabs for the timeline and for each record view. A click moves it, and so does the script."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QMenu, QScrollArea, QSizePolicy, QStackedWidget, QWidget

from agent_app.i18n import tr
from agent_app.viewmodels.records import TIMELINE, RecordViews
from agent_app.viewmodels.timeline import TimelineViewModel
from agent_app.views.kit import panel
from agent_app.views.kit.button import Button
from agent_app.views.record_view import RecordView
from agent_app.views.timeline_view import TimelineView
from agent_app.views.top_bar import PageTab

TAB_PAD = 11


class MiddlePane(QWidget):
    def __init__(self, timeline: TimelineViewModel, records: RecordViews) -> None:
        super().__init__()
        self._records = records
        card = panel.frame("card")
        panel.column(self).addWidget(card)
        column = panel.column(card, margins=(1, 1, 1, 1))
        self._tabs_host = QWidget()
        self._tabs = panel.row(self._tabs_host, margins=(2, 0, 2, 0))
        scroll = QScrollArea()
        scroll.setWidget(self._tabs_host)
        scroll.setWidgetResizable(True)
        scroll.setFixedHeight(43)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        scroll.viewport().setAutoFillBackground(False)
        self._tabs_host.setObjectName("scrolled")
        self._scroll = scroll
        head = panel.row()
        head.addWidget(scroll, 1)
        self.more = Button(icon="chevron-down", kind="flat", height=28)
        self.more.setAccessibleName(tr("record.all"))
        self.more.setToolTip(tr("record.all"))
        self.more.clicked.connect(self.open_menu)
        head.addWidget(self.more)
        head.addSpacing(6)
        column.addLayout(head)
        column.addWidget(panel.line())
        self.stack = QStackedWidget()
        self.timeline = TimelineView(timeline)
        self.record = RecordView(records)
        self.stack.addWidget(self.timeline)
        self.stack.addWidget(self.record)
        column.addWidget(self.stack, 1)
        self.tabs: dict[str, PageTab] = {}
        records.changed.connect(self._show_tabs)
        records.moved.connect(self._on_moved)
        self._show_tabs()
        self._on_moved()

    def _show_tabs(self) -> None:
        wanted = [(TIMELINE, tr("timeline.title")), *((tab.view, tab.title) for tab in self._records.tabs())]
        if list(self.tabs) == [name for name, _ in wanted]:
            return
        panel.clear(self._tabs)
        self.tabs = {}
        for name, title in wanted:
            tab = PageTab("", title, height=42, pad=TAB_PAD)
            tab.setProperty("view", name)
            tab.clicked.connect(self._on_tab)
            self.tabs[name] = tab
            self._tabs.addWidget(tab)
        self._tabs.addStretch(1)
        self._show_more()
        self._on_moved()

    def open_menu(self) -> None:
        """All views, also those whose tab does not fit."""
        menu = QMenu(self)
        for name, tab in self.tabs.items():
            menu.addAction(tab.text()).setData(name)
        menu.triggered.connect(self._on_menu)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def _on_menu(self, action: QAction) -> None:
        self._records.show(str(action.data()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_more()

    def _show_more(self) -> None:
        self.more.setVisible(self._tabs_host.minimumSizeHint().width() > self.width() - 4)

    def _on_tab(self) -> None:
        if (tab := self.sender()) is not None:
            self._records.show(str(tab.property("view")))

    def _on_moved(self) -> None:
        current = self._records.current
        self.stack.setCurrentWidget(self.timeline if current == TIMELINE else self.record)
        for name, tab in self.tabs.items():
            tab.setChecked(name == current)
        if current in self.tabs:
            self._scroll.ensureWidgetVisible(self.tabs[current])

    def focus_filter(self) -> None:
        """Ctrl+F: the search of the timeline."""
        if self._records.current != TIMELINE:
            self._records.show(TIMELINE)
        self.timeline.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.timeline.search.selectAll()
