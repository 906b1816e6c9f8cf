"""What git keeps speaks to users and engineers: no place of somebody's machine, no unfinished business."""

import re
from pathlib import Path

import pytest

from tests.architecture.house import tracked_files
from tests.shared_data import ROOT

# Spelt with a gap, so that this file does not contain what it looks for.
PLACES = tuple(
    place.replace("~", "") for place in ("/w~ork/", "/tmp/t~eam", "/opt/w~heels", "/opt/p~ypi", "/r~oot/", "/h~ome/")
)
UNFINISHED = tuple(word.replace("~", "") for word in ("T~ODO", "F~IXME", "X~XX"))
SAID = re.compile(rf"(?:{'|'.join(map(re.escape, PLACES))})|\b(?:{'|'.join(UNFINISHED)})\b")
LARGEST = 2_000_000


def texts() -> list[Path]:
    return [path for path in tracked_files() if path.name != "LICENSE" and path.stat().st_size < LARGEST]


def test_no_tracked_text_names_a_machine_or_leaves_business_unfinished() -> None:
    if not tracked_files():
        pytest.skip("not a git checkout")
    found = []
    for path in texts():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture or a sound
        for number, line in enumerate(text.splitlines(), start=1):
            if SAID.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert found == []


def test_git_keeps_nothing_that_a_running_centre_writes() -> None:
    kept = [path.relative_to(ROOT) for path in tracked_files()]
    written = [path for path in kept if path.suffix in {".db", ".log", ".pyc"} or path.parts[0] in {".venv", ".ieum"}]
    recordings = [path for path in kept if path.parts[0] == "recordings" and path.name != "README.md"]
    assert [*written, *recordings] == []
