"""A phone's sockets towards its one server, and the user agent on them. Decides nothing about calls.

One UDP socket; one TCP connection, opened when it is needed; one timer. Host names are resolved here.
"""

import asyncio
import secrets
import socket
import time
from collections.abc import Callable

import msgspec

from agent_app.softphone.account import Account
from cti_server.sip.config import Config, Listener
from cti_server.sip.events import Event
from cti_server.sip.flow import Address, Flow, Outgoing
from cti_server.sip.policy import Accept, Ignore, RequestInfo, Verdict
from cti_server.sip.user_agent import UserAgent

HELD_MAX = 200
CONNECT_TIMEOUT_S = 8.0


class _OnlyServer:
    """A phone speaks with its own server and with nobody else."""

    def __init__(self, server: Address) -> None:
        self._server = server

    def admit(self, request: RequestInfo) -> Verdict:
        return Accept() if request.flow.remote.host == self._server.host else Ignore()

    def ha1(self, username: str, realm: str, algorithm: str) -> str | None:
        return None

    def authorise(self, request: RequestInfo, username: str) -> Verdict:
        return Accept()

    def address_of_record(self, request: RequestInfo) -> str | None:
        return None


class SipTransport(asyncio.DatagramProtocol):
    """``open`` first; then ``agent`` takes orders, and ``pump`` follows each of them."""

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        self.agent: UserAgent | None = None
        self.local_host = "127.0.0.1"
        self.server: Flow
        self._on_event = on_event
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.StreamWriter | None = None
        self._tcp_task: asyncio.Task[None] | None = None
        self._connection = 0
        self._waiting: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        self._legs = 1

    def new_leg(self) -> int:
        self._legs += 1
        return self._legs

    async def open(self, account: Account) -> None:
        """Bind towards the server. Raises OSError."""
        await self.close()
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(account.host, account.port, type=socket.SOCK_DGRAM)
        remote = Address(str(found[0][4][0]), account.port)
        self.local_host = _local_address_towards(remote)
        self._udp, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self.local_host, 0))
        bound = Address(self.local_host, int(self._udp.get_extra_info("sockname")[1]))
        udp = Listener(transport="udp", bound=bound, advertised=bound)
        tcp = Listener(transport="tcp", bound=bound, advertised=bound)
        is_tcp = account.transport == "tcp"
        config = Config(
            listeners=(tcp, udp) if is_tcp else (udp,), user_agent="Ieum phone", contact_user=account.extension
        )
        self.agent = UserAgent(config, policy=_OnlyServer(remote), rng=secrets.SystemRandom(), new_leg=self.new_leg)
        self.server = Flow(transport="tcp" if is_tcp else "udp", remote=remote, local=bound)

    async def close(self) -> None:
        """Give the sockets back."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._tcp_task is not None:
            self._tcp_task.cancel()
            await asyncio.gather(self._tcp_task, return_exceptions=True)
            self._tcp_task = None
        if self._udp is not None:
            self._udp.close()
            self._udp = None

    def pump(self) -> None:
        """Send what is to be sent, report what happened, set the timer."""
        assert self.agent is not None
        while True:
            for out in self.agent.outgoing():
                self._send(out)
            event = self.agent.next_event()
            if event is None:
                break
            self._on_event(event)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self.agent.next_deadline()
        if deadline is not None:
            delay_s = max(0, deadline - now_us()) / 1_000_000
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._due)

    def datagram_received(self, data: bytes, addr: tuple[str | bytes, int]) -> None:
        if self.agent is None:
            return
        flow = Flow(transport="udp", remote=Address(str(addr[0]), addr[1]), local=self.server.local)
        self.agent.receive(data, flow, now_us())
        self.pump()

    def _due(self) -> None:
        self._timer = None
        if self.agent is not None:
            self.agent.handle_deadline(now_us())
            self.pump()

    def _send(self, out: Outgoing) -> None:
        if out.flow.is_stream:
            self._send_stream(out)
        elif self._udp is not None:
            self._udp.sendto(out.data, (out.flow.remote.host, out.flow.remote.port))

    def _send_stream(self, out: Outgoing) -> None:
        if self._tcp is not None:
            self._tcp.write(out.data)
            return
        if len(self._waiting) < HELD_MAX:
            self._waiting.append(out.data)
        if self._tcp_task is None or self._tcp_task.done():
            self._tcp_task = asyncio.get_running_loop().create_task(self._serve_stream())

    async def _serve_stream(self) -> None:
        """The one TCP connection to the server: opened when needed, its end reported."""
        assert self.agent is not None
        self._connection += 1
        flow = msgspec.structs.replace(self.server, connection=self._connection)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                reader, self._tcp = await asyncio.open_connection(flow.remote.host, flow.remote.port)
            for data in self._waiting:
                self._tcp.write(data)
            self._waiting.clear()
            while data := await reader.read(65_536):
                self.agent.receive(data, flow, now_us())
                self.pump()
        except (OSError, TimeoutError):
            pass  # said below: the connection is lost, however
        finally:
            if self._tcp is not None:
                self._tcp.close()
            self._tcp = None
            self._waiting.clear()
        self.agent.connection_lost(flow, now_us())
        self.pump()


def now_us() -> int:
    """Monotonic microseconds: the phone's one scale of time."""
    return time.monotonic_ns() // 1000


def _local_address_towards(remote: Address) -> str:
    """The address that the operating system would send from."""
    family = socket.AF_INET6 if ":" in remote.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((remote.host, remote.port))
        return str(probe.getsockname()[0])
