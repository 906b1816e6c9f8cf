"""The SIP side of a phone: one line, registered or not, with one call at a time. Shell of ``cti_server.sip``'s user
agent.

Decides that a second call gets "busy here", and what an offer is answered with. Knows no window and no sound card.
"""

import contextlib
import secrets
from typing import Protocol

from agent_app.softphone.account import Account, Caller
from agent_app.softphone.sip_transport import SipTransport, now_us
from cti_server.sip import events as ev
from cti_server.sip.commands import Credentials, OutboundCall, Registration
from cti_server.sip.errors import SipError
from cti_server.sip.offer_answer import Agreed, LocalMedia, Negotiator

REGISTRATION = 1
REGISTER_EXPIRES_S = 120


class LineUser(Protocol):
    """What a line tells its owner. Every call ends with exactly one ``call_ended``."""

    def registration_changed(self, state: str, reason: str) -> None: ...

    def call_ringing(self, caller: Caller) -> None: ...

    def call_alerting(self) -> None:
        """The other side rings (a call that we placed)."""

    def call_established(self, agreed: Agreed) -> None:
        """Answered, by us or by them."""

    def media_changed(self, agreed: Agreed) -> None: ...

    def call_ended(self, ended_by: str, status: int) -> None:
        """``ended_by``: ours, theirs, cancelled, failed."""


class Line:
    """``open`` first. Orders that no longer fit (the call has just ended) do nothing."""

    def __init__(self, user: LineUser) -> None:
        self._user = user
        self._sip = SipTransport(self._happened)
        self._account: Account | None = None
        self._leg: int | None = None
        self._negotiator: Negotiator | None = None
        self._offer: bytes | None = None
        self._is_established = False
        self._is_ended_by_us = False

    # --- life -----------------------------------------------------------------------------------------------------

    async def open(self, account: Account) -> str:
        """Bind towards the server; the local address that it can reach us at. Raises OSError."""
        await self._sip.open(account)
        self._account = account
        return self._sip.local_host

    async def close(self) -> None:
        """Give the sockets back."""
        await self._sip.close()

    def register(self) -> None:
        """Register the account and keep it registered."""
        account, agent = self._account, self._sip.agent
        if account is None or agent is None:
            return
        self._user.registration_changed("registering", "")
        registration = Registration(
            registrar=f"sip:{account.host}:{account.port}",
            account=f"sip:{account.extension}@{account.host}",
            credentials=Credentials(username=account.user, password=account.password),
            expires_s=REGISTER_EXPIRES_S,
            flow=self._sip.server,
        )
        agent.register(REGISTRATION, registration, now_us())
        self._sip.pump()

    def unregister(self) -> None:
        if self._sip.agent is not None:
            with contextlib.suppress(SipError):
                self._sip.agent.unregister(REGISTRATION, now_us())
            self._sip.pump()

    # --- the call -------------------------------------------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        return self._leg is not None

    @property
    def local_host(self) -> str:
        return self._sip.local_host

    def place(self, number: str, *, media_port: int, caller_number: str = "", caller_name: str = "") -> None:
        """Call a number of the server."""
        assert self._sip.agent is not None
        assert self._account is not None
        self._begin(self._sip.new_leg())
        negotiator = self._negotiator = self._new_negotiator(media_port)
        shown = caller_number or self._account.extension or "anonymous"
        call = OutboundCall(
            target=f"sip:{number}@{self._account.host}:{self._account.port}",
            from_uri=f"sip:{shown}@{self._sip.local_host}",
            from_display=caller_name,
            sdp=negotiator.offer(),
            flow=self._sip.server,
            credentials=Credentials(username=self._account.user, password=self._account.password)
            if self._account.user
            else None,
        )
        assert self._leg is not None
        self._sip.agent.place_call(self._leg, call, now_us())
        self._sip.pump()

    def answer(self, *, media_port: int) -> None:
        """Accept the ringing call."""
        if self._leg is None or self._sip.agent is None or self._is_established or self._negotiator is not None:
            return
        negotiator = self._negotiator = self._new_negotiator(media_port)
        agreed: Agreed | None = None
        try:
            if self._offer is None:
                said = negotiator.offer()
            else:
                said, agreed = negotiator.answer(self._offer)
            self._sip.agent.answer(self._leg, said, now_us())
        except SipError:
            self.hang_up()
            return
        if agreed is not None:
            self._is_established = True
            self._user.call_established(agreed)
        self._sip.pump()

    def hang_up(self) -> None:
        """End, cancel or reject the call, whichever fits."""
        if self._leg is None or self._sip.agent is None:
            return
        self._is_ended_by_us = True
        with contextlib.suppress(SipError):
            if self._negotiator is None and not self._is_established:
                self._sip.agent.reject(self._leg, 486, now_us())
            else:
                self._sip.agent.hang_up(self._leg, now_us())
        self._sip.pump()

    def send_info(self, content_type: str, body: bytes) -> None:
        """INFO in the call, for digits by ``application/dtmf-relay``."""
        if self._leg is not None and self._sip.agent is not None:
            with contextlib.suppress(SipError):
                self._sip.agent.send_info(self._leg, content_type, body, now_us())
            self._sip.pump()

    def _begin(self, leg: int) -> None:
        self._leg = leg
        self._negotiator = None
        self._offer = None
        self._is_established = False
        self._is_ended_by_us = False

    def _new_negotiator(self, port: int) -> Negotiator:
        return Negotiator(
            media=LocalMedia(address=self._sip.local_host, port=port), session_id=secrets.randbits(40) + 1
        )

    # --- what happened --------------------------------------------------------------------------------------------

    def _happened(self, event: ev.Event) -> None:
        match event:
            case ev.IncomingCall():
                self._incoming(event)
            case ev.Registered():
                self._user.registration_changed("registered", "")
            case ev.RegistrationFailed():
                state = "registering" if event.retry_in_s else "failed"
                self._user.registration_changed(state, f"{event.status} {event.reason}")
            case ev.Unregistered():
                self._user.registration_changed("none", "")
            case ev.Provisional() if event.leg == self._leg and event.status >= 180:
                self._user.call_alerting()
            case ev.Established() | ev.SessionChanged() if event.leg == self._leg:
                self._accepted(event.sdp)
            case ev.Confirmed() if event.leg == self._leg and event.sdp is not None:
                self._accepted(event.sdp)
            case ev.Reoffered() if event.leg == self._leg:
                self._reoffered(event)
            case ev.Failed() | ev.Cleared() if event.leg == self._leg:
                self._ended(event)
            case _:
                pass

    def _incoming(self, event: ev.IncomingCall) -> None:
        assert self._sip.agent is not None
        if self.is_busy:
            self._sip.agent.reject(event.leg, 486, now_us())
            return
        self._begin(event.leg)
        self._offer = event.sdp
        self._sip.agent.ring(event.leg, now_us())
        headers = {name.lower(): value for name, value in event.headers}
        number = headers.get("x-ieum-call", "")
        self._user.call_ringing(
            Caller(
                number=event.from_uri.name,
                name=event.from_display,
                call=int(number) if number.isascii() and number.isdigit() and len(number) < 20 else 0,
                auto_answer="answer-after=0" in headers.get("call-info", ""),
            )
        )

    def _accepted(self, sdp: bytes | None) -> None:
        if self._negotiator is None or sdp is None:
            return
        try:
            agreed = self._negotiator.accept(sdp)
        except SipError:
            self.hang_up()
            return
        if self._is_established:
            self._user.media_changed(agreed)
        else:
            self._is_established = True
            self._user.call_established(agreed)

    def _reoffered(self, event: ev.Reoffered) -> None:
        assert self._sip.agent is not None
        if self._negotiator is None:
            self._sip.agent.reject_reoffer(event.leg, now_us())
            return
        try:
            if event.sdp is None:
                said = self._negotiator.offer()
            else:
                said, agreed = self._negotiator.answer(event.sdp)
                self._user.media_changed(agreed)
        except SipError:
            self._sip.agent.reject_reoffer(event.leg, now_us())
            return
        self._sip.agent.answer_reoffer(event.leg, said, now_us())

    def _ended(self, event: ev.Failed | ev.Cleared) -> None:
        was_established = self._is_established
        self._leg = None
        status = event.status if isinstance(event, ev.Failed) else 200
        if self._is_ended_by_us:
            ended_by = "ours"
        elif event.cause is ev.Cause.PEER:
            ended_by = "theirs" if was_established or isinstance(event, ev.Cleared) else "cancelled"
            if isinstance(event, ev.Failed) and self._negotiator is not None:
                ended_by = "failed"
        else:
            ended_by = "failed"
        self._user.call_ended(ended_by, status)
