"""The registrar: bindings, their order, limits and ends."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from cti_server.sip.config import Config, Listener, RegistrarConfig
from cti_server.sip.errors import RemoteProtocolError
from cti_server.sip.events import BindingsChanged
from cti_server.sip.flow import Address, Flow
from cti_server.sip.message import Request, header
from cti_server.sip.registrar import IntervalTooBrief, Registrar
from cti_server.sip.stack import Stack
from tests.sip.world import S, address

FLOW = Flow(transport="udp", remote=Address("192.0.2.20", 5062), local=address(5060))
ONE, TWO = "<sip:1001@192.0.2.20:5062>", "<sip:1001@192.0.2.21>"


def registrar(**limits: Any) -> Registrar:
    config = Config(listeners=(Listener(transport="udp", bound=address(1), advertised=address(1)),))
    return Registrar(Stack(config, random.Random(1)), RegistrarConfig(**limits))


def register(
    one: Registrar, *contacts: str, cseq: int = 1, call_id: str = "c", expires: str | None = None, key: str = "1001"
) -> list[str]:
    headers = [header("Call-ID", call_id), header("CSeq", f"{cseq} REGISTER")]
    headers += [header("Contact", contact) for contact in contacts]
    if expires is not None:
        headers.append(header("Expires", expires))
    request = Request(headers=headers, method="REGISTER", uri="sip:x")
    return [value for _, _, value in one.register(key, request, FLOW)]


def changes(one: Registrar) -> Sequence[BindingsChanged]:
    found = [event for event in one.stack.events if isinstance(event, BindingsChanged)]
    one.stack.events.clear()
    return found


def at(one: Registrar, now_us: int) -> None:
    one.stack.deadlines.now_us = now_us
    one.stack.deadlines.run()


def test_a_contact_is_kept_shown_and_reported() -> None:
    one = registrar()
    assert register(one, ONE + ";expires=600") == [ONE + ";expires=600"]
    (binding,) = one.bindings("1001")
    assert (binding.contact, binding.flow, binding.expires_at_us) == ("sip:1001@192.0.2.20:5062", FLOW, 600 * S)
    (change,) = changes(one)
    assert change.bindings == (binding,)
    assert not change.refreshed_only
    at(one, 100 * S)
    assert register(one, cseq=2) == [ONE + ";expires=500"]


def test_several_contacts_in_the_order_of_their_preference() -> None:
    one = registrar()
    register(one, f'{ONE};q=0.5, {TWO};q=0.9;+sip.instance="<urn:x>"')
    assert [binding.contact for binding in one.bindings("1001")] == ["sip:1001@192.0.2.21", "sip:1001@192.0.2.20:5062"]
    assert register(one, cseq=2)[0] == TWO + ';q=0.9;+sip.instance="<urn:x>";expires=3600'


def test_a_refresh_is_told_apart_from_a_change() -> None:
    one = registrar()
    register(one, ONE)
    changes(one)
    register(one, ONE, cseq=2)
    assert [change.refreshed_only for change in changes(one)] == [True]
    register(one, ONE, TWO, cseq=3)
    assert [change.refreshed_only for change in changes(one)] == [False]
    register(one, cseq=4)
    assert changes(one) == []


def test_a_contact_goes_by_zero_by_star_and_by_time() -> None:
    one = registrar()
    register(one, ONE, TWO)
    register(one, ONE + ";expires=0", cseq=2)
    assert [binding.contact for binding in one.bindings("1001")] == ["sip:1001@192.0.2.21"]
    register(one, "*", cseq=3, expires="0")
    assert one.bindings("1001") == ()
    register(one, ONE, cseq=4, expires="100")
    changes(one)
    at(one, 100 * S)
    assert one.bindings("1001") == ()
    assert [change.bindings for change in changes(one)] == [()]
    assert one.stack.deadlines.next_us() is None


def test_each_contact_expires_by_itself() -> None:
    one = registrar()
    register(one, ONE + ";expires=100", TWO + ";expires=200")
    changes(one)
    at(one, 150 * S)
    assert [len(change.bindings) for change in changes(one)] == [1]
    at(one, 200 * S)
    assert [len(change.bindings) for change in changes(one)] == [0]


@pytest.mark.parametrize(
    ("asked", "granted"),
    [(None, 3600), ("99999999", 7200), ("280297596632815", 3600), ("1" + "0" * 90, 3600), ("x", 3600), ("60", 60)],
)
def test_times_are_granted_within_limits_and_nonsense_is_the_default(asked: str | None, granted: int) -> None:
    assert register(registrar(), ONE, expires=asked) == [f"{ONE};expires={granted}"]


def test_too_brief_a_time_is_423_and_changes_nothing() -> None:
    one = registrar()
    with pytest.raises(IntervalTooBrief) as caught:
        register(one, TWO, ONE + ";expires=59")
    assert (caught.value.status, caught.value.min_expires_s) == (423, 60)
    assert one.bindings("1001") == ()


def test_a_request_that_was_overtaken_changes_nothing() -> None:
    one = registrar()
    register(one, ONE, cseq=5)
    for cseq in (4, 5):
        with pytest.raises(RemoteProtocolError) as caught:
            register(one, ONE + ";expires=0", cseq=cseq)
        assert caught.value.status == 500
    with pytest.raises(RemoteProtocolError):
        register(one, "*", cseq=5, expires="0")
    assert len(one.bindings("1001")) == 1
    register(one, ONE, cseq=1, call_id="restarted")
    assert one.bindings("1001")[0].call_id == "restarted"


@pytest.mark.parametrize(("contacts", "expires"), [(("*",), None), (("*",), "60"), (("*", ONE), "0")])
def test_a_star_stands_alone_and_with_zero(contacts: tuple[str, ...], expires: str | None) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        register(registrar(), *contacts, expires=expires)
    assert caught.value.status == 400


def test_a_contact_is_the_same_however_its_host_is_written() -> None:
    one = registrar()
    register(one, "<sip:1001@Phone.Example:5060;transport=UDP>")
    register(one, "<sip:1001@phone.example:5060;transport=udp;ob>", cseq=2)
    assert len(one.bindings("1001")) == 1
    register(one, "<sip:1001@phone.example:5060;transport=tcp>", cseq=3)
    assert len(one.bindings("1001")) == 2


def test_the_oldest_contacts_give_way_to_new_ones() -> None:
    one = registrar(contacts_max=2)
    for number in range(4):
        register(one, f"<sip:1001@192.0.2.{number}>", cseq=number + 1)
    assert {binding.contact for binding in one.bindings("1001")} == {"sip:1001@192.0.2.2", "sip:1001@192.0.2.3"}


def test_accounts_are_apart_and_bounded() -> None:
    one = registrar(accounts_max=1)
    register(one, ONE)
    with pytest.raises(RemoteProtocolError) as caught:
        register(one, ONE, key="1002")
    assert caught.value.status == 503
    assert one.bindings("1002") == ()


def test_bindings_are_restored_after_a_restart() -> None:
    one, two = registrar(), registrar()
    register(one, ONE + ";expires=100", TWO + ";expires=200")
    at(two, 150 * S)
    two.restore("1001", one.bindings("1001"))
    assert [binding.contact for binding in two.bindings("1001")] == ["sip:1001@192.0.2.21"]
    at(two, 200 * S)
    assert two.bindings("1001") == ()


def test_a_connection_is_nobodys_after_its_end_and_after_a_restart() -> None:
    one, two = registrar(), registrar()
    contact = "<sip:1001@192.0.2.20:5062;transport=tcp>"
    flow = Flow(transport="tcp", remote=Address("192.0.2.20", 40000), local=address(5060), connection=7)
    headers = [header("Call-ID", "c"), header("CSeq", "1 REGISTER"), header("Contact", contact)]
    one.register("1001", Request(headers=headers, method="REGISTER", uri="sip:x"), flow)
    two.restore("1001", one.bindings("1001"))
    one.connection_lost(Flow(transport="tcp", remote=Address("x", 1), local=address(5060), connection=8))
    assert one.bindings("1001")[0].flow == flow
    one.connection_lost(flow)
    for each in (one, two):
        reached = each.bindings("1001")[0].flow
        assert (reached.connection, reached.remote) == (0, Address("192.0.2.20", 5062))
    assert len(changes(one)) == 2


def test_nonsense_as_preference_is_none() -> None:
    one = registrar()
    assert register(one, ONE + ";q=high") == [ONE + ";expires=3600"]
    assert register(one, ONE + ";q=7", cseq=2) == [ONE + ";expires=3600"]
