"""A configuration read again while callers wait: all of it holds for them, or nothing; and a queue that empties itself
when nobody is left in it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cti_server.wire import client as cl
from tests.e2e.centre import DIRECT, ROOT, SHORT, Centre
from tests.e2e.people import Desk, Phone, leaving, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

NUMBER = "01055667788"
ENGLISH = {"en": {"skills": {"english": 2}}}


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """One line is of English speakers, and nobody speaks it."""
    made = Centre(tmp_path_factory.mktemp("reload"), agents=1, after_call_work_s=0)
    made.furnish()
    write(made, changed(made, lines={DIRECT: {"language": "en"}}, languages=ENGLISH))
    made.start()
    yield made
    made.stop()


def changed(centre: Centre, *, lines: dict[str, Any] | None = None, **top: Any) -> dict[str, Any]:
    text: dict[str, Any] = yaml.safe_load(file_of(centre).read_text(encoding="utf-8"))
    for line, fields in (lines or {}).items():
        text["lines"][line] |= fields
    return {**text, **top}


def file_of(centre: Centre) -> Path:
    return centre.data / "config" / "centre.yaml"


def write(centre: Centre, text: dict[str, Any]) -> None:
    file_of(centre).write_text(yaml.safe_dump(text, allow_unicode=True, sort_keys=False), encoding="utf-8")


async def reload(centre: Centre, *, told: str) -> None:
    before = centre.log.count(told)
    os.kill(centre.children()["core"], signal.SIGHUP)
    await until(lambda: centre.log.count(told) > before, told)


def why(centre: Centre, call: int) -> str:
    command = [sys.executable, "-m", "cti_server.cli", "why", str(call), "--data", str(centre.data)]
    return subprocess.run([*command, "--language", "en"], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_a_mistake_changes_nothing_and_a_good_text_holds_for_those_who_wait(centre: Centre) -> None:
    asyncio.run(_reloads(centre))


async def _reloads(centre: Centre) -> None:
    caller, phone, desk = Phone(name="caller"), Phone(name="phone"), Desk(centre, "agent1")
    async with leaving(caller, phone, desk):
        await phone.register(centre.phone_of("2001"))
        await desk.sign_in()
        await desk.ready()
        await caller.dial(centre.sip, DIRECT, number=NUMBER)
        await until(lambda: caller.is_alerting, "the caller hears ringing")
        good = changed(centre)
        bad = changed(centre, languages={"en": {"skils": {"english": 2}}}, lines={DIRECT: {"skills": {"billing": 1}}})
        write(centre, bad)
        await reload(centre, told="configuration_broken")
        line = 1 + file_of(centre).read_text(encoding="utf-8").splitlines().index("    skils:")
        assert f"centre.yaml:{line}: languages.en has no field skils (did you mean skills?)" in centre.log
        assert desk.state == "ready" and not phone.rang
        write(centre, {**good, "languages": {}})
        await reload(centre, told="configuration_loaded")
        await until(lambda: caller.is_up, "the caller talks to somebody who speaks no English")
        assert desk.call is not None
        told = why(centre, desk.call.call)
        assert "skill english 0, 2 needed for the caller's language (en)" in told, told
        caller.hang_up()
        await until(lambda: desk.phase != "connected", "it is over")
        await phone.leave()


def test_the_last_agent_goes_and_those_who_wait_are_told_so_by_the_flow(centre: Centre) -> None:
    asyncio.run(_deserted(centre))


async def _deserted(centre: Centre) -> None:
    text = changed(centre, languages={})
    text["queues"]["orders"]["overflow"] = [{"when": "nobody", "to": "refused", "at_least": 1}]
    write(centre, text)
    await reload(centre, told="configuration_loaded")
    callers, phone, desk = [Phone(name="first"), Phone(name="second")], Phone(name="phone"), Desk(centre, "agent1")
    async with leaving(*callers, phone, desk):
        await phone.register(centre.phone_of("2001"))
        await desk.sign_in()
        await desk.done(cl.SetNotReady(reason="break"))
        await callers[0].dial(centre.sip, SHORT, number=NUMBER)
        await callers[1].dial(centre.sip, DIRECT, number=NUMBER)
        await until(lambda: callers[0].is_up and callers[1].is_alerting, "both wait, in the flow and on the line")
        assert not any(caller.ended_by for caller in callers), "not ready is logged on"
        await desk.done(cl.LogOff())
        await until(lambda: all(caller.ended_by for caller in callers), "both have been let go")
        assert [caller.ended_by for caller in callers] == [["theirs"], ["failed"]]
        await phone.leave()
