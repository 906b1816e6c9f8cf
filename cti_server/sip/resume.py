"""Legs as opaque bytes, so that they outlive the process that made them.

Decides what of a leg is kept: all that its dialog needs, and of an unanswered one the INVITE itself without its
credentials. Decides also how it goes on: CSeq 1000 higher, because what was sent after the last export is not known.
"""

from __future__ import annotations

import msgspec

from cti_server.sip.dialog import Dialog
from cti_server.sip.errors import RemoteProtocolError, ResumeError
from cti_server.sip.flow import Flow
from cti_server.sip.inbound import Inbound
from cti_server.sip.leg import Leg, Phase, SessionTimer
from cti_server.sip.message import CREDENTIALS, Request, parse_message
from cti_server.sip.outbound import Outbound
from cti_server.sip.sessions import Sessions

CSEQ_STEP = 1000
VERSION = 1


class Resume(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Fields are only ever added, at the end and with a default."""

    version: int = VERSION
    phase: Phase
    is_outgoing: bool
    call_id: str
    local: str
    remote: str
    local_tag: str
    remote_tag: str
    remote_target: str
    route_set: tuple[str, ...]
    local_cseq: int
    remote_cseq: int
    invite_branch: str
    flow: Flow
    invite_flow: Flow
    is_pinned: bool
    contact: str
    peer_takes_update: bool
    session_interval_s: int
    session_we_refresh: bool
    session_ends_us: int
    local_sdp: bytes | None
    remote_sdp: bytes | None
    made_offer: bool
    media: bytes
    invite: bytes = b""


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Resume)


def freeze(leg: Leg) -> bytes:
    dialog = leg.dialog
    expiry = leg.session.expiry
    # An established leg has no use for its INVITE any more.
    invite = b"" if leg.phase is Phase.ESTABLISHED else _without_secrets(leg.invite).to_bytes()
    return _ENCODER.encode(
        Resume(
            phase=leg.phase,
            is_outgoing=leg.is_outgoing,
            call_id=_storable(dialog.call_id),
            local=_storable(dialog.local),
            remote=_storable(dialog.remote),
            local_tag=_storable(dialog.local_tag),
            remote_tag=_storable(dialog.remote_tag),
            remote_target=_storable(dialog.remote_target),
            route_set=tuple(_storable(route) for route in dialog.route_set),
            local_cseq=dialog.local_cseq,
            remote_cseq=dialog.remote_cseq,
            invite_branch=leg.client.key[0] if leg.client is not None else "",
            flow=dialog.flow,
            invite_flow=leg.flow,
            is_pinned=dialog.is_pinned,
            contact=dialog.contact,
            peer_takes_update=dialog.peer_takes_update,
            session_interval_s=leg.session.interval_s,
            session_we_refresh=leg.session.we_refresh,
            session_ends_us=expiry.at_us if expiry is not None else 0,
            local_sdp=leg.local_sdp,
            remote_sdp=leg.remote_sdp,
            made_offer=leg.made_offer,
            media=leg.media,
            invite=invite,
        )
    )


def _storable(text: str) -> str:
    """Octets that are no UTF-8 (a name in EUC-KR, say) cannot be stored as text; a dialog is known by its tags, not by
    the names in its headers."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _without_secrets(invite: Request) -> Request:
    kept = [entry for entry in invite.headers if entry[0] not in CREDENTIALS]
    return Request(headers=kept, method=invite.method, uri=invite.uri, body=invite.body)


def thaw(number: int, data: bytes) -> tuple[Leg, int]:
    """(the leg as it was, when its session expires in µs or 0); `revive` lets it go on. Raises ResumeError."""
    try:
        kept = _DECODER.decode(data)
        invite = parse_message(kept.invite) if kept.invite else Request(headers=[])
    except (msgspec.DecodeError, UnicodeDecodeError, RemoteProtocolError) as error:
        raise ResumeError(str(error)) from error
    if not isinstance(invite, Request) or kept.phase is Phase.ENDING:
        raise ResumeError("no leg")
    if kept.version > VERSION:
        raise ResumeError(f"made by a later release: version {kept.version}")
    if kept.phase is not Phase.ESTABLISHED and not invite.headers:
        raise ResumeError("an unanswered leg without its INVITE")
    is_unanswered_out = kept.phase in (Phase.CALLING, Phase.RINGING)
    dialog = Dialog(
        call_id=kept.call_id,
        local=kept.local,
        remote=kept.remote,
        local_tag=kept.local_tag,
        remote_tag=kept.remote_tag,
        remote_target=kept.remote_target,
        route_set=kept.route_set,
        local_cseq=kept.local_cseq + (0 if is_unanswered_out else CSEQ_STEP),
        remote_cseq=kept.remote_cseq,
        flow=_without_connection(kept.flow),
        is_pinned=kept.is_pinned,
        contact=kept.contact,
        peer_takes_update=kept.peer_takes_update,
    )
    leg = Leg(
        number=number,
        is_outgoing=kept.is_outgoing,
        dialog=dialog,
        phase=kept.phase,
        invite=invite,
        flow=_without_connection(kept.invite_flow),
        local_sdp=kept.local_sdp,
        remote_sdp=kept.remote_sdp,
        made_offer=kept.made_offer,
        media=kept.media,
    )
    leg.session = SessionTimer(interval_s=kept.session_interval_s, we_refresh=kept.session_we_refresh)
    return leg, kept.session_ends_us


def _without_connection(flow: Flow) -> Flow:
    """The connections of the earlier process are gone."""
    return msgspec.structs.replace(flow, connection=0)


def revive(leg: Leg, session_ends_us: int, inbound: Inbound, outbound: Outbound, sessions: Sessions) -> None:
    """Puts the transactions and deadlines of a thawed leg in place."""
    match leg.phase:
        case Phase.CALLING | Phase.RINGING:
            outbound.adopt(leg, leg.invite.via.branch)
        case Phase.OFFERED:
            inbound.adopt(leg, is_answered=False)
        case Phase.ANSWERED:
            inbound.adopt(leg, is_answered=True)
        case _:
            sessions.start_timer(leg, leg.session, ends_us=session_ends_us)
