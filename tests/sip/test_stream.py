"""Framing of streams: any cut of the bytes gives the same messages."""

from __future__ import annotations

import pytest

from cti_server.sip.errors import RemoteProtocolError
from cti_server.sip.stream import PING, Framer

ONE = b"OPTIONS sip:a@x SIP/2.0\r\nVia: SIP/2.0/TCP x;branch=z9hG4bKa\r\nContent-Length: 3\r\n\r\nabc"
TWO = b"BYE sip:a@x SIP/2.0\r\nl: 0\r\n\r\n"


def drained(framer: Framer) -> list[bytes]:
    found = []
    while (message := framer.next_message()) is not None:
        found.append(message)
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 1000])
def test_messages_are_found_however_the_bytes_come(size: int) -> None:
    data = ONE + TWO + ONE
    framer, found = Framer(4096), []
    for start in range(0, len(data), size):
        framer.push(data[start : start + size])
        found += drained(framer)
    assert found == [ONE, TWO, ONE]
    assert framer.held == 0


def test_pings_are_told_and_stray_line_ends_between_messages_are_not() -> None:
    framer = Framer(4096)
    framer.push(b"\r\n\r\n" + ONE + b"\r\n" + TWO)
    assert drained(framer) == [PING, ONE, TWO]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_ping_in_pieces_is_one_ping(size: int) -> None:
    framer, found = Framer(4096), []
    for start in range(0, 4, size):
        framer.push(PING[start : start + size])
        found += drained(framer)
    assert found == [PING]


@pytest.mark.parametrize(
    "lines",
    [
        b"",
        b"Content-Length: -1\r\n",
        b"Content-Length: x\r\n",
        b"Content-Length: 1\r\nl: 2\r\n",
        b"Content-Length: 99999999999\r\n",
        b"Content-Length: 5000\r\n",
    ],
)
def test_a_stream_that_cannot_be_followed_is_given_up(lines: bytes) -> None:
    framer = Framer(4096)
    framer.push(b"OPTIONS sip:a@x SIP/2.0\r\n" + lines + b"\r\n")
    with pytest.raises(RemoteProtocolError):
        framer.next_message()
    assert framer.rest().startswith(b"OPTIONS")
    assert framer.held == 0


def test_endless_headers_are_given_up() -> None:
    framer = Framer(4096)
    framer.push(b"X" * 4097)
    with pytest.raises(RemoteProtocolError):
        framer.next_message()
