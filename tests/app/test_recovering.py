"""What a dead media worker left is mended and gets its row; what a living one writes is left alone."""

import asyncio
import datetime
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from cti_server.app.recovering import RecordingRecovery
from cti_server.core.inputs import RecordingFinished, Signal
from cti_server.media import wav
from cti_server.media.g711 import Codec
from cti_server.recording.files import read_contents
from cti_server.switch.embedded.media_connection import MediaUnavailable
from cti_server.switch.embedded.media_link import MediaLink
from cti_server.switch.embedded.media_protocol import CallInventory, RecordingInventory

NOW = int(datetime.datetime(2026, 11, 21, 0, 5, tzinfo=datetime.UTC).timestamp() * 1e6)


class Busy:
    """A worker that begins a recording while it is being asked."""

    def __init__(self, begin: Callable[[], Path]) -> None:
        self._begin = begin

    async def get_inventory(self) -> tuple[CallInventory, ...]:
        self._begin()
        return ()


class Link:
    """A worker that writes these files, or one that is gone."""

    def __init__(self, *writing: Path, is_gone: bool = False) -> None:
        self._writing, self._is_gone = writing, is_gone

    async def get_inventory(self) -> tuple[CallInventory, ...]:
        if self._is_gone:
            raise MediaUnavailable("gone")
        files = tuple(
            RecordingInventory(recording=n, path=str(path), position_ms=0, paused=False)
            for n, path in enumerate(self._writing)
        )
        return (CallInventory(call=1, recordings=files),)


def unfinished(root: Path, day: str, name: str, seconds: int = 3) -> Path:
    """As a worker leaves it that is killed: sound behind a header that does not know how much."""
    path = root / day / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(wav.g711_header(Codec.PCMU, channels=2, data_bytes=None) + bytes(seconds * 16_000))
    return path


def mended_by(root: Path, links: Sequence[Link | Busy], *, times: int = 1) -> list[RecordingFinished]:
    async def run() -> list[Signal]:
        signals: list[Signal] = []
        recovery = RecordingRecovery(
            root,
            links=lambda: cast(Sequence[MediaLink], links),
            submit=lambda signal: signals.append(signal),
            utc_now=lambda: NOW,
        )
        for _ in range(times):
            recovery.begin()
        await recovery.close()
        return signals

    return [signal for signal in asyncio.run(run()) if isinstance(signal, RecordingFinished)]


def test_an_unfinished_recording_of_today_or_last_night_gets_its_row(tmp_path: Path) -> None:
    today = unfinished(tmp_path, "2026/11/21", "7-8.wav")
    unfinished(tmp_path, "2026/11/20", "5-6.wav")
    found = mended_by(tmp_path, [Link(is_gone=True)])
    assert [(signal.call, signal.recording, signal.path, signal.duration_ms) for signal in found] == [
        (7, 8, "2026/11/21/7-8.wav", 3000),
        (5, 6, "2026/11/20/5-6.wav", 3000),
    ]
    assert read_contents(today).is_finished


def test_a_recording_that_goes_on_is_left_alone(tmp_path: Path) -> None:
    writing = unfinished(tmp_path, "2026/11/21", "7-8.wav")
    before = writing.read_bytes()
    assert mended_by(tmp_path, [Link(writing)]) == []
    assert writing.read_bytes() == before


def test_what_was_mended_is_not_reported_again(tmp_path: Path) -> None:
    unfinished(tmp_path, "2026/11/21", "7-8.wav")
    assert len(mended_by(tmp_path, [Link()], times=3)) == 1


def test_old_days_are_not_searched(tmp_path: Path) -> None:
    unfinished(tmp_path, "2026/11/18", "1-2.wav")
    assert mended_by(tmp_path, [Link()]) == []


def test_a_recording_that_begins_meanwhile_is_left_alone(tmp_path: Path) -> None:
    unfinished(tmp_path, "2026/11/21", "7-8.wav")
    found = mended_by(tmp_path, [Busy(lambda: unfinished(tmp_path, "2026/11/21", "9-10.wav"))])
    assert [signal.call for signal in found] == [7]
