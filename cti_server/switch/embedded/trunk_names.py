"""Trunks that are configured by name: which addresses the names stand for, looked up at the start and ever again.

A look-up that fails leaves what was known: a name server that is gone must not cut a centre off from its provider.
Decides nothing else; who may speak to us is decided in `admission.py`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from cti_server.switch.embedded.sip_settings import Trunk
from cti_server.switch.embedded.sip_sockets import addresses_of

LookUp = Callable[[str], Awaitable[tuple[str, ...]]]
"""All addresses of a host, within a time limit; none: it failed."""

log = structlog.get_logger(__name__)


class TrunkNames:
    """``addresses``: by host, as they are known now; the same object for ever."""

    def __init__(self, trunks: Sequence[Trunk], look_up: LookUp = addresses_of) -> None:
        self._hosts = tuple(dict.fromkeys(trunk.host for trunk in trunks))
        self._look_up = look_up
        self._addresses: dict[str, tuple[str, ...]] = {}

    @property
    def addresses(self) -> Mapping[str, tuple[str, ...]]:
        return self._addresses

    async def resolve(self) -> dict[str, tuple[str, ...]]:
        """Look all of them up, side by side; those that stand for other addresses than before."""
        found = await asyncio.gather(*(self._look_up(host) for host in self._hosts))
        moved: dict[str, tuple[str, ...]] = {}
        for host, addresses in zip(self._hosts, found, strict=True):
            before = self._addresses.get(host)
            if before is None:
                self._addresses[host] = addresses
            elif addresses and set(addresses) != set(before):
                log.info("trunk_moved", host=host, before=before, now=addresses)
                self._addresses[host] = moved[host] = addresses
        return moved
