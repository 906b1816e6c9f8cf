"""UDP and TCP sockets below the SIP user agent. Decides when a connection is opened and given up; knows no SIP.

A connection is closed when its peer says nothing at first, when nobody needs it and nothing came for a while, or when
the peer reads too slowly. One address may have only so many, so that it cannot take them all.
"""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Callable, Collection, Coroutine
from functools import lru_cache
from typing import cast

import structlog

from cti_server.sip.flow import Address, Flow, Outgoing

log = structlog.get_logger(__name__)

CONNECTIONS_MAX = 2_000
CONNECTIONS_OF_AN_ADDRESS_MAX = 500
"""Accepted from one address: an office of phones behind one gateway, but not everything that there is."""
SPEAK_WITHIN_S = 15.0
"""A peer that connects has so long for its first bytes."""
IDLE_S = 180.0
"""A connection that no call, registration or transaction uses is closed when nothing came for so long."""
SWEEP_EVERY_S = 5.0
CONNECT_TIMEOUT_S = 8.0
HELD_BYTES_MAX = 1024 * 1024
"""What may wait for a slow TCP peer; beyond this its connection is cut."""
NAMES_MAX = 1_000
"""Names that were looked up; peers may write any into their messages."""
FREE_PORT_TRIES = 20
RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024

OnReceived = Callable[[bytes, Flow], None]
OnLost = Callable[[Flow], None]
InUse = Callable[[], Collection[int]]
"""The numbers of the connections that somebody needs."""


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, local: Address, on_received: OnReceived) -> None:
        self._local = local
        self._on_received = on_received
        self._flows: dict[tuple[str, int], Flow] = {}

    def datagram_received(self, data: bytes, addr: tuple[str | bytes, int]) -> None:
        host = addr[0] if isinstance(addr[0], str) else addr[0].decode()
        key = (host, addr[1])
        flow = self._flows.get(key)
        if flow is None:
            if len(self._flows) > 10_000:
                self._flows.clear()
            flow = self._flows[key] = Flow(transport="udp", remote=Address(host, addr[1]), local=self._local)
        self._on_received(data, flow)


class _Tcp(asyncio.Protocol):
    """One connection, accepted or opened."""

    def __init__(self, sockets: "SipSockets", flow: Flow | None) -> None:
        self._sockets = sockets
        self.flow = flow
        self.is_accepted = flow is None
        self.has_spoken = False
        self.heard_at = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.heard_at = asyncio.get_running_loop().time()
        if self.flow is None:
            peer = transport.get_extra_info("peername")
            self.flow = self._sockets.new_flow(Address(peer[0], peer[1]))
        if not self._sockets.remember(self.flow, self):
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        assert self.flow is not None
        self.has_spoken = True
        self.heard_at = asyncio.get_running_loop().time()
        self._sockets.received(data, self.flow)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.flow is not None:
            self._sockets.lost(self.flow)

    def is_silent(self, now: float) -> bool:
        """Was never heard of, though it should have been."""
        return self.is_accepted and not self.has_spoken and now - self.heard_at >= SPEAK_WITHIN_S

    def is_idle(self, now: float) -> bool:
        return now - self.heard_at >= IDLE_S

    def send(self, data: bytes, *, close: bool) -> None:
        assert self.transport is not None
        if self.transport.get_write_buffer_size() > HELD_BYTES_MAX:
            self.transport.abort()
            return
        self.transport.write(data)
        if close:
            self.transport.close()


class SipSockets:
    """``bind``, then ``open``; ``send`` never blocks. Callbacks come from the event loop."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        has_tcp: bool,
        on_received: OnReceived,
        on_lost: OnLost,
        in_use: InUse = tuple,
    ) -> None:
        self.local = Address(host, port)
        self.received = on_received
        self._on_lost = on_lost
        self._in_use = in_use
        self._has_tcp = has_tcp
        self._udp_socket: socket.socket | None = None
        self._tcp_socket: socket.socket | None = None
        self._udp: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None
        self._connections: dict[int, _Tcp] = {}
        self._by_remote: dict[Address, int] = {}
        self._accepted_from: dict[str, int] = {}
        self._refused: dict[str, int] = {}
        self._sweep_timer: asyncio.TimerHandle | None = None
        self._waiting: dict[Address, list[Outgoing]] = {}
        self._names: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._next_connection = 1

    def bind(self) -> None:
        """Take the port; nothing is read yet. Raises OSError. Port 0 takes a free one; ``local`` then says which."""
        tries = FREE_PORT_TRIES if self.local.port == 0 else 1
        for tries_left in reversed(range(tries)):
            try:
                self._bind(self.local)
                return
            except OSError:  # a port that is free for UDP may be taken for TCP
                self._unbind()
                if not tries_left:
                    raise

    def _bind(self, wanted: Address) -> None:
        family = socket.AF_INET6 if ":" in wanted.host else socket.AF_INET
        self._udp_socket = socket.socket(family, socket.SOCK_DGRAM)
        self._udp_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        self._udp_socket.setblocking(False)
        self._udp_socket.bind((wanted.host, wanted.port))
        bound = Address(wanted.host, int(self._udp_socket.getsockname()[1]))
        if self._has_tcp:
            self._tcp_socket = socket.socket(family, socket.SOCK_STREAM)
            self._tcp_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._tcp_socket.bind((bound.host, bound.port))
        self.local = bound

    def _unbind(self) -> None:
        for bound in (self._udp_socket, self._tcp_socket):
            if bound is not None:
                bound.close()
        self._udp_socket = self._tcp_socket = None

    async def open(self) -> None:
        """Begin to read and to accept."""
        loop = asyncio.get_running_loop()
        assert self._udp_socket is not None
        self._udp, _ = await loop.create_datagram_endpoint(
            lambda: _Udp(self.local, self.received), sock=self._udp_socket
        )
        if self._tcp_socket is not None:
            self._server = await loop.create_server(lambda: _Tcp(self, None), sock=self._tcp_socket)
            self._sweep_timer = loop.call_later(SWEEP_EVERY_S, self._sweep)

    async def close(self) -> None:
        """Give the sockets back; what was handed to the kernel still goes out."""
        if self._sweep_timer is not None:
            self._sweep_timer.cancel()
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections.values()):
            if connection.transport is not None:
                connection.transport.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._udp is not None:
            self._udp.close()
        self._unbind()
        await asyncio.sleep(0)

    def send(self, out: Outgoing) -> None:
        """One message on its way. What cannot be sent is reported as a lost flow."""
        host = self._names.get(out.flow.remote.host, out.flow.remote.host)
        if not _is_address(host):
            self._start(self._resolve(out))
        elif (":" in host) != (":" in self.local.host):
            # Asking uvloop to send there raises, and a peer may write any address into its Contact.
            log.info("sip_address_of_another_family", transport=out.flow.transport)
            self._later_lost(out.flow)
        elif out.flow.is_stream:
            self._send_stream(out)
        elif self._udp is not None:
            self._udp.sendto(out.data, (host, out.flow.remote.port))
        elif self._udp_socket is not None:
            # Bound, and not heard yet: a phone that rang when the last process died is told so now, not by a repeat.
            with contextlib.suppress(OSError):
                self._udp_socket.sendto(out.data, (host, out.flow.remote.port))

    # --- streams --------------------------------------------------------------------------------------------------

    def new_flow(self, remote: Address) -> Flow:
        number = self._next_connection
        self._next_connection += 1
        return Flow(transport="tcp", remote=remote, local=self.local, connection=number)

    def remember(self, flow: Flow, connection: _Tcp) -> bool:
        if len(self._connections) >= CONNECTIONS_MAX:
            return False
        if connection.is_accepted:
            host = flow.remote.host
            if self._accepted_from.get(host, 0) >= CONNECTIONS_OF_AN_ADDRESS_MAX:
                self._refused[host] = self._refused.get(host, 0) + 1
                return False
            self._accepted_from[host] = self._accepted_from.get(host, 0) + 1
        self._connections[flow.connection] = connection
        self._by_remote[flow.remote] = flow.connection
        return True

    def lost(self, flow: Flow) -> None:
        connection = self._connections.pop(flow.connection, None)
        if connection is not None and connection.is_accepted:
            self._accepted_from[flow.remote.host] -= 1
            if not self._accepted_from[flow.remote.host]:
                del self._accepted_from[flow.remote.host]
        if self._by_remote.get(flow.remote) == flow.connection:
            del self._by_remote[flow.remote]
        self._on_lost(flow)

    def _sweep(self) -> None:
        """Closes what nobody needs. A peer that is reached over a connection keeps it, however quiet it is."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._sweep_timer = loop.call_later(SWEEP_EVERY_S, self._sweep)
        for host, count in self._refused.items():
            log.warning("sip_too_many_connections", host=host, refused=count)
        self._refused.clear()
        quiet = [one for one in self._connections.values() if one.is_silent(now) or one.is_idle(now)]
        needed = self._in_use() if quiet else ()
        for one in quiet:
            if one.is_silent(now) or (one.flow is not None and one.flow.connection not in needed):
                assert one.transport is not None
                one.transport.abort()

    def _send_stream(self, out: Outgoing) -> None:
        number = out.flow.connection or self._by_remote.get(out.flow.remote, 0)
        connection = self._connections.get(number)
        if connection is not None:
            connection.send(out.data, close=out.close)
        elif out.flow.connection:
            self._later_lost(out.flow)
        elif out.flow.remote in self._waiting:
            self._waiting[out.flow.remote].append(out)
        else:
            self._waiting[out.flow.remote] = [out]
            self._start(self._connect(out.flow))

    async def _connect(self, flow: Flow) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                host = self._names.get(flow.remote.host, flow.remote.host)
                await loop.create_connection(lambda: _Tcp(self, self.new_flow(flow.remote)), host, flow.remote.port)
        except (OSError, TimeoutError) as error:
            log.info("sip_connect_failed", host=flow.remote.host, port=flow.remote.port, error=str(error))
            self._waiting.pop(flow.remote, None)
            self._on_lost(flow)
            return
        waiting = self._waiting.pop(flow.remote, [])
        if flow.remote not in self._by_remote:  # closed again at once, or one connection too many: not tried for ever
            self._on_lost(flow)
            return
        for out in waiting:
            self._send_stream(out)

    def _later_lost(self, flow: Flow) -> None:
        """Not from within ``send``: whoever sends is in the middle of something."""
        asyncio.get_running_loop().call_soon(self._on_lost, flow)

    # --- names ----------------------------------------------------------------------------------------------------

    def moved(self, host: str, addresses: Collection[str]) -> None:
        """A name stands for these now: what was found before is forgotten, unless it is among them."""
        if self._names.get(host) not in addresses:
            self._names.pop(host, None)

    async def _resolve(self, out: Outgoing) -> None:
        host = out.flow.remote.host
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                family = socket.AF_INET6 if ":" in self.local.host else socket.AF_INET
                found = await loop.getaddrinfo(host, out.flow.remote.port, family=family, type=socket.SOCK_DGRAM)
            if len(self._names) >= NAMES_MAX:
                self._names.clear()
            self._names[host] = str(found[0][4][0])
        except (OSError, TimeoutError) as error:
            log.warning("sip_name_not_resolved", host=host, error=str(error))
            self._on_lost(out.flow)
            return
        self.send(out)

    def _start(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@lru_cache(maxsize=4096)
def _is_address(host: str) -> bool:
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host)
        return True
    return False


async def addresses_of(host: str) -> tuple[str, ...]:
    """All addresses of a name, or the address itself. A name that nobody knows has none, and that is logged."""
    if _is_address(host):
        return (host,)
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except (OSError, TimeoutError) as error:
        log.warning("sip_name_not_resolved", host=host, error=str(error))
        return ()
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
