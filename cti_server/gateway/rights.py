"""Who may send what: body class × role. A body without a row is refused, and fails a test.

Decides nothing about calls: "not your call" is the Centre's answer.
"""

from collections.abc import Iterable
from typing import get_args

from cti_server.wire import client as wire

AGENT, SUPERVISOR, REVIEWER, ADMINISTRATOR = "agent", "supervisor", "reviewer", "administrator"
ROLES = (AGENT, SUPERVISOR, REVIEWER, ADMINISTRATOR)

_CALL_WORK = frozenset({AGENT})
"""Whoever takes calls; a supervisor who also takes calls has the role agent as well."""
_CUSTOMER_READING = frozenset({AGENT, SUPERVISOR, REVIEWER})
_CALLBACK_READING = frozenset({AGENT, SUPERVISOR})
_PAST_READING = frozenset({AGENT, SUPERVISOR})
"""How much of an answer an agent may read is decided where it is made (`past/telling.py`)."""

RIGHTS: dict[type[wire.Body], frozenset[str]] = {
    wire.SetReady: _CALL_WORK,
    wire.SetNotReady: _CALL_WORK,
    wire.CancelPendingMode: _CALL_WORK,
    wire.LogOff: _CALL_WORK,
    wire.ConfirmCardShown: _CALL_WORK,
    wire.DeclineCall: _CALL_WORK,
    wire.HoldCall: _CALL_WORK,
    wire.RetrieveCall: _CALL_WORK,
    wire.MuteCall: _CALL_WORK,
    wire.SendDigits: _CALL_WORK,
    wire.EndCall: _CALL_WORK,
    wire.PauseRecording: _CALL_WORK,
    wire.ResumeRecording: _CALL_WORK,
    wire.DialNumber: _CALL_WORK,
    wire.DialCallback: _CALL_WORK,
    wire.RequestCallback: _CALL_WORK,
    wire.CancelCallback: _CALL_WORK,
    wire.SettleCallback: _CALL_WORK,
    wire.TakeNote: _CALL_WORK,
    wire.DisposeCall: _CALL_WORK,
    wire.FollowScript: _CALL_WORK,
    wire.CorrectReason: _CALL_WORK,
    wire.AssignCustomer: _CALL_WORK,
    wire.CompleteAfterCallWork: _CALL_WORK,
    wire.ExtendAfterCallWork: _CALL_WORK,
    wire.SearchCustomers: _CUSTOMER_READING,
    wire.OpenCard: _CUSTOMER_READING,
    wire.LoadView: _CUSTOMER_READING,
    wire.LoadTimeline: _CUSTOMER_READING,
    wire.LoadPicture: _CUSTOMER_READING,
    wire.ListCallbacks: _CALLBACK_READING,
    wire.LoadMessage: _CALL_WORK,
    wire.ExplainCall: _PAST_READING,
    wire.AskFairness: _PAST_READING,
    wire.ListIdleRuns: _PAST_READING,
}


def may(roles: Iterable[str], body: wire.Body) -> bool:
    """May somebody with these roles send this?"""
    return not RIGHTS.get(type(body), frozenset()).isdisjoint(roles)


def all_bodies() -> tuple[type[wire.Body], ...]:
    """Every body that the wire knows."""
    return (*get_args(wire.CommandBody), *get_args(wire.AskBody))
