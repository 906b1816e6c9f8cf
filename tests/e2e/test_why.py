"""Two calls through real processes; then why each went to whom is asked over HTTP, and on a real desktop."""

import asyncio
import urllib.error
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from cti_server.core.vocabulary import Secret
from cti_server.storage import people
from cti_server.storage.database import open_database
from cti_server.wire import client as cl
from cti_server.wire import server as sv
from tests.e2e.centre import DIRECT, PASSWORD, Centre
from tests.e2e.people import Desk, Phone, leaving, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

ONE, TWO = 2, 3
"""The agents by number; the first person of a centre is its administrator."""


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with Centre(tmp_path_factory.mktemp("why"), agents=2) as running:
        database = open_database(f"sqlite:///{running.data / 'ieum.db'}", is_writer=True)
        people.add(database, people.NewPerson(login="boss", name="한선미", roles=("supervisor",)), Secret(PASSWORD))
        database.dispose()
        yield running


@pytest.fixture(scope="module")
def calls(centre: Centre) -> tuple[int, int]:
    """The first went to agent 1 at once; the second waited until agent 2 was ready."""
    return asyncio.run(_two_calls(centre))


async def _two_calls(centre: Centre) -> tuple[int, int]:
    desks = [Desk(centre, f"agent{number}") for number in (1, 2)]
    phones = [Phone(frequency_hz=440.0) for _ in desks]
    callers = [Phone(name=name) for name in ("first", "second")]
    async with leaving(*desks, *phones, *callers):
        for number, phone in enumerate(phones, 1):
            await phone.register(centre.phone_of(f"{2000 + number}"))
        await desks[0].sign_in()
        await desks[0].ready()
        await callers[0].dial(centre.sip, DIRECT, number="01030000001")
        first = (await desks[0].call_is("connected")).call
        await callers[1].dial(centre.sip, DIRECT, number="01030000002")
        await until(lambda: waiting(desks[0]) == 1, "the second waits")
        await desks[1].sign_in()
        await desks[1].ready()
        second = (await desks[1].call_is("connected")).call
        for desk, call in zip(desks, (first, second), strict=True):
            await desk.done(cl.EndCall(call=call))
            await desk.finish_call()
        return first, second


def waiting(desk: Desk) -> int:
    """How many wait in all queues, as the desktop was told last."""
    gauges = [f.body.queues for f in desk.frames if isinstance(f, sv.GaugeFrame) and isinstance(f.body, sv.QueueGauges)]
    return sum(queue.waiting for queue in gauges[-1]) if gauges else 0


def status(work: Callable[[], object]) -> int:
    try:
        work()
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    return 200


def test_each_call_is_explained_to_those_it_was_offered_to_and_to_supervisors(
    centre: Centre, calls: tuple[int, int]
) -> None:
    first, second = calls
    told = centre.web(f"/api/calls/{first}/why", "agent1")
    (decision,) = told["decisions"]
    assert decision["who"] == {"agent": ONE, "extension": "2001", "name": "agent1", "is_you": True}
    assert decision["is_reproduced"] and decision["excluded"] == {"logged_off": 1} and told["is_over"]
    (decision,) = centre.web(f"/api/calls/{second}/why", "boss")["decisions"]
    assert (decision["who"]["name"], decision["excluded"]) == ("agent2", {"occupied": 1})
    assert decision["waited_us"] > 0
    for call, stranger in ((first, "agent2"), (second, "agent1"), (999_999, "boss")):
        assert status(lambda call=call, who=stranger: centre.web(f"/api/calls/{call}/why", who)) == 404


def test_the_day_is_told_to_its_agents(centre: Centre, calls: tuple[int, int]) -> None:
    own = centre.web("/api/fairness", "agent2")
    assert [(share["who"].get("name", ""), share["calls"]) for share in own["shares"]] == [("agent2", 1), ("", 1)]
    assert [share["calls"] for share in centre.web("/api/fairness", "boss")["shares"]] == [1, 1]
    assert centre.web(f"/api/agents/{TWO}/idle-runs", "agent2")["runs"] == []
    assert status(lambda: centre.web(f"/api/agents/{ONE}/idle-runs", "agent2")) == 404


def test_a_real_desktop_shows_both_through_its_one_connection(
    centre: Centre, calls: tuple[int, int], tmp_path: Path, qtbot: QtBot
) -> None:
    from PySide6.QtWidgets import QApplication, QLabel

    from agent_app import app as desktop

    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    arguments = desktop.parser().parse_args(
        ["--server", centre.url, "--user", "agent2", "--lang", "ko", "--phone", "external"]
    )
    window = desktop.build(application, arguments, tmp_path)
    window.show()
    window.sign_in.password.setText(PASSWORD)
    window.sign_in.submit()
    try:
        qtbot.waitUntil(lambda: window.view is not None, timeout=60_000)
        assert window.view is not None
        window.desk.why.ask(calls[1])
        qtbot.waitUntil(lambda: bool(window.desk.why.sections()), timeout=60_000)
        said = "\n".join(label.text() for label in window.view.why.findChildren(QLabel))
        assert f"통화 {calls[1]}" in said and "배정: 나" in said and "통화 처리 중 1명" in said
        window.desk.why.ask(calls[0])
        qtbot.waitUntil(lambda: bool(window.desk.why.failure()), timeout=60_000)
        window.view.show_page("fairness")
        qtbot.waitUntil(lambda: window.desk.fairness.shares.rowCount() == 2, timeout=60_000)
        assert window.desk.fairness.summary().startswith("나: 통화 1건")
        qtbot.waitUntil(lambda: window.desk.fairness.runs_told() is not None, timeout=60_000)
    finally:
        desktop.leave(window, tmp_path)
        window.close()
        window.deleteLater()
