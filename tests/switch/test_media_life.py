"""Dead media, unneeded workers, killed workers: what the media worker gives up and what it leaves. Real processes."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cti_server.media import wav
from cti_server.recording.recovery import recover
from cti_server.switch.embedded import media_protocol as wire
from cti_server.switch.embedded.media_connection import MediaUnavailable
from cti_server.switch.embedded.media_link import WorkerLost, WorkerReady
from cti_server.switch.embedded.media_protocol import CallEnded, MediaLost, PlayFinished, RecordingFinished
from cti_server.switch.embedded.media_worker import EXIT_ALREADY_RUNNING
from tests.switch.media_peers import PATIENCE_S, ROOT, Studio, is_tone, two_legs, until


def test_a_silent_leg_is_reported_and_a_silent_call_is_ended(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path, "--media-timeout-s", "1") as studio:
            caller, agent = await two_legs(studio)
            await agent.hears(10)
            caller.hush()
            lost = await studio.controller.told(MediaLost)
            assert (lost.call, lost.leg) == (1, 1)
            assert not studio.controller.of(CallEnded)
            agent.hush()
            ended = await studio.controller.told(CallEnded)
            assert (ended.call, ended.reason) == (1, "media_lost")
            assert await studio.link.get_inventory() == ()

    asyncio.run(scene())


def test_silence_that_signalling_announced_is_no_fault(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path, "--media-timeout-s", "1") as studio:
            await studio.leg(1, expect_rtp=False)
            await studio.leg(2, direction=wire.MediaDirection.SEND_ONLY)
            await studio.leg(3)
            await studio.controller.told(MediaLost)
            await studio.link.barrier()
            assert [report.leg for report in studio.controller.of(MediaLost)] == [3]

    asyncio.run(scene())


def test_without_calls_and_controller_the_worker_ends_and_with_a_call_it_does_not(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path, "--idle-exit-s", "1", "--media-timeout-s", "2") as studio:
            caller, agent = await two_legs(studio)
            await agent.hears(10)
            await studio.link.close()
            await agent.hears(70)
            assert studio.worker.process.poll() is None
            caller.hush()
            agent.hush()
            await until(lambda: studio.worker.process.poll() == 0, "the worker's end")
            assert not studio.worker.socket.exists()

    asyncio.run(scene())


def test_a_killed_worker_is_lost_at_once_and_its_recording_can_be_played(tmp_path: Path) -> None:
    """I7: all audio older than two seconds."""

    async def scene() -> None:
        recordings = tmp_path / "recordings"
        async with Studio(tmp_path) as studio:
            _, agent = await two_legs(studio)
            path = recordings / "2026" / "1-1.wav"
            studio.link.start_recording(call=1, recording=1, path=str(path), agent_leg=2, customer_leg=1)
            await agent.hears(200)
            position_ms = (await studio.link.get_inventory())[0].recordings[0].position_ms
            os.kill(studio.worker.process.pid, signal.SIGKILL)
            first = studio.controller.states[0]
            assert isinstance(first, WorkerReady)
            await until(lambda: WorkerLost(worker=first.worker) in studio.controller.states, "loss")
            with pytest.raises(MediaUnavailable):
                studio.link.allocate_port()
            found = recover(recordings)
            assert [one.path for one in found] == [path]
            assert found[0].duration_ms >= position_ms - 2000
            left, right = wav.read_channels(path.read_bytes())
            assert is_tone(left[4000:], 1000)
            assert is_tone(right[4000:], 440)
            assert path.stat().st_mode & 0o777 == 0o600
            assert recover(recordings) == []
            studio.worker.restart()
            await until(lambda: isinstance(studio.controller.states[-1], WorkerReady), "the next worker")
            await studio.leg(1)
            studio.link.play(call=1, leg=1, play=1, items=("tone:beep",))
            await studio.controller.told(PlayFinished)

    asyncio.run(scene())


def test_a_second_worker_on_the_same_socket_ends_at_once(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            command = [sys.executable, "-m", "cti_server.switch.embedded.media_worker", *studio.worker.arguments]
            second = await asyncio.to_thread(
                subprocess.run, command, cwd=ROOT, capture_output=True, timeout=PATIENCE_S, check=False
            )
            assert second.returncode == EXIT_ALREADY_RUNNING
            await studio.link.barrier()

    asyncio.run(scene())


def test_a_clean_stop_finishes_recordings(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            _, agent = await two_legs(studio)
            path = tmp_path / "1-1.wav"
            studio.link.start_recording(call=1, recording=1, path=str(path), agent_leg=2, customer_leg=1)
            await agent.hears(30)
            studio.worker.process.terminate()
            finished = await studio.controller.told(RecordingFinished)
            assert finished.size_bytes == path.stat().st_size
            await until(lambda: studio.worker.process.poll() == 0, "the end")

    asyncio.run(scene())
