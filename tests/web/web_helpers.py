"""A web process in a folder: main database, people, PINs, recordings, and an HTTP client of its routes."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx
from sqlalchemy import Engine, insert

from cti_server.core.vocabulary import Secret
from cti_server.past.answers import PastAnswers
from cti_server.storage import people, schema, tables
from cti_server.storage.data_folder import DataFolder
from cti_server.storage.database import open_database
from cti_server.storage.people import NewPerson
from cti_server.storage.queries import Queries
from cti_server.web.app import WebApp, create_app
from cti_server.web.credentials import CredentialRules
from cti_server.web.credentials_service import CredentialService
from cti_server.web.link_client import LinkClient
from cti_server.web.link_server import LinkServer
from cti_server.web.past_service import PastService
from cti_server.web.pins import PinStore
from cti_server.web.sign_in import WebSessions
from tests.temporary import folder_of_this_run
from tests.web.past_day import past_day, write_journal

PASSWORD = Secret("correct horse battery")
MONITOR_KEY = "monitor-key-of-this-centre"
PEPPER = Secret("pepper")
CUSTOMER = "C-004812"
PIN = Secret("4711")
WAV = b"RIFF" + bytes(range(256)) * 8
OWN_CALL, OTHER_CALL = 101, 102
OFFERED = past_day().offered
"""Of the journal: a call that was offered to Kim."""
OWN_RECORDING, OTHER_RECORDING, GONE_RECORDING, OUTSIDE_RECORDING = 201, 202, 203, 204
MESSAGE_CALL, MESSAGE_RECORDING = 103, 205
"""Left for the queue orders, which asks for level 2: kim has it, lee has not."""


@dataclass
class Clock:
    """Seconds; ``us`` the same in microseconds."""

    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now

    def us(self) -> int:
        return int(self.now * 1_000_000)


@dataclass
class Web:
    folder: Path
    database: Engine
    clock: Clock
    pins: PinStore
    rules: CredentialRules
    service: CredentialService
    past: PastService
    link: LinkServer
    http: httpx.AsyncClient

    @property
    def socket(self) -> Path:
        return self.folder / "run" / "web.sock"

    async def sign_in(self, user: str) -> str:
        answer = await self.http.post(
            "/api/sign-in", json={"user": user, "password": PASSWORD.reveal(), "wants_token": True}
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    async def get(self, path: str, token: str = "", **headers: str) -> httpx.Response:
        given = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.http.get(path, headers=given | headers)

    @asynccontextmanager
    async def core(self) -> AsyncIterator[LinkClient]:
        """The core process's end of the link."""
        client = LinkClient(self.socket)
        try:
            yield client
        finally:
            await client.close()


def fill(database: Engine, folder: Path) -> None:
    """Two agents, a supervisor, a reviewer, an administrator; a call of each agent with its recording."""
    for login, role, extension in (
        ("kim", "agent", "2001"), ("lee", "agent", "2002"), ("han", "supervisor", ""),
        ("oh", "reviewer", ""), ("root", "administrator", ""),
    ):  # fmt: skip
        skills = {"orders": 2 if login == "kim" else 1}
        new = NewPerson(login=login, name=login.title(), roles=(role,), extension=extension, skills=skills)
        people.add(database, new, PASSWORD)
    (folder / "recordings").mkdir(exist_ok=True)
    for number in (OWN_RECORDING, OTHER_RECORDING, MESSAGE_RECORDING):
        (folder / "recordings" / f"{number}.wav").write_bytes(WAV)
    (folder / "secret.txt").write_text("not a recording", encoding="utf-8")
    with database.begin() as connection:
        for call, agent in ((OWN_CALL, 1), (OTHER_CALL, 2)):
            connection.execute(
                insert(tables.calls).values(
                    call=call, direction="inbound", arrived_at=call, agent=agent, queue="orders", cause="normal"
                )
            )
        for recording, call, path in (
            (OWN_RECORDING, OWN_CALL, f"{OWN_RECORDING}.wav"), (OTHER_RECORDING, OTHER_CALL, f"{OTHER_RECORDING}.wav"),
            (MESSAGE_RECORDING, MESSAGE_CALL, f"{MESSAGE_RECORDING}.wav"),
            (GONE_RECORDING, OWN_CALL, "gone.wav"), (OUTSIDE_RECORDING, OWN_CALL, "../secret.txt"),
        ):  # fmt: skip
            connection.execute(
                insert(tables.recordings).values(recording=recording, call=call, begun_at=1, state="stopped", path=path)
            )
        for callback, agent_or_none in ((301, None), (302, 1), (303, 2)):
            connection.execute(
                insert(tables.callbacks).values(
                    callback=callback, requested_at=1, due_at=callback, number_ref=1, state="waiting",
                    agent=agent_or_none, queue="orders", recording=MESSAGE_RECORDING if callback == 301 else None,
                )
            )  # fmt: skip


@cache
def filled() -> Path:
    """A data folder with everything in it, made once; tests work on copies. Hashing passwords takes long on purpose."""
    folder = folder_of_this_run("web")
    database = open_database(f"sqlite:///{folder / 'ieum.db'}")
    schema.upgrade(database)
    fill(database, folder)
    database.dispose()
    (folder / "secrets").mkdir()
    pins = PinStore(folder / "secrets" / "pins.db", PEPPER, Clock().us)
    pins.set_pins({CUSTOMER: PIN})
    pins.close()
    write_journal(folder)
    return folder


@asynccontextmanager
async def web(folder: Path, *, is_secure: bool = False) -> AsyncIterator[Web]:
    shutil.copytree(filled(), folder, dirs_exist_ok=True)
    database = open_database(f"sqlite:///{folder / 'ieum.db'}")
    clock = Clock()
    pins = PinStore(folder / "secrets" / "pins.db", PEPPER, clock.us)
    rules = CredentialRules(database=database, pins=pins, now_s=clock)
    service = CredentialService(rules)
    await service.start()
    queries = Queries(database)
    past = PastService(PastAnswers(DataFolder(folder), names=queries.names))
    link = LinkServer(folder / "run" / "web.sock", credentials=service, past=past)
    await link.start()
    sessions = WebSessions(clock, monitor_key=Secret(MONITOR_KEY))
    app = create_app(
        WebApp(
            service=service,
            queries=queries,
            past=past,
            sessions=sessions,
            recordings=folder / "recordings",
            levels={"orders": 2},
            is_secure=is_secure,
        ),
        sessions,
    )
    transport = httpx.ASGITransport(app=app)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://ieum.test") as http:
            yield Web(folder, database, clock, pins, rules, service, past, link, http)
    finally:
        await link.close()
        await past.close()
        await service.close()
        pins.close()
        database.dispose()


def on_the_web(folder: Path, work: Callable[[Web], Awaitable[None]], *, is_secure: bool = False) -> None:
    async def main() -> None:
        async with web(folder, is_secure=is_secure) as made:
            await work(made)

    asyncio.run(main())
