"""What the embedded switch needs to know of the network: sockets, trunks and phones. Shapes only, already checked."""

import msgspec


class Trunk(msgspec.Struct, frozen=True, kw_only=True):
    """A line to the public network, recognised by the address that its messages come from.

    ``host`` is an address, or a name that is looked up at the start and from time to time. ``port`` 0: any source
    port is accepted, and 5060 is dialled.
    ``username`` and ``password``: for providers that challenge our INVITE; the trunk alone is answered.
    """

    name: str
    host: str
    port: int = 0
    transport: str = "udp"
    username: str = ""
    password: str = ""
    may_dial: bool = True

    def __repr__(self) -> str:
        return f"Trunk(name={self.name!r}, host={self.host!r}, port={self.port})"


class SwitchSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``host``: the address to bind; ``advertised``: what peers are told, where a gateway translates addresses.

    ``contacts``: fixed contacts of phones that never register, a SIP URI by extension.
    """

    host: str = "127.0.0.1"
    port: int = 5060
    has_tcp: bool = True
    advertised: str = ""
    media_advertised: str = ""
    realm: str = "ieum"
    trunks: tuple[Trunk, ...] = ()
    contacts: dict[str, str] = {}
    registration_s: int = 120
    outbound_number: str = ""
    attempts_max: int = 20
    attempts_window_s: int = 900
    """Wrong digests of one account from one address within the window, before it is no longer listened to."""
