"""The timeline pane: filters, search, and one list view whose delegate draws the rows (never a widget per row)."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from agent_app.i18n import formats, tr
from agent_app.viewmodels.timeline import ICONS, Heading, TimelineViewModel, own_call
from agent_app.views.kit import icons, panel
from agent_app.views.kit.button import ChoiceChip
from agent_app.views.kit.label import Label
from agent_app.views.kit.theme import font, t, theme
from agent_app.views.kit.tokens import Tone
from cti_server.wire.server import TimelineRow

ROW_PX = 61
HEADING_PX = 31
LEFT_PX = 14
BATCH_ROWS = 60
"""Laid out before the first paint; the rest of a long history follows between events."""
_TAG_TONES: dict[str, Tone] = {"alarm": "alarm", "warning": "warning", "info": "accent", "ok": "ready"}


class TimelineDelegate(QStyledItemDelegate):
    """Icon on its tint, title with tag and length of the recording, one line of text, the time at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        heading = isinstance(index.data(Qt.ItemDataRole.UserRole), Heading)
        return QSize(200, HEADING_PX if heading else ROW_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        item, box = index.data(Qt.ItemDataRole.UserRole), option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if isinstance(item, Heading):
            self._heading(painter, box, item)
        elif isinstance(item, TimelineRow):
            chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            if chosen:
                painter.fillRect(box, QColor(t().accent_tint))
            self._row(painter, box, item)
        painter.fillRect(box.left(), box.bottom(), box.width(), 1, QColor(t().border))
        painter.restore()

    def _heading(self, painter: QPainter, box: QRect, heading: Heading) -> None:
        painter.fillRect(box, QColor(t().raised))
        painter.setFont(font(12))
        painter.setPen(QColor(t().muted))
        painter.drawText(box.adjusted(LEFT_PX, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, heading.text)

    def _row(self, painter: QPainter, box: QRect, row: TimelineRow) -> None:
        name, tone = ICONS.get(row.kind, ICONS["note"])
        tone = cast(Tone, tone)
        top = box.top()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t().tint(tone)))
        painter.drawRoundedRect(QRectF(box.left() + LEFT_PX, top + 11, 28, 28), 7, 7)
        icons.paint(painter, name, colour=t().ink(tone), x=box.left() + LEFT_PX + 6, y=top + 17, px=16)
        left = box.left() + LEFT_PX + 39.0
        small, middle = font(12), Qt.AlignmentFlag.AlignVCenter
        when = formats.short_time(row.at)
        width = QFontMetricsF(small).horizontalAdvance(when)
        right = box.right() - LEFT_PX
        painter.setFont(small)
        painter.setPen(QColor(t().muted))
        painter.drawText(QRectF(right - width, top + 11, width + 1, 20), middle, when)
        self._title(painter, row, left, top + 11.0, right - width - 12)
        painter.setFont(font(13))
        painter.setPen(QColor(t().muted))
        text = row.text.replace("\n", " ")
        text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(right - left))
        painter.drawText(QRectF(left, top + 31, right - left, 20), middle, text)

    def _title(self, painter: QPainter, row: TimelineRow, left: float, top: float, right: float) -> None:
        bold = font(13, bold=True)
        painter.setFont(bold)
        painter.setPen(QColor(t().text))
        chips: list[tuple[str, Tone, str]] = []
        if row.tag:
            chips.append((row.tag, _TAG_TONES.get(row.tag_level, "neutral"), ""))
        if row.duration_s is not None:
            chips.append((formats.duration(row.duration_s), "neutral", "play" if row.recording else "clock"))
        chip_font = QFontMetricsF(font(12, bold=True))
        room = right - left - sum(chip_font.horizontalAdvance(text) + (36 if icon else 22) for text, _, icon in chips)
        title = painter.fontMetrics().elidedText(row.title, Qt.TextElideMode.ElideRight, int(max(40, room)))
        painter.drawText(QRectF(left, top, right - left, 20), Qt.AlignmentFlag.AlignVCenter, title)
        x = left + QFontMetricsF(bold).horizontalAdvance(title) + 7
        for text, tone, icon in chips:
            x = _paint_chip(painter, x, top + 1, text, tone=tone, icon=icon) + 6


def _paint_chip(painter: QPainter, x: float, y: float, text: str, *, tone: Tone, icon: str) -> float:
    bold = font(12, bold=True)
    width = QFontMetricsF(bold).horizontalAdvance(text) + 14 + (13 if icon else 0)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(t().tint(tone)))
    painter.drawRoundedRect(QRectF(x, y, width, 18), 4, 4)
    left = x + 7
    if icon:
        icons.paint(painter, icon, colour=t().ink(tone), x=left - 1, y=y + 3, px=12)
        left += 13
    painter.setPen(QColor(t().ink(tone)))
    painter.setFont(bold)
    painter.drawText(QRectF(left, y, width, 18), Qt.AlignmentFlag.AlignVCenter, text)
    return x + width


class TimelineView(QWidget):
    def __init__(self, model: TimelineViewModel) -> None:
        super().__init__()
        self._model = model
        column = panel.column(self)
        head = panel.row(margins=(14, 9, 14, 9), gap=3)
        self.filters: dict[str, ChoiceChip] = {}
        for name, text in (
            ("all", tr("timeline.all")),
            ("calls", tr("timeline.calls")),
            ("orders", tr("timeline.orders")),
            ("inquiries", tr("timeline.inquiries")),
            ("notes", tr("timeline.notes")),
        ):
            chip = ChoiceChip(text, quiet=True)
            chip.setAutoExclusive(True)
            chip.setProperty("filter", name)
            chip.setChecked(name == model.filter)
            chip.clicked.connect(self._on_filter)
            self.filters[name] = chip
            head.addWidget(chip)
        head.addStretch(1)
        self.search = QLineEdit()
        self.search.setObjectName("search")
        self.search.setPlaceholderText(tr("timeline.search"))
        self.search.setAccessibleName(tr("timeline.search"))
        self.search.setFixedWidth(170)
        self.search.setClearButtonEnabled(True)
        self._search_icon = self.search.addAction(
            icons.icon("search", t().muted, 16), QLineEdit.ActionPosition.LeadingPosition
        )
        self.search.textChanged.connect(model.search)
        head.addWidget(self.search)
        column.addLayout(head)
        column.addWidget(panel.line())
        self.list = QListView()
        self.list.setModel(model.model)
        self.list.setItemDelegate(TimelineDelegate(self.list))
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setAccessibleName(tr("timeline.title"))
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setLayoutMode(QListView.LayoutMode.Batched)
        self.list.setBatchSize(BATCH_ROWS)
        self.list.activated.connect(self._on_activated)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._on_menu)
        self.list.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        column.addWidget(self.list, 1)
        self.empty = Label("", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.empty, 1)
        model.changed.connect(self.refresh)
        theme().changed.connect(self._on_theme)
        self.refresh()

    def refresh(self) -> None:
        model = self._model
        for name, chip in self.filters.items():
            chip.setChecked(name == model.filter)
        if self.search.text().strip().casefold() != model.needle:
            self.search.setText(model.needle)
        has_rows = model.model.rowCount() > 0
        self.list.setVisible(has_rows)
        self.empty.setVisible(not has_rows)
        if not has_rows:
            self.empty.setText(self._why_empty())

    def _why_empty(self) -> str:
        subject = self._model.subject
        if subject.is_empty:
            return tr("timeline.nobody")
        if self._model.needle or self._model.filter != "all":
            return tr("timeline.nothing_found")
        if subject.is_waited_for("timeline") and subject.customer:
            return tr("card.waiting")
        if subject.section("timeline") is None and subject.customer:
            return tr("card.failed")
        return tr("timeline.none")

    def _on_filter(self) -> None:
        if (chip := self.sender()) is not None:
            self._model.set_filter(str(chip.property("filter")))

    def _on_activated(self, index: QModelIndex) -> None:
        row = index.data(Qt.ItemDataRole.UserRole)
        if isinstance(row, TimelineRow):
            self._model.choose(row)

    def _on_menu(self, place: QPoint) -> None:
        """Right click, or the menu key on the chosen row."""
        index = self.list.indexAt(place)
        row = (index if index.isValid() else self.list.currentIndex()).data(Qt.ItemDataRole.UserRole)
        if isinstance(row, TimelineRow) and own_call(row) is not None:
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            action = menu.addAction(icons.icon("scale", t().muted, 16), tr("action.why"))
            action.triggered.connect(lambda: self._model.explain(row))
            menu.popup(self.list.viewport().mapToGlobal(place))

    def _on_scrolled(self, value: int) -> None:
        bar = self.list.verticalScrollBar()
        if bar.maximum() > 0 and value >= bar.maximum() - 3 * ROW_PX:
            self._model.load_older()

    def _on_theme(self) -> None:
        self._search_icon.setIcon(icons.icon("search", t().muted, 16))
        self.list.viewport().update()
