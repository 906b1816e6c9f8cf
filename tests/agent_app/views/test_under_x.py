"""A short run on a real X server with real key events: sign-in, accept, notes, disposition, completion, by keyboard."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agent_app.softphone.messages import PhoneCall, PhoneStatus, Rendezvous, decode_from_window, encode_line
from cti_server.wire.client import CompleteAfterCallWork, ConfirmCardShown, DisposeCall, TakeNote
from cti_server.wire.server import AgentChanged, CallChanged, CallGone
from tests.agent_app import sample
from tests.agent_app.fake_server import PASSWORD, FakeServer
from tests.agent_app.x_display import Display, PhoneStub

pytestmark = [
    pytest.mark.desktop,
    pytest.mark.skipif(
        not (shutil.which("Xvfb") and shutil.which("xdotool")), reason="Xvfb and xdotool are not installed"
    ),
]


@pytest.fixture
def display(tmp_path: Path):  # type: ignore[no-untyped-def]
    made = Display(tmp_path)
    yield made
    made.close()


def test_a_call_by_keyboard_alone(server: FakeServer, display: Display, tmp_path: Path) -> None:
    phone = PhoneStub(tmp_path / "phone.json")
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    command = [sys.executable, "-m", "agent_app.app", "--server", server.url, "--user", "lee", "--lang", "ko"]
    command += ["--password-file", str(password), "--home", str(tmp_path), "--no-phone-process"]
    command += ["--rendezvous", str(tmp_path / "phone.json")]
    environment = {**os.environ, "DISPLAY": display.name, "QT_QPA_PLATFORM": "xcb"}
    desktop = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        display.until(lambda: server.connections == 1 and phone.is_attached, desktop)
        display.focus("이음 상담 데스크톱")
        server.fact(AgentChanged(agent=sample.agent("reserved", call=sample.CALL)))
        server.fact(CallChanged(call=sample.call("reserved")))
        for section in sample.card_sections():
            server.send(section)
        display.until(lambda: bool(server.bodies(ConfirmCardShown)), desktop)
        server.fact(CallChanged(call=sample.call("alerting")))
        phone.tell(PhoneStatus(registration="registered", call=PhoneCall(state="ringing", call=sample.CALL)))
        display.press_until("ctrl+shift+a", lambda: "Answer" in phone.heard, desktop)
        phone.tell(PhoneStatus(registration="registered", call=PhoneCall(state="established", call=sample.CALL)))
        server.fact(AgentChanged(agent=sample.agent("connected", call=sample.CALL)))
        server.fact(CallChanged(call=sample.call("connected")))
        display.press_until("ctrl+2", lambda: bool(server.bodies(DisposeCall)), desktop)
        display.press_until("F6", lambda: _typed(display, server), desktop)
        display.press("Escape")
        server.fact(AgentChanged(agent=sample.agent("after_call_work", call=sample.CALL)))
        until = sample.NOW + 60_000_000
        server.fact(CallChanged(call=sample.call("after_call_work", after_call_until=until)))
        display.press_until("ctrl+Return", lambda: bool(server.bodies(CompleteAfterCallWork)), desktop)
        server.fact(CallGone(call=sample.CALL))
        assert server.bodies(DisposeCall)[-1].code == "order"
        assert "EndCall" not in [type(frame).__name__ for frame in server.received] and "HangUp" not in phone.heard
    finally:
        desktop.terminate()
        desktop.communicate(timeout=20)
        phone.close()


def _typed(display: Display, server: FakeServer) -> bool:
    """F6 goes on from pane to pane; text lands in the notes when they are in front."""
    if any("hello" in body.text for body in server.bodies(TakeNote)):
        return True
    display.type("hello")
    return False


def test_the_stub_speaks_the_phones_own_lines(tmp_path: Path) -> None:
    """Guards the stub above: what it writes and reads are the softphone's messages."""
    assert decode_from_window(b'{"m":"Answer"}') is not None
    assert encode_line(PhoneStatus(registration="none")).endswith(b"\n")
    assert Rendezvous(port=1, token="t", pid=1).port == 1
