"""A journal with a short day: who was offered what, and who was free beside a caller.

Kim speaks English well, Lee a little, Park serves another queue. The first caller is offered to Kim at once. The second
waits while Kim talks; Lee is free beside it until less English is asked for, and then gets it. Choi is on a break.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from cti_server.core import inputs as i
from cti_server.core.settings import QueueSettings, RelaxSettings
from cti_server.core.vocabulary import AgentId
from cti_server.storage.data_folder import DataFolder
from cti_server.storage.event_codec import encode
from cti_server.storage.journal_file import JournalFile
from tests.core.house import CARE, KIM, LEE, NUMBER, ORDERS, SETTINGS, House, profile

PARK, CHOI = AgentId(6), AgentId(7)
RELAXED_S = 20
ENGLISH = QueueSettings(
    queue=ORDERS,
    title={},
    requires={"english": 3},
    relax=(RelaxSettings(after_s=RELAXED_S, requires={"english": 1}),),
)


@dataclass(frozen=True)
class PastDay:
    """``offered`` to Kim at once; ``waited`` for Lee from ``waited_from`` on (engine time)."""

    house: House
    offered: int
    waited: int
    waited_from: int


@cache
def past_day() -> PastDay:
    house = House(
        settings=msgspec.structs.replace(SETTINGS, queues=(ENGLISH, SETTINGS.queues[1])),
        agents=(
            profile(KIM, skills={ORDERS: 1, CARE: 1, "english": 3}),
            profile(LEE, skills={ORDERS: 1, CARE: 1, "english": 1}),
            profile(PARK, skills={CARE: 1}),
            profile(CHOI, skills={ORDERS: 1, "english": 3}),
        ),
    )
    house.at_work(KIM, LEE, PARK, CHOI)
    house.tell(i.SetNotReady(agent=CHOI, reason="break"))
    house.wait(60)
    first = house.arrive("direct")
    house.show_card(first)
    house.ring(first)
    house.lift(first)
    house.wait(30)
    second = house.arrive("direct")
    waited_from = house.now
    house.wait(RELAXED_S + 1)
    assert (first.agent, second.agent) == (KIM, LEE)
    house.show_card(second)
    house.ring(second)
    house.lift(second)
    house.wait(60)
    house.hang_up(second)
    house.hang_up(first)
    house.wait(5)
    return PastDay(house, first.call, second.call, waited_from)


def write_journal(folder: Path) -> None:
    house = past_day().house
    data = DataFolder(folder)
    data.prepare()
    journal = JournalFile(data.journal)
    journal.append(encode(house.journal, 1), house.personal)
    journal.close()


def texts() -> tuple[str, ...]:
    """What stands beside the journal about people, and must not be told."""
    return (NUMBER, "Hong", *(text for text in past_day().house.personal.values() if len(text) > 2))
