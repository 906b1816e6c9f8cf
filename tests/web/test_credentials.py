"""Passwords and PINs: the same answer for known and unknown, limits on guessing, and a socket only we can use."""

import asyncio
import stat
from pathlib import Path

import pytest

from cti_server.core.vocabulary import CustomerRef, PinResult, Secret
from cti_server.storage import people
from cti_server.web import credentials_service, link_client
from cti_server.web.attempts import Attempts
from cti_server.web.credentials import TRIES_MAX, TRIES_WINDOW_S, ensure_administrator
from cti_server.web.link_client import LinkClient
from cti_server.web.link_server import LinkServer
from cti_server.web.pins import LOCK_US, WRONG_MAX, PinStore
from tests.web.web_helpers import CUSTOMER, PASSWORD, PEPPER, PIN, Clock, Web, on_the_web

HERE = "10.0.0.1"
MINJI = CustomerRef(CUSTOMER)
WRONG = Secret("0000")


def test_the_core_process_learns_who_it_is(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        async with it.core() as core:
            kim = await core.check_password("kim", PASSWORD, HERE)
            assert (kim.result, kim.agent, kim.extension, kim.roles) == ("ok", 1, "2001", ("agent",))
            han = await core.check_password("han", PASSWORD, HERE)
            assert (han.result, han.agent, han.roles) == ("ok", None, ("supervisor",))

    on_the_web(tmp_path, work)


def test_unknown_and_wrong_get_the_same_answer(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        async with it.core() as core:
            wrong = await core.check_password("kim", Secret("wrong password"), HERE)
            unknown = await core.check_password("nobody", PASSWORD, HERE)
            assert wrong == unknown
            assert wrong.result == "wrong"

    on_the_web(tmp_path, work)


def test_guessing_locks_one_name_from_one_address_for_a_while_and_nobody_else(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        check = it.rules.check_password
        for _ in range(TRIES_MAX):
            assert check("kim", Secret("guess"), HERE).result == "wrong"
        assert check("kim", PASSWORD, HERE).result == "locked"
        assert check("kim", PASSWORD, "10.0.0.2").result == "ok"
        assert check("lee", PASSWORD, HERE).result == "ok"
        it.clock.now += TRIES_WINDOW_S + 1
        assert check("kim", PASSWORD, HERE).result == "ok"

    on_the_web(tmp_path, work)


def test_names_that_nobody_has_are_locked_alike(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        for _ in range(TRIES_MAX):
            it.rules.check_password("ghost", Secret("guess"), HERE)
        assert it.rules.check_password("ghost", Secret("guess"), HERE).result == "locked"

    on_the_web(tmp_path, work)


def test_somebody_who_left_cannot_sign_in(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        people.set_active(it.database, "kim", is_active=False)
        assert it.rules.check_password("kim", PASSWORD, HERE).result == "wrong"

    on_the_web(tmp_path, work)


# --- PINs ------------------------------------------------------------------------------------------------------------


def pins(folder: Path, clock: Clock, pepper: Secret = PEPPER) -> PinStore:
    return PinStore(folder / "pins.db", pepper, clock.us)


def test_a_pin_is_right_wrong_or_locked_after_five_wrong_ones_in_an_hour(tmp_path: Path) -> None:
    clock = Clock()
    store = pins(tmp_path, clock)
    store.set_pins({CUSTOMER: PIN})
    assert store.check(CUSTOMER, PIN) is PinResult.VERIFIED
    for _ in range(WRONG_MAX):
        assert store.check(CUSTOMER, WRONG) is PinResult.WRONG
    assert store.check(CUSTOMER, WRONG) is PinResult.LOCKED
    assert store.check(CUSTOMER, PIN) is PinResult.LOCKED
    store.close()
    store = pins(tmp_path, clock)  # also after a restart
    assert store.check(CUSTOMER, PIN) is PinResult.LOCKED
    clock.now += LOCK_US / 1e6 + 1
    assert store.check(CUSTOMER, PIN) is PinResult.VERIFIED
    store.close()


def test_a_right_pin_forgives_the_wrong_ones_before(tmp_path: Path) -> None:
    store = pins(tmp_path, Clock())
    store.set_pins({CUSTOMER: PIN})
    for _ in range(3):
        for _ in range(WRONG_MAX - 1):
            assert store.check(CUSTOMER, WRONG) is PinResult.WRONG
        assert store.check(CUSTOMER, PIN) is PinResult.VERIFIED
    store.close()


def test_an_account_without_a_pin_is_never_right_and_locks_too(tmp_path: Path) -> None:
    store = pins(tmp_path, Clock())
    assert [store.check("C-0", PIN) for _ in range(6)] == [PinResult.WRONG] * 5 + [PinResult.LOCKED]
    store.close()


def test_a_new_pin_unlocks(tmp_path: Path) -> None:
    store = pins(tmp_path, Clock())
    store.set_pins({CUSTOMER: PIN})
    for _ in range(6):
        store.check(CUSTOMER, WRONG)
    store.set_pins({CUSTOMER: Secret("9999")})
    assert store.check(CUSTOMER, Secret("9999")) is PinResult.VERIFIED
    store.close()


def test_without_the_pepper_the_hashes_are_worth_nothing_and_hold_no_pin(tmp_path: Path) -> None:
    store = pins(tmp_path, Clock())
    store.set_pins({CUSTOMER: PIN, "C-1": PIN})
    store.close()
    assert stat.S_IMODE((tmp_path / "pins.db").stat().st_mode) == 0o600
    content = (tmp_path / "pins.db").read_bytes()
    assert b"$argon2id$v=19$m=8192,t=1,p=1$" in content
    assert PIN.reveal().encode() not in content.replace(CUSTOMER.encode(), b"")
    other = pins(tmp_path, Clock(), Secret("another pepper"))
    assert other.check(CUSTOMER, PIN) is PinResult.WRONG
    other.close()


def test_the_same_pin_of_two_customers_has_two_hashes(tmp_path: Path) -> None:
    store = pins(tmp_path, Clock())
    store.set_pins({CUSTOMER: PIN, "C-1": PIN})
    hashes = store._database.execute("SELECT hash FROM pins").fetchall()
    assert len(set(hashes)) == 2
    store.close()


# --- the socket ------------------------------------------------------------------------------------------------------


def test_the_socket_is_our_users_alone(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        assert stat.S_IMODE(it.socket.stat().st_mode) == 0o600

    on_the_web(tmp_path, work)


def test_many_questions_at_once_are_all_answered(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        async with it.core() as core:
            results = await asyncio.gather(
                *(core.check_pin(MINJI, PIN) for _ in range(20)),
                *(core.check_password("kim", PASSWORD, HERE) for _ in range(3)),
            )
            assert results[:20] == [PinResult.VERIFIED] * 20
            assert [check.result for check in results[20:]] == ["ok"] * 3  # type: ignore[union-attr]

    on_the_web(tmp_path, work)


def test_pins_are_checked_before_passwords_that_wait(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        done: list[str] = []
        async with it.core() as core:

            async def password() -> None:
                await core.check_password("kim", PASSWORD, HERE)
                done.append("password")

            async def pin() -> None:
                await core.check_pin(MINJI, PIN)
                done.append("pin")

            await asyncio.gather(*(password() for _ in range(5)), pin())
        assert done.index("pin") <= 1

    on_the_web(tmp_path, work)


def test_too_many_questions_are_unavailable_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(it: Web) -> None:
        monkeypatch.setattr(credentials_service, "WAITING_MAX", 0)
        async with it.core() as core:
            assert await core.check_pin(MINJI, PIN) is PinResult.UNAVAILABLE
            assert (await core.check_password("kim", PASSWORD, HERE)).result == "unavailable"

    on_the_web(tmp_path, work)


def test_no_service_is_unavailable_and_a_new_one_is_found(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        async with it.core() as core:
            assert await core.check_pin(MINJI, PIN) is PinResult.VERIFIED
            await it.link.close()
            assert await core.check_pin(MINJI, PIN) is PinResult.UNAVAILABLE
            again = LinkServer(it.socket, credentials=it.service, past=it.past)
            await again.start()
            try:
                assert await core.check_pin(MINJI, PIN) is PinResult.VERIFIED
            finally:
                await again.close()

    on_the_web(tmp_path, work)


def test_a_service_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_client, "PIN_TIMEOUT_S", 0.1)

    async def main() -> None:
        path = tmp_path / "silent.sock"
        done = asyncio.Event()

        async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await done.wait()
            writer.close()

        server = await asyncio.start_unix_server(silent, str(path))
        client = LinkClient(path)
        assert await client.check_pin(MINJI, PIN) is PinResult.UNAVAILABLE
        done.set()
        await client.close()
        server.close()
        await server.wait_closed()

    asyncio.run(main())


@pytest.mark.parametrize("said", [b"no json\n", b'{"type":"steal"}\n', b"x" * 20_000 + b"\n"])
def test_a_line_that_is_no_question_ends_that_connection_only(tmp_path: Path, said: bytes) -> None:
    async def work(it: Web) -> None:
        reader, writer = await asyncio.open_unix_connection(str(it.socket))
        writer.write(said)
        async with asyncio.timeout(30):
            assert await reader.read() == b""
        writer.close()
        async with it.core() as core:
            assert await core.check_pin(MINJI, PIN) is PinResult.VERIFIED

    on_the_web(tmp_path, work)


def test_attempts_forget_the_oldest_names_rather_than_grow() -> None:
    attempts = Attempts(limit=2, window_s=10)
    for n in range(25_000):
        attempts.failed(n, 0)
    assert len(attempts._failures) == 20_000
    attempts.failed("a", 5)
    attempts.failed("a", 6)
    assert attempts.is_locked("a", 10)
    assert not attempts.is_locked("a", 15.5)


# --- the first administrator -----------------------------------------------------------------------------------------


def test_the_first_start_makes_an_administrator_with_a_password_of_chance(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        assert ensure_administrator(it.folder, it.database) is None  # there is one already
        people.set_roles(it.database, "root", ("supervisor",))
        password = ensure_administrator(it.folder, it.database)
        assert password is not None
        file = it.folder / "secrets" / "admin_password"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.read_text(encoding="utf-8").strip() == password.reveal()
        assert it.rules.check_password("admin", password, HERE).roles == ("administrator",)
        assert password.reveal() not in repr(password)

    on_the_web(tmp_path, work)
