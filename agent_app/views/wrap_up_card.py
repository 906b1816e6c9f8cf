"""Disposition in two levels, notes that save themselves, callback and complete. After the call, the countdown."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QSizePolicy, QWidget

from agent_app.i18n import formats, tr, words
from agent_app.viewmodels.state_bar import WRAP_UP_WARNING_S
from agent_app.viewmodels.wrap_up import NOTE_CHARACTERS_MAX, WrapUp
from agent_app.views.customer_card import IconLabel
from agent_app.views.kit import panel
from agent_app.views.kit.button import Button, ChoiceChip
from agent_app.views.kit.chip import Chip, Keycap
from agent_app.views.kit.label import ElidedLabel, Label
from cti_server.wire.server import Code

SIDE = 15
GAP = 6
NOTE_PX_MIN = 42
FIXED_PX = 110
"""Title, spaces, and the buttons below."""


class WrapUpCard(QWidget):
    callback_asked = Signal()
    announced = Signal(str)

    def __init__(self, model: WrapUp) -> None:
        super().__init__()
        self._model = model
        self._shown: object = None
        self._announced: int | None = None
        self._is_open = False
        card = panel.frame("card")
        panel.column(self).addWidget(card)
        column = panel.column(card, margins=(SIDE - 1, 12, SIDE - 1, 12), gap=0)
        head = panel.row(gap=5)
        head.addWidget(Label(tr("wrap.title"), "title"))
        self.required = Label(tr("wrap.required"), "required")
        head.addWidget(self.required)
        head.addStretch(1)
        self.countdown = Chip()
        head.addWidget(self.countdown)
        head.addWidget(Keycap("Ctrl+1…9"))
        column.addLayout(head)
        column.addSpacing(8)
        self.codes = panel.FlowBox(gap=GAP)
        column.addWidget(self.codes)
        self._gap = QWidget()
        self._gap.setFixedHeight(GAP)
        column.addWidget(self._gap)
        self.subcodes = panel.FlowBox(gap=GAP)
        column.addWidget(self.subcodes)
        column.addSpacing(8)
        self.note = QPlainTextEdit()
        self.note.setPlaceholderText(tr("wrap.note_hint"))
        self.note.setAccessibleName(tr("wrap.note"))
        self.note.setTabChangesFocus(True)
        self.note.setMinimumHeight(NOTE_PX_MIN)
        # Its wish must not push the cards above it out of sight: it takes what is left.
        self.note.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.note.textChanged.connect(self._on_typed)
        column.addWidget(self.note, 1)
        column.addSpacing(8)
        column.addLayout(self._foot())
        model.changed.connect(self.refresh)
        model.note_replaced.connect(self._on_note_replaced)
        model.note_replaced.connect(self._close_level)
        model.saved_changed.connect(self._show_saved)
        model.ticked.connect(self._on_tick)
        self._on_note_replaced()
        self.refresh()

    def _foot(self) -> QHBoxLayout:
        foot = panel.row(gap=8)
        self._cloud = IconLabel("cloud", "neutral", 15)
        foot.addWidget(self._cloud)
        self.saved = ElidedLabel("", "small")
        foot.addWidget(self.saved, 1)
        self.callback = Button(tr("action.callback"), icon="calendar-clock", height=30)
        self.callback.clicked.connect(self.callback_asked)
        foot.addWidget(self.callback)
        self.complete = Button(tr("action.complete"), kind="filled", keys="Ctrl+↵", height=30)
        self.complete.setObjectName("complete")
        self.complete.clicked.connect(self._model.complete)
        foot.addWidget(self.complete)
        return foot

    # --- drawing ---------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        model = self._model
        writable = model.can_write
        key = (model.choices(), model.code, model.subcode, writable)
        if key != self._shown:
            self._shown = key
            self._show_choices(writable)
        self.required.setVisible(writable and not model.is_chosen)
        if not writable and self.note.hasFocus():
            # Disabled with the focus, it would hand it to the next widget as if Tab had been pressed.
            self.note.clearFocus()
        self.note.setEnabled(writable)
        self.callback.setEnabled(writable)
        if self.complete.hasFocus() and model.is_completing:
            self.note.setFocus(Qt.FocusReason.OtherFocusReason)
        self.complete.setEnabled(model.is_wrap_up and model.is_chosen and not model.is_completing)
        self.complete.setToolTip("" if model.is_chosen else tr("wrap.choose_first"))
        self._show_saved()
        self._on_tick()

    def _show_choices(self, writable: bool) -> None:
        """Once a code with subcodes is chosen the first level folds to it; pressing it opens the level again."""
        model = self._model
        subchoices = model.subchoices()
        is_folded = bool(subchoices) and not self._is_open
        panel.clear(self.codes.flow)
        for code in model.choices():
            if not is_folded or code.code == model.code:
                self._add_chip(self.codes, code, code.code == model.code, writable, self._on_code)
        panel.clear(self.subcodes.flow)
        for code in subchoices if is_folded else ():
            chosen = code.code == model.subcode
            self._add_chip(self.subcodes, code, chosen, writable, self._on_subcode)
        self._gap.setVisible(is_folded)
        self.subcodes.setVisible(is_folded)
        self._fit()

    def _add_chip(
        self, box: panel.FlowBox, code: Code, chosen: bool, enabled: bool, on_click: Callable[[], None]
    ) -> None:
        chip = ChoiceChip(words(code.title, code.code))
        chip.setProperty("code", code.code)
        chip.setChecked(chosen)
        chip.setEnabled(enabled)
        chip.clicked.connect(on_click)
        box.flow.addWidget(chip)

    def _fit(self) -> None:
        """The chips are never cut; the notes keep at least two lines."""
        width = max(120, self.width() - 2 * SIDE)
        chips = self.codes.flow.heightForWidth(width)
        if self.subcodes.flow.count():
            chips += GAP + self.subcodes.flow.heightForWidth(width)
        for box in (self.codes, self.subcodes):
            box.setFixedHeight(box.flow.heightForWidth(width))
        self.setMinimumHeight(chips + FIXED_PX + NOTE_PX_MIN)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._fit()

    def _show_saved(self) -> None:
        model = self._model
        has_text = model.draft is not None and (bool(model.note) or bool(model.code))
        self._cloud.setVisible(has_text)
        if not has_text:
            self.saved.setText("")
        elif model.is_saved:
            self.saved.setText(tr("wrap.saved"))
        else:
            self.saved.setText(tr("wrap.kept") if model.is_on_disk else tr("wrap.saving"))

    def _on_tick(self) -> None:
        model = self._model
        left = model.left_s() if model.is_wrap_up else None
        self.countdown.setVisible(left is not None)
        if left is None:
            self._announced = None
            return
        urgent = left <= WRAP_UP_WARNING_S
        self.countdown.show_text(formats.duration(left + 0.999), "alarm" if urgent else "after_call", "timer")
        if urgent and self._announced is None:
            self._announced = int(left)
            self.announced.emit(tr("wrap.last_seconds", n=WRAP_UP_WARNING_S))

    # --- hearing ---------------------------------------------------------------------------------------------------

    def _on_typed(self) -> None:
        text = self.note.toPlainText()
        if len(text) > NOTE_CHARACTERS_MAX:
            self._model.type_note(text[:NOTE_CHARACTERS_MAX])
            self._on_note_replaced()
            return
        self._model.type_note(text)

    def _on_note_replaced(self) -> None:
        if self.note.toPlainText() != self._model.note:
            self.note.blockSignals(True)
            self.note.setPlainText(self._model.note)
            self.note.moveCursor(self.note.textCursor().MoveOperation.End)
            self.note.blockSignals(False)

    def _on_code(self) -> None:
        if (chip := self.sender()) is None:
            return
        code = str(chip.property("code"))
        # The chosen one pressed again opens, or folds, the first level; it is never taken back by that.
        self._is_open = code == self._model.code and not self._is_open
        self._model.choose(code)
        self._shown = None
        self.refresh()

    def _on_subcode(self) -> None:
        if (chip := self.sender()) is not None:
            self._model.choose_sub(str(chip.property("code")))
            self._shown = None
            self.refresh()

    def _close_level(self) -> None:
        self._is_open = False

    def focus_disposition(self) -> None:
        item = self.codes.flow.itemAt(0)
        widget = item.widget() if item else None
        if widget is not None and not self._model.is_chosen:
            widget.setFocus(Qt.FocusReason.OtherFocusReason)

    def focus_note(self) -> None:
        if self.note.isEnabled():
            self.note.setFocus(Qt.FocusReason.OtherFocusReason)
