"""Messages out of a byte stream (RFC 3261 18.3, RFC 5626 4.4.1): one framer per TCP or TLS connection.

Decides where a message ends and when a peer has forfeited its connection. Does not look inside beyond Content-Length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cti_server.sip.errors import RemoteProtocolError

_CONTENT_LENGTH = re.compile(rb"\r\n(?:content-length|l)[ \t]*:[ \t\r\n]*(-?\d+|[^\r\n]*)", re.I)
PING = b"\r\n\r\n"
PONG = b"\r\n"


@dataclass(slots=True)
class Framer:
    """Feed bytes with `push`, take messages and pings with `next_message` until None."""

    bytes_max: int
    _buffer: bytearray = field(default_factory=bytearray)

    def push(self, data: bytes) -> None:
        self._buffer += data

    @property
    def held(self) -> int:
        """Octets that are waiting for the rest of their message."""
        return len(self._buffer)

    def next_message(self) -> bytes | None:
        """A whole message, `PING` for a keep-alive, or None until more comes.

        Raises RemoteProtocolError when the stream cannot be followed any further; the connection has to be closed.
        `rest` then holds what may still deserve a 400.
        """
        if self._buffer[:2] == b"\r\n":
            if self._buffer[:4] == PING:
                del self._buffer[:4]
                return PING
            if len(self._buffer) >= 4 or bytes(self._buffer[2:3]) not in (b"", b"\r"):
                del self._buffer[:2]
                return self.next_message()
            return None
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > self.bytes_max:
                raise RemoteProtocolError("headers too long")
            return None
        total = end + 4 + self._body_length(end)
        if total > self.bytes_max:
            raise RemoteProtocolError("message too long", status=513)
        if len(self._buffer) < total:
            return None
        message = bytes(self._buffer[:total])
        del self._buffer[:total]
        return message

    def rest(self) -> bytes:
        """All that is held; the framer is empty afterwards."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest

    def _body_length(self, end: int) -> int:
        found = {match[1] for match in _CONTENT_LENGTH.finditer(self._buffer, 0, end)}
        if len(found) != 1:
            raise RemoteProtocolError("no Content-Length, or several")
        length = found.pop()
        if not length.isdigit() or len(length) > 10:
            raise RemoteProtocolError("bad Content-Length")
        return int(length)
