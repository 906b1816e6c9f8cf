"""The judge of the demo's report lets a good one through, and nothing else."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from tests.shared_data import ROOT

Report = dict[str, Any]


@pytest.fixture(scope="module")
def faults() -> Callable[[Report], list[str]]:
    specification = importlib.util.spec_from_file_location("check_report", ROOT / ".ci" / "check_report.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return cast(Callable[[Report], list[str]], module.faults)


@pytest.fixture
def good(tmp_path: Path) -> Report:
    picture = tmp_path / "desktop.png"
    picture.write_bytes(b"\x89PNG" + bytes(10_000))
    return {
        "calls_offered": 22,
        "calls_answered": 18,
        "calls_abandoned": 2,
        "authenticated": 12,
        "wrong_pins": 1,
        "pop_before_ring_share": 1.0,
        "pop_to_paint_ms_p95": 21.5,
        "recordings": 18,
        "recordings_with_both_voices": 18,
        "dispositions": 18,
        "callbacks_created": 1,
        "violations": 0,
        "lost": 0,
        "screenshots": [str(picture)],
    }


def test_a_good_report_passes(faults: Callable[[Report], list[str]], good: Report) -> None:
    assert faults(good) == []


@pytest.mark.parametrize(
    "change",
    [
        {"calls_offered": 19},
        {"calls_answered": 14},
        {"calls_abandoned": 0},
        {"authenticated": 9},
        {"wrong_pins": 0},
        {"pop_before_ring_share": 0.99},
        {"pop_to_paint_ms_p95": 0},
        {"recordings": 17},
        {"recordings_with_both_voices": 17},
        {"dispositions": 19},
        {"callbacks_created": 0},
        {"violations": 1},
        {"lost": 1},
        {"screenshots": []},
        {"screenshots": ["no-such-picture.png"]},
    ],
    ids=str,
)
def test_one_wrong_figure_fails(faults: Callable[[Report], list[str]], good: Report, change: Report) -> None:
    assert faults({**good, **change}) != []


def test_each_missing_figure_fails(faults: Callable[[Report], list[str]], good: Report) -> None:
    for key in good:
        assert faults({name: value for name, value in good.items() if name != key}) != [], key
