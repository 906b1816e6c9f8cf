"""Calls between two user agents: placing, ringing, answering, refusing, cancelling, hanging up, and the races."""

from __future__ import annotations

import itertools

import pytest

from cti_server.sip.commands import Credentials
from cti_server.sip.config import RegistrarConfig
from cti_server.sip.digest import ha1
from cti_server.sip.errors import LocalProtocolError, UnknownLeg
from cti_server.sip.events import (
    AuthenticationFailed,
    Cause,
    Cleared,
    Confirmed,
    Established,
    Failed,
    IncomingCall,
    Provisional,
    Reason,
)
from cti_server.sip.flow import Address, Flow, Transport
from cti_server.sip.message import Request, parse_message
from cti_server.sip.policy import Accept, AcceptAll, Challenge, Refuse, RequestInfo, Verdict
from tests.sip.world import MS, S, World, address, agent, assert_nothing_left, call_to, pair, parsed, sdp

CALLER, CALLEE = 5060, 5070


def assert_all_quiet(world: World) -> None:
    world.wait(400 * S)
    for one in world.agents.values():
        assert_nothing_left(one)


def offered(world: World, leg: int = 1) -> int:
    """Places a call and returns the leg of its offer."""
    world.agents[CALLER].place_call(leg, call_to(CALLEE), world.now_us)
    return world.one(CALLEE, IncomingCall).leg


# --- the plain way ---


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_call_is_offered_rings_is_answered_and_ends(transport: Transport) -> None:
    world = pair(transport=transport)
    caller, callee = world.agents[CALLER], world.agents[CALLEE]
    target = f"sip:1001@127.0.0.1:{CALLEE};transport={transport}"
    call = call_to(CALLEE, from_display="김이음", headers=(("X-Queue", "orders"),))
    caller.place_call(
        1, type(call)(**{name: getattr(call, name) for name in call.__struct_fields__} | {"target": target}), 0
    )
    incoming = world.one(CALLEE, IncomingCall)
    assert incoming.from_display == "김이음"
    assert incoming.from_uri.user == "025550100"
    assert incoming.request_uri.user == "1001"
    assert incoming.sdp == sdp()
    assert ("X-Queue", "orders") in incoming.headers
    callee.ring(incoming.leg, 0)
    assert world.one(CALLER, Provisional).status == 180
    callee.answer(incoming.leg, sdp(6000), 0)
    established = world.one(CALLER, Established)
    assert (established.leg, established.sdp, established.wants_answer) == (1, sdp(6000), False)
    assert world.one(CALLEE, Confirmed).leg == incoming.leg
    assert [info.state for one in (caller, callee) for info in one.legs()] == ["established", "established"]
    caller.hang_up(1, 0, reason=Reason(protocol="Q.850", cause=16, text="bye"))
    assert world.one(CALLER, Cleared).cause is Cause.LOCAL
    cleared = world.one(CALLEE, Cleared)
    assert (cleared.cause, cleared.why) == (Cause.PEER, Reason(protocol="Q.850", cause=16, text="bye"))
    assert world.log.count(f"{CALLER} INVITE") == 1
    assert_all_quiet(world)


def test_the_callee_can_hang_up_too() -> None:
    world = pair()
    leg = world.established()
    world.agents[CALLEE].hang_up(leg, world.now_us)
    assert world.one(CALLER, Cleared).cause is Cause.PEER
    assert_all_quiet(world)


def test_early_media_and_forwarding_are_provisionals() -> None:
    world = pair()
    leg = offered(world)
    world.agents[CALLEE].ring(leg, 0, status=181)
    world.agents[CALLEE].ring(leg, 0, status=183, sdp=sdp(6002))
    assert [(one.status, one.sdp) for one in world.taken(CALLER, Provisional)] == [(181, None), (183, sdp(6002))]


def test_a_long_ring_is_repeated_for_the_proxies_on_the_way() -> None:
    world = pair()
    world.agents[CALLEE].ring(offered(world), 0)
    world.wait(130 * S)
    assert world.log.count(f"{CALLEE} 180 INVITE") == 3


def test_without_an_offer_the_callee_offers_and_the_ack_answers() -> None:
    world = pair()
    world.agents[CALLER].place_call(1, call_to(CALLEE, offer=None), 0)
    incoming = world.one(CALLEE, IncomingCall)
    assert incoming.sdp is None
    world.agents[CALLEE].answer(incoming.leg, sdp(6000), 0)
    established = world.one(CALLER, Established)
    assert established.wants_answer
    assert established.sdp == sdp(6000)
    assert world.taken(CALLEE, Confirmed) == []
    world.agents[CALLER].acknowledge(1, sdp(4000), 0)
    assert world.one(CALLEE, Confirmed).sdp == sdp(4000)
    world.agents[CALLER].hang_up(1, 0)
    assert_all_quiet(world)


def test_hanging_up_instead_of_answering_an_offer_sends_ack_and_bye() -> None:
    world = pair()
    world.agents[CALLER].place_call(1, call_to(CALLEE, offer=None), 0)
    world.agents[CALLEE].answer(world.one(CALLEE, IncomingCall).leg, sdp(6000), 0)
    world.run()
    world.agents[CALLER].hang_up(1, 0)
    assert world.one(CALLEE, Cleared).cause is Cause.PEER
    assert_all_quiet(world)


# --- refusing, cancelling, silence ---


def test_a_refusal_says_why_and_when_to_try_again() -> None:
    world = pair()
    world.agents[CALLEE].reject(offered(world), 486, 0, retry_after_s=30, headers=[("X-Why", "meeting")])
    failed = world.one(CALLER, Failed)
    assert (failed.status, failed.cause, failed.retry_after_s) == (486, Cause.PEER, 30)
    assert world.one(CALLEE, Failed).cause is Cause.LOCAL
    assert_all_quiet(world)


def test_a_redirection_names_its_contacts() -> None:
    world = pair()
    world.agents[CALLEE].reject(offered(world), 302, 0, headers=[("Contact", "<sip:other@127.0.0.1:5080>")])
    assert world.one(CALLER, Failed).contacts == ("sip:other@127.0.0.1:5080",)


def test_hanging_up_an_offered_call_declines_it() -> None:
    world = pair()
    world.agents[CALLEE].hang_up(offered(world), 0)
    assert world.one(CALLER, Failed).status == 603


def test_a_ringing_call_is_cancelled_with_its_reason() -> None:
    world = pair()
    world.agents[CALLEE].ring(offered(world), 0)
    world.run()
    why = Reason(cause=200, text="Call completed elsewhere")
    world.agents[CALLER].cancel(1, 0, reason=why)
    assert world.one(CALLER, Failed).cause is Cause.LOCAL
    failed = world.one(CALLEE, Failed)
    assert (failed.status, failed.cause, failed.why) == (487, Cause.PEER, why)
    assert_all_quiet(world)


def test_a_cancel_waits_for_the_first_provisional() -> None:
    world = pair()
    world.dropping = ["INVITE"]
    world.agents[CALLER].place_call(1, call_to(CALLEE), 0)
    world.agents[CALLER].cancel(1, 0)
    world.run()
    assert f"{CALLER} CANCEL" not in world.log
    world.wait(1 * S)
    assert f"{CALLER} CANCEL" in world.log
    assert world.one(CALLEE, Failed).status == 487
    assert_all_quiet(world)


def test_a_2xx_that_crosses_the_cancel_gets_ack_and_bye() -> None:
    world = pair()
    leg = offered(world)
    world.agents[CALLEE].answer(leg, sdp(6000), 0)
    world.agents[CALLER].cancel(1, 0)  # neither has heard of the other's step
    world.run()
    assert f"{CALLER} ACK" in world.log
    assert f"{CALLER} BYE" in world.log
    assert world.taken(CALLER, Established) == []
    assert world.one(CALLEE, Cleared).cause is Cause.PEER
    assert_all_quiet(world)


def test_a_call_into_the_void_fails_after_32_s_with_408() -> None:
    world = pair()
    world.cut = True
    world.agents[CALLER].place_call(1, call_to(CALLEE), 0)
    world.wait(31 * S)
    assert world.taken(CALLER, Failed) == []
    world.wait(2 * S)
    failed = world.one(CALLER, Failed)
    assert (failed.status, failed.cause) == (408, Cause.TIMEOUT)
    assert_all_quiet(world)


def test_a_call_that_is_never_answered_is_given_up_on_both_sides() -> None:
    world = pair(early_s_max=100)
    world.agents[CALLEE].ring(offered(world), 0)
    world.wait(101 * S)
    assert world.one(CALLER, Failed).cause in (Cause.TIMEOUT, Cause.PEER)
    assert len(world.taken(CALLEE, Failed)) == 1
    assert_all_quiet(world)


def test_without_an_ack_the_callee_hangs_up() -> None:
    world = pair()
    world.dropping = ["ACK"] * 100
    leg = offered(world)
    world.agents[CALLEE].answer(leg, sdp(6000), 0)
    world.wait(33 * S)
    assert world.one(CALLEE, Cleared).cause is Cause.TIMEOUT
    assert world.one(CALLER, Cleared).cause is Cause.PEER
    assert_all_quiet(world)


def test_a_lost_ack_is_sent_again_with_the_repeated_2xx() -> None:
    world = pair()
    world.dropping = ["ACK", "ACK"]
    world.agents[CALLEE].answer(offered(world), sdp(6000), 0)
    world.wait(3 * S)
    assert len(world.taken(CALLEE, Confirmed)) == 1
    assert len(world.taken(CALLER, Established)) == 1
    assert world.log.count(f"{CALLER} ACK") == 3


def test_a_bye_waits_for_the_ack() -> None:
    world = pair()
    world.dropping = ["ACK"]
    leg = offered(world)
    world.agents[CALLEE].answer(leg, sdp(6000), 0)
    world.run()
    world.agents[CALLEE].hang_up(leg, 0)
    world.run()
    assert f"{CALLEE} BYE" not in world.log
    assert world.one(CALLEE, Cleared).cause is Cause.LOCAL
    world.wait(1 * S)
    assert f"{CALLEE} BYE" in world.log
    assert_all_quiet(world)


def test_both_hang_up_at_once() -> None:
    world = pair()
    leg = world.established()
    world.agents[CALLER].hang_up(1, world.now_us)
    world.agents[CALLEE].hang_up(leg, world.now_us)
    world.run()
    assert len(world.taken(CALLER, Cleared)) == len(world.taken(CALLEE, Cleared)) == 1
    assert world.log.count(f"{CALLER} 200 BYE") == 1
    assert_all_quiet(world)


def test_a_bye_that_overtakes_the_2xx_ends_the_calling_leg() -> None:
    world = pair()
    world.dropping = ["200 INVITE"] * 20
    leg = offered(world)
    world.agents[CALLEE].answer(leg, sdp(6000), 0)
    world.agents[CALLEE].hang_up(leg, 0)
    world.wait(40 * S)
    assert world.one(CALLER, Failed).cause is Cause.PEER
    assert_all_quiet(world)


def test_after_a_bye_the_dialog_is_unknown() -> None:
    world = pair()
    world.established()
    bye, _ = world.agents[CALLER]._legs.get(1).dialog.request(world.agents[CALLER]._stack, "BYE")
    world.agents[CALLER].hang_up(1, world.now_us)
    world.run()
    bye.headers.insert(0, ("via", "Via", "SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKother;rport"))
    world.agents[CALLEE].receive(
        bye.to_bytes(), Flow(transport="udp", remote=address(CALLER), local=address(CALLEE)), world.now_us
    )
    assert world.agents[CALLEE].outgoing()[0].data.startswith(b"SIP/2.0 481 ")


# --- transport ---


def test_a_broken_connection_fails_what_waits_for_an_answer() -> None:
    world = pair(transport="tcp")
    caller = world.agents[CALLER]
    caller.place_call(1, call_to(CALLEE, flow=Flow(transport="tcp", remote=address(9), local=address(CALLER))), 0)
    (outgoing,) = caller.outgoing()
    caller.connection_lost(outgoing.flow, 0)
    failed = world.one(CALLER, Failed)
    assert (failed.status, failed.cause) == (503, Cause.TRANSPORT)


def test_an_established_call_survives_a_lost_connection() -> None:
    world = pair(transport="tcp")
    target = f"sip:1001@127.0.0.1:{CALLEE};transport=tcp"
    caller = world.agents[CALLER]
    base = call_to(CALLEE)
    caller.place_call(1, type(base)(target=target, from_uri=base.from_uri, sdp=base.sdp), 0)
    leg = world.one(CALLEE, IncomingCall).leg
    world.agents[CALLEE].answer(leg, sdp(6000), 0)
    world.run()
    lost = Flow(transport="tcp", remote=address(CALLEE), local=address(CALLER), connection=1)
    caller.connection_lost(lost, 0)
    world.agents[CALLEE].connection_lost(
        Flow(transport="tcp", remote=address(41234), local=address(CALLEE), connection=1), 0
    )
    world.connections = {(0, 0): 1}
    assert world.taken(CALLER, Cleared) == []
    world.agents[CALLEE].hang_up(leg, 0)  # over a new connection, to the Contact
    assert world.one(CALLER, Cleared).cause is Cause.PEER
    assert world.connections[(CALLER, CALLEE)] == 2


def test_responses_go_to_the_source_with_rport_and_to_the_named_port_without() -> None:
    one = agent(5070)
    invite = b"OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1:5999;branch=z9hG4bKa%s\r\n"
    invite += b"From: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    source = Flow(transport="udp", remote=Address("192.0.2.7", 40001), local=address(5070))
    one.receive(invite % b";rport", source, 0)
    one.receive(invite % b"", source, 0)
    with_rport, without = one.outgoing()
    assert with_rport.flow.remote == Address("192.0.2.7", 40001)
    assert b";received=192.0.2.7;rport=40001" in with_rport.data
    assert without.flow.remote == Address("192.0.2.7", 5999)
    assert b";received=192.0.2.7" in without.data


# --- who may call ---


class Digest(AcceptAll):
    """Only kim with the password "right"."""

    def admit(self, request: RequestInfo) -> Verdict:
        return Challenge(proxy=request.method == "INVITE")

    def ha1(self, username: str, realm: str, algorithm: str) -> str | None:
        return ha1(username, realm, "right", algorithm) if username == "kim" else None

    def authorise(self, request: RequestInfo, username: str) -> Verdict:
        return Accept(identity=username) if request.uri.user != "secret" else Refuse(status=403)


@pytest.mark.parametrize("algorithms", [("MD5",), ("SHA-256",), ("SHA-256", "MD5")])
def test_a_challenged_call_goes_through_with_the_right_password(algorithms: tuple[str, ...]) -> None:
    callee = agent(CALLEE, policy=Digest(), digest_algorithms=algorithms)
    world = World({CALLER: agent(CALLER), CALLEE: callee})
    world.agents[CALLER].place_call(1, call_to(CALLEE, credentials=Credentials(username="kim", password="right")), 0)
    incoming = world.one(CALLEE, IncomingCall)
    assert incoming.identity == "kim"
    callee.answer(incoming.leg, sdp(6000), 0)
    world.one(CALLER, Established)
    world.agents[CALLER].hang_up(1, 0)
    assert world.log[:4] == ["5060 INVITE", "5070 407 INVITE", "5060 ACK", "5060 INVITE"]
    world.one(CALLEE, Cleared)
    assert_all_quiet(world)


@pytest.mark.parametrize(("username", "password"), [("kim", "wrong"), ("nobody", "right")])
def test_wrong_password_and_unknown_user_look_alike(username: str, password: str) -> None:
    world = World({CALLER: agent(CALLER), CALLEE: agent(CALLEE, policy=Digest())})
    credentials = Credentials(username=username, password=password)
    world.agents[CALLER].place_call(1, call_to(CALLEE, credentials=credentials), 0)
    assert world.one(CALLER, Failed).status == 407
    assert [one.username for one in world.taken(CALLEE, AuthenticationFailed)] == [username]
    assert world.log.count("5060 INVITE") == 2
    assert_all_quiet(world)


def test_without_credentials_a_challenge_is_a_failure() -> None:
    world = World({CALLER: agent(CALLER), CALLEE: agent(CALLEE, policy=Digest())})
    world.agents[CALLER].place_call(1, call_to(CALLEE), 0)
    assert world.one(CALLER, Failed).status == 407
    assert not world.agents[CALLEE]._stack.servers


def test_an_authenticated_caller_may_still_be_forbidden() -> None:
    world = World({CALLER: agent(CALLER), CALLEE: agent(CALLEE, policy=Digest())})
    call = call_to(CALLEE, credentials=Credentials(username="kim", password="right"))
    forbidden = type(call)(
        target=f"sip:secret@127.0.0.1:{CALLEE}", from_uri=call.from_uri, credentials=call.credentials
    )
    world.agents[CALLER].place_call(1, forbidden, 0)
    assert world.one(CALLER, Failed).status == 403


class Overload(AcceptAll):
    def admit(self, request: RequestInfo) -> Verdict:
        return Refuse(status=503, retry_after_s=7)


def test_overload_is_shed_with_retry_after_and_without_memory() -> None:
    world = World({CALLER: agent(CALLER), CALLEE: agent(CALLEE, policy=Overload())})
    world.agents[CALLER].place_call(1, call_to(CALLEE), 0)
    failed = world.one(CALLER, Failed)
    assert (failed.status, failed.retry_after_s) == (503, 7)
    assert not world.agents[CALLEE]._stack.servers


def test_more_legs_than_allowed_get_503() -> None:
    world = World({CALLER: agent(CALLER), CALLEE: agent(CALLEE, legs_max=2)})
    for leg in (1, 2, 3):
        world.agents[CALLER].place_call(leg, call_to(CALLEE), 0)
    assert [one.status for one in world.taken(CALLER, Failed)] == [503]
    assert len(world.agents[CALLEE].legs()) == 2


def test_the_same_invite_by_two_ways_is_served_once() -> None:
    world = pair()
    world.agents[CALLER].place_call(1, call_to(CALLEE), 0)
    (outgoing,) = world.agents[CALLER].outgoing()
    flow = Flow(transport="udp", remote=address(CALLER), local=address(CALLEE))
    callee = world.agents[CALLEE]
    callee.receive(outgoing.data, flow, 0)
    callee.receive(outgoing.data.replace(b"branch=z9hG4bK", b"branch=z9hG4bKfork"), flow, 0)
    assert [one.data.split(b" ")[1] for one in callee.outgoing()] == [b"100", b"482"]


# --- forks and strays ---


def test_a_second_2xx_of_a_fork_gets_ack_and_bye() -> None:
    world = pair()
    leg = offered(world)
    world.agents[CALLEE].answer(leg, sdp(6000), 0)
    two_hundred = next(one.data for one in world.agents[CALLEE].outgoing() if b"SIP/2.0 200" in one.data)
    caller = world.agents[CALLER]
    flow = Flow(transport="udp", remote=address(CALLEE), local=address(CALLER))
    caller.receive(two_hundred, flow, 0)
    tag = parsed(two_hundred).to.tag
    caller.outgoing()
    fork = two_hundred.replace(tag.encode(), b"fork")
    for _ in range(3):
        caller.receive(fork, flow, 0)
    sent = [parse_message(one.data) for one in caller.outgoing()]
    assert [(one.method, one.to.tag) for one in sent if isinstance(one, Request)] == [
        ("ACK", "fork"),
        ("BYE", "fork"),
        ("ACK", "fork"),
        ("ACK", "fork"),
    ]
    assert [info.state for info in caller.legs()] == ["established"]


def test_a_2xx_to_an_unknown_invite_of_ours_gets_ack_and_bye() -> None:
    world = pair()
    leg = offered(world)
    world.agents[CALLER] = agent(CALLER, seed=99)  # started anew, and knows nothing
    world.agents[CALLEE].answer(leg, sdp(6000), 0)
    assert world.one(CALLEE, Cleared).cause is Cause.PEER
    assert world.taken(CALLER, Established) == []
    assert_all_quiet(world)


def test_a_2xx_that_bears_anothers_address_makes_us_send_nothing() -> None:
    one = agent(CALLER)
    response = (
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.99:5060;branch=z9hG4bKx\r\nFrom: <sip:a@x>;tag=1\r\n"
        b"To: <sip:b@x>;tag=2\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:victim@192.0.2.50>\r\n"
        b"Content-Length: 0\r\n\r\n"
    )
    flow = Flow(transport="udp", remote=address(CALLEE), local=address(CALLER))
    one.receive(response, flow, 0)
    assert one.outgoing() == []
    ours = response.replace(b"192.0.2.99:5060", b"127.0.0.1:5060")
    for number in range(200):
        one.receive(ours.replace(b"Call-ID: c", b"Call-ID: c%d" % number), flow, 0)
    assert len(one.outgoing()) == 100  # ACK and BYE of 50 in this second, no more


# --- the embedder's mistakes ---


def test_impossible_orders_change_nothing() -> None:
    world = pair()
    caller = world.agents[CALLER]
    base = call_to(CALLEE)
    broken = [
        {"target": "nonsense"},
        {"from_uri": "x"},
        {"from_display": "a\r\nVia: x"},
        {"headers": (("X", "a\r\nb"),)},
        {"route": ("x",)},
        {"target": "tel:+8225550100"},
    ]
    for fields in broken:
        values = {name: getattr(base, name) for name in base.__struct_fields__} | fields
        with pytest.raises(LocalProtocolError):
            caller.place_call(1, type(base)(**values), 0)
    assert caller.outgoing() == []
    assert caller.legs() == []
    for order in (caller.hang_up, caller.cancel, caller.ring, caller.reject_reoffer):
        with pytest.raises(UnknownLeg):
            order(5, 0)
    leg = offered(world)
    with pytest.raises(LocalProtocolError):
        caller.place_call(1, base, 0)
    with pytest.raises(LocalProtocolError):
        world.agents[CALLEE].cancel(leg, 0)
    with pytest.raises(LocalProtocolError):
        world.agents[CALLEE].ring(leg, 0, status=200)
    with pytest.raises(LocalProtocolError):
        world.agents[CALLEE].reject(leg, 200, 0)
    with pytest.raises(LocalProtocolError):
        caller.answer(1, sdp(), 0)
    with pytest.raises(LocalProtocolError):
        caller.reoffer(1, sdp(), 0)
    with pytest.raises(LocalProtocolError):
        caller.acknowledge(1, sdp(), 0)


def test_orders_that_come_too_late_through_no_fault_do_nothing() -> None:
    """INVITE and CANCEL in one piece of a stream: the embedder learns of both only afterwards."""
    world = pair()
    caller, callee = world.agents[CALLER], world.agents[CALLEE]
    caller.place_call(1, call_to(CALLEE), 0)
    (invite,) = caller.outgoing()
    flow = Flow(transport="udp", remote=address(CALLER), local=address(CALLEE))
    callee.receive(invite.data, flow, 0)
    cancel = invite.data.replace(b" INVITE\r\n", b" CANCEL\r\n").replace(b"INVITE sip", b"CANCEL sip", 1)
    callee.receive(cancel, flow, 0)
    incoming = callee.next_event()
    assert isinstance(incoming, IncomingCall)
    callee.outgoing()
    callee.ring(incoming.leg, 0)
    callee.answer(incoming.leg, sdp(), 0)
    callee.reject(incoming.leg, 486, 0)
    callee.hang_up(incoming.leg, 0)
    callee.set_media(incoming.leg, b"x")
    assert callee.resume(incoming.leg) == b""
    assert callee.outgoing() == []
    assert isinstance(callee.next_event(), Failed)
    with pytest.raises(UnknownLeg):
        callee.hang_up(incoming.leg, 0)


def test_cancelling_a_call_that_was_just_answered_hangs_it_up() -> None:
    world = pair()
    leg = offered(world)
    world.agents[CALLEE].answer(leg, sdp(6000), 0)
    world.run()
    world.agents[CALLER].cancel(1, 0)
    assert world.one(CALLEE, Cleared).cause is Cause.PEER
    assert world.one(CALLER, Cleared).cause is Cause.LOCAL
    with pytest.raises(UnknownLeg):
        world.agents[CALLEE].cancel(leg, 0)


def test_time_never_goes_back() -> None:
    world = pair()
    leg = world.established()
    world.wait(10 * S)
    world.agents[CALLEE].hang_up(leg, 5 * S)
    world.run()
    due = world.agents[CALLEE].next_deadline()
    assert due is not None
    assert due > 10 * S


def test_leg_numbers_come_from_the_embedder() -> None:
    numbers = itertools.count(7)
    callee = agent(CALLEE, registrar=RegistrarConfig())
    callee._inbound.new_leg = lambda: next(numbers)
    world = World({CALLER: agent(CALLER), CALLEE: callee})
    for leg in (1, 2):
        world.agents[CALLER].place_call(leg, call_to(CALLEE), 0)
    assert [one.leg for one in world.taken(CALLEE, IncomingCall)] == [7, 8]
    world.wait(10 * MS)
    assert [info.leg for info in callee.legs()] == [7, 8]


def test_an_ack_with_a_wrong_to_tag_and_the_branch_of_the_invite_counts() -> None:
    """As pyVoIP sends it."""
    world = pair()
    world.agents[CALLER].place_call(1, call_to(CALLEE), 0)
    leg = world.one(CALLEE, IncomingCall).leg
    world.agents[CALLEE].answer(leg, sdp(6000), 0)
    (ok,) = world.agents[CALLEE].outgoing()
    response = parsed(ok.data)
    lines = [
        "ACK sip:somewhere@127.0.0.1 SIP/2.0",
        f"Via: {response.required('via')}",
        f"From: {response.required('from')}",
        f"To: <sip:1001@127.0.0.1>;tag={'0' * 8}",
        f"Call-ID: {response.call_id}",
        "CSeq: 1 ACK",
        "Content-Length: 0",
    ]
    flow = Flow(transport="udp", remote=address(CALLER), local=address(CALLEE))
    world.agents[CALLEE].receive("\r\n".join([*lines, "", ""]).encode(), flow, 0)
    assert world.one(CALLEE, Confirmed).leg == leg


def test_no_event_carries_credentials() -> None:
    world = World({CALLER: agent(CALLER), CALLEE: agent(CALLEE, policy=Digest())})
    world.agents[CALLER].place_call(1, call_to(CALLEE, credentials=Credentials(username="kim", password="right")), 0)
    assert "response=" not in str(world.one(CALLEE, IncomingCall))
