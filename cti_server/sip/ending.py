"""Ending legs: BYE, what the embedder is told, and 2xx that nobody wants any more (RFC 3261 13.2.2.4, 15).

Decides that each leg ends with exactly one event. A leg that ended keeps its dialog until the peer knows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cti_server.sip.dialog import Dialog, dialog_of_response
from cti_server.sip.errors import RemoteProtocolError
from cti_server.sip.events import Cause, Cleared, Failed, Reason
from cti_server.sip.flow import Flow
from cti_server.sip.headers import show_reason
from cti_server.sip.leg import Leg, Legs
from cti_server.sip.message import Response, header, response_to
from cti_server.sip.reasons import reason_phrase
from cti_server.sip.stack import Stack
from cti_server.sip.transactions import ClientTransaction
from cti_server.sip.uri import host_port, parse_uri

STRAYS_PER_S_MAX = 50
ACKS_MAX = 8


@dataclass(slots=True)
class Endings:
    stack: Stack
    legs: Legs
    _stray_second: int = -1
    _stray_count: int = 0
    _strays: dict[tuple[str, str], int] = field(default_factory=dict)
    _undelivered: dict[tuple[str, str], tuple[Leg, Reason | None]] = field(default_factory=dict)

    # --- what the embedder is told ------------------------------------------------------------------------------------

    def fail(
        self,
        leg: Leg,
        status: int,
        cause: Cause,
        *,
        reason: str = "",
        contacts: tuple[str, ...] = (),
        retry_after_s: int = 0,
        why: Reason | None = None,
    ) -> None:
        """The leg was never established."""
        if leg.is_over:
            return
        self.legs.end(leg)
        self.stack.emit(
            Failed(
                leg=leg.number,
                status=status,
                reason=reason or reason_phrase(status),
                cause=cause,
                contacts=contacts,
                retry_after_s=retry_after_s,
                why=why,
            )
        )

    def clear(self, leg: Leg, cause: Cause, *, why: Reason | None = None) -> None:
        """The leg was established. What the peer still asks about it is answered 487."""
        if leg.is_over:
            return
        self.legs.end(leg)
        self.refuse_pending(leg)
        self.stack.emit(Cleared(leg=leg.number, cause=cause, why=why))

    def clear_before_ack(self, leg: Leg, reason: Reason | None) -> None:
        """Hung up between our 2xx and its ACK: BYE has to wait for that (RFC 3261 15)."""
        leg.is_bye_due = True
        leg.bye_reason = reason
        self.clear(leg, Cause.LOCAL)

    def refuse_pending(self, leg: Leg) -> None:
        asked, leg.asked = leg.asked, None
        if asked is not None:
            asked.respond(response_to(asked.request, 487, to_tag=leg.dialog.local_tag))

    # --- BYE ----------------------------------------------------------------------------------------------------------

    def bye(self, leg: Leg, reason: Reason | None, *, attempt: int = 1) -> None:
        """Sends BYE; the dialog is forgotten with its answer, or when none comes."""
        if leg.server is not None:
            leg.server.acknowledged()
        if leg.unacknowledged is not None:
            leg.unacknowledged.acknowledged()
        request, flow = leg.dialog.request(self.stack, "BYE")
        if reason is not None:
            request.headers.append(header("Reason", show_reason(reason)))
        self._add_credentials(leg, request.headers, "BYE", request.uri)

        def on_response(_: ClientTransaction, response: Response) -> None:
            if self.may_retry(leg, response, attempt):
                self.bye(leg, reason, attempt=attempt + 1)
            elif response.status >= 200:
                self.legs.forget(leg)

        def on_silence(_: ClientTransaction, is_unreachable: bool) -> None:
            if is_unreachable and flow.connection:
                self.bye(leg, reason)  # the connection broke under it: another way is tried
            elif is_unreachable and leg.dialog.flow.connection and not leg.dialog.is_pinned:
                leg.dialog.is_pinned = True  # its Contact leads nowhere from here, and the connection it came by lives
                self.bye(leg, reason)
            elif is_unreachable and flow.is_stream:
                self._await_way(leg, reason)
            else:
                self.legs.forget(leg)

        leg.is_bye_due = False
        self.stack.request(request, flow, on_response=on_response, on_silence=on_silence)

    def _await_way(self, leg: Leg, reason: Reason | None) -> None:
        """The phone's connection is gone, and its Contact takes none: it may come back and register."""
        self._undelivered[leg.dialog.key] = (leg, reason)
        self.stack.deadlines.after(64 * self.stack.timers.t1_us, lambda: self._give_up(leg))

    def _give_up(self, leg: Leg) -> None:
        if self._undelivered.pop(leg.dialog.key, None) is not None:
            self.legs.forget(leg)

    def find_ways(self) -> None:
        """BYEs that could not be delivered go over the connections of phones that registered since."""
        for key, (leg, reason) in list(self._undelivered.items()):
            if self.stack.registered_way(parse_uri(leg.dialog.remote_target)) is not None:
                del self._undelivered[key]
                self.bye(leg, reason)

    def may_retry(self, leg: Leg, response: Response, attempt: int) -> bool:
        """The request was challenged, and there is an answer to that."""
        if response.status not in (401, 407) or leg.digest is None:
            return False
        return leg.digest.learn(response, is_retry=attempt > 1)

    def _add_credentials(self, leg: Leg, headers: list[tuple[str, str, str]], method: str, uri: str) -> None:
        if leg.digest is not None:
            headers += [header(*pair) for pair in leg.digest.headers(method, uri, self.stack.token())]

    # --- unwanted 2xx -------------------------------------------------------------------------------------------------

    def ack_and_bye(self, response: Response, flow: Flow, *, is_pinned: bool = False) -> None:
        """A 2xx of a fork, of a cancelled call, or of an earlier process: ACK it and hang up (RFC 3261 13.2.2.4)."""
        try:
            dialog = dialog_of_response(response, flow=flow, contact=self.stack.contact_value(flow))
        except RemoteProtocolError:
            return
        dialog.is_pinned = is_pinned
        self._ack(dialog, response.cseq.number)
        key = (dialog.call_id, dialog.remote_tag)
        if key in self._strays:
            return  # a repeat: the ACK was lost, the BYE repeats by itself
        self._strays[key] = self.stack.deadlines.now_us
        self.stack.deadlines.after(64 * self.stack.timers.t1_us, lambda: self._forget_stray(key))
        request, way = dialog.request(self.stack, "BYE")
        self.stack.request(request, way, on_response=lambda _, __: None, on_silence=lambda _, __: None)

    def _forget_stray(self, key: tuple[str, str]) -> None:
        self._strays.pop(key, None)

    def stray_response(self, response: Response, flow: Flow) -> None:
        """A response without a transaction: a 2xx to an unknown INVITE of ours is ended, all else dropped.

        Bounded, and only if it bears our own address in its Via, so that nobody can make us send to others.
        """
        if response.cseq.method != "INVITE" or not 200 <= response.status < 300 or not response.to.tag:
            return
        ours = {host_port(one.advertised.host.lower(), one.advertised.port) for one in self.stack.config.listeners}
        if response.via.sent_by not in ours:
            return
        leg = self.legs.by_dialog.get((response.call_id, response.from_.tag))
        if leg is not None and leg.dialog.remote_tag == response.to.tag:
            # A re-INVITE of an earlier process, or a very late repeat: the call itself is alive.
            self._ack(leg.dialog, response.cseq.number)
            return
        second = self.stack.deadlines.now_us // 1_000_000
        if second != self._stray_second:
            self._stray_second, self._stray_count = second, 0
        self._stray_count += 1
        if self._stray_count <= STRAYS_PER_S_MAX:
            self.ack_and_bye(response, flow)

    def _ack(self, dialog: Dialog, cseq: int) -> None:
        request, flow = dialog.request(self.stack, "ACK", cseq=cseq)
        self.stack.send_ack(request, flow)
