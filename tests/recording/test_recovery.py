"""After a crash every recording is playable, wherever the writing stopped."""

import hashlib
from pathlib import Path

import pytest

from cti_server.media import wav
from cti_server.recording.files import read_contents
from cti_server.recording.recovery import recover
from tests.recording.test_files import recording


def test_a_finished_recording_is_left_alone(tmp_path: Path) -> None:
    path = recording(tmp_path / "2026/01/02/1-1.wav")
    before = path.stat().st_mtime_ns
    assert recover(tmp_path) == []
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize("kept", [58, 59, 60, 61, 8_058, 16_057, 16_058])
def test_an_unfinished_recording_is_mended_wherever_it_stopped(tmp_path: Path, kept: int) -> None:
    path = recording(tmp_path / "2026/01/02/7-3.wav", finished=False)
    path.write_bytes(path.read_bytes()[:kept])
    (found,) = recover(tmp_path)
    assert (found.path, found.call, found.number, found.problem) == (path, 7, 3, "")
    content = path.read_bytes()
    assert wav.read_info(content).is_finished
    assert found.size_bytes == len(content) == 58 + (kept - 58) // 2 * 2
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert found.duration_ms == (kept - 58) // 2 // 8
    assert recover(tmp_path) == []


def test_a_header_that_promises_more_than_there_is_is_mended(tmp_path: Path) -> None:
    """The header reached the disk and the last samples did not."""
    path = recording(tmp_path / "1-1.wav")
    path.write_bytes(path.read_bytes()[:-1000])
    (found,) = recover(tmp_path)
    assert found.duration_ms == 937
    assert read_contents(path).is_finished


@pytest.mark.parametrize("kept", [0, 1, 57])
def test_a_file_without_a_whole_header_is_removed(tmp_path: Path, kept: int) -> None:
    path = recording(tmp_path / "1-1.wav", finished=False)
    path.write_bytes(path.read_bytes()[:kept])
    (found,) = recover(tmp_path)
    assert found.problem == "empty"
    assert not path.exists()


def test_what_is_no_recording_is_left_alone_or_named(tmp_path: Path) -> None:
    prompt, broken = tmp_path / "greeting.wav", tmp_path / "1-1.wav"
    prompt.write_bytes(b"something")
    broken.write_bytes(b"x" * 100)
    (tmp_path / "2-2.wav").symlink_to("/etc/passwd")
    (found,) = recover(tmp_path)
    assert found.path == broken
    assert found.problem
    assert prompt.read_bytes() == b"something"
    assert broken.read_bytes() == b"x" * 100


def test_files_that_are_being_written_are_left_alone(tmp_path: Path) -> None:
    path = recording(tmp_path / "1-1.wav", finished=False)
    assert recover(tmp_path, in_use=[path]) == []
    assert not read_contents(path).is_finished


def test_no_folder_is_nothing_to_recover(tmp_path: Path) -> None:
    assert recover(tmp_path / "none") == []
