"""Icons: those that are named are shipped, those that are shipped are used, and they take the colour asked for."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

import agent_app
from agent_app.viewmodels.situations import SPECS
from agent_app.viewmodels.timeline import ICONS
from agent_app.views.kit import icons

ROOT = Path(agent_app.__file__).parent
SHIPPED = {path.stem for path in (ROOT / "views/kit/icons").glob("*.svg")}


def test_every_shipped_icon_is_used() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.rglob("*.py"))
    assert {name for name in SHIPPED if f'"{name}"' not in text} == set()


def test_tables_name_shipped_icons_only() -> None:
    named = {spec.icon for spec in SPECS.values()} | {name for name, _ in ICONS.values()}
    named |= set(
        re.findall(r'icon="([a-z0-9-]+)"', "\n".join(p.read_text(encoding="utf-8") for p in ROOT.rglob("*.py")))
    )
    assert named - SHIPPED == set()


def test_the_licence_is_shipped() -> None:
    assert "ISC License" in (ROOT / "views/kit/icons/LICENSE.txt").read_text(encoding="utf-8")


def test_an_icon_takes_its_colour_and_the_density_of_the_screen(qtbot: QtBot) -> None:
    for name in SHIPPED:
        image = icons.pixmap(name, "#B3211B", 16, 2.0).toImage()
        assert image.width() == 32
        inked = [image.pixelColor(x, y) for x in range(32) for y in range(32) if image.pixelColor(x, y).alpha() == 255]
        assert inked and all(abs(colour.red() - QColor("#B3211B").red()) < 8 for colour in inked), name
