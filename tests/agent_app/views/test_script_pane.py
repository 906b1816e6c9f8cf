"""The script drives the screen: answers lead on, the record view follows in the same turn of the event loop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit

from agent_app.i18n import set_language, tr
from agent_app.views.answer_button import AnswerButton
from agent_app.views.script_fields import FieldRow
from cti_server.wire.client import FollowScript, LoadView, PauseRecording, ResumeRecording
from cti_server.wire.server import CallChanged, ScriptPlace
from tests.agent_app import sample
from tests.agent_app.stage import Stage


@pytest.fixture
def talking(stage: Stage) -> Iterator[Stage]:
    stage.ring()
    stage.answer()
    stage.settle()
    yield stage


def answers(stage: Stage) -> list[str]:
    return [b.text() for b in stage.view.agent.script.findChildren(AnswerButton) if b.isVisible()]


def follows(stage: Stage) -> list[FollowScript]:
    return [f.body for f in stage.link.commands(FollowScript) if isinstance(f.body, FollowScript)]


def test_what_may_i_do_for_you_bonus(talking: Stage) -> None:
    """어떤 문의이십니까? → 보너스 → the bonus view and the next answers, before the event loop turns again."""
    pane, middle = talking.view.agent.script, talking.view.agent.middle
    assert "어떤 문의이십니까?" in pane.sentence.text() and answers(talking) == ["배송이 안 와요", "보너스"]
    button = next(b for b in pane.findChildren(AnswerButton) if b.text() == "보너스" and b.isVisible())
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    # No event was processed since the click.
    assert middle.stack.currentWidget() is middle.record and middle.tabs["bonus"].isChecked()
    assert middle.record.table.model().rowCount() == 3
    assert middle.record.table.model().index(0, 1).data() == "적립"
    assert pane.sentence.text() == "고객님의 보너스는 12,400점입니다."
    talking.settle()
    assert answers(talking) == ["지금 쓸 수 있나요?", "알겠습니다"]
    assert pane.linked.label.text() == "보너스 적립·사용 내역"
    last = follows(talking)[-1]
    assert (last.item, last.reason, last.library_version) == (
        "bonus.balance.points",
        ("bonus", "balance", "points"),
        "sample",
    )


def test_keys_choose_answers_and_go_back(talking: Stage) -> None:
    QTest.keyClick(talking.window, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    assert talking.desk.script.run is not None and talking.desk.script.run.item == "bonus.balance.points"
    QTest.keyClick(talking.window, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert talking.desk.script.run.item == "common.talk.opening"


def test_three_digits_open_an_item(talking: Stage) -> None:
    pane = talking.view.agent.script
    QTest.keyClick(talking.window, Qt.Key.Key_0, Qt.KeyboardModifier.AltModifier)
    assert pane.stack.currentWidget() is pane.chooser
    for key in (Qt.Key.Key_1, Qt.Key.Key_1, Qt.Key.Key_1):
        QTest.keyClick(pane.chooser, key)
    assert talking.desk.script.run is not None and talking.desk.script.run.item == "delivery.delay.redelivery"
    assert pane.stack.currentWidget() is not pane.chooser
    assert pane.path.text() == "배송 › 지연 › 재배송 확인"


def test_a_digit_that_leads_nowhere_is_not_taken_and_words_find_items(talking: Stage) -> None:
    pane = talking.view.agent.script
    pane.toggle_chooser()
    QTest.keyClick(pane.chooser, Qt.Key.Key_9)
    assert pane.chooser.path.text() == tr("script.choose")
    pane.chooser.search.setText("보너스")
    talking.settle()
    button = next(b for b in pane.chooser.findChildren(AnswerButton) if b.isVisible())
    button.click()
    assert talking.desk.script.run is not None and talking.desk.script.run.item == "bonus.balance.points"


def test_the_view_gets_its_arguments_and_only_this_pane_moves(talking: Stage) -> None:
    note = talking.view.agent.wrap_up.note
    note.setPlainText("held")
    talking.desk.script.open("delivery.delay.redelivery")
    asked = [frame.body for frame in talking.link.asks(LoadView) if isinstance(frame.body, LoadView)]
    assert (asked[-1].view, asked[-1].arguments) == ("orders", {"number": "KR-20931"})
    assert note.toPlainText() == "held" and talking.view.pages.currentWidget() is talking.view.agent


def test_a_view_chosen_by_hand_stays_until_the_next_step(talking: Stage) -> None:
    talking.desk.script.open("bonus.balance.points")
    talking.desk.records.show("inquiries")
    talking.card()
    talking.fact(CallChanged(call=sample.call("connected", note="x")))
    assert talking.desk.records.current == "inquiries"
    talking.view.agent.script.linked.mouseReleaseEvent(None)  # type: ignore[arg-type]
    assert talking.desk.records.current == "bonus"


def test_fields_are_kept_with_the_path(talking: Stage) -> None:
    talking.desk.script.open("delivery.delay.redelivery")
    talking.desk.script.answer(1)
    talking.desk.script.answer(1)
    talking.settle()
    row = next(row for row in talking.view.agent.script.findChildren(FieldRow) if row.isVisible())
    row.findChild(QLineEdit).setText("경비실")
    talking.desk.script.answer(2)
    last = follows(talking)[-1]
    assert last.answers == {"place": "경비실"} and last.path[-1] == "delivery.delay.redelivery/place"
    assert last.path[0] == "common.talk.opening/hello"


def test_a_choice_field_stores_the_code(talking: Stage) -> None:
    talking.desk.script.open("bonus.balance.points")
    talking.desk.script.answer(1)
    talking.settle()
    talking.view.agent.script.findChildren(FieldRow)[-1].findChild(QComboBox).setCurrentIndex(1)
    assert talking.desk.script.answers == {"when": "now"}


def test_recording_pauses_by_itself_at_a_payment_node(talking: Stage) -> None:
    script = talking.desk.script
    script.open("bonus.balance.points")
    assert script.library is not None and script.run is not None
    from scripts.engine import RunStep, ScriptRun

    pay = ScriptRun(library_version="sample", steps=(*script.run.steps, RunStep(item=script.run.item, node="pay")))
    script._go(pay)
    (paused,) = talking.link.commands(PauseRecording)
    assert isinstance(paused.body, PauseRecording) and paused.body.by_script
    assert talking.view.agent.script.say_title.text() == tr("script.say_paused")
    script.go_back()
    (resumed,) = talking.link.commands(ResumeRecording)
    assert isinstance(resumed.body, ResumeRecording) and resumed.body.by_script


def test_the_place_is_found_again_after_a_restart_of_the_window(stage: Stage) -> None:
    place = ScriptPlace(
        library_version="sample",
        item="bonus.balance.points",
        node="use",
        path=("common.talk.opening/hello=bonus", "bonus.balance.points/tell=use", "bonus.balance.points/use"),
        answers={"when": "now"},
    )
    stage.card()
    stage.call("connected", "connected", script=place)
    assert stage.desk.script.run is not None and stage.desk.script.run.node == "use"
    assert stage.desk.script.answers == {"when": "now"} and follows(stage) == []


def test_the_sentence_is_in_the_customers_language_and_the_screen_in_the_agents(stage: Stage) -> None:
    set_language("ko")
    stage.card()
    stage.call("connected", "connected", language="en")
    stage.settle()
    pane = stage.view.agent.script
    assert pane.sentence.text().startswith("Hello, this is 이서윤")
    assert answers(stage) == ["배송이 안 와요", "보너스"]


def test_missing_data_reads_as_a_dash(stage: Stage) -> None:
    stage.call("connected", "connected", customer="")
    stage.desk.script.open("bonus.balance.points")
    assert stage.view.agent.script.sentence.text() == "고객님의 보너스는 –점입니다."


def test_nothing_of_the_script_stays_for_the_next_call(talking: Stage) -> None:
    talking.desk.script.open("bonus.balance.points")
    talking.desk.script.answers["when"] = "now"
    talking.call("alerting", "alerting", call=99, customer="")
    assert talking.desk.script.run is None and talking.desk.script.answers == {}
    assert talking.view.agent.script.path.text() == ""
