"""Where a phone registers and as whom, and who is calling it. Plain data."""

import msgspec


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """``transport``: udp or tcp. ``user`` empty: a line that only calls."""

    host: str
    port: int
    transport: str = "udp"
    extension: str = ""
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Account(host={self.host!r}, extension={self.extension!r})"


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls: ``call`` is the server's id (X-Ieum-Call), 0 unknown; ``auto_answer``: the agent asked for it."""

    number: str
    name: str
    call: int
    auto_answer: bool
