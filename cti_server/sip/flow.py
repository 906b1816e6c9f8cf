"""Where a message came from and where it goes: addresses and flows. Decides nothing."""

from __future__ import annotations

from typing import Literal

import msgspec

Transport = Literal["udp", "tcp", "tls"]


class Address(msgspec.Struct, frozen=True):
    """Host (name, IPv4, or IPv6 without brackets) and port. The shell resolves names; the core never does."""

    host: str
    port: int


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """One path to one peer.

    `local` names the listener (its `Listener.bound`) through which the message came or has to leave.
    `connection` identifies a TCP/TLS connection: any positive number, chosen by the shell and never used twice. 0 on an
    outgoing stream flow means "use an open connection to `remote`, or open one"; 0 always on UDP.
    """

    transport: Transport
    remote: Address
    local: Address
    connection: int = 0

    @property
    def is_stream(self) -> bool:
        return self.transport != "udp"


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes to send over a flow. `close` (streams only): close the connection after sending what there is."""

    data: bytes
    flow: Flow
    close: bool = False
