"""`ieum replay`: what is known stays as it was, what is not is drawn by rules that can be checked, and no single number
is given for either."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from cti_server import cli
from cti_server.core.errors import DataError
from cti_server.sim.calllog import Log, load_mapping, read_log, shifts
from cti_server.sim.replay import replay
from cti_server.sim.replayed import report
from cti_server.sim.replaying import ClassRule, load_plan
from cti_server.sim.survival import kaplan_meier
from datafiles.problems import DataErrors
from tests.shared_data import ROOT

BANK = ROOT / "docs" / "replay"
HEADER = "call_id,type,date,vru_exit,q_time,outcome,ser_time,server,priority\n"


def _row(number: int, at: str, waited: int, outcome: str, service: int, server: str, *, kind: str = "PS") -> str:
    return f"{number},{kind},990201,{at},{waited},{outcome},{service},{server},0\n"


def _log(tmp_path: Path, *rows: str) -> Log:
    file = tmp_path / "calls.csv"
    file.write_text(HEADER + "".join(rows), encoding="utf-8")
    return read_log(file, load_mapping(BANK / "bank_columns.yaml"))


# --- patience --------------------------------------------------------------------------------------------------------


def test_the_estimate_is_that_of_kaplan_and_meier() -> None:
    """Six callers, worked by hand: hang-ups at 3, 5 and 9 s; answered at 4, 5 and 12 s."""
    found = kaplan_meier([(3, True), (4, False), (5, True), (5, False), (9, True), (12, False)])
    assert found.times_s == (3, 5, 9)
    assert np.allclose(found.shares, (5 / 6, 5 / 6 * 3 / 4, 5 / 6 * 3 / 4 * 1 / 2))
    assert math.isclose(found.rate, 3 / 38)


def test_a_drawn_patience_is_longer_than_the_wait_that_is_known() -> None:
    found = kaplan_meier([(3, True), (4, False), (5, True), (5, False), (9, True), (12, False)])
    for known_s in (0.0, 2.9, 3.0, 5.0, 8.0, 9.0, 30.0):
        for luck in (0.0, 0.3, 0.6, 0.999):
            assert found.draw(luck, longer_than_s=known_s) >= known_s


def test_drawn_patience_has_the_distribution_that_it_was_drawn_from() -> None:
    """Exponential patience of mean 120 s, half of it hidden by answers: the estimate and the draws find it again."""
    random = np.random.Generator(np.random.PCG64(1))
    patience, answered = random.exponential(120, 20_000), random.exponential(120, 20_000)
    seen = [(min(p, a), bool(p < a)) for p, a in zip(patience, answered, strict=True)]
    found = kaplan_meier(seen)
    for at_s in (30, 60, 120, 240):
        assert abs(found.share_after(at_s) - math.exp(-at_s / 120)) < 0.015
    drawn = np.array([found.draw(luck, longer_than_s=60) for luck in random.random(20_000)])
    assert abs((drawn - 60).mean() - 120) < 5


def test_nobody_ever_hung_up() -> None:
    assert kaplan_meier([(5, False), (9, False)]).draw(0.5, longer_than_s=9) == 86_400


# --- shifts ----------------------------------------------------------------------------------------------------------


def _shifts(log: Log) -> dict[tuple[str, str], list[tuple[float, float]]]:
    return shifts(
        log.calls,
        queue_of=lambda call: "regular",
        serves={"DORIT": ["regular"], "TOVA": ["regular"]},
        break_after_s=900,
        away_if_waited_s=10,
    )


def test_a_pause_in_which_nobody_waited_is_idle_time(tmp_path: Path) -> None:
    log = _log(tmp_path, _row(1, "8:00:00", 0, "AGENT", 60, "DORIT"), _row(2, "8:10:00", 0, "AGENT", 60, "DORIT"))
    assert _shifts(log) == {("990201", "DORIT"): [(28_800, 29_460)]}


def test_who_let_somebody_wait_was_away(tmp_path: Path) -> None:
    log = _log(
        tmp_path,
        _row(1, "8:00:00", 0, "AGENT", 60, "DORIT"),
        _row(2, "8:02:00", 30, "HANG", 0, "NO_SERVER"),
        _row(3, "8:10:00", 0, "AGENT", 60, "DORIT"),
    )
    assert _shifts(log) == {("990201", "DORIT"): [(28_800, 28_860), (29_400, 29_460)]}


def test_a_long_pause_is_a_break(tmp_path: Path) -> None:
    log = _log(tmp_path, _row(1, "8:00:00", 0, "AGENT", 60, "DORIT"), _row(2, "9:00:00", 0, "AGENT", 60, "DORIT"))
    assert len(_shifts(log)["990201", "DORIT"]) == 2


# --- logs ------------------------------------------------------------------------------------------------------------


def test_who_never_waited_for_an_agent_is_left_out_and_counted(tmp_path: Path) -> None:
    log = _log(
        tmp_path,
        _row(1, "8:00:00", 0, "AGENT", 60, "NO_SERVER"),
        _row(2, "8:00:00", 0, "HANG", 0, "NO_SERVER"),
        _row(3, "8:00:00", 9, "PHANTOM", 0, "NO_SERVER"),
        _row(4, "8:00:00", 9, "HANG", 0, "NO_SERVER"),
    )
    assert [call.call for call in log.calls] == ["4"]
    assert log.left_out == {"answered by nobody": 1, "hung up before the queue": 1, "outcome PHANTOM": 1}


def test_a_line_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"calls.csv:3: 'noon' is no time of day"):
        _log(tmp_path, _row(1, "8:00:00", 0, "AGENT", 60, "DORIT"), _row(2, "noon", 0, "AGENT", 60, "DORIT"))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    file.write_text("call_id,type,date\n", encoding="utf-8")
    with pytest.raises(DataError, match="there is no column vru_exit"):
        read_log(file, load_mapping(BANK / "bank_columns.yaml"))


def test_mistakes_of_a_plan_are_told_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "bank_columns.yaml").write_bytes((BANK / "bank_columns.yaml").read_bytes())
    text = (BANK / "bank_as_it_was.yaml").read_text(encoding="utf-8")
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        text.replace("NW: {queue: new}", "NW: {queue: knew}").replace("other:", "others:"), encoding="utf-8"
    )
    with pytest.raises(DataErrors) as caught:
        load_plan(plan)
    assert "there is no queue knew (did you mean new?)" in str(caught.value)
    assert "classes lacks other" in str(caught.value)


# --- replays ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def morning(tmp_path: Path) -> Log:
    """Two agents, a call every 40 s of 60–100 s each, some of which hang up."""
    rows = []
    for number in range(120):
        minute, second = divmod(number * 40, 60)
        at = f"{8 + minute // 60}:{minute % 60:02d}:{second:02d}"
        if number % 9 == 8:
            rows.append(_row(number, at, 15, "HANG", 0, "NO_SERVER", kind="NE"))
        else:
            server = ("DORIT", "TOVA")[number % 2]
            rows.append(
                _row(number, at, number % 7, "AGENT", 60 + number % 40, server, kind=("PS", "NE")[number % 4 == 0])
            )
    return _log(tmp_path, *rows)


def test_the_same_seed_gives_the_same_bytes(morning: Log) -> None:
    plan = load_plan(BANK / "bank_as_it_was.yaml")
    first, second = (replay(morning, plan) for _ in range(2))
    for a, b in zip(first.draws, second.draws, strict=True):
        assert a.waited_s.tobytes() == b.waited_s.tobytes() and a.answered.tobytes() == b.answered.tobytes()


def test_calls_that_ask_for_a_skill_wait_as_in_a_queue_of_their_own(morning: Log) -> None:
    """Only one of the two ever took calls of the stock exchange."""
    plan = structs.replace(load_plan(BANK / "bank_as_it_was.yaml"), tiers=(), draws=2)
    apart = structs.replace(plan, classes={"NE": ClassRule(queue="stock"), "other": ClassRule(queue="regular")})
    asking = structs.replace(
        plan, classes={"NE": ClassRule(queue="regular", skills={"stock": 2}), "other": ClassRule(queue="regular")}
    )
    for one, other in zip(replay(morning, apart).draws, replay(morning, asking).draws, strict=True):
        assert one.waited_s.tolist() == other.waited_s.tolist() and one.answered.tolist() == other.answered.tolist()
    anybody = structs.replace(asking, skills="all")
    assert replay(morning, anybody).draws[0].waited_s.sum() < replay(morning, asking).draws[0].waited_s.sum()


def test_each_figure_is_a_range_beside_the_real_one(morning: Log) -> None:
    found = report(morning, [replay(morning, load_plan(BANK / "bank_as_it_was.yaml"))])
    assert math.isclose(found.total.real["answered_share"], 107 / 120)
    drawn = found.total.replayed["as_it_was"]["mean_wait_s"]
    assert drawn.low <= drawn.mean <= drawn.high and drawn.low < drawn.high
    assert sum(row.offered for row in found.hours) == sum(row.offered for row in found.classes) == 120


def test_a_configuration_beside_itself_differs_in_no_call(morning: Log) -> None:
    """The luck belongs to the call, so that only the configuration makes a difference."""
    plan = load_plan(BANK / "bank_as_it_was.yaml")
    differences = report(morning, [replay(morning, plan), replay(morning, plan, luck_of=plan)]).differences
    assert differences is not None
    assert differences.same.low == differences.same.high == 1.0


def test_two_configurations_are_compared_call_by_call(morning: Log) -> None:
    first, second = (load_plan(BANK / name) for name in ("bank_as_it_was.yaml", "bank_all_serve_all.yaml"))
    found = report(morning, [replay(morning, first), replay(morning, second, luck_of=first)])
    assert found.configurations == ("as_it_was", "all_serve_all")
    assert found.differences is not None
    each = found.differences
    shares = (each.answered_instead_of_lost, each.lost_instead_of_answered, each.sooner, each.later, each.same)
    assert 0.9 < sum(share.mean for share in shares) <= 1.0 + 1e-9  # the rest was lost in both, at another moment
    assert len(found.by_call) == 120


def test_the_command_prints_ranges_and_writes_json(
    morning: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--config", str(BANK / "bank_as_it_was.yaml"), "--against", str(BANK / "bank_all_serve_all.yaml")]
    out = tmp_path / "out.json"
    assert cli.main(["replay", str(tmp_path / "calls.csv"), *arguments, "--json", str(out)]) == 0
    assert "lowest–highest of the draws" in capsys.readouterr().out
    found = json.loads(out.read_text(encoding="utf-8"))
    assert set(found["total"]["replayed"]) == {"as_it_was", "all_serve_all"}


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_bank_log_fits_as_published(shared_dir: Path) -> None:
    """docs/simulation.md says by how much the replay of the bank's own rules misses the real days."""
    log = read_log(
        shared_dir / "data" / "anonymous_bank_1999_02_01-21.csv.gz", load_mapping(BANK / "bank_columns.yaml")
    )
    found = report(log, [replay(log, load_plan(BANK / "bank_as_it_was.yaml"))])
    misfit = found.misfit["as_it_was"]
    assert misfit["answered_share"] < 0.03 and misfit["mean_wait_s"] < 10
    assert abs(found.total.replayed["as_it_was"]["answered_share"].mean - found.total.real["answered_share"]) < 0.03
