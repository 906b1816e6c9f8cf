"""The registrar: which contacts an account has, and until when (RFC 3261 10.3).

Decides what a REGISTER does to the bindings of one account: all or nothing, in order of Call-ID and CSeq, within
limits. Who may register is decided before; accounts are opaque keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from cti_server.sip.config import US_PER_S, RegistrarConfig
from cti_server.sip.deadlines import Deadline
from cti_server.sip.errors import RemoteProtocolError
from cti_server.sip.events import Binding, BindingsChanged
from cti_server.sip.flow import Flow
from cti_server.sip.grammar import find, show
from cti_server.sip.headers import NameAddr, delta_seconds, parse_contacts
from cti_server.sip.message import Header, Request, header
from cti_server.sip.stack import Stack
from cti_server.sip.uri import Uri, parse_uri

_OURS = ("expires", "q")


class IntervalTooBrief(RemoteProtocolError):
    """423."""

    def __init__(self, min_expires_s: int) -> None:
        super().__init__("interval too brief", status=423)
        self.min_expires_s = min_expires_s


@dataclass(slots=True)
class Account:
    bindings: list[Binding] = field(default_factory=list)
    expiry: Deadline | None = None


@dataclass(slots=True)
class Registrar:
    stack: Stack
    config: RegistrarConfig
    _accounts: dict[str, Account] = field(default_factory=dict)

    def bindings(self, key: str) -> tuple[Binding, ...]:
        account = self._accounts.get(key)
        if account is None:
            return ()
        living = [one for one in account.bindings if one.expires_at_us > self.stack.deadlines.now_us]
        return tuple(sorted(living, key=lambda one: (-one.q, -one.expires_at_us)))

    def restore(self, key: str, bindings: Iterable[Binding]) -> None:
        living = [one for one in bindings if one.expires_at_us > self.stack.deadlines.now_us]
        self._store(key, [self._by_contact(one) for one in living[: self.config.contacts_max]])

    def connection_lost(self, flow: Flow) -> None:
        """Phones that were reached through it are reached by their Contact, until they say more."""
        for key, account in list(self._accounts.items()):
            before = account.bindings
            after = [self._by_contact(one) if one.flow.connection == flow.connection else one for one in before]
            if after != before:
                self._store(key, after)
                self._report(key, before, after)

    def way_to(self, uri: Uri) -> Flow | None:
        """The living connection of this contact, or else the latest of the same user at the same host: many phones
        write the port of their connection into their Contact, and come back with another."""
        living = [
            (parse_uri(one.contact), one.flow)
            for account in self._accounts.values()
            for one in account.bindings
            if one.flow.connection
        ]
        same = [flow for contact, flow in living if is_same_contact(contact, uri)]
        alike = [flow for contact, flow in living if uri.user and (contact.user, contact.host) == (uri.user, uri.host)]
        found = same or alike
        return found[-1] if found else None

    def connections(self) -> set[int]:
        """Those over which phones are reached."""
        return {one.flow.connection for account in self._accounts.values() for one in account.bindings}

    def _by_contact(self, binding: Binding) -> Binding:
        """A connection of an earlier process, or a closed one, is nobody's; its number may become another's."""
        uri = parse_uri(binding.contact)
        if not binding.flow.connection or not uri.is_sip:
            return binding
        return msgspec.structs.replace(binding, flow=self.stack.flow_to(uri))

    def register(self, key: str, request: Request, flow: Flow) -> list[Header]:
        """Does what REGISTER asks; returns the headers of its 200. Raises RemoteProtocolError (400, 423, 500, 503)."""
        before = list(self.bindings(key))
        if key not in self._accounts and len(self._accounts) >= self.config.accounts_max:
            raise RemoteProtocolError("too many accounts", status=503)
        values = [value.strip() for value in request.headers_named("contact")]
        if values == ["*"]:
            after = self._without_all(before, request)
        elif "*" in values:
            raise RemoteProtocolError("* beside other contacts")
        else:
            after = self._with(before, parse_contacts(values), request, flow)
        if after != before:
            self._store(key, after)
            self._report(key, before, after)
        return [header("Contact", self._shown(one)) for one in self.bindings(key)]

    # --- what a request does ------------------------------------------------------------------------------------------

    def _without_all(self, before: list[Binding], request: Request) -> list[Binding]:
        if (request.header("expires") or "").strip() != "0":
            raise RemoteProtocolError("* needs Expires: 0")
        for old in before:
            _check_order(old, request)
        return []

    def _with(self, before: list[Binding], contacts: list[NameAddr], request: Request, flow: Flow) -> list[Binding]:
        after = list(before)
        for contact in contacts:
            expires_s = self._expires_s(contact, request)
            old = next((one for one in after if is_same_contact(parse_uri(one.contact), contact.uri)), None)
            if old is not None:
                _check_order(old, request)
                after.remove(old)
            if expires_s:
                after.append(self._binding(contact, expires_s, request, flow))
        # A phone that restarts under a new port must get in: the oldest contacts give way.
        return after[-self.config.contacts_max :]

    def _expires_s(self, contact: NameAddr, request: Request) -> int:
        asked = find(contact.parameters, "expires")
        if asked is None:
            asked = request.header("expires")
        seconds = delta_seconds(asked) if asked is not None else None
        if seconds is None:
            return self.config.expires_default_s
        if 0 < seconds < self.config.expires_min_s:
            raise IntervalTooBrief(self.config.expires_min_s)
        return min(seconds, self.config.expires_max_s)

    def _binding(self, contact: NameAddr, expires_s: int, request: Request, flow: Flow) -> Binding:
        others = tuple(entry for entry in contact.parameters if entry[0].lower() not in _OURS)
        return Binding(
            contact=str(contact.uri),
            flow=flow,
            expires_at_us=self.stack.deadlines.now_us + expires_s * US_PER_S,
            q=_preference(find(contact.parameters, "q")),
            call_id=request.call_id,
            cseq=request.cseq.number,
            parameters=show(others),
            user_agent=(request.header("user-agent") or "")[:120],
        )

    def _shown(self, binding: Binding) -> str:
        left_s = max(1, -(-(binding.expires_at_us - self.stack.deadlines.now_us) // US_PER_S))
        q = f";q={binding.q:g}" if binding.q != 1.0 else ""
        return f"<{binding.contact}>{q}{binding.parameters};expires={left_s}"

    # --- keeping ------------------------------------------------------------------------------------------------------

    def _store(self, key: str, bindings: list[Binding]) -> None:
        account = self._accounts.pop(key, None)
        if account is not None and account.expiry is not None:
            account.expiry.cancel()
        if not bindings:
            return
        account = Account(bindings=bindings)
        first_us = min(one.expires_at_us for one in bindings)
        account.expiry = self.stack.deadlines.at(first_us, lambda: self._on_expiry(key))
        self._accounts[key] = account

    def _on_expiry(self, key: str) -> None:
        before = self._accounts[key].bindings
        after = list(self.bindings(key))
        self._store(key, after)
        self._report(key, before, after)

    def _report(self, key: str, before: list[Binding], after: list[Binding]) -> None:
        same = sorted((one.contact, repr(one.flow)) for one in before) == sorted(
            (one.contact, repr(one.flow)) for one in after
        )
        self.stack.emit(BindingsChanged(account=key, bindings=self.bindings(key), refreshed_only=same))


def _check_order(old: Binding, request: Request) -> None:
    """A REGISTER that was overtaken by a later one of the same phone changes nothing (RFC 3261 10.3 step 7)."""
    if old.call_id == request.call_id and request.cseq.number <= old.cseq:
        raise RemoteProtocolError("out of order", status=500)


def _preference(text: str | None) -> float:
    try:
        return min(1.0, max(0.0, float(text))) if text and len(text) <= 5 else 1.0
    except ValueError:
        return 1.0


def is_same_contact(one: Uri, other: Uri) -> bool:
    """RFC 3261 19.1.4 as far as contacts need it: scheme, user, host, port and the parameters that choose the way."""
    if one.opaque != other.opaque:
        return False
    if (one.scheme, one.user, one.host.lower(), one.port) != (other.scheme, other.user, other.host.lower(), other.port):
        return False
    names = ("transport", "user", "maddr", "method")
    return all((one.parameter(name) or "").lower() == (other.parameter(name) or "").lower() for name in names)
