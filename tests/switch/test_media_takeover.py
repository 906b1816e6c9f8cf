"""The media worker goes on without a controller and obeys the newest one. Over real processes."""

import asyncio
from pathlib import Path

import pytest

from cti_server.switch.embedded import media_protocol as wire
from cti_server.switch.embedded.media_connection import EpochRefused
from cti_server.switch.embedded.media_link import Superseded
from cti_server.switch.embedded.media_protocol import CallEnded, RecordingFinished
from tests.switch.media_peers import PATIENCE_S, Studio, is_tone, two_legs, until


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
