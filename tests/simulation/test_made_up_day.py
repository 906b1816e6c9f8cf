"""A made-up day goes through the real engine, and ends in the tables that reports and desktops read."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select

from cti_server import cli, config
from cti_server.core import events as e
from cti_server.core.settings import AgentProfile, CentreSettings, CodeSettings, LineSettings, QueueSettings
from cti_server.core.vocabulary import AgentId, Extension, PinResult, QueueId
from cti_server.sim.made_up_day import EARLY_S, HOURS, DayTotals, MadeUpDay
from cti_server.sim.made_up_people import Caller, MadeUpCaller, MadeUpCentre, Topic
from cti_server.storage import schema
from cti_server.storage.data_folder import DataFolder
from cti_server.storage.database import open_database
from cti_server.storage.event_codec import decode_all
from cti_server.storage.journal import SqliteJournal
from cti_server.storage.journal_file import JournalReader
from cti_server.storage.projector import Projector
from cti_server.storage.tables import calls

OPENS_AT_US = 1_760_400_000_000_000  # a Tuesday, nine in Seoul
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


def _live(folder: DataFolder, seed: int = 1, *, centre: MadeUpCentre = CENTRE) -> DayTotals:
    async def live() -> DayTotals:
        journal = SqliteJournal(folder)
        try:
            return await MadeUpDay(centre, journal, opens_at_us=OPENS_AT_US, seed=seed).run()
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
    assert OPENS_AT_US - EARLY_S * 1_000_000 <= first < last < OPENS_AT_US + (HOURS + 1) * 3_600_000_000


def _with_flows(folder: Path) -> MadeUpCentre:
    """The default configuration with two agents."""
    config.write_defaults(folder)
    configuration = config.read(folder)
    return MadeUpCentre(
        settings=msgspec.structs.replace(configuration.centre, record_calls=False),
        agents=tuple(
            AgentProfile(agent=AgentId(n), extension=Extension(f"200{n}"), skills={"orders": 3, "care": 3})
            for n in (1, 2)
        ),
        callers=tuple(
            MadeUpCaller(
                customer=f"C-{n}", number=f"0101234567{n}", tier="", language=language, keypad=f"200481{n}", pin="1357"
            )
            for n, language in enumerate(("ko", "ko", "en"))
        ),
        flows=configuration.flows,
        topics=(Topic(library_version="1", item="order.new.item", node="ask", reason=("order", "new", "item")),),
    )


def test_callers_go_through_the_menus(tmp_path: Path) -> None:
    """Language, PIN, menu; some end there, some ask to be called back, and the centre dials those."""
    folder = DataFolder(tmp_path)
    folder.prepare()
    totals = _live(folder, centre=_with_flows(tmp_path))
    assert 0 < totals.ended_in_flow < totals.calls / 4
    assert 0 < totals.callbacks - 3 <= totals.called_back <= totals.callbacks
    queued = totals.calls - totals.ended_in_flow
    assert totals.answered + totals.abandoned <= queued < totals.answered + totals.abandoned + totals.callbacks + 2
    reader = JournalReader(folder.journal)
    events = [event for _, event in decode_all(reader.all_rows(after=0), after=0)]
    reader.close()
    languages = {event.language for event in events if isinstance(event, e.CallLanguageSet)}
    assert languages == {"ko", "en"}
    assert any(isinstance(event, e.CallerVerified) for event in events)
    assert {event.result for event in events if isinstance(event, e.PinRefused)} >= {PinResult.WRONG}
    assert {event.queue for event in events if isinstance(event, e.CallQueued)} == {"orders", "care"}
    assert any(event.reason == ("order", "new", "item") for event in events if isinstance(event, e.ScriptFollowed))


def test_what_a_caller_presses() -> None:
    caller = Caller(
        line="1588",
        number="01012345670",
        who=MadeUpCaller(customer="C", number="01012345670", tier="", language="ko", keypad="2004810", pin="1357"),
        language_key="1",
        pins=["1111", "1357"],
        menu=["7", "1"],
        patience_s=60,
        wants_callback=False,
        wants_callback_later=True,
        questions=None,
    )
    asked = ("language_menu", "consent", "ask_pin", "ask_pin", "ask_pin", "main_menu", "main_menu", "offer_callback")
    assert [caller.keys_for(prompt) for prompt in asked] == ["1", None, "1111#", "1357#", "#", "7", "1", None]
    caller.questions = 1
    assert [caller.keys_for(prompt) for prompt in ("ask_customer_number", "ask_pin")] == ["2004810#", "hang up"]


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
