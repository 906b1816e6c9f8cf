"""A made-up day goes through the real engine, and ends in the tables that reports and desktops read."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import func, select

from cti_server import cli
from cti_server.core.settings import AgentProfile, CentreSettings, CodeSettings, LineSettings, QueueSettings
from cti_server.core.vocabulary import AgentId, Extension, QueueId
from cti_server.sim.made_up_day import HOURS, DayTotals, MadeUpCaller, MadeUpCentre, MadeUpDay
from cti_server.storage import schema
from cti_server.storage.data_folder import DataFolder
from cti_server.storage.database import open_database
from cti_server.storage.journal import SqliteJournal
from cti_server.storage.projector import Projector
from cti_server.storage.tables import calls

OPENS_AT_US = 1_759_968_000_000_000
CENTRE = MadeUpCentre(
    settings=CentreSettings(
        queues=(QueueSettings(queue=QueueId("orders"), title={}, after_call_work_s=60),),
        lines=(LineSettings(line="day", flow="queue:orders"),),
        not_ready_reasons=(CodeSettings(code="lunch", title={}), CodeSettings(code="break", title={})),
        record_calls=False,
    ),
    agents=(AgentProfile(agent=AgentId(1), extension=Extension("2001"), skills={"orders": 3}),),
    callers=(MadeUpCaller(customer="C-1", number="01012345678", tier="vip", language="ko"),),
)


def _live(folder: DataFolder, seed: int = 1) -> DayTotals:
    async def live() -> DayTotals:
        journal = SqliteJournal(folder)
        try:
            return await MadeUpDay(CENTRE, journal, opens_at_us=OPENS_AT_US, seed=seed).run()
        finally:
            await journal.close()

    return asyncio.run(live())


def test_a_whole_day_is_lived_and_can_be_read(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.prepare()
    totals = _live(folder)
    assert totals.calls > 100 and 0 < totals.answered < totals.calls
    database = open_database(f"sqlite:///{tmp_path / 'day.db'}", is_writer=True)
    schema.upgrade(database)
    projector = Projector(folder.journal, database)
    assert projector.catch_up() == totals.events
    projector.close()
    with database.connect() as connection:
        stored, answered, first, last, open_ = connection.execute(
            select(
                func.count(),
                func.count(calls.c.established_at),
                func.min(calls.c.arrived_at),
                func.max(calls.c.arrived_at),
                func.count().filter(calls.c.cleared_at.is_(None)),
            )
        ).one()
    database.dispose()
    assert (stored, answered, open_) == (totals.calls, totals.answered, 0)
    assert OPENS_AT_US <= first < last < OPENS_AT_US + HOURS * 3_600_000_000


def test_the_same_seed_is_the_same_day(tmp_path: Path) -> None:
    folders = [DataFolder(tmp_path / name) for name in ("a", "b", "c")]
    for folder in folders:
        folder.prepare()
    first, second, other = (_live(folder, seed) for folder, seed in zip(folders, (5, 5, 6), strict=True))
    assert first == second != other


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    assert cli.main(["simulate", "--day", "--data", str(tmp_path)]) == 1
    assert "is not empty" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_either_a_scenario_or_a_day(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["simulate"]) == 2
    assert "either a scenario or --day" in capsys.readouterr().err
