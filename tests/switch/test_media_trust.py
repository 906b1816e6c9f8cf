"""Whom the media worker believes: injection, strangers, latching, rubbish. Over real sockets."""

import asyncio
import random
from pathlib import Path

from cti_server.media import detect, rtp
from cti_server.switch.embedded.media_protocol import DigitPressed, LegHeard
from tests.switch.media_peers import Phone, Studio, is_tone, press, until


def test_a_stranger_is_neither_heard_nor_sent_to(tmp_path: Path) -> None:
    """From another address before the peer spoke, then from other ports of the peer's own address, with its SSRC."""

    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            caller, agent = await studio.leg(1), await studio.leg(2)
            studio.link.connect_legs(call=1, leg=1, other=2)
            agent.talk(1000)
            stranger = studio.phone(address="127.0.0.2", ssrc=caller.sender.ssrc)
            stranger.port = caller.port
            stranger.talk(2200)
            await agent_is_latched(studio, 2)
            await until_strangers(studio, 10)
            assert not studio_heard(studio, 1)
            caller.talk(440)
            await agent.hears(10)
            neighbour = studio.phone(ssrc=caller.sender.ssrc)
            neighbour.port = caller.port
            neighbour.talk(2200)
            sound = await agent.hears(50)
            assert is_tone(sound, 440)
            assert detect.share_of(sound, 2200) < 0.01
            await caller.hears(5)
            assert not stranger.heard
            assert not neighbour.heard

    asyncio.run(scene())


async def agent_is_latched(studio: Studio, leg: int) -> None:
    await until(lambda: studio_heard(studio, leg), "the agent's first packet")


def studio_heard(studio: Studio, leg: int) -> bool:
    return any(report.leg == leg for report in studio.controller.of(LegHeard))


async def until_strangers(studio: Studio, count: int) -> None:
    while (await studio.link.get_statistics(call=1, leg=1)).from_strangers < count:
        await asyncio.sleep(0.05)


def test_packets_that_lay_in_the_buffer_at_latching_are_sorted_by_their_sender(tmp_path: Path) -> None:
    """A flood of a stranger beside the first packet of the peer: the kernel filters only what comes after."""

    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            caller, agent = await studio.leg(1), await studio.leg(2)
            agent.talk(1000)
            await agent_is_latched(studio, 2)
            studio.link.connect_legs(call=1, leg=1, other=2)
            await studio.link.barrier()
            stranger = Phone(address="127.0.0.3", ssrc=9)
            try:
                evil = stranger.sender.packet(b"\x80" * 160, payload_type=0)
                for _ in range(20):
                    for _ in range(5):
                        stranger.send(evil, caller.port)
                    caller.send(caller.sender.packet(b"\xff" * 160, payload_type=0))
                    caller.sender.advance(160)
                await until(lambda: len(agent.heard) >= 15, "the peer's packets")
                assert all(payload == b"\xff" * 160 for _, payload, _ in agent.heard)
            finally:
                stranger.close()

    asyncio.run(scene())


def test_another_ssrc_from_the_peers_own_socket_is_dropped_until_signalling_allows_it(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            caller, agent = await studio.leg(1), await studio.leg(2)
            studio.link.connect_legs(call=1, leg=1, other=2)
            agent.talk(1000)
            caller.talk(440)
            await agent.hears(10)
            caller.hush()
            caller.sender = rtp.RtpSender(ssrc=0xBAD, sequence=1, timestamp=5)
            before = len(agent.heard)
            caller.talk(1700)
            await until_strangers(studio, 20)
            assert len(agent.heard) <= before + 1
            studio.set_remote(1, caller)
            await agent.hears(5)
            assert is_tone(await agent.hears(20), 1700)

    asyncio.run(scene())


def test_a_phone_behind_another_port_is_latched_unless_signalling_forbids_it(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            strict = await studio.leg(1, port=9, may_latch=False)
            lenient = await studio.leg(2, port=9)
            strict.talk(440)
            lenient.talk(1000)
            await agent_is_latched(studio, 2)
            await until_strangers(studio, 10)
            assert not studio_heard(studio, 1)
            studio.link.play(call=1, leg=2, play=1, items=("tone:600:300",))
            await lenient.hears(10)

    asyncio.run(scene())


def test_a_moved_peer_is_learnt_anew_by_signalling_only(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            caller, agent = await studio.leg(1), await studio.leg(2)
            studio.link.connect_legs(call=1, leg=1, other=2)
            agent.talk(1000)
            caller.talk(440)
            await agent.hears(10)
            moved = studio.phone(ssrc=0x77)
            moved.port = caller.port
            moved.talk(1700)
            assert is_tone(await agent.hears(20), 440)
            caller.hush()
            studio.set_remote(1, moved)
            await agent.hears(5)
            assert is_tone(await agent.hears(20), 1700)
            await moved.hears(10)

    asyncio.run(scene())


def test_rubbish_from_the_peer_harms_nobody(tmp_path: Path) -> None:
    """Random datagrams, truncations and mutations of good ones, on RTP and RTCP; afterwards speech and keys are
    exact."""

    async def scene() -> None:
        rng = random.Random(20_26)
        async with Studio(tmp_path) as studio:
            caller, agent = await studio.leg(1), await studio.leg(2)
            studio.link.connect_legs(call=1, leg=1, other=2)
            caller.talk(440)
            agent.talk(1000)
            await agent.hears(10)
            studio.link.start_recording(
                call=1, recording=1, path=str(tmp_path / "1-1.wav"), agent_leg=2, customer_leg=1
            )
            for number in range(4000):
                data = rubbish(rng, caller)
                caller.send(data, caller.port + number % 2)
                if number % 50 == 0:
                    await asyncio.sleep(0.002)
            agent.heard.clear()
            await agent.hears(10)
            assert is_tone(await agent.hears(30), 440)
            before = len(studio.controller.of(DigitPressed))
            caller.hush()
            await press(caller, "987")
            await studio.controller.told(DigitPressed, before + 3)
            await studio.link.barrier()
            digits = [report.digit for report in studio.controller.of(DigitPressed)][before:]
            assert digits == ["9", "8", "7"]
            assert studio.worker.process.poll() is None

    asyncio.run(scene())


def rubbish(rng: random.Random, caller: Phone) -> bytes:
    """Mostly not RTP, or not of the agreed source; never good speech."""
    good = rtp.HEADER.pack(0x80, 0, rng.randrange(65536), rng.randrange(1 << 32), 0xBAD) + rng.randbytes(160)
    match rng.randrange(4):
        case 0:
            return rng.randbytes(rng.randrange(0, 1500))
        case 1:
            return good[: rng.randrange(len(good))]
        case 2:
            first = rng.choice([0x00, 0x40, 0x8F, 0x90, 0xA0, 0xBF, 0xC0])
            return bytes([first]) + good[1:8] + caller.sender.ssrc.to_bytes(4) + rng.randbytes(rng.randrange(0, 8))
        case _:
            mutated = bytearray(good)
            for _ in range(8):
                mutated[rng.randrange(len(mutated))] = rng.randrange(256)
            mutated[8:12] = b"\x0b\x0a\x0d\x01"
            return bytes(mutated)
