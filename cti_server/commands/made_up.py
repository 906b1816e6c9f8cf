"""The made-up day of `ieum simulate --day`: a data folder with the sample company, and a day of calls in it.

How the day goes is in `cti_server/sim/made_up_day.py`; here the folder, the people and the database are made.
"""

import asyncio
import secrets
import shutil
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from cti_server import config
from cti_server.config import Configuration
from cti_server.core.errors import IeumError
from cti_server.core.holidays import is_holiday
from cti_server.core.settings import CentreSettings
from cti_server.core.vocabulary import Secret
from cti_server.customers.sample import PEOPLE, create_sample, sample_callers
from cti_server.sim.made_up_day import DayTotals, MadeUpDay
from cti_server.sim.made_up_people import MadeUpCaller, MadeUpCentre, Topic
from cti_server.storage import people, schema
from cti_server.storage.data_folder import DataFolder
from cti_server.storage.database import open_database
from cti_server.storage.journal import SqliteJournal
from cti_server.storage.projector import Projector
from cti_server.web.pins import PinStore

FOLDER = Path(__file__).resolve().parents[2] / ".ieum" / "day"
SAMPLE_SEED = 2026
OPENS_HOUR = 9
SUPERVISOR = "supervisor"
SATURDAY = 5


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
    print(
        f"{totals.calls} calls: {totals.answered} answered, {totals.abandoned} hung up waiting, {totals.ended_in_flow}"
        f" ended in the menus; {totals.callbacks} callbacks, {totals.called_back} done;"
        f" {totals.events} events in {took_s:.1f} s"
    )
    print(f"The day is in {folder.path}. Look at it with: ieum serve --data {folder.path}")
    for login, password in passwords.items():
        print(f"  sign in as {login} with {password}")


async def _live(folder: DataFolder, configuration: Configuration, *, seed: int, speed: float) -> DayTotals:
    journal = SqliteJournal(folder)
    zone = ZoneInfo(configuration.time_zone)
    try:
        day = MadeUpDay(
            _centre(folder, configuration),
            journal,
            opens_at_us=_opening(zone, configuration.centre),
            seed=seed,
            speed=speed,
            tell=lambda now_us, totals: _tell(datetime.fromtimestamp(now_us / 1_000_000, zone), totals),
        )
        return await day.run()
    finally:
        await journal.close()


def _tell(now: datetime, totals: DayTotals) -> None:
    print(
        f"{now:%a %H:%M}  {totals.calls:5} calls  {totals.answered:5} answered  {totals.abandoned:4} abandoned"
        f"  {totals.ended_in_flow:4} ended in the menus  {totals.callbacks:3} callbacks ({totals.called_back} done)",
        file=sys.stderr,
        flush=True,
    )


def _centre(folder: DataFolder, configuration: Configuration) -> MadeUpCentre:
    """The configuration as it stands; nothing is recorded."""
    database = open_database(configuration.server.database_url)
    agents = people.roster(database)
    database.dispose()
    return MadeUpCentre(
        settings=msgspec.structs.replace(configuration.centre, record_calls=False),
        agents=agents,
        callers=_callers(folder, configuration),
        flows=configuration.flows,
        topics=tuple(
            Topic(library_version=configuration.library.version, item=code, node=item.start, reason=tuple(parts))
            for major in configuration.library.majors
            for middle in major.middles
            for item in middle.items
            if item.sets_reason and (code := ".".join(parts := [major.code, middle.code, item.code]))
        ),
    )


def _callers(folder: DataFolder, configuration: Configuration) -> tuple[MadeUpCaller, ...]:
    """The sample's customers; their PINs are kept, so that they are right when the folder is served."""
    chosen = sample_callers(folder.path / "shop.db", SAMPLE_SEED)
    pins = PinStore(folder.secrets / "pins.db", config.secret(folder.path, "pin_pepper"), lambda: 0)
    pins.set_pins({caller.customer: Secret(caller.pin) for caller in chosen})
    pins.close()
    return tuple(
        MadeUpCaller(
            customer=caller.customer,
            number=caller.number,
            tier=caller.tier,
            language=caller.language,
            keypad=caller.keypad,
            pin=caller.pin,
        )
        for caller in chosen
    )


def _opening(zone: ZoneInfo, settings: CentreSettings) -> int:
    """The last working day before today at nine, so that the day is over when somebody looks at it."""
    day = datetime.now(zone).replace(hour=OPENS_HOUR, minute=0, second=0, microsecond=0) - timedelta(days=1)
    while day.weekday() >= SATURDAY or _is_holiday(day, settings):
        day -= timedelta(days=1)
    return round(day.timestamp()) * 1_000_000


def _is_holiday(day: datetime, settings: CentreSettings) -> bool:
    number = day.toordinal() - datetime(1970, 1, 1).toordinal()
    return number in settings.own_holidays or (settings.calendar == "korea" and is_holiday(number))


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
