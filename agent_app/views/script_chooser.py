"""The three-level chooser of scripts: three digit keys open an item; words find one too."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from agent_app.i18n import tr
from agent_app.viewmodels.script import ScriptModel
from agent_app.views.answer_button import AnswerButton
from agent_app.views.kit import panel
from agent_app.views.kit.label import Label

FOUND_MAX = 9


class ScriptChooser(QWidget):
    """`left` when an item was opened or the person went back."""

    left = Signal()

    def __init__(self, model: ScriptModel) -> None:
        super().__init__()
        self._model, self._keys = model, ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("script.choose"))
        column = panel.column(self, gap=9)
        self.path = Label("", "title")
        column.addWidget(self.path)
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("script.search"))
        self.search.setAccessibleName(tr("script.search"))
        self.search.textChanged.connect(self._on_search)
        column.addWidget(self.search)
        scroll = panel.ScrolledColumn(fills=True)
        scroll.content.setSpacing(7)
        self._list = scroll.content
        column.addWidget(scroll, 1)
        self._show()

    def restart(self) -> None:
        self._keys = ""
        self.search.clear()
        self._show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def press(self, digit: str) -> None:
        """One digit of three; one that leads nowhere is not taken."""
        if not any(key == digit for key, _ in self._model.level(self._keys)):
            return
        self._keys += digit
        if len(self._keys) == 3:
            keys, self._keys = self._keys, ""
            self._model.open_by_keys(keys)
            self.left.emit()
            return
        self._show()

    def step_back(self) -> None:
        if self._keys:
            self._keys = self._keys[:-1]
            self._show()
        else:
            self.left.emit()

    def _show(self) -> None:
        names, keys = [], ""
        for digit in self._keys:
            names.append(dict(self._model.level(keys)).get(digit, ""))
            keys += digit
        self.path.setText(" › ".join([tr("script.choose"), *names]))
        panel.clear(self._list)
        for digit, title in self._model.level(self._keys):
            button = AnswerButton(digit, title)
            button.setProperty("digit", digit)
            button.clicked.connect(self._on_button)
            self._list.addWidget(button)
        self._list.addStretch(1)
        self.updateGeometry()

    def _on_search(self, text: str) -> None:
        if not text.strip():
            self._show()
            return
        panel.clear(self._list)
        for number, (code, titles) in enumerate(self._model.search(text)[:FOUND_MAX], start=1):
            button = AnswerButton(str(number), titles)
            button.setProperty("code", code)
            button.clicked.connect(self._on_found)
            self._list.addWidget(button)
        self._list.addStretch(1)

    def _on_button(self) -> None:
        if (button := self.sender()) is not None:
            self.press(str(button.property("digit")))

    def _on_found(self) -> None:
        if (button := self.sender()) is not None:
            self._model.open(str(button.property("code")))
            self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.text() in "123456789" and event.text():
            self.press(event.text())
        elif event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Backspace, Qt.Key.Key_Left):
            self.step_back()
        else:
            super().keyPressEvent(event)
