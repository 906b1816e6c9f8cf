"""The main window: sign-in or the desk; keys, sheets, announcements. Holds the view-models of one person's session."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QMainWindow, QPlainTextEdit, QStackedWidget, QWidget

from agent_app.i18n import language, set_language, tr
from agent_app.link.client import Target
from agent_app.settings import Settings
from agent_app.viewmodels.desk import Desk
from agent_app.viewmodels.situations import Action
from agent_app.views.agent_page import AgentPage
from agent_app.views.banner import Banners
from agent_app.views.callbacks_page import CallbacksPage
from agent_app.views.dialogs import CallbackSheet, CustomerSheet, DialSheet, KeypadSheet, KeysSheet
from agent_app.views.fairness_page import FairnessPage
from agent_app.views.incoming_panel import IncomingPanel, IncomingToast
from agent_app.views.kit import panel
from agent_app.views.queue_strip_view import QueueStripView
from agent_app.views.shortcuts import Shortcuts
from agent_app.views.sign_in import SignIn
from agent_app.views.state_bar_view import StateBarView
from agent_app.views.top_bar import TopBar
from agent_app.views.why_sheet import WhySheet

MINIMUM = (1180, 700)
FIRST_SIZE = (1440, 900)


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
        self.keys = KeysSheet(Shortcuts.described(), self)
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


@dataclass(frozen=True, slots=True)
class Announcement:
    text: str


class MainWindow(QMainWindow):
    """`closed` when the person closes it; settings are brought up to date before."""

    closed = Signal()
    signed_in = Signal()

    def __init__(self, desk: Desk, settings: Settings) -> None:
        super().__init__()
        self.desk, self.settings = desk, settings
        self.setWindowTitle(tr("app.title"))
        self.setMinimumSize(*MINIMUM)
        self.resize(*(settings.window if len(settings.window) == 2 else FIRST_SIZE))
        self.stack = QStackedWidget()
        self.setCentralWidget(self.stack)
        self.announced: list[Announcement] = []
        self.view: DeskView | None = None
        self.sign_in = self._build_sign_in()
        self.stack.addWidget(self.sign_in)
        self.shortcuts = Shortcuts(self)
        self.toast = IncomingToast(desk.incoming, desk.state_bar, self)
        desk.session.signed_in.connect(self._on_signed_in)
        desk.session.denied.connect(self._on_denied)
        desk.incoming.changed.connect(self._announce_offer)
        desk.notices.announced.connect(self.announce)
        desk.state_bar.changed.connect(self._announce_state)
        self._last_state = ""
        self._offer_said: int | None = None
        self.sign_in.focus_first()

    def _build_sign_in(self) -> SignIn:
        made = SignIn(
            self.desk.session,
            self.desk.connection,
            server=self.settings.server,
            user=self.settings.user,
            language=language(),
        )
        made.setObjectName("page")
        made.asked.connect(self._on_sign_in)
        made.language_toggled.connect(self.toggle_language)
        return made

    # --- signing in ------------------------------------------------------------------------------------------------

    def _on_sign_in(self, target: Target) -> None:
        self.settings.server, self.settings.user = target.url, target.user
        self.desk.session.sign_in(target)

    def _on_signed_in(self) -> None:
        if self.view is None:
            self._build_desk()
            self.signed_in.emit()
        elif self.stack.currentWidget() is not self.view:
            self.stack.setCurrentWidget(self.view)

    def _build_desk(self) -> None:
        before, self.view = self.view, DeskView(self.desk, self.settings)
        self.view.top.language_toggled.connect(self.toggle_language)
        self.view.agent.wrap_up.announced.connect(self.announce)
        self.stack.addWidget(self.view)
        self.stack.setCurrentWidget(self.view)
        self.view.state_bar.pill.setFocus(Qt.FocusReason.OtherFocusReason)
        if before is not None:
            self.stack.removeWidget(before)
            before.deleteLater()

    def _on_denied(self, code: str, parameters: object) -> None:
        """A token that ran out, or a sign-in elsewhere: a new window asks anew; what was typed stays on disk."""
        if self.view is not None:
            self.desk.wrap_up.flush()
            self.desk.session.signed_out.emit(code)

    def toggle_language(self) -> None:
        """Views are built anew in the other language; nothing that was typed is touched."""
        self.remember()
        set_language("en" if language() == "ko" else "ko")
        self.settings.language = language()
        self.desk.session.speak(language())
        self.setWindowTitle(tr("app.title"))
        before = self.sign_in
        was_front = self.stack.currentWidget() is before
        self.sign_in = self._build_sign_in()
        self.stack.insertWidget(0, self.sign_in)
        self.stack.removeWidget(before)
        before.deleteLater()
        toast, self.toast = self.toast, IncomingToast(self.desk.incoming, self.desk.state_bar, self)
        toast.hide()
        toast.deleteLater()
        if self.view is not None:
            page = self.view.page
            self._build_desk()
            self.view.show_page(page)
        if was_front:
            self.stack.setCurrentWidget(self.sign_in)
            self.sign_in.focus_first()

    # --- saying aloud ----------------------------------------------------------------------------------------------

    def announce(self, text: str) -> None:
        """To a screen reader: ringing, state, the last seconds of after-call work, refusals."""
        self.announced.append(Announcement(text))
        del self.announced[:-50]
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def _announce_offer(self) -> None:
        """Once per offer, with the name if it is known by the time the phone rings."""
        incoming = self.desk.incoming
        call, caller = incoming.call, incoming.caller()
        if call is None or call == self._offer_said or not (incoming.is_ringing or caller.name != caller.number):
            return
        self._offer_said = call
        self.announce(tr("announce.ringing", name=caller.name))
        QApplication.alert(self)

    def _announce_state(self) -> None:
        label = self.desk.state_bar.state().label
        if label != self._last_state:
            self._last_state = label
            self.announce(label)

    # --- leaving ---------------------------------------------------------------------------------------------------

    def remember(self) -> None:
        self.settings.window = [self.width(), self.height()]
        if self.view is not None:
            self.settings.splitter = self.view.agent.splitter.sizes()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.ActivationChange and hasattr(self, "toast"):
            self.toast.refresh()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.desk.wrap_up.flush()
        self.remember()
        self.closed.emit()
        super().closeEvent(event)
