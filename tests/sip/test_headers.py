"""Typed headers: From, To, Contact, Via, CSeq, Reason, Session-Expires."""

from __future__ import annotations

import pytest

from cti_server.sip.errors import RemoteProtocolError
from cti_server.sip.events import Reason
from cti_server.sip.headers import (
    CSeq,
    SessionExpires,
    delta_seconds,
    parse_contacts,
    parse_cseq,
    parse_name_addr,
    parse_reason,
    parse_session_expires,
    parse_via,
    show_reason,
)


def test_a_display_name_may_be_quoted_bare_or_missing() -> None:
    quoted = parse_name_addr('"Kim \\"K\\" <x>" <sip:kim@x;lr>;tag=1;q="a;b"')
    assert quoted.display == 'Kim "K" <x>'
    assert quoted.tag == "1"
    assert str(quoted.uri) == "sip:kim@x;lr"
    assert quoted.parameters == (("tag", "1"), ("q", '"a;b"'))
    assert parse_name_addr("T. Watson <sip:t@x>").display == "T. Watson"
    assert parse_name_addr("김이음<sip:t@x>").display == "김이음"
    bare = parse_name_addr("sip:t@x;tag=7")
    assert (str(bare.uri), bare.tag, bare.display) == ("sip:t@x", "7", "")


@pytest.mark.parametrize(
    "text",
    [
        '"Mr. J. User <sip:j@x>',
        "Bell, Alexander <sip:a@x>",
        "<sip:a@x",
        '"x" sip:a@x',
        "sip:user@x?Route=%3Csip:y%3E",
        "sip:a,b@x",
        "< sip:a@x >",
        "<sip:a@x>;;tag=1",
        "<sip:a@x>tag=1",
        "<sip:a@x>;tag=a b",
        "",
    ],
)
def test_what_needs_quotes_or_brackets_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_name_addr(text)


def test_a_name_survives_being_written_and_read() -> None:
    for text in ('"a \\\\ \\" b" <sip:x@y>;tag=1', "<sip:x@y;transport=tcp>;expires=60"):
        assert str(parse_name_addr(text)) == text


def test_contacts_are_split_outside_of_quotes_and_brackets() -> None:
    contacts = parse_contacts(['"a, b" <sip:a@x>;q=0.5, <sip:b,c@x>', "sip:d@x"])
    assert [str(one.uri) for one in contacts] == ["sip:a@x", "sip:b,c@x", "sip:d@x"]


def test_a_via_may_be_written_loosely() -> None:
    via = parse_via("SIP  / 2.0  / TCP     spindle.example.com   ;  branch  =   z9hG4bK9ikj8")
    assert (via.transport, via.host, via.port, via.branch) == ("TCP", "spindle.example.com", 0, "z9hG4bK9ikj8")
    via = parse_via("SIP/2.0/UDP [2001:db8::9:1]:6050;received=2001:db8::9:255;rport;branch=z9hG4bKas3")
    assert (via.host, via.port, via.has_rport, via.sent_by) == ("2001:db8::9:1", 6050, True, "[2001:db8::9:1]:6050")
    assert str(via) == "SIP/2.0/UDP [2001:db8::9:1]:6050;received=2001:db8::9:255;rport;branch=z9hG4bKas3"


@pytest.mark.parametrize("text", ["", "SIP/2.0/UDP", "SIP/2.0/UDP ;branch=1", "SIP/2.0/UDP a;;,;,,", "HTTP/1.1 x"])
def test_a_broken_via_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_via(text)


def test_cseq_fits_31_bits() -> None:
    assert parse_cseq("0009  INVITE") == CSeq(9, "INVITE")
    assert parse_cseq("2147483647 BYE").number == 2**31 - 1
    for text in ("2147483648 BYE", "36893488147419103232 REGISTER", "-1 BYE", "x BYE", "1", ""):
        with pytest.raises(RemoteProtocolError):
            parse_cseq(text)


def test_numbers_that_do_not_fit_are_no_numbers() -> None:
    assert delta_seconds("4294967295") == 2**32 - 1
    for text in ("4294967296", "280297596632815", "1" + "0" * 100, "-1", "", "1.5"):
        assert delta_seconds(text) is None


def test_reasons_come_back_and_broken_ones_are_none() -> None:
    reason = Reason(protocol="SIP", cause=200, text='Call "completed" elsewhere')
    assert parse_reason(show_reason(reason)) == reason
    assert parse_reason('Q.850 ;cause=16 ;text="Terminated", SIP;cause=1') == Reason(
        protocol="Q.850", cause=16, text="Terminated"
    )
    assert parse_reason("SIP;cause=x") is None
    assert parse_reason(None) is None


def test_session_expires() -> None:
    assert parse_session_expires("1800;refresher=uas") == SessionExpires(1800, "uas")
    assert parse_session_expires("90") == SessionExpires(90, "")
    assert parse_session_expires(None) is None
    for text in ("x", "90;refresher=me", ""):
        with pytest.raises(RemoteProtocolError):
            parse_session_expires(text)
