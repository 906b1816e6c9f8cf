"""`ieum test`: every check in the order of what fails fastest, then pytest; prints what each took.

It does not decide what is tested or how long a test may take: that is in pyproject.toml and the tests. Every stage runs
even when an earlier one failed, so that one run shows all that is wrong. pytest comes last, so that its count of passed
and failed tests is the last line. All tests are shared between a few processes: whole systems mostly wait, one after
another, while the simulations compute beside them (`tests/conftest.py`).
"""

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

PROCESSES_MAX = 4
ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent

STAGES = {
    "lint": [str(BIN / "ruff"), "check", "."],
    "format": [str(BIN / "ruff"), "format", "--check", "."],
    "types": [sys.executable, "-m", "mypy"],
    "imports": [str(BIN / "lint-imports")],
}


@dataclass(frozen=True, slots=True)
class Outcome:
    stage: str
    took_s: float
    is_good: bool


def run(arguments: argparse.Namespace) -> int:
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    if arguments.is_long:
        environment["IEUM_LONG"] = "1"
    pytest = [sys.executable, "-m", "pytest", *(arguments.pytest_arguments or _everything())]
    if arguments.pytest_arguments:
        return 0 if _run_stage("tests", pytest, environment).is_good else 1
    outcomes = [_run_stage(stage, command, environment) for stage, command in STAGES.items()]
    _print_table(outcomes)
    outcomes.append(_run_stage("tests", pytest, environment))
    return 0 if all(outcome.is_good for outcome in outcomes) else 1


def _everything() -> list[str]:
    processes = min(PROCESSES_MAX, os.cpu_count() or 1)
    return ["-q", "--durations=15", f"--numprocesses={processes}", "--dist=loadscope"]


def _run_stage(stage: str, command: list[str], environment: dict[str, str]) -> Outcome:
    print(f"── {stage}", flush=True)
    started = time.monotonic()
    status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    return Outcome(stage, time.monotonic() - started, status == 0)


def _print_table(outcomes: list[Outcome]) -> None:
    print("── time of each stage before the tests")
    for outcome in outcomes:
        print(f"{outcome.stage:<10}{outcome.took_s:8.1f} s  {'good' if outcome.is_good else 'FAILED'}")
    sys.stdout.flush()
