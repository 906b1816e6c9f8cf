"""Published queueing results: met by the reference simulation, and by the real Centre.

In every run some cases at sizes that take seconds; with ``--long`` each case, 2·10⁶ calls for the reference and 400,000
for the Centre. A figure may be off by four standard errors, and by the case's own error where that was simulated too.
What was found, with its half width, is printed (``pytest -rP`` shows it).
"""

from pathlib import Path

import pytest

from cti_server.core.vocabulary import Strategy, WorkOrder
from cti_server.sim.driver import ANSWERED
from tests.simulation.alike import Callers, by_centre
from tests.simulation.cases import Case, Figures, play, read_cases
from tests.simulation.reference import GONE, Day, House

ERRORS_MAX = 4.0
NOT_SIMULATED = ("P_V_gt_T", "ci_sd", "ci_wait", "secondary_share")
"""The first is about the wait of those who left, the others are no figures of a centre."""
EXACT = "exact_"
OWN_ERROR = {"sd_occ_between_agents": "ci_sd", "mean_wait_s": "ci_wait"}

IN_EVERY_RUN = ("EC3", "EA5", "EG1", "CB1", "PR1", "SK1", "SK2", "AM3", "LI1", "LI2", "LF4", "WW2")
BY_CENTRE = ("EA3", "EG1", "CB1", "PR1", "SK2", "LI2")
ALL_BY_CENTRE = (
    *("EC1", "EC3", "EC5", "EC6", "EC8", "EA1", "EA3", "EA5", "EA7", "EA8", "EA10", "EA12", "EG1", "EG3", "CB1", "CB3"),
    *("PR1", "PR3", "SK1", "SK2", "SK5", "LI1", "LI2", "LI4", "LF1", "LF2", "LF4"),
)
"""AM* is no rule of ours, and WW* has a limit on all who wait together, which ours are not: by the reference only."""
ALL = (*ALL_BY_CENTRE, "AM1", "AM3", "WW1", "WW2", "WW4", "WW6")


@pytest.fixture(scope="module")
def cases(shared_dir: Path) -> dict[str, Case]:
    return read_cases(shared_dir)


def test_every_case_of_the_file_is_played(cases: dict[str, Case]) -> None:
    assert sorted(cases) == sorted(ALL)


@pytest.mark.parametrize("name", IN_EVERY_RUN)
def test_the_reference_meets_the_case(name: str, cases: dict[str, Case]) -> None:
    _assert_met(cases[name], play(cases[name], 150_000, seed=1))


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ALL)
def test_the_reference_meets_the_case_at_two_million_calls(name: str, cases: dict[str, Case]) -> None:
    _assert_met(cases[name], play(cases[name], 2_000_000, seed=2))


@pytest.mark.parametrize("name", BY_CENTRE)
def test_the_centre_meets_the_case(name: str, cases: dict[str, Case]) -> None:
    _assert_met(cases[name], play(cases[name], 12_000, seed=3, run=centre_of(cases[name])))


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", ALL_BY_CENTRE)
def test_the_centre_meets_the_case_at_400_000_calls(name: str, cases: dict[str, Case]) -> None:
    _assert_met(cases[name], play(cases[name], 400_000, seed=4, run=centre_of(cases[name])))


class centre_of:
    """Runs a case's callers through the real Centre, with the rules that the case asks for."""

    def __init__(self, case: Case) -> None:
        self._case = case

    def __call__(self, house: House, given: Callers) -> Day:
        strategy = {"LI2": Strategy.RANDOM, "LF2": Strategy.RANDOM, "LF4": Strategy.EVEN_TALK}.get(self._case.id)
        if self._case.id == "SK2":
            strategy = Strategy.TOP_DOWN  # class 1 prefers pool A, whose level is higher
        order = WorkOrder.LEVEL_FIRST if self._case.family == "SK" else WorkOrder.DUE_FIRST
        priorities = (9, 5, 0) if self._case.family == "PR" else None
        outcomes = by_centre(
            given,
            house.pools,
            strategy=strategy or Strategy.LONGEST_IDLE,
            work_order=order,
            priorities=priorities,
            seed=house.seed,
        )
        answered = [fate == ANSWERED for fate in outcomes.fate]
        return Day(
            answered_at=[at if is_so else GONE for at, is_so in zip(outcomes.left_at, answered, strict=True)],
            agent=[agent - 1 for agent in outcomes.agent],
        )


def _assert_met(case: Case, found: Figures) -> None:
    missed = []
    for name, expected in case.result.items():
        if name in NOT_SIMULATED:
            continue
        value, error = found[name.removeprefix(EXACT)]
        allowed = ERRORS_MAX * error + case.result.get(OWN_ERROR.get(name, ""), 0.0) + 1e-9
        line = f"{case.id} {name}: {value:.6g} ± {1.96 * error:.2g}, published {expected:.6g}"
        print(line)
        if abs(value - expected) > allowed:
            missed.append(line)
    assert not missed, missed
