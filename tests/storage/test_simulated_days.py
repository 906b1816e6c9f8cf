"""Days of the real Centre, with crashes and faults, through journal and projections: nothing lost or counted twice."""

from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Engine, func, select

from cti_server.core.events import AnyEvent, Event
from cti_server.core.state import State, fold
from cti_server.sim.scenarios import variant, variants
from cti_server.sim.world import World
from cti_server.storage import tables as t
from cti_server.storage.event_codec import decode_all
from cti_server.storage.journal_file import JournalReader
from cti_server.storage.projector import Projector
from cti_server.storage.queries import Queries
from cti_server.storage.totals import recount
from tests.storage.journals import WrittenJournal

SEEDS = range(1, 9)
STEPS = 1_500


@pytest.fixture(scope="module")
def days() -> dict[int, list[Event]]:
    scenarios = variants(steps=STEPS)
    found: dict[int, list[Event]] = {}
    for seed in SEEDS:
        world = World(seed=seed, scenario=variant(seed, scenarios))
        world.run()
        found[seed] = [msgspec.msgpack.decode(data, type=AnyEvent) for data in world.journal]
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_a_day_is_the_same_after_journal_and_projection(
    days: dict[int, list[Event]], seed: int, tmp_path: Path, sqlite_database: Engine
) -> None:
    events = days[seed]
    journal = WrittenJournal(tmp_path / "journal.db")
    journal.write(events)
    with closing(JournalReader(journal.path)) as reader:
        assert [event for _, event in decode_all(reader.all_rows(after=0), after=0)] == events
    projector = Projector(journal.path, sqlite_database)
    assert projector.catch_up() == len(events)
    assert Queries(sqlite_database).totals() == recount(events)
    _check_at_rest(sqlite_database)
    _check_agents(sqlite_database, fold(events))
    projector.close()
    journal.file.close()


def _check_at_rest(database: Engine) -> None:
    """Everybody has gone home: no call, visit or offer is open."""
    open_rows = {
        "calls": select(func.count()).select_from(t.calls).where(t.calls.c.cleared_at.is_(None)),
        "visits": select(func.count()).select_from(t.queue_visits).where(t.queue_visits.c.left_at.is_(None)),
        "offers": select(func.count()).select_from(t.offers).where(t.offers.c.ended_at.is_(None)),
        "intervals": select(func.count())
        .where(t.agent_states.c.occupation == "alerting")
        .where(t.agent_states.c.ended_at.is_(None)),
    }
    with database.connect() as connection:
        assert {name: connection.execute(query).scalar_one() for name, query in open_rows.items()} == dict.fromkeys(
            open_rows, 0
        )


def _check_agents(database: Engine, state: State) -> None:
    """The interval that is open says of each agent what the state says."""
    columns = t.agent_states.c
    query = select(columns.agent, columns.mode, columns.reason, columns.occupation).where(columns.ended_at.is_(None))
    with database.connect() as connection:
        told = {row.agent: (row.mode, row.reason, row.occupation) for row in connection.execute(query)}
    known = {
        agent.agent: (agent.mode.value, agent.reason, agent.occupation.value)
        for agent in state.agents.values()
        if agent.agent in told
    }
    assert {agent: found for agent, found in told.items() if agent in known} == known
    assert len(known) >= 1
