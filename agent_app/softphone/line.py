"""The SIP side of a phone: one line, registered or not, with one call at a time. Shell of ``cti_server.sip``'s user
agent.

Decides that a second call gets "busy here", and what an offer is answered with. Knows no window and no sound card.
"""

import asyncio
import contextlib
import secrets
import socket
import time
from typing import Protocol

import msgspec

from cti_server.sip import events as ev
from cti_server.sip.commands import Credentials, OutboundCall, Registration
from cti_server.sip.config import Config, Listener
from cti_server.sip.errors import SipError
from cti_server.sip.flow import Address, Flow, Outgoing
from cti_server.sip.offer_answer import Agreed, LocalMedia, Negotiator
from cti_server.sip.policy import Accept, Ignore, RequestInfo, Verdict
from cti_server.sip.user_agent import UserAgent

REGISTRATION = 1
REGISTER_EXPIRES_S = 120
HELD_MAX = 200


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Where to register, and as whom. ``transport``: udp or tcp. ``user`` empty: a line that only calls."""

    host: str
    port: int
    transport: str = "udp"
    extension: str = ""
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Account(host={self.host!r}, extension={self.extension!r})"


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls: ``call`` is the server's id (X-Ieum-Call), 0 unknown; ``auto_answer``: asked for by the agent
    himself.
    """

    number: str
    name: str
    call: int
    auto_answer: bool


class LineUser(Protocol):
    """What a line tells its owner. Every call ends with exactly one ``call_ended``."""

    def registration_changed(self, state: str, reason: str) -> None: ...

    def call_ringing(self, caller: Caller) -> None: ...

    def call_alerting(self) -> None:
        """The other side rings (a call that we placed)."""

    def call_established(self, agreed: Agreed) -> None:
        """Answered, by us or by them."""

    def media_changed(self, agreed: Agreed) -> None: ...

    def call_ended(self, ended_by: str, status: int) -> None:
        """``ended_by``: ours, theirs, cancelled, failed."""


class _OnlyServer:
    """A phone speaks with its own server and with nobody else."""

    def __init__(self) -> None:
        self.address: Address | None = None

    def admit(self, request: RequestInfo) -> Verdict:
        if self.address is not None and request.flow.remote.host != self.address.host:
            return Ignore()
        return Accept()

    def ha1(self, username: str, realm: str, algorithm: str) -> str | None:
        return None

    def authorise(self, request: RequestInfo, username: str) -> Verdict:
        return Accept()

    def address_of_record(self, request: RequestInfo) -> str | None:
        return None


class Line(asyncio.DatagramProtocol):
    """``open`` first. Orders that no longer fit (the call has just ended) do nothing."""

    def __init__(self, user: LineUser) -> None:
        self._user = user
        self._policy = _OnlyServer()
        self._account: Account | None = None
        self._local_host = "127.0.0.1"
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.StreamWriter | None = None
        self._tcp_task: asyncio.Task[None] | None = None
        self._connection = 0
        self._waiting: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        self._agent: UserAgent | None = None
        self._next_leg = 1
        self._leg: int | None = None
        self._negotiator: Negotiator | None = None
        self._offer: bytes | None = None
        self._is_established = False
        self._is_ended_by_us = False
        self._server: Flow

    # --- life -----------------------------------------------------------------------------------------------------

    async def open(self, account: Account) -> str:
        """Bind towards the server; the local address that it can reach us at. Raises OSError."""
        await self.close()
        self._account = account
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(account.host, account.port, type=socket.SOCK_DGRAM)
        remote = Address(str(found[0][4][0]), account.port)
        self._policy.address = remote
        self._local_host = _local_address_towards(remote)
        self._udp, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self._local_host, 0))
        bound = Address(self._local_host, int(self._udp.get_extra_info("sockname")[1]))
        udp = Listener(transport="udp", bound=bound, advertised=bound)
        tcp = Listener(transport="tcp", bound=bound, advertised=bound)
        listeners = (tcp, udp) if account.transport == "tcp" else (udp,)
        config = Config(listeners=listeners, user_agent="Ieum phone", contact_user=account.extension)
        self._agent = UserAgent(config, policy=self._policy, rng=secrets.SystemRandom(), new_leg=self._new_leg)
        transport = "tcp" if account.transport == "tcp" else "udp"
        self._server = Flow(transport=transport, remote=remote, local=bound)  # type: ignore[arg-type]  # literal above
        return self._local_host

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

    def register(self) -> None:
        """Register the account and keep it registered."""
        account, agent = self._account, self._agent
        if account is None or agent is None:
            return
        self._user.registration_changed("registering", "")
        registration = Registration(
            registrar=f"sip:{account.host}:{account.port}",
            account=f"sip:{account.extension}@{account.host}",
            credentials=Credentials(username=account.user, password=account.password),
            expires_s=REGISTER_EXPIRES_S,
            flow=self._server,
        )
        agent.register(REGISTRATION, registration, _now_us())
        self._pump()

    def unregister(self) -> None:
        if self._agent is not None:
            with contextlib.suppress(SipError):
                self._agent.unregister(REGISTRATION, _now_us())
            self._pump()

    def _new_leg(self) -> int:
        self._next_leg += 1
        return self._next_leg

    # --- the call -------------------------------------------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        return self._leg is not None

    @property
    def local_host(self) -> str:
        return self._local_host

    def place(self, number: str, *, media_port: int, caller_number: str = "", caller_name: str = "") -> None:
        """Call a number of the server."""
        assert self._agent is not None
        assert self._account is not None
        self._begin(self._new_leg())
        negotiator = self._negotiator = self._new_negotiator(media_port)
        shown = caller_number or self._account.extension or "anonymous"
        call = OutboundCall(
            target=f"sip:{number}@{self._account.host}:{self._account.port}",
            from_uri=f"sip:{shown}@{self._local_host}",
            from_display=caller_name,
            sdp=negotiator.offer(),
            flow=self._server,
            credentials=Credentials(username=self._account.user, password=self._account.password)
            if self._account.user
            else None,
        )
        assert self._leg is not None
        self._agent.place_call(self._leg, call, _now_us())
        self._pump()

    def answer(self, *, media_port: int) -> None:
        """Accept the ringing call."""
        if self._leg is None or self._agent is None or self._is_established or self._negotiator is not None:
            return
        negotiator = self._negotiator = self._new_negotiator(media_port)
        agreed: Agreed | None = None
        try:
            if self._offer is None:
                said = negotiator.offer()
            else:
                said, agreed = negotiator.answer(self._offer)
            self._agent.answer(self._leg, said, _now_us())
        except SipError:
            self.hang_up()
            return
        if agreed is not None:
            self._is_established = True
            self._user.call_established(agreed)
        self._pump()

    def hang_up(self) -> None:
        """End, cancel or reject the call, whichever fits."""
        if self._leg is None or self._agent is None:
            return
        self._is_ended_by_us = True
        with contextlib.suppress(SipError):
            if self._negotiator is None and not self._is_established:
                self._agent.reject(self._leg, 486, _now_us())
            else:
                self._agent.hang_up(self._leg, _now_us())
        self._pump()

    def send_info(self, content_type: str, body: bytes) -> None:
        """INFO in the call, for digits by ``application/dtmf-relay``."""
        if self._leg is not None and self._agent is not None:
            with contextlib.suppress(SipError):
                self._agent.send_info(self._leg, content_type, body, _now_us())
            self._pump()

    def _begin(self, leg: int) -> None:
        self._leg = leg
        self._negotiator = None
        self._offer = None
        self._is_established = False
        self._is_ended_by_us = False

    def _new_negotiator(self, port: int) -> Negotiator:
        return Negotiator(media=LocalMedia(address=self._local_host, port=port), session_id=secrets.randbits(40) + 1)

    # --- what happened --------------------------------------------------------------------------------------------

    def _happened(self, event: ev.Event) -> None:
        match event:
            case ev.IncomingCall():
                self._incoming(event)
            case ev.Registered():
                self._user.registration_changed("registered", "")
            case ev.RegistrationFailed():
                state = "registering" if event.retry_in_s else "failed"
                self._user.registration_changed(state, f"{event.status} {event.reason}")
            case ev.Unregistered():
                self._user.registration_changed("none", "")
            case ev.Provisional() if event.leg == self._leg and event.status >= 180:
                self._user.call_alerting()
            case ev.Established() | ev.SessionChanged() if event.leg == self._leg:
                self._accepted(event.sdp)
            case ev.Confirmed() if event.leg == self._leg and event.sdp is not None:
                self._accepted(event.sdp)
            case ev.Reoffered() if event.leg == self._leg:
                self._reoffered(event)
            case ev.Failed() | ev.Cleared() if event.leg == self._leg:
                self._ended(event)
            case _:
                pass

    def _incoming(self, event: ev.IncomingCall) -> None:
        assert self._agent is not None
        if self.is_busy:
            self._agent.reject(event.leg, 486, _now_us())
            return
        self._begin(event.leg)
        self._offer = event.sdp
        self._agent.ring(event.leg, _now_us())
        headers = {name.lower(): value for name, value in event.headers}
        number = headers.get("x-ieum-call", "")
        self._user.call_ringing(
            Caller(
                number=event.from_uri.name,
                name=event.from_display,
                call=int(number) if number.isascii() and number.isdigit() and len(number) < 20 else 0,
                auto_answer="answer-after=0" in headers.get("call-info", ""),
            )
        )

    def _accepted(self, sdp: bytes | None) -> None:
        if self._negotiator is None or sdp is None:
            return
        try:
            agreed = self._negotiator.accept(sdp)
        except SipError:
            self.hang_up()
            return
        if self._is_established:
            self._user.media_changed(agreed)
        else:
            self._is_established = True
            self._user.call_established(agreed)

    def _reoffered(self, event: ev.Reoffered) -> None:
        assert self._agent is not None
        if self._negotiator is None:
            self._agent.reject_reoffer(event.leg, _now_us())
            return
        try:
            if event.sdp is None:
                said = self._negotiator.offer()
            else:
                said, agreed = self._negotiator.answer(event.sdp)
                self._user.media_changed(agreed)
        except SipError:
            self._agent.reject_reoffer(event.leg, _now_us())
            return
        self._agent.answer_reoffer(event.leg, said, _now_us())

    def _ended(self, event: ev.Failed | ev.Cleared) -> None:
        was_established = self._is_established
        self._leg = None
        status = event.status if isinstance(event, ev.Failed) else 200
        if self._is_ended_by_us:
            ended_by = "ours"
        elif event.cause is ev.Cause.PEER:
            ended_by = "theirs" if was_established or isinstance(event, ev.Cleared) else "cancelled"
            if isinstance(event, ev.Failed) and self._negotiator is not None:
                ended_by = "failed"
        else:
            ended_by = "failed"
        self._user.call_ended(ended_by, status)

    # --- sockets and time -----------------------------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: tuple[str | bytes, int]) -> None:
        if self._agent is None:
            return
        local = self._server.local
        remote = Address(str(addr[0]), addr[1])
        self._agent.receive(data, Flow(transport="udp", remote=remote, local=local), _now_us())
        self._pump()

    def _pump(self) -> None:
        assert self._agent is not None
        while True:
            for out in self._agent.outgoing():
                self._send(out)
            event = self._agent.next_event()
            if event is None:
                break
            self._happened(event)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._agent.next_deadline()
        if deadline is not None:
            delay_s = max(0, deadline - _now_us()) / 1_000_000
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._due)

    def _due(self) -> None:
        self._timer = None
        if self._agent is not None:
            self._agent.handle_deadline(_now_us())
            self._pump()

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
        self._connection += 1
        flow = msgspec.structs.replace(self._server, connection=self._connection)
        try:
            async with asyncio.timeout(8):
                reader, writer = await asyncio.open_connection(flow.remote.host, flow.remote.port)
            self._tcp = writer
            for data in self._waiting:
                writer.write(data)
            self._waiting.clear()
            while data := await reader.read(65_536):
                assert self._agent is not None
                self._agent.receive(data, flow, _now_us())
                self._pump()
        except (OSError, TimeoutError):
            pass
        finally:
            if self._tcp is not None:
                self._tcp.close()
            self._tcp = None
            self._waiting.clear()
        if self._agent is not None:
            self._agent.connection_lost(flow, _now_us())
            self._pump()


def _now_us() -> int:
    return time.monotonic_ns() // 1000


def _local_address_towards(remote: Address) -> str:
    """The address that the operating system would send from."""
    family = socket.AF_INET6 if ":" in remote.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((remote.host, remote.port))
        return str(probe.getsockname()[0])
