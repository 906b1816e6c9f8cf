"""The wire's frames: what goes out comes back, what cannot be meant is refused, what is newer is skipped."""

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_server.wire import client as wire
from cti_server.wire import server as out
from cti_server.wire.codec import MAX_CLIENT_BYTES, FrameError, decode_client, decode_server, encode

GOLDEN: tuple[tuple[Any, bytes], ...] = (
    (wire.Hello(version=1, user="kim", password="x"), b'{"t":"hello","version":1,"user":"kim","password":"x"}'),
    (
        wire.CommandFrame(id="a-1", body=wire.HoldCall(call=7)),
        b'{"t":"command","id":"a-1","body":{"do":"HoldCall","call":7}}',
    ),
    (
        wire.AskFrame(id="a-2", body=wire.LoadView(customer="C-1", view="bonus")),
        b'{"t":"ask","id":"a-2","body":{"do":"LoadView","customer":"C-1","view":"bonus"}}',
    ),
    (
        out.ReplyFrame(to="a-1", ok=False, code="not_your_call", parameters={"call": 7}),
        b'{"t":"reply","to":"a-1","ok":false,"code":"not_your_call","parameters":{"call":7}}',
    ),
    (
        out.FactFrame(seq=4, at=5, body=out.CallGone(call=7)),
        b'{"t":"fact","seq":4,"at":5,"body":{"type":"call_gone","call":7}}',
    ),
    (
        out.CardSection(call=7, customer="C-1", section="needs", data=None, at=5),
        b'{"t":"card","call":7,"customer":"C-1","section":"needs","data":null,"at":5}',
    ),
    (
        out.AnswerFrame(to="a", body=out.PictureLoaded(picture="P", png=b"\x89PNG")),
        b'{"t":"answer","to":"a","body":{"type":"picture","picture":"P","png":"iVBORw=="}}',
    ),
)


@pytest.mark.parametrize(("frame", "text"), GOLDEN, ids=lambda value: type(value).__name__)
def test_a_released_form_never_changes(frame: Any, text: bytes) -> None:
    assert encode(frame) == text
    decode = decode_client if isinstance(frame, get_args(wire.ClientFrame)) else decode_server
    assert decode(text) == frame
    assert decode(text.decode()) == frame


@pytest.mark.parametrize(("frame", "text"), GOLDEN[:3], ids=lambda value: type(value).__name__)
def test_every_truncation_is_refused(frame: Any, text: bytes) -> None:
    for end in range(len(text)):
        with pytest.raises(FrameError, match="malformed"):
            decode_client(text[:end])


def test_a_field_that_is_newer_than_us_is_ignored() -> None:
    assert decode_client(b'{"t":"hello","version":1,"mood":"good"}') == wire.Hello(version=1)
    assert decode_server(b'{"t":"fact","seq":1,"at":2,"body":{"type":"call_gone","call":3,"why":"x"}}') is not None


def test_a_frame_or_fact_that_is_newer_than_us_is_skipped_by_desktops() -> None:
    assert decode_server(b'{"t":"weather","sun":true}') is None
    assert decode_server(b'{"t":"fact","seq":1,"at":2,"body":{"type":"sang"}}') is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b'{"t":"welcome"}',
        b'{"t":"command","id":"1"}',
        b'{"t":"command","id":1,"body":{}}',
        b"\xff",
    ],
)
def test_what_no_desktop_may_say_is_refused(data: bytes) -> None:
    with pytest.raises(FrameError, match="malformed"):
        decode_client(data)


def test_a_frame_that_is_too_long_is_refused_before_it_is_read() -> None:
    with pytest.raises(FrameError, match="too_large"):
        decode_client(b" " * (MAX_CLIENT_BYTES + 1))


@pytest.mark.parametrize("bracket", [b"[", b'{"a":'])
def test_nesting_without_end_is_refused(bracket: bytes) -> None:
    with pytest.raises(FrameError, match="malformed"):
        decode_client(b'{"t":"hello","version":1,"x":' + bracket * 10_000)


@given(st.binary(max_size=400) | st.text(max_size=400))
def test_any_bytes_are_a_frame_or_an_error_and_nothing_else(data: bytes | str) -> None:
    for decode in (decode_client, decode_server):
        try:
            decode(data)
        except FrameError as error:
            assert error.code in ("malformed", "too_large")


def test_all_names_on_the_wire_are_different() -> None:
    for union in (wire.CommandBody, wire.AskBody, out.FactBody, out.GaugeBody, out.AnswerBody, out.SectionData):
        tags = [msgspec.inspect.type_info(kind).tag for kind in get_args(union)]  # type: ignore[attr-defined]
        assert len(tags) == len(set(tags))
