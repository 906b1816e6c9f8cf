"""Callers who leave a voice message, with real processes, SIP and sound: kept, heard by an agent, called back."""

import asyncio
import contextlib
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from agent_app import app as desktop
from agent_app.viewmodels.message_player import IDLE
from cti_server.media import wav
from cti_server.media.g711 import Codec, decode_samples
from cti_server.wire import client as cl
from cti_server.wire import server as sv
from tests.agent_app.conftest import _garbage_stays_in_the_qt_thread  # noqa: F401  # a fixture of the whole module
from tests.agent_app.stage import drop
from tests.e2e.centre import MESSAGE, PASSWORD, Centre
from tests.e2e.people import Desk, Phone, leaving, share, tones_in, until
from tests.e2e.programs import sipp

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

CALLER_HZ, AGENT_HZ = 600.0, 440.0
NUMBER = "01066667777"


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with Centre(tmp_path_factory.mktemp("messages"), agents=1, dials=True) as running:
        yield running


@contextlib.asynccontextmanager
async def at_the_desk(centre: Centre) -> "contextlib.AsyncIterator[tuple[Desk, Phone, Phone]]":
    desk, phone = Desk(centre, "agent1"), Phone(frequency_hz=AGENT_HZ, answers=False)
    caller = Phone(name="caller", frequency_hz=CALLER_HZ)
    async with leaving(desk, phone, caller):
        await phone.register(centre.phone_of("2001"))
        await desk.sign_in()
        await until(lambda: desk.agent is not None and desk.agent.phone_registered, "the phone is known")
        await caller.dial(centre.sip, MESSAGE, number=NUMBER)
        await caller.hears_tone()
        yield desk, phone, caller


async def the_message(desk: Desk, before: tuple[int, ...] = ()) -> sv.CallbackView:
    """The callback that has just come."""
    await until(lambda: set(desk.callbacks) - set(before), "the message is on the desktop")
    [callback] = set(desk.callbacks) - set(before)
    return desk.callbacks[callback]


async def listen(desk: Desk, callback: int) -> bytes:
    """What an agent hears of it, as 16-bit sound."""
    sound, total = b"", 1
    while len(sound) < total:
        answer = await desk.ask(cl.LoadMessage(callback=callback, start=len(sound)))
        assert isinstance(answer.body, sv.MessageLoaded), answer
        assert answer.body.sound
        sound, total = sound + answer.body.sound, answer.body.total
        law = Codec(answer.body.law)
    return decode_samples(sound, law).astype("<i2").tobytes()


async def settled(desk: Desk, view: sv.CallbackView) -> None:
    await desk.done(cl.SettleCallback(callback=view.callback))
    await until(lambda: desk.callbacks[view.callback].state == "done", "done")


def test_a_message_is_left_heard_and_called_back(centre: Centre, tmp_path: Path) -> None:
    asyncio.run(_leave(centre, tmp_path))


async def _leave(centre: Centre, folder: Path) -> None:
    async with at_the_desk(centre) as (desk, phone, caller):
        await asyncio.sleep(2.5)  # something to say
        await caller.pressed("#")
        await until(lambda: caller.ended_by, "told that it is stored, and let go")
        view = await the_message(desk)
        assert (view.number, view.queue, view.state) == ("010-6666-7777", "orders", "waiting")
        assert 2_000 <= view.message_ms <= 60_000
        assert share(await listen(desk, view.callback), CALLER_HZ) > 0.5
        _recorded_is_the_caller_alone(centre, view)
        far = sipp("far_answers", "-m", "1", "-rtp_echo", "-timeout", "60s", folder=folder, port=centre.far_port)
        with far:
            await desk.done(cl.DialCallback(callback=view.callback))
            await desk.call_is("connected")
            await phone.hears(AGENT_HZ)
            await desk.done(cl.EndCall(call=desk.call.call if desk.call else 0))
            await desk.finish_call()
        await until(lambda: desk.callbacks[view.callback].state == "done", "done")


def _recorded_is_the_caller_alone(centre: Centre, view: sv.CallbackView) -> None:
    row = centre.queries.callback(view.callback)
    assert row is not None
    assert row.recording is not None
    stored = centre.queries.recording(row.recording)
    assert stored is not None
    assert (stored.kind, stored.state, stored.duration_ms) == ("message", "stopped", view.message_ms)
    nobody, said = wav.read_channels((centre.data / "recordings" / stored.path).read_bytes())
    assert not nobody.any()
    assert share(said.astype("<i2").tobytes(), CALLER_HZ) > 0.5
    assert centre.web_bytes(f"/api/recordings/{row.recording}/audio")[:4] == b"RIFF"


def test_a_message_outlasts_the_death_of_the_core_process(centre: Centre) -> None:
    """The worker goes on recording; the tone tells the caller that somebody listens again."""

    async def scene() -> None:
        async with at_the_desk(centre) as (desk, _, caller):
            before, snapshots = tuple(desk.callbacks), desk.snapshots
            await asyncio.sleep(2)
            await asyncio.to_thread(centre.kill, "core")
            await asyncio.to_thread(centre.wait_ready)
            await until(lambda: desk.snapshots > snapshots, "the desktop is back")
            await caller.hears_tone(times=2)
            await caller.pressed("#")
            await until(lambda: caller.ended_by, "told that it is stored, and let go")
            view = await the_message(desk, before)
            assert share(await listen(desk, view.callback), CALLER_HZ) > 0.5
            await settled(desk, view)

    asyncio.run(scene())


def test_begun_anew_leaves_one_message_and_silence_none(centre: Centre) -> None:
    async def scene() -> None:
        async with at_the_desk(centre) as (desk, _, caller):
            before, files = tuple(desk.callbacks), len(centre.recordings) - 1  # without the one that is being written
            await asyncio.sleep(2.5)
            await caller.pressed("*")
            await until(lambda: tones_in(caller.mouth.heard, 1_000.0) >= 2, "the tone again")
            await caller.pressed("#")
            await until(lambda: caller.ended_by, "too short, too often: let go")
            await until(lambda: len(centre.recordings) == files, "no file is left of it")
            assert tuple(desk.callbacks) == before

    asyncio.run(scene())


@pytest.mark.parametrize("phone", ["internal", "external"])
def test_hanging_up_keeps_what_an_agent_then_hears(centre: Centre, tmp_path: Path, qtbot: QtBot, phone: str) -> None:
    """At a desktop: the window fetches it, the softphone's process plays it; beside a hard phone for that alone."""

    async def leave() -> None:
        caller = Phone(name="caller", frequency_hz=CALLER_HZ)
        async with leaving(caller):
            await caller.dial(centre.sip, MESSAGE, number=NUMBER)
            await caller.hears_tone()
            await asyncio.sleep(2.5)
            caller.hang_up()

    asyncio.run(leave())
    heard = tmp_path / "heard.wav"
    sound = ("--audio", "files", "--keep", str(heard))
    arguments = ["--server", centre.url, "--user", "agent1", "--phone", phone, "--lang", "ko"]
    arguments += [f"--phone-argument={word}" for word in sound]
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    window = desktop.build(application, desktop.parser().parse_args(arguments), tmp_path)
    window.show()
    try:
        window.sign_in.password.setText(PASSWORD)
        window.sign_in.submit()
        model = window.desk.message
        qtbot.waitUntil(lambda: bool(window.desk.callbacks.rows()), timeout=60_000)
        assert window.view is not None
        window.view.show_page("callbacks")
        page = window.view.callbacks
        page.table.selectRow(0)
        page.bar.play.click()
        qtbot.waitUntil(lambda: model.at_ms > 500, timeout=60_000)
        qtbot.waitUntil(lambda: model.state == IDLE, timeout=60_000)
        assert model.problem_line() == ""
        page.settle.click()
        qtbot.waitUntil(lambda: not window.desk.callbacks.rows(), timeout=60_000)
        assert window.desk.sound.is_registered == (phone == "internal")
    finally:
        desktop.leave(window, tmp_path)
        window.close()
        drop(window)
    qtbot.waitUntil(lambda: is_closed(heard), timeout=60_000)
    with wave.open(str(heard)) as file:
        assert share(file.readframes(file.getnframes()), CALLER_HZ) > 0.5


def is_closed(heard: Path) -> bool:
    """The file's header tells its length."""
    with contextlib.suppress(OSError, EOFError, wave.Error), wave.open(str(heard)) as file:
        return file.getnframes() > 0
    return False
