"""The media worker outlives its controller, obeys the newest one, and gives up what nobody needs. Over real
processes."""

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
from cti_server.switch.embedded.media_connection import EpochRefused, MediaUnavailable
from cti_server.switch.embedded.media_link import Superseded, WorkerLost, WorkerReady
from cti_server.switch.embedded.media_protocol import CallEnded, MediaLost, PlayFinished, RecordingFinished
from cti_server.switch.embedded.media_worker import EXIT_ALREADY_RUNNING
from tests.switch.media_peers import PATIENCE_S, ROOT, Studio, until
from tests.switch.test_media_worker import is_tone, two_legs


def test_audio_goes_on_without_a_controller_and_the_next_one_finds_everything(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            caller, agent = await two_legs(studio)
            studio.link.start_recording(
                call=1, recording=5, path=str(tmp_path / "1-5.wav"), agent_leg=2, customer_leg=1
            )
            waiting = await studio.leg(7, call=2)
            studio.link.play(call=2, leg=7, play=3, items=("tone:music",), repeat=True)
            await waiting.hears(5)
            await studio.link.close()
            assert is_tone(await agent.hears(50), 440)
            assert is_tone(await caller.hears(50), 1000)
            await waiting.hears(50)
            later = await studio.take_over(epoch=2)
            calls = {call.call: call for call in later.link.inventory}
            assert {leg.leg: leg.metadata for leg in calls[1].legs} == {1: b"leg 1", 2: b"leg 2"}
            assert [leg.partner for leg in calls[1].legs] == [2, 1]
            assert [found.recording for found in calls[1].recordings] == [5]
            assert [leg.playing for leg in calls[2].legs] == [3]
            later.link.hold_leg(call=1, leg=1)
            await caller.hears(5)
            assert not is_tone(await caller.hears(20), 1000)
            later.link.close_call(call=1)
            finished = await later.told(RecordingFinished)
            assert finished.agent_heard
            assert finished.customer_heard

    asyncio.run(scene())


def test_a_newer_controller_takes_over_and_an_older_one_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            await studio.take_over(epoch=5)
            await until(lambda: Superseded() in studio.controller.states, "the former is told")
            with pytest.raises(EpochRefused):
                await studio.take_over(epoch=4)

    asyncio.run(scene())


def test_what_was_finished_without_a_controller_is_told_to_the_next(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path, "--media-timeout-s", "1") as studio:
            _, _ = await two_legs(studio)
            studio.link.start_recording(
                call=1, recording=5, path=str(tmp_path / "1-5.wav"), agent_leg=2, customer_leg=1
            )
            await studio.controller.told(wire.RecordingStarted)
            await studio.link.close()
            for phone in studio.phones:
                phone.hush()
            later = await studio.take_over(epoch=2)
            await later.told(CallEnded)
            await later.told(RecordingFinished)
            await later.link.barrier()
            await later.link.close()
            last = await studio.take_over(epoch=3)
            await last.link.barrier()
            assert not last.of(RecordingFinished)

    asyncio.run(scene())


def test_a_command_repeated_after_a_broken_connection_is_carried_out_once(tmp_path: Path) -> None:
    """The link repeats what was not acknowledged; the worker knows the number."""

    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            await studio.leg(1)
            await studio.link.close()
            for expected in (0, 1):
                reader, writer = await asyncio.open_unix_connection(str(studio.worker.socket))
                writer.write(wire.encode(wire.Hello(epoch=9)))
                frames, reports = wire.FrameReader(), []
                while not reports:
                    reports += [wire.decode_report(frame) for frame in frames.feed(await reader.read(65536))]
                assert reports[0].carried_out == expected
                writer.write(wire.encode(wire.SendDigits(seq=1, call=1, leg=1, number=1, digits="1")))
                writer.write(wire.encode(wire.Ping(token=1)))
                while not any(isinstance(report, wire.Pong) for report in reports):
                    reports += [wire.decode_report(frame) for frame in frames.feed(await reader.read(65536))]
                writer.close()
                await writer.wait_closed()

    asyncio.run(scene())


@pytest.mark.parametrize("sent", [b"\xff\xff\xff\xff", b"\x00\x00\x00\x02{}", wire.encode(wire.Ping(token=1))])
def test_whoever_does_not_speak_the_protocol_is_cut_off_and_nobody_else(tmp_path: Path, sent: bytes) -> None:
    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            reader, writer = await asyncio.open_unix_connection(str(studio.worker.socket))
            writer.write(sent)
            async with asyncio.timeout(PATIENCE_S):
                await reader.read()
            writer.close()
            await writer.wait_closed()
            await studio.link.barrier()

    asyncio.run(scene())


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
            await agent.hears(120)
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
