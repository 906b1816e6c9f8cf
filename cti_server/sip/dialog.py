"""Dialogs: what two user agents remember of each other between requests (RFC 3261 12).

Decides the Request-URI, the Route headers and the flow of a request inside a dialog, its numbers, and whether a request
from the peer is in order. Knows no call states.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from cti_server.sip.errors import RemoteProtocolError
from cti_server.sip.flow import Flow
from cti_server.sip.headers import parse_name_addr
from cti_server.sip.message import Header, Message, Request, Response, header
from cti_server.sip.stack import Stack
from cti_server.sip.uri import Uri, parse_uri

MAX_FORWARDS = header("Max-Forwards", "70")


@dataclass(slots=True)
class Dialog:
    """`local` and `remote` are the whole From and To values as we send them; `remote_cseq` -1: none seen yet."""

    call_id: str
    local: str
    remote: str
    local_tag: str
    remote_tag: str
    remote_target: str
    route_set: tuple[str, ...]
    local_cseq: int
    remote_cseq: int
    flow: Flow
    is_pinned: bool = False
    contact: str = ""
    peer_takes_update: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return (self.call_id, self.local_tag)

    def confirm_from_response(self, response: Response) -> None:
        """We called, and this 1xx or 2xx makes the dialog (RFC 3261 12.1.2)."""
        self.remote = response.required("to")
        self.remote_tag = response.to.tag
        self.route_set = tuple(reversed(response.listed("record-route")))
        self.refresh_target(response)

    def refresh_target(self, message: Message) -> None:
        """A Contact in a request or 2xx that refreshes targets replaces the old one (RFC 3261 12.2)."""
        contact = message.contact
        if contact is not None and contact.uri.is_sip:
            self.remote_target = str(contact.uri)
        if message.headers_named("allow"):
            self.peer_takes_update = message.has_option("allow", "update")

    def heard_from(self, flow: Flow) -> None:
        """A stream that the peer opened, or the mapping of its NAT, is the way to it from now on."""
        if flow.is_stream or self.is_pinned:
            self.flow = flow

    def lost(self, flow: Flow) -> None:
        """This connection is gone: the next request takes the one over which the peer registered since, or opens one to
        where the peer wants it."""
        if self.flow.connection == flow.connection:
            self.flow = msgspec.structs.replace(self.flow, connection=0)

    def request(self, stack: Stack, method: str, *, cseq: int | None = None) -> tuple[Request, Flow]:
        """A request in this dialog (numbered on, unless ACK gives its INVITE's number) and the way it goes."""
        if cseq is None:
            self.local_cseq += 1
            cseq = self.local_cseq
        uri, routes = self._uri_and_routes()
        headers: list[Header] = [MAX_FORWARDS]
        headers += [header("Route", route) for route in routes]
        headers += [
            header("From", self.local),
            header("To", self.remote),
            header("Call-ID", self.call_id),
            header("CSeq", f"{cseq} {method}"),
        ]
        if method in ("INVITE", "UPDATE"):
            headers.append(header("Contact", self.contact))
        headers.append(header("User-Agent", stack.config.user_agent))
        return Request(headers=headers, method=method, uri=uri), self._next_flow(stack, routes, uri)

    def _uri_and_routes(self) -> tuple[str, tuple[str, ...]]:
        if not self.route_set:
            return self.remote_target, ()
        first = parse_name_addr(self.route_set[0]).uri
        if first.parameter("lr") is not None:
            return self.remote_target, self.route_set
        # A strict router wants itself as Request-URI (RFC 3261 12.2.1.1).
        return str(_bare_uri(first)), (*self.route_set[1:], f"<{self.remote_target}>")

    def _next_flow(self, stack: Stack, routes: tuple[str, ...], uri: str) -> Flow:
        is_lost = self.flow.is_stream and not self.flow.connection
        if self.is_pinned and not is_lost:
            return self.flow
        if is_lost and not routes and (way := stack.registered_way(parse_uri(uri))) is not None:
            return way
        loose = self.route_set and routes == self.route_set
        hop = parse_name_addr(routes[0]).uri if loose else parse_uri(uri)
        # A proxy may record a URI that leads nowhere without it; what we heard last is then the best guess.
        return stack.flow_to(hop, prefer=self.flow) if hop.is_sip else self.flow

    def is_in_order(self, request: Request) -> bool:
        """False: older than what was seen (RFC 3261 12.2.2, answered 500)."""
        return request.cseq.number >= self.remote_cseq


def _bare_uri(uri: Uri) -> Uri:
    return parse_uri(str(uri).partition("?")[0])


def dialog_of_request(request: Request, *, local_tag: str, flow: Flow, contact: str) -> Dialog:
    """We were called (RFC 3261 12.1.1). Without Contact, as of old, the From URI is the target."""
    target = request.contact.uri if request.contact is not None else request.from_.uri
    return Dialog(
        call_id=request.call_id,
        local=f"{request.required('to')};tag={local_tag}",
        remote=request.required("from"),
        local_tag=local_tag,
        remote_tag=request.from_.tag,
        remote_target=str(target),
        route_set=tuple(request.listed("record-route")),
        local_cseq=0,
        remote_cseq=request.cseq.number,
        flow=flow,
        contact=contact,
        peer_takes_update=request.has_option("allow", "update"),
    )


def dialog_of_response(response: Response, *, flow: Flow, contact: str) -> Dialog:
    """We called, and this 2xx makes a dialog that we did not expect: a fork, or a call of an earlier process."""
    dialog = Dialog(
        call_id=response.call_id,
        local=response.required("from"),
        remote=response.required("to"),
        local_tag=response.from_.tag,
        remote_tag=response.to.tag,
        remote_target="",
        route_set=(),
        local_cseq=response.cseq.number,
        remote_cseq=-1,
        flow=flow,
        contact=contact,
    )
    dialog.confirm_from_response(response)
    if not dialog.remote_target:
        raise RemoteProtocolError("a 2xx without Contact")
    return dialog
