"""The client over a real socket: signs in, comes back, is told no; and nothing outstanding is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agent_app.link.client import BACKOFF_MAX_S, Changed, Client, LinkEvent, Received, Target, backoff_s
from agent_app.store import Connection
from cti_server.wire.client import CommandFrame, Hello, SetReady
from cti_server.wire.server import Denied, Snapshot, Welcome
from tests.agent_app.fake_server import PASSWORD, FakeServer


class Ear:
    """Hears what a client says, and waits for it."""

    def __init__(self) -> None:
        self.events: list[LinkEvent] = []
        self._news = asyncio.Event()

    def hear(self, event: LinkEvent) -> None:
        self.events.append(event)
        self._news.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not holds():
                self._news.clear()
                await self._news.wait()

    def frames(self, kind: type) -> list[object]:
        return [event.frame for event in self.events if isinstance(event, Received) and isinstance(event.frame, kind)]

    def states(self) -> list[Connection]:
        return [event.state for event in self.events if isinstance(event, Changed)]


async def _with_client(server: FakeServer, target: Target, work: Callable[[Client, Ear], object]) -> Ear:
    ear = Ear()
    client = Client(ear.hear)
    running = asyncio.create_task(client.run(target))
    try:
        await work(client, ear)  # type: ignore[misc]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return ear


def target(server: FakeServer, password: str = PASSWORD) -> Target:
    return Target(url=server.url, user="lee", password=password)


def test_signs_in_with_the_password_and_forgets_it(server: FakeServer) -> None:
    goal = target(server)

    async def work(client: Client, ear: Ear) -> None:
        await ear.until(lambda: bool(ear.frames(Snapshot)))

    ear = asyncio.run(_with_client(server, goal, work))
    assert ear.frames(Welcome) and (goal.token, goal.password) == ("token", "")
    hello = server.received[0]
    assert isinstance(hello, Hello) and (hello.user, hello.password, hello.token) == ("lee", PASSWORD, "")
    assert PASSWORD not in repr(goal)


def test_the_delay_is_measured_at_once(server: FakeServer) -> None:
    async def work(client: Client, ear: Ear) -> None:
        await ear.until(lambda: any(isinstance(e, Changed) and e.latency_ms is not None for e in ear.events))

    asyncio.run(_with_client(server, target(server), work))


def test_comes_back_with_the_token_after_a_cut(server: FakeServer) -> None:
    async def work(client: Client, ear: Ear) -> None:
        await ear.until(lambda: len(ear.frames(Snapshot)) == 1)
        server.drop()
        await ear.until(lambda: len(ear.frames(Snapshot)) == 2)

    ear = asyncio.run(_with_client(server, target(server), work))
    hellos = [frame for frame in server.received if isinstance(frame, Hello)]
    assert [(hello.password, hello.token) for hello in hellos] == [(PASSWORD, ""), ("", "token")]
    assert Connection.RECONNECTING in ear.states()


def test_a_refusal_ends_the_attempts(server: FakeServer) -> None:
    ear = Ear()

    async def work() -> None:
        async with asyncio.timeout(30):
            await Client(ear.hear).run(target(server, "wrong"))

    asyncio.run(work())
    (denied,) = ear.frames(Denied)
    assert isinstance(denied, Denied) and denied.code == "wrong_credentials"
    assert ear.states()[-1] is Connection.OFFLINE and server.connections == 0


def test_without_a_connection_nothing_is_queued(server: FakeServer) -> None:
    """The store keeps what is outstanding; a second memory here would send things twice."""

    async def work(client: Client, ear: Ear) -> None:
        client.send(CommandFrame(id="early", body=SetReady()))
        await ear.until(lambda: bool(ear.frames(Snapshot)))
        client.send(CommandFrame(id="late", body=SetReady()))
        while server.ids(SetReady) != ["late"]:
            assert "early" not in server.ids(SetReady)
            await asyncio.sleep(0.01)

    asyncio.run(_with_client(server, target(server), work))


def test_a_server_that_is_not_there_yet_is_tried_again() -> None:
    async def work(client: Client, ear: Ear) -> None:
        await ear.until(lambda: ear.states().count(Connection.CONNECTING) >= 3)

    goal = Target(url="ws://127.0.0.1:9", user="lee", password="x")
    asyncio.run(_with_client(None, goal, work))  # type: ignore[arg-type]


def test_back_off_doubles_with_jitter_up_to_its_limit() -> None:
    assert backoff_s(1, 0.5) == 0.2 and backoff_s(2, 0.5) == 0.4
    assert backoff_s(30, 1.0) == 1.5 * BACKOFF_MAX_S and backoff_s(30, 0.0) == 0.5 * BACKOFF_MAX_S
