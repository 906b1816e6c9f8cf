"""Icons: lucide's SVG line drawings, tinted at run time and kept as pixmaps.

Decides nothing about meaning; a name that is not shipped is an error at once, never an empty square.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

PIXMAPS_MAX = 512


@lru_cache(maxsize=256)
def svg_text(name: str) -> str:
    return files(__package__).joinpath("icons", f"{name}.svg").read_text(encoding="utf-8")


@lru_cache(maxsize=256)
def renderer(name: str, colour: str) -> QSvgRenderer:
    text = svg_text(name).replace("currentColor", colour).replace('stroke-width="2"', 'stroke-width="1.75"')
    return QSvgRenderer(QByteArray(text.encode()))


@lru_cache(maxsize=PIXMAPS_MAX)
def pixmap(name: str, colour: str, px: int = 16, ratio: float = 1.0) -> QPixmap:
    made = QPixmap(round(px * ratio), round(px * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    renderer(name, colour).render(painter, QRectF(0, 0, px, px))
    painter.end()
    return made


def icon(name: str, colour: str, px: int = 16) -> QIcon:
    made = QIcon(pixmap(name, colour, px, 1.0))
    made.addPixmap(pixmap(name, colour, px, 2.0))
    return made


def paint(painter: QPainter, name: str, *, colour: str, x: float, y: float, px: int = 16) -> None:
    """Draw at the painter's own resolution; cheap enough for delegates because the pixmap is kept."""
    ratio = float(painter.device().devicePixelRatioF())
    painter.drawPixmap(round(x), round(y), pixmap(name, colour, px, ratio))
