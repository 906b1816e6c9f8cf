"""The made-up day of `ieum simulate --day`: a data folder with the sample company, and a day of calls in it.

How the day goes is in `cti_server/sim/made_up_day.py`; here the folder, the people and the database are made.
"""

import asyncio
import secrets
import shutil
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from cti_server import config
from cti_server.config import Configuration
from cti_server.core.errors import IeumError
from cti_server.core.settings import LineSettings
from cti_server.core.vocabulary import Secret
from cti_server.customers.sample import PEOPLE, create_sample, sample_callers
from cti_server.sim.made_up_day import DayTotals, MadeUpCaller, MadeUpCentre, MadeUpDay
from cti_server.storage import people, schema
from cti_server.storage.data_folder import DataFolder
from cti_server.storage.database import open_database
from cti_server.storage.journal import SqliteJournal
from cti_server.storage.projector import Projector

FOLDER = Path(__file__).resolve().parents[2] / ".ieum" / "day"
SAMPLE_SEED = 2026
OPENS_HOUR = 9
SUPERVISOR = "supervisor"


class FolderInUse(IeumError):
    """A made-up day goes into a folder of its own."""


def run_day(data: Path | None, *, seed: int, speed: float) -> None:
    """Into ``data``, which must be new; without it into a folder of this program's, made anew each time."""
    if data is None:
        shutil.rmtree(FOLDER, ignore_errors=True)
    elif data.exists() and any(data.iterdir()):
        raise FolderInUse(f"{data} is not empty: a made-up day would be mixed with what is there")
    folder = DataFolder((data or FOLDER).absolute())
    folder.prepare()
    create_sample(folder.path, SAMPLE_SEED)
    config.write_defaults(folder.path)
    configuration = config.read(folder.path)
    _make_database(configuration)
    passwords = _add_people(configuration)
    started = time.monotonic()
    totals = asyncio.run(_live(folder, configuration, seed=seed, speed=speed))
    took_s = time.monotonic() - started
    _project(folder, configuration)
    print(f"{totals.calls} calls, {totals.answered} answered, {totals.events} events in {took_s:.1f} s")
    print(f"The day is in {folder.path}. Look at it with: ieum serve --data {folder.path}")
    for login, password in passwords.items():
        print(f"  sign in as {login} with {password}")


async def _live(folder: DataFolder, configuration: Configuration, *, seed: int, speed: float) -> DayTotals:
    journal = SqliteJournal(folder)
    try:
        centre = _centre(folder, configuration)
        opens_at_us = _opening(configuration.time_zone)
        return await MadeUpDay(centre, journal, opens_at_us=opens_at_us, seed=seed, speed=speed).run()
    finally:
        await journal.close()


def _centre(folder: DataFolder, configuration: Configuration) -> MadeUpCentre:
    """The configuration as it stands, with a line straight into each queue; nothing is recorded."""
    lines = tuple(
        LineSettings(line=f"made-up-{queue.queue}", flow=f"queue:{queue.queue}")
        for queue in configuration.centre.queues
    )
    database = open_database(configuration.server.database_url)
    agents = people.roster(database)
    database.dispose()
    return MadeUpCentre(
        settings=msgspec.structs.replace(configuration.centre, lines=lines, record_calls=False),
        agents=agents,
        callers=tuple(
            MadeUpCaller(customer=caller.customer, number=caller.number, tier=caller.tier, language=caller.language)
            for caller in sample_callers(folder.path / "shop.db", SAMPLE_SEED)
        ),
    )


def _opening(time_zone: str) -> int:
    """Yesterday at nine, so that the day is over when somebody looks at it."""
    yesterday = datetime.now(ZoneInfo(time_zone)) - timedelta(days=1)
    opening = yesterday.replace(hour=OPENS_HOUR, minute=0, second=0, microsecond=0)
    return round(opening.timestamp()) * 1_000_000


def _make_database(configuration: Configuration) -> None:
    database = open_database(configuration.server.database_url, is_writer=True)
    schema.upgrade(database)
    database.dispose()


def _add_people(configuration: Configuration) -> dict[str, str]:
    """The sample's people; gives the password of one supervisor and one agent."""
    database = open_database(configuration.server.database_url, is_writer=True)
    shown: dict[str, str] = {}
    for person in PEOPLE:
        password = secrets.token_urlsafe(12)
        new = people.NewPerson(
            login=person.user,
            name=person.name,
            roles=person.roles,
            group=person.group,
            extension=person.extension,
            skills=person.skills,
        )
        people.add(database, new, Secret(password))
        kind = SUPERVISOR if SUPERVISOR in person.roles else person.roles[0]
        if kind in (SUPERVISOR, "agent") and not any(kind in known for known in shown):
            shown[f"{person.user} ({kind})"] = password
    database.dispose()
    return shown


def _project(folder: DataFolder, configuration: Configuration) -> None:
    database = open_database(configuration.server.database_url, is_writer=True)
    projector = Projector(folder.journal, database)
    projector.catch_up()
    projector.close()
    database.dispose()
