"""`ieum bench`: runs the measurements of `tests/benchmarks`, prints them beside the machine's own floor, writes JSON.

What is measured, and how, stands there and in docs/performance.md; here is only in which order, and how it is told.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cti_server.core.errors import IeumError

ROOT = Path(__file__).resolve().parent.parent.parent
NAMES = ("setup", "gap", "media", "pop", "routing")
OWN_KEYS = frozenset(
    {
        *("relay_ratio", "recorded_ratio", "lost_packets", "pop_p95_ms", "pop_before_ring_share"),
        *("decisions_per_s", "floor_per_s", "ratio", "day_s"),
    }
)
"""Figures that are known by these names wherever they are looked at; others bear the name of their bench."""


class CannotBench(IeumError):
    """A measurement cannot be made here; the text says why."""


def run(arguments: argparse.Namespace) -> int:
    """Status 1 when one of them could not be made; a missed aim is a result, and none of that."""
    names = (arguments.name,) if arguments.name else NAMES
    found: dict[str, Any] = {}
    failed: list[str] = []
    for name in names:
        print(f"── {name}", flush=True)
        try:
            figures = _measure(name)
        except CannotBench as error:
            failed.append(name)
            print(f"cannot be measured: {error}", file=sys.stderr)
            continue
        _print(figures)
        found |= {_key(name, key): value for key, value in figures.items()}
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 1 if failed else 0


def _measure(name: str) -> dict[str, Any]:
    if not (ROOT / "tests" / "benchmarks").is_dir():
        raise CannotBench("the benches are part of the source, not of the installed program: run ./ieum bench there")
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    try:
        bench = importlib.import_module(f"tests.benchmarks.bench_{name}")
        figures: dict[str, Any] = bench.run()
    except ModuleNotFoundError as error:
        raise CannotBench(f"{error.name} is missing: ./ieum test installs what tests and benches need") from error
    except Exception as error:
        # One that breaks is told and fails the command, and the others are measured all the same.
        kind = "" if type(error).__name__ == "CannotMeasure" else f"{type(error).__name__}: "
        raise CannotBench(kind + " ".join(str(error).split())) from error
    return figures


def _key(name: str, key: str) -> str:
    return key if key in OWN_KEYS or key.startswith(f"{name}_") else f"{name}_{key}"


def _print(figures: Mapping[str, Any]) -> None:
    width = max(map(len, figures), default=0)
    for key, value in figures.items():
        text = ", ".join(f"{part}: {each}" for part, each in value.items()) if isinstance(value, dict) else value
        print(f"{key:<{width}}  {text}", flush=True)
