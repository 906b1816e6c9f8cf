"""Whatever comes, nothing but the declared error comes out of a parser, and nothing at all out of `receive`."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cti_server.sip.config import RegistrarConfig
from cti_server.sip.digest import DigestServer, parse_digest
from cti_server.sip.errors import RemoteProtocolError
from cti_server.sip.headers import (
    parse_cseq,
    parse_name_addr,
    parse_reason,
    parse_session_expires,
    parse_via,
)
from cti_server.sip.message import Response, parse_message, read_message
from cti_server.sip.sdp import parse_sdp
from cti_server.sip.stream import Framer
from cti_server.sip.uri import parse_uri
from tests.sip.test_message import GOLDEN
from tests.sip.test_sdp import PHONE
from tests.sip.world import S, agent, assert_nothing_left, pair, sdp, udp

GOLDENS = [path.read_bytes() for path in GOLDEN]
SPICE = st.text(alphabet='<>";,:@=?%[]\\ \t.*-+/()0123456789abzSIP\x00\x7f\u00e9이', max_size=60)
quick = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(SPICE, st.sampled_from(["", "sip:", "sip:a@b;", "<sip:a@b>;", '"x" <sip:', "SIP/2.0/UDP ", "Digest ", "1 "]))
def test_the_small_parsers_raise_only_the_declared_error(text: str, before: str) -> None:
    for parse in (parse_uri, parse_name_addr, parse_via, parse_cseq, parse_session_expires, parse_digest):
        try:
            parse(before + text)
        except RemoteProtocolError:
            continue
    parse_reason(before + text)


@quick
@given(SPICE)
def test_a_name_that_is_understood_survives(text: str) -> None:
    try:
        found = parse_name_addr(f'"{text}" <sip:a@b>;tag=1')
    except RemoteProtocolError:
        return
    assert parse_name_addr(str(found)) == found


@quick
@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_a_message_or_an_error(data: bytes) -> None:
    for parse in (parse_message, read_message, parse_sdp):
        try:
            parse(data)
        except RemoteProtocolError:
            continue


@st.composite
def mutated(draw: st.DrawFn, sources: list[bytes]) -> bytes:
    """A good message with a few bytes replaced, removed, doubled, or moved."""
    data = bytearray(draw(st.sampled_from(sources)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 12))
        piece = draw(
            st.one_of(st.binary(max_size=8), SPICE.map(lambda text: text.encode()), st.just(data[start : start + 40]))
        )
        data[start : start + length] = piece
    return bytes(data)


@settings(quick, max_examples=800)
@given(mutated(GOLDENS))
def test_a_user_agent_answers_mutations_with_good_responses_or_not_at_all(data: bytes) -> None:
    one = agent(5070, registrar=RegistrarConfig())
    one.receive(data, udp(source=5060, to=5070), 0)
    for outgoing in one.outgoing():
        assert isinstance(parse_message(outgoing.data), Response)
    while one.next_event() is not None:
        pass


@quick
@given(mutated([PHONE, sdp()]))
def test_mutated_descriptions_are_read_or_refused(data: bytes) -> None:
    try:
        parse_sdp(data)
    except RemoteProtocolError:
        return


@quick
@given(st.binary(max_size=400), st.lists(st.integers(1, 50), max_size=20))
def test_a_stream_of_any_bytes_is_framed_or_given_up(data: bytes, sizes: list[int]) -> None:
    framer = Framer(256)
    position = 0
    for size in [*sizes, len(data)]:
        framer.push(data[position : position + size])
        position += size
        try:
            while framer.next_message() is not None:
                pass
        except RemoteProtocolError:
            framer.rest()
        assert framer.held <= 256 + 4 + max([*sizes, len(data)])


@quick
@given(SPICE)
def test_credentials_of_any_kind_are_never_right(text: str) -> None:
    server = DigestServer(realm="ieum", algorithms=("MD5",), lifetime_us=S, nonces_max=5, key=b"k")
    nonce = server.challenges(0, is_stale=False, salt="s")[0].split('nonce="')[1].split('"')[0]
    value = (
        f'Digest username="a", realm="ieum", nonce="{nonce}", uri="x", response="0", cnonce="c", qop=auth, nc=00000001'
    )
    place = len(text) * 7 % len(value)
    outcome, _ = server.check(value[:place] + text + value[place:], "INVITE", 0, lambda *_: None)
    assert outcome != "right"


@pytest.mark.parametrize("seed", range(20))
def test_mutations_within_a_call_leave_nothing_behind(seed: int) -> None:
    """A call whose messages are damaged at random; whatever happens, both sides end with nothing."""
    chance = random.Random(seed)
    world = pair(early_s_max=60, session_expires_s=200)
    leg = world.established()
    dialogs = {5060: world.agents[5060]._legs.get(1).dialog, 5070: world.agents[5070]._legs.get(leg).dialog}
    for _ in range(40):
        port = chance.choice([5060, 5070])
        data = bytearray(chance.choice([*GOLDENS, sdp()]))
        dialog = dialogs[port]
        text = data.replace(b"a84b4c76e66710@192.0.2.10", dialog.call_id.encode())
        text = text.replace(b"a6c85cf", dialog.local_tag.encode()).replace(b"1928301774", dialog.remote_tag.encode())
        spot = chance.randrange(len(text))
        text[spot : spot + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        world.agents[port].receive(bytes(text), udp(source=5080, to=port), world.now_us)
        world.agents[port].outgoing()
    for one in world.agents.values():
        for info in one.legs():
            one.hang_up(info.leg, world.now_us)
    world.wait(1000 * S)
    for one in world.agents.values():
        assert_nothing_left(one)
