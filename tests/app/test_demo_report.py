"""The demo's report counts what robots saw, and finds what was acknowledged and not kept."""

from pathlib import Path
from typing import cast

import pytest

from agent_app.robots.agent import AgentReport, Handled
from agent_app.robots.caller import CallPlan, CallReport
from agent_app.robots.crowd import DayReport
from agent_app.robots.desk import DeskReport
from cti_server.app import demo_report
from cti_server.app.demo_report import DemoReport, make_report
from cti_server.storage.answers import CallbackRow, CallRecord, CallRow
from cti_server.storage.queries import Queries


class Store:
    """Keeps what a test says was kept."""

    def __init__(self, calls: dict[int, CallRow], callbacks: tuple[CallbackRow, ...] = ()) -> None:
        self._calls, self._callbacks = calls, callbacks

    def call(self, call: int) -> CallRecord | None:
        row = self._calls.get(call)
        return CallRecord(call=row, steps=(), offers=(), recordings=(), scripts=()) if row else None

    def open_callbacks(self) -> tuple[CallbackRow, ...]:
        return self._callbacks


@pytest.fixture(autouse=True)
def _no_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_report, "_violations", lambda journal: 0)


def row(call: int, *, disposition: str = "order", note: str = "noted") -> CallRow:
    return CallRow(call=call, direction="inbound", arrived_at=0, disposition=disposition, note=note)


def handled(call: int, number: str = "010-1234-0001", *, card_at: float | None = 1.0, ring_at: float = 2.0) -> Handled:
    return Handled(
        call=call,
        number=number,
        verification="verified",
        card_at=card_at,
        ring_at=ring_at,
        talk_at=3.0,
        disposition="order",
        disposition_acknowledged=True,
        note="noted",
        note_acknowledged=True,
    )


def caller(number: str, kind: str = "plain", *, ended_by: str = "theirs", keys_sent: int = 0) -> CallReport:
    plan = CallPlan(name="x", number=number, line="1", kind=kind)
    return CallReport(plan=plan, started_at=0.0, ended_by=ended_by, keys_sent=keys_sent)


def report_of(
    calls: list[CallReport], seen: list[Handled], store: Store, folder: Path, desk: DeskReport | None = None
) -> DemoReport:
    day = DayReport(calls=calls, agents=[AgentReport(user="a", handled={call.call: call for call in seen})])
    return make_report(day, desk, queries=cast(Queries, store), journal=folder, recordings=folder)


def test_an_answered_call_with_everything_kept_is_no_loss(tmp_path: Path) -> None:
    report = report_of([caller("+821012340001")], [handled(7)], Store({7: row(7)}), tmp_path)
    assert (report.calls_offered, report.calls_answered, report.calls_abandoned) == (1, 1, 0)
    assert (report.authenticated, report.dispositions, report.lost) == (1, 1, 0)
    assert report.recordings == 0, "there is no file"


@pytest.mark.parametrize(
    "kept", [{}, {7: row(7, disposition="")}, {7: row(7, disposition="other")}, {7: row(7, note="")}]
)
def test_what_was_acknowledged_and_is_not_there_is_lost(tmp_path: Path, kept: dict[int, CallRow]) -> None:
    report = report_of([caller("+821012340001")], [handled(7)], Store(kept), tmp_path)
    assert report.lost >= 1
    assert report.lost_things[0].startswith("call 7")


def test_who_hangs_up_before_anybody_answers_has_abandoned(tmp_path: Path) -> None:
    calls = [caller("+821012340001", ended_by="ours"), caller("+821012340002", ended_by="ours")]
    report = report_of(calls, [handled(7)], Store({7: row(7)}), tmp_path)
    assert report.calls_abandoned == 1


def test_a_callback_counts_when_the_caller_heard_it_confirmed_and_must_be_kept(tmp_path: Path) -> None:
    calls = [caller("+821012340005", "callback")]
    kept = CallbackRow(callback=1, state="waiting", number="+82 10-1234-0005", requested_at=0, due_at=0)
    assert report_of(calls, [], Store({}, (kept,)), tmp_path).callbacks_created == 1
    assert report_of(calls, [], Store({}, (kept,)), tmp_path).lost == 0
    assert report_of(calls, [], Store({}), tmp_path).lost_things == ["callback of x"]


def test_a_card_after_the_ring_spoils_the_share(tmp_path: Path) -> None:
    seen = [handled(1), handled(2, card_at=2.5), handled(3, card_at=None), handled(4)]
    report = report_of([], seen, Store({n: row(n) for n in (1, 2, 3, 4)}), tmp_path)
    assert report.pop_before_ring_share == 0.5


def test_the_desks_paints_are_told_by_their_ninety_fifth_percentile(tmp_path: Path) -> None:
    desk = DeskReport(agent=AgentReport(user="d"), pop_to_paint_ms=[float(n) for n in range(1, 101)])
    assert report_of([], [], Store({}), tmp_path, desk).pop_to_paint_ms_p95 == 96.0
