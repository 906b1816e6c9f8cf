"""What `./ieum serve` does: checks the configuration, prepares the data folder, and lets the warden keep the processes.

Everything that can be wrong is said before anything is started.
"""

import asyncio
import functools
import socket
import sys
from pathlib import Path

from cti_server import config
from cti_server.app.loading import load_or_last_good
from cti_server.app.places import media_socket
from cti_server.config import Configuration
from cti_server.core.vocabulary import Secret
from cti_server.customers.sample import create_empty
from cti_server.gateway.certificates import fingerprint, is_loopback, own_certificate
from cti_server.speech.place import RENDERED
from cti_server.storage import schema
from cti_server.storage.data_folder import DataFolder, DataFolderInUse, DataLock
from cti_server.storage.database import open_database
from cti_server.warden import Child, Warden
from cti_server.web.credentials import ADMIN_PASSWORD_FILE, ensure_administrator


class CannotServe(Exception):
    """One line: what is wrong and what to do."""


def serve(data: Path, file: Path | None = None) -> int:
    """Runs until SIGTERM or Ctrl+C. Raises DataErrors, CannotServe."""
    configuration, password = prepare(data, file)
    if password is not None:
        print(f"The administrator is `admin`, the password {password.reveal()}")
        print(f"(kept in {DataFolder(data).secrets / ADMIN_PASSWORD_FILE}; `./ieum user password admin` changes it)")
    server = configuration.server
    print(f"Desktops: {_desktop_address(configuration)}   SIP: {server.sip.host}:{server.sip.port}")
    print("Stop with Ctrl+C; calls that are up end then.", flush=True)
    warden = Warden(children(configuration, file), report=lambda line: print(f"ieum: {line}", file=sys.stderr))
    asyncio.run(warden.run())
    return 0


def _desktop_address(configuration: Configuration) -> str:
    """With the fingerprint that desktops pin, where they come by TLS."""
    server = configuration.server
    if is_loopback(server.gateway.host):
        return f"ws://{server.gateway.host}:{server.gateway.port}"
    certificate = own_certificate(DataFolder(server.data).secrets, server.gateway.host)
    return f"wss://{server.gateway.host}:{server.gateway.port} --fingerprint {fingerprint(certificate)}"


def prepare(data: Path, file: Path | None) -> tuple[Configuration, Secret | None]:
    """A data folder that a centre can begin in; the first administrator's password when one was made."""
    folder = DataFolder(data.absolute())
    folder.prepare()
    if file is None:
        config.write_defaults(folder.path)
    configuration, problems = load_or_last_good(folder.path, file)
    if problems:
        print("ieum: the configuration cannot be used; the last good one is in force:", file=sys.stderr)
        print("\n".join(f"  {problem}" for problem in problems), file=sys.stderr, flush=True)
    _check_lock(folder)
    _check_ports(configuration)
    if not (RENDERED / "rendered.json").exists():
        raise CannotServe("the spoken prompts are not rendered yet: run ./ieum prompts")
    if configuration.server.main_system_declarations is None:
        create_empty(folder.path)
    database = open_database(configuration.server.database_url, is_writer=True)
    schema.upgrade(database)
    password = ensure_administrator(folder.path, database)
    database.dispose()
    return configuration, password


def children(configuration: Configuration, file: Path | None) -> list[Child]:
    """In the order of their start; they are stopped in the reverse order."""
    folder = DataFolder(configuration.server.data)
    media = configuration.server.media
    share = (media.last_port - media.first_port + 1) // media.workers // 2 * 2
    workers = [
        Child(
            name=f"media-{number}",
            command=(
                *("-m", "cti_server.switch.embedded.media_worker"),
                *("--socket", str(media_socket(folder, number))),
                *("--ports", f"{media.first_port + number * share}-{media.first_port + (number + 1) * share - 1}"),
                *("--address", media.host or configuration.server.sip.host),
            ),
            is_served=functools.partial(_answers, media_socket(folder, number)),
        )
        for number in range(media.workers)
    ]
    place = ("--data", str(folder.path), *(("--config", str(file.absolute())) if file else ()))
    return [
        *workers,
        Child(name="web", command=("-m", "cti_server.app", "web", *place), is_tied=True),
        Child(name="core", command=("-m", "cti_server.app", "core", *place), is_tied=True),
    ]


def _answers(path: Path) -> bool:
    """Does a process listen there already (a media worker that outlived an earlier warden)?"""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _check_lock(folder: DataFolder) -> None:
    try:
        DataLock(folder).release()
    except DataFolderInUse as error:
        raise CannotServe(str(error)) from error


def _check_ports(configuration: Configuration) -> None:
    """Taken ports are told by name, before processes die of them one after the other."""
    server = configuration.server
    wanted = [
        ("server.sip", server.sip.host, server.sip.port, socket.SOCK_DGRAM),
        ("server.gateway", server.gateway.host, server.gateway.port, socket.SOCK_STREAM),
        ("server.web", server.web.host, server.web.port, socket.SOCK_STREAM),
    ]
    for name, host, port, kind in wanted:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise CannotServe(
                    f"{name}: {host}:{port} cannot be used ({error.strerror}); another one in centre.yaml?"
                ) from error
