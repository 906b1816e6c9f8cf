"""Requests outside any dialog: who may send them and what becomes of them (RFC 3261 8.2, 10.3, 11.2, 22).

Decides the order of the questions: method, policy, digest, scheme, merged, extensions, body. All refusals are
stateless, so that a flood of them costs no memory.
"""

from __future__ import annotations

from dataclasses import dataclass

from cti_server.sip.checks import (
    KNOWN_METHODS,
    accepts_sdp,
    is_body_refused,
    unsupported_options,
)
from cti_server.sip.digest import DigestServer, Outcome, parse_digest
from cti_server.sip.errors import RemoteProtocolError
from cti_server.sip.events import AuthenticationFailed
from cti_server.sip.flow import Flow
from cti_server.sip.inbound import Inbound
from cti_server.sip.message import Header, Request, header, response_to
from cti_server.sip.policy import Accept, Challenge, Ignore, Policy, Refuse, RequestInfo
from cti_server.sip.registrar import IntervalTooBrief, Registrar
from cti_server.sip.sdp import CONTENT_TYPE
from cti_server.sip.stack import Stack
from cti_server.sip.uri import parse_uri

NEEDS_DIALOG = frozenset({"BYE", "UPDATE", "INFO", "PRACK"})


@dataclass(slots=True)
class Admission:
    stack: Stack
    policy: Policy
    digest: DigestServer
    inbound: Inbound
    registrar: Registrar | None
    allow: str

    def on_request(self, request: Request, flow: Flow) -> None:
        """A well-formed request without a To tag, not ACK or CANCEL, and no repeat of one being served."""
        method = request.method
        if method in NEEDS_DIALOG:
            self._refuse(request, flow, 481)
        elif method not in self._methods():
            status = 405 if method in KNOWN_METHODS else 501
            self._refuse(request, flow, status, [header("Allow", self.allow)])
        elif len(self.stack.servers) >= self.stack.config.transactions_max:
            self._refuse(request, flow, 503, [header("Retry-After", str(self.stack.config.retry_after_s))])
        else:
            accepted = self._admit(request, flow)
            if accepted is not None:
                self._serve(request, flow, accepted)

    def _methods(self) -> tuple[str, ...]:
        return ("INVITE", "OPTIONS", "REGISTER") if self.registrar is not None else ("INVITE", "OPTIONS")

    def _refuse(
        self, request: Request, flow: Flow, status: int, headers: list[Header] | None = None, reason: str = ""
    ) -> None:
        self.stack.respond_stateless(request, flow, status, headers=headers or [], reason=reason)

    # --- who ----------------------------------------------------------------------------------------------------------

    def _admit(self, request: Request, flow: Flow) -> Accept | None:
        """What the policy says, after a digest if it asks for one; None if the request has been dealt with."""
        info = RequestInfo(
            method=request.method,
            uri=parse_uri(request.uri),
            from_uri=request.from_.uri,
            to_uri=request.to.uri,
            call_id=request.call_id,
            flow=flow,
            username=_claimed(request),
        )
        verdict = self.policy.admit(info)
        if isinstance(verdict, Challenge):
            name = self._authenticated(request, flow, is_proxy=verdict.proxy)
            if name is None:
                return None
            verdict = self.policy.authorise(info, name)
        match verdict:
            case Accept():
                return verdict
            case Refuse():
                retry = [header("Retry-After", str(verdict.retry_after_s))] if verdict.retry_after_s else []
                self._refuse(request, flow, verdict.status, retry, verdict.reason)
            case Challenge():
                self._refuse(request, flow, 403)
            case Ignore():
                pass
        return None

    def _authenticated(self, request: Request, flow: Flow, *, is_proxy: bool) -> str | None:
        """The user whose digest is right; None after a challenge has been sent."""
        now_us = self.stack.deadlines.now_us
        key = "proxy-authorization" if is_proxy else "authorization"
        outcome, name = Outcome.MISSING, ""
        for value in request.headers_named(key)[:4]:
            outcome, name = self.digest.check(value, request.method, now_us, self.policy.ha1)
            if outcome is not Outcome.MISSING:
                break
        if outcome is Outcome.RIGHT:
            return name
        if outcome is Outcome.WRONG:
            self.stack.emit(AuthenticationFailed(username=name, method=request.method, flow=flow))
        challenges = self.digest.challenges(now_us, is_stale=outcome is Outcome.STALE, salt=self.stack.token())
        field = "Proxy-Authenticate" if is_proxy else "WWW-Authenticate"
        self._refuse(request, flow, 407 if is_proxy else 401, [header(field, value) for value in challenges])
        return None

    # --- what ---------------------------------------------------------------------------------------------------------

    def _serve(self, request: Request, flow: Flow, accepted: Accept) -> None:
        if not parse_uri(request.uri).is_sip:
            self._refuse(request, flow, 416)
        elif self.stack.is_merged(request):
            self._refuse(request, flow, 482)
        elif missing := unsupported_options(request):
            self._refuse(request, flow, 420, [header("Unsupported", ", ".join(missing))])
        elif request.method == "REGISTER":
            self._register(request, flow)
        elif request.method == "OPTIONS":
            self._answer_options(request, flow)
        elif is_body_refused(request, (CONTENT_TYPE,)):
            headers = [header("Accept", CONTENT_TYPE), header("Accept-Encoding", "identity")]
            self._refuse(request, flow, 415, headers)
        elif not accepts_sdp(request):
            self._refuse(request, flow, 406)
        else:
            self.inbound.offered(request, flow, accepted)

    def _answer_options(self, request: Request, flow: Flow) -> None:
        headers = [
            header("Allow", self.allow),
            header("Accept", CONTENT_TYPE),
            header("Supported", "timer"),
            header("Server", self.stack.config.user_agent),
        ]
        self._refuse(request, flow, 200, headers)

    def _register(self, request: Request, flow: Flow) -> None:
        assert self.registrar is not None
        info = RequestInfo(
            method="REGISTER",
            uri=parse_uri(request.uri),
            from_uri=request.from_.uri,
            to_uri=request.to.uri,
            call_id=request.call_id,
            flow=flow,
        )
        account = self.policy.address_of_record(info)
        if account is None:
            self._refuse(request, flow, 404)
            return
        status, headers = self._bind(account, request, flow)
        # Stateful: a repeat must not meet the order check of the bindings that it made itself.
        transaction = self.stack.open_server(request, self.stack.way_back(request, flow))
        transaction.respond(response_to(request, status, to_tag=self.stack.token(), headers=headers))

    def _bind(self, account: str, request: Request, flow: Flow) -> tuple[int, list[Header]]:
        assert self.registrar is not None
        try:
            return 200, self.registrar.register(account, request, flow)
        except IntervalTooBrief as brief:
            return 423, [header("Min-Expires", str(brief.min_expires_s))]
        except RemoteProtocolError as error:
            return error.status, []


def _claimed(request: Request) -> str:
    for key in ("authorization", "proxy-authorization"):
        value = request.header(key)
        if value is not None:
            try:
                return (parse_digest(value) or {}).get("username", "")
            except RemoteProtocolError:
                return ""
    return ""
