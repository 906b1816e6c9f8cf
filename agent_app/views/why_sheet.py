"""Why did this call come to me, or not? A window beside the desk, readable while a call goes on."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QWidget

from agent_app.i18n import tr
from agent_app.i18n.explanations import Section
from agent_app.viewmodels.why import Why
from agent_app.views import paper
from agent_app.views.dialogs import Sheet
from agent_app.views.kit import panel
from agent_app.views.kit.button import Button
from agent_app.views.kit.label import Label

SIZE = (620, 640)
ROLES = {"strong": "strong", "muted": "small", "alarm": "alarm", "plain": ""}


class WhySheet(Sheet):
    def __init__(self, model: Why, parent: QWidget) -> None:
        super().__init__(tr("action.why"), parent)
        self._model = model
        self._shown: object = None
        self.resize(*SIZE)
        head = panel.row(gap=8)
        self.title = Label("", "name")
        head.addWidget(self.title, 1)
        self.reload = Button(tr("action.reload"), icon="rotate-ccw", height=30)
        self.reload.clicked.connect(model.reload)
        self.copy = Button(tr("action.copy"), icon="copy", keys="Ctrl+C", height=30)
        self.copy.clicked.connect(self._on_copy)
        self.print = Button(tr("action.print"), icon="printer", keys="Ctrl+P", height=30)
        self.print.clicked.connect(self._on_print)
        for button in (self.reload, self.copy, self.print):
            head.addWidget(button)
        self.column.addLayout(head)
        self.state = Label("", "muted", wrap=True)
        self.column.addWidget(self.state)
        self.pages = panel.ScrolledColumn(fills=True)
        self.pages.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.pages.content.setSpacing(10)
        self.column.addWidget(self.pages, 1)
        model.changed.connect(self.refresh)
        model.asked.connect(self._on_asked)
        self.refresh()

    def refresh(self) -> None:
        model = self._model
        sections = model.sections()
        self.title.setText(model.title())
        state = model.failure() or ("" if sections else tr("why.loading"))
        self.state.setText(state)
        self.state.setVisible(bool(state))
        for button in (self.copy, self.print):
            button.setEnabled(bool(sections))
        if sections != self._shown:
            self._shown = sections
            panel.clear(self.pages.content)
            for section in sections:
                self.pages.content.addWidget(_card(section))
            self.pages.content.addStretch(1)

    def _on_asked(self) -> None:
        self.bring()
        self.pages.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_copy(self) -> None:
        paper.copy(self._model.text())

    def _on_print(self) -> None:
        paper.ask_printer(self._model.text(), self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy) and self.copy.isEnabled():
            self._on_copy()
        elif event.matches(QKeySequence.StandardKey.Print) and self.print.isEnabled():
            self._on_print()
        else:
            super().keyPressEvent(event)


def _card(section: Section) -> QWidget:
    made = panel.frame("card")
    column = panel.column(made, margins=(14, 10, 14, 10), gap=4)
    if section.title:
        column.addWidget(Label(section.title, "title"))
    for line in section.lines:
        label = Label(line.text.strip(), ROLES[line.weight], wrap=True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if line.text.startswith(" "):
            label.setContentsMargins(14, 0, 0, 0)
        column.addWidget(label)
    return made
