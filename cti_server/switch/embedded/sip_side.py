"""What the SIP user agent reports, made into signals. Decides which branch of a ringing phone wins, nothing more."""

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from cti_server.core import inputs
from cti_server.core.vocabulary import ClearingCause, LegId, Secret
from cti_server.sip import events as ev
from cti_server.sip.errors import SipError
from cti_server.sip.offer_answer import Agreed
from cti_server.sip.sdp import parse_sdp
from cti_server.switch.embedded.legs import Leg
from cti_server.switch.embedded.media_connection import MediaUnavailable
from cti_server.switch.embedded.media_protocol import Codec, MediaDirection
from cti_server.switch.embedded.switchboard import Switchboard

log = structlog.get_logger(__name__)

_CAUSE_OF_STATUS = {
    404: ClearingCause.UNREACHABLE,
    408: ClearingCause.NO_ANSWER,
    480: ClearingCause.UNREACHABLE,
    484: ClearingCause.UNREACHABLE,
    486: ClearingCause.BUSY,
    487: ClearingCause.CANCELLED,
    600: ClearingCause.BUSY,
    603: ClearingCause.REJECTED,
    604: ClearingCause.UNREACHABLE,
}


ELSEWHERE = ev.Reason(cause=200, text="Call completed elsewhere")
"""RFC 3326: a phone that is told so has missed no call."""
_Q850 = {
    ClearingCause.BUSY: 17,
    ClearingCause.NO_ANSWER: 19,
    ClearingCause.REJECTED: 21,
    ClearingCause.UNREACHABLE: 20,
    ClearingCause.MEDIA_LOST: 41,
    ClearingCause.SERVER_RESTARTED: 41,
    ClearingCause.OVERLOAD: 42,
    ClearingCause.PROTOCOL_ERROR: 111,
    ClearingCause.TIMEOUT: 102,
}


def reason_of(cause: ClearingCause) -> ev.Reason:
    """What the far end is told when we let a leg go (RFC 3326); 16 is a normal clearing."""
    if cause is ClearingCause.ANSWERED_ELSEWHERE:
        return ELSEWHERE
    return ev.Reason(protocol="Q.850", cause=_Q850.get(cause, 16), text=cause.value)


def cause_of(status: int) -> ClearingCause:
    """Why a call that we placed failed, by its final response."""
    if status in _CAUSE_OF_STATUS:
        return _CAUSE_OF_STATUS[status]
    return ClearingCause.REJECTED if status < 500 else ClearingCause.UNREACHABLE


def readable(text: str) -> str:
    """What came in a header, as text that can be stored and shown: UTF-8, else the Korean encoding of older
    exchanges (CP949), else with a sign in place of what nobody can read."""
    if text.isascii():
        return text
    octets = text.encode("utf-8", "surrogateescape")
    for encoding in ("utf-8", "cp949"):
        with contextlib.suppress(UnicodeDecodeError):
            return octets.decode(encoding)
    return octets.decode("utf-8", "replace")


def remote_of(leg: Leg, agreed: Agreed, *, expect_rtp: bool = True) -> None:
    """Tell the worker what was agreed with the peer. ``expect_rtp``: silence is a fault."""
    if leg.link is None:
        return
    leg.link.set_remote(
        call=leg.call,
        leg=leg.leg,
        address=agreed.remote.host,
        port=agreed.remote.port,
        codec=Codec(agreed.codec),
        payload_type=agreed.payload_type,
        event_type=agreed.telephone_event_out or None,
        event_type_received=agreed.telephone_event_in or None,
        direction=MediaDirection(agreed.direction),
        expect_rtp=expect_rtp,
    )


class SipSide:
    """One handler a kind of event."""

    def __init__(self, switch: Switchboard) -> None:
        self._switch = switch
        self._handlers: dict[type[object], Callable[..., None]] = {
            ev.IncomingCall: self._incoming,
            ev.Provisional: self._provisional,
            ev.Established: self._established,
            ev.Confirmed: self._confirmed,
            ev.Failed: self._failed,
            ev.Cleared: self._cleared,
            ev.Reoffered: self._reoffered,
            ev.SessionChanged: self._session_changed,
            ev.InfoDigits: self._digit,
            ev.BindingsChanged: self._bindings_changed,
            ev.AuthenticationFailed: self._authentication_failed,
        }

    def happened(self, event: ev.Event) -> None:
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)

    def call_later(self, delay_s: float, action: Callable[[], None]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(delay_s, action)

    # --- callers --------------------------------------------------------------------------------------------------

    def _incoming(self, event: ev.IncomingCall) -> None:
        """A call whose description we could never answer is refused here; all others are the Centre's to decide."""
        switch = self._switch
        if event.sdp is not None and not _has_audio(event.sdp):
            switch.endpoint.agent.reject(event.leg, 488, switch.clock())
            return
        leg = Leg(leg=event.leg, branches=[event.leg], offer=event.sdp)
        switch.legs[event.leg] = switch.branches[event.leg] = leg
        switch.submit(
            inputs.LegOffered(
                leg=LegId(event.leg),
                resume=switch.resume_of(leg),
                line=readable(event.request_uri.name or event.to_uri.name),
                trunk=event.trunk,
                number=readable(event.identity or _number(event)),
                display_name=readable(event.from_display),
            )
        )

    def _confirmed(self, event: ev.Confirmed) -> None:
        leg = self._switch.branches.get(event.leg)
        if leg is None:
            return
        leg.is_established = True
        if event.sdp is not None and leg.offer is None and leg.negotiator is not None:
            try:
                remote_of(leg, leg.negotiator.accept(event.sdp))
            except SipError:
                self._switch.drop(leg, ClearingCause.PROTOCOL_ERROR)
                return
        self._switch.submit(inputs.LegAnswered(leg=LegId(leg.leg), resume=self._switch.resume_of(leg)))

    # --- legs that we placed --------------------------------------------------------------------------------------

    def _provisional(self, event: ev.Provisional) -> None:
        leg = self._switch.branches.get(event.leg)
        if leg is not None and event.status >= 180 and not leg.is_alerting:
            leg.is_alerting = True
            self._switch.submit(inputs.LegAlerting(leg=LegId(leg.leg), resume=self._switch.resume_of(leg)))
        if leg is not None and event.sdp is not None:
            self._early_media(leg, event.sdp)

    def _early_media(self, leg: Leg, sdp: bytes) -> None:
        """Of one number; where several contacts ring at once nobody could say whose sound it should be."""
        if leg.negotiator is None or leg.is_established or len(leg.branches) != 1 or leg.early == sdp:
            return
        try:
            remote_of(leg, leg.negotiator.accept(sdp), expect_rtp=False)
        except SipError:
            return  # there is no early sound; the answer may still be understood
        is_first, leg.early = not leg.early, sdp
        if is_first:
            self._switch.submit(inputs.EarlyMediaBegan(leg=LegId(leg.leg)))

    def _established(self, event: ev.Established) -> None:
        switch = self._switch
        leg = switch.branches.get(event.leg)
        if leg is None or leg.is_established:
            switch.endpoint.agent.hang_up(event.leg, switch.clock())
            return
        self._choose(leg, event.leg)
        if leg.negotiator is None or event.sdp is None:
            switch.drop(leg, ClearingCause.PROTOCOL_ERROR)
            return
        try:
            remote_of(leg, leg.negotiator.accept(event.sdp))
        except SipError:
            switch.drop(leg, ClearingCause.PROTOCOL_ERROR)
            return
        switch.submit(inputs.LegAnswered(leg=LegId(leg.leg), resume=switch.resume_of(leg)))

    def _choose(self, leg: Leg, winner: int) -> None:
        """The first contact that answers has the call; the others stop ringing."""
        leg.is_established = True
        if leg.timer is not None:
            leg.timer.cancel()
        for branch in leg.branches:
            if branch != winner:
                self._switch.branches.pop(branch, None)
                self._switch.endpoint.agent.cancel(branch, self._switch.clock(), reason=ELSEWHERE)
        leg.branches = [winner]

    def _failed(self, event: ev.Failed) -> None:
        switch = self._switch
        leg = switch.branches.pop(event.leg, None)
        if leg is None:
            return
        if not leg.is_outgoing:
            switch.forget(leg.leg)
            cause = ClearingCause.CALLER_HUNG_UP if event.cause is ev.Cause.PEER else ClearingCause.UNREACHABLE
            switch.submit(inputs.LegCleared(leg=LegId(leg.leg), cause=cause))
            return
        leg.branches.remove(event.leg)
        leg.failed_status = min(leg.failed_status or event.status, event.status)
        if not leg.branches:
            status = leg.failed_status
            switch.forget(leg.leg)
            switch.submit(inputs.LegFailed(leg=LegId(leg.leg), cause=cause_of(status), status=status))

    # --- both -----------------------------------------------------------------------------------------------------

    def _cleared(self, event: ev.Cleared) -> None:
        leg = self._switch.branches.get(event.leg)
        if leg is None:
            return
        self._switch.forget(leg.leg)
        cause = ClearingCause.NORMAL if event.cause is ev.Cause.PEER else ClearingCause.UNREACHABLE
        self._switch.submit(inputs.LegCleared(leg=LegId(leg.leg), cause=cause))

    def _reoffered(self, event: ev.Reoffered) -> None:
        switch = self._switch
        leg = switch.branches.get(event.leg)
        now = switch.clock()
        if leg is None or leg.negotiator is None:
            switch.endpoint.agent.reject_reoffer(event.leg, now)
            return
        try:
            if event.sdp is None:
                said = leg.negotiator.offer()
            else:
                said, agreed = leg.negotiator.answer(event.sdp)
                remote_of(leg, agreed)
        except (SipError, MediaUnavailable):
            switch.endpoint.agent.reject_reoffer(event.leg, now)
            return
        switch.endpoint.agent.answer_reoffer(event.leg, said, now)
        self._changed(leg)

    def _session_changed(self, event: ev.SessionChanged) -> None:
        leg = self._switch.branches.get(event.leg)
        if leg is None or leg.negotiator is None or event.sdp is None:
            return
        try:
            remote_of(leg, leg.negotiator.accept(event.sdp))
        except SipError:
            log.warning("answer_not_understood", leg=leg.leg)
            return
        self._changed(leg)

    def _changed(self, leg: Leg) -> None:
        self._switch.submit(inputs.LegChanged(leg=LegId(leg.leg), resume=self._switch.resume_of(leg)))

    def _digit(self, event: ev.InfoDigits) -> None:
        leg = self._switch.branches.get(event.leg)
        if leg is not None:
            self._switch.submit(inputs.DigitPressed(leg=LegId(leg.leg), digit=Secret(event.digit)))

    # --- phones ---------------------------------------------------------------------------------------------------

    def _bindings_changed(self, event: ev.BindingsChanged) -> None:
        self._switch.phones.changed(event.account, event.bindings)

    def _authentication_failed(self, event: ev.AuthenticationFailed) -> None:
        self._switch.admission.note_failure(event)


def _has_audio(sdp: bytes) -> bool:
    """Is there a stream that we could answer? Raises nothing: what cannot be read has none."""
    try:
        streams = parse_sdp(sdp).streams
    except SipError:
        return False
    return any(
        stream.kind == "audio" and stream.port and any(codec.name in ("PCMU", "PCMA") for codec in stream.codecs)
        for stream in streams
    )


def _number(event: ev.IncomingCall) -> str:
    """The caller's number as the trunk asserts it (RFC 3325), else as the caller says; empty when withheld."""
    for name, value in event.headers:
        if name.lower() == "privacy" and "id" in value.lower():
            return ""
    user = event.from_uri.name
    return "" if user.lower() in ("anonymous", "unknown", "unavailable") else user
