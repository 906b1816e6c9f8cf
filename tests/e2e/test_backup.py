"""A backup taken while somebody talks; the machine is lost; the restored centre knows everything, and takes calls."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cti_server.wire import client as cl
from tests.e2e.centre import DIRECT, ROOT, Centre
from tests.e2e.people import Desk, Phone, leaving, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

NOTE = "주문 변경, 내일 다시 확인"


def test_a_centre_is_saved_in_the_middle_of_a_call_and_lives_on_elsewhere(tmp_path: Path) -> None:
    archive = tmp_path / "centre.tar.gz"
    with Centre(tmp_path, agents=1) as centre:
        finished, talking = asyncio.run(_one_call_done_and_one_saved(centre, archive))
        centre.stop()
        shutil.rmtree(centre.data)
        _ieum("restore", "--data", str(centre.data), str(archive))
        centre.start()
        _knows_the_past(centre, finished, talking)
        new = asyncio.run(_one_more(centre))
        assert new > talking


async def _one_call_done_and_one_saved(centre: Centre, archive: Path) -> tuple[int, int]:
    desk, phone = Desk(centre, "agent1"), Phone(frequency_hz=440.0)
    first, second = Phone(frequency_hz=700.0), Phone(frequency_hz=1000.0)
    async with leaving(desk, phone, first, second):
        await phone.register(centre.phone_of("2001"))
        await desk.sign_in()
        await desk.ready()
        await first.dial(centre.sip, DIRECT, number="01011110000")
        finished = (await desk.call_is("connected")).call
        await phone.hears(700.0)
        await desk.done(cl.TakeNote(call=finished, text=NOTE, revision=1))
        await desk.done(cl.EndCall(call=finished))
        await desk.finish_call()
        await until(lambda: _rows(centre).get(finished) == (True, True), "the first call is stored, with its recording")
        await second.dial(centre.sip, DIRECT, number="01022220000")
        talking = (await desk.call_is("connected")).call
        await phone.hears(1000.0)
        await asyncio.to_thread(_ieum, "backup", "--data", str(centre.data), str(archive))
        assert second.is_up and desk.phase == "connected"
    return finished, talking


def _rows(centre: Centre) -> dict[int, tuple[bool, bool]]:
    """By call: is it over, and is something recorded of it?"""
    return {row.call: (bool(row.cause), row.recordings > 0) for row in centre.queries.calls().rows}


def _ieum(*argv: str) -> None:
    done = subprocess.run([sys.executable, "-m", "cti_server.cli", *argv], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def _knows_the_past(centre: Centre, finished: int, talking: int) -> None:
    """The finished call with its note and recording; the other one ended when nobody was there to carry it."""
    centre.__dict__.pop("queries", None)  # of the lost folder
    centre.until(lambda: _rows(centre).get(talking, (False,))[0], "the interrupted call is closed")
    call = centre.web(f"/api/calls/{finished}")
    assert NOTE in str(call)
    recording = call["recordings"][0]["recording"]
    assert centre.web_bytes(f"/api/recordings/{recording}/audio")[:4] == b"RIFF"
    assert centre.web(f"/api/calls/{talking}")["call"]["cause"] == "server_restarted"


async def _one_more(centre: Centre) -> int:
    desk, phone, caller = Desk(centre, "agent1"), Phone(frequency_hz=440.0), Phone(frequency_hz=500.0)
    async with leaving(desk, phone, caller):
        await phone.register(centre.phone_of("2001"))
        await desk.sign_in()
        await desk.ready()
        await caller.dial(centre.sip, DIRECT, number="01033330000")
        call = (await desk.call_is("connected")).call
        await phone.hears(500.0)
        await desk.done(cl.EndCall(call=call))
        await desk.finish_call()
    return call
