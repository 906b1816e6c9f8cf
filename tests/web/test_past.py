"""Why, fairness and idle runs over HTTP and over the link: everybody gets what is theirs to know, and no text."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from cti_server.core.errors import Refused, Unavailable
from cti_server.core.vocabulary import AgentId
from cti_server.past import answers as past_answers
from cti_server.past.answers import ALL, PastAnswers
from cti_server.ports import CredentialCheck
from cti_server.storage.data_folder import DataFolder
from cti_server.web import past_service
from cti_server.web.past_service import PastService
from cti_server.wire.client import AskFairness, ExplainCall, ListIdleRuns
from tests.core.house import KIM, LEE, SECOND
from tests.web.past_day import CHOI, PARK, RELAXED_S, past_day, texts, write_journal
from tests.web.web_helpers import Web, on_the_web

DAY = past_day()


def as_agent(agent: AgentId) -> CredentialCheck:
    return CredentialCheck(result="ok", user=f"agent{agent}", agent=agent, roles=("agent",))


async def told(it: Web, user: str, path: str) -> Any:
    answer = await it.get(path, await it.sign_in(user))
    return answer.json() if answer.status_code == 200 else answer.status_code


# --- a call ----------------------------------------------------------------------------------------------------------


def test_a_supervisor_reads_everything_by_name(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        found = await told(it, "han", f"/api/calls/{DAY.waited}/why")
        (decision,) = found["decisions"]
        assert decision["who"] == {"agent": LEE, "extension": "2002", "name": "Lee"}
        assert (decision["queue"], decision["rule"], decision["waited_us"]) == ("orders", "longest_idle", 20 * SECOND)
        assert decision["excluded"] == {"occupied": 1, "not_ready": 1, "skill": 1}
        assert decision["standing"]["code"] == "idle"
        reasons = {one["who"]["agent"]: one.get("reason") for one in decision["people"]}
        assert reasons[CHOI] == {"code": "not_ready", "parameters": {"reason": "break"}}
        assert reasons[PARK] == {"code": "skill", "parameters": {"skill": "orders", "has": 0, "asked": 1}}
        run = next(run for run in found["non_offers"] if run["who"]["agent"] == LEE)
        assert (run["reason"]["code"], run["ended"]) == ("skill", "call_requirement_relaxed")
        assert run["until_at"] - run["from_at"] == RELAXED_S * SECOND
        turns = [turn["what"]["code"] for turn in found["turns"]]
        assert turns == [
            "call_queued", "call_requirement_relaxed", "call_delivered", "call_left_queue", "call_cleared",
        ]  # fmt: skip
        assert found["is_over"]

    on_the_web(tmp_path, work)


def test_an_agent_reads_of_the_own_offer_and_of_colleagues_without_names(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        found = await told(it, "lee", f"/api/calls/{DAY.waited}/why")
        (decision,) = found["decisions"]
        assert decision["who"] == {"agent": LEE, "extension": "2002", "name": "Lee", "is_you": True}
        assert [one["who"] for one in decision["people"]] == [decision["who"]]
        assert decision["excluded"] == {"occupied": 1, "not_ready": 1, "skill": 1}
        assert {run["who"]["agent"] for run in found["non_offers"]} == {LEE}
        assert "break" not in json.dumps(found) and "Kim" not in json.dumps(found)

    on_the_web(tmp_path, work)


def test_an_agent_who_was_neither_offered_nor_free_beside_it_is_told_nothing(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        for user, call, status in (("kim", DAY.waited, 404), ("lee", DAY.offered, 404), ("kim", 999_999, 404)):
            assert await told(it, user, f"/api/calls/{call}/why") == status
        assert (await told(it, "kim", f"/api/calls/{DAY.offered}/why"))["call"] == DAY.offered

    on_the_web(tmp_path, work)


def test_who_was_free_beside_a_call_may_know_why_it_did_not_come(tmp_path: Path) -> None:
    write_journal(tmp_path)
    found = PastAnswers(DataFolder(tmp_path)).why(as_agent(PARK), DAY.waited)
    assert found.decisions[0].who.label == 1 and found.decisions[0].who.agent is None
    (run,) = found.non_offers
    assert run.who.is_you and run.reason.parameters == {"skill": "orders", "has": 0, "asked": 1}


def test_no_text_about_a_person_is_in_any_answer(tmp_path: Path) -> None:
    write_journal(tmp_path)
    answers = PastAnswers(DataFolder(tmp_path))
    said = [repr(answers.why(ALL, call)) for call in (DAY.offered, DAY.waited)]
    said += [repr(answers.fairness(ALL)), repr(answers.idle_runs(ALL, LEE))]
    assert not [text for text in texts() for one in said if text in one]


# --- a day -----------------------------------------------------------------------------------------------------------


def test_the_day_is_told_to_a_supervisor_by_name_and_to_an_agent_without(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        every = await told(it, "han", "/api/fairness")
        assert every["is_all"] and [share["who"].get("name", "") for share in every["shares"]] == ["Kim", "Lee", "", ""]
        assert all(share["missed"] == 0 for share in every["shares"])
        own = await told(it, "lee", "/api/fairness")
        assert [share["who"].get("is_you", False) for share in own["shares"]] == [True, False, False, False]
        assert own["shares"][0]["missed"] == 0
        for colleague in own["shares"][1:]:
            assert set(colleague["who"]) == {"label"}
            assert [colleague[name] for name in ("missed", "talk_s", "not_ready_share")] == [None] * 3
        assert sorted(share["who"]["label"] for share in own["shares"][1:]) == [1, 2, 3]

    on_the_web(tmp_path, work)


def test_idle_runs_are_told_to_whom_they_are_about_and_to_supervisors(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        own = await told(it, "lee", f"/api/agents/{LEE}/idle-runs")
        (run,) = own["runs"]
        assert (run["call"], run["queue"], run["ended"]) == (DAY.waited, "orders", "call_requirement_relaxed")
        assert run["until_at"] - run["from_at"] == RELAXED_S * SECOND
        assert run["reason"] == {"code": "skill", "parameters": {"skill": "english", "has": 1, "asked": 3}}
        assert (await told(it, "han", f"/api/agents/{LEE}/idle-runs"))["runs"] == own["runs"]
        assert await told(it, "kim", f"/api/agents/{LEE}/idle-runs") == 404
        assert await told(it, "han", f"/api/agents/{LEE}/idle-runs?at=x") == 400

    on_the_web(tmp_path, work)


def test_a_past_day_is_told_as_a_whole_and_one_before_the_journal_is_empty(tmp_path: Path) -> None:
    write_journal(tmp_path)
    days_later = 3 * 86_400 * SECOND
    answers = PastAnswers(DataFolder(tmp_path), utc_now=lambda: DAY.house.now + days_later)
    past = answers.fairness(ALL, DAY.waited_from)
    assert (past.day, len(past.shares)) == ("2025-10-09", 4)
    assert sum(share.calls for share in past.shares) == 2
    assert len(answers.idle_runs(as_agent(LEE), LEE, DAY.waited_from).runs) == 1
    assert answers.fairness(ALL, DAY.waited_from - days_later).shares == ()
    today = answers.fairness(ALL)
    assert today.day == "2025-10-12" and sum(share.calls for share in today.shares) == 0


# --- limits ----------------------------------------------------------------------------------------------------------


def test_what_takes_too_long_is_refused_and_a_long_day_goes_on_where_it_was_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_journal(tmp_path)
    monkeypatch.setattr("cti_server.past.reading.LOOK_EVERY", 1)
    monkeypatch.setattr(past_answers, "LOOK_EVERY", 1)
    seconds = iter(range(10_000))
    with pytest.raises(Refused) as refusal:
        PastAnswers(DataFolder(tmp_path), answer_s=3, now_s=lambda: next(seconds)).why(ALL, DAY.waited)
    assert refusal.value.code == "too_slow"
    answers = PastAnswers(DataFolder(tmp_path), answer_s=None, day_step_s=5, now_s=lambda: next(seconds))
    shares = []
    while (found := answers.idle_runs(ALL, LEE)).read_permille < 1000:
        shares.append(found.read_permille)
        assert len(shares) < 100
    assert len(shares) > 3 and shares == sorted(shares)
    assert len(found.runs) == 1


def test_asking_again_reads_only_what_happened_since(tmp_path: Path) -> None:
    write_journal(tmp_path)
    answers = PastAnswers(DataFolder(tmp_path))
    first = answers.fairness(ALL)
    assert answers.fairness(ALL) == first
    present = answers._present
    answers.fairness(ALL)
    assert present is not None and answers._present is not None and answers._present[1] is present[1]


def test_a_journal_that_is_not_there_or_cannot_be_read_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        PastAnswers(DataFolder(tmp_path)).fairness(ALL)
    write_journal(tmp_path)
    (tmp_path / "journal.db").write_bytes(b"no journal" * 1000)
    with pytest.raises(Unavailable):
        PastAnswers(DataFolder(tmp_path)).fairness(ALL)


def test_one_person_cannot_ask_more_than_a_little_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(it: Web) -> None:
        lee, kim = as_agent(LEE), as_agent(KIM)
        asked = [it.past.fairness(lee, None) for _ in range(past_service.PER_PERSON_MAX + 1)]
        results = await asyncio.gather(*asked, it.past.fairness(kim, None), return_exceptions=True)
        refused = [one for one in results if isinstance(one, Refused)]
        assert [one.code for one in refused] == ["too_many_requests"]
        assert (await it.past.fairness(lee, None)).day
        monkeypatch.setattr(past_service, "WAITING_MAX", 0)
        with pytest.raises(Refused):
            await it.past.fairness(lee, None)
        assert await told(it, "han", "/api/fairness") == 429

    on_the_web(tmp_path, work)


# --- the link --------------------------------------------------------------------------------------------------------


def test_the_core_process_gets_the_same_answers_for_desktops(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        lee = CredentialCheck(result="ok", user="lee", agent=LEE, roles=("agent",))
        async with it.core() as core:
            for ask, path in (
                (ExplainCall(call=DAY.waited), f"/api/calls/{DAY.waited}/why"),
                (AskFairness(), "/api/fairness"),
                (ListIdleRuns(), f"/api/agents/{LEE}/idle-runs"),
            ):
                body = json.loads(await core.answer(lee, ask))
                assert body == await told(it, "lee", path)
            with pytest.raises(Refused) as refusal:
                await core.answer(lee, ExplainCall(call=DAY.offered))
            assert refusal.value.code == "not_found"
            await it.link.close()
            with pytest.raises(Unavailable):
                await core.answer(lee, AskFairness())

    on_the_web(tmp_path, work)


def test_a_fault_of_ours_is_told_as_unavailable_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(it: Web) -> None:
        def broken(*_: object) -> None:
            raise ZeroDivisionError

        async with it.core() as core:
            with monkeypatch.context() as patch:
                patch.setattr(PastService, "answer", broken)
                with pytest.raises(Refused) as refusal:
                    await core.answer(as_agent(LEE), AskFairness())
            assert refusal.value.code == "unavailable"
            assert json.loads(await core.answer(as_agent(LEE), AskFairness()))["day"]

    on_the_web(tmp_path, work)
