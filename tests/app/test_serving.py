"""Before anything is started, `serve` says what cannot be: a folder in use, a taken port, a wrong configuration."""

import socket
from pathlib import Path

import pytest
import yaml

from cti_server import config
from cti_server.app import serving
from cti_server.app.serving import CannotServe, children, prepare
from cti_server.storage.data_folder import DataFolder, DataLock
from datafiles.problems import DataErrors


@pytest.fixture(autouse=True)
def _prompts_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rendering is tested elsewhere."""
    rendered = tmp_path / "rendered"
    rendered.mkdir()
    (rendered / "rendered.json").write_text("{}")
    monkeypatch.setattr(serving, "RENDERED", rendered)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder whose configuration names free ports."""
    folder = tmp_path / "data"
    DataFolder(folder).prepare()
    written = yaml.safe_load(config.DEFAULT_FILE.read_text(encoding="utf-8"))
    for part in ("sip", "gateway", "web"):
        written["server"][part]["port"] = free_port()
    config.config_file(folder).write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
    return folder


def test_a_first_start_makes_the_database_and_an_administrator_once(data: Path) -> None:
    _, password = prepare(data, None)
    assert password is not None
    assert len(password.reveal()) >= 15
    assert (data / "ieum.db").exists()
    _, again = prepare(data, None)
    assert again is None


def test_a_folder_in_use_is_refused_by_name(data: Path) -> None:
    lock = DataLock(DataFolder(data))
    with pytest.raises(CannotServe, match="in use by another centre"):
        prepare(data, None)
    lock.release()
    prepare(data, None)


def test_a_taken_port_is_told_with_its_place_in_the_configuration(data: Path) -> None:
    port = config.read(data).server.sip.port
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", port))
        with pytest.raises(CannotServe, match=rf"server\.sip: 127\.0\.0\.1:{port} cannot be used"):
            prepare(data, None)


def test_a_wrong_configuration_is_told_before_anything_is_made(data: Path) -> None:
    file = config.config_file(data)
    file.write_text(file.read_text(encoding="utf-8").replace("flow: main", "flow: mian"), encoding="utf-8")
    with pytest.raises(DataErrors, match="mian"):
        prepare(data, None)
    assert not (data / "ieum.db").exists()


def test_missing_prompts_are_told_with_the_command_that_makes_them(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "RENDERED", data / "nowhere")
    with pytest.raises(CannotServe, match=r"\./ieum prompts"):
        prepare(data, None)


def test_media_workers_come_first_so_that_they_are_stopped_last(data: Path) -> None:
    configuration, _ = prepare(data, None)
    assert [child.name for child in children(configuration, None)] == ["media-0", "web", "core"]
