"""Changes within a call: re-INVITE, UPDATE, glare, INFO, OPTIONS, order, and targets that move."""

from __future__ import annotations

import pytest

from cti_server.sip.dtmf_relay import CONTENT_TYPE, digits_body
from cti_server.sip.errors import LocalProtocolError
from cti_server.sip.events import (
    Cause,
    Cleared,
    Confirmed,
    Established,
    IncomingCall,
    InfoAnswered,
    InfoDigits,
    Reoffered,
    ReofferFailed,
    SessionChanged,
)
from cti_server.sip.message import Message, Request, header, parse_message
from tests.sip.world import S, World, assert_nothing_left, call_to, pair, sdp, udp

CALLER, CALLEE = 5060, 5070
HOLD = sdp(4000, version=2, direction="sendonly")
HELD = sdp(6000, version=2, direction="recvonly")


def request_of(world: World, method: str, *, body: bytes = b"", headers: tuple[tuple[str, str], ...] = ()) -> Request:
    """A request of the caller's dialog 1, made by hand."""
    caller = world.agents[CALLER]
    request, _ = caller._legs.get(1).dialog.request(caller._stack, method)
    request.headers.insert(0, header("Via", f"SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK{caller._stack.token()};rport"))
    request.headers += [header(*pair) for pair in headers]
    request.body = body
    return request


def answers(world: World, request: Message) -> list[int]:
    """Statuses that the callee sends to a request made by hand."""
    assert isinstance(request, Request)
    callee = world.agents[CALLEE]
    callee.receive(request.to_bytes(), udp(source=CALLER, to=CALLEE), world.now_us)
    return [int(one.data.split(b" ")[1]) for one in callee.outgoing() if one.data.startswith(b"SIP/2.0 ")]


def assert_both_end(world: World) -> None:
    for leg in [info.leg for info in world.agents[CALLER].legs()]:
        world.agents[CALLER].hang_up(leg, world.now_us)
    world.wait(400 * S)
    for one in world.agents.values():
        assert_nothing_left(one)


def test_hold_and_resume() -> None:
    world = pair()
    leg = world.established()
    caller, callee = world.agents[CALLER], world.agents[CALLEE]
    caller.reoffer(1, HOLD, 0)
    asked = world.one(CALLEE, Reoffered)
    assert (asked.leg, asked.sdp, asked.method) == (leg, HOLD, "INVITE")
    callee.answer_reoffer(leg, HELD, 0)
    assert world.one(CALLER, SessionChanged).sdp == HELD
    assert caller.legs()[0].local_sdp == HOLD
    assert callee.legs()[0].local_sdp == HELD
    world.forget()
    callee.reoffer(leg, sdp(6000, version=3), 0)
    caller.answer_reoffer(world.one(CALLER, Reoffered).leg, sdp(4000, version=3), 0)
    assert world.one(CALLEE, SessionChanged).sdp == sdp(4000, version=3)
    assert_both_end(world)


def test_a_refused_reoffer_leaves_the_session_as_it_was() -> None:
    world = pair()
    leg = world.established()
    world.agents[CALLER].reoffer(1, HOLD, 0)
    world.one(CALLEE, Reoffered)
    world.agents[CALLEE].reject_reoffer(leg, 0)
    assert world.one(CALLER, ReofferFailed).status == 488
    assert world.agents[CALLER].legs()[0].local_sdp == sdp()
    assert_both_end(world)


def test_an_unanswered_reoffer_is_refused_and_tried_again() -> None:
    world = pair()
    leg = world.established()
    world.agents[CALLER].reoffer(1, HOLD, 0)
    world.wait(50 * S)
    assert len(world.taken(CALLEE, Reoffered)) >= 2
    with pytest.raises(LocalProtocolError):
        world.agents[CALLEE].answer_reoffer(leg + 1, HELD, 0)
    world.agents[CALLER].hang_up(1, world.now_us)
    assert world.one(CALLEE, Cleared).cause is Cause.PEER


def test_a_repeat_of_the_same_offer_is_answered_without_asking() -> None:
    world = pair()
    leg = world.established()
    world.agents[CALLER].reoffer(1, sdp(), 0)
    assert world.one(CALLER, SessionChanged).sdp == sdp(6000)
    assert world.taken(CALLEE, Reoffered) == []
    assert world.agents[CALLEE].legs()[0].leg == leg


def test_glare_is_settled_by_waiting() -> None:
    world = pair()
    leg = world.established()
    caller, callee = world.agents[CALLER], world.agents[CALLEE]
    caller.reoffer(1, HOLD, 0)
    callee.reoffer(leg, sdp(6000, version=5, direction="inactive"), 0)
    world.run()
    assert {f"{CALLER} 491 INVITE", f"{CALLEE} 491 INVITE"} <= set(world.log)
    for _ in range(60):
        world.wait(S // 10)
        for port in (CALLER, CALLEE):
            for event in world.taken(port, Reoffered):
                world.events[port].remove(event)
                world.agents[port].answer_reoffer(event.leg, sdp(9000 + port % 100, version=world.now_us), world.now_us)
    assert len(world.taken(CALLER, SessionChanged)) == 1
    assert len(world.taken(CALLEE, SessionChanged)) == 1
    assert_both_end(world)


def test_a_reoffer_waits_for_the_one_before_and_the_newest_wins() -> None:
    world = pair()
    leg = world.established()
    caller, callee = world.agents[CALLER], world.agents[CALLEE]
    caller.reoffer(1, HOLD, 0)
    caller.reoffer(1, sdp(4000, version=3, direction="inactive"), 0)
    caller.reoffer(1, sdp(4000, version=4), 0)
    assert [one.sdp for one in world.taken(CALLEE, Reoffered)] == [HOLD]
    callee.answer_reoffer(leg, HELD, 0)
    assert [one.sdp for one in world.taken(CALLEE, Reoffered)] == [HOLD, sdp(4000, version=4)]


def test_an_answered_leg_may_reoffer_before_its_ack() -> None:
    world = pair()
    world.agents[CALLER].place_call(1, call_to(CALLEE), 0)
    leg = world.one(CALLEE, IncomingCall).leg
    world.dropping = ["ACK"]
    world.agents[CALLEE].answer(leg, sdp(6000), 0)
    world.run()
    world.agents[CALLEE].reoffer(leg, HOLD, 0)
    assert world.taken(CALLER, Reoffered) == []
    world.wait(1 * S)
    world.one(CALLEE, Confirmed)
    world.one(CALLER, Reoffered)


def test_a_lost_ack_of_a_reinvite_is_sent_again() -> None:
    world = pair()
    leg = world.established()
    world.dropping = ["ACK"]
    world.agents[CALLER].reoffer(1, HOLD, 0)
    world.one(CALLEE, Reoffered)
    world.agents[CALLEE].answer_reoffer(leg, HELD, 0)
    world.wait(2 * S)
    assert world.log.count(f"{CALLER} ACK") == 2
    world.wait(60 * S)
    assert world.taken(CALLEE, Cleared) == []


def test_a_reinvite_whose_ack_never_comes_ends_the_call() -> None:
    world = pair()
    leg = world.established()
    world.dropping = ["ACK"] * 100
    world.agents[CALLER].reoffer(1, HOLD, 0)
    world.one(CALLEE, Reoffered)
    world.agents[CALLEE].answer_reoffer(leg, HELD, 0)
    world.wait(40 * S)
    assert world.one(CALLEE, Cleared).cause is Cause.TIMEOUT
    assert world.one(CALLER, Cleared).cause is Cause.PEER


def test_a_reinvite_into_silence_ends_the_call() -> None:
    world = pair()
    world.established()
    world.cut = True
    world.agents[CALLER].reoffer(1, HOLD, 0)
    world.wait(33 * S)
    assert world.one(CALLER, Cleared).cause is Cause.TIMEOUT


def test_a_reinvite_to_a_peer_that_forgot_the_call_ends_it() -> None:
    world = pair()
    leg = world.established()
    callee = world.agents[CALLEE]
    callee._legs.forget(callee._legs.get(leg))
    world.agents[CALLER].reoffer(1, HOLD, 0)
    assert world.one(CALLER, Cleared).cause is Cause.DIALOG_GONE


def test_an_offer_is_asked_for_by_an_empty_reinvite() -> None:
    world = pair()
    leg = world.established()
    assert answers(world, request_of(world, "INVITE")) == [100]
    asked = world.one(CALLEE, Reoffered)
    assert asked.sdp is None
    world.agents[CALLEE].answer_reoffer(leg, sdp(6000, version=7), 0)
    (ok,) = [one for one in world.agents[CALLEE].outgoing() if one.data.startswith(b"SIP/2.0 200")]
    number = parse_message(ok.data).cseq.number
    ack = request_of(world, "ACK", body=sdp(4004), headers=(("Content-Type", "application/sdp"),))
    ack.headers = [
        header("CSeq", f"{number} ACK") if key == "cseq" else (key, name, value) for key, name, value in ack.headers
    ]
    assert answers(world, ack) == []
    assert world.one(CALLEE, SessionChanged).sdp == sdp(4004)


def test_a_cancelled_reinvite_leaves_the_call_alone() -> None:
    world = pair()
    leg = world.established()
    invite = request_of(world, "INVITE", body=HOLD, headers=(("Content-Type", "application/sdp"),))
    assert answers(world, invite) == [100]
    cancel = parse_message(
        invite.to_bytes().replace(b" INVITE\r\n", b" CANCEL\r\n").replace(b"INVITE sip", b"CANCEL sip")
    )
    assert answers(world, cancel) == [200, 487]
    world.agents[CALLEE].answer_reoffer(leg, HELD, 0)
    assert world.agents[CALLEE].outgoing() == []
    assert world.agents[CALLEE].legs()[0].local_sdp == sdp(6000)


def test_two_reinvites_at_once_are_one_too_many() -> None:
    world = pair()
    world.established()
    kind = (("Content-Type", "application/sdp"),)
    assert answers(world, request_of(world, "INVITE", body=HOLD, headers=kind)) == [100]
    assert answers(world, request_of(world, "INVITE", body=sdp(1), headers=kind)) == [500]


# --- UPDATE ---


def test_an_update_without_a_body_is_a_refresh() -> None:
    world = pair()
    world.established()
    assert answers(world, request_of(world, "UPDATE")) == [200]
    assert world.taken(CALLEE, Reoffered) == []


def test_an_update_may_carry_an_offer() -> None:
    world = pair()
    leg = world.established()
    kind = (("Content-Type", "application/sdp"),)
    assert answers(world, request_of(world, "UPDATE", body=HOLD, headers=kind)) == []
    assert world.one(CALLEE, Reoffered).method == "UPDATE"
    world.agents[CALLEE].answer_reoffer(leg, HELD, 0)
    (outgoing,) = world.agents[CALLEE].outgoing()
    assert parse_message(outgoing.data).body == HELD
    assert answers(world, request_of(world, "UPDATE", body=HOLD, headers=kind)) == [200]  # the same once more


def test_an_update_while_we_offer_is_glare() -> None:
    world = pair()
    leg = world.established()
    world.agents[CALLEE].reoffer(leg, HOLD, 0)
    world.agents[CALLEE].outgoing()
    kind = (("Content-Type", "application/sdp"),)
    assert answers(world, request_of(world, "UPDATE", body=HOLD, headers=kind)) == [491]


def test_an_update_of_an_unanswered_call_is_put_off() -> None:
    world = pair()
    world.agents[CALLER].place_call(1, call_to(CALLEE), 0)
    world.agents[CALLEE].ring(world.one(CALLEE, IncomingCall).leg, 0)
    (ringing,) = world.agents[CALLEE].outgoing()
    dialog = world.agents[CALLER]._legs.get(1).dialog
    dialog.confirm_from_response(parse_message(ringing.data))  # type: ignore[arg-type]
    kind = (("Content-Type", "application/sdp"),)
    assert answers(world, request_of(world, "UPDATE", body=HOLD, headers=kind)) == [500]
    assert answers(world, request_of(world, "UPDATE")) == [200]
    assert answers(world, request_of(world, "BYE")) == [200, 487]


# --- INFO and others ---


def test_digits_come_by_info() -> None:
    world = pair()
    leg = world.established()
    world.agents[CALLER].send_info(1, CONTENT_TYPE, digits_body("5", duration_ms=200), 0)
    assert world.one(CALLEE, InfoDigits) == InfoDigits(leg=leg, digit="5", duration_ms=200)
    assert world.one(CALLER, InfoAnswered).status == 200


def test_a_repeated_info_is_one_digit() -> None:
    world = pair()
    world.established()
    world.dropping = ["200 INFO"] * 3
    world.agents[CALLER].send_info(1, CONTENT_TYPE, digits_body("5"), 0)
    world.wait(10 * S)
    assert len(world.taken(CALLEE, InfoDigits)) == 1


def test_an_info_of_another_kind_is_415_and_an_empty_one_is_well() -> None:
    world = pair()
    world.established()
    assert answers(world, request_of(world, "INFO", body=b"x", headers=(("Content-Type", "text/plain"),))) == [415]
    assert answers(world, request_of(world, "INFO")) == [200]
    world.cut = True
    world.agents[CALLER].send_info(1, "text/plain", b"x", 0)
    world.wait(33 * S)
    assert world.one(CALLER, InfoAnswered).status == 408


@pytest.mark.parametrize(("method", "status"), [("OPTIONS", 200), ("REFER", 405), ("MESSAGE", 405), ("FROB", 501)])
def test_other_requests_in_a_dialog(method: str, status: int) -> None:
    world = pair()
    world.established()
    assert answers(world, request_of(world, method)) == [status]


def test_a_request_for_unknown_extensions_is_refused() -> None:
    world = pair()
    world.established()
    assert answers(world, request_of(world, "UPDATE", headers=(("Require", "x-magic"),))) == [420]


def test_what_is_out_of_order_changes_nothing() -> None:
    world = pair()
    leg = world.established()
    early = request_of(world, "BYE")
    assert answers(world, request_of(world, "INFO")) == [200]
    assert answers(world, early) == [500]
    assert world.agents[CALLEE].legs()[0].leg == leg


def test_a_stranger_with_the_right_tag_but_the_wrong_name_is_481() -> None:
    world = pair()
    world.established()
    bye = request_of(world, "BYE")
    tag = world.agents[CALLER]._legs.get(1).dialog.local_tag
    assert answers(world, parse_message(bye.to_bytes().replace(tag.encode(), b"wrong"))) == [481]
    assert len(world.agents[CALLEE].legs()) == 1


# --- routes and targets ---


def through_proxies(data: bytes) -> bytes:
    """As if two record-routing proxies had been on the way."""
    return data.replace(b"\r\nContact:", b"\r\nRecord-Route: <sip:p2:5099;lr>, <sip:p1:5098;lr>\r\nContact:", 1)


def test_requests_follow_the_recorded_route_and_the_moving_target() -> None:
    world = pair()
    caller, callee = world.agents[CALLER], world.agents[CALLEE]
    caller.place_call(1, call_to(CALLEE), 0)
    callee.receive(through_proxies(caller.outgoing()[0].data), udp(source=CALLER, to=CALLEE), 0)
    leg = world.one(CALLEE, IncomingCall).leg
    world.events.clear()
    callee.answer(leg, sdp(6000), 0)
    (ok,) = callee.outgoing()
    assert parse_message(ok.data).listed("record-route") == ["<sip:p2:5099;lr>", "<sip:p1:5098;lr>"]
    caller.receive(ok.data, udp(source=CALLEE, to=CALLER), 0)
    (ack,) = [one for one in caller.outgoing() if one.data.startswith(b"ACK")]
    assert parse_message(ack.data).listed("route") == ["<sip:p1:5098;lr>", "<sip:p2:5099;lr>"]
    assert ack.flow.remote.host == "p1"
    callee.receive(ack.data, udp(source=CALLER, to=CALLEE), 0)
    world.one(CALLER, Established)
    caller.reoffer(1, HOLD, 0)
    (invite,) = caller.outgoing()
    moved = invite.data.replace(b"Contact: <sip:127.0.0.1:5060>", b"Contact: <sip:127.0.0.1:5061>")
    callee.receive(moved, udp(source=CALLER, to=CALLEE), 0)
    callee.answer_reoffer(leg, HELD, 0)
    callee.hang_up(leg, 0)
    (bye,) = [one for one in callee.outgoing() if one.data.startswith(b"BYE")]
    assert bye.data.startswith(b"BYE sip:127.0.0.1:5061 SIP/2.0")
    assert parse_message(bye.data).listed("route") == ["<sip:p2:5099;lr>", "<sip:p1:5098;lr>"]
    assert bye.flow.remote.host == "p2"


def test_a_strict_router_becomes_the_request_uri() -> None:
    world = pair()
    caller, callee = world.agents[CALLER], world.agents[CALLEE]
    caller.place_call(1, call_to(CALLEE), 0)
    routed = through_proxies(caller.outgoing()[0].data).replace(b"<sip:p2:5099;lr>", b"<sip:p2:5099>")
    callee.receive(routed, udp(source=CALLER, to=CALLEE), 0)
    leg = world.one(CALLEE, IncomingCall).leg
    callee.answer(leg, sdp(6000), 0)
    caller.receive(callee.outgoing()[0].data, udp(source=CALLEE, to=CALLER), 0)
    callee.receive(
        next(one.data for one in caller.outgoing() if one.data.startswith(b"ACK")), udp(source=CALLER, to=CALLEE), 0
    )
    callee.hang_up(leg, 0)
    (bye,) = callee.outgoing()
    assert bye.data.startswith(b"BYE sip:p2:5099 SIP/2.0")
    assert parse_message(bye.data).listed("route") == ["<sip:p1:5098;lr>", "<sip:127.0.0.1:5060>"]


def test_a_preset_route_and_a_pinned_flow_are_kept() -> None:
    world = pair()
    caller = world.agents[CALLER]
    base = call_to(CALLEE)
    fields = {name: getattr(base, name) for name in base.__struct_fields__}
    caller.place_call(1, type(base)(**fields | {"route": ("sip:127.0.0.1:5070",)}), 0)
    (invite,) = caller.outgoing()
    assert parse_message(invite.data).listed("route") == ["<sip:127.0.0.1:5070;lr>"]
    pinned = udp(source=CALLEE, to=CALLER)
    caller.place_call(2, type(base)(**fields | {"target": "sip:1001@10.9.9.9", "flow": pinned, "pin_flow": True}), 0)
    world.agents[CALLEE].answer(world.one(CALLEE, IncomingCall).leg, sdp(6000), 0)
    world.run()
    caller._legs.get(2).dialog.remote_target = "sip:1001@10.9.9.9"  # unreachable, as behind NAT
    caller.hang_up(2, 0)
    assert world.one(CALLEE, Cleared).cause is Cause.PEER
