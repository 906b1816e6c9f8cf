"""The core process goes on without the main database, and takes a new configuration as a whole or not at all."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from cti_server import config
from cti_server.app.core_process import CoreProcess
from cti_server.core.inputs import EnrolAgents, Input, LoadSettings
from cti_server.ports import CommandReply
from cti_server.storage import people
from cti_server.storage.data_folder import DataFolder


class Engine:
    """Answers every command with ``code``."""

    def __init__(self) -> None:
        self.code = ""
        self.carried_out: list[Input] = []

    async def carry_out(self, command: Input) -> CommandReply:
        self.carried_out.append(command)
        return CommandReply(code=self.code)


class Flows:
    """In the place of the Centre: what was loaded last."""

    def __init__(self) -> None:
        self.loaded: list[object] = []

    def load_flows(self, flows: object) -> None:
        self.loaded.append(flows)


class Desktops:
    """In the place of the gateway: the scripts' versions that desktops get."""

    def __init__(self) -> None:
        self.versions: list[str] = []

    def load_scripts(self, scripts: object, version: str) -> None:
        self.versions.append(version)


@pytest.fixture
def process(tmp_path: Path) -> Any:
    """Only the parts that decide; neither sockets nor disks."""
    folder = DataFolder(tmp_path)
    folder.prepare()
    config.write_defaults(tmp_path)
    made: Any = CoreProcess.__new__(CoreProcess)
    made._file, made._folder, made._configuration = None, folder, config.read(tmp_path)
    made.engine, made._centre, made._gateway = Engine(), Flows(), Desktops()
    made._database, made._enrolled = SimpleNamespace(), None
    made._readers = ThreadPoolExecutor(1)
    yield made
    made._readers.shutdown()


def test_without_the_main_database_the_agents_stay_who_they_were(process: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    is_gone = [True]

    def roster(database: object) -> tuple[str, ...]:
        if is_gone[0]:
            raise OperationalError("select", {}, Exception("gone"))
        return ("kim",)

    monkeypatch.setattr(people, "roster", roster)
    asyncio.run(process._load())
    assert [type(command) for command in process.engine.carried_out] == [LoadSettings]
    is_gone[0] = False
    asyncio.run(process._look_at_roster())
    asyncio.run(process._look_at_roster())
    assert [type(command) for command in process.engine.carried_out] == [LoadSettings, EnrolAgents]


def test_a_configuration_that_is_refused_leaves_everything_as_it_was(
    process: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "roster", lambda database: ())
    before = process._configuration
    file = config.config_file(process._folder.path)
    file.write_text(file.read_text(encoding="utf-8").replace("ring_timeout_s: 20", "ring_timeout_s: 25"), "utf-8")
    process.engine.code = "overloaded"
    asyncio.run(process.reload())
    assert process._configuration is before
    assert process._centre.loaded[-1] is before.flows
    assert process._gateway.versions == []
    process.engine.code = ""
    asyncio.run(process.reload())
    assert process._configuration.version != before.version
    assert process._centre.loaded[-1] is process._configuration.flows
    assert process._gateway.versions == [process._configuration.library.version]


def test_a_broken_configuration_is_not_looked_at_further(process: Any) -> None:
    before = process._configuration
    config.config_file(process._folder.path).write_text("a: [b\n", "utf-8")
    asyncio.run(process.reload())
    assert process._configuration is before
    assert process.engine.carried_out == []
