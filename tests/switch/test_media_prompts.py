"""Prompts and keys of the media worker over real sockets."""

import asyncio
from pathlib import Path

import pytest

from cti_server.media import detect, tones, wav
from cti_server.media.dtmf import DigitCollector
from cti_server.switch.embedded.media_protocol import DigitPressed, DigitsSent, PlayEnd, PlayFinished
from tests.switch.media_peers import Studio, is_tone, press, two_legs, until


def test_a_prompt_from_a_file_is_heard_to_its_end(tmp_path: Path) -> None:
    async def scene() -> None:
        file = tmp_path / "greeting.wav"
        file.write_bytes(wav.linear_file(tones.tone((700,), 500)))
        async with Studio(tmp_path) as studio:
            caller = await studio.leg(1)
            studio.link.play(call=1, leg=1, play=4, items=(str(file), "tone:beep"))
            finished = await studio.controller.told(PlayFinished)
            assert (finished.play, finished.end) == (4, PlayEnd.DONE)
            await until(lambda: len(caller.sound()) >= 5600, "500 + 200 ms")
            sound = caller.sound()
            assert is_tone(sound[400:3600], 700)
            assert is_tone(sound[4100:5500], 1000)

    asyncio.run(scene())


def test_a_prompt_ordered_twice_is_played_once(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            caller = await studio.leg(1)
            for _ in range(3):
                studio.link.play(call=1, leg=1, play=4, items=("tone:500:200",))
            await studio.controller.told(PlayFinished)
            studio.link.play(call=1, leg=1, play=4, items=("tone:500:200",))
            studio.link.play(call=1, leg=1, play=5, items=("tone:900:200",))
            await studio.controller.told(PlayFinished, 2)
            assert [report.play for report in studio.controller.of(PlayFinished)] == [4, 5]
            await until(lambda: len(caller.sound()) >= 3200, "400 ms")
            assert len(caller.sound()) == 3200

    asyncio.run(scene())


def test_a_prompt_that_cannot_be_played_says_why(tmp_path: Path) -> None:
    async def scene() -> None:
        wrong = tmp_path / "wrong.wav"
        wrong.write_bytes(b"RIFF but no more")
        async with Studio(tmp_path) as studio:
            await studio.leg(1)
            for number, item in enumerate((str(tmp_path / "none.wav"), str(wrong), "tone:whistle")):
                studio.link.play(call=1, leg=1, play=number, items=(item,))
                finished = await studio.controller.told(PlayFinished, number + 1)
                assert finished.end is PlayEnd.FAILED
                assert finished.problem

    asyncio.run(scene())


def test_a_key_stops_a_prompt_that_allows_it(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            caller = await studio.leg(1)
            studio.link.play(call=1, leg=1, play=1, items=("tone:music",), repeat=True, stop_on_digit=True)
            await caller.hears(5)
            await press(caller, "7")
            finished = await studio.controller.told(PlayFinished)
            assert finished.end is PlayEnd.DIGIT
            assert (await studio.controller.told(DigitPressed)).digit == "7"

    asyncio.run(scene())


@pytest.mark.parametrize("lose", ["", "first", "last"])
def test_keys_are_counted_exactly_whatever_packets_are_lost(tmp_path: Path, lose: str) -> None:
    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            caller = await studio.leg(1)
            await press(caller, "1123#*0", lose=lose)
            await studio.controller.told(DigitPressed, 7)
            await studio.link.barrier()
            assert "".join(report.digit for report in studio.controller.of(DigitPressed)) == "1123#*0"
            assert "1" not in repr(studio.controller.of(DigitPressed)[0]).replace("call=1, leg=1", "")

    asyncio.run(scene())


def test_keys_pass_to_the_partner_with_its_payload_type(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            caller, agent = await two_legs(studio)
            studio.set_remote(2, agent, event_type=96)
            await agent.hears(10)
            caller.hush()
            await press(caller, "42")
            collector = DigitCollector()
            await studio.controller.told(DigitPressed, 2)
            await until(lambda: sum(packet.payload_type == 96 for packet, _, _ in agent.heard) >= 10, "events")
            events = [(packet, payload) for packet, payload, _ in agent.heard if packet.payload_type == 96]
            assert [key for packet, payload in events if (key := collector.feed(payload, packet.timestamp))] == [
                "4",
                "2",
            ]

    asyncio.run(scene())


def test_keys_are_sent_as_events_and_as_sound_to_a_phone_without_them(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            modern = await studio.leg(1)
            plain = await studio.leg(2, event_type=None)
            for leg in (1, 2):
                studio.link.send_digits(call=1, leg=leg, number=leg, digits="159#")
            await studio.controller.told(DigitsSent, 2)
            collector = DigitCollector()
            events = [(packet, payload) for packet, payload, _ in modern.heard if packet.payload_type == 101]
            keys = [key for packet, payload in events if (key := collector.feed(payload, packet.timestamp))]
            assert "".join(keys) == "159#"
            assert detect.keys_in(plain.sound()) == "159#"

    asyncio.run(scene())
