"""The switch's own view of a leg, and how it travels through a restart. Decides nothing.

A leg of the Centre may be several SIP *branches* while it rings (one for each contact of a phone); one of them wins.
"""

import asyncio
from dataclasses import dataclass, field

import msgspec

from cti_server.sip.offer_answer import LocalMedia, Negotiator
from cti_server.switch.embedded.media_link import MediaLink


@dataclass(slots=True)
class Leg:
    """``port`` 0: no media yet. ``branches``: numbers in the user agent, the winner alone once established."""

    leg: int
    call: int = 0
    is_outgoing: bool = False
    branches: list[int] = field(default_factory=list)
    link: MediaLink | None = None
    port: int = 0
    negotiator: Negotiator | None = None
    offer: bytes | None = None
    is_established: bool = False
    is_alerting: bool = False
    is_answering: bool = False
    early: bytes = b""
    """The description by which a number that we called sends sound before it answers."""
    failed_status: int = 0
    timer: asyncio.TimerHandle | None = None

    @property
    def branch(self) -> int:
        """The winning branch, or the only one."""
        return self.branches[0] if self.branches else self.leg


class LegResume(msgspec.Struct, frozen=True, kw_only=True):
    """What brings a leg back to life in another process: the SIP side of each branch and where its media is."""

    call: int
    is_outgoing: bool
    is_established: bool
    branches: tuple[tuple[int, bytes], ...]
    worker: str
    port: int
    address: str = ""
    session_id: int = 0
    last_local: bytes = b""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(LegResume)


def encode_resume(leg: Leg, branches: tuple[tuple[int, bytes], ...]) -> bytes:
    """Opaque to everybody else."""
    negotiator = leg.negotiator
    return _encoder.encode(
        LegResume(
            call=leg.call,
            is_outgoing=leg.is_outgoing,
            is_established=leg.is_established,
            branches=branches,
            worker=leg.link.worker if leg.link is not None else "",
            port=leg.port,
            address=negotiator.media.address if negotiator is not None else "",
            session_id=negotiator.session_id if negotiator is not None else 0,
            last_local=negotiator.last_local if negotiator is not None else b"",
        )
    )


def decode_resume(data: bytes) -> LegResume:
    """Raises msgspec.DecodeError."""
    return _decoder.decode(data)


def revived(leg_id: int, resume: LegResume, link: MediaLink | None) -> Leg:
    """The leg as it was. Raises RemoteProtocolError when its last description cannot be read."""
    leg = Leg(
        leg=leg_id,
        call=resume.call,
        is_outgoing=resume.is_outgoing,
        is_established=resume.is_established,
        is_alerting=True,
        branches=[number for number, _ in resume.branches],
        link=link,
        port=resume.port,
    )
    if resume.port:
        media = LocalMedia(address=resume.address, port=resume.port)
        if resume.last_local:
            leg.negotiator = Negotiator.resumed(media, resume.last_local)
        else:
            leg.negotiator = Negotiator(media=media, session_id=resume.session_id)
    return leg
