"""Two or more user agents in one virtual world: helpers that read as sentences. Decides nothing about SIP."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cti_server.sip.commands import OutboundCall
from cti_server.sip.config import Config, Listener
from cti_server.sip.events import Event, IncomingCall
from cti_server.sip.flow import Address, Flow, Outgoing, Transport
from cti_server.sip.message import Request, Response, read_message
from cti_server.sip.policy import AcceptAll, Policy
from cti_server.sip.user_agent import UserAgent

S = 1_000_000
MS = 1_000
E = TypeVar("E")


def sdp(port: int = 4000, *, version: int = 1, direction: str = "sendrecv", address: str = "127.0.0.1") -> bytes:
    lines = [
        "v=0",
        f"o=- 77 {version} IN IP4 {address}",
        "s=-",
        f"c=IN IP4 {address}",
        "t=0 0",
        f"m=audio {port} RTP/AVP 0 101",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:101 telephone-event/8000",
        f"a={direction}",
    ]
    return ("\r\n".join(lines) + "\r\n").encode()


def address(port: int) -> Address:
    return Address("127.0.0.1", port)


def agent(
    port: int, *, seed: int = 1, policy: Policy | None = None, transport: Transport = "udp", **settings: Any
) -> UserAgent:
    """A user agent that listens on 127.0.0.1:port; incoming legs are numbered from 1000 * port."""
    here = address(port)
    settings.setdefault("listeners", (Listener(transport=transport, bound=here, advertised=here),))
    numbers = itertools.count(1000 * port)
    return UserAgent(
        Config(**settings),
        policy=policy or AcceptAll(),
        rng=random.Random(seed * 100_003 + port),
        new_leg=lambda: next(numbers),
    )


def call_to(port: int, *, offer: bytes | None = sdp(), **more: Any) -> OutboundCall:
    more.setdefault("from_uri", "sip:025550100@127.0.0.1")
    return OutboundCall(target=f"sip:1001@127.0.0.1:{port}", sdp=offer, **more)


def udp(*, source: int, to: int) -> Flow:
    """The flow on which the agent at port `to` hears the one at `source`."""
    return Flow(transport="udp", remote=address(source), local=address(to))


def parsed(data: bytes) -> Request | Response:
    message = read_message(data)
    assert message.defect is None, message.defect
    return message


def summary(data: bytes) -> str:
    """`INVITE`, `200 INVITE`, ..."""
    message = parsed(data)
    if isinstance(message, Request):
        return message.method
    return f"{message.status} {message.cseq.method}"


@dataclass
class World:
    """User agents by port, a clock, and a perfect network; `dropping` names messages to lose by their summary."""

    agents: dict[int, UserAgent]
    now_us: int = 0
    events: dict[int, list[Event]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    dropping: list[str] = field(default_factory=list)
    """Each entry loses one message."""
    connections: dict[tuple[int, int], int] = field(default_factory=dict)
    cut: bool = False
    """Nothing arrives any more."""

    def run(self) -> None:
        """Delivers until all is quiet, without letting time pass."""
        busy = True
        while busy:
            busy = False
            for port, one in self.agents.items():
                for outgoing in one.outgoing():
                    busy = True
                    self._deliver(port, outgoing)
        for port, one in self.agents.items():
            while (event := one.next_event()) is not None:
                self.events.setdefault(port, []).append(event)

    def _deliver(self, port: int, outgoing: Outgoing) -> None:
        if outgoing.close:
            self.log.append(f"{port} close")
            return
        name = summary(outgoing.data)
        self.log.append(f"{port} {name}")
        if self.cut:
            return
        if name in self.dropping:
            self.dropping.remove(name)
            return
        target = self.agents.get(outgoing.flow.remote.port)
        if target is not None:
            target.receive(outgoing.data, self._arriving(port, outgoing.flow), self.now_us)

    def _arriving(self, port: int, flow: Flow) -> Flow:
        """As the other end sees it; a stream gets the number of the connection between the two ports."""
        connection = 0
        if flow.is_stream:
            pair = (min(port, flow.remote.port), max(port, flow.remote.port))
            connection = flow.connection or self.connections.setdefault(pair, len(self.connections) + 1)
        here = address(flow.remote.port)
        return Flow(transport=flow.transport, remote=address(port), local=here, connection=connection)

    def wait(self, duration_us: int) -> None:
        """Lets time pass from deadline to deadline."""
        end_us = self.now_us + duration_us
        self.run()
        while True:
            deadlines = [due for one in self.agents.values() if (due := one.next_deadline()) is not None]
            if not deadlines or min(deadlines) > end_us:
                break
            self.now_us = max(self.now_us, min(deadlines))
            for one in self.agents.values():
                one.handle_deadline(self.now_us)
            self.run()
        self.now_us = end_us

    def taken(self, port: int, kind: type[E]) -> list[E]:
        """Events of this kind that came to the agent at `port`."""
        self.run()
        return [event for event in self.events.get(port, []) if isinstance(event, kind)]

    def one(self, port: int, kind: type[E]) -> E:
        found = self.taken(port, kind)
        assert len(found) == 1, (kind, self.events.get(port))
        return found[0]

    def forget(self) -> None:
        self.events.clear()
        self.log.clear()

    def established(self, leg: int = 1, *, caller: int = 5060, callee: int = 5070, **more: Any) -> int:
        """Places and answers a call; returns the leg number at the callee. Events and log are forgotten."""
        self.agents[caller].place_call(leg, call_to(callee, **more), self.now_us)
        incoming = self.one(callee, IncomingCall).leg
        self.agents[callee].ring(incoming, self.now_us)
        self.run()
        self.agents[callee].answer(incoming, sdp(6000), self.now_us)
        self.run()
        self.forget()
        return incoming


def pair(**settings: Any) -> World:
    """Callers at 5060, callees at 5070."""
    return World({5060: agent(5060, **settings), 5070: agent(5070, **settings)})


def assert_nothing_left(one: UserAgent) -> None:
    """I10 for a user agent: no leg, dialog, transaction or deadline."""
    stack, legs = one._stack, one._legs
    assert one.legs() == []
    assert not legs.by_number
    assert not legs.by_dialog
    assert not legs.awaiting_ack
    assert not stack.clients
    assert not stack.servers
    assert not stack.merged
    assert one.next_deadline() is None
