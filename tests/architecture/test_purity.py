"""The pure packages do no input or output, and know neither clock nor chance: all of it is passed in."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.house import Module, imports, modules_in

PURE = ("cti_server.core", "cti_server.wire", "cti_server.sip", "cti_server.media", "ivr", "scripts", "agent_app.store")

FORBIDDEN_IMPORTS = (
    *("asyncio", "concurrent", "multiprocessing", "queue", "sched", "signal", "subprocess", "threading"),
    *("select", "selectors", "socket", "ssl", "http", "urllib"),
    *("glob", "io", "os", "pathlib", "shutil", "tempfile", "logging", "structlog", "sys"),
    *("random", "secrets", "time", "uuid"),
    *("alembic", "psycopg", "sqlalchemy", "sqlite3"),
    *("PySide6", "pyqtgraph", "sounddevice", "websockets", "uvloop", "yaml"),
)
LOADERS = ("datafiles.reading", "ivr.loader", "scripts.loader")
FORBIDDEN_CALLS = {"open", "print", "input", "exec", "eval", "globals"}
CLOCKS = {"now", "utcnow", "today"}


def pure_modules() -> list[Module]:
    """All of them but the loaders, which may read files."""
    return [module for module in modules_in(*PURE) if not module.is_loader]


@pytest.mark.parametrize("module", pure_modules(), ids=lambda module: module.name)
def test_a_pure_module_reaches_nothing_outside(module: Module) -> None:
    barred = (*FORBIDDEN_IMPORTS, *LOADERS)
    reached = [f"line {entry.line}: {entry.target}" for entry in imports(module) if entry.is_in(*barred)]
    assert [*reached, *_calls_outside(module.tree)] == []


def test_the_check_sees_what_it_looks_for() -> None:
    tree = ast.parse("from datetime import datetime\nx = datetime.now()\nopen('y')\n")
    assert list(_calls_outside(tree)) == ["line 2: datetime.now()", "line 3: open()"]


def _calls_outside(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id=name) if name in FORBIDDEN_CALLS:
                yield f"line {node.lineno}: {name}()"
            case ast.Attribute(value=ast.Name(id="datetime" | "date" as owner), attr=name) if name in CLOCKS:
                yield f"line {node.lineno}: {owner}.{name}()"
