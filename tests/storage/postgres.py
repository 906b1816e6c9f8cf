"""A PostgreSQL of the test's own: Debian's programs, an own folder and port, gone afterwards."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

USER = "postgres"
READY_TIMEOUT_S = 60


@contextmanager
def postgres_server() -> Iterator[str]:
    """Its address, without a database's name; skips, visibly, where the programs cannot be had."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian's package postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="ieum-postgres-"))
    prefix = _as_other_user(folder)
    try:
        initdb = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", USER, "-A", "trust", "--no-sync"]
        subprocess.run([*prefix, *initdb], check=True, capture_output=True, cwd="/")
        port = _free_port()
        options = ["-D", str(folder / "data"), "-p", str(port), "-k", str(folder), "-h", "127.0.0.1", "-F"]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen([*prefix, str(programs / "postgres"), *options], stdout=log, stderr=log, cwd="/")
        try:
            _wait_until_ready(server, port, folder / "log")
            yield f"postgresql://{USER}@127.0.0.1:{port}"
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_database(server: str) -> str:
    """The address of a new, empty database."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    admin = create_engine(make_url(f"{server}/postgres").set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return f"{server}/{name}"


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None


def _as_other_user(folder: Path) -> list[str]:
    """PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return []
    try:
        entry = pwd.getpwnam(USER)
    except KeyError:
        pytest.skip("PostgreSQL refuses root, and there is no user postgres")
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("PostgreSQL refuses root, and there is no setpriv (Debian's package util-linux)")
    return [setpriv, f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"PostgreSQL did not start: {log.read_text(errors='replace')[-500:]}")
