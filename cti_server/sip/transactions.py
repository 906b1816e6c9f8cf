"""Transactions: repetition, absorption of repeats, and giving up (RFC 3261 17, RFC 6026).

Decides when a message is sent again, which state a transaction is in and when it ends. Does not know what a call is:
its owner is told about responses, about silence and about broken transport.

The laws stand above the machines as tables: LAW[state][input] = next state. An input that a state does not list is
ignored in it. Letters are the timers of RFC 3261 table 4. On streams A, E and G are never set, and D, I, J, K are zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from cti_server.sip.config import Timers
from cti_server.sip.deadlines import Deadline, Deadlines
from cti_server.sip.flow import Flow
from cti_server.sip.message import Request, Response, failure_ack


class State(StrEnum):
    CALLING = "calling"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


S = State
Law = dict[State, dict[str, State]]

CLIENT_INVITE: Law = {
    S.CALLING: {"A": S.CALLING, "B": S.TERMINATED, "1xx": S.PROCEEDING, "2xx": S.ACCEPTED, "3-6xx": S.COMPLETED},
    S.PROCEEDING: {"1xx": S.PROCEEDING, "2xx": S.ACCEPTED, "3-6xx": S.COMPLETED, "give up": S.TERMINATED},
    S.ACCEPTED: {"2xx": S.ACCEPTED, "M": S.TERMINATED},
    S.COMPLETED: {"3-6xx": S.COMPLETED, "D": S.TERMINATED},
    S.TERMINATED: {},
}
CLIENT_OTHER: Law = {
    S.TRYING: {"E": S.TRYING, "F": S.TERMINATED, "1xx": S.PROCEEDING, "2xx": S.COMPLETED, "3-6xx": S.COMPLETED},
    S.PROCEEDING: {"E": S.PROCEEDING, "F": S.TERMINATED, "1xx": S.PROCEEDING, "2xx": S.COMPLETED, "3-6xx": S.COMPLETED},
    S.COMPLETED: {"K": S.TERMINATED},
    S.TERMINATED: {},
}
SERVER_INVITE: Law = {
    S.PROCEEDING: {"repeat": S.PROCEEDING, "1xx": S.PROCEEDING, "2xx": S.ACCEPTED, "3-6xx": S.COMPLETED},
    S.ACCEPTED: {"repeat": S.ACCEPTED, "L": S.TERMINATED},
    S.COMPLETED: {"repeat": S.COMPLETED, "G": S.COMPLETED, "H": S.TERMINATED, "ACK": S.CONFIRMED},
    S.CONFIRMED: {"I": S.TERMINATED},
    S.TERMINATED: {},
}
SERVER_OTHER: Law = {
    S.TRYING: {"1xx": S.PROCEEDING, "2xx": S.COMPLETED, "3-6xx": S.COMPLETED},
    S.PROCEEDING: {"repeat": S.PROCEEDING, "1xx": S.PROCEEDING, "2xx": S.COMPLETED, "3-6xx": S.COMPLETED},
    S.COMPLETED: {"repeat": S.COMPLETED, "J": S.TERMINATED},
    S.TERMINATED: {},
}

ClientKey = tuple[str, str]
"""(branch, method of CSeq)."""
ServerKey = tuple[str, ...]
MergeKey = tuple[str, str, int, str]
"""(Call-ID, From tag, CSeq number, method): the same request by another way (RFC 3261 8.2.2.2)."""


def status_input(status: int) -> str:
    return "1xx" if status < 200 else "2xx" if status < 300 else "3-6xx"


class Wire(Protocol):
    """Where transactions send to and when they wake; `forget_*` is called once, at the end of each."""

    deadlines: Deadlines
    timers: Timers

    def send(self, data: bytes, flow: Flow) -> None: ...
    def forget_client(self, transaction: ClientTransaction) -> None: ...
    def forget_server(self, transaction: ServerTransaction) -> None: ...


OnResponse = Callable[["ClientTransaction", Response], None]
"""Told every provisional, the final response, and for INVITE every further 2xx."""
OnSilence = Callable[["ClientTransaction", bool], None]
"""Timer B or F, or (True) the transport is broken: no final response will come."""
OnNoAck = Callable[["ServerTransaction"], None]
"""A final response to INVITE was repeated for 64*T1 in vain."""


@dataclass(slots=True, eq=False)
class ClientTransaction:
    """One request of ours. `start` sends it."""

    key: ClientKey
    request: Request
    flow: Flow
    wire: Wire
    on_response: OnResponse
    on_silence: OnSilence
    state: State = State.TRYING
    _data: bytes = b""
    _ack: bytes = b""
    _interval_us: int = 0
    _repeat: Deadline | None = None
    _end: Deadline | None = None

    @property
    def is_invite(self) -> bool:
        return self.key[1] == "INVITE"

    @property
    def law(self) -> Law:
        return CLIENT_INVITE if self.is_invite else CLIENT_OTHER

    def start(self) -> None:
        timers = self.wire.timers
        self.state = State.CALLING if self.is_invite else State.TRYING
        self._data = self.request.to_bytes()
        self._end = self.wire.deadlines.after(64 * timers.t1_us, self._on_b_or_f)
        if not self.flow.is_stream:
            self._interval_us = timers.t1_us
            self._repeat = self.wire.deadlines.after(self._interval_us, self._on_a_or_e)
        self.wire.send(self._data, self.flow)

    def adopt_proceeding(self) -> None:
        """Continues an INVITE that an earlier process sent: nothing is sent, no answer is overdue."""
        self.state = State.PROCEEDING

    def receive(self, response: Response) -> None:
        kind = status_input(response.status)
        following = self.law[self.state].get(kind)
        if following is None:
            return
        before, self.state = self.state, following
        self._leave_waiting(before, kind)
        if kind == "3-6xx" and self.is_invite:
            self._ack = self._ack or failure_ack(self.request, response).to_bytes()
            self.wire.send(self._ack, self.flow)
            if before is State.COMPLETED:
                return
        self.on_response(self, response)

    def _leave_waiting(self, before: State, kind: str) -> None:
        timers = self.wire.timers
        if kind == "1xx":
            if self.is_invite:
                self._cancel_both()
            return
        if before is self.state:
            return
        self._cancel_both()
        if self.state is State.ACCEPTED:
            self._end = self.wire.deadlines.after(64 * timers.t1_us, self.terminate)
        elif self.is_invite:
            self._finish_after(timers.d_us)
        else:
            self._finish_after(timers.t4_us)

    def _finish_after(self, delay_us: int) -> None:
        delay_us = 0 if self.flow.is_stream else delay_us
        self._end = self.wire.deadlines.after(delay_us, self.terminate)

    def give_up_after(self, delay_us: int) -> None:
        """A cancelled INVITE gets no more than this for its final response (RFC 3261 9.1)."""
        if self.state is State.PROCEEDING and self._end is None:
            self._end = self.wire.deadlines.after(delay_us, self._on_b_or_f)

    def transport_failed(self) -> None:
        if self.state in (State.CALLING, State.TRYING, State.PROCEEDING):
            self.terminate()
            self.on_silence(self, True)

    def terminate(self) -> None:
        if self.state is not State.TERMINATED:
            self.state = State.TERMINATED
            self._cancel_both()
            self.wire.forget_client(self)

    def _on_a_or_e(self) -> None:
        timers = self.wire.timers
        self._interval_us *= 2
        if not self.is_invite:
            is_slow = self.state is State.PROCEEDING
            self._interval_us = timers.t2_us if is_slow else min(self._interval_us, timers.t2_us)
        self._repeat = self.wire.deadlines.after(self._interval_us, self._on_a_or_e)
        self.wire.send(self._data, self.flow)

    def _on_b_or_f(self) -> None:
        self.terminate()
        self.on_silence(self, False)

    def _cancel_both(self) -> None:
        for deadline in (self._repeat, self._end):
            if deadline is not None:
                deadline.cancel()
        self._repeat = self._end = None


@dataclass(slots=True, eq=False)
class ServerTransaction:
    """One request of a peer. `flow` is the way back."""

    key: ServerKey
    request: Request
    flow: Flow
    wire: Wire
    merge_key: MergeKey | None = None
    on_no_ack: OnNoAck | None = None
    on_cancel: Callable[[Request], None] | None = None
    """For INVITE: its CANCEL came while it was unanswered."""
    to_tag: str = ""
    state: State = field(init=False)
    _last: bytes = b""
    _interval_us: int = 0
    _repeat: Deadline | None = None
    _end: Deadline | None = None

    def __post_init__(self) -> None:
        self.state = State.PROCEEDING if self.is_invite else State.TRYING

    @property
    def is_invite(self) -> bool:
        return self.request.method == "INVITE"

    @property
    def law(self) -> Law:
        return SERVER_INVITE if self.is_invite else SERVER_OTHER

    @property
    def is_unanswered(self) -> bool:
        return self.state in (State.TRYING, State.PROCEEDING)

    def receive_repeat(self) -> None:
        """The same request came again."""
        if "repeat" in self.law[self.state] and self._last and self.state is not State.ACCEPTED:
            self.wire.send(self._last, self.flow)

    def receive_ack(self) -> None:
        """An ACK of this very transaction, that is, to a 3xx-6xx."""
        following = self.law[self.state].get("ACK")
        if following is not None:
            self.state = following
            self._cancel_both()
            self._end = self.wire.deadlines.after(self._unless_stream(self.wire.timers.t4_us), self.terminate)

    def respond(self, response: Response) -> None:
        """Sends a response if the law still allows one."""
        following = self.law[self.state].get(status_input(response.status))
        if following is None:
            return
        self.state = following
        self._last = response.to_bytes()
        self.wire.send(self._last, self.flow)
        if response.status >= 200:
            self._after_final()

    def _after_final(self) -> None:
        timers = self.wire.timers
        if not self.is_invite:
            self._end = self.wire.deadlines.after(self._unless_stream(64 * timers.t1_us), self.terminate)
            return
        self._end = self.wire.deadlines.after(64 * timers.t1_us, self._on_h_or_l)
        # A 2xx is repeated on streams too: proxies on the way may use UDP (RFC 3261 13.3.1.4).
        if self.state is State.ACCEPTED or not self.flow.is_stream:
            self._interval_us = timers.t1_us
            self._repeat = self.wire.deadlines.after(self._interval_us, self._on_g)

    def acknowledged(self) -> None:
        """The dialog got the ACK for our 2xx: repeating ends, repeats of the INVITE are absorbed until timer L."""
        if self._repeat is not None:
            self._repeat.cancel()
            self._repeat = None
        self.on_no_ack = None

    def transport_failed(self) -> None:
        if not self.is_unanswered:
            self.terminate()

    def terminate(self) -> None:
        if self.state is not State.TERMINATED:
            self.state = State.TERMINATED
            self._cancel_both()
            self.wire.forget_server(self)

    def _on_g(self) -> None:
        timers = self.wire.timers
        self._interval_us = min(self._interval_us * 2, timers.t2_us)
        self._repeat = self.wire.deadlines.after(self._interval_us, self._on_g)
        self.wire.send(self._last, self.flow)

    def _on_h_or_l(self) -> None:
        on_no_ack = self.on_no_ack
        self.terminate()
        if on_no_ack is not None:
            on_no_ack(self)

    def _unless_stream(self, delay_us: int) -> int:
        return 0 if self.flow.is_stream else delay_us

    def _cancel_both(self) -> None:
        for deadline in (self._repeat, self._end):
            if deadline is not None:
                deadline.cancel()
        self._repeat = self._end = None
