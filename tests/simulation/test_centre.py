"""The Centre over thousands of histories of people, faults and crashes: no law is broken in any of them.

A seed that fails is run alone with ``python -m cti_server.sim SEED SEED+1``, and becomes a test with a name.
"""

import os
import subprocess
import sys

import msgspec
import pytest

from cti_server.core import agents, callbacks, calls
from cti_server.core.events import Event
from cti_server.sim import callback_checks, checks
from cti_server.sim.scenarios import Faults, Scenario, busy_day, variant, variants
from cti_server.sim.world import World
from tests.shared_data import ROOT

SEEDS = 10_000
SEEDS_LONG = 20_000
CHUNK = 250
STEPS = 300


@pytest.fixture(scope="module")
def scenarios() -> tuple[Scenario, ...]:
    return variants(steps=STEPS)


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_no_law_is_broken(first: int, scenarios: tuple[Scenario, ...]) -> None:
    for seed in range(first, first + CHUNK):
        report = World(seed=seed, scenario=variant(seed, scenarios)).run()
        assert report.steps >= STEPS


@pytest.mark.long
@pytest.mark.parametrize("first", range(SEEDS, SEEDS_LONG, CHUNK))
def test_no_law_is_broken_in_many_more(first: int, scenarios: tuple[Scenario, ...]) -> None:
    test_no_law_is_broken(first, scenarios)


def test_the_same_seed_is_the_same_history(scenarios: tuple[Scenario, ...]) -> None:
    for seed in range(10):
        first, second = (World(seed=seed, scenario=variant(seed, scenarios)).run() for _ in range(2))
        assert first == second


def test_a_history_does_not_depend_on_how_python_hashes() -> None:
    script = (
        "from cti_server.sim.world import World;"
        "from cti_server.sim.scenarios import variant, variants;"
        "s = variants();"
        "print([World(seed=n, scenario=variant(n, s)).run().trace for n in range(15)])"
    )
    traces = [
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
            timeout=100,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert traces[0] == traces[1]
    assert len(traces[0]) > 15 * 32


def test_another_seed_is_another_history(scenarios: tuple[Scenario, ...]) -> None:
    assert World(seed=1, scenario=scenarios[0]).run().trace != World(seed=2, scenario=scenarios[0]).run().trace


def test_every_drawn_move_is_made(monkeypatch: pytest.MonkeyPatch, scenarios: tuple[Scenario, ...]) -> None:
    """A move that no history makes is a drawing of something that does not exist."""
    made: dict[tuple[object, type[Event]], None] = {}

    class Watched(dict[tuple[object, type[Event]], object]):
        def get(self, move: tuple[object, type[Event]], default: object = None) -> object:  # type: ignore[override]
            made[move] = None
            return super().get(move, default)

    for module, table in ((checks, "CALL_MOVES"), (checks, "AGENT_MOVES"), (callback_checks, "MOVES")):
        monkeypatch.setattr(module, table, Watched(getattr(module, table)))
    missing = [(before, event) for moves in (calls.MOVES, agents.MOVES, callbacks.MOVES) for before, event, _ in moves]
    for seed in range(450):
        World(seed=seed, scenario=variant(seed, scenarios)).run()
        missing = [move for move in missing if move not in made]
        if not missing:
            break
    assert missing == []


def test_without_faults_everybody_who_waits_long_enough_is_served() -> None:
    """Patient callers, nothing broken: nobody is lost between the queue and the agents."""
    day = busy_day(faults=Faults(), agents=9, steps=2000)
    queues = tuple(msgspec.structs.replace(queue, callbacks="by_hand") for queue in day.settings.queues)
    patient = Scenario(
        settings=msgspec.structs.replace(day.settings, queues=queues),
        agents=tuple(msgspec.structs.replace(profile, may_dial=False) for profile in day.agents),
        lines=("direct",),
        steps=day.steps,
        arrival_every_s=30,
        patience_s=100_000,
    )
    report = World(seed=5, scenario=patient).run()
    assert report.answered >= report.calls * 0.95


@pytest.mark.parametrize("planted", ["a leg outlives its call", "an event is forgotten", "an agent gets a second call"])
def test_the_checks_see_what_is_wrong(planted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checker itself is tried with mistakes put into the centre."""
    if planted == "a leg outlives its call":
        monkeypatch.setattr(calls, "release_leg", lambda step, call, leg, cause: None)
    elif planted == "an event is forgotten":
        monkeypatch.setattr(agents, "settle", lambda step, agent, **why: None)
    else:
        monkeypatch.setattr("cti_server.core.entities.Agent.is_available", property(lambda agent: True))
    with pytest.raises(checks.Violation):
        for seed in range(20):
            World(seed=seed, scenario=busy_day()).run()
