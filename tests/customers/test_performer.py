"""Look-ups and PIN checks become signals, also when nobody answers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from cti_server.core.effects import CheckPin, LookUpCustomer, PlayMusic
from cti_server.core.errors import Unavailable
from cti_server.core.inputs import CustomersFound, PinChecked, Signal
from cti_server.core.vocabulary import CallId, CustomerRef, LegId, PinResult, Secret
from cti_server.customers import performer as module
from cti_server.customers.connectors import Row, Value
from cti_server.customers.directory import Directory
from cti_server.customers.performer import CustomerPerformer
from cti_server.ports import CredentialCheck
from tests.sample_shop import MINJI, shop

CALL = CallId(5)


class Desk:
    """A credential service that knows one PIN."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails

    async def check_password(self, user: str, password: Secret, address: str) -> CredentialCheck:
        raise AssertionError("nobody signs in here")

    async def check_pin(self, customer: CustomerRef, pin: Secret) -> PinResult:
        if self.fails:
            raise Unavailable("gone")
        return PinResult.VERIFIED if pin.reveal() == "1234" else PinResult.WRONG


class NoMainSystem:
    async def fetch(self, query: str, **arguments: Value) -> list[Row]:
        raise Unavailable("down")

    async def close(self) -> None:
        pass


def perform(work: Callable[[CustomerPerformer, list[Signal]], Awaitable[Any]], **parts: Any) -> list[Signal]:
    async def main() -> list[Signal]:
        main_system, signals = shop(), list[Signal]()
        given = {"directory": main_system.directory, "credentials": Desk(), "submit": signals.append} | parts
        performer = CustomerPerformer(**given)
        try:
            await work(performer, signals)
            return signals
        finally:
            await performer.close()
            await main_system.connector.close()

    return asyncio.run(main())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


def test_a_caller_who_is_known_is_found_and_the_card_warmed() -> None:
    warmed: list[str] = []

    async def warm(customer: str) -> None:
        warmed.append(customer)

    async def work(performer: CustomerPerformer, signals: list[Signal]) -> None:
        performer.perform(LookUpCustomer(call=CALL, n=3, number="01023456789"))
        await until(lambda: bool(warmed))

    (found,) = perform(work, warm=warm)
    assert isinstance(found, CustomersFound)
    assert (found.call, found.n, [c.customer for c in found.candidates]) == (CALL, 3, [MINJI])
    assert warmed == [MINJI]


def test_a_main_system_that_is_down_means_that_nobody_is_found() -> None:
    async def work(performer: CustomerPerformer, signals: list[Signal]) -> None:
        performer.perform(LookUpCustomer(call=CALL, n=1, customer_number=Secret("2004812")))
        await until(lambda: bool(signals))

    assert perform(work, directory=Directory(NoMainSystem())) == [CustomersFound(call=CALL, n=1, candidates=())]


def test_a_pin_is_right_or_wrong_or_cannot_be_checked() -> None:
    async def work(performer: CustomerPerformer, signals: list[Signal]) -> None:
        for n, pin in enumerate(("1234", "0000"), 1):
            performer.perform(CheckPin(call=CALL, n=n, customer=CustomerRef(MINJI), pin=Secret(pin)))
            await until(lambda: len(signals) == n)  # noqa: B023

    assert perform(work) == [
        PinChecked(call=CALL, n=1, result=PinResult.VERIFIED),
        PinChecked(call=CALL, n=2, result=PinResult.WRONG),
    ]

    async def once(performer: CustomerPerformer, signals: list[Signal]) -> None:
        performer.perform(CheckPin(call=CALL, n=1, customer=CustomerRef(MINJI), pin=Secret("1234")))
        await until(lambda: bool(signals))

    assert perform(once, credentials=Desk(fails=True)) == [PinChecked(call=CALL, n=1, result=PinResult.UNAVAILABLE)]


def test_other_effects_are_left_to_others() -> None:
    async def work(performer: CustomerPerformer, signals: list[Signal]) -> None:
        performer.perform(PlayMusic(call=CALL, n=1, leg=LegId(1)))
        await asyncio.sleep(0)

    assert perform(work) == []


def test_over_the_limit_the_answer_comes_at_once(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "UNDER_WAY_MAX", 0)

    async def work(performer: CustomerPerformer, signals: list[Signal]) -> None:
        performer.perform(LookUpCustomer(call=CALL, n=1, number="01023456789"))
        performer.perform(CheckPin(call=CALL, n=2, customer=CustomerRef(MINJI), pin=Secret("1234")))

    assert [type(signal) for signal in perform(work)] == [CustomersFound, PinChecked]
