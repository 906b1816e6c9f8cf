"""Small windows that never block the event loop: dial, keypad, callback, customer search, keys. All close with Esc."""

from __future__ import annotations

from PySide6.QtCore import QDateTime, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QGridLayout, QLineEdit, QListWidget, QListWidgetItem, QWidget

from agent_app.i18n import formats, tr
from agent_app.viewmodels.caller import tier_word
from agent_app.viewmodels.dialling import Dialling
from agent_app.viewmodels.state_bar import StateBar
from agent_app.viewmodels.subject import Subject
from agent_app.views.kit import panel
from agent_app.views.kit.button import Button
from agent_app.views.kit.chip import Keycap
from agent_app.views.kit.label import Label
from agent_app.views.kit.select import DateTime
from cti_server.wire.server import CustomerRow

KEYS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#")


class Sheet(QDialog):
    """Non-modal; one at a time of each kind."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setModal(False)
        self.column = panel.column(self, margins=(20, 18, 20, 18), gap=10)

    def bring(self) -> None:
        self.show()
        self.raise_()
        self.activateWindow()


class DialSheet(Sheet):
    def __init__(self, model: Dialling, parent: QWidget) -> None:
        super().__init__(tr("action.dial"), parent)
        self._model = model
        self.setFixedWidth(340)
        self.column.addWidget(Label(tr("dial.number"), "title"))
        self.number = QLineEdit()
        self.number.setAccessibleName(tr("dial.number"))
        self.number.setPlaceholderText("010-1234-5678")
        self.number.setMaxLength(30)
        self.number.returnPressed.connect(self._dial)
        self.column.addWidget(self.number)
        row = panel.row(gap=8)
        row.addStretch(1)
        close = Button(tr("action.close"))
        close.clicked.connect(self.close)
        dial = Button(tr("action.dial"), icon="phone-outgoing", kind="filled", keys="↵")
        dial.clicked.connect(self._dial)
        row.addWidget(close)
        row.addWidget(dial)
        self.column.addLayout(row)

    def ask(self, number: str = "") -> None:
        self.number.setText(number)
        self.bring()
        self.number.setFocus()
        self.number.selectAll()

    def _dial(self) -> None:
        if self._model.dial(self.number.text()):
            self.close()


class KeypadSheet(Sheet):
    """Tones into the call; digits of the keyboard work too. What was pressed is not shown: it may be a secret."""

    def __init__(self, model: StateBar, parent: QWidget) -> None:
        super().__init__(tr("action.keypad"), parent)
        self._model = model
        self.setFixedWidth(240)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        grid = QGridLayout()
        grid.setSpacing(8)
        for number, key in enumerate(KEYS):
            button = Button(key, height=44)
            button.setProperty("digit", key)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(self._on_key)
            grid.addWidget(button, number // 3, number % 3)
        self.column.addLayout(grid)
        self.pressed_count = 0
        self.sent = Label("", "small")
        self.column.addWidget(self.sent)
        model.changed.connect(self._close_with_the_call)

    def _on_key(self) -> None:
        if (button := self.sender()) is not None:
            self._press(str(button.property("digit")))

    def _press(self, digit: str) -> None:
        self._model.press_digit(digit)
        self.pressed_count += 1
        self.sent.setText("•" * min(self.pressed_count, 24))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.text() and event.text() in KEYS:
            self._press(event.text())
        else:
            super().keyPressEvent(event)

    def bring(self) -> None:
        self.pressed_count = 0
        self.sent.setText("")
        super().bring()

    def _close_with_the_call(self) -> None:
        if self.isVisible() and self._model.store.call is None:
            self.close()


class CallbackSheet(Sheet):
    """A callback for the customer on the screen, at a time of their choice."""

    def __init__(self, model: Dialling, subject: Subject, parent: QWidget) -> None:
        super().__init__(tr("callback.new"), parent)
        self._model, self._subject = model, subject
        self.setFixedWidth(360)
        self.column.addWidget(Label(tr("callback.number"), "title"))
        self.number = QLineEdit()
        self.number.setAccessibleName(tr("callback.number"))
        self.column.addWidget(self.number)
        self.column.addWidget(Label(tr("callback.due"), "title"))
        self.due = DateTime()
        self.due.setDisplayFormat("yyyy-MM-dd HH:mm")
        self.due.setAccessibleName(tr("callback.due"))
        self.column.addWidget(self.due)
        row = panel.row(gap=8)
        row.addStretch(1)
        close = Button(tr("action.close"))
        close.clicked.connect(self.close)
        save = Button(tr("callback.save"), icon="calendar-clock", kind="filled")
        save.setObjectName("save_callback")
        save.clicked.connect(self._save)
        row.addWidget(close)
        row.addWidget(save)
        self.column.addLayout(row)

    def ask(self) -> None:
        caller = self._subject.caller()
        self.number.setText(formats.telephone(caller.raw_number) if caller.raw_number else "")
        now = QDateTime.fromMSecsSinceEpoch(self._model.session.now() // 1000)
        self.due.setMinimumDateTime(now)
        self.due.setDateTime(now.addSecs(1800))
        self.bring()
        self.number.setFocus()

    def _save(self) -> None:
        due_at = self.due.dateTime().toMSecsSinceEpoch() * 1000
        if self._model.request_callback(number=self.number.text(), due_at=due_at, customer=self._subject.customer):
            self.close()


class CustomerSheet(Sheet):
    """Find a customer by number, name or telephone; in a call the choice answers "who is this?"."""

    dial_asked = Signal(str)

    def __init__(self, model: Dialling, subject: Subject, parent: QWidget) -> None:
        super().__init__(tr("card.find"), parent)
        self._model, self._subject = model, subject
        self.resize(460, 380)
        self.text = QLineEdit()
        self.text.setPlaceholderText(tr("search.hint"))
        self.text.setAccessibleName(tr("card.find"))
        self.text.textChanged.connect(model.search)
        self.text.returnPressed.connect(self._choose_first)
        self.column.addWidget(self.text)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("search.found"))
        self.list.itemActivated.connect(self._choose)
        self.column.addWidget(self.list, 1)
        self.hint = Label("", "small", wrap=True)
        self.column.addWidget(self.hint)
        model.found.connect(self._show)

    def ask(self) -> None:
        self.text.clear()
        self.list.clear()
        in_call = self._subject.is_live
        self.hint.setText(tr("search.in_call") if in_call else tr("search.outside"))
        candidates = self._subject.card.header.candidates if self._subject.card and self._subject.card.header else ()
        self._fill(candidates)
        self.bring()
        self.text.setFocus()

    def _show(self) -> None:
        if self.text.text().strip():
            self._fill(self._model.customers())

    def _fill(self, rows: tuple[CustomerRow, ...]) -> None:
        self.list.clear()
        for row in rows:
            parts = (row.name, tier_word(row.tier), row.customer, formats.telephone(row.number) if row.number else "")
            item = QListWidgetItem(" · ".join(part for part in (*parts, row.address) if part))
            item.setData(Qt.ItemDataRole.UserRole, row.customer)
            self.list.addItem(item)

    def _choose_first(self) -> None:
        if self.list.count():
            self._choose(self.list.item(max(0, self.list.currentRow())))

    def _choose(self, item: QListWidgetItem) -> None:
        self._subject.open(str(item.data(Qt.ItemDataRole.UserRole)))
        self.close()


class KeysSheet(Sheet):
    """F1: every shortcut with what it does."""

    def __init__(self, keys: list[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(tr("action.help"), parent)
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(9)
        half = (len(keys) + 1) // 2
        for number, (key, text) in enumerate(keys):
            line, place = number % half, 2 * (number // half)
            grid.addWidget(Keycap(key), line, place, Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(Label(text), line, place + 1)
        grid.setColumnMinimumWidth(1, 170)
        self.column.addWidget(Label(tr("keys.title"), "title"))
        self.column.addLayout(grid)
