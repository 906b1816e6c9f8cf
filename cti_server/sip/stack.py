"""What all parts of the user agent share: the outbox, the events, the deadlines, the transactions, and random names.

Decides where a response goes back to (RFC 3261 18.2.2, RFC 3581), which transaction a message belongs to (17.1.3,
17.2.3) and from which listener a request leaves. Knows no method's meaning.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import deque
from collections.abc import Callable, Iterable

import msgspec

from cti_server.sip.config import Config
from cti_server.sip.deadlines import Deadlines
from cti_server.sip.errors import LocalProtocolError
from cti_server.sip.events import Event
from cti_server.sip.flow import Address, Flow, Outgoing, Transport
from cti_server.sip.headers import MAGIC_COOKIE, Via
from cti_server.sip.message import Header, Request, Response, header, response_to
from cti_server.sip.policy import RandomBits
from cti_server.sip.transactions import (
    ClientKey,
    ClientTransaction,
    MergeKey,
    OnResponse,
    OnSilence,
    ServerKey,
    ServerTransaction,
)
from cti_server.sip.uri import Uri, host_port

DEFAULT_PORT = 5060
DEFAULT_PORT_TLS = 5061


class Stack:
    """Implements `transactions.Wire`."""

    def __init__(self, config: Config, rng: RandomBits) -> None:
        if not config.listeners:
            raise LocalProtocolError("a user agent needs a listener")
        self.config = config
        self.timers = config.timers
        self.deadlines = Deadlines()
        self.events: deque[Event] = deque()
        self.out: list[Outgoing] = []
        self.clients: dict[ClientKey, ClientTransaction] = {}
        self.servers: dict[ServerKey, ServerTransaction] = {}
        self.merged: dict[MergeKey, ServerTransaction] = {}
        self.registered_way: Callable[[Uri], Flow | None] = lambda uri: None
        """The living connection over which a phone of this Contact registered last; the registrar's."""
        self._rng = rng
        self._tag_key = self._rng.getrandbits(128).to_bytes(16, "big")
        self.listeners = {(listener.transport, listener.bound): listener for listener in config.listeners}

    # --- sending ------------------------------------------------------------------------------------------------------

    def send(self, data: bytes, flow: Flow) -> None:
        self.out.append(Outgoing(data=data, flow=flow))

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def token(self) -> str:
        """64 random bits in hexadecimal: tags, Call-IDs, cnonces."""
        return f"{self._rng.getrandbits(64):016x}"

    def random_below(self, limit: int) -> int:
        return self._rng.getrandbits(32) % limit

    def request(
        self, request: Request, flow: Flow, *, on_response: OnResponse, on_silence: OnSilence
    ) -> ClientTransaction:
        """Puts our Via on top of `request`, starts its transaction and sends it."""
        branch = f"{MAGIC_COOKIE}{self.token()}"
        request.headers.insert(0, header("Via", self.via_value(flow, branch)))
        return self.start_client(request, flow, branch, on_response=on_response, on_silence=on_silence)

    def start_client(
        self, request: Request, flow: Flow, branch: str, *, on_response: OnResponse, on_silence: OnSilence
    ) -> ClientTransaction:
        """For requests that already have their Via (CANCEL)."""
        transaction = self.known_client(request, flow, branch, on_response=on_response, on_silence=on_silence)
        transaction.start()
        return transaction

    def known_client(
        self, request: Request, flow: Flow, branch: str, *, on_response: OnResponse, on_silence: OnSilence
    ) -> ClientTransaction:
        """A transaction that is not started (the adopted ones)."""
        transaction = ClientTransaction(
            key=(branch, request.method),
            request=request,
            flow=flow,
            wire=self,
            on_response=on_response,
            on_silence=on_silence,
        )
        self.clients[transaction.key] = transaction
        return transaction

    def send_ack(self, request: Request, flow: Flow) -> bytes:
        """An ACK to a 2xx is a transaction of its own that never repeats; returned to be sent again."""
        request.headers.insert(0, header("Via", self.via_value(flow, f"{MAGIC_COOKIE}{self.token()}")))
        data = request.to_bytes()
        self.send(data, flow)
        return data

    def via_value(self, flow: Flow, branch: str) -> str:
        ours = self.advertised(flow)
        return f"SIP/2.0/{flow.transport.upper()} {host_port(ours.host, ours.port)};branch={branch};rport"

    def advertised(self, flow: Flow) -> Address:
        listener = self.listeners.get((flow.transport, flow.local))
        return listener.advertised if listener is not None else flow.local

    def contact_value(self, flow: Flow) -> str:
        """Our Contact for a dialog over this flow."""
        ours = self.advertised(flow)
        user = f"{self.config.contact_user}@" if self.config.contact_user else ""
        parameter = f";transport={flow.transport}" if flow.is_stream else ""
        return f"<sip:{user}{host_port(ours.host, ours.port)}{parameter}>"

    def flow_to(self, uri: Uri, *, prefer: Flow | None = None) -> Flow:
        """Where a URI leads without DNS. A stream that `prefer` already has to the same host is used again."""
        wanted = (uri.parameter("transport") or "").lower()
        transport: Transport = "tls" if uri.scheme == "sips" or wanted == "tls" else "tcp" if wanted == "tcp" else "udp"
        if not uri.is_sip or not uri.host:
            raise LocalProtocolError(f"a {uri.scheme} URI leads nowhere without a flow")
        host = uri.parameter("maddr") or uri.host
        port = uri.port or (DEFAULT_PORT_TLS if transport == "tls" else DEFAULT_PORT)
        if prefer is not None and prefer.transport == transport:
            if prefer.is_stream and prefer.connection and prefer.remote.host == host:
                return prefer
            return Flow(transport=transport, remote=Address(host, port), local=prefer.local)
        return Flow(transport=transport, remote=Address(host, port), local=self._local_for(transport, prefer))

    def _local_for(self, transport: Transport, prefer: Flow | None) -> Address:
        candidates = [listener.bound for listener in self.config.listeners if listener.transport == transport]
        if not candidates:
            return prefer.local if prefer is not None else self.config.listeners[0].bound
        same = [bound for bound in candidates if prefer is not None and bound.host == prefer.local.host]
        return (same or candidates)[0]

    # --- responses ----------------------------------------------------------------------------------------------------

    def way_back(self, request: Request, flow: Flow) -> Flow:
        """Notes the true source in the top Via and returns where responses go."""
        via = request.via
        source = flow.remote
        if via.has_rport or via.host.lower() != source.host.lower():
            kept = [entry for entry in via.parameters if entry[0].lower() not in ("received", "rport")]
            kept.append(("received", source.host))
            if via.has_rport:
                kept.append(("rport", str(source.port)))
            _replace_top_via(request, msgspec.structs.replace(via, parameters=tuple(kept)))
        if flow.is_stream or via.has_rport:
            return flow
        # Without rport the port of the Via counts, not the source's; maddr is ignored: we answer only those who asked.
        return msgspec.structs.replace(flow, remote=Address(source.host, via.port or DEFAULT_PORT))

    def respond_stateless(
        self, request: Request, flow: Flow, status: int, *, reason: str = "", headers: Iterable[Header] = ()
    ) -> None:
        """A final response that keeps no state; a repeat of the request gets the same To tag (RFC 3261 8.2.7)."""
        if request.method == "ACK":
            return
        top = request.header("via") or ""
        seed = f"{request.header('call-id')}|{request.header('from')}|{top}".encode("utf-8", "surrogateescape")
        tag = hmac.new(self._tag_key, seed, hashlib.sha256).hexdigest()[:16]
        back = self.way_back(request, flow)
        self.send(response_to(request, status, to_tag=tag, reason=reason, headers=headers).to_bytes(), back)

    # --- transactions -------------------------------------------------------------------------------------------------

    def client_of(self, response: Response) -> ClientTransaction | None:
        return self.clients.get((response.via.branch, response.cseq.method))

    def server_of(self, request: Request, method: str) -> ServerTransaction | None:
        return self.servers.get(server_key(request, method))

    def open_server(self, request: Request, flow: Flow) -> ServerTransaction:
        """`flow` is the way back, as `way_back` gave it."""
        key = server_key(request, request.method)
        merge: MergeKey | None = None
        if not request.to.tag:
            merge = (request.call_id, request.from_.tag, request.cseq.number, request.method)
        transaction = ServerTransaction(key=key, request=request, flow=flow, wire=self, merge_key=merge)
        self.servers[key] = transaction
        if merge is not None:
            self.merged[merge] = transaction
        return transaction

    def is_merged(self, request: Request) -> bool:
        """The same request came by another way and is being served (482)."""
        return (request.call_id, request.from_.tag, request.cseq.number, request.method) in self.merged

    def forget_client(self, transaction: ClientTransaction) -> None:
        if self.clients.get(transaction.key) is transaction:
            del self.clients[transaction.key]

    def forget_server(self, transaction: ServerTransaction) -> None:
        if self.servers.get(transaction.key) is transaction:
            del self.servers[transaction.key]
        if transaction.merge_key is not None and self.merged.get(transaction.merge_key) is transaction:
            del self.merged[transaction.merge_key]

    def transport_failed(self, flow: Flow) -> None:
        """All that waits for an answer over this flow will wait in vain."""

        def concerns(other: Flow) -> bool:
            if flow.is_stream and flow.connection and other.connection:
                return other.connection == flow.connection
            return other.transport == flow.transport and other.remote == flow.remote

        for client in [one for one in self.clients.values() if concerns(one.flow)]:
            client.transport_failed()
        for server in [one for one in self.servers.values() if concerns(one.flow)]:
            server.transport_failed()


def server_key(request: Request, method: str) -> ServerKey:
    """RFC 3261 17.2.3; without the magic cookie, or with nothing after it, the rules of RFC 2543."""
    method = "INVITE" if method == "ACK" else method
    via = request.via
    branch = via.branch
    if branch.startswith(MAGIC_COOKIE) and len(branch) > len(MAGIC_COOKIE):
        return (branch, via.sent_by, method)
    sender = f"{via.sent_by}|{branch}"
    return (request.call_id, request.from_.tag, str(request.cseq.number), sender, request.uri, method)


def _replace_top_via(request: Request, via: Via) -> None:
    for index, (key, name, value) in enumerate(request.headers):
        if key == "via":
            _, comma, rest = value.partition(",")
            request.headers[index] = (key, name, f"{via}{comma}{rest}")
            request._via = via
            return
