"""The player of a voice message: play or pause, where it is, how long it is, and why nothing is heard."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QSlider, QWidget

from agent_app.i18n import formats, tr
from agent_app.viewmodels.message_player import FAILED, LOADING, PLAYING, SKIP_MS, MessagePlayer
from agent_app.views.kit import panel
from agent_app.views.kit.button import Button
from agent_app.views.kit.label import Label


class MessageBar(QWidget):
    """Keys in the list: Space plays and pauses, ← and → go five seconds back and on."""

    def __init__(self, model: MessagePlayer, table: QWidget) -> None:
        super().__init__()
        self._model = model
        row = panel.row(self, margins=(14, 7, 14, 7), gap=10)
        row.addWidget(Label(tr("callback.message"), "title"))
        self.play = Button(tr("callback.listen"), icon="play", keys=tr("keys.space"), height=30)
        self.play.setObjectName("play_message")
        self.play.clicked.connect(model.toggle)
        row.addWidget(self.play)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(tr("callback.message"))
        self.slider.setFixedWidth(320)
        self.slider.setPageStep(SKIP_MS)
        self.slider.sliderReleased.connect(lambda: model.seek(self.slider.value()))
        self.slider.actionTriggered.connect(self._on_stepped)
        row.addWidget(self.slider)
        self.time = Label("", "small")
        row.addWidget(self.time)
        self.problem = Label("", "warning")
        row.addWidget(self.problem)
        row.addStretch(1)
        for keys, act in (
            (Qt.Key.Key_Space, model.toggle),
            (Qt.Key.Key_Left, lambda: model.skip(-SKIP_MS)),
            (Qt.Key.Key_Right, lambda: model.skip(SKIP_MS)),
        ):
            made = QShortcut(QKeySequence(keys), table)
            made.setContext(Qt.ShortcutContext.WidgetShortcut)
            made.activated.connect(act)
        model.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        model = self._model
        self.setVisible(bool(model.callback))
        is_on = model.state in (PLAYING, LOADING)
        self.play.show_as(tr("callback.pause") if is_on else tr("callback.listen"), icon="pause" if is_on else "play")
        if not self.slider.isSliderDown():
            self.slider.setRange(0, model.length_ms)
            self.slider.setValue(model.at_ms)
        at, length = formats.duration(model.at_ms / 1000), formats.duration(model.length_ms / 1000)
        self.time.setText(tr("callback.message.loading") if model.state == LOADING else f"{at} / {length}")
        self.problem.setVisible(model.state == FAILED)
        self.problem.setText(model.problem_line())

    def _on_stepped(self, _: int) -> None:
        """A click beside the handle, or its keys: the handle has a new place already, and is not held."""
        if not self.slider.isSliderDown():
            self._model.seek(self.slider.sliderPosition())
