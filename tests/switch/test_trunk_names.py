"""Trunks by name: looked up ever again, and what was known stays where nothing is found."""

import asyncio

from cti_server.switch.embedded.sip_settings import Trunk
from cti_server.switch.embedded.trunk_names import TrunkNames

TRUNKS = (Trunk(name="one", host="sip.provider.example"), Trunk(name="two", host="sip.provider.example"))


class Names:
    """A name server that can be told what to say."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[str] = []

    async def __call__(self, host: str) -> tuple[str, ...]:
        self.asked.append(host)
        return self.addresses


def resolved(names: TrunkNames) -> dict[str, tuple[str, ...]]:
    return asyncio.run(names.resolve())


def test_a_name_is_asked_for_once_and_known_by_all_its_addresses() -> None:
    server = Names("192.0.2.1", "192.0.2.2")
    names = TrunkNames(TRUNKS, server)
    assert resolved(names) == {}, "nothing has moved at the start"
    assert names.addresses == {"sip.provider.example": ("192.0.2.1", "192.0.2.2")}
    assert server.asked == ["sip.provider.example"]


def test_a_name_that_moves_is_told_and_an_order_that_changes_is_not() -> None:
    server = Names("192.0.2.1", "192.0.2.2")
    names = TrunkNames(TRUNKS, server)
    kept = names.addresses
    resolved(names)
    server.addresses = ("192.0.2.2", "192.0.2.1")
    assert resolved(names) == {}
    server.addresses = ("192.0.2.3",)
    assert resolved(names) == {"sip.provider.example": ("192.0.2.3",)}
    assert kept["sip.provider.example"] == ("192.0.2.3",), "whoever was given them sees them change"


def test_a_name_server_that_is_gone_takes_nothing_away() -> None:
    server = Names("192.0.2.1")
    names = TrunkNames(TRUNKS, server)
    resolved(names)
    server.addresses = ()
    assert resolved(names) == {}
    assert names.addresses == {"sip.provider.example": ("192.0.2.1",)}


def test_a_name_that_nobody_knew_at_the_start_is_known_later() -> None:
    server = Names()
    names = TrunkNames(TRUNKS, server)
    resolved(names)
    assert names.addresses == {"sip.provider.example": ()}
    server.addresses = ("192.0.2.1",)
    assert resolved(names) == {"sip.provider.example": ("192.0.2.1",)}
