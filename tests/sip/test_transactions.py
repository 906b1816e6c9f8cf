"""Every timer of RFC 3261 table 4, and the inputs that a state has to ignore. Time moves by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from cti_server.sip.config import Timers
from cti_server.sip.deadlines import Deadlines
from cti_server.sip.flow import Address, Flow, Transport
from cti_server.sip.message import Request, Response, header, response_to
from cti_server.sip.transactions import (
    CLIENT_INVITE,
    CLIENT_OTHER,
    SERVER_INVITE,
    SERVER_OTHER,
    ClientTransaction,
    ServerTransaction,
    State,
)

MS = 1_000
S = 1_000_000
T1, T2, T4 = 500 * MS, 4 * S, 5 * S


@dataclass
class FakeWire:
    """Notes what is sent and when."""

    deadlines: Deadlines = field(default_factory=Deadlines)
    timers: Timers = field(default_factory=Timers)
    sent: list[tuple[int, str]] = field(default_factory=list)
    forgotten: int = 0

    def send(self, data: bytes, flow: Flow) -> None:
        self.sent.append((self.deadlines.now_us, data.split(b"\r\n")[0].decode()))

    def forget_client(self, transaction: ClientTransaction) -> None:
        self.forgotten += 1

    def forget_server(self, transaction: ServerTransaction) -> None:
        self.forgotten += 1

    def advance(self, to_us: int) -> None:
        while (due := self.deadlines.next_us()) is not None and due <= to_us:
            self.deadlines.now_us = due
            self.deadlines.run()
        self.deadlines.now_us = to_us

    def times(self) -> list[int]:
        return [at_us // MS for at_us, _ in self.sent]


def flow(transport: Transport = "udp") -> Flow:
    return Flow(transport=transport, remote=Address("192.0.2.1", 5060), local=Address("192.0.2.2", 5060))


def request(method: str) -> Request:
    headers = [
        header("Via", "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKa"),
        header("From", "<sip:a@x>;tag=1"),
        header("To", "<sip:b@x>"),
        header("Call-ID", "c"),
        header("CSeq", f"1 {method}"),
    ]
    return Request(headers=headers, method=method, uri="sip:b@x")


class Client:
    """A client transaction and all that it told its owner."""

    def __init__(self, method: str, transport: Transport = "udp") -> None:
        self.wire = FakeWire()
        self.responses: list[int] = []
        self.silences: list[bool] = []
        self.request = request(method)
        self.transaction = ClientTransaction(
            key=("z9hG4bKa", method),
            request=self.request,
            flow=flow(transport),
            wire=self.wire,
            on_response=lambda _, response: self.responses.append(response.status),
            on_silence=lambda _, is_transport: self.silences.append(is_transport),
        )
        self.transaction.start()

    def receive(self, status: int) -> None:
        self.transaction.receive(response_to(self.request, status, to_tag="t"))


class Server:
    """A server transaction and whether it complained about a missing ACK."""

    def __init__(self, method: str, transport: Transport = "udp") -> None:
        self.wire = FakeWire()
        self.request = request(method)
        self.no_ack = 0
        self.transaction = ServerTransaction(key=("k",), request=self.request, flow=flow(transport), wire=self.wire)
        self.transaction.on_no_ack = self._count

    def _count(self, _: ServerTransaction) -> None:
        self.no_ack += 1

    def respond(self, status: int) -> None:
        self.transaction.respond(response_to(self.request, status, to_tag="t"))


# --- INVITE client ---


def test_timer_a_doubles_and_timer_b_gives_up_after_32_s() -> None:
    client = Client("INVITE")
    client.wire.advance(40 * S)
    assert client.wire.times() == [0, 500, 1500, 3500, 7500, 15500, 31500]
    assert client.silences == [False]
    assert client.transaction.state is State.TERMINATED
    assert client.wire.forgotten == 1


def test_a_provisional_ends_repeating_and_timer_b() -> None:
    client = Client("INVITE")
    client.wire.advance(200 * MS)
    client.receive(100)
    client.wire.advance(3600 * S)
    assert client.wire.times() == [0]
    assert client.silences == []
    assert client.transaction.state is State.PROCEEDING


def test_on_a_stream_an_invite_is_not_repeated_but_timer_b_holds() -> None:
    client = Client("INVITE", "tcp")
    client.wire.advance(40 * S)
    assert client.wire.times() == [0]
    assert client.silences == [False]


def test_a_failure_is_acknowledged_each_time_it_comes_until_timer_d() -> None:
    client = Client("INVITE")
    client.receive(486)
    client.receive(486)
    assert [line for _, line in client.wire.sent[1:]] == ["ACK sip:b@x SIP/2.0"] * 2
    assert client.responses == [486]
    client.wire.advance(31 * S)
    assert client.transaction.state is State.COMPLETED
    client.wire.advance(33 * S)
    assert client.transaction.state is State.TERMINATED


def test_timer_d_is_zero_on_streams() -> None:
    client = Client("INVITE", "tcp")
    client.receive(486)
    client.wire.advance(0)
    assert client.transaction.state is State.TERMINATED


def test_every_2xx_reaches_the_owner_until_timer_m() -> None:
    client = Client("INVITE")
    client.receive(200)
    client.receive(200)
    client.receive(486)
    assert client.responses == [200, 200]
    client.wire.advance(64 * T1 - 1)
    assert client.transaction.state is State.ACCEPTED
    client.wire.advance(64 * T1)
    assert client.transaction.state is State.TERMINATED


def test_a_cancelled_invite_gets_no_more_than_the_time_given() -> None:
    client = Client("INVITE")
    client.receive(180)
    client.transaction.give_up_after(64 * T1)
    client.wire.advance(64 * T1)
    assert client.silences == [False]


# --- other clients ---


def test_timer_e_doubles_up_to_t2_and_timer_f_gives_up() -> None:
    client = Client("BYE")
    client.wire.advance(40 * S)
    assert client.wire.times() == [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]
    assert client.silences == [False]


def test_in_proceeding_timer_e_is_t2() -> None:
    client = Client("BYE")
    client.receive(100)
    client.wire.advance(13 * S)
    assert client.wire.times() == [0, 500, 4500, 8500, 12500]


def test_timer_k_absorbs_repeats_for_t4() -> None:
    client = Client("BYE")
    client.receive(200)
    client.receive(200)
    assert client.responses == [200]
    client.wire.advance(T4 - 1)
    assert client.transaction.state is State.COMPLETED
    client.wire.advance(T4)
    assert client.transaction.state is State.TERMINATED


@pytest.mark.parametrize("method", ["INVITE", "BYE"])
def test_broken_transport_is_told_once(method: str) -> None:
    client = Client(method)
    client.transaction.transport_failed()
    client.transaction.transport_failed()
    client.wire.advance(60 * S)
    assert client.silences == [True]


# --- INVITE server ---


def test_a_repeated_invite_gets_the_last_provisional_again() -> None:
    server = Server("INVITE")
    server.transaction.receive_repeat()
    assert server.wire.sent == []
    server.respond(180)
    server.transaction.receive_repeat()
    assert [line for _, line in server.wire.sent] == ["SIP/2.0 180 Ringing"] * 2


def test_timer_g_repeats_a_failure_up_to_t2_and_timer_h_gives_up() -> None:
    server = Server("INVITE")
    server.respond(486)
    server.wire.advance(40 * S)
    assert server.wire.times() == [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]
    assert server.no_ack == 1
    assert server.transaction.state is State.TERMINATED


def test_timer_i_absorbs_acks_for_t4() -> None:
    server = Server("INVITE")
    server.respond(486)
    server.transaction.receive_ack()
    assert server.transaction.state is State.CONFIRMED
    server.transaction.receive_ack()
    server.wire.advance(T4)
    assert server.transaction.state is State.TERMINATED
    assert server.wire.times() == [0]
    assert server.no_ack == 0


def test_timer_i_is_zero_and_g_unset_on_streams() -> None:
    server = Server("INVITE", "tcp")
    server.respond(486)
    server.wire.advance(10 * S)
    assert server.wire.times() == [0]
    server.transaction.receive_ack()
    server.wire.advance(10 * S)
    assert server.transaction.state is State.TERMINATED


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_2xx_is_repeated_until_its_ack_on_every_transport(transport: Transport) -> None:
    server = Server("INVITE", transport)
    server.respond(200)
    server.wire.advance(4 * S)
    server.transaction.acknowledged()
    server.wire.advance(31 * S)
    assert server.wire.times() == [0, 500, 1500, 3500]
    assert server.transaction.state is State.ACCEPTED


def test_timer_l_ends_accepted_and_without_ack_it_is_told() -> None:
    server = Server("INVITE")
    server.respond(200)
    server.wire.advance(64 * T1)
    assert server.no_ack == 1
    assert server.transaction.state is State.TERMINATED


def test_repeats_of_an_accepted_invite_are_absorbed() -> None:
    server = Server("INVITE")
    server.respond(200)
    server.transaction.acknowledged()
    server.transaction.receive_repeat()
    assert len(server.wire.sent) == 1


def test_after_a_final_response_no_other_is_sent() -> None:
    server = Server("INVITE")
    server.respond(200)
    server.respond(486)
    server.respond(180)
    assert len(server.wire.sent) == 1


# --- other servers ---


def test_timer_j_answers_repeats_for_64_t1() -> None:
    server = Server("BYE")
    server.transaction.receive_repeat()
    server.respond(200)
    server.transaction.receive_repeat()
    assert len(server.wire.sent) == 2
    server.wire.advance(64 * T1 - 1)
    assert server.transaction.state is State.COMPLETED
    server.wire.advance(64 * T1)
    assert server.transaction.state is State.TERMINATED
    assert server.wire.forgotten == 1


def test_timer_j_is_zero_on_streams() -> None:
    server = Server("BYE", "tcp")
    server.respond(200)
    server.wire.advance(0)
    assert server.transaction.state is State.TERMINATED


def test_a_server_repeats_no_failure_of_other_methods_by_itself() -> None:
    server = Server("OPTIONS")
    server.respond(404)
    server.wire.advance(20 * S)
    assert len(server.wire.sent) == 1


# --- the laws ---


@pytest.mark.parametrize("law", [CLIENT_INVITE, CLIENT_OTHER, SERVER_INVITE, SERVER_OTHER])
def test_every_state_of_a_law_has_a_way_to_the_end(law: dict[State, dict[str, State]]) -> None:
    for start in law:
        reached = {start}
        for _ in law:
            reached |= {following for state in reached for following in law[state].values()}
        assert State.TERMINATED in reached


def test_responses_out_of_the_law_change_nothing() -> None:
    client = Client("BYE")
    client.receive(200)
    client.wire.advance(T4)
    before = client.transaction.state
    client.transaction.receive(Response(headers=[], status=200))
    assert client.transaction.state is before
    assert client.responses == [200]
