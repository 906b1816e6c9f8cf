"""The whole call on the desktop, in both languages, against a server over a real WebSocket: sign-in to completion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from agent_app.i18n import set_language, tr
from agent_app.link.bridge import Bridge
from agent_app.settings import Settings
from agent_app.viewmodels.desk import Desk
from agent_app.viewmodels.session import Session
from agent_app.viewmodels.situations import Action
from agent_app.views.kit.button import ChoiceChip
from agent_app.views.kit.theme import install
from agent_app.views.main_window import MainWindow
from cti_server.wire.client import (
    CompleteAfterCallWork,
    ConfirmCardShown,
    DisposeCall,
    EndCall,
    FollowScript,
    HoldCall,
    RetrieveCall,
    SetNotReady,
    SetReady,
    TakeNote,
)
from cti_server.wire.server import AgentChanged, CallChanged, CallGone, GaugeFrame, QueueGauges
from tests.agent_app import sample
from tests.agent_app.fake_server import PASSWORD, FakeServer
from tests.agent_app.stage import HandPhone, drop

TIMEOUT_MS = 30_000


class Desktop:
    """A desktop with a real link; the phone is moved by hand."""

    def __init__(self, qtbot: QtBot, server: FakeServer, folder: Path) -> None:
        self.qtbot, self.server, self.phone = qtbot, server, HandPhone()
        self.desk = Desk(Session(Bridge()), self.phone, folder)
        self.window = MainWindow(self.desk, Settings(server=server.url, user="lee"))
        self.window.show()

    def sign_in(self) -> None:
        self.qtbot.keyClicks(self.window.sign_in.password, PASSWORD)
        self.qtbot.mouseClick(self.window.sign_in.button, Qt.MouseButton.LeftButton)
        self.wait(lambda: self.window.view is not None and self.desk.session.store.agent is not None)

    def wait(self, holds: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(holds, timeout=TIMEOUT_MS)

    def click(self, button: object) -> None:
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[call-overload]

    def choose(self, text: str) -> None:
        chip = next(chip for chip in self.view.agent.wrap_up.findChildren(ChoiceChip) if chip.text() == text)
        self.click(chip)

    @property
    def view(self):  # type: ignore[no-untyped-def]  # DeskView, once it is there
        return self.window.view

    def close(self) -> None:
        self.desk.close()
        self.window.close()
        QApplication.processEvents()
        drop(self.window)


@pytest.fixture
def desktop(qtbot: QtBot, server: FakeServer, tmp_path: Path) -> Iterator[Desktop]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    install(app, "light")
    made = Desktop(qtbot, server, tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_call_from_sign_in_to_completion(qtbot: QtBot, server: FakeServer, tmp_path: Path, language: str) -> None:
    set_language(language)
    server.snapshot = lambda seq: sample.snapshot(seq, agent=sample.agent(mode="not_ready"))
    desktop = Desktop(qtbot, server, tmp_path)
    desk = desktop.desk
    try:
        # Signing in lands in Not ready; Ready is asked for, and shown when the server says so.
        desktop.sign_in()
        view, bar = desktop.view, desktop.view.state_bar
        assert bar.pill.view().label == f"{tr('state.not_ready')} · {tr('reason.signed_in')}"
        desk.state_bar.ready()
        desktop.wait(lambda: bool(server.bodies(SetReady)))
        server.fact(AgentChanged(agent=sample.agent()))
        server.send(GaugeFrame(at=sample.NOW, body=QueueGauges(queues=sample.queues())))
        desktop.wait(lambda: bar.pill.view().label == tr("state.ready"))
        desktop.wait(lambda: view.strip.gauges["waiting"].value() == "7")

        # Reserved: the card is painted and confirmed before the phone rings.
        server.fact(AgentChanged(agent=sample.agent("reserved", call=sample.CALL)))
        server.fact(CallChanged(call=sample.call("reserved")))
        for section in sample.card_sections():
            server.send(section)
        desktop.wait(lambda: [body.call for body in server.bodies(ConfirmCardShown)] == [sample.CALL])
        assert bar.caller.name.text() == "김민지" and bar.caller.name.isVisible()
        assert view.incoming.isVisible() and view.incoming.body.name.text() == "김민지"
        assert view.incoming.body.verified.text() == tr("caller.verified")

        # It rings; accept is the phone's own doing.
        server.fact(AgentChanged(agent=sample.agent("alerting", call=sample.CALL)))
        server.fact(CallChanged(call=sample.call("alerting")))
        desktop.phone.report("ringing")
        desktop.wait(lambda: bar.pill.view().label == tr("state.ringing"))
        desktop.click(view.incoming.body.accept)
        assert [type(order).__name__ for order in desktop.phone.orders][-1] == "Answer"
        desktop.phone.report("established")
        server.fact(AgentChanged(agent=sample.agent("connected", call=sample.CALL)))
        server.fact(CallChanged(call=sample.call("connected")))
        desktop.wait(lambda: bar.pill.view().label == tr("state.on_call"))
        assert not view.incoming.isVisible()
        wanted = [Action.MUTE, Action.HOLD, Action.KEYPAD, Action.PAUSE_RECORDING, Action.END]
        assert list(bar.buttons) == wanted

        # The card's sections are there, pictures too; the script greets with the name.
        desktop.wait(lambda: bool(server.bodies(FollowScript)))
        assert "김민지" in view.agent.script.sentence.text()
        assert view.agent.needs.payment.text() == "신한 ****-1207"
        assert view.agent.middle.timeline.list.model().rowCount() == 11

        # Hold and back; requested until the server confirms.
        desktop.click(bar.buttons[Action.HOLD])
        desktop.wait(lambda: bool(server.bodies(HoldCall)))
        server.fact(CallChanged(call=sample.call("held", held_since=sample.NOW)))
        desktop.wait(lambda: bar.pill.view().label == tr("state.held"))
        desktop.click(bar.buttons[Action.RETRIEVE])
        desktop.wait(lambda: bool(server.bodies(RetrieveCall)))
        server.fact(CallChanged(call=sample.call("connected")))
        desktop.wait(lambda: Action.END in bar.buttons)

        # Notes and disposition during the call.
        qtbot.keyClicks(view.agent.wrap_up.note, "late, 11/22")
        desktop.wait(lambda: bool(server.bodies(TakeNote)) and server.bodies(TakeNote)[-1].text == "late, 11/22")
        desktop.choose("배송 문의" if language == "ko" else "Delivery")
        desktop.choose("배송 지연" if language == "ko" else "Delayed")
        desktop.wait(lambda: bool(server.bodies(DisposeCall)))
        disposed = server.bodies(DisposeCall)[-1]
        assert (disposed.code, disposed.subcode) == ("delivery", "delay")

        # Hang up, wrap-up with its countdown, complete; the next state applies and the card goes after two seconds.
        desktop.click(bar.buttons[Action.END])
        desktop.wait(lambda: bool(server.bodies(EndCall)))
        server.fact(AgentChanged(agent=sample.agent("after_call_work", call=sample.CALL)))
        until = sample.NOW + 30_000_000
        server.fact(CallChanged(call=sample.call("after_call_work", after_call_until=until)))
        desktop.wait(lambda: bar.pill.view().label == tr("state.wrap_up"))
        assert view.agent.wrap_up.countdown.isVisible()
        desktop.wait(lambda: view.agent.wrap_up.complete.isEnabled())
        desktop.click(view.agent.wrap_up.complete)
        desktop.wait(lambda: [body.call for body in server.bodies(CompleteAfterCallWork)] == [sample.CALL])
        server.fact(AgentChanged(agent=sample.agent()))
        server.fact(CallGone(call=sample.CALL))
        desktop.wait(lambda: bar.pill.view().label == tr("state.ready"))
        desktop.wait(lambda: desk.subject.is_empty)
        assert view.agent.wrap_up.note.toPlainText() == ""
        assert bar.caller.reopen.isVisible()
    finally:
        desktop.close()


def test_a_wrong_password_says_so_and_leaves_nothing_in_the_field(desktop: Desktop) -> None:
    page = desktop.window.sign_in
    desktop.qtbot.keyClicks(page.password, "wrong")
    desktop.click(page.button)
    desktop.wait(lambda: page.message.text() == tr("denied.wrong_credentials"))
    assert page.password.text() == "" and page.button.isEnabled() and desktop.window.view is None


def test_a_cut_connection_is_shown_and_what_was_asked_is_sent_again_once(desktop: Desktop) -> None:
    server = desktop.server
    desktop.sign_in()
    banner = desktop.view.banners.connection
    server.is_mute = True
    desktop.desk.state_bar.not_ready("meal")
    desktop.wait(lambda: len(server.ids(SetNotReady)) == 1)
    before = server.connections
    server.drop()
    desktop.wait(lambda: bool(banner.text()))
    desktop.wait(lambda: server.connections == before + 1)
    server.is_mute = False
    server.drop()
    desktop.wait(lambda: server.connections == before + 2)
    desktop.wait(lambda: not desktop.desk.session.store.commands)
    assert len(set(server.ids(SetNotReady))) == 1 and len(server.ids(SetNotReady)) >= 2
    desktop.wait(lambda: banner.text() == "")


def test_after_a_reconnect_the_screen_is_the_servers_state(desktop: Desktop) -> None:
    server = desktop.server
    desktop.sign_in()
    server.fact(AgentChanged(agent=sample.agent("connected", call=sample.CALL)))
    server.fact(CallChanged(call=sample.call("connected")))
    desktop.wait(lambda: desktop.view.state_bar.pill.view().label == tr("state.on_call"))
    server.seq = 50
    server.snapshot = lambda seq: sample.snapshot(seq, agent=sample.agent(mode="not_ready", reason="desktop_lost"))
    server.drop()
    desktop.wait(lambda: tr("reason.desktop_lost") in desktop.view.state_bar.pill.view().label)
    assert desktop.desk.session.store.call is None


def test_a_killed_window_loses_no_word(qtbot: QtBot, server: FakeServer, tmp_path: Path) -> None:
    """Typed while the server did not answer; the window dies; another one sends it, once, with the same id."""
    server.snapshot = lambda seq: sample.snapshot(
        seq, agent=sample.agent("connected", call=sample.CALL), call=sample.call("connected")
    )
    first = Desktop(qtbot, server, tmp_path)
    first.sign_in()
    server.is_mute = True
    qtbot.keyClicks(first.view.agent.wrap_up.note, "never lost")
    first.desk.wrap_up.choose("order")
    first.wait(lambda: bool(server.ids(TakeNote)) and bool(server.ids(DisposeCall)))
    qtbot.keyClicks(first.view.agent.wrap_up.note, "!")
    first.wait(lambda: first.desk.wrap_up.is_on_disk)
    # Killed: nothing of closing runs but the end of its connection.
    first.desk.session.link.close()
    first.window.hide()
    noted, disposed = set(server.ids(TakeNote)), set(server.ids(DisposeCall))
    server.is_mute = False

    second = Desktop(qtbot, server, tmp_path)
    try:
        second.sign_in()
        second.wait(lambda: second.view.agent.wrap_up.note.toPlainText() == "never lost!")
        second.wait(lambda: server.bodies(TakeNote)[-1].text == "never lost!")
        second.wait(lambda: second.desk.wrap_up.is_saved)
        assert second.desk.wrap_up.code == "order"
        assert set(server.ids(DisposeCall)) == disposed and len(server.ids(DisposeCall)) == 2
        assert len(set(server.ids(TakeNote)) - noted) == 1
    finally:
        second.close()
        first.close()
