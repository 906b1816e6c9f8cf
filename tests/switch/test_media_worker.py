"""The media worker over real sockets: who hears whom, hold, mute, conference, ports. Nothing here looks inside it."""

import asyncio
import itertools
import struct
from pathlib import Path

import pytest

from cti_server.media import detect, rtp
from cti_server.media.g711 import Codec
from cti_server.switch.embedded.media_protocol import (
    CommandFailed,
    LegClosed,
    LegHeard,
    MediaDirection,
    PlayFinished,
)
from tests.switch.media_peers import Studio, is_tone, two_legs


@pytest.mark.parametrize("agent_codec", [Codec.PCMU, Codec.PCMA])
def test_two_legs_hear_each_other_in_their_own_law(tmp_path: Path, agent_codec: Codec) -> None:
    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            caller, agent = await two_legs(studio, agent=agent_codec)
            await agent.hears(10)
            assert is_tone(await agent.hears(30), 440)
            assert is_tone(await caller.hears(30), 1000)

    asyncio.run(scene())


def test_a_leg_gets_one_ssrc_and_one_sequence_whatever_is_sent_to_it(tmp_path: Path) -> None:
    """Speech, then a prompt in its place, then speech again: one stream without a hole, time never running back."""

    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            caller, agent = await two_legs(studio)
            await agent.hears(20)
            studio.link.play(call=1, leg=2, play=1, items=("tone:600:400",))
            await studio.controller.told(PlayFinished)
            await agent.hears(20)
            packets = [packet for packet, _, _ in agent.heard]
            assert {packet.ssrc for packet in packets} != {caller.sender.ssrc}
            assert len({packet.ssrc for packet in packets}) == 1
            for before, after in itertools.pairwise(packets):
                assert rtp.sequence_distance(before.sequence, after.sequence) == 1
                assert rtp.timestamp_distance(before.timestamp, after.timestamp) > 0
            assert sum(packet.marker for packet in packets) >= 3

    asyncio.run(scene())


def test_hold_plays_music_to_one_and_silence_to_the_other_and_ends(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            caller, agent = await two_legs(studio)
            await agent.hears(10)
            studio.link.hold_leg(call=1, leg=1)
            studio.link.hold_leg(call=1, leg=1)
            await studio.link.barrier()
            await caller.hears(5)
            quiet_from = len(agent.heard)
            music = await caller.hears(50)
            assert detect.is_voiced(music)
            assert not is_tone(music, 1000)
            assert len(agent.heard) <= quiet_from + 1
            studio.link.retrieve_leg(call=1, leg=1)
            await agent.hears(5)
            assert is_tone(await agent.hears(20), 440)
            assert is_tone(await caller.hears(20), 1000)

    asyncio.run(scene())


def test_mute_silences_one_direction_only(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            caller, agent = await two_legs(studio)
            await caller.hears(10)
            studio.link.mute_leg(call=1, leg=2, muted=True)
            await studio.link.barrier()
            await agent.hears(5)
            muted_at = len(caller.heard)
            await agent.hears(20)
            assert len(caller.heard) == muted_at
            studio.link.mute_leg(call=1, leg=2, muted=False)
            assert is_tone(await caller.hears(20), 1000)

    asyncio.run(scene())


def test_three_in_a_conference_hear_the_two_others_and_not_themselves(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            frequencies = {1: 440.0, 2: 1000.0, 3: 1700.0}
            phones = {number: await studio.leg(number) for number in frequencies}
            for number, phone in phones.items():
                phone.talk(frequencies[number])
            studio.link.set_conference(call=1, legs=(1, 2, 3))
            for phone in phones.values():
                await phone.hears(15)
            for number, phone in phones.items():
                sound = await phone.hears(40)
                for other, frequency_hz in frequencies.items():
                    share = detect.share_of(sound, frequency_hz)
                    assert share < 0.05 if other == number else share > 0.2, (number, other, share)
            studio.link.set_conference(call=1, legs=())
            studio.link.connect_legs(call=1, leg=1, other=3)
            await phones[1].hears(5)
            assert is_tone(await phones[1].hears(20), 1700)

    asyncio.run(scene())


def test_direction_is_obeyed(tmp_path: Path) -> None:
    """A phone that said ``sendonly`` gets nothing; one that said ``recvonly`` is not heard."""

    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            caller, agent = await two_legs(studio)
            await agent.hears(5)
            studio.set_remote(1, caller, direction=MediaDirection.RECEIVE_ONLY)
            await studio.link.barrier()
            await agent.hears(5)
            count = len(caller.heard)
            await agent.hears(15)
            assert len(caller.heard) == count
            studio.set_remote(1, caller, direction=MediaDirection.SEND_ONLY)
            await studio.link.barrier()
            await caller.hears(5)
            count = len(agent.heard)
            await caller.hears(15)
            assert len(agent.heard) == count

    asyncio.run(scene())


def test_a_port_is_given_back_and_serves_another_call(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            free = studio.link.free_ports
            caller = await studio.leg(1)
            caller.talk(440)
            await studio.controller.told(LegHeard)
            assert studio.link.free_ports == free - 1
            studio.link.close_leg(call=1, leg=1)
            studio.link.close_leg(call=1, leg=1)
            await studio.controller.told(LegClosed)
            assert studio.link.free_ports == free
            other = studio.phone(ssrc=77)
            studio.link.open_leg(call=2, leg=9, port=caller.port)
            other.port = caller.port
            studio.set_remote(9, other, call=2)
            other.talk(600)
            heard = await studio.controller.told(LegHeard, 2)
            assert (heard.call, heard.port) == (2, other.own_port)

    asyncio.run(scene())


def test_commands_that_make_no_sense_are_answered_by_a_code(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            link = studio.link
            await studio.leg(1)
            link.open_leg(call=1, leg=2, port=1)
            link.connect_legs(call=1, leg=1, other=99)
            link.play(call=7, leg=1, play=1, items=())
            link.set_remote(call=1, leg=1, address="phone.example", port=4000)
            link.stop_recording(call=1, recording=3)
            link.start_recording(call=1, recording=3, path="/nowhere", agent_leg=8, customer_leg=9)
            await link.barrier()
            codes = [report.code for report in studio.controller.of(CommandFailed)]
            assert codes == [
                "no_such_port",
                "no_such_leg",
                "no_such_leg",
                "bad_address",
                "no_such_recording",
                "no_such_leg",
            ]

    asyncio.run(scene())


def test_rtcp_reports_reach_the_phone_and_its_own_are_used(tmp_path: Path) -> None:
    """The phone's RTCP port is the one above its RTP port."""

    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            caller = await studio.leg(1)
            caller.talk(440)
            await studio.controller.told(LegHeard)
            studio.link.play(call=1, leg=1, play=1, items=("tone:silence:200",))
            await caller.hears(5)
            ssrc = caller.heard[0][0].ssrc
            block = struct.pack("!IIIIII", ssrc, 7, 0, 0, 0, 0)
            caller.send(struct.pack("!BBHI", 0x81, 201, 7, 5) + block, caller.port + 1)

            async def lost() -> int | None:
                return (await studio.link.get_statistics(call=1, leg=1)).remote_lost

            for _ in range(1000):
                if await lost() == 7:
                    break
            assert await lost() == 7

    asyncio.run(scene())
