"""Disposition and notes on the screen."""

from __future__ import annotations

from agent_app.views.kit.button import ChoiceChip
from agent_app.views.kit.panel import FlowBox
from cti_server.wire.client import CompleteAfterCallWork, DisposeCall, TakeNote
from cti_server.wire.server import AgentChanged, CallGone
from tests.agent_app import sample
from tests.agent_app.stage import Stage


def shown(box: FlowBox) -> list[str]:
    return [chip.text() for chip in box.findChildren(ChoiceChip) if chip.isVisible()]


def finish(stage: Stage) -> None:
    stage.fact(AgentChanged(agent=sample.agent()))
    stage.fact(CallGone(call=sample.CALL))


def test_the_first_level_folds_and_opens_again(stage: Stage) -> None:
    stage.ring()
    stage.answer()
    stage.settle()
    card = stage.view.agent.wrap_up
    assert shown(card.codes) == ["배송 문의", "주문", "반품·교환", "결제", "제품 문의", "불만"] and not shown(
        card.subcodes
    )
    stage.desk.wrap_up.choose("delivery")
    stage.settle()
    assert shown(card.codes) == ["배송 문의"] and shown(card.subcodes) == ["배송 지연", "배송 조회", "주소 변경"]
    (chip,) = [chip for chip in card.codes.findChildren(ChoiceChip) if chip.isVisible()]
    chip.click()
    stage.settle()
    assert len(shown(card.codes)) == 6 and stage.desk.wrap_up.code == "delivery"


def test_chips_are_there_again_in_the_next_call_and_none_is_cut(stage: Stage) -> None:
    for number in (1, 2):
        stage.ring()
        stage.answer()
        stage.desk.wrap_up.choose("delivery")
        stage.desk.wrap_up.choose_sub("delay")
        finish(stage)
        stage.settle()
        card = stage.view.agent.wrap_up
        assert len(shown(card.codes)) == 6, number
        below = max(chip.geometry().bottom() for chip in card.codes.findChildren(ChoiceChip) if chip.isVisible())
        assert below < card.codes.height()


def test_a_code_without_subcodes_is_sent_at_once_and_one_with_them_when_both_are_chosen(stage: Stage) -> None:
    stage.ring()
    stage.answer()
    stage.desk.wrap_up.choose("delivery")
    assert stage.link.commands(DisposeCall) == [] and not stage.desk.wrap_up.is_chosen
    stage.desk.wrap_up.choose_number(2)
    stage.desk.wrap_up.choose("order")
    sent = [frame.body for frame in stage.link.commands(DisposeCall)]
    assert [(body.code, body.subcode) for body in sent if isinstance(body, DisposeCall)] == [
        ("delivery", "where"),
        ("order", ""),
    ]


def test_complete_waits_for_the_disposition_and_the_end_of_the_call(stage: Stage) -> None:
    stage.ring()
    stage.answer()
    card, model = stage.view.agent.wrap_up, stage.desk.wrap_up
    model.choose("order")
    assert not card.complete.isEnabled() and not model.complete()
    stage.call("after_call_work", "after_call_work", after_call_until=sample.NOW + 30_000_000)
    card.note.setPlainText("적었음")
    assert card.complete.isEnabled() and card.countdown.isVisible()
    card.complete.click()
    kinds = [type(frame.body) for frame in stage.link.sent if hasattr(frame, "body")]
    assert kinds.index(TakeNote) < kinds.index(CompleteAfterCallWork)
    assert len(stage.link.commands(CompleteAfterCallWork)) == 1


def test_the_last_ten_seconds_are_announced_once(stage: Stage) -> None:
    stage.ring()
    stage.answer()
    stage.call("after_call_work", "after_call_work", after_call_until=sample.NOW + 30_000_000)
    said = lambda: [one.text for one in stage.window.announced if "10초" in one.text]  # noqa: E731  # read twice below
    stage.session.tick.emit()
    assert said() == []
    stage.now += 21_000_000
    stage.session.tick.emit()
    stage.session.tick.emit()
    assert said() == ["후처리 시간이 10초 남았습니다."]
    assert stage.view.agent.wrap_up.countdown.tone() == "alarm"
