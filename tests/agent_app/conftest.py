"""The desktop for tests: fed by hand (`stage`), or signed in at a server over a real WebSocket (`server`)."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot

from agent_app.i18n import set_language
from tests.agent_app import fake_server, sample
from tests.agent_app.fake_server import FakeServer
from tests.agent_app.stage import Stage


@pytest.fixture(autouse=True, scope="module")
def _garbage_stays_in_the_qt_thread() -> Iterator[None]:
    """As in the desktop itself: cycles of Qt objects are collected in the thread that they live in, and none is left
    for the threads of later tests.
    """
    gc.disable()
    yield
    if QCoreApplication.instance() is not None:
        QCoreApplication.sendPostedEvents(None, int(QEvent.Type.DeferredDelete.value))
        gc.collect()
        QCoreApplication.sendPostedEvents(None, int(QEvent.Type.DeferredDelete.value))
    gc.enable()


@pytest.fixture(autouse=True)
def _korean() -> Iterator[None]:
    set_language("ko")
    yield
    set_language("ko")


@pytest.fixture
def stage(qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    """Signed in and idle; the window is shown."""
    made = Stage(tmp_path)
    made.window.show()
    made.sign_in()
    made.settle()
    yield made
    made.close()
    made.settle()


@pytest.fixture
def server(qtbot: QtBot) -> Iterator[FakeServer]:
    fake_server.PICTURE = sample.picture("p1")
    made = FakeServer()
    yield made
    made.close()
