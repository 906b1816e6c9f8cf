"""An offer on the screen: pop before ring, four results, and no key that surprises."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from agent_app.i18n import formats, tr
from agent_app.softphone.messages import Answer
from agent_app.views.incoming_panel import IncomingToast
from cti_server.wire.client import ConfirmCardShown, DeclineCall, EndCall
from cti_server.wire.codes import OFFER_OUTCOMES as OUTCOMES
from cti_server.wire.server import AgentChanged, OfferEnded
from tests.agent_app import sample
from tests.agent_app.stage import Stage


def test_the_card_is_confirmed_once_and_only_after_it_was_painted(stage: Stage) -> None:
    stage.call("reserved", "reserved")
    stage.settle()
    assert stage.link.commands(ConfirmCardShown) == []
    caller, painted = stage.view.state_bar.caller, []
    real, caller.paintEvent = caller.paintEvent, lambda event: (painted.append(caller.name.text()), real(event))  # type: ignore[method-assign]
    stage.link.receive(sample.card_sections()[0])
    assert painted == ["김민지"]
    assert len(stage.link.commands(ConfirmCardShown)) == 1
    stage.card()
    stage.call("alerting", "alerting")
    stage.settle()
    assert len(stage.link.commands(ConfirmCardShown)) == 1


def test_a_hidden_window_confirms_nothing(stage: Stage) -> None:
    stage.window.hide()
    stage.call("reserved", "reserved")
    stage.card()
    stage.settle()
    assert stage.link.commands(ConfirmCardShown) == []
    stage.window.show()
    stage.settle()
    assert len(stage.link.commands(ConfirmCardShown)) == 1


def test_an_unknown_caller_is_confirmed_too_and_shows_the_number(stage: Stage) -> None:
    stage.call("reserved", "reserved", customer="", tier="", verification="unverified")
    header = type(sample.header())(name="", number="01099998888", tier="", verification="unverified", language="ko")
    stage.link.receive(
        type(sample.card_sections()[0])(call=sample.CALL, customer="", section="header", data=header, at=0)
    )
    stage.settle()
    assert len(stage.link.commands(ConfirmCardShown)) == 1
    assert stage.view.incoming.body.name.text() == "010-2345-6789"
    assert stage.view.incoming.body.summary.text() == tr("incoming.unknown_caller")
    assert stage.view.agent.customer._state.text() == tr("card.unknown")


def test_accept_before_the_ring_is_remembered_and_done_by_the_phone(stage: Stage) -> None:
    stage.call("reserved", "reserved")
    stage.card()
    stage.desk.incoming.accept()
    assert not [order for order in stage.phone.orders if isinstance(order, Answer)]
    stage.call("alerting", "alerting")
    stage.phone.report("ringing")
    assert len([order for order in stage.phone.orders if isinstance(order, Answer)]) == 1
    assert stage.view.incoming.body.accept.text() == tr("incoming.connecting")


def test_a_callback_that_the_centre_dials_says_so_and_asks_for_no_click(stage: Stage) -> None:
    stage.call("reserved", "reserved", **sample.PROMISE)
    stage.card()
    stage.call("alerting", "alerting", **sample.PROMISE)
    body = stage.view.incoming.body
    assert body.head.title().startswith(tr("incoming.callback"))
    asked = formats.short_time(sample.NOW - 1_500 * sample.S)
    assert stage.desk.incoming.promise() == tr("incoming.promise", time=asked, n=2, max=3)
    assert body.promise.isVisibleTo(body) and body.lift.isVisibleTo(body) and not body.accept.isVisibleTo(body)
    assert body.lift.text() == tr("incoming.by_itself")
    stage.ring()
    assert body.accept.isVisibleTo(body) and not body.promise.isVisibleTo(body)


def test_a_remembered_accept_is_not_for_the_next_call(stage: Stage) -> None:
    stage.call("reserved", "reserved")
    stage.desk.incoming.accept()
    stage.fact(OfferEnded(call=sample.CALL, outcome="caller_gone"))
    stage.call("alerting", "alerting", call=99)
    stage.phone.report("ringing", call=99)
    assert not [order for order in stage.phone.orders if isinstance(order, Answer)]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_each_result_has_its_own_sentence(stage: Stage, outcome: str) -> None:
    stage.ring()
    stage.fact(AgentChanged(agent=sample.agent(mode="not_ready", reason="missed_call")))
    stage.fact(OfferEnded(call=sample.CALL, outcome=outcome, number="01023456789"))
    stage.settle()
    line = stage.view.banners.result
    assert line.text() == tr(f"offer.{outcome}", who="010-2345-6789") and line.isVisible()
    assert not stage.view.incoming.isVisible() and stage.desk.subject.is_empty
    stage.now += 9_000_000
    stage.session.tick.emit()
    assert line.text() == ""


def test_a_call_that_rings_at_colleagues_says_so(stage: Stage) -> None:
    stage.call("alerting", "alerting", rings_beside=2)
    stage.settle()
    beside = stage.view.incoming.body.beside
    assert beside.text() == tr("incoming.beside", n=2) and beside.isVisible()
    stage.call("alerting", "alerting", rings_beside=0)
    stage.settle()
    assert not beside.isVisible()


def test_a_colleague_who_was_first_is_no_call_to_act(stage: Stage) -> None:
    stage.ring()
    stage.fact(OfferEnded(call=sample.CALL, outcome="answered_elsewhere", number="01023456789"))
    stage.settle()
    banners = stage.view.banners
    assert banners.result.isVisible() and not banners.dial.isVisible() and not banners.ready.isVisible()
    stage.now += 5_000_000
    stage.session.tick.emit()
    assert banners.result.text() == ""


def test_escape_never_ends_or_declines_a_call(stage: Stage) -> None:
    stage.ring()
    for _ in range(3):
        QTest.keyClick(stage.window, Qt.Key.Key_Escape)
    stage.answer()
    stage.settle()
    for widget in (stage.window, stage.view.agent.wrap_up.note, stage.view.agent.script):
        QTest.keyClick(widget, Qt.Key.Key_Escape)
    assert stage.link.commands(EndCall) == [] and stage.link.commands(DeclineCall) == []


def test_return_and_space_meant_for_the_notes_take_no_call(stage: Stage) -> None:
    stage.ring()
    stage.settle()
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Enter):
        QTest.keyClick(stage.window, key)
        QTest.keyClick(stage.view.incoming, key)
    assert not [order for order in stage.phone.orders if isinstance(order, Answer)]
    assert stage.link.commands(DeclineCall) == []


def test_accept_is_never_complete(stage: Stage) -> None:
    stage.ring()
    stage.answer()
    stage.call("after_call_work", "after_call_work")
    orders = len(stage.phone.orders)
    stage.window.shortcuts.run("accept")
    assert len(stage.phone.orders) == orders


def test_the_countdown_follows_the_servers_clock(stage: Stage) -> None:
    stage.ring()
    assert stage.desk.incoming.seconds_left() == pytest.approx(14.0)
    stage.now += 4_000_000
    assert stage.desk.incoming.seconds_left() == pytest.approx(10.0)
    assert 0.0 < stage.desk.incoming.share_left() < 1.0


def test_the_small_panel_stays_on_top_and_takes_no_focus(stage: Stage) -> None:
    toast = stage.window.toast
    assert isinstance(toast, IncomingToast)
    assert toast.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    assert toast.windowFlags() & Qt.WindowType.WindowStaysOnTopHint
    assert toast.windowFlags() & Qt.WindowType.WindowDoesNotAcceptFocus


def test_ringing_is_announced_with_the_name(stage: Stage) -> None:
    stage.ring()
    said = [one.text for one in stage.window.announced]
    assert said.count(tr("announce.ringing", name="김민지")) == 1


def test_a_hard_phone_is_lifted_by_hand(stage: Stage) -> None:
    stage.phone._rendezvous = None
    stage.ring()
    stage.settle()
    body = stage.view.incoming.body
    assert body.lift.isVisible() and not body.accept.isVisible()
    stage.desk.incoming.accept()
    assert not [order for order in stage.phone.orders if isinstance(order, Answer)]
