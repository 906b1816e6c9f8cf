"""Listening to a voice message: fetched piece by piece, played by the phone, and told why when it is not."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from agent_app.i18n import tr
from agent_app.link.client import Changed
from agent_app.softphone.messages import LoadSound, PlaySound, Sound, StopSound
from agent_app.store import Connection
from agent_app.viewmodels.message_player import FAILED, IDLE, LOADING, PAUSED, PHONE_WITHIN_US, PLAYING
from agent_app.views.callbacks_page import CallbacksPage
from cti_server.wire.client import DialCallback, LoadMessage, SettleCallback
from cti_server.wire.server import AnswerFrame, CallbackChanged, CallbackView, MessageLoaded
from tests.agent_app import sample
from tests.agent_app.stage import Stage

MESSAGE = 101
TOTAL = sample.MESSAGE_MS * 8
PIECE = 128 * 1024


def at_the_message(stage: Stage) -> CallbacksPage:
    stage.view.show_page("callbacks")
    page = stage.view.callbacks
    page.table.selectRow(1)
    stage.settle()
    assert page.bar.isVisible()
    return page


def send_pieces(stage: Stage) -> None:
    """The server answers whatever was asked, until nothing more is asked for."""
    answered = 0
    while len(asks := stage.link.asks(LoadMessage)) > answered:
        ask = asks[answered]
        assert isinstance(ask.body, LoadMessage)
        sound = bytes(min(PIECE, TOTAL - ask.body.start))
        body = MessageLoaded(callback=MESSAGE, law="PCMU", start=ask.body.start, total=TOTAL, sound=sound)
        stage.link.receive(AnswerFrame(to=ask.id, body=body))
        answered += 1


def playing(stage: Stage) -> CallbacksPage:
    page = at_the_message(stage)
    page.bar.play.click()
    send_pieces(stage)
    return page


def phone_says(stage: Stage, state: str, at_ms: int = 0) -> None:
    stage.phone.report()
    assert stage.phone.status is not None
    stage.phone.status = type(stage.phone.status)(
        registration="registered", audio="ok", sound=Sound(sound=MESSAGE, state=state, at_ms=at_ms)
    )
    stage.phone.changed.emit()


def orders(stage: Stage, kind: type) -> list[object]:
    return [order for order in stage.phone.orders if isinstance(order, kind)]


def test_a_message_is_fetched_whole_and_played(stage: Stage) -> None:
    page = at_the_message(stage)
    page.bar.play.click()
    assert (stage.desk.message.state, page.bar.time.text()) == (LOADING, tr("callback.message.loading"))
    send_pieces(stage)
    assert [ask.body.start for ask in stage.link.asks(LoadMessage)] == [0, PIECE]  # type: ignore[union-attr]
    pieces = orders(stage, LoadSound)
    assert sum(len(piece.data) for piece in pieces) == TOTAL  # type: ignore[attr-defined]
    assert orders(stage, PlaySound) == [PlaySound(sound=MESSAGE, at_ms=0)]
    phone_says(stage, "playing", 5_000)
    assert (stage.desk.message.state, page.bar.time.text()) == (PLAYING, "00:05 / 00:24")
    assert page.bar.play.text() == tr("callback.pause")
    phone_says(stage, "ended", sample.MESSAGE_MS)
    assert (stage.desk.message.state, page.bar.slider.value()) == (IDLE, 0)


def test_a_pause_goes_on_where_it_was_without_fetching_again(stage: Stage) -> None:
    page = playing(stage)
    phone_says(stage, "playing", 7_000)
    page.bar.play.click()
    assert orders(stage, StopSound) and stage.desk.message.state == PAUSED
    page.bar.play.click()
    assert orders(stage, PlaySound)[-1] == PlaySound(sound=MESSAGE, at_ms=7_000)
    assert len(stage.link.asks(LoadMessage)) == 2


def test_the_keyboard_plays_and_skips(stage: Stage, qtbot: QtBot) -> None:
    page = at_the_message(stage)
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_Space)
    send_pieces(stage)
    phone_says(stage, "playing", 2_000)
    qtbot.keyClick(page.table, Qt.Key.Key_Right)
    assert orders(stage, PlaySound)[-1] == PlaySound(sound=MESSAGE, at_ms=7_000)
    qtbot.keyClick(page.table, Qt.Key.Key_Left)
    assert orders(stage, PlaySound)[-1] == PlaySound(sound=MESSAGE, at_ms=2_000)
    qtbot.keyClick(page.table, Qt.Key.Key_Space)
    assert stage.desk.message.state == PAUSED


def test_another_row_and_a_call_silence_it(stage: Stage) -> None:
    page = playing(stage)
    page.table.selectRow(0)
    assert orders(stage, StopSound) and not page.bar.isVisible()
    page = playing(stage)
    before = len(orders(stage, StopSound))
    stage.call("reserved", "reserved")
    assert len(orders(stage, StopSound)) == before + 1
    stage.desk.message.toggle()
    assert stage.desk.message.problem_line() == tr("callback.message.in_call")


@pytest.mark.parametrize(
    ("code", "line"),
    [("not_found", "callback.message.not_found"), ("unavailable", "callback.message.failed")],
)
def test_a_message_that_cannot_be_had_says_why_and_can_be_tried_again(stage: Stage, code: str, line: str) -> None:
    page = at_the_message(stage)
    page.bar.play.click()
    (ask,) = stage.link.asks(LoadMessage)
    stage.link.receive(AnswerFrame(to=ask.id, code=code))
    assert stage.desk.message.state == FAILED and page.bar.problem.text() == tr(line)
    page.bar.play.click()
    assert stage.desk.message.state == LOADING


def test_no_sound_device_no_phone_and_no_server_are_told(stage: Stage) -> None:
    page = playing(stage)
    phone_says(stage, "no_device")
    assert page.bar.problem.text() == tr("callback.message.no_device")
    stage.phone.status = None
    stage.phone.changed.emit()
    page.bar.play.click()
    stage.now += PHONE_WITHIN_US + 1
    stage.session.tick.emit()
    assert page.bar.problem.text() == tr("callback.message.no_phone")
    stage.phone.report()
    page.table.selectRow(0)
    page.table.selectRow(1)
    stage.session.store.message = None
    stage.link.tell(Changed(Connection.RECONNECTING))
    page.bar.play.click()
    assert page.bar.problem.text() == tr("callback.message.failed")


def test_a_phone_process_that_is_not_there_is_started_and_plays(stage: Stage) -> None:
    """Beside a hard phone it is started with the first message; one that died comes back."""
    started: list[bool] = []
    stage.desk.message.phone_missed.connect(lambda: started.append(True))
    page = at_the_message(stage)
    stage.phone.status = None
    page.bar.play.click()
    assert started == [True] and stage.desk.message.state == LOADING
    assert not stage.link.asks(LoadMessage)
    stage.phone.report()
    send_pieces(stage)
    assert orders(stage, PlaySound) == [PlaySound(sound=MESSAGE, at_ms=0)]


def test_a_heard_message_is_done_by_one_click_and_dialled_by_another(stage: Stage) -> None:
    page = at_the_message(stage)
    page.dial.click()
    (dialled,) = stage.link.commands(DialCallback)
    assert isinstance(dialled.body, DialCallback) and dialled.body.callback == MESSAGE
    page.settle.click()
    (settled,) = stage.link.commands(SettleCallback)
    assert isinstance(settled.body, SettleCallback) and settled.body.callback == MESSAGE
    page.table.selectRow(0)
    assert not page.settle.isVisible(), "what nobody said anything in is cancelled, or dialled"


def test_a_withheld_number_can_be_heard_and_not_dialled(stage: Stage) -> None:
    nameless = CallbackView(
        callback=200, state="waiting", number="", due_at=0, requested_at=0, queue="orders", message_ms=3_000
    )
    stage.fact(CallbackChanged(callback=nameless))
    stage.view.show_page("callbacks")
    page = stage.view.callbacks
    page.table.selectRow(0)
    assert page.chosen() == nameless
    assert page.bar.isVisible() and not page.dial.isEnabled() and page.settle.isEnabled()
