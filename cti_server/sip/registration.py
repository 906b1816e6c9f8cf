"""Holding a binding with a registrar (RFC 3261 10.2): a phone's side.

Decides when to refresh, how to answer a challenge or a 423, and how long to wait after a failure.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cti_server.sip.commands import Registration
from cti_server.sip.config import US_PER_S
from cti_server.sip.deadlines import Deadline
from cti_server.sip.dialog import MAX_FORWARDS
from cti_server.sip.digest import DigestClient
from cti_server.sip.errors import LocalProtocolError, RemoteProtocolError
from cti_server.sip.events import Registered, RegistrationFailed, Unregistered
from cti_server.sip.flow import Flow
from cti_server.sip.grammar import find
from cti_server.sip.headers import NameAddr, delta_seconds, parse_contacts, parse_name_addr
from cti_server.sip.message import Request, Response, header, is_safe
from cti_server.sip.outbound import parsed_locally
from cti_server.sip.registrar import is_same_contact
from cti_server.sip.stack import Stack

ATTEMPTS_MAX = 4
RETRY_S = (2, 5, 10, 20, 30, 60)
FINAL = (401, 403, 404, 405, 407, 416, 501)
"""Trying again by itself would only ask the same question."""


@dataclass(slots=True, eq=False)
class _Held:
    handle: int
    wanted: Registration
    flow: Flow
    call_id: str
    tag: str
    digest: DigestClient | None
    cseq: int = 0
    expires_s: int = 0
    failures: int = 0
    next_time: Deadline | None = None
    is_leaving: bool = False

    def wake(self, deadline: Deadline | None) -> None:
        if self.next_time is not None:
            self.next_time.cancel()
        self.next_time = deadline


@dataclass(slots=True)
class Registrations:
    stack: Stack
    _held: dict[int, _Held] = field(default_factory=dict)

    def register(self, handle: int, wanted: Registration) -> None:
        """Also for a handle that exists: the new data hold from now on."""
        uri = parsed_locally(wanted.registrar)
        parsed_locally(wanted.account)
        if not is_safe("From", wanted.display):
            raise LocalProtocolError("a display name with line breaks")
        old = self._held.pop(handle, None)
        if old is not None:
            old.wake(None)
        held = _Held(
            handle=handle,
            wanted=wanted,
            flow=wanted.flow or self.stack.flow_to(uri),
            call_id=self.stack.token() + self.stack.token(),
            tag=self.stack.token(),
            digest=DigestClient(wanted.credentials) if wanted.credentials is not None else None,
            expires_s=wanted.expires_s,
        )
        self._held[handle] = held
        self._send(held, attempt=1)

    def unregister(self, handle: int) -> None:
        held = self._held.get(handle)
        if held is None:
            raise LocalProtocolError(f"no registration {handle}")
        held.is_leaving = True
        held.wake(None)
        self._send(held, attempt=1)

    def connection_lost(self, flow: Flow) -> None:
        """A phone that is reached through its own connection has to open another at once."""
        for held in self._held.values():
            if flow.is_stream and held.flow.remote == flow.remote and not held.is_leaving:
                self._send_after(held, RETRY_S[0])

    def _send_after(self, held: _Held, delay_s: int) -> None:
        held.wake(self.stack.deadlines.after(delay_s * US_PER_S, lambda: self._send(held, attempt=1)))

    def _send(self, held: _Held, *, attempt: int) -> None:
        stack, wanted = self.stack, held.wanted
        held.cseq += 1
        account = parsed_locally(wanted.account)
        expires_s = 0 if held.is_leaving else held.expires_s
        from_ = NameAddr(uri=account, display=wanted.display, parameters=(("tag", held.tag),))
        headers = [
            MAX_FORWARDS,
            header("From", str(from_)),
            header("To", str(NameAddr(uri=account, display=wanted.display))),
            header("Call-ID", held.call_id),
            header("CSeq", f"{held.cseq} REGISTER"),
            header("Contact", stack.contact_value(held.flow)),
            header("Expires", str(expires_s)),
            header("User-Agent", stack.config.user_agent),
        ]
        if held.digest is not None:
            headers += [header(*pair) for pair in held.digest.headers("REGISTER", wanted.registrar, stack.token())]
        stack.request(
            Request(headers=headers, method="REGISTER", uri=wanted.registrar),
            held.flow,
            on_response=lambda _, response: self._on_response(held, response, attempt),
            on_silence=lambda _, is_transport: self._on_failure(held, 503 if is_transport else 408, ""),
        )

    def _on_response(self, held: _Held, response: Response, attempt: int) -> None:
        if response.status < 200 or self._held.get(held.handle) is not held:
            return
        if response.status < 300:
            self._on_success(held, response)
        elif not self._goes_on(held, response, attempt):
            self._on_failure(held, response.status, response.reason)

    def _goes_on(self, held: _Held, response: Response, attempt: int) -> bool:
        if attempt >= ATTEMPTS_MAX:
            return False
        if response.status in (401, 407) and held.digest is not None:
            if not held.digest.learn(response, is_retry=attempt > 1):
                return False
        elif response.status == 423:
            least = delta_seconds(response.header("min-expires") or "") or 0
            if least <= held.expires_s:
                return False
            held.expires_s = least
        else:
            return False
        self._send(held, attempt=attempt + 1)
        return True

    def _on_success(self, held: _Held, response: Response) -> None:
        if held.is_leaving:
            self._leave(held)
            return
        held.failures = 0
        granted_s = self._granted_s(held, response)
        # Early enough for a lost REGISTER to be repeated: half of short times, 30 s before the end of long ones.
        refresh_s = max(granted_s // 2, granted_s - 30, 1) if granted_s > 60 else max(granted_s // 2, 1)
        self._send_after(held, refresh_s)
        routes = tuple(response.headers_named("service-route"))
        self.stack.emit(Registered(handle=held.handle, expires_s=granted_s, service_route=routes))

    def _granted_s(self, held: _Held, response: Response) -> int:
        ours = parse_name_addr(self.stack.contact_value(held.flow)).uri
        fallback = delta_seconds(response.header("expires") or "")
        try:
            for contact in parse_contacts(response.headers_named("contact")):
                if is_same_contact(contact.uri, ours):
                    seconds = delta_seconds(find(contact.parameters, "expires") or "")
                    return seconds or fallback or held.expires_s
        except RemoteProtocolError:
            pass
        return fallback or held.expires_s

    def _on_failure(self, held: _Held, status: int, reason: str) -> None:
        if self._held.get(held.handle) is not held:
            return
        if held.is_leaving:
            self._leave(held)
            return
        retry_s = 0 if status in FINAL else RETRY_S[min(held.failures, len(RETRY_S) - 1)]
        held.failures += 1
        if retry_s:
            self._send_after(held, retry_s)
        self.stack.emit(RegistrationFailed(handle=held.handle, status=status, reason=reason, retry_in_s=retry_s))

    def _leave(self, held: _Held) -> None:
        held.wake(None)
        del self._held[held.handle]
        self.stack.emit(Unregistered(handle=held.handle))
