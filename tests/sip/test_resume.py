"""Legs that outlive their user agent: exported as bytes, adopted by another one."""

from __future__ import annotations

import contextlib

import pytest

from cti_server.sip.commands import Credentials
from cti_server.sip.digest import ha1
from cti_server.sip.errors import LocalProtocolError, ResumeError, UnknownLeg
from cti_server.sip.events import (
    Cause,
    Cleared,
    Confirmed,
    Established,
    Failed,
    IncomingCall,
    Reoffered,
    SessionChanged,
)
from cti_server.sip.policy import Accept, AcceptAll, Challenge, RequestInfo, Verdict
from tests.shared_data import ROOT
from tests.sip.world import S, World, agent, assert_nothing_left, call_to, pair, sdp

CALLER, CALLEE = 5060, 5070


def restart(world: World, port: int, *legs: int) -> None:
    """The process at `port` dies and another takes its legs over from their last exports."""
    exports = {leg: world.agents[port].resume(leg) for leg in legs}
    media = {info.leg: info.media for info in world.agents[port].legs()}
    world.agents[port] = agent(port, seed=4711)
    for leg, data in exports.items():
        info = world.agents[port].adopt(leg, data, world.now_us)
        assert (info.leg, info.media) == (leg, media[leg])


def assert_all_quiet(world: World) -> None:
    world.wait(400 * S)
    for one in world.agents.values():
        assert_nothing_left(one)


@pytest.mark.parametrize("port", [CALLER, CALLEE])
def test_an_established_call_can_be_held_and_ended_after_a_restart(port: int) -> None:
    world = pair()
    legs = {CALLER: 1, CALLEE: world.established()}
    other = CALLEE if port == CALLER else CALLER
    world.agents[port].set_media(legs[port], b"worker 1, handle 77")
    before = world.agents[port].legs()[0]
    restart(world, port, legs[port])
    after = world.agents[port].legs()[0]
    assert (after.state, after.local_sdp, after.call_id) == ("established", before.local_sdp, before.call_id)
    world.agents[port].reoffer(legs[port], sdp(4000, version=9, direction="sendonly"), world.now_us)
    world.agents[other].answer_reoffer(world.one(other, Reoffered).leg, sdp(6000, version=9), world.now_us)
    world.one(port, SessionChanged)
    world.agents[other].reoffer(legs[other], sdp(6000, version=10), world.now_us)
    world.agents[port].answer_reoffer(world.one(port, Reoffered).leg, sdp(4000, version=10), world.now_us)
    world.one(other, SessionChanged)
    world.agents[port].hang_up(legs[port], world.now_us)
    assert world.one(other, Cleared).cause is Cause.PEER
    assert_all_quiet(world)


def test_the_numbers_go_on_a_thousand_higher() -> None:
    world = pair()
    world.established()
    restart(world, CALLER, 1)
    world.agents[CALLER].hang_up(1, 0)
    (bye,) = world.agents[CALLER].outgoing()
    assert b"CSeq: 1002 BYE" in bye.data


def test_the_session_timer_goes_on() -> None:
    world = pair()
    leg = world.established()
    world.wait(500 * S)
    restart(world, CALLER, 1)
    restart(world, CALLEE, leg)
    world.wait(3600 * S)
    assert f"{CALLER} UPDATE" in world.log
    assert world.taken(CALLEE, Cleared) == []
    world.cut = True
    world.wait(1900 * S)
    world.one(CALLEE, Cleared)


def test_a_session_near_its_end_is_refreshed_for_its_full_time_after_a_restart() -> None:
    world = pair()
    world.established()
    world.wait(899 * S)
    before = world.agents[CALLER].resume(1)
    world.wait(850 * S)
    world.agents[CALLER] = agent(CALLER, seed=4711)
    world.agents[CALLER].adopt(1, before, world.now_us)
    world.wait(40 * S)
    assert world.agents[CALLER]._legs.get(1).session.interval_s == 1800
    assert world.taken(CALLER, Cleared) == world.taken(CALLEE, Cleared) == []


def test_an_unanswered_outgoing_call_can_be_cancelled_after_a_restart() -> None:
    world = pair()
    world.agents[CALLER].place_call(1, call_to(CALLEE), 0)
    world.agents[CALLEE].ring(world.one(CALLEE, IncomingCall).leg, 0)
    world.run()
    restart(world, CALLER, 1)
    assert world.agents[CALLER].legs()[0].state == "ringing"
    world.agents[CALLER].hang_up(1, world.now_us)
    assert world.one(CALLEE, Failed).status == 487
    assert_all_quiet(world)


def test_an_unanswered_outgoing_call_can_still_be_answered_after_a_restart() -> None:
    world = pair()
    world.agents[CALLER].place_call(1, call_to(CALLEE), 0)
    leg = world.one(CALLEE, IncomingCall).leg
    restart(world, CALLER, 1)
    world.agents[CALLEE].answer(leg, sdp(6000), world.now_us)
    assert world.one(CALLER, Established).sdp == sdp(6000)
    world.one(CALLEE, Confirmed)
    world.agents[CALLER].hang_up(1, world.now_us)
    assert_all_quiet(world)


def test_an_outgoing_call_that_nobody_answers_after_a_restart_is_given_up() -> None:
    world = pair(early_s_max=60)
    world.agents[CALLER].place_call(1, call_to(CALLEE), 0)
    world.run()
    restart(world, CALLER, 1)
    world.cut = True
    world.wait(400 * S)
    assert world.one(CALLER, Failed).cause is Cause.TIMEOUT
    assert_all_quiet(world)


def test_an_offered_call_can_be_answered_or_refused_after_a_restart() -> None:
    for is_answered in (True, False):
        world = pair()
        world.agents[CALLER].place_call(1, call_to(CALLEE), 0)
        leg = world.one(CALLEE, IncomingCall).leg
        restart(world, CALLEE, leg)
        if is_answered:
            world.agents[CALLEE].answer(leg, sdp(6000), world.now_us)
            world.one(CALLER, Established)
            world.agents[CALLER].hang_up(1, world.now_us)
            world.one(CALLEE, Cleared)
        else:
            world.agents[CALLEE].reject(leg, 503, world.now_us)
            assert world.one(CALLER, Failed).status == 503
        assert_all_quiet(world)


def test_an_offered_call_can_be_cancelled_by_its_caller_after_a_restart() -> None:
    world = pair()
    world.agents[CALLER].place_call(1, call_to(CALLEE), 0)
    leg = world.one(CALLEE, IncomingCall).leg
    restart(world, CALLEE, leg)
    world.agents[CALLER].cancel(1, world.now_us)
    assert world.one(CALLEE, Failed).cause is Cause.PEER
    assert_all_quiet(world)


def test_a_2xx_that_may_be_lost_is_said_again_after_a_restart() -> None:
    world = pair()
    world.agents[CALLER].place_call(1, call_to(CALLEE), 0)
    leg = world.one(CALLEE, IncomingCall).leg
    world.dropping = ["200 INVITE"]
    world.agents[CALLEE].answer(leg, sdp(6000), 0)
    world.run()
    assert world.agents[CALLEE].legs()[0].state == "answered"
    restart(world, CALLEE, leg)
    assert world.one(CALLER, Established).sdp == sdp(6000)
    assert world.one(CALLEE, Confirmed).leg == leg
    world.agents[CALLER].hang_up(1, world.now_us)
    assert_all_quiet(world)


class Digest(AcceptAll):
    def admit(self, request: RequestInfo) -> Verdict:
        return Challenge()

    def ha1(self, username: str, realm: str, algorithm: str) -> str | None:
        return ha1(username, realm, "tellnobody", algorithm)

    def authorise(self, request: RequestInfo, username: str) -> Verdict:
        return Accept(identity=username)


def test_a_resume_holds_no_password_and_nothing_made_of_it() -> None:
    world = World({CALLER: agent(CALLER), CALLEE: agent(CALLEE, policy=Digest())})
    credentials = Credentials(username="kim", password="tellnobody")
    world.agents[CALLER].place_call(1, call_to(CALLEE, credentials=credentials), 0)
    incoming = world.one(CALLEE, IncomingCall)
    exports = [world.agents[CALLER].resume(1), world.agents[CALLEE].resume(incoming.leg)]
    world.agents[CALLEE].answer(incoming.leg, sdp(6000), 0)
    world.run()
    exports += [world.agents[CALLER].resume(1), world.agents[CALLEE].resume(incoming.leg)]
    for data in exports:
        assert b"tellnobody" not in data
        assert b"uthorization" not in data
        assert b"response=" not in data


@pytest.mark.parametrize("data", [b"", b"\x00", b"\xff" * 40, b"{}", b"\x93\x01\x02\x03"])
def test_foreign_bytes_are_refused(data: bytes) -> None:
    one = agent(CALLER)
    with pytest.raises(ResumeError):
        one.adopt(1, data, 0)
    assert one.legs() == []


def test_a_resume_with_a_damaged_byte_is_refused_or_taken_and_never_raises_anything_else() -> None:
    data = (ROOT / "tests" / "golden" / "sip" / "established-1.resume").read_bytes()
    for place in range(len(data)):
        for value in (0xFF, 0x00, data[place] ^ 0x20):
            damaged = data[:place] + bytes([value]) + data[place + 1 :]
            with contextlib.suppress(ResumeError):
                agent(CALLER).adopt(1, damaged, 0)


def test_every_truncation_of_a_resume_is_refused() -> None:
    world = pair()
    world.agents[CALLER].place_call(1, call_to(CALLEE), 0)
    data = world.agents[CALLER].resume(1)
    one = agent(CALLER)
    for length in range(len(data)):
        with pytest.raises(ResumeError):
            one.adopt(1, data[:length], 0)


def test_a_leg_is_adopted_once_and_lists_in_order() -> None:
    world = pair()
    for leg in (3, 1, 2):
        world.agents[CALLER].place_call(leg, call_to(CALLEE), 0)
    assert [info.leg for info in world.agents[CALLER].legs()] == [1, 2, 3]
    data = world.agents[CALLER].resume(1)
    with pytest.raises(LocalProtocolError):
        world.agents[CALLER].adopt(1, data, 0)
    with pytest.raises(UnknownLeg):
        world.agents[CALLER].resume(9)
    with pytest.raises(UnknownLeg):
        world.agents[CALLER].set_media(9, b"")


def test_a_2xx_to_a_reinvite_of_the_earlier_process_does_not_end_the_call() -> None:
    world = pair()
    leg = world.established()
    world.agents[CALLER].reoffer(1, sdp(4000, version=2, direction="sendonly"), 0)
    world.one(CALLEE, Reoffered)
    restart(world, CALLER, 1)
    world.agents[CALLEE].answer_reoffer(leg, sdp(6000, version=2), 0)
    world.wait(60 * S)
    assert world.taken(CALLEE, Cleared) == world.taken(CALLER, Cleared) == []
    world.agents[CALLER].hang_up(1, world.now_us)
    assert_all_quiet(world)


@pytest.mark.parametrize(("name", "state"), [("established-1", "established"), ("calling-1", "calling")])
def test_a_resume_of_the_first_release_is_understood_for_ever(name: str, state: str) -> None:
    data = (ROOT / "tests" / "golden" / "sip" / f"{name}.resume").read_bytes()
    one = agent(CALLER, seed=5)
    info = one.adopt(1, data, 0)
    assert (info.state, info.is_outgoing, info.local_sdp) == (state, True, sdp())
    one.hang_up(1, 0)
    (outgoing,) = one.outgoing()
    assert outgoing.data.startswith(b"BYE " if state == "established" else b"CANCEL ")
