"""The sockets below the user agent: what cannot be sent is told as a lost flow, and never raises at the sender."""

import asyncio
import contextlib
import socket

import pytest
import uvloop

from cti_server.sip.flow import Address, Flow, Outgoing
from cti_server.switch.embedded.sip_sockets import SipSockets

TIMEOUT_S = 20.0


class Peer:
    """The sockets with what they reported."""

    def __init__(self) -> None:
        self.lost: list[Flow] = []
        self.needed: set[int] = set()
        self.heard: list[Flow] = []
        self.writers: list[asyncio.StreamWriter] = []
        self.changed = asyncio.Event()
        self.sockets = SipSockets(
            host="127.0.0.1",
            port=0,
            has_tcp=True,
            on_received=self._received,
            on_lost=self._lost,
            in_use=lambda: self.needed,
        )

    def _received(self, data: bytes, flow: Flow) -> None:
        self.heard.append(flow)
        self.changed.set()

    async def connect(self, *, says: bytes = b"") -> asyncio.StreamReader:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.sockets.local.port)
        self.writers.append(writer)
        writer.write(says)
        return reader

    async def close(self) -> None:
        await self.sockets.close()
        for writer in self.writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def until_heard(self, count: int) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while len(self.heard) < count:
                self.changed.clear()
                await self.changed.wait()

    def _lost(self, flow: Flow) -> None:
        self.lost.append(flow)
        self.changed.set()

    def flow(self, transport: str, host: str, port: int) -> Flow:
        kind = "tcp" if transport == "tcp" else "udp"
        return Flow(transport=kind, remote=Address(host, port), local=self.sockets.local)  # type: ignore[arg-type]  # one of the two

    async def loses(self, flow: Flow) -> None:
        """Send over it; it is reported lost, and not before ``send`` returned."""
        known = len(self.lost)
        self.sockets.send(Outgoing(data=b"OPTIONS", flow=flow))
        assert len(self.lost) == known
        async with asyncio.timeout(TIMEOUT_S):
            while flow not in self.lost[known:]:
                self.changed.clear()
                await self.changed.wait()


async def opened() -> Peer:
    peer = Peer()
    peer.sockets.bind()
    await peer.sockets.open()
    return peer


def test_a_name_that_moved_is_looked_up_anew_and_one_that_did_not_is_not() -> None:
    peer = Peer()
    peer.sockets._names.update({"moved": "192.0.2.1", "stayed": "192.0.2.2"})
    peer.sockets.moved("moved", ("192.0.2.9",))
    peer.sockets.moved("stayed", ("192.0.2.9", "192.0.2.2"))
    peer.sockets.moved("never used", ("192.0.2.9",))
    assert peer.sockets._names == {"stayed": "192.0.2.2"}


def test_what_is_said_before_anything_is_heard_goes_out() -> None:
    """A new process lets phones go that rang for the last one before it begins to hear."""
    peer = Peer()
    peer.sockets.bind()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        other.settimeout(TIMEOUT_S)
        peer.sockets.send(Outgoing(data=b"CANCEL", flow=peer.flow("udp", *other.getsockname())))
        assert other.recv(100) == b"CANCEL"
    asyncio.run(peer.sockets.close())


def test_an_address_of_another_family_is_a_lost_flow_and_the_socket_lives_on() -> None:
    """A peer may write an IPv6 address into its Contact although it was reached over IPv4."""

    async def run() -> None:
        peer = await opened()
        try:
            await peer.loses(peer.flow("udp", "2001:db8::1", 5060))
            await peer.loses(peer.flow("tcp", "2001:db8::1", 5060))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.bind(("127.0.0.1", 0))
                other.settimeout(TIMEOUT_S)
                port = int(other.getsockname()[1])
                peer.sockets.send(Outgoing(data=b"still there", flow=peer.flow("udp", "127.0.0.1", port)))
                assert await asyncio.to_thread(other.recv, 100) == b"still there"
        finally:
            await peer.sockets.close()

    uvloop.run(run())


def test_a_name_is_resolved_to_an_address_that_the_socket_can_reach() -> None:
    """`localhost` is ::1 first on many machines."""

    async def run() -> None:
        peer = await opened()
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.bind(("127.0.0.1", 0))
                other.settimeout(TIMEOUT_S)
                port = int(other.getsockname()[1])
                peer.sockets.send(Outgoing(data=b"hello", flow=peer.flow("udp", "localhost", port)))
                assert await asyncio.to_thread(other.recv, 100) == b"hello"
        finally:
            await peer.sockets.close()

    uvloop.run(run())


def test_no_connection_is_opened_for_ever_where_there_is_room_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> int:
        accepted = 0

        def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal accepted
            accepted += 1
            writer.close()

        server = await asyncio.start_server(count, "127.0.0.1", 0)
        peer = await opened()
        try:
            flow = peer.flow("tcp", "127.0.0.1", int(server.sockets[0].getsockname()[1]))
            await peer.loses(flow)
            for _ in range(50):
                await asyncio.sleep(0)
            return accepted
        finally:
            await peer.sockets.close()
            server.close()

    monkeypatch.setattr("cti_server.switch.embedded.sip_sockets.CONNECTIONS_MAX", 0)
    assert uvloop.run(run()) <= 1


SOCKETS = "cti_server.switch.embedded.sip_sockets."


async def _closed(reader: asyncio.StreamReader) -> bool:
    """It is, in the end."""
    async with asyncio.timeout(TIMEOUT_S):
        try:
            return await reader.read() == b""
        except ConnectionResetError:
            return True


def test_a_peer_that_says_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        peer = await opened()
        try:
            speaking = await peer.connect(says=b"OPTIONS")
            await peer.until_heard(1)
            peer.needed = {peer.heard[0].connection}
            silent = await peer.connect()
            assert await _closed(silent)
            assert not speaking.at_eof()
        finally:
            await peer.close()

    monkeypatch.setattr(SOCKETS + "SPEAK_WITHIN_S", 0.0)
    monkeypatch.setattr(SOCKETS + "SWEEP_EVERY_S", 0.02)
    uvloop.run(run())


def test_an_idle_connection_is_closed_unless_somebody_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        peer = await opened()
        try:
            kept = await peer.connect(says=b"REGISTER")
            await peer.until_heard(1)
            peer.needed = {peer.heard[0].connection}
            monkeypatch.setattr(SOCKETS + "IDLE_S", 0.0)
            unneeded = await peer.connect(says=b"OPTIONS")
            assert await _closed(unneeded)
            assert not kept.at_eof()
            peer.needed = set()
            assert await _closed(kept)
            assert len(peer.lost) == 2, "the user agent hears of both"
        finally:
            await peer.close()

    monkeypatch.setattr(SOCKETS + "SWEEP_EVERY_S", 0.02)
    uvloop.run(run())


def test_one_address_cannot_take_all_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        peer = await opened()
        try:
            for _ in range(2):
                await peer.connect(says=b"OPTIONS")
            await peer.until_heard(2)
            refused = await peer.connect(says=b"OPTIONS")
            assert await _closed(refused)
            peer.writers[0].close()
            await peer.loses(peer.heard[0])
            again = await peer.connect(says=b"OPTIONS")
            await peer.until_heard(3)
            assert not again.at_eof(), "there is room again"
        finally:
            await peer.close()

    monkeypatch.setattr(SOCKETS + "CONNECTIONS_OF_AN_ADDRESS_MAX", 2)
    uvloop.run(run())
