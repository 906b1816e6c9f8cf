"""URIs: what is well formed, what survives, and that nothing is undone too early."""

from __future__ import annotations

import pytest

from cti_server.sip.errors import RemoteProtocolError
from cti_server.sip.uri import (
    REMEMBERED_LENGTH_MAX,
    REMEMBERED_MAX,
    Uri,
    _remembered,
    escape_user,
    parse_uri,
    unescape,
)


@pytest.mark.parametrize(
    "text",
    [
        "sip:example.com",
        "sip:alice@example.com",
        "sips:alice:secret@example.com:5061",
        "sip:+82-2-555-0100@127.0.0.1:5060;transport=tcp;user=phone",
        "sip:user;par=u%40example.net@example.com",
        "sip:[2001:db8::10]:5070;lr",
        "sip:[2001:db8::192.0.2.1]",
        "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
        "sip:user@example.com?Route=%3Csip:sip.example.com%3E",
        "tel:+82-2-555-0100;phone-context=example.com",
        "isbn:2983792873",
    ],
)
def test_a_uri_comes_back_as_it_was(text: str) -> None:
    assert str(parse_uri(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sip:",
        "example.com",
        "sip:2001:db8::10",
        "sip:a@b:99999",
        "sip:a@b:x",
        "sip:a b@c",
        "sip:@b",
        "sip:a@",
        "sip:a@[::1",
        "sip:a@[zz]",
        "sip:a@-b",
        "sip:a@b;",
        "sip:a@b;=x",
        "sip:a@b;x=",
        "sip:%4@b",
        'sip:"a"@b',
        "<sip:a@b>",
        "tel:",
        "sip:" + "a" * 5000 + "@b",
        "1sip:a@b",
    ],
)
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_uri(text)


def test_the_parts_are_found() -> None:
    uri = parse_uri("sips:kim:pw@[::1]:5071;Transport=TCP;lr?a=b")
    assert uri == Uri(
        scheme="sips",
        user="kim",
        password="pw",
        host="::1",
        port=5071,
        parameters=(("Transport", "TCP"), ("lr", None)),
        headers="a=b",
    )
    assert uri.parameter("transport") == "TCP"
    assert uri.parameter("lr") == ""
    assert uri.parameter("maddr") is None


def test_escapes_are_undone_only_for_people_and_truncate_nothing() -> None:
    one, two = parse_uri("sip:%00@x"), parse_uri("sip:%00%00@x")
    assert one != two
    assert one.name == "\x00"
    assert two.name == "\x00\x00"
    assert parse_uri("sip:%75se%72@x").name == "user"
    assert unescape("%ec%9d%b4%ec%9d%8c") == "이음"


def test_what_strangers_can_make_us_remember_is_bounded() -> None:
    for number in range(REMEMBERED_MAX * 2):
        parse_uri(f"sip:{number}@x")
    assert _remembered.cache_info().currsize == REMEMBERED_MAX
    before = _remembered.cache_info().misses
    parse_uri("sip:" + "a" * REMEMBERED_LENGTH_MAX + "@x")
    assert _remembered.cache_info().misses == before


def test_a_name_of_any_characters_can_be_a_user_part() -> None:
    for name in ("이음", "a b", "50%", "x@y", 'q"q'):
        assert parse_uri(f"sip:{escape_user(name)}@x").name == name
    assert parse_uri("tel:+8225550100;ext=1").name == "+8225550100"
