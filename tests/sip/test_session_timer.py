"""RFC 4028: who refreshes, with what, and what happens if nobody does."""

from __future__ import annotations

from typing import Any

import pytest

from cti_server.sip.config import Config, Listener
from cti_server.sip.errors import RemoteProtocolError
from cti_server.sip.events import Cause, Cleared, Failed, IncomingCall, Reoffered, SessionChanged
from cti_server.sip.message import Message, header
from cti_server.sip.session_timer import IntervalTooSmall, SessionTimer, agree_as_client, agree_as_server
from tests.sip.test_midcall import answers, request_of
from tests.sip.world import S, World, address, agent, assert_nothing_left, call_to, pair, sdp

CALLER, CALLEE = 5060, 5070


def config(**settings: Any) -> Config:
    return Config(listeners=(Listener(transport="udp", bound=address(1), advertised=address(1)),), **settings)


def invite(**headers: str) -> Any:
    return Message(headers=[header(name.replace("_", "-"), value) for name, value in headers.items()])


@pytest.mark.parametrize(
    ("asked", "settings", "expected"),
    [
        ({}, {}, SessionTimer()),
        ({"Supported": "timer"}, {}, SessionTimer(interval_s=1800)),
        ({"Supported": "timer"}, {"session_expires_s": 0}, SessionTimer()),
        ({"Supported": "timer", "Session_Expires": "600"}, {"session_expires_s": 0}, SessionTimer(interval_s=600)),
        ({"Supported": "timer", "Session_Expires": "7200"}, {}, SessionTimer(interval_s=1800)),
        ({"Supported": "timer", "Session_Expires": "7200", "Min_SE": "3600"}, {}, SessionTimer(interval_s=3600)),
        ({"Supported": "timer", "Session_Expires": "600;refresher=uas"}, {}, SessionTimer(600, True)),
        ({"Session_Expires": "600"}, {}, SessionTimer(interval_s=600, we_refresh=True)),
    ],
)
def test_what_a_server_agrees_to(asked: dict[str, str], settings: dict[str, Any], expected: SessionTimer) -> None:
    timer, headers = agree_as_server(config(**settings), invite(**asked))
    assert timer == expected
    assert bool(headers) == bool(expected.interval_s)
    requires = ("require", "Require", "timer") in headers
    assert requires == (bool(expected.interval_s) and not expected.we_refresh)


def test_too_short_an_interval_is_422() -> None:
    with pytest.raises(IntervalTooSmall) as caught:
        agree_as_server(config(), invite(Supported="timer", Session_Expires="60"))
    assert (caught.value.status, caught.value.min_se_s) == (422, 90)
    with pytest.raises(RemoteProtocolError):
        agree_as_server(config(), invite(Session_Expires="soon"))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, SessionTimer()),
        ({"Session_Expires": "1800;refresher=uac"}, SessionTimer(1800, True)),
        ({"Session_Expires": "1800;refresher=uas"}, SessionTimer(1800, False)),
        ({"Session_Expires": "1800"}, SessionTimer(1800, True)),
        ({"Session_Expires": "5"}, SessionTimer()),
        ({"Session_Expires": "x"}, SessionTimer()),
    ],
)
def test_what_a_client_understands(said: dict[str, str], expected: SessionTimer) -> None:
    assert agree_as_client(invite(**said)) == expected


def test_a_call_is_refreshed_by_update_for_hours() -> None:
    world = pair()
    world.established()
    world.wait(3 * 3600 * S)
    assert world.log.count(f"{CALLER} UPDATE") == world.log.count(f"{CALLEE} 200 UPDATE") == 12
    assert world.taken(CALLER, Cleared) == world.taken(CALLEE, Cleared) == []


def test_a_peer_without_update_is_refreshed_by_reinvite_unnoticed() -> None:
    world = pair()
    world.established()
    world.agents[CALLER]._legs.get(1).dialog.peer_takes_update = False
    world.wait(1000 * S)
    assert world.log.count(f"{CALLER} INVITE") == 1
    assert world.taken(CALLEE, Reoffered) == world.taken(CALLER, SessionChanged) == []
    assert world.agents[CALLER]._legs.get(1).dialog.peer_takes_update  # its 200 said that it can


def test_a_refresh_that_the_peer_uses_to_move_is_reported() -> None:
    world = pair()
    leg = world.established()
    world.agents[CALLER]._legs.get(1).dialog.peer_takes_update = False
    world.agents[CALLEE]._legs.get(leg).local_sdp = sdp(6666)
    world.wait(1000 * S)
    assert world.one(CALLER, SessionChanged).sdp == sdp(6666)


def test_without_a_refresh_the_session_expires_on_both_sides() -> None:
    world = pair()
    world.established()
    world.cut = True
    world.wait(1800 * S)
    assert world.one(CALLER, Cleared).cause in (Cause.SESSION_EXPIRED, Cause.TIMEOUT)
    assert world.one(CALLEE, Cleared).cause is Cause.SESSION_EXPIRED
    world.wait(100 * S)
    for one in world.agents.values():
        assert_nothing_left(one)


def test_a_422_is_answered_with_a_longer_interval() -> None:
    world = World({CALLER: agent(CALLER, session_expires_s=100), CALLEE: agent(CALLEE, session_expires_min_s=600)})
    world.agents[CALLER].place_call(1, call_to(CALLEE), 0)
    leg = world.one(CALLEE, IncomingCall).leg
    assert world.log[:4] == ["5060 INVITE", "5070 422 INVITE", "5060 ACK", "5060 INVITE"]
    world.agents[CALLEE].answer(leg, sdp(6000), 0)
    world.run()
    assert world.agents[CALLER]._legs.get(1).session.interval_s == 600


def test_a_422_that_asks_for_nothing_new_is_a_failure() -> None:
    world = pair()
    world.agents[CALLER].place_call(1, call_to(CALLEE), 0)
    leg = world.one(CALLEE, IncomingCall).leg
    world.agents[CALLEE].reject(leg, 422, 0)
    assert world.one(CALLER, Failed).status == 422


def test_too_short_an_interval_in_a_call_is_422_too() -> None:
    world = pair()
    world.established()
    short = (("Session-Expires", "30"), ("Supported", "timer"))
    assert answers(world, request_of(world, "UPDATE", headers=short)) == [422]
    assert answers(world, request_of(world, "INVITE", headers=short)) == [422]


def test_a_phone_without_timers_gets_none() -> None:
    world = pair(session_expires_s=0)
    world.agents[CALLEE]._stack.config = config()  # the callee would like one
    base = call_to(CALLEE)
    fields = {name: getattr(base, name) for name in base.__struct_fields__}
    world.agents[CALLER].place_call(1, type(base)(**fields | {"session_timer": False}), 0)
    world.agents[CALLEE].answer(world.one(CALLEE, IncomingCall).leg, sdp(6000), 0)
    world.run()
    assert world.agents[CALLEE].legs()[0].state == "established"
    world.wait(5000 * S)
    assert f"{CALLEE} UPDATE" not in world.log
    assert world.taken(CALLEE, Cleared) == []
