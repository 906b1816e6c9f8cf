"""Callers who are given to one agent by name, by real telephone calls: the account's owner, and who was asked for."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator

import pytest
import yaml

from cti_server.core import events as e
from cti_server.storage.event_codec import decode_all
from cti_server.storage.journal_file import JournalReader
from cti_server.wire import client as cl
from tests.e2e.centre import DIRECT, Centre
from tests.e2e.people import Desk, Phone, leaving, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

EXTENSION = "1588-0009"


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """Three agents, of whom the third never comes; orders go to the owner of the account first."""
    made = Centre(tmp_path_factory.mktemp("names"), agents=3)
    made.furnish()
    file = made.data / "config" / "centre.yaml"
    text = yaml.safe_load(file.read_text(encoding="utf-8"))
    text["queues"]["orders"]["named"] = ["account_owner"]
    text["lines"][EXTENSION] = {"flow": "extension"}
    text["trunks"]["local"]["numbers"].append(EXTENSION)
    file.write_text(yaml.safe_dump(text, allow_unicode=True), encoding="utf-8")
    made.start()
    yield made
    made.stop()


@contextlib.asynccontextmanager
async def two_at_work(centre: Centre) -> AsyncIterator[tuple[Desk, Desk]]:
    """The first has been idle for longer, so that without a name it would be the first."""
    desks = (Desk(centre, "agent1"), Desk(centre, "agent2"))
    phones = (Phone(), Phone())
    async with leaving(*desks, *phones):
        for number, (desk, phone) in enumerate(zip(desks, phones, strict=True), 1):
            await phone.register(centre.phone_of(f"{2000 + number}"))
            await desk.sign_in()
            await desk.ready()
        yield desks
        for desk, phone in zip(desks, phones, strict=True):
            await desk.do(cl.SetNotReady(reason="break"))
            await phone.leave()


async def ends(desk: Desk) -> None:
    call = await desk.call_is("connected")
    await desk.done(cl.EndCall(call=call.call))
    await desk.finish_call()


def queued(centre: Centre) -> e.CallQueued:
    """How the call that came last was queued."""
    with contextlib.closing(JournalReader(centre.data / "journal.db")) as journal:
        events = [event for _, event in decode_all(journal.all_rows(after=0), after=0)]
    return [event for event in events if isinstance(event, e.CallQueued)][-1]


def number_of_a_customer_of(centre: Centre, extension: str) -> str:
    with contextlib.closing(sqlite3.connect(centre.data / "shop.db")) as shop:
        row = shop.execute(
            "SELECT p.number FROM customers c JOIN phones p ON p.customer = c.customer"
            " WHERE c.owner = ? AND p.kind = 'mobile' ORDER BY c.customer LIMIT 1",
            (extension,),
        ).fetchone()
    return str(row[0])


def test_a_customer_reaches_the_owner_of_the_account(centre: Centre) -> None:
    asyncio.run(_owner(centre))


async def _owner(centre: Centre) -> None:
    caller = Phone(name="caller")
    async with two_at_work(centre) as (first, second), leaving(caller):
        await caller.dial(centre.sip, DIRECT, number=number_of_a_customer_of(centre, "2002"))
        await ends(second)
        assert first.call is None
        assert queued(centre).named_by == "account_owner"


def test_a_customer_whose_owner_is_not_there_reaches_anybody(centre: Centre) -> None:
    asyncio.run(_owner_away(centre))


async def _owner_away(centre: Centre) -> None:
    caller = Phone(name="caller")
    async with two_at_work(centre) as (first, _second), leaving(caller):
        await caller.dial(centre.sip, DIRECT, number=number_of_a_customer_of(centre, "2003"))
        await ends(first)
        assert list(queued(centre).absent) == ["account_owner"]


@pytest.mark.parametrize(
    ("keys", "agent", "named_by"), [("2002#", 2, "asked_for"), ("2003#", 1, None), ("99#", 1, None)]
)
def test_a_caller_keys_in_an_extension(centre: Centre, keys: str, agent: int, named_by: str | None) -> None:
    """Of somebody who is there, who is not, and whom nobody knows: the last two are told, and anybody is given."""
    asyncio.run(_asked_for(centre, keys, agent, named_by))


async def _asked_for(centre: Centre, keys: str, agent: int, named_by: str | None) -> None:
    caller = Phone(name="caller")
    async with two_at_work(centre) as desks, leaving(caller):
        await caller.dial(centre.sip, EXTENSION, number="01030000009")
        await until(lambda: caller.packets > 40, "the question is heard")
        await caller.pressed(keys)
        await ends(desks[agent - 1])
        assert queued(centre).named_by == named_by
