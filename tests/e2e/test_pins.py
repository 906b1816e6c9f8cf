"""PINs: five wrong ones lock the account, and what was pressed is nowhere to be found afterwards."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cti_server.wire import client as cl
from tests.e2e.centre import IDENTIFIED, Centre
from tests.e2e.people import Desk, Phone, leaving, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

WRONG_MAX = 5
PIN = "4682095"
"""Seven digits, so that nothing else looks like it."""


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with Centre(tmp_path_factory.mktemp("pins"), agents=1) as running:
        yield running


def test_five_wrong_pins_lock_the_account_and_no_digit_is_kept(centre: Centre) -> None:
    pressed = asyncio.run(_guess(centre))
    centre.stop()  # what is only in memory is written now
    searched = re.compile(rb"(?<!\d)(" + "|".join(pressed).encode() + rb")(?!\d)")
    assert not [str(file) for file in _files(centre) if searched.search(file.read_bytes())]


async def _guess(centre: Centre) -> list[str]:
    """Wrong PINs in two calls, three and two; then the right one, which helps no more."""
    caller = centre.customers[1]
    wrong = [f"735192{number}" for number in range(WRONG_MAX)]
    centre.set_pin(caller.customer, PIN)
    desk, phone = Desk(centre, "agent1"), Phone()
    async with leaving(desk, phone):
        await phone.register(centre.phone_of("2001"))
        await desk.sign_in()
        await desk.ready()
        for pins, verification in (
            (wrong[:3], "unverified"),
            ([*wrong[3:], PIN], "locked"),
            ([PIN], "locked"),
        ):
            customer = Phone()
            async with leaving(customer):
                await customer.dial(centre.sip, IDENTIFIED, number=caller.number)
                for pin in pins:
                    await _press_when_asked(customer, pin)
                call = await desk.call_is("connected")
                assert (call.verification, call.customer) == (verification, caller.customer)
                await desk.done(cl.EndCall(call=call.call))
                await desk.finish_call()
                await until(lambda customer=customer: customer.ended_by, "the customer's phone is free")
        await until(lambda: len(centre.queries.calls().rows) == 3, "all is stored")
    return [*wrong, PIN]


async def _press_when_asked(customer: Phone, pin: str) -> None:
    before = customer.packets
    await until(lambda: customer.packets > before + 40, "the question is heard")
    await customer.pressed(pin + "#")


def _files(centre: Centre) -> list[Path]:
    """Everything but the salted hashes, and the shop, where four digits are part of many numbers."""
    ours = [centre.log_file, *centre.data.rglob("*")]
    return [file for file in ours if file.is_file() and file.name not in ("pins.db", "shop.db")]
