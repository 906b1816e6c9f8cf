"""Reads the source as text, for the tests of the house's rules: which modules there are, and what each imports."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.shared_data import ROOT

PACKAGES = ("cti_server", "agent_app", "ivr", "scripts", "datafiles")


@dataclass(frozen=True, slots=True)
class Module:
    name: str
    path: Path

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"), filename=str(self.path))

    @property
    def is_loader(self) -> bool:
        return self.path.name == "loader.py"

    def is_in(self, *packages: str) -> bool:
        return any(self.name == package or self.name.startswith(package + ".") for package in packages)


@dataclass(frozen=True, slots=True)
class Import:
    line: int
    target: str
    """The dotted name that is imported: a module, or a name in one."""

    def is_in(self, *packages: str) -> bool:
        return any(self.target == package or self.target.startswith(package + ".") for package in packages)


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the product, also one that is not committed yet."""
    found = [
        Module(_name_of(path), path)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if "__pycache__" not in path.parts
    ]
    return tuple(sorted(found, key=lambda module: module.name))


def modules_in(*packages: str) -> tuple[Module, ...]:
    return tuple(module for module in modules() if module.is_in(*packages))


def imports(module: Module) -> Iterator[Import]:
    """Every import wherever it stands, relative ones made absolute; `from a import b` counts as `a.b`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = _base_of(module, node)
            for alias in node.names:
                yield Import(node.lineno, f"{base}.{alias.name}" if base else alias.name)


def tracked_files() -> tuple[Path, ...]:
    """What git keeps; empty outside a git checkout."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ()
    return tuple(path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file())


def _name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _base_of(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    if module.path.name != "__init__.py":
        parts = parts[:-1]
    parts = parts[: len(parts) - (node.level - 1)]
    return ".".join([*parts, node.module] if node.module else parts)
