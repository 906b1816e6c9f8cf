"""Why and fairness on the desktop: asked once, told in words, honest about what is missing."""

from __future__ import annotations

from datetime import date

import pytest

from agent_app.i18n import set_language, tr
from agent_app.i18n.explanations import Words
from cti_server.wire.client import AskFairness, ExplainCall, ListIdleRuns
from cti_server.wire.explained import CallExplained, Decision, Said, Somebody, Turn
from cti_server.wire.server import AnswerFrame
from tests.agent_app import past, sample
from tests.agent_app.stage import Stage


def test_a_call_is_asked_for_and_told_in_words(stage: Stage) -> None:
    stage.desk.why.ask(sample.CALL)
    (ask,) = stage.link.asks(ExplainCall)
    assert ask.body == ExplainCall(call=sample.CALL)
    text = stage.desk.why.text()
    for words in (
        "통화 4711", "배정: 나 · 주문 큐 · 대기 00:20", "가장 오래 대기한 상담원 먼저", "다음 순서: 동료 1",
        "통화 처리 중 5명, 이석 2명, 스킬 부족 1명", "나: english 스킬 1, 필요 수준 3 → 요구 스킬이 완화됨",
    ):  # fmt: skip
        assert words in text
    set_language("en")
    assert "Given to you, from Orders, after 00:20" in stage.desk.why.text()


def test_what_may_not_be_known_and_what_failed_are_two_sentences(stage: Stage) -> None:
    why = stage.desk.why
    for code, words in (
        ("not_found", tr("why.not_found")),
        ("too_slow", tr("refusal.too_slow")),
        ("unavailable", tr("refusal.unavailable")),
        ("brand_new", tr("refusal.unknown", code="brand_new")),
    ):
        stage.link.refuse[ExplainCall] = code
        why.ask(sample.CALL)
        assert (why.failure(), why.sections(), why.is_loading) == (words, [], False)
    del stage.link.refuse[ExplainCall]
    why.reload()
    assert why.failure() == "" and why.sections()


def test_while_it_is_read_nothing_is_asked_twice(stage: Stage) -> None:
    stage.link.is_silent = True
    why, fairness = stage.desk.why, stage.desk.fairness
    for _ in range(3):
        why.ask(sample.CALL)
        fairness.reload()
    assert why.is_loading and fairness.is_loading
    assert [len(stage.link.asks(kind)) for kind in (ExplainCall, AskFairness, ListIdleRuns)] == [1, 1, 1]
    assert fairness.runs_state() == tr("why.loading")


def test_codes_of_a_newer_server_are_shown_as_they_are() -> None:
    found = CallExplained(
        call=1,
        read_to=2,
        is_over=True,
        decisions=(Decision(at=1, who=Somebody(agent=3), rule="by_moon", standing=Said(code="full_moon")),),
        turns=(Turn(at=1, what=Said(code="moon_rose", parameters={"x": 1})),),
    )
    text = "\n".join(line.text for section in Words(time=str).of_call(found) for line in section.lines)
    assert "by_moon" in text and "full_moon" in text and "1  moon_rose" in text


def test_a_call_that_nobody_was_offered_says_so() -> None:
    sections = list(Words(time=str).of_call(CallExplained(call=1, read_to=2)))
    assert [section.lines[0].text for section in sections] == [tr("why.ongoing", time="2"), tr("why.no_offer")]


def test_the_days_table_names_me_and_no_colleague(stage: Stage) -> None:
    fairness = stage.desk.fairness
    fairness.reload()
    shares = fairness.shares
    names = [shares.index(row, 0).data() for row in range(shares.rowCount())]
    assert names == ["나", "동료 1", "동료 2", "동료 3", "동료 4", "동료 5"]
    assert fairness.summary() == "나: 통화 38건, 고른 몫 41.2 ± 12.8 · 우연의 범위 안"
    assert fairness.most() == 61
    last = len(shares.columns) - 1
    assert shares.index(1, last).data() == "많음: 받는 큐가 많음"
    assert shares.index(4, last).data() == "그 상담원의 사유"


def test_runs_stand_newest_first_and_are_summed_up(stage: Stage) -> None:
    fairness = stage.desk.fairness
    fairness.reload()
    assert [fairness.runs.index(row, 2).data() for row in range(4)] == [
        "4711 (주문 큐)", "4688 (주문 큐)", "4603 외 2건 (주문 큐)", "4521 (주문 큐)",
    ]  # fmt: skip
    assert fairness.runs_state() == "4번, 모두 03:35"
    assert "14:31:39–14:31:59" in fairness.text() and "동료 4" in fairness.text()


def test_a_day_that_is_still_being_read_says_how_far_and_is_asked_for_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    fairness = stage.desk.fairness
    fairness._again.setInterval(0)
    shares = iter((200, 700, 1000))
    monkeypatch.setattr(past, "idle_runs", lambda: _idle_runs(next(shares)))
    fairness.reload()
    said = fairness.runs_state()
    while fairness._again.isActive():
        stage.settle()
    assert said == "하루를 읽는 중 20%"
    assert len(stage.link.asks(ListIdleRuns)) == 3 and fairness.runs_state() == "4번, 모두 03:35"


_idle_runs = past.idle_runs


def test_another_day_is_asked_for_by_its_noon_and_never_one_that_has_not_come(stage: Stage) -> None:
    fairness = stage.desk.fairness
    fairness.reload()
    fairness.step(1)
    assert len(stage.link.asks(AskFairness)) == 1 and fairness.is_today
    fairness.step(-1)
    assert stage.link.asks(AskFairness)[-1].body == AskFairness(at=sample.at("2026-11-20 12:00"))
    assert fairness.day == date(2026, 11, 20)
    fairness.step(1)
    assert fairness.is_today and stage.link.asks(AskFairness)[-1].body == AskFairness()


def test_what_was_told_stays_while_it_is_asked_for_again(stage: Stage) -> None:
    fairness = stage.desk.fairness
    fairness.reload()
    stage.link.is_silent = True
    fairness.reload()
    assert fairness.is_loading and fairness.shares.rowCount() == 6
    ask = stage.link.asks(AskFairness)[-1]
    stage.link.receive(AnswerFrame(to=ask.id, code="unavailable"))
    assert fairness.failure() == tr("refusal.unavailable") and fairness.shares.rowCount() == 0


def test_the_store_keeps_a_limited_number_of_answers(stage: Stage) -> None:
    for call in range(100):
        stage.desk.why.ask(call)
    assert len(stage.session.store.told) == 30
