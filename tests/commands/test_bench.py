"""`ieum bench`: figures are printed and written under their names; what cannot be measured is said, and fails."""

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cti_server.cli import main


class CannotMeasure(Exception):
    """As the benches raise it."""


def pretend(monkeypatch: pytest.MonkeyPatch, name: str, outcome: dict[str, Any] | Exception) -> None:
    def run() -> dict[str, Any]:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    module = ModuleType(f"tests.benchmarks.bench_{name}")
    module.run = run  # type: ignore[attr-defined]  # the module's one function
    monkeypatch.setitem(sys.modules, module.__name__, module)


def test_every_figure_has_a_name_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(monkeypatch, "setup", {"setup_p50_ms": {"10": 3.1}, "floor_fsync_p50_ms": 0.4})
    pretend(monkeypatch, "gap", {"gap_p50_ms": 4.0, "floor_fsync_p50_ms": 0.5})
    pretend(monkeypatch, "media", {"relay_ratio": 1.1, "lost_packets": 0, "calls": 100})
    pretend(monkeypatch, "pop", {"pop_p95_ms": 30.0, "calls": 150})
    pretend(monkeypatch, "routing", {"decisions_per_s": 70_000, "ratio": 0.2, "decision_us": 14.0})
    file = tmp_path / "bench.json"
    assert main(["bench", "--json", str(file)]) == 0
    assert json.loads(file.read_text()) == {
        "setup_p50_ms": {"10": 3.1},
        "setup_floor_fsync_p50_ms": 0.4,
        "gap_p50_ms": 4.0,
        "gap_floor_fsync_p50_ms": 0.5,
        "relay_ratio": 1.1,
        "lost_packets": 0,
        "media_calls": 100,
        "pop_p95_ms": 30.0,
        "pop_calls": 150,
        "decisions_per_s": 70_000,
        "ratio": 0.2,
        "routing_decision_us": 14.0,
    }
    printed = capsys.readouterr().out
    assert "10: 3.1" in printed
    assert "── pop" in printed


def test_what_cannot_be_measured_is_said_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(monkeypatch, "setup", CannotMeasure("packets cannot be captured (as root?)"))
    for name in ("gap", "media", "pop", "routing"):
        pretend(monkeypatch, name, {f"{name}_p50_ms": 1.0})
    file = tmp_path / "bench.json"
    assert main(["bench", "--json", str(file)]) == 1
    assert "cannot be measured: packets cannot be captured (as root?)" in capsys.readouterr().err
    assert set(json.loads(file.read_text())) == {"gap_p50_ms", "media_p50_ms", "pop_p50_ms", "routing_p50_ms"}


def test_one_bench_alone(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pretend(monkeypatch, "gap", {"gap_p50_ms": 4.0})
    assert main(["bench", "gap"]) == 0
    assert capsys.readouterr().out.splitlines() == ["── gap", "gap_p50_ms  4.0"]
