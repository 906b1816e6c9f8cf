"""The desktop for tests: fed by hand (`stage`), or signed in at a server over a real WebSocket (`server`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from agent_app.i18n import set_language
from tests.agent_app import fake_server, sample
from tests.agent_app.fake_server import FakeServer
from tests.agent_app.stage import Stage


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
