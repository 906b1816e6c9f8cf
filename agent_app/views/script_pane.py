"""The script: where the call is, the sentence to say, what to answer with, right below it the answers expected.

Then fields, the linked view, and the way back.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QFrame, QSizePolicy, QStackedWidget, QWidget

from agent_app.i18n import tr
from agent_app.viewmodels.script import ScriptModel
from agent_app.views.answer_button import AnswerButton
from agent_app.views.customer_card import IconLabel
from agent_app.views.kit import panel
from agent_app.views.kit.button import Button
from agent_app.views.kit.label import ElidedLabel, Label
from agent_app.views.kit.theme import font, t, theme
from agent_app.views.script_chooser import ScriptChooser
from agent_app.views.script_fields import FieldRow
from agent_app.views.sentence import Sentence
from scripts.page import Page

STEPS_DRAWN_MAX = 12


class Progress(QWidget):
    """Done steps in the accent, those ahead in grey, "3/5" at the end."""

    def __init__(self) -> None:
        super().__init__()
        self._done, self._all = 0, 0
        self.setFixedHeight(14)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def show_progress(self, done: int, all_steps: int) -> None:
        self._done, self._all = done, all_steps
        self.setAccessibleName(f"{done}/{all_steps}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, 14)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._all:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(12))
        painter.setPen(QColor(t().muted))
        words = f"{self._done}/{self._all}"
        width = painter.fontMetrics().horizontalAdvance(words)
        painter.drawText(QRectF(self.width() - width, -2, width + 1, 18), Qt.AlignmentFlag.AlignVCenter, words)
        bars = min(self._all, STEPS_DRAWN_MAX)
        each = (self.width() - width - 5 - 4 * (bars - 1)) / bars
        painter.setPen(Qt.PenStyle.NoPen)
        for number in range(bars):
            painter.setBrush(QColor(t().accent if number < self._done else t().neutral))
            painter.drawRoundedRect(QRectF(number * (each + 4), 5, each, 4), 2, 2)


class LinkedView(QFrame):
    """The chip that names the record view this node shows; a click brings it back."""

    def __init__(self, model: ScriptModel) -> None:
        super().__init__()
        self._model = model
        self.setObjectName("linked")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        row = panel.row(self, margins=(11, 7, 11, 8), gap=8)
        row.addWidget(IconLabel("link-2", "accent", 16))
        row.addWidget(Label(tr("script.linked")))
        self.label = ElidedLabel("", "strong")
        row.addWidget(self.label, 1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._model.show_view_again()


class ScriptPane(QWidget):
    def __init__(self, model: ScriptModel) -> None:
        super().__init__()
        self._model = model
        self._shown: object = None
        card = panel.frame("card")
        panel.column(self).addWidget(card)
        column = panel.column(card, margins=(14, 11, 14, 12), gap=0)
        head = panel.row(gap=8)
        head.addWidget(Label(tr("script.title"), "title"))
        self.path = ElidedLabel("", "small")
        head.addWidget(self.path, 1)
        self.find_button = Button(icon="search", kind="flat", height=24)
        self.find_button.setAccessibleName(tr("script.choose"))
        self.find_button.setToolTip(tr("script.choose") + "  Alt+0")
        self.find_button.clicked.connect(self.toggle_chooser)
        head.addWidget(self.find_button)
        column.addLayout(head)
        column.addSpacing(8)
        self.stack = QStackedWidget()
        column.addWidget(self.stack, 1)
        self.empty = Label("", "muted", wrap=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self._build_page())
        self.chooser = ScriptChooser(model)
        self.chooser.left.connect(self._on_chooser_left)
        self.stack.addWidget(self.chooser)
        self._choosing = False
        model.changed.connect(self.refresh)
        model.moved.connect(self._on_moved)
        self.refresh()

    def _build_page(self) -> QWidget:
        host = QWidget()
        column = panel.column(host)
        self.progress = Progress()
        column.addWidget(self.progress)
        column.addSpacing(9)
        scroll = panel.ScrolledColumn(fills=True)
        self._content = scroll.content
        self.say_card = panel.frame("say")
        say = panel.column(self.say_card, margins=(16, 12, 16, 13), gap=3)
        line = panel.row(gap=4)
        line.addWidget(IconLabel("message-circle", "accent", 15))
        self.say_title = Label(tr("script.say"), "accent")
        line.addWidget(self.say_title)
        line.addStretch(1)
        say.addLayout(line)
        self.sentence = Sentence()
        say.addWidget(self.sentence)
        self._content.addWidget(self.say_card)
        self._information = panel.column(gap=6)
        self._content.addLayout(self._information)
        self._answers = panel.column(gap=8)
        self._content.addLayout(self._answers)
        self._fields = panel.column(gap=7)
        self._content.addLayout(self._fields)
        self._content.addSpacing(10)
        self.linked = LinkedView(self._model)
        self._content.addWidget(self.linked)
        self._content.addStretch(1)
        column.addWidget(scroll, 1)
        column.addStretch(0)
        column.addSpacing(8)
        foot = panel.row(gap=8)
        self.back = Button(tr("script.back"), icon="arrow-left", keys="Alt+←", height=30)
        self.back.clicked.connect(self._model.go_back)
        foot.addWidget(self.back)
        self.reason = ElidedLabel("", "small")
        self.reason.setAlignment(Qt.AlignmentFlag.AlignRight)
        foot.addWidget(self.reason, 1)
        column.addLayout(foot)
        self.scroll_area = scroll
        return host

    # --- drawing ---------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        model = self._model
        shown = model.page()
        self.path.setText(" › ".join(shown.path) if shown else "")
        self.find_button.setEnabled(model.is_running)
        if shown is None:
            self._choosing = False
            empty = model.subject.is_live
            self.empty.setText(tr("script.not_yet") if empty else tr("script.nobody"))
            self.stack.setCurrentIndex(0)
            self._shown = None
            return
        self.stack.setCurrentIndex(2 if self._choosing else 1)
        if shown != self._shown:
            self._draw(shown)

    def _draw(self, shown: Page) -> None:
        """Everything of the page; fields are built anew only when the node is another one, to keep the cursor."""
        before, self._shown = self._shown, shown
        self.progress.show_progress(shown.step, shown.steps)
        self.sentence.show_parts(shown.say)
        self.say_title.setText(tr("script.say_paused") if shown.pause_recording else tr("script.say"))
        self.back.setEnabled(shown.can_go_back)
        reason = self._model.reason()
        self.reason.setText(tr("script.reason", reason=reason) if reason else "")
        if not isinstance(before, Page) or before.information != shown.information:
            self._draw_information(shown)
        if not isinstance(before, Page) or (before.answers, before.path) != (shown.answers, shown.path):
            self._draw_answers(shown)
        if not isinstance(before, Page) or before.fields != shown.fields or before.path != shown.path:
            self._draw_fields(shown)
        label = self._model.view_label()
        self.linked.setVisible(bool(label))
        self.linked.label.setText(label)

    def _draw_information(self, shown: Page) -> None:
        panel.clear(self._information)
        if shown.information:
            self._information.addSpacing(10)
            self._information.addWidget(Label(tr("script.information"), "title"))
        for parts in shown.information:
            box = panel.frame("inset")
            row = panel.row(box, margins=(11, 7, 11, 7), gap=8)
            row.addWidget(IconLabel("info", "accent", 15), 0, Qt.AlignmentFlag.AlignTop)
            text = Sentence(px=13, leading=1.5)
            text.show_parts(parts)
            row.addWidget(text, 1)
            self._information.addWidget(box)

    def _draw_answers(self, shown: Page) -> None:
        focus = QApplication.focusWidget()
        had_focus = isinstance(focus, AnswerButton) and self.isAncestorOf(focus)
        panel.clear(self._answers)
        if shown.answers:
            self._answers.addSpacing(14)
            self._answers.addWidget(Label(tr("script.answers"), "title"))
        for answer in shown.answers:
            button = AnswerButton(f"Alt+{answer.key}", answer.text, answer.hint)
            button.setProperty("key", answer.key)
            button.clicked.connect(self._on_answer)
            self._answers.addWidget(button)
            if had_focus and answer.key == 1:
                button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _draw_fields(self, shown: Page) -> None:
        panel.clear(self._fields)
        if shown.fields:
            self._fields.addSpacing(14)
            self._fields.addWidget(Label(tr("script.fields"), "title"))
        for field in shown.fields:
            row = FieldRow(field, self._model.answers.get(field.id, ""))
            row.changed.connect(self._model.fill_field)
            self._fields.addWidget(row)

    # --- acting ----------------------------------------------------------------------------------------------------

    def _on_answer(self) -> None:
        if (button := self.sender()) is not None:
            self._model.answer(int(button.property("key")))

    def _on_moved(self) -> None:
        self._choosing = False
        self._shown = None
        self.refresh()
        self.scroll_area.verticalScrollBar().setValue(0)

    def toggle_chooser(self) -> None:
        if not self._model.is_running:
            return
        self._choosing = not self._choosing
        if self._choosing:
            self.chooser.restart()
        self.refresh()
        if self._choosing:
            self.chooser.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _on_chooser_left(self) -> None:
        self._choosing = False
        self.refresh()

    def press_number(self, number: int) -> None:
        """Alt+1…9: an answer; in the chooser, a level."""
        if self._choosing:
            self.chooser.press(str(number))
        else:
            self._model.answer(number)
