"""The desk after sign-in: bars, pages and sheets, and what leads from one to the other. No logic of its own."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QStackedWidget, QWidget

from agent_app.settings import Settings
from agent_app.viewmodels.desk import Desk
from agent_app.viewmodels.situations import Action
from agent_app.views.agent_page import AgentPage
from agent_app.views.banner import Banners
from agent_app.views.callbacks_page import CallbacksPage
from agent_app.views.dialogs import CallbackSheet, CustomerSheet, DialSheet, KeypadSheet, KeysSheet
from agent_app.views.fairness_page import FairnessPage
from agent_app.views.incoming_panel import IncomingPanel
from agent_app.views.keys import described
from agent_app.views.kit import panel
from agent_app.views.queue_strip_view import QueueStripView
from agent_app.views.state_bar_view import StateBarView
from agent_app.views.top_bar import TopBar
from agent_app.views.why_sheet import WhySheet


class DeskView(QWidget):
    """Everything after sign-in, built anew when the language changes: the view-models keep what was typed."""

    def __init__(self, desk: Desk, settings: Settings) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk = desk
        self._begun: int | None = None
        column = panel.column(self)
        self.top = TopBar(desk.session, desk.callbacks)
        self.state_bar = StateBarView(desk.state_bar, desk.subject, desk.card)
        self.banners = Banners(desk.connection, desk.incoming, desk.notices, desk.state_bar)
        self.strip = QueueStripView(desk.queue_strip, desk.connection, desk.state_bar)
        self.pages = QStackedWidget()
        self.agent = AgentPage(
            card=desk.card,
            wrap_up=desk.wrap_up,
            timeline=desk.timeline,
            records=desk.records,
            script=desk.script,
            splitter=settings.splitter,
        )
        self.callbacks = CallbacksPage(desk.callbacks, desk.dialling, desk.message)
        self.fairness = FairnessPage(desk.fairness)
        self._pages: dict[str, QWidget] = {
            "agent": self.agent, "callbacks": self.callbacks, "fairness": self.fairness
        }  # fmt: skip
        for page in self._pages.values():
            self.pages.addWidget(page)
        for widget in (self.top, self.state_bar, self.banners, self.strip):
            column.addWidget(widget)
        column.addWidget(self.pages, 1)
        self.incoming = IncomingPanel(desk.incoming, desk.state_bar, self)
        self.dial = DialSheet(desk.dialling, self)
        self.keypad = KeypadSheet(desk.state_bar, self)
        self.callback = CallbackSheet(desk.dialling, desk.subject, self)
        self.customers = CustomerSheet(desk.dialling, desk.subject, self)
        self.why = WhySheet(desk.why, self)
        self.keys = KeysSheet(described(), self)
        self._connect()

    def _connect(self) -> None:
        desk = self._desk
        self.top.page_chosen.connect(self.show_page)
        self.top.help_asked.connect(self.keys.bring)
        self.state_bar.dial_asked.connect(desk.dialling.dial)
        self.state_bar.caller.why_asked.connect(self.explain)
        self.fairness.why_asked.connect(desk.why.ask)
        self.agent.dial_asked.connect(desk.dialling.dial)
        self.banners.dial_asked.connect(desk.dialling.dial)
        self.agent.customer.search_asked.connect(self.customers.ask)
        self.agent.wrap_up.callback_asked.connect(self.callback.ask)
        desk.state_bar.asked.connect(self._on_asked)
        desk.incoming.appeared.connect(self._on_offer)
        desk.wrap_up.entered.connect(self._on_wrap_up)
        desk.script.moved.connect(self._on_script)

    def show_page(self, name: str) -> None:
        self.pages.setCurrentWidget(self._pages[name])
        self.top.show_page(name)
        if name == "callbacks":
            self._desk.callbacks.reload()
            self.callbacks.table.setFocus()
        elif name == "fairness":
            self._desk.fairness.reload()
            self.fairness.table.setFocus()

    @property
    def page(self) -> str:
        return next(name for name, page in self._pages.items() if page is self.pages.currentWidget())

    def explain(self) -> None:
        """The call on the screen: why is it mine?"""
        call = self._desk.subject.call
        if call is not None and call.queue and call.direction == "inbound":
            self._desk.why.ask(call.call)

    def _on_asked(self, action: str) -> None:
        match Action(action):
            case Action.DIAL:
                self.dial.ask()
            case Action.REDIAL:
                self._desk.dialling.redial()
            case Action.CALLBACKS:
                self.show_page("callbacks")
            case Action.KEYPAD:
                self.keypad.bring()
            case _:
                pass

    def _on_offer(self) -> None:
        self.show_page("agent")

    def _on_wrap_up(self) -> None:
        if not self._desk.wrap_up.is_chosen:
            self.agent.wrap_up.focus_disposition()

    def _on_script(self) -> None:
        """Step 1 after accepting: the cursor goes to the notes, unless somebody is typing elsewhere."""
        call = self._desk.session.store.call
        if not self._desk.script.is_running or call is None or call.call == self._begun:
            return
        self._begun = call.call
        if not isinstance(QApplication.focusWidget(), QLineEdit | QPlainTextEdit):
            self.agent.wrap_up.focus_note()

    def cycle_panes(self, backwards: bool = False) -> None:
        """F6: the next pane that can take the focus."""
        if self.pages.currentWidget() is not self.agent:
            self._cycle_tables(backwards)
            return
        panes = self.agent.panes()
        focus = QApplication.focusWidget()
        hosts = [self.agent.customer, self.agent.wrap_up, self.agent.middle, self.agent.script]
        at = next((n for n, host in enumerate(hosts) if focus is not None and host.isAncestorOf(focus)), -1)
        for step in range(1, len(panes) + 1):
            place = (at + (-step if backwards else step)) % len(panes)
            if panes[place].isEnabled() and panes[place].isVisible():
                panes[place].setFocus(Qt.FocusReason.OtherFocusReason)
                return

    def _cycle_tables(self, backwards: bool) -> None:
        tables = [self.callbacks.table]
        if self.pages.currentWidget() is self.fairness:
            tables = [self.fairness.table, self.fairness.runs]
        at = next((n for n, table in enumerate(tables) if table.hasFocus()), -1)
        tables[(at + (-1 if backwards else 1)) % len(tables)].setFocus(Qt.FocusReason.OtherFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.incoming.place()
