"""The house stands: imports run downwards only, and no package stands outside the plan."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.house import imports, modules_in
from tests.shared_data import ROOT


def _planned(root: str) -> set[str]:
    """The parts of `root` that the layer contracts name."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    lines = " ".join(line for contract in contracts if contract["type"] == "layers" for line in contract["layers"])
    return set(re.findall(rf"\b{root}\.(\w+)", lines))


def test_the_import_contracts_are_kept() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(
        [str(program), "--no-cache"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("root", ["cti_server", "agent_app"])
def test_every_part_has_its_place_in_the_plan(root: str) -> None:
    """A new package that no contract names would escape all of them."""
    parts = {module.name.split(".")[1] for module in modules_in(root) if "." in module.name}
    assert parts - _planned(root) == set()


def test_the_server_package_itself_is_empty() -> None:
    """Whoever imports `cti_server.wire` must get nothing of the server with it."""
    assert (ROOT / "cti_server" / "__init__.py").read_text(encoding="utf-8").strip() == ""


def test_the_desktop_takes_only_wire_sip_media_and_scripts_from_the_server() -> None:
    allowed = ("cti_server.wire", "cti_server.sip", "cti_server.media", "scripts")
    ours = ("cti_server", "ivr", "scripts", "datafiles")
    found = [
        f"{module.name}:{entry.line} imports {entry.target}"
        for module in modules_in("agent_app")
        for entry in imports(module)
        if entry.is_in(*ours) and (not entry.is_in(*allowed) or entry.is_in("scripts.loader"))
    ]
    assert found == []


def test_the_rules_never_see_the_wire() -> None:
    found = [
        f"{module.name}:{entry.line} imports {entry.target}"
        for module in modules_in("cti_server.core")
        for entry in imports(module)
        if entry.is_in("cti_server") and not entry.is_in("cti_server.core")
    ]
    assert found == []


def test_the_web_process_reads_tables_and_changes_nothing_in_the_centre() -> None:
    """What it stores is people and PINs; whatever concerns calls goes through the gateway, like any desktop's. What is
    told about the past is read from the journal in `cti_server.past`, which cannot write."""
    allowed = (
        *("cti_server.web", "cti_server.past", "cti_server.wire", "cti_server.ports"),
        *("cti_server.core.vocabulary", "cti_server.core.errors"),
        *("cti_server.storage.queries", "cti_server.storage.answers", "cti_server.storage.people"),
    )
    found = [
        f"{module.name}:{entry.line} imports {entry.target}"
        for module in modules_in("cti_server.web")
        for entry in imports(module)
        if entry.is_in("cti_server") and not entry.is_in(*allowed)
    ]
    assert found == []
