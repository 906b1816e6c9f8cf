"""Recordings over real sockets: whose voice is where, what pause, mute, hold and a failing disk leave in the file."""

import asyncio
import hashlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cti_server.media import detect, wav
from cti_server.media.g711 import Codec, encode_samples
from cti_server.recording.files import has_both_voices
from cti_server.switch.embedded.media_protocol import (
    RecordingFailed,
    RecordingFinished,
    RecordingPaused,
    RecordingResumed,
    RecordingSilent,
    RecordingStarted,
)
from tests.switch.media_peers import Phone, Studio, is_tone, two_legs


async def start(studio: Studio, path: Path, *, recording: int = 1, codec: Codec = Codec.PCMU) -> None:
    studio.link.start_recording(call=1, recording=recording, path=str(path), agent_leg=2, customer_leg=1, codec=codec)


async def finish(studio: Studio, path: Path) -> tuple[np.ndarray, np.ndarray]:
    studio.link.stop_recording(call=1, recording=1)
    await studio.controller.told(RecordingFinished)
    left, right = wav.read_channels(path.read_bytes())
    return left, right


@pytest.mark.parametrize("codec", [Codec.PCMU, Codec.PCMA])
def test_each_voice_is_in_its_own_channel(tmp_path: Path, codec: Codec) -> None:
    """Agent left, customer right, also when legs and file speak different laws."""

    async def scene() -> None:
        path = tmp_path / "2026" / "11" / "1-1.wav"
        async with Studio(tmp_path) as studio:
            _, agent = await two_legs(studio, caller=Codec.PCMA, agent=Codec.PCMU)
            await agent.hears(5)
            await start(studio, path, codec=codec)
            await start(studio, path, codec=codec)
            await agent.hears(60)
            left, right = await finish(studio, path)
            assert is_tone(left[800:-800], 1000)
            assert is_tone(right[800:-800], 440)
            assert detect.share_of(left, 440) < 0.01
            finished = studio.controller.of(RecordingFinished)[0]
            content = path.read_bytes()
            assert finished.sha256 == hashlib.sha256(content).hexdigest()
            assert finished.size_bytes == len(content)
            assert finished.duration_ms == len(left) // 8
            assert len(studio.controller.of(RecordingStarted)) == 1
            assert path.stat().st_mode & 0o777 == 0o600
            assert has_both_voices(path)

    asyncio.run(scene())


def test_a_pause_leaves_silence_of_its_length_in_both_channels(tmp_path: Path) -> None:
    async def scene() -> None:
        path = tmp_path / "1-1.wav"
        async with Studio(tmp_path) as studio:
            _, agent = await two_legs(studio)
            await start(studio, path)
            await agent.hears(60)
            studio.link.pause_recording(call=1, recording=1)
            paused = await studio.controller.told(RecordingPaused)
            await agent.hears(60)
            studio.link.resume_recording(call=1, recording=1)
            resumed = await studio.controller.told(RecordingResumed)
            await agent.hears(60)
            left, right = await finish(studio, path)
            gap = slice(paused.position_ms * 8 + 8, resumed.position_ms * 8 - 8)
            assert gap.stop - gap.start > 6000
            for channel, frequency_hz in ((left, 1000), (right, 440)):
                assert not np.any(np.abs(channel[gap]) > 8)
                assert is_tone(channel[4000 : gap.start - 400], frequency_hz)
                assert is_tone(channel[gap.stop + 400 : -400], frequency_hz)

    asyncio.run(scene())


def test_a_muted_agent_is_not_recorded_and_the_customer_is(tmp_path: Path) -> None:
    async def scene() -> None:
        path = tmp_path / "1-1.wav"
        async with Studio(tmp_path) as studio:
            _, agent = await two_legs(studio)
            studio.link.mute_leg(call=1, leg=2, muted=True)
            await start(studio, path)
            await agent.hears(60)
            left, right = await finish(studio, path)
            assert not detect.is_voiced(left)
            assert is_tone(right[4000:], 440)
            assert not has_both_voices(path)

    asyncio.run(scene())


def test_on_hold_the_recording_goes_on_with_the_customer_and_without_the_agent_and_the_music(tmp_path: Path) -> None:
    async def scene() -> None:
        path = tmp_path / "1-1.wav"
        async with Studio(tmp_path) as studio:
            caller, agent = await two_legs(studio)
            await agent.hears(5)
            studio.link.hold_leg(call=1, leg=1)
            await caller.hears(5)
            await start(studio, path)
            await caller.hears(60)
            held, right = await finish(studio, path)
            assert not detect.is_voiced(held)
            assert is_tone(right[4000:], 440)

    asyncio.run(scene())


def test_gaps_are_filled_so_that_both_channels_stay_together(tmp_path: Path) -> None:
    """The customer talks, is silent for a second without packets, and talks again: the second talk lies where it
    belongs."""

    async def scene() -> None:
        path = tmp_path / "1-1.wav"
        async with Studio(tmp_path) as studio:
            caller, agent = await two_legs(studio)
            await agent.hears(5)
            await start(studio, path)
            await agent.hears(50)
            caller.hush()
            await caller.hears(50)
            caller.talk(700)
            await agent.hears(50)
            left, right = await finish(studio, path)
            assert len(left) == len(right)
            assert is_tone(left[4000:], 1000)
            silent = frames_silent(right)
            assert 30 <= silent <= 70
            end = last_sound(right)
            assert len(right) - end < 4000
            assert is_tone(right[end - 3000 : end], 700)

    asyncio.run(scene())


def frames_silent(channel: np.ndarray) -> int:
    whole = channel[: len(channel) // 160 * 160].reshape(-1, 160)
    return int(np.count_nonzero(np.max(np.abs(whole), axis=1) < 50))


def test_a_path_that_cannot_be_written_fails_the_recording_and_not_the_call(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            _, agent = await two_legs(studio)
            blocked = tmp_path / "file"
            blocked.write_text("not a folder")
            await start(studio, blocked / "1-1.wav")
            failed = await studio.controller.told(RecordingFailed)
            assert failed.reason == "disk_error"
            assert is_tone(await agent.hears(30), 440)

    asyncio.run(scene())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs root to mount a small file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_fails_the_recording_and_leaves_what_is_there_playable(tmp_path: Path, small_disk: Path) -> None:
    async def scene() -> None:
        async with Studio(tmp_path) as studio:
            _, agent = await two_legs(studio)
            path = small_disk / "1-1.wav"
            await start(studio, path)
            failed = await studio.controller.told(RecordingFailed)
            assert failed.reason == "disk_full"
            assert is_tone(await agent.hears(30), 440)
            info = wav.read_info(path.read_bytes())
            assert info.is_finished
            assert info.length >= 16_000

    asyncio.run(scene())


def test_lost_and_reordered_packets_leave_gaps_and_order(tmp_path: Path) -> None:
    """Packets sent in pairs the wrong way round are recorded the right way round."""

    async def scene() -> None:
        path = tmp_path / "1-1.wav"
        async with Studio(tmp_path) as studio:
            caller, agent = await studio.leg(1), await studio.leg(2)
            agent.talk(1000)
            studio.link.connect_legs(call=1, leg=1, other=2)
            await start(studio, path)
            await studio.controller.told(RecordingStarted)
            while (await studio.link.get_inventory())[0].recordings[0].position_ms < 100:
                await asyncio.sleep(0.01)
            await talk_swapped(caller, frames=100)
            await caller.hears(20)
            _, right = await finish(studio, path)
            assert np.array_equal(np.unique(np.diff(first_samples(right))), [1])

    asyncio.run(scene())


async def talk_swapped(phone: Phone, *, frames: int) -> None:
    """Each packet carries its number (1…) in its first byte, and packets 2 and 3, 4 and 5, … are swapped."""
    packets = []
    for number in range(1, frames + 1):
        packets.append(phone.sender.packet(bytes([0x80 + number % 100]) * 160, payload_type=0))
        phone.sender.advance(160)
    for number in range(1, frames - 1, 2):
        packets[number], packets[number + 1] = packets[number + 1], packets[number]
    began = time.monotonic()
    for number, packet in enumerate(packets[:90]):
        await asyncio.sleep(max(0.0, began + number * 0.02 - time.monotonic()))
        phone.send(packet)


def first_samples(channel: np.ndarray) -> np.ndarray:
    """The numbers in the order of the file, by the µ-law value of each frame's stretch."""
    data = np.frombuffer(encode_samples(channel.astype(np.int16), Codec.PCMU), dtype=np.uint8)
    spoken = data[(data > 0x80) & (data < 0x80 + 91)]
    changes = np.flatnonzero(np.diff(spoken.astype(int))) + 1
    numbers = spoken[np.concatenate([[0], changes])].astype(int) - 0x80
    return numbers


def test_a_stall_of_the_worker_leaves_both_channels_together(tmp_path: Path) -> None:
    """Stopped for 1.5 s while both talk: the sockets held the packets, and every sample has its place."""

    async def scene() -> None:
        path = tmp_path / "1-1.wav"
        async with Studio(tmp_path) as studio:
            caller, agent = await two_legs(studio)
            await agent.hears(5)
            await start(studio, path)
            await agent.hears(50)
            studio.worker.process.send_signal(signal.SIGSTOP)
            stopped = caller.sender.timestamp
            while (caller.sender.timestamp - stopped) % 2**32 < 12_000:
                await asyncio.sleep(0.02)
            studio.worker.process.send_signal(signal.SIGCONT)
            await agent.hears(150)
            caller.hush()
            agent.hush()
            left, right = await finish(studio, path)
            assert len(left) == len(right)
            assert abs(last_sound(left) - last_sound(right)) < 2000
            assert is_tone(left[4000 : last_sound(left)], 1000)
            assert is_tone(right[4000 : last_sound(right)], 440)

    asyncio.run(scene())


def last_sound(channel: np.ndarray) -> int:
    return int(np.flatnonzero(np.abs(channel) > 1000)[-1])


def test_a_message_is_the_callers_voice_alone(tmp_path: Path) -> None:
    """Nobody else is in the call; tone and silence that the caller hears meanwhile are not in the file."""

    async def scene() -> None:
        path = tmp_path / "1-1.wav"
        async with Studio(tmp_path) as studio:
            caller = await studio.leg(1)
            studio.link.start_recording(call=1, recording=1, path=str(path), agent_leg=0, customer_leg=1)
            await studio.controller.told(RecordingStarted)
            studio.link.play(call=1, leg=1, play=1, items=("tone:beep",))
            caller.talk(440)
            assert is_tone(await caller.hears(8), 1000)
            studio.link.play(call=1, leg=1, play=2, items=("tone:silence:1000",), repeat=True)
            await caller.hears(100)
            nobody, said = await finish(studio, path)
            assert not nobody.any()
            assert is_tone(said[8_000:-800], 440)
            assert studio.controller.of(RecordingFinished)[0].customer_heard

    asyncio.run(scene())


def test_a_silent_caller_is_told_of_once(tmp_path: Path) -> None:
    async def scene() -> None:
        path = tmp_path / "1-1.wav"
        async with Studio(tmp_path) as studio:
            await studio.leg(1)
            studio.link.start_recording(call=1, recording=1, path=str(path), agent_leg=0, customer_leg=1, silence_s=2)
            await studio.controller.told(RecordingSilent)
            await finish(studio, path)
            assert len(studio.controller.of(RecordingSilent)) == 1
            assert not studio.controller.of(RecordingFinished)[0].customer_heard

    asyncio.run(scene())


def test_what_is_thrown_away_leaves_no_file(tmp_path: Path) -> None:
    async def scene() -> None:
        path = tmp_path / "1-1.wav"
        async with Studio(tmp_path) as studio:
            caller = await studio.leg(1)
            caller.talk(440)
            studio.link.start_recording(call=1, recording=1, path=str(path), agent_leg=0, customer_leg=1)
            await studio.controller.told(RecordingStarted)
            assert path.exists()
            studio.link.stop_recording(call=1, recording=1, discard=True)
            failed = await studio.controller.told(RecordingFailed)
            assert failed.reason == "discarded"
            assert not path.exists()

    asyncio.run(scene())
