"""Fields of a script node: an input by the field's type; what is typed goes to the view-model at once."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QWidget

from agent_app.i18n import tr
from agent_app.views.kit import panel
from agent_app.views.kit.label import Label
from agent_app.views.kit.select import Select
from scripts.page import ShownField

LABEL_PX = 88
_HINTS = {
    "date": lambda: tr("field.date"),
    "time": lambda: tr("field.time"),
    "phone": lambda: tr("field.phone"),
    "number": lambda: tr("field.number"),
}


class FieldRow(QWidget):
    """`changed` carries the field's id and its value; a value that is chosen is a code."""

    changed = Signal(str, str)

    def __init__(self, field: ShownField, value: str) -> None:
        super().__init__()
        self._field = field
        row = panel.row(self, gap=10)
        title = Label(field.title + (" *" if field.required else ""), "muted", wrap=True)
        title.setFixedWidth(LABEL_PX)
        row.addWidget(title)
        self._build(row, value)

    def _build(self, row: QHBoxLayout, value: str) -> None:
        field = self._field
        if field.type in ("choice", "yes_no"):
            box = Select()
            choices = [(choice.code, choice.title) for choice in field.choices]
            if field.type == "yes_no" and not choices:
                choices = [("yes", tr("field.yes")), ("no", tr("field.no"))]
            box.addItem("–", "")
            for code, title in choices:
                box.addItem(title, code)
            box.setCurrentIndex(max(0, box.findData(value)))
            box.setAccessibleName(field.title)
            box.currentIndexChanged.connect(self._on_choice)
            self._box = box
            row.addWidget(box, 1)
        elif field.type == "long_text":
            text = QPlainTextEdit(value)
            text.setFixedHeight(62)
            text.setTabChangesFocus(True)
            text.setAccessibleName(field.title)
            text.textChanged.connect(self._on_long_text)
            self._text = text
            row.addWidget(text, 1)
        else:
            line = QLineEdit(value)
            hint = _HINTS.get(field.type)
            line.setPlaceholderText(hint() if hint else "–")
            line.setAccessibleName(field.title)
            line.setMaxLength(500)
            line.textChanged.connect(self._on_text)
            row.addWidget(line, 1)

    def _on_choice(self) -> None:
        self.changed.emit(self._field.id, str(self._box.currentData() or ""))

    def _on_long_text(self) -> None:
        self.changed.emit(self._field.id, self._text.toPlainText()[:2000])

    def _on_text(self, text: str) -> None:
        self.changed.emit(self._field.id, text)
