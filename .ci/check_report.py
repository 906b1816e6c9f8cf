"""Judges the report of `./ieum demo --headless --seconds 60`: was it a working call centre? Exit status 1 if not."""

import json
import sys
from pathlib import Path

AT_LEAST = {"calls_answered": 15, "authenticated": 10, "wrong_pins": 1, "calls_abandoned": 1, "callbacks_created": 1}
EXACTLY = {"lost": 0, "violations": 0, "pop_before_ring_share": 1.0}
ONE_FOR_EACH_ANSWERED_CALL = ("recordings", "recordings_with_both_voices", "dispositions")


def faults(report: dict[str, object]) -> list[str]:
    """What is wrong, one sentence each; empty when the demo was what it must be."""
    found = []
    for key, least in AT_LEAST.items():
        if not _number(report, key) >= least:
            found.append(f"{key} is {report.get(key)}, and must be at least {least}")
    for key, value in EXACTLY.items():
        if _number(report, key) != value:
            found.append(f"{key} is {report.get(key)}, and must be {value}")
    for key in ONE_FOR_EACH_ANSWERED_CALL:
        if _number(report, key) != _number(report, "calls_answered"):
            found.append(f"{key} is {report.get(key)}, and must equal calls_answered, {report.get('calls_answered')}")
    if not 0 < _number(report, "pop_to_paint_ms_p95") < 1000:
        found.append(f"pop_to_paint_ms_p95 is {report.get('pop_to_paint_ms_p95')}, which was not measured")
    ended = _number(report, "calls_answered") + _number(report, "calls_abandoned")
    if not _number(report, "calls_offered") >= ended:
        found.append("more calls ended than were offered")
    return [*found, *_faults_of_screenshots(report.get("screenshots"))]


def _number(report: dict[str, object], key: str) -> float:
    """A figure; one that is missing compares as neither greater nor less nor equal, so that no check passes on it."""
    value = report.get(key)
    return float(value) if isinstance(value, int | float) else float("nan")


def _faults_of_screenshots(names: object) -> list[str]:
    if not isinstance(names, list) or not names:
        return ["there are no screenshots"]
    return [f"the screenshot {name} is missing or empty" for name in names if not _is_picture(Path(str(name)))]


def _is_picture(path: Path) -> bool:
    return path.is_file() and path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 5_000


def main() -> int:
    try:
        report = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"the demo left no report: {error}", file=sys.stderr)
        return 1
    found = faults(report)
    for fault in found:
        print(f"demo: {fault}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
