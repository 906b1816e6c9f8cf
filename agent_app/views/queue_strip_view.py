"""The strip of queue gauges under the state bar; at its right end the own day and the connection."""

from __future__ import annotations

from typing import cast

from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QWidget

from agent_app.viewmodels.connection import ConnectionModel
from agent_app.viewmodels.queue_strip import QueueStrip
from agent_app.viewmodels.state_bar import StateBar
from agent_app.views.kit import icons, panel
from agent_app.views.kit.chip import Gauge
from agent_app.views.kit.label import Label
from agent_app.views.kit.theme import t, theme
from agent_app.views.kit.tokens import PAGE_MARGIN, Tone


class QueueStripView(QWidget):
    def __init__(self, model: QueueStrip, connection: ConnectionModel, state_bar: StateBar) -> None:
        super().__init__()
        self._model, self._connection, self._state_bar = model, connection, state_bar
        row = panel.row(self, margins=(PAGE_MARGIN, 7, PAGE_MARGIN, 6), gap=8)
        self.gauges: dict[str, Gauge] = {}
        for view in model.gauges():
            self.gauges[view.name] = Gauge(view.icon)
            row.addWidget(self.gauges[view.name])
        row.addStretch(1)
        self.day = Label("", "small")
        row.addWidget(self.day)
        self.phone = Label("", "warning")
        row.addWidget(self.phone)
        self._wifi, self._wifi_key = Label(), ("", "")
        row.addWidget(self._wifi)
        row.setSpacing(8)
        self.connection = Label("", "ready")
        row.addWidget(self.connection)
        model.changed.connect(self.refresh)
        model.ticked.connect(self.refresh)
        state_bar.changed.connect(self.refresh)
        theme().changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        for view in self._model.gauges():
            self.gauges[view.name].show_value(
                view.word, view.value, cast(Tone, view.tone), after=view.after, points=view.points, target=view.target
            )
        self.day.setText(self._model.my_day())
        phone, tone = self._state_bar.phone_line()
        # A phone that works needs no word.
        self.phone.setText(phone if tone != "ready" else "")
        self.phone.setVisible(tone != "ready")
        good = self._connection.is_connected
        self.connection.set_role("ready" if good else "warning")
        self.connection.setText(self._connection.line())
        key = ("wifi" if good else "wifi-off", t().ready if good else t().warning)
        if key != self._wifi_key:
            self._wifi_key = key
            self._wifi.setPixmap(_sharp(self, *key))


def _sharp(widget: QWidget, name: str, colour: str) -> QPixmap:
    return icons.pixmap(name, colour, 15, widget.devicePixelRatioF())
