"""The phone plays a message on its own device, in real time, and never into a call."""

import asyncio
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np

from agent_app.softphone import messages as ms
from agent_app.softphone.audio import FileAudio, NullAudio
from agent_app.softphone.player import Player
from cti_server.media import detect
from cti_server.media.g711 import Codec, encode_samples
from cti_server.media.tones import tone

TIMEOUT_S = 30.0


def pieces(sound: int, *, ms_long: int = 1_000, piece: int = 3_000) -> list[ms.LoadSound]:
    data = encode_samples(tone((440.0,), ms_long), Codec.PCMA)
    return [
        ms.LoadSound(sound=sound, law="PCMA", start=start, data=data[start : start + piece])
        for start in range(0, len(data), piece)
    ]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not condition():
            await asyncio.sleep(0.02)


def heard_in(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")


def test_a_message_is_heard_from_where_it_was_left(tmp_path: Path) -> None:
    async def scene() -> None:
        told: list[ms.Sound] = []
        player = Player(FileAudio(keep=tmp_path / "heard.wav"), told.append)
        for piece in pieces(7):
            player.load(piece)
        player.play(ms.PlaySound(sound=7, at_ms=400))
        assert player.is_playing
        await until(lambda: told[-1].state == "ended")
        assert not player.is_playing
        assert (told[0].state, told[0].at_ms, told[-1].at_ms) == ("playing", 400, 1_000)
        heard = heard_in(tmp_path / "heard.wav")
        assert abs(len(heard) / 8 - 800) <= 40, "six tenths of a second, and the silence after it"
        assert detect.share_of(heard[:4_600], 440) > 0.9

    asyncio.run(scene())


def test_it_stops_at_once_and_says_where(tmp_path: Path) -> None:
    async def scene() -> None:
        told: list[ms.Sound] = []
        player = Player(FileAudio(keep=tmp_path / "heard.wav"), told.append)
        for piece in pieces(7, ms_long=60_000, piece=32_000):
            player.load(piece)
        player.play(ms.PlaySound(sound=7))
        await until(lambda: told[-1].at_ms >= 200)
        player.stop()
        assert (told[-1].state, player.is_playing) == ("stopped", False)

    asyncio.run(scene())


def test_what_cannot_be_played_is_told() -> None:
    async def scene() -> None:
        told: list[ms.Sound] = []
        player = Player(NullAudio(), told.append)
        player.play(ms.PlaySound(sound=7))
        assert told.pop() == ms.Sound(sound=7, state="failed")
        first, second, *_ = pieces(7)
        player.load(first)
        player.load(ms.LoadSound(sound=8, law="PCMA", start=3_000, data=b"of another"))
        player.load(second)
        player.play(ms.PlaySound(sound=7))
        assert told.pop().state == "no_device"

    asyncio.run(scene())
