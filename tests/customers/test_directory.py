"""Who is calling: by number, by customer number, by search; never guessed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from cti_server.customers.connectors import Row, Value
from cti_server.customers.directory import Directory
from cti_server.customers.sample import PEOPLE
from tests.sample_shop import MINJI, shop

Result = TypeVar("Result")


def ask(work: Callable[[Directory], Awaitable[Result]]) -> Result:
    async def main() -> Result:
        main_system = shop()
        try:
            return await work(main_system.directory)
        finally:
            await main_system.connector.close()

    return asyncio.run(main())


@pytest.mark.parametrize("number", ["010-2345-6789", "+821023456789", "01023456789"])
def test_a_caller_is_found_however_the_number_is_written(number: str) -> None:
    found = ask(lambda directory: directory.find(number=number))
    assert [(c.customer, c.tier, c.language) for c in found] == [(MINJI, "VIP", "ko")]


def test_the_owner_of_the_account_is_known_by_extension() -> None:
    (minji,) = ask(lambda directory: directory.find(number="010-2345-6789"))
    assert minji.owner == "2003"
    agents = {person.extension for person in PEOPLE if person.agent is not None}
    found = [ask(lambda d, n=n: d.find(customer_number=f"C-00{n}"))[0].owner for n in range(4700, 4709)]  # type: ignore[misc]
    assert found.count(None) == 6
    assert {owner for owner in found if owner is not None} <= agents


@pytest.mark.parametrize("row", [{}, {"owner": None}, {"owner": ""}, {"owner": " "}])
def test_a_main_system_without_owners_names_nobody(row: dict[str, str | None]) -> None:
    class Without:
        async def fetch(self, query: str, **arguments: Value) -> list[Row]:
            return [{"customer": MINJI, "tier": "VIP", "language": "ko"} | row]

        async def close(self) -> None:
            pass

    (found,) = asyncio.run(Directory(Without()).find(number="010-2345-6789"))
    assert found.owner is None


def test_a_customer_number_is_found_by_its_keypad_form() -> None:
    assert [c.customer for c in ask(lambda d: d.find(customer_number="2004812"))] == [MINJI]
    assert [c.customer for c in ask(lambda d: d.find(customer_number="C-004812"))] == [MINJI]


def test_a_customer_number_that_nobody_has_is_not_replaced_by_the_telephone_number() -> None:
    assert ask(lambda d: d.find(number="010-2345-6789", customer_number="2999999")) == ()


def test_a_household_gives_all_its_candidates() -> None:
    assert len(ask(lambda d: d.find(number="02-000-4120"))) == 2


@pytest.mark.parametrize("number", ["", "anonymous", "010-9999-9999"])
def test_an_unknown_number_is_nobody(number: str) -> None:
    assert ask(lambda d: d.find(number=number)) == ()


@pytest.mark.parametrize("text", ["김민지", "민지", "C-004812", "c-004812", "010-2345-6789", "2004812"])
def test_search_finds_by_name_number_and_telephone(text: str) -> None:
    assert MINJI in [row.customer for row in ask(lambda d: d.search(text, 50))]


@pytest.mark.parametrize("text", ["", "   ", "%", "_", "' OR 1=1 --", "없는사람이름"])
def test_search_finds_nobody_for_what_is_no_name(text: str) -> None:
    rows = ask(lambda d: d.search(text, 50))
    assert len(rows) <= 50
    if text.strip("%_ "):
        assert rows == ()


def test_search_is_limited() -> None:
    assert len(ask(lambda d: d.search("김", 3))) == 3
    assert len(ask(lambda d: d.search("C", 10_000))) <= 50
