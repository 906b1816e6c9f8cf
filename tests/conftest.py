"""What holds for every test: no screen, no keyring, no network but this machine, and no long test by accident."""

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.shared_data import find_shared
from tests.sharing import Sharing

# Set before anything imports Qt: widgets are drawn into memory. A test under Xvfb sets its own platform from outside.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
os.environ.setdefault("QT_LOGGING_RULES", "qt.qpa.*=false")


class NetworkForbidden(AssertionError):
    """A test tried to reach another machine."""


def _is_local(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a local socket's path
    host = str(address[0])
    if host in ("", "localhost"):
        return True
    try:
        found = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return False
    return found.is_loopback or found.is_unspecified


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Connections leave this process for this machine only; a name to be looked up is refused too."""
    real_connect, real_connect_ex = socket.socket.connect, socket.socket.connect_ex

    def refuse(address: Any) -> None:
        if not _is_local(address):
            raise NetworkForbidden(f"a test may not connect to {address!r}")

    def connect(self: socket.socket, address: Any) -> None:
        refuse(address)
        real_connect(self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        refuse(address)
        return real_connect_ex(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket.socket, "connect_ex", connect_ex)
        yield


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing:
    return Sharing(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked `long` run when IEUM_LONG=1, which `./ieum test --long` sets."""
    if os.environ.get("IEUM_LONG") == "1":
        return
    skip = pytest.mark.skip(reason="long: ./ieum test --long runs it")
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The test data beside the checkout; the test is skipped, visibly, where it is missing."""
    folder = find_shared()
    if folder is None:
        pytest.skip("test data not found: put it in ../shared beside the checkout, or name it in IEUM_SHARED")
    return folder


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Where the time went, by folder of tests: the budget of `./ieum test` is kept by looking at this."""
    seconds: dict[str, float] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if hasattr(report, "duration") and hasattr(report, "nodeid"):
                parts = report.nodeid.split("::")[0].split("/")
                folder = "/".join(parts[:2]) if len(parts) > 2 else parts[0]
                seconds[folder] = seconds.get(folder, 0.0) + report.duration
    terminalreporter.section("time by folder")
    for folder, took in sorted(seconds.items(), key=lambda entry: -entry[1]):
        terminalreporter.line(f"{took:8.1f} s  {folder}")
