"""`ieum simulate`: figures that are what they say, the same for the same seed, with honest half widths."""

import json
import math
from pathlib import Path

import pytest
from msgspec.structs import replace

from cti_server import cli
from cti_server.sim.results import Estimate, as_json, estimate, table
from cti_server.sim.scenario import Callbacks, CallerClass, Change, Scenario, Shift, load
from cti_server.sim.simulate import simulate
from tests.shared_data import ROOT

SMALL = ROOT / "docs" / "scenarios" / "small.yaml"


@pytest.fixture(scope="module")
def small() -> Scenario:
    return load(SMALL)


def _callers(small: Scenario, **changes: object) -> Scenario:
    changed: tuple[CallerClass, ...] = tuple(replace(each, **changes) for each in small.callers)
    return replace(small, callers=changed, variants=())


def test_the_same_seed_gives_the_same_bytes(small: Scenario) -> None:
    first, second = (as_json(simulate(small, folder=SMALL.parent, replications=1)) for _ in range(2))
    assert first == second
    assert first != as_json(simulate(small, folder=SMALL.parent, replications=1, seed=99))


def test_everybody_who_calls_is_accounted_for(small: Scenario) -> None:
    whole = simulate(small, folder=SMALL.parent, replications=1).variants[0]
    shares = [whole.whole[key].value for key in ("answered_share", "abandoned_share", "refused_share")]
    assert math.isclose(sum(shares), 1.0)
    assert whole.whole["offered"].value == sum(each["offered"].value for each in whole.classes.values())
    assert whole.whole["answered"].value == sum(each["answered"].value for each in whole.agents.values())


def test_one_more_agent_with_the_same_callers_answers_more(small: Scenario) -> None:
    result = simulate(small, folder=SMALL.parent, replications=3)
    base, more = result.variants
    assert base.whole["offered"] == more.whole["offered"]
    ratio = result.comparisons[0].answered_ratio
    assert ratio.half_width is not None and ratio.value - ratio.half_width > 1.0


def test_nobody_works_outside_the_shift(small: Scenario) -> None:
    """With agents from 10 to 11 only, the calls of other hours are not answered."""
    group = replace(small.agents[1], shifts=(Shift(begins="10:00", ends="11:00"),))
    short = replace(small, agents=(group,), variants=())
    figures = simulate(short, folder=SMALL.parent, replications=1).variants[0].whole
    assert 0 < figures["answered_share"].value < 0.25


def test_who_asks_to_be_called_back_never_abandons(small: Scenario) -> None:
    """Everybody who is not answered at once asks; whoever is called back has hung up before."""
    figures = simulate(_callers(small, callbacks=Callbacks(share=1.0)), folder=SMALL.parent, replications=1).variants[0]
    whole = {name: estimate.value for name, estimate in figures.whole.items()}
    assert whole["abandoned_share"] == 0.0
    assert 0 < whole["callbacks_asked"] < whole["offered"]
    assert whole["callbacks_done"] > 0.99 * whole["callbacks_asked"]  # rest: after the shift
    assert whole["callback_attempts"] == whole["callbacks_done"]
    assert whole["queue_mean"] == 0.0, "nobody waits on the line"


def test_attempts_fail_as_often_as_said_and_the_last_one_is_the_last(small: Scenario) -> None:
    callbacks = Callbacks(share=1.0, dial_s=20, reached_share=0.5)
    scenario = replace(_callers(small, callbacks=callbacks), callback_attempts=2, callback_retry_s=60)
    figures = simulate(scenario, folder=SMALL.parent, replications=1).variants[0].whole
    asked, done, given_up = (figures[f"callbacks_{name}"].value for name in ("asked", "done", "exhausted"))
    assert asked > 100 and done + given_up > 0.98 * asked
    assert abs(given_up / asked - 0.25) < 4 * (0.25 * 0.75 / asked) ** 0.5
    assert abs(figures["callback_attempts"].value / asked - 1.5) < 4 * (0.25 / asked) ** 0.5 + 0.02


def test_who_asks_only_after_a_while_may_have_hung_up_or_been_answered_before(small: Scenario) -> None:
    at_once = simulate(_callers(small, callbacks=Callbacks(share=1.0)), folder=SMALL.parent, replications=1)
    later = simulate(_callers(small, callbacks=Callbacks(share=1.0, after_s=30)), folder=SMALL.parent, replications=1)
    asked = [result.variants[0].whole["callbacks_asked"].value for result in (at_once, later)]
    assert 0 < asked[1] < asked[0]
    assert later.variants[0].whole["abandoned_share"].value > 0


def test_long_talks_beside_a_day_without_callers(small: Scenario) -> None:
    """Batches in which nobody called have no answered share, and are left out of its half width."""
    rare = _callers(small, arrivals=small.callers[1].arrivals.__class__(per_hour=0.5))
    figures = simulate(rare, folder=SMALL.parent, replications=1).variants[0].whole
    assert figures["offered"].value < 30


def test_a_half_width_is_that_of_students_t() -> None:
    values = [1.0, 2.0, 3.0, 4.0]
    assert estimate(values) == Estimate(value=2.5, half_width=3.182 * math.sqrt(5 / 3 / 4))
    assert estimate([7.0]).half_width is None


def test_the_command_prints_a_table_and_writes_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.json"
    assert cli.main(["simulate", str(SMALL), "--replications", "2", "--json", str(out)]) == 0
    said = capsys.readouterr().out
    assert "answered share" in said and "one_more" in said and "█" in said
    found = json.loads(out.read_text(encoding="utf-8"))
    names = ("offered", "answered_share", "answered_per_hour", "abandoned_share", "asa_s", "service_level", "p_wait")
    for name in (*names, "occupancy", "queue_mean"):
        assert name in found and name in found["half_width"]
    assert set(found["queues"]) == set(found["classes"]) == {"orders", "care"}
    assert len(found["agents"]) == 7
    assert set(found["service_level"]) == {"20s", "60s"}


def test_the_table_is_for_people(small: Scenario) -> None:
    lines = table(simulate(small, folder=SMALL.parent, replications=1)).splitlines()
    assert len({len(line) for line in lines}) == 1


def test_each_variant_stands_beside_the_one_that_it_is_compared_with(small: Scenario) -> None:
    same, other = Change(variant="same"), Change(variant="other", against="same", agents=small.variants[0].agents)
    result = simulate(replace(small, variants=(same, other)), folder=SMALL.parent, replications=2)
    assert [(each.variant, each.against) for each in result.comparisons] == [
        ("same", small.scenario),
        ("other", "same"),
    ]
    assert result.comparisons[0].answered_ratio.value == 1.0 < result.comparisons[1].answered_ratio.value
    first, second = table(result).split("\n\n")
    assert first.split()[:1] == [small.scenario] and second.split()[:2] == ["same", "other"]
    assert second.splitlines()[-1].startswith("answered, by same")


def test_who_is_called_back_waits_on_the_line_until_asking(small: Scenario) -> None:
    """The mean number on the line is smaller with callbacks, and larger than nothing when they ask late."""
    base = simulate(replace(small, variants=()), folder=SMALL.parent, replications=1).variants[0].whole
    late = simulate(_callers(small, callbacks=Callbacks(share=1.0, after_s=5)), folder=SMALL.parent, replications=1)
    assert 0 < late.variants[0].whole["queue_mean"].value < base["queue_mean"].value
