"""Legs: the state of one call of ours, and the tables in which legs are found. Decides nothing by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from cti_server.sip.commands import LegInfo, LegState, OutboundCall
from cti_server.sip.deadlines import Deadline
from cti_server.sip.dialog import Dialog
from cti_server.sip.digest import DigestClient
from cti_server.sip.errors import LocalProtocolError, UnknownLeg
from cti_server.sip.events import Reason
from cti_server.sip.flow import Flow
from cti_server.sip.message import Request
from cti_server.sip.transactions import ClientTransaction, ServerTransaction


class Phase(StrEnum):
    """Of a leg. ENDING legs are reported as ended already; what remains is answering their last messages."""

    CALLING = "calling"
    RINGING = "ringing"
    OFFERED = "offered"
    ANSWERED = "answered"
    ESTABLISHED = "established"
    ENDING = "ending"


@dataclass(slots=True)
class SessionTimer:
    """RFC 4028: 0 seconds means none."""

    interval_s: int = 0
    we_refresh: bool = False
    refresh: Deadline | None = None
    expiry: Deadline | None = None


@dataclass(slots=True, eq=False)
class Leg:
    """`invite` is the INVITE that made it (ours or the peer's); `client` or `server` the transaction of that INVITE."""

    number: int
    is_outgoing: bool
    dialog: Dialog
    phase: Phase
    invite: Request
    flow: Flow
    client: ClientTransaction | None = None
    server: ServerTransaction | None = None
    call: OutboundCall | None = None
    digest: DigestClient | None = None
    local_sdp: bytes | None = None
    remote_sdp: bytes | None = None
    made_offer: bool = False
    media: bytes = b""
    early_limit: Deadline | None = None
    ring_again: Deadline | None = None
    session: SessionTimer = field(default_factory=SessionTimer)
    min_se_s: int = 0
    cancel_reason: Reason | None = None
    is_cancel_due: bool = False
    """Hung up while nothing at all was heard: CANCEL follows the first provisional."""
    bye_reason: Reason | None = None
    is_ack_due: bool = False
    """Their 2xx brought an offer: our ACK waits for the answer."""
    is_bye_due: bool = False
    """Hung up before the ACK: BYE follows it."""
    acks: dict[tuple[int, str], tuple[bytes, Flow]] = field(default_factory=dict)
    """(CSeq, To tag) of a 2xx -> its ACK, sent again with every repeat."""
    exchange: ClientTransaction | None = None
    """Our re-INVITE or UPDATE without an answer."""
    asked: ServerTransaction | None = None
    """The peer's re-INVITE or UPDATE that the embedder has to answer."""
    unacknowledged: ServerTransaction | None = None
    """The peer's re-INVITE whose 2xx waits for its ACK."""
    awaited_cseq: int = -1
    waiting_offer: bytes | None = None
    """A reoffer that waits until the present exchange is over."""
    retry: Deadline | None = None

    @property
    def is_over(self) -> bool:
        return self.phase is Phase.ENDING

    def cancel_deadlines(self) -> None:
        for deadline in (self.early_limit, self.ring_again, self.session.refresh, self.session.expiry, self.retry):
            if deadline is not None:
                deadline.cancel()


@dataclass(slots=True)
class Legs:
    """Living legs by their number, and dialogs (also ending ones) by Call-ID and our tag."""

    by_number: dict[int, Leg] = field(default_factory=dict)
    by_dialog: dict[tuple[str, str], Leg] = field(default_factory=dict)
    fading: set[int] = field(default_factory=set)
    """Ended, and the embedder has not taken the event yet: its orders come too late through no fault of its own."""
    awaiting_ack: dict[tuple[str, str, int], Leg] = field(default_factory=dict)
    """(Call-ID, the caller's tag, CSeq) of INVITEs answered 2xx: some phones put a wrong To tag into their ACK."""

    def add(self, leg: Leg) -> None:
        if leg.number in self.by_number:
            raise LocalProtocolError(f"leg {leg.number} exists")
        self.by_number[leg.number] = leg
        self.by_dialog[leg.dialog.key] = leg

    def get(self, number: int) -> Leg:
        leg = self.by_number.get(number)
        if leg is None:
            raise UnknownLeg(number)
        return leg

    def expect(self, number: int, *phases: Phase) -> Leg | None:
        """None if the order came too late. Raises LocalProtocolError if the leg is in none of these phases."""
        if number in self.fading:
            return None
        leg = self.get(number)
        if leg.phase not in phases:
            raise LocalProtocolError(f"leg {number} is {leg.phase}")
        return leg

    def end(self, leg: Leg) -> None:
        """The leg is over for the embedder; its dialog stays until `forget`."""
        leg.phase = Phase.ENDING
        leg.cancel_deadlines()
        self.by_number.pop(leg.number, None)
        self.fading.add(leg.number)

    def await_ack(self, leg: Leg, cseq: int) -> None:
        """A 2xx has been sent. One leg has at most one such INVITE at a time."""
        self.stop_awaiting(leg)
        leg.awaited_cseq = cseq
        self.awaiting_ack[(leg.dialog.call_id, leg.dialog.remote_tag, cseq)] = leg

    def stop_awaiting(self, leg: Leg) -> None:
        key = (leg.dialog.call_id, leg.dialog.remote_tag, leg.awaited_cseq)
        if self.awaiting_ack.get(key) is leg:
            del self.awaiting_ack[key]

    def forget(self, leg: Leg) -> None:
        """Nothing more is expected from the peer."""
        self.stop_awaiting(leg)
        if self.by_dialog.get(leg.dialog.key) is leg:
            del self.by_dialog[leg.dialog.key]


_STATES: dict[Phase, LegState] = {
    Phase.CALLING: "calling",
    Phase.RINGING: "ringing",
    Phase.OFFERED: "offered",
    Phase.ANSWERED: "answered",
    Phase.ESTABLISHED: "established",
}


def leg_info(leg: Leg) -> LegInfo:
    peer = leg.dialog.remote if leg.is_outgoing or leg.dialog.remote else ""
    return LegInfo(
        leg=leg.number,
        state=_STATES[leg.phase],
        is_outgoing=leg.is_outgoing,
        call_id=leg.dialog.call_id,
        remote_uri=peer,
        local_sdp=leg.local_sdp,
        remote_sdp=leg.remote_sdp,
        media=leg.media,
        flow=leg.dialog.flow,
    )
