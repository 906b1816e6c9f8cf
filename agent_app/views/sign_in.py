"""Sign-in: server, user, password. Says why it failed; the password leaves the field as soon as it is used."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from agent_app.i18n import tr, tr_or
from agent_app.link.client import Target
from agent_app.store import Connection
from agent_app.viewmodels.connection import ConnectionModel
from agent_app.viewmodels.session import Session
from agent_app.views.kit import panel
from agent_app.views.kit.button import Button
from agent_app.views.kit.label import Label

WIDTH = 372


class SignIn(QWidget):
    """`asked` carries a Target."""

    asked = Signal(object)
    language_toggled = Signal()

    def __init__(self, session: Session, connection: ConnectionModel, *, server: str, user: str, language: str) -> None:
        super().__init__()
        self._session, self._connection, self._language = session, connection, language
        self.fingerprint = ""
        outer = panel.column(self)
        outer.addStretch(2)
        card = panel.frame("card")
        card.setFixedWidth(WIDTH)
        outer.addWidget(card, 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addStretch(3)
        column = panel.column(card, margins=(26, 24, 26, 24), gap=6)
        head = panel.row()
        head.addWidget(Label(tr("app.name"), "brand"))
        head.addStretch(1)
        other = Button(tr("language.other"), kind="flat", icon="languages", height=28)
        other.clicked.connect(self.language_toggled)
        head.addWidget(other)
        column.addLayout(head)
        column.addWidget(Label(tr("sign_in.hint"), "muted", wrap=True))
        column.addSpacing(8)
        self.server = self._field(column, tr("sign_in.server"), server)
        self.user = self._field(column, tr("sign_in.user"), user)
        self.password = self._field(column, tr("sign_in.password"), "")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        column.addSpacing(8)
        self.message = Label("", "alarmtext", wrap=True)
        column.addWidget(self.message)
        self.button = Button(tr("sign_in.button"), icon="log-in", kind="filled", height=38)
        self.button.setObjectName("sign_in")
        self.button.clicked.connect(self.submit)
        column.addWidget(self.button)
        for field in (self.server, self.user, self.password):
            field.returnPressed.connect(self.submit)
        session.denied.connect(self._on_denied)
        connection.changed.connect(self._on_connection)

    def _field(self, column: QVBoxLayout, title: str, text: str) -> QLineEdit:
        label = Label(title, "title")
        field = QLineEdit(text)
        field.setAccessibleName(title)
        label.setBuddy(field)
        column.addWidget(label)
        column.addWidget(field)
        column.addSpacing(3)
        return field

    def focus_first(self) -> None:
        empty = next((field for field in (self.server, self.user, self.password) if not field.text()), self.password)
        empty.setFocus(Qt.FocusReason.OtherFocusReason)

    def submit(self) -> None:
        url, user, password = self.server.text().strip(), self.user.text().strip(), self.password.text()
        if not (url and user and password):
            self.message.setText(tr("sign_in.incomplete"))
            self.focus_first()
            return
        if not url.startswith(("ws://", "wss://")):
            url = f"ws://{url}"
        self.password.clear()
        self.message.setText("")
        self._set_busy(True)
        target = Target(url=url, user=user, password=password, language=self._language, fingerprint=self.fingerprint)
        self.asked.emit(target)

    def _set_busy(self, busy: bool) -> None:
        self.button.setEnabled(not busy)
        self.button.show_as(tr("sign_in.busy") if busy else tr("sign_in.button"))

    def _on_denied(self, code: str, parameters: dict[str, str | int]) -> None:
        self._set_busy(False)
        self.explain(code, parameters)

    def explain(self, code: str, parameters: dict[str, str | int]) -> None:
        """Why one has to sign in (again)."""
        text = tr_or(f"denied.{code}", "")
        self.message.setText(tr(f"denied.{code}", **parameters) if text else tr("denied.unknown", code=code))
        self.password.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_connection(self) -> None:
        state = self._session.store.connection
        if state is Connection.CONNECTING and not self.button.isEnabled():
            self.message.setText(tr("connection.connecting"))
        elif state is Connection.OFFLINE and self._session.store.denied is None and not self.button.isEnabled():
            self._set_busy(False)
            self.message.setText(tr("denied.wrong_certificate"))
