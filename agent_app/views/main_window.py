"""The main window: sign-in or the desk; keys, sheets, announcements. Holds the view-models of one person's session."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QCloseEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget

from agent_app.i18n import language, set_language, tr
from agent_app.link.client import Target
from agent_app.settings import Settings
from agent_app.viewmodels.desk import Desk
from agent_app.views.desk_view import DeskView
from agent_app.views.incoming_panel import IncomingToast
from agent_app.views.shortcuts import Shortcuts
from agent_app.views.sign_in import SignIn

MINIMUM = (1180, 700)
FIRST_SIZE = (1440, 900)


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
        self.shortcuts = Shortcuts(self, desk, lambda: self.view)
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
