"""Who may attach to a phone: whoever holds the token of a file that only this user can read."""

import asyncio
import stat
from pathlib import Path

import msgspec

from agent_app.softphone import messages as ms
from agent_app.softphone.window_link import WindowLink

TIMEOUT_S = 20.0


async def opened(folder: Path, orders: list[ms.WindowMessage]) -> tuple[WindowLink, ms.Rendezvous]:
    link = WindowLink(folder / "phone.json", obey=orders.append)
    await link.open()
    return link, msgspec.json.decode((folder / "phone.json").read_bytes(), type=ms.Rendezvous)


async def attached(place: ms.Rendezvous, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    writer.write(ms.encode_line(ms.Attach(token=token)))
    return reader, writer


async def until(orders: list[ms.WindowMessage], wanted: ms.WindowMessage) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while wanted not in orders:
            await asyncio.sleep(0.02)


def test_a_window_attaches_orders_and_hears_the_status(tmp_path: Path) -> None:
    async def run() -> None:
        orders: list[ms.WindowMessage] = []
        link, place = await opened(tmp_path, orders)
        assert stat.S_IMODE((tmp_path / "phone.json").stat().st_mode) == 0o600
        reader, writer = await attached(place, place.token)
        writer.write(ms.encode_line(ms.Mute(muted=True)))
        await until(orders, ms.Mute(muted=True))
        assert link.has_window
        link.publish(ms.PhoneStatus(registration="registered"))
        line = await asyncio.wait_for(reader.readline(), TIMEOUT_S)
        assert ms.decode_from_phone(line) == ms.PhoneStatus(registration="registered")
        writer.close()
        await link.close()
        assert not (tmp_path / "phone.json").exists()

    asyncio.run(run())


def test_a_wrong_token_is_shown_the_door_and_obeyed_in_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        orders: list[ms.WindowMessage] = []
        link, place = await opened(tmp_path, orders)
        reader, writer = await attached(place, "guess")
        writer.write(ms.encode_line(ms.HangUp()))
        assert await asyncio.wait_for(reader.read(), TIMEOUT_S) == b""
        assert orders == []
        assert not link.has_window
        writer.close()
        await link.close()

    asyncio.run(run())


def test_a_later_window_takes_the_place_of_one_that_hangs(tmp_path: Path) -> None:
    async def run() -> None:
        orders: list[ms.WindowMessage] = []
        link, place = await opened(tmp_path, orders)
        old_reader, old_writer = await attached(place, place.token)
        await until(orders, ms.Attach(token=place.token))
        orders.clear()
        new_reader, new_writer = await attached(place, place.token)
        await until(orders, ms.Attach(token=place.token))
        assert await asyncio.wait_for(old_reader.read(), TIMEOUT_S) == b""
        old_writer.close()
        link.publish(ms.PhoneStatus(registration="none"))
        assert await asyncio.wait_for(new_reader.readline(), TIMEOUT_S)
        new_writer.close()
        await link.close()

    asyncio.run(run())


def test_rubbish_costs_the_connection_and_nothing_else(tmp_path: Path) -> None:
    async def run() -> None:
        orders: list[ms.WindowMessage] = []
        link, place = await opened(tmp_path, orders)
        reader, writer = await attached(place, place.token)
        writer.write(b"{not json\n")
        assert await asyncio.wait_for(reader.read(), TIMEOUT_S) == b""
        writer.close()
        _, again = await attached(place, place.token)
        again.write(ms.encode_line(ms.Answer()))
        await until(orders, ms.Answer())
        again.close()
        await link.close()

    asyncio.run(run())
