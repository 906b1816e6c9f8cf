"""A configuration that is broken while callers wait: nothing changes, not even when processes must start again."""

import asyncio
import contextlib
import json
import os
import signal
import urllib.request
from collections.abc import Iterator

import pytest

from cti_server.core import events as e
from cti_server.storage.event_codec import decode_all
from cti_server.storage.journal_file import JournalReader
from cti_server.wire import client as cl
from tests.e2e.centre import SHORT, Centre
from tests.e2e.people import Desk, Phone, leaving, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with Centre(tmp_path_factory.mktemp("configuration"), agents=1) as running:
        yield running


def versions(centre: Centre) -> list[str]:
    """Of every configuration that came into force, in order, as the journal has it."""
    with contextlib.closing(JournalReader(centre.data / "journal.db")) as journal:
        events = [event for _, event in decode_all(journal.all_rows(after=0), after=0)]
    return [event.settings.version for event in events if isinstance(event, e.SettingsLoaded)]


def in_force(centre: Centre) -> str:
    with contextlib.suppress(OSError), urllib.request.urlopen(f"{centre.web_url}/health", timeout=5) as answer:
        return str(json.load(answer)["configuration"])
    return ""


def hang_up(centre: Centre) -> None:
    os.kill(centre.children()["core"], signal.SIGHUP)


def test_a_broken_configuration_leaves_the_old_one_running_across_restarts(centre: Centre) -> None:
    asyncio.run(_broken_and_mended(centre))


async def _broken_and_mended(centre: Centre) -> None:
    file = centre.data / "config" / "centre.yaml"
    good = file.read_text(encoding="utf-8")
    caller, phone, desk = Phone(name="caller"), Phone(), Desk(centre, "agent1")
    async with leaving(caller, phone, desk):
        await caller.dial(centre.sip, SHORT, number="01030000001")
        await until(lambda: caller.is_up, "the caller waits")
        before = versions(centre)

        file.write_text(good.replace("strategy: longest_idle", "strategy: longest_idel"), encoding="utf-8")
        hang_up(centre)
        await until(lambda: in_force(centre) == "last_good", "it is told")
        assert "did you mean longest_idle?" in centre.log and "centre.yaml" in centre.log
        assert versions(centre) == before, "nothing took effect"

        centre.kill("core")
        centre.kill("web")
        centre.wait_ready()
        assert in_force(centre) == "last_good"
        assert versions(centre) == before, "the same as before is in force"
        assert not caller.ended_by, "the caller waits on"

        file.write_text(good.replace("ring_timeout_s: 5", "ring_timeout_s: 7"), encoding="utf-8")
        hang_up(centre)
        await until(lambda: in_force(centre) == "current", "it is mended")
        assert versions(centre)[-1] != before[-1] and not caller.ended_by

        await phone.register(centre.phone_of("2001"))
        await desk.sign_in()
        await desk.ready()
        call = await desk.call_is("connected")
        await desk.done(cl.EndCall(call=call.call))
        await desk.finish_call()
