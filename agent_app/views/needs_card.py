"""What the agent is about to need: usual payment (masked), most ordered products with pictures, the last order."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from agent_app.i18n import tr
from agent_app.viewmodels.card import CardModel, Step
from agent_app.views.customer_card import IconLabel
from agent_app.views.kit import icons, panel
from agent_app.views.kit.label import Label, plain_tip
from agent_app.views.kit.theme import font, t, theme
from agent_app.views.kit.tokens import Tone


class ProductTile(QWidget):
    """Picture, name, how often it was ordered."""

    def __init__(self) -> None:
        super().__init__()
        self._name, self._count = "", ""
        self._png: bytes | None = None
        self._pixmap: QPixmap | None = None
        self.setFixedHeight(110)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def show_product(self, name: str, count: str, png: bytes | None) -> None:
        if (name, count, id(png)) == (self._name, self._count, id(self._png)):
            return
        self._name, self._count, self._png = name, count, png
        self._pixmap = None
        if png:
            pixmap = QPixmap()
            if pixmap.loadFromData(png):
                self._pixmap = pixmap
        self.setAccessibleName(f"{name} {count}")
        self.setToolTip(plain_tip(name))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(96, 110)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        path = QPainterPath()
        path.addRoundedRect(box, 7, 7)
        painter.fillPath(path, QColor(t().raised))
        painter.save()
        painter.setClipPath(path)
        self._paint_picture(painter, QRectF(box.left(), box.top(), box.width(), 61))
        painter.restore()
        painter.setPen(QPen(QColor(t().border), 1))
        painter.drawPath(path)
        self._paint_words(painter, box)

    def _paint_picture(self, painter: QPainter, place: QRectF) -> None:
        if self._pixmap is None:
            painter.fillRect(place, QColor(t().neutral))
            centre = place.center()
            icons.paint(painter, "package", colour=t().muted, x=centre.x() - 12, y=centre.y() - 12, px=24)
            return
        size = self._pixmap.size()
        scale = max(place.width() / size.width(), place.height() / size.height())
        width, height = place.width() / scale, place.height() / scale
        source = QRectF((size.width() - width) / 2, (size.height() - height) / 2, width, height)
        painter.drawPixmap(place, self._pixmap, source)

    def _paint_words(self, painter: QPainter, box: QRectF) -> None:
        width = box.width() - 14
        bold, small = font(12.5, bold=True), font(12)
        painter.setFont(bold)
        painter.setPen(QColor(t().text))
        name = painter.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideRight, int(width))
        painter.drawText(QRectF(box.left() + 8, 68, width, 18), Qt.AlignmentFlag.AlignVCenter, name)
        painter.setFont(small)
        painter.setPen(QColor(t().muted))
        painter.drawText(QRectF(box.left() + 8, 86, width, 17), Qt.AlignmentFlag.AlignVCenter, self._count)


class Stepper(QWidget):
    """The steps of an order: a bar each, done, current, ahead; the word below it."""

    def __init__(self) -> None:
        super().__init__()
        self._steps: list[Step] = []
        self.setFixedHeight(29)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def show_steps(self, steps: list[Step]) -> None:
        self._steps = steps
        current = next((step.word for step in steps if step.state == "current"), "")
        self.setAccessibleName(current)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._steps:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(12))
        gap = 4.0
        width = (self.width() - 4 - gap * (len(self._steps) - 1)) / len(self._steps)
        for number, step in enumerate(self._steps):
            tone = cast(Tone, {"done": "ready", "current": "accent"}.get(step.state, "neutral"))
            left = 2 + number * (width + gap)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t().muted if tone == "neutral" else t().ink(tone)))
            painter.drawRoundedRect(QRectF(left, 2, width, 4), 2, 2)
            painter.setPen(QColor(t().ink(tone)))
            painter.drawText(QRectF(left - 4, 10, width + 8, 18), Qt.AlignmentFlag.AlignCenter, step.word)


class NeedsCard(QWidget):
    def __init__(self, model: CardModel) -> None:
        super().__init__()
        self._model = model
        self._shown: object = None
        self._kept: object = None
        card = panel.frame("card")
        panel.column(self).addWidget(card)
        column = panel.column(card, margins=(14, 10, 14, 10), gap=0)
        head = panel.row()
        head.addWidget(Label(tr("needs.title"), "title"))
        head.addStretch(1)
        self._note = Label("", "small")
        head.addWidget(self._note)
        column.addLayout(head)
        column.addSpacing(8)
        self._payment = QWidget()
        line = panel.row(self._payment, gap=5)
        line.addWidget(IconLabel("credit-card", "neutral", 16))
        line.addSpacing(3)
        line.addWidget(Label(tr("needs.payment")))
        self.payment, self.share = Label("", "strong"), Label("", "muted")
        line.addWidget(self.payment)
        line.addWidget(self.share)
        line.addStretch(1)
        column.addWidget(self._payment)
        column.addSpacing(7)
        self._products = QWidget()
        tiles = panel.row(self._products, gap=8)
        self.tiles = [ProductTile() for _ in range(3)]
        for tile in self.tiles:
            tiles.addWidget(tile, 1)
        column.addWidget(self._products)
        column.addSpacing(8)
        self._order = QWidget()
        line = panel.row(self._order, gap=5)
        line.addWidget(Label(tr("needs.order"), "muted"))
        self.order, self.amount = Label("", "strong"), Label("", "muted")
        line.addWidget(self.order)
        line.addWidget(self.amount)
        line.addStretch(1)
        column.addWidget(self._order)
        self.stepper = Stepper()
        column.addWidget(self.stepper)
        self._state = Label("", "muted", wrap=True)
        column.addWidget(self._state)
        model.changed.connect(self.refresh)
        model.pictures_changed.connect(self._show_products)
        self.refresh()

    def refresh(self) -> None:
        model = self._model
        key = (id(model.needs), model.condition("needs"))
        if key == self._shown:
            return
        self._shown, self._kept = key, model.needs
        here = model.needs is not None
        self.setVisible(model.condition("needs") in ("here", "waiting", "failed"))
        self._note.setText(tr("needs.precomputed") if here else "")
        payment, share = model.payment()
        self._payment.setVisible(bool(payment))
        self.payment.setText(payment)
        self.share.setText(f"· {share}" if share else "")
        self._show_products()
        order, amount = model.order()
        self._order.setVisible(bool(order))
        self.order.setText(order)
        self.amount.setText(f"· {amount}" if amount else "")
        steps = model.steps()
        self.stepper.setVisible(bool(steps))
        self.stepper.show_steps(steps)
        empty = here and not payment and not order and not model.products()
        self._state.setVisible(not here or empty)
        if empty:
            self._state.setText(tr("needs.none"))
        else:
            self._state.setText(tr("card.failed") if model.condition("needs") == "failed" else tr("card.waiting"))
        self.updateGeometry()

    def _show_products(self) -> None:
        products = self._model.products()
        self._products.setVisible(bool(products))
        for tile, product in zip(self.tiles, (*products, None, None, None), strict=False):
            tile.setVisible(product is not None)
            if product is not None:
                count = tr("needs.orders", n=product.orders)
                tile.show_product(product.name, count, self._model.picture(product.picture))
