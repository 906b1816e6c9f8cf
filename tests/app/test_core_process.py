"""The core process goes on without the main database, and takes a new configuration as a whole or not at all."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from sqlalchemy.exc import OperationalError

from cti_server import config
from cti_server.app.core_process import CoreProcess
from cti_server.app.loading import is_broken, note_problems
from cti_server.config.last_good import read_last_good
from cti_server.core.inputs import EnrolAgents, Input, LoadSettings
from cti_server.ports import CommandReply
from cti_server.storage import people
from cti_server.storage.data_folder import DataFolder
from datafiles.problems import Problem

SUMMER_US = int(datetime(2026, 7, 1, tzinfo=UTC).timestamp()) * 1_000_000
WINTER_US = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp()) * 1_000_000


class Engine:
    """Answers every command with ``code``."""

    def __init__(self) -> None:
        self.code = ""
        self.carried_out: list[Input] = []

    async def carry_out(self, command: Input) -> CommandReply:
        self.carried_out.append(command)
        return CommandReply(code=self.code)


class Flows:
    """In the place of the Centre: what is to take effect with the next settings."""

    def __init__(self) -> None:
        self.staged: list[object] = []

    def stage_flows(self, flows: object) -> None:
        self.staged.append(flows)


class Switch:
    """Counts how often it was asked to look names up."""

    looked_up = 0

    async def look_up_trunks(self) -> None:
        self.looked_up += 1


class Desktops:
    """In the place of the gateway: the scripts' versions that desktops get."""

    def __init__(self) -> None:
        self.versions: list[str] = []
        self.is_told = False

    def note_configuration(self, *, is_broken: bool) -> None:
        self.is_told = is_broken

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
    made._readers, made._files = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
    made._reloading, made._problems = asyncio.Lock(), ()
    made._switch = Switch()
    made._utc_now = lambda: SUMMER_US
    yield made
    made._readers.shutdown()
    made._files.shutdown()


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
    assert process._centre.staged[-1] is None
    assert process._gateway.versions == []
    assert read_last_good(process._folder.path, file) is None
    process.engine.code = ""
    asyncio.run(process.reload())
    assert process._configuration.version != before.version
    assert process._centre.staged[-1] is process._configuration.flows
    assert process._gateway.versions == [process._configuration.library.version]
    assert process._switch.looked_up == 1
    kept = read_last_good(process._folder.path, file)
    assert kept is not None and kept.version == process._configuration.version


def test_summer_time_begins_and_ends_by_itself(process: Any) -> None:
    process._configuration = msgspec.structs.replace(process._configuration, time_zone="Europe/Berlin")
    for now, offset_s in ((SUMMER_US, 7200), (SUMMER_US, 7200), (WINTER_US, 3600)):
        process._utc_now = lambda now=now: now
        asyncio.run(process._follow_zone())
        assert process._configuration.centre.time_zone_offset_s == offset_s
    loaded = [command.settings.time_zone_offset_s for command in process.engine.carried_out]
    assert loaded == [7200, 3600]
    process.engine.code = "overloaded"
    process._utc_now = lambda: SUMMER_US
    asyncio.run(process._follow_zone())
    assert process._configuration.centre.time_zone_offset_s == 3600, "tried again later"


def test_a_broken_configuration_is_not_looked_at_further(process: Any) -> None:
    before = process._configuration
    config.config_file(process._folder.path).write_text("a: [b\n", "utf-8")
    asyncio.run(process.reload())
    assert process._configuration is before
    assert process.engine.carried_out == []
    assert is_broken(process._folder.path), "said by /health and /metrics"
    assert process._gateway.is_told


def test_what_is_mended_is_broken_no_longer(process: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "roster", lambda database: ())
    file = config.config_file(process._folder.path)
    good = file.read_text(encoding="utf-8")
    file.write_text("a: [b\n", "utf-8")
    asyncio.run(process.reload())
    file.write_text(good, "utf-8")
    asyncio.run(process.reload())
    assert not is_broken(process._folder.path) and not process._gateway.is_told


def test_a_start_with_the_last_good_configuration_does_not_call_it_mended(
    process: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "roster", lambda database: ())
    process._problems = (Problem("centre.yaml", 1, "wrong"),)
    note_problems(process._folder.path, process._problems)
    asyncio.run(process._load())
    assert is_broken(process._folder.path) and process._gateway.is_told
