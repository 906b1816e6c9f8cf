"""What is installed at a workplace is complete: every file of the packages, and nothing else."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.house import PACKAGES, tracked_files
from tests.shared_data import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in a wheel built from what git keeps."""
    if not tracked_files():
        pytest.skip("not a git checkout")
    checkout, out = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("wheel")
    for file in tracked_files():
        copy = checkout / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(out)]
    done = subprocess.run([*build, str(checkout)], capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return {name for name in archive.namelist() if not name.split("/")[0].endswith(".dist-info")}


def test_the_wheel_holds_every_file_of_the_packages(wheel: set[str]) -> None:
    kept = {str(file.relative_to(ROOT)) for file in tracked_files()}
    wanted = {name for name in kept if name.split("/")[0] in PACKAGES}
    assert wanted - wheel == set()


def test_the_wheel_holds_nothing_else(wheel: set[str]) -> None:
    assert {Path(name).parts[0] for name in wheel} == set(PACKAGES)
    assert [name for name in wheel if "rendered" in name or name.endswith(".pyc")] == []
