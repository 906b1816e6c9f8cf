"""The window as a whole: keys, panes, languages, themes, and what every label must be."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from agent_app.i18n import language, tr
from agent_app.softphone.messages import Mute
from agent_app.viewmodels.situations import VALID, Action, Situation
from agent_app.views.keys import TABLE
from agent_app.views.kit.label import ElidedLabel, plain_tip
from agent_app.views.kit.theme import install, theme
from cti_server.wire.client import CancelPendingMode, EndCall, HoldCall, SetNotReady, SetReady
from cti_server.wire.server import AgentChanged, CardSection
from tests.agent_app import sample
from tests.agent_app.stage import Stage

EVIL = "<img src='file:///etc/hostname'><b>Kim</b>"


def press(stage: Stage, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
    held = Qt.KeyboardModifier.NoModifier
    for one in modifiers:
        held |= one
    QTest.keyClick(stage.window, key, held)


CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def test_every_label_is_plain_text(stage: Stage) -> None:
    """Qt would read a customer's name as HTML and load a file."""
    stage.ring()
    stage.answer()
    stage.desk.script.open("bonus.balance.points")
    stage.view.show_page("callbacks")
    stage.settle()
    labels = [label for widget in QApplication.topLevelWidgets() for label in widget.findChildren(QLabel)]
    assert len(labels) > 60
    assert [label.text() for label in labels if label.textFormat() is not Qt.TextFormat.PlainText] == []


def test_a_name_with_markup_is_shown_as_it_is_typed(stage: Stage) -> None:
    header = type(sample.header())(
        name=EVIL, number="0101", tier="vip", verification="verified", language="ko", customer=sample.CUSTOMER
    )
    stage.call("connected", "connected")
    section = CardSection(call=sample.CALL, customer=sample.CUSTOMER, section="header", data=header, at=0)
    stage.link.receive(section)
    stage.settle()
    assert stage.view.state_bar.caller.name.text() == EVIL
    assert stage.view.state_bar.caller.name.sizeHint().width() > 200


def test_every_button_has_a_name_for_a_screen_reader(stage: Stage) -> None:
    stage.ring()
    stage.answer()
    stage.settle()
    buttons = stage.window.findChildren(QPushButton)
    assert [type(b).__name__ for b in buttons if b.isVisible() and not (b.accessibleName() or b.text())] == []


@pytest.mark.parametrize("situation", list(Situation))
def test_the_table_of_valid_buttons_names_each_situation(situation: Situation) -> None:
    assert situation in VALID


def test_only_one_filled_button_is_in_sight(stage: Stage) -> None:
    def filled() -> list[str]:
        buttons = [b for b in stage.window.findChildren(QPushButton) if b.isVisible() and b.isEnabled()]
        return [b.text() for b in buttons if getattr(b, "kind", lambda: "")() in ("filled", "accept")]

    assert filled() == []
    stage.ring()
    stage.settle()
    assert filled() == [tr("action.accept")]
    stage.answer()
    stage.settle()
    assert filled() == []
    stage.call("held", "connected")
    stage.settle()
    assert filled() == [tr("action.retrieve")]


def test_keys_of_the_call(stage: Stage) -> None:
    stage.ring()
    press(stage, Qt.Key.Key_A, CTRL, SHIFT)
    assert type(stage.phone.orders[-1]).__name__ == "Answer"
    stage.answer()
    press(stage, Qt.Key.Key_M, CTRL, SHIFT)
    assert stage.phone.orders[-1] == Mute(muted=True)
    press(stage, Qt.Key.Key_H, CTRL, SHIFT)
    assert len(stage.link.commands(HoldCall)) == 1
    press(stage, Qt.Key.Key_E, CTRL, SHIFT)
    press(stage, Qt.Key.Key_E, CTRL, SHIFT)
    assert len(stage.link.commands(EndCall)) == 1


def test_ending_is_throttled_for_the_next_call_too(stage: Stage) -> None:
    stage.ring()
    stage.answer()
    press(stage, Qt.Key.Key_E, CTRL, SHIFT)
    stage.phone.report("established", call=99)
    stage.call("connected", "connected", call=99)
    press(stage, Qt.Key.Key_E, CTRL, SHIFT)
    assert len(stage.link.commands(EndCall)) == 1
    stage.now += 2_000_000
    press(stage, Qt.Key.Key_E, CTRL, SHIFT)
    assert len(stage.link.commands(EndCall)) == 2


def test_keys_that_are_not_valid_now_do_nothing(stage: Stage) -> None:
    sent = len(stage.link.sent)
    for _, _, name in TABLE:
        if name not in ("dial", "state", "find", "filter", "panes", "panes_back", "help", "chooser"):
            stage.window.shortcuts.run(name)
    assert len(stage.link.sent) == sent and stage.phone.orders == []


def test_the_cut_off_window_still_ends_the_call_by_its_phone(stage: Stage) -> None:
    from agent_app.link.client import Changed
    from agent_app.store import Connection

    stage.ring()
    stage.answer()
    stage.link.tell(Changed(Connection.RECONNECTING))
    stage.window.shortcuts.run("end")
    assert type(stage.phone.orders[-1]).__name__ == "HangUp" and stage.link.commands(EndCall) == []
    assert stage.view.agent.wrap_up.note.isEnabled() and "다시 연결" in stage.view.banners.connection.text()


def test_f6_goes_through_the_panes(stage: Stage) -> None:
    stage.ring()
    stage.answer()
    stage.settle()
    view, seen = stage.view, []
    hosts = {"customer": view.agent.customer, "notes": view.agent.wrap_up, "middle": view.agent.middle}
    hosts["script"] = view.agent.script
    for _ in range(4):
        view.cycle_panes()
        focus = QApplication.focusWidget()
        seen.append(next(name for name, host in hosts.items() if focus is not None and host.isAncestorOf(focus)))
    assert sorted(seen) == ["customer", "middle", "notes", "script"]


def test_ctrl_f_searches_the_timeline_also_from_a_record_view(stage: Stage) -> None:
    stage.ring()
    stage.answer()
    stage.desk.records.show("orders")
    stage.window.shortcuts.run("filter")
    search = stage.view.agent.middle.timeline.search
    assert search.hasFocus()
    QTest.keyClicks(search, "KR-20931")
    assert [row.title for row in stage.desk.timeline.rows()] == ["주문 KR-20931 · ₩68,000"]


def test_f1_shows_every_shortcut(stage: Stage) -> None:
    stage.window.shortcuts.run("help")
    shown = {label.text() for label in stage.view.keys.findChildren(QLabel)}
    assert {tr(text) for _, text, _ in TABLE} <= shown


def test_language_and_theme_change_while_a_call_is_up_and_lose_nothing(stage: Stage) -> None:
    stage.ring()
    stage.answer()
    stage.desk.wrap_up.choose("delivery")
    stage.view.agent.wrap_up.note.setPlainText("keep me")
    stage.window.toggle_language()
    stage.settle()
    assert language() == "en" and stage.view.state_bar.pill.view().label == "On call"
    assert stage.view.agent.wrap_up.note.toPlainText() == "keep me" and stage.desk.wrap_up.code == "delivery"
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    install(app, "light")
    light = stage.window.grab().toImage().pixelColor(5, 300)
    theme().toggle()
    stage.settle()
    dark = stage.window.grab().toImage().pixelColor(5, 300)
    assert light.lightness() > 200 > 60 > dark.lightness()
    theme().toggle()


def test_the_state_menu_offers_ready_and_the_centres_reasons(stage: Stage) -> None:
    menu = stage.view.state_bar.menu()
    texts = [action.text() for action in menu.actions() if action.text()]
    assert texts[0] == "상담 가능" and "이석 · 휴식" in texts and texts[-1] == "로그아웃"
    menu.actions()[0].trigger()
    assert len(stage.link.commands(SetReady)) == 1
    stage.view.state_bar._on_reason(next(a for a in menu.actions() if a.data() == "meal"))
    (asked,) = stage.link.commands(SetNotReady)
    assert isinstance(asked.body, SetNotReady) and asked.body.reason == "meal"


def test_an_unregistered_phone_blocks_ready_and_says_why(stage: Stage) -> None:
    stage.phone.status = None
    menu = stage.view.state_bar.menu()
    assert not menu.actions()[0].isEnabled()
    assert tr("phone.not_running") in [action.text() for action in menu.actions()]


def test_a_state_chosen_in_a_call_is_a_chip_that_can_be_taken_back(stage: Stage) -> None:
    stage.call("connected", "connected", pending="break")
    stage.settle()
    chip = stage.view.state_bar.pending
    assert chip.isVisible() and chip.text() == "다음: 휴식"
    QTest.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert len(stage.link.commands(CancelPendingMode)) == 1
    stage.fact(AgentChanged(agent=sample.agent("connected", call=sample.CALL)))
    assert not chip.isVisible()


def test_buttons_of_each_situation(stage: Stage) -> None:
    bar = stage.view.state_bar
    assert list(bar.buttons) == [Action.DIAL, Action.REDIAL, Action.CALLBACKS]
    stage.call("initiated", "connected", direction="outbound")
    assert list(bar.buttons) == [Action.KEYPAD, Action.CANCEL]
    stage.phone.report("established")
    stage.call("connected", "connected")
    assert Action.PAUSE_RECORDING in bar.buttons and bar.buttons[Action.HOLD].isEnabled()
    stage.phone.report()
    assert not bar.buttons[Action.HOLD].isEnabled(), "the phone is not connected yet"
    stage.call("after_call_work", "after_call_work", extensions_left=1)
    assert list(bar.buttons) == [Action.DIAL, Action.EXTEND]


def test_the_smallest_window_cuts_nothing_that_acts(stage: Stage) -> None:
    stage.window.resize(1366, 768)
    stage.ring()
    stage.answer()
    stage.desk.wrap_up.choose("delivery")
    stage.settle()
    for button in stage.window.findChildren(QPushButton):
        if button.isVisible() and not button.visibleRegion().isEmpty():
            assert button.width() >= button.minimumSizeHint().width() - 1, button.text()


def test_long_texts_are_shortened_and_told_in_the_tool_tip(stage: Stage) -> None:
    label = ElidedLabel("아주 긴 글 " * 40)
    label.resize(120, 20)
    label.grab()
    assert label.toolTip() == label.text()
    assert "<img" not in plain_tip(EVIL) and "&lt;img" in plain_tip(EVIL)
