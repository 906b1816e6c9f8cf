"""The composition root: command line, phone process, signing off and coming back."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from agent_app import app as desktop_app
from agent_app.i18n import tr
from agent_app.softphone.messages import Rendezvous
from cti_server.wire.client import LogOff, SetNotReady, SetReady
from cti_server.wire.server import Denied
from tests.agent_app.fake_server import PASSWORD, FakeServer
from tests.agent_app.stage import drop

TIMEOUT_MS = 30_000


def arguments(server: FakeServer, folder: Path, *more: str):  # type: ignore[no-untyped-def]
    given = ["--server", server.url, "--user", "lee", "--home", str(folder), "--phone", "external", *more]
    return desktop_app.parser().parse_args(given)


def signed_in(qtbot: QtBot, server: FakeServer, folder: Path) -> desktop_app.Desktop:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    made = desktop_app.Desktop(app, arguments(server, folder), folder)
    made.open()
    made.window.sign_in.password.setText(PASSWORD)
    made.window.sign_in.submit()
    qtbot.waitUntil(lambda: made.window.desk.session.store.agent is not None, timeout=TIMEOUT_MS)
    return made


def close(made: desktop_app.Desktop) -> None:
    made.leave()
    made.window.closed.disconnect()
    made.window.close()
    drop(made.window)


def test_signing_off_brings_a_fresh_window(qtbot: QtBot, server: FakeServer, tmp_path: Path) -> None:
    made = signed_in(qtbot, server, tmp_path)
    first = made.window
    first.desk.state_bar.sign_out()
    qtbot.waitUntil(lambda: made.window is not first, timeout=TIMEOUT_MS)
    assert len(server.bodies(LogOff)) == 1
    assert made.window.view is None and made.window.isVisible() and made.window.sign_in.password.text() == ""
    made.window.sign_in.password.setText(PASSWORD)
    made.window.sign_in.submit()
    qtbot.waitUntil(lambda: made.window.desk.session.store.agent is not None, timeout=TIMEOUT_MS)
    close(made)


def test_in_a_call_signing_off_is_refused_and_the_phone_stays(qtbot: QtBot, server: FakeServer, tmp_path: Path) -> None:
    server.refuse[LogOff] = "in_call"
    made = signed_in(qtbot, server, tmp_path)
    window = made.window
    window.desk.state_bar.sign_out()
    assert window.view is not None
    qtbot.waitUntil(lambda: window.view.banners.notice.text() == tr("refusal.in_call"), timeout=TIMEOUT_MS)
    assert made.window is window
    close(made)


def test_signed_in_elsewhere_says_so(qtbot: QtBot, server: FakeServer, tmp_path: Path) -> None:
    made = signed_in(qtbot, server, tmp_path)
    first = made.window
    server.send(Denied(code="elsewhere"))
    qtbot.waitUntil(lambda: made.window is not first, timeout=TIMEOUT_MS)
    assert made.window.sign_in.message.text() == tr("denied.elsewhere") and server.connections == 1
    close(made)


def test_settings_are_kept_and_no_secret_among_them(qtbot: QtBot, server: FakeServer, tmp_path: Path) -> None:
    made = signed_in(qtbot, server, tmp_path)
    close(made)
    kept = json.loads((tmp_path / "settings.json").read_text(encoding="utf-8"))
    assert kept["user"] == "lee" and kept["server"] == server.url
    assert PASSWORD not in (tmp_path / "settings.json").read_text(encoding="utf-8") and "token" not in kept


def test_the_password_comes_from_a_file_or_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("from file\nmore", encoding="utf-8")
    given = desktop_app.parser().parse_args(["--password-file", str(tmp_path / "password")])
    assert desktop_app.password_of(given) == "from file"
    monkeypatch.setenv("IEUM_PASSWORD", "from environment")
    assert desktop_app.password_of(desktop_app.parser().parse_args([])) == "from environment"
    with pytest.raises(SystemExit):
        desktop_app.parser().parse_args(["--password", "x"])


def test_a_phone_that_already_listens_is_used_again(tmp_path: Path) -> None:
    place = tmp_path / "phone.json"
    assert not desktop_app.is_listening(place)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        place.write_bytes(msgspec.json.encode(Rendezvous(port=port, token="t", pid=1)))
        assert desktop_app.is_listening(place) and desktop_app.start_phone(place, [])
    assert not desktop_app.is_listening(place)


def test_ready_by_itself_is_asked_for_once(qtbot: QtBot, server: FakeServer, tmp_path: Path) -> None:
    """`--ready`, for a demo: as soon as it is possible, and never against the person's later choice."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    made = desktop_app.Desktop(app, arguments(server, tmp_path, "--ready"), tmp_path)
    made.open()
    desktop_app.get_ready_once(made.window)
    made.window.sign_in.password.setText(PASSWORD)
    made.window.sign_in.submit()
    qtbot.waitUntil(lambda: len(server.bodies(SetReady)) == 1, timeout=TIMEOUT_MS)
    made.window.desk.state_bar.not_ready("break")
    made.window.desk.state_bar.changed.emit()
    qtbot.waitUntil(lambda: len(server.bodies(SetNotReady)) == 1, timeout=TIMEOUT_MS)
    assert len(server.bodies(SetReady)) == 1
    close(made)
