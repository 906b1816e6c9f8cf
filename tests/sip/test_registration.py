"""A phone and its registrar: registering, staying registered, leaving, and bad days."""

from __future__ import annotations

import pytest

from cti_server.sip.commands import Credentials, OutboundCall, Registration
from cti_server.sip.config import RegistrarConfig
from cti_server.sip.digest import ha1
from cti_server.sip.errors import LocalProtocolError
from cti_server.sip.events import (
    AuthenticationFailed,
    BindingsChanged,
    Established,
    IncomingCall,
    OptionsAnswered,
    Registered,
    RegistrationFailed,
    Unregistered,
)
from cti_server.sip.flow import Flow
from cti_server.sip.policy import Accept, AcceptAll, Challenge, Refuse, RequestInfo, Verdict
from tests.sip.world import S, World, address, agent, sdp

PHONE, SERVER = 5060, 5070


class Phones(AcceptAll):
    """Phones register as themselves only; OPTIONS is free."""

    def admit(self, request: RequestInfo) -> Verdict:
        return Challenge() if request.method == "REGISTER" else Accept()

    def ha1(self, username: str, realm: str, algorithm: str) -> str | None:
        return ha1(username, realm, "pw" + username, algorithm) if username in ("1001", "1002") else None

    def authorise(self, request: RequestInfo, username: str) -> Verdict:
        return Accept(identity=username) if request.to_uri.user == username else Refuse(status=403)


def world(**limits: int) -> World:
    server = agent(SERVER, policy=Phones(), registrar=RegistrarConfig(**limits))
    return World({PHONE: agent(PHONE), SERVER: server})


def wanted(
    user: str = "1001", password: str = "pw1001", *, account: str = "1001", expires_s: int = 300
) -> Registration:
    return Registration(
        registrar=f"sip:127.0.0.1:{SERVER}",
        account=f"sip:{account}@127.0.0.1",
        display="전화 1001",
        credentials=Credentials(username=user, password=password),
        expires_s=expires_s,
    )


def test_a_phone_registers_stays_registered_and_leaves() -> None:
    both = world()
    both.agents[PHONE].register(1, wanted(), 0)
    assert both.one(PHONE, Registered).expires_s == 300
    assert both.log == ["5060 REGISTER", "5070 401 REGISTER", "5060 REGISTER", "5070 200 REGISTER"]
    assert both.agents[SERVER].bindings("1001@127.0.0.1")[0].contact == f"sip:127.0.0.1:{PHONE}"
    both.wait(3600 * S)
    assert all(change.bindings for change in both.taken(SERVER, BindingsChanged))
    assert both.taken(SERVER, AuthenticationFailed) == both.taken(PHONE, RegistrationFailed) == []
    both.agents[PHONE].unregister(1, both.now_us)
    both.one(PHONE, Unregistered)
    assert both.taken(SERVER, BindingsChanged)[-1].bindings == ()
    with pytest.raises(LocalProtocolError):
        both.agents[PHONE].unregister(1, both.now_us)
    both.wait(40 * S)
    assert both.agents[PHONE].next_deadline() is None


def test_known_answers_are_used_again_without_a_new_challenge() -> None:
    both = world()
    both.agents[PHONE].register(1, wanted(expires_s=100), 0)
    both.wait(250 * S)
    assert both.log.count("5070 401 REGISTER") == 1
    assert both.log.count("5070 200 REGISTER") == 4


def test_a_registered_phone_is_called_where_it_came_from() -> None:
    both = world()
    both.agents[PHONE].register(1, wanted(), 0)
    both.run()
    (binding,) = both.agents[SERVER].bindings("1001@127.0.0.1")
    call = OutboundCall(target=binding.contact, from_uri="sip:ieum@127.0.0.1", sdp=sdp(), flow=binding.flow)
    both.agents[SERVER].place_call(7, call, 0)
    both.agents[PHONE].answer(both.one(PHONE, IncomingCall).leg, sdp(6000), 0)
    assert both.one(SERVER, Established).leg == 7


@pytest.mark.parametrize(("user", "password"), [("1001", "wrong"), ("9999", "pw9999")])
def test_a_wrong_password_is_asked_for_once_and_given_up(user: str, password: str) -> None:
    both = world()
    both.agents[PHONE].register(1, wanted(user, password), 0)
    failed = both.one(PHONE, RegistrationFailed)
    assert (failed.status, failed.retry_in_s) == (401, 0)
    assert both.one(SERVER, AuthenticationFailed).username == user
    both.wait(600 * S)
    assert both.log.count("5060 REGISTER") == 2


def test_nobody_registers_for_somebody_else() -> None:
    both = world()
    both.agents[PHONE].register(1, wanted("1002", "pw1002"), 0)
    assert both.one(PHONE, RegistrationFailed).status == 403
    assert both.agents[SERVER].bindings("1001@127.0.0.1") == ()


def test_too_short_a_time_is_lengthened() -> None:
    both = world(expires_min_s=500)
    both.agents[PHONE].register(1, wanted(expires_s=100), 0)
    assert both.one(PHONE, Registered).expires_s == 500


def test_a_phone_keeps_trying_while_the_server_is_away() -> None:
    both = world()
    both.cut = True
    both.agents[PHONE].register(1, wanted(), 0)
    both.wait(33 * S)
    failed = both.one(PHONE, RegistrationFailed)
    assert (failed.status, failed.retry_in_s) == (408, 2)
    both.wait(400 * S)
    both.cut = False
    both.wait(61 * S)
    both.one(PHONE, Registered)


def test_registering_again_replaces_the_account() -> None:
    both = world()
    both.agents[PHONE].register(1, wanted(), 0)
    both.run()
    both.agents[PHONE].register(1, wanted("1002", "pw1002", account="1002"), 0)
    both.run()
    assert both.agents[SERVER].bindings("1002@127.0.0.1")
    both.wait(400 * S)
    assert not both.agents[SERVER].bindings("1001@127.0.0.1")


def test_a_lost_connection_is_replaced() -> None:
    server = agent(SERVER, transport="tcp", registrar=RegistrarConfig())
    both = World({PHONE: agent(PHONE, transport="tcp"), SERVER: server})
    plain = Registration(registrar=f"sip:127.0.0.1:{SERVER};transport=tcp", account="sip:1001@127.0.0.1")
    both.agents[PHONE].register(1, plain, 0)
    both.one(PHONE, Registered)
    assert both.agents[SERVER].bindings("1001@127.0.0.1")[0].flow.connection == 1
    lost = Flow(transport="tcp", remote=address(SERVER), local=address(PHONE), connection=1)
    both.agents[PHONE].connection_lost(lost, 0)
    both.connections = {(0, 0): 1}
    both.wait(3 * S)
    assert both.agents[SERVER].bindings("1001@127.0.0.1")[0].flow.connection == 2


def test_a_repeated_register_is_answered_alike() -> None:
    both = World({PHONE: agent(PHONE), SERVER: agent(SERVER, registrar=RegistrarConfig())})
    both.dropping = ["200 REGISTER"] * 3
    both.agents[PHONE].register(1, Registration(registrar=f"sip:127.0.0.1:{SERVER}", account="sip:1001@127.0.0.1"), 0)
    both.wait(10 * S)
    assert both.one(PHONE, Registered).expires_s == 300
    assert len(both.taken(SERVER, BindingsChanged)) == 1


def test_without_a_registrar_register_is_405() -> None:
    both = World({PHONE: agent(PHONE), SERVER: agent(SERVER)})
    both.agents[PHONE].register(1, wanted(), 0)
    assert both.one(PHONE, RegistrationFailed).status == 405
    with pytest.raises(LocalProtocolError):
        both.agents[SERVER].restore_bindings("1001", (), 0)


def test_options_tells_whether_a_peer_lives() -> None:
    both = world()
    both.agents[PHONE].send_options(3, f"sip:127.0.0.1:{SERVER}", 0)
    assert both.one(PHONE, OptionsAnswered) == OptionsAnswered(handle=3, status=200)
    both.cut = True
    both.agents[PHONE].send_options(4, f"sip:127.0.0.1:{SERVER}", 0)
    both.wait(33 * S)
    assert both.taken(PHONE, OptionsAnswered)[-1] == OptionsAnswered(handle=4, status=408)
    for registration in (wanted(account="a b"), Registration(registrar="x", account="sip:a@b")):
        with pytest.raises(LocalProtocolError):
            both.agents[PHONE].register(9, registration, 0)
