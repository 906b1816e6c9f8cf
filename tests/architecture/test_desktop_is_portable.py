"""The desktop installs and starts where there is no server and no POSIX: on Windows and macOS workplaces too."""

import subprocess
import sys
import tomllib

import pytest

from tests.architecture.house import Module, imports, modules_in
from tests.shared_data import ROOT

POSIX_ONLY = ("fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty", "uvloop")
SERVER_ONLY = (
    *("alembic", "argon2", "cryptography", "phonenumbers", "psycopg", "pyttsx3", "sqlalchemy", "starlette"),
    *("structlog", "uvicorn", "yaml"),
)
CARRIED = ("agent_app", "cti_server.wire", "cti_server.sip", "cti_server.media", "scripts")

# Runs in a process of its own. Ours may not import what is POSIX-only (the standard library itself may); nobody may
# import what only the server has, except that keyring tries `cryptography` for the Linux secret service.
_IMPORT_ALL = """
import builtins, importlib, pkgutil, sys

posix_only, server_only, ours = {posix_only!r}, {server_only!r}, ("agent_app", "cti_server", "scripts")
real_import = builtins.__import__

def guarded(name, globals=None, locals=None, fromlist=(), level=0):
    root, importer = name.split(".")[0], str((globals or {{}}).get("__name__", ""))
    is_ours = importer.split(".")[0] in ours
    if level == 0 and is_ours and root in (*posix_only, *server_only):
        raise ImportError(f"{{importer}} imports {{name}}")
    if level == 0 and root in server_only and not importer.startswith(("keyring", "secretstorage", root)):
        raise ImportError(f"{{importer}} imports {{name}}")
    return real_import(name, globals, locals, fromlist, level)

builtins.__import__ = guarded
import agent_app
names = [found.name for found in pkgutil.walk_packages(agent_app.__path__, "agent_app.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(len(names))
"""


def test_every_desktop_module_imports_without_posix_and_server_modules() -> None:
    program = _IMPORT_ALL.format(posix_only=POSIX_ONLY, server_only=SERVER_ONLY)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore:'audioop' is deprecated:DeprecationWarning", "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) == len(modules_in("agent_app")) - 1  # all but the package itself


@pytest.mark.parametrize("module", modules_in(*CARRIED), ids=lambda module: module.name)
def test_what_the_desktop_carries_names_no_posix_or_server_module(module: Module) -> None:
    """Also inside functions, where an import at start would not find it. The loaders are the server's."""
    if module.is_loader:
        return
    found = [
        f"line {entry.line}: {entry.target}" for entry in imports(module) if entry.is_in(*POSIX_ONLY, *SERVER_ONLY)
    ]
    assert found == []


def test_the_base_installs_without_the_server() -> None:
    """The server's libraries stand in the extra, not among what every workplace installs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    base = " ".join(project["dependencies"]).lower()
    assert [name for name in ("sqlalchemy", "alembic", "uvloop", "pyyaml", "pyttsx3", "psycopg") if name in base] == []
