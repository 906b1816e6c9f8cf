"""A folder that `./ieum simulate --day` filled is served like any other: its day is read by HTTP and at a desktop."""

import asyncio
from pathlib import Path

import yaml

from cti_server import config
from cti_server.commands.made_up import run_day
from cti_server.core.vocabulary import Secret
from cti_server.storage import people
from cti_server.storage.database import open_database
from cti_server.wire import client as cl
from cti_server.wire import server as sv
from tests.e2e.centre import PASSWORD, Centre
from tests.e2e.people import Desk

SUPERVISOR, AGENT = "sunmi.han", "junho.lee"


class MadeUp(Centre):
    """The day's own folder, on free ports, with passwords that the test knows."""

    def furnish(self) -> None:
        run_day(self.data, seed=3, speed=0)
        file = config.config_file(self.data)
        written = yaml.safe_load(file.read_text(encoding="utf-8"))
        written["server"] = self._configuration()["server"]
        file.write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
        database = open_database(config.read(self.data).server.database_url, is_writer=True)
        for login in (SUPERVISOR, AGENT):
            people.set_password(database, login, Secret(PASSWORD))
        database.dispose()


def test_the_day_is_there_when_its_folder_is_served(tmp_path: Path) -> None:
    with MadeUp(tmp_path) as centre:
        calls = centre.web("/api/calls?limit=200", SUPERVISOR)["calls"]
        assert len(calls) == 200 and {call["line"] for call in calls} >= {"1588-0001"}
        assert all(call["cleared_at"] for call in calls)
        talked = next(call for call in calls if call["established_at"] and call["verification"] == "verified")
        whole = centre.web(f"/api/calls/{talked['call']}", SUPERVISOR)
        kinds = [step["kind"] for step in whole["steps"]]
        assert kinds.index("CallLanguageSet") < kinds.index("CallerVerified") < kinds.index("CallQueued")
        assert whole["scripts"] and talked["disposition"]
        open_callbacks = centre.web("/api/callbacks", SUPERVISOR)["callbacks"]
        assert open_callbacks and all(row["state"] == "waiting" for row in open_callbacks)
        asyncio.run(_look_at_a_desktop(centre, talked))


async def _look_at_a_desktop(centre: Centre, talked: dict[str, object]) -> None:
    desk = Desk(centre, AGENT)
    await desk.sign_in()
    try:
        assert desk.agent is not None and desk.agent.state == "not_ready"
        listed = (await desk.ask(cl.ListCallbacks())).body
        assert isinstance(listed, sv.CallbacksListed) and listed.callbacks
        asked = cl.LoadTimeline(customer=str(talked["customer"]), before_at=1 << 60)
        timeline = (await desk.ask(asked)).body
        assert isinstance(timeline, sv.TimelineLoaded)
        assert talked["arrived_at"] in [row.at for row in timeline.timeline.rows if row.kind == "call_in"]
    finally:
        await desk.close()
