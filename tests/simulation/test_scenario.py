"""A scenario file is checked as a whole: every mistake with its line and, where one is near, what was meant."""

from pathlib import Path

import pytest

from cti_server.commands.check import check
from cti_server.sim.scenario import load, variants_of
from datafiles.problems import DataErrors
from tests.shared_data import ROOT

SHIPPED = sorted((ROOT / "docs" / "scenarios").glob("*.yaml"))
GOOD = """\
scenario: tiny
measured_s: 3600
queues:
  - {queue: calls}
agents:
  - {group: all, count: 2, skills: {calls: 1}}
callers:
  - class: all
    queue: calls
    arrivals: {kind: poisson, per_hour: 20}
    talk: {kind: constant, value_s: 60}
"""


def _mistakes(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "scenario.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataErrors) as caught:
        load(file)
    return [str(problem).removeprefix(str(file)) for problem in caught.value.problems]


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_the_scenarios_that_are_shipped_can_be_read(file: Path) -> None:
    assert variants_of(load(file))


def test_a_scenario_needs_little(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(GOOD, encoding="utf-8")
    scenario = load(file)
    assert scenario.until_s == 3600
    assert [variant.name for variant in variants_of(scenario)] == ["tiny"]


def test_a_variant_is_compared_with_the_scenario_or_with_one_before_it(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(f"{GOOD}variants:\n  - variant: more\n  - variant: most\n    against: more\n", encoding="utf-8")
    assert [variant.against for variant in variants_of(load(file))] == ["", "tiny", "more"]
    mistakes = _mistakes(tmp_path, f"{GOOD}variants:\n  - variant: more\n    against: mor\n  - variant: mor\n")
    assert mistakes == [":14: variant more is compared with mor, which does not stand before it"]


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("queue: calls\n    arr", "queue: cals\n    arr", ":9: there is no queue cals (did you mean calls?)"),
        ("{queue: calls}\n", "{queue: calls, strategy: longest_idel}\n", "(did you mean longest_idle?)"),
        ("{queue: calls}\n", "{queue: calls, ring_all_max: 3}\n", "calls rings one phone at a time"),
        ("skills: {calls: 1}", "skills: {call: 1}", ":6: all serves no queue (did you mean calls?)"),
        ("kind: poisson", "kind: poison", ":10: callers[0].arrivals: there is no kind poison (did you mean poisson?)"),
        ("per_hour: 20", "per_hour: -3", ":10: callers[0].arrivals.per_hour must be from"),
        ("count: 2,", "count: 0,", ":6: agents[0].count must be from 1 to 5000, not 0"),
        ("value_s: 60", "mean_s: 60", ":11: callers[0].talk has no field mean_s"),
        ("kind: constant, value_s: 60", "kind: empirical", ":11: talk: either values_s or file and column"),
        ("kind: constant, value_s: 60", "kind: empirical, file: no.csv, column: s", ":11: talk: [Errno 2]"),
        (
            "queue: calls\n    arr",
            "queue: calls\n    skills: {english: 2}\n    arr",
            ":10: no agent has the skill english at 2",
        ),
        ("measured_s", "measuerd_s", "did you mean measured_s?"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, was: str, becomes: str, told: str) -> None:
    mistakes = _mistakes(tmp_path, GOOD.replace(was, becomes, 1))
    assert any(told in mistake for mistake in mistakes), mistakes


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("queue: calls\n    arr", "queue: x\n    arr").replace("calls: 1", "y: 1")
    assert len(_mistakes(tmp_path, text)) == 2


def test_a_shift_ends_after_it_begins(tmp_path: Path) -> None:
    shift = 'skills: {calls: 1}, shifts: [{begins: "18:00", ends: "09:00"}]'
    assert "must begin before it ends" in _mistakes(tmp_path, GOOD.replace("skills: {calls: 1}", shift))[0]


def test_values_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "talk.csv").write_text("seconds\n10\n20\n", encoding="utf-8")
    file = tmp_path / "scenario.yaml"
    text = GOOD.replace("kind: constant, value_s: 60", "kind: empirical, file: talk.csv, column: seconds")
    file.write_text(text, encoding="utf-8")
    assert load(file).callers[0].talk.values_s == (10.0, 20.0)  # type: ignore[union-attr]


def test_a_bad_number_in_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "talk.csv").write_text("seconds\n10\nten\n", encoding="utf-8")
    text = GOOD.replace("kind: constant, value_s: 60", "kind: empirical, file: talk.csv, column: seconds")
    assert "talk.csv:3: 'ten' is not a number" in _mistakes(tmp_path, text)[0]


def test_ieum_check_knows_scenarios_replays_and_mappings(tmp_path: Path) -> None:
    shipped = [*SHIPPED, *sorted((ROOT / "docs" / "replay").glob("*.yaml"))]
    assert check(shipped) == []
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(GOOD.replace("kind: poisson", "kind: poison"), encoding="utf-8")
    assert [problem.line for problem in check([wrong])] == [10]
