"""Rows of agents' intervals."""

from collections.abc import Iterator

from cti_server.core import events as e
from cti_server.core.vocabulary import AgentMode, Occupation
from cti_server.storage import tables as t
from cti_server.storage.changes import Change, Makers, Place, Update, change_agent, freed, occupied


def _logged_on(event: e.AgentLoggedOn, place: Place) -> Iterator[Change]:
    values = {"mode": AgentMode.NOT_READY.value, "reason": "signed_in"}
    yield change_agent(event.agent, place, values, only_if={"mode": (AgentMode.LOGGED_OFF.value,)})


def _logged_off(event: e.AgentLoggedOff, place: Place) -> Iterator[Change]:
    yield change_agent(event.agent, place, {"mode": AgentMode.LOGGED_OFF.value, "reason": event.reason})


def _ready(event: e.AgentReady, place: Place) -> Iterator[Change]:
    yield change_agent(event.agent, place, {"mode": AgentMode.READY.value, "reason": ""})


def _not_ready(event: e.AgentNotReady, place: Place) -> Iterator[Change]:
    yield change_agent(event.agent, place, {"mode": AgentMode.NOT_READY.value, "reason": event.reason})


def _working_after_call(event: e.AgentWorkingAfterCall, place: Place) -> Iterator[Change]:
    yield occupied(event.agent, place, Occupation.AFTER_CALL_WORK, event.call)
    yield Update(t.calls, {"call": event.call, "after_call_at": None}, {"after_call_at": place.at})


def _after_call_work_ended(event: e.AgentAfterCallWorkEnded, place: Place) -> Iterator[Change]:
    yield freed(event.agent, place, call=event.call)
    yield Update(t.calls, {"call": event.call}, {"after_call_ended_at": place.at})


MAKERS: Makers = {
    e.AgentLoggedOn: _logged_on,
    e.AgentLoggedOff: _logged_off,
    e.AgentReady: _ready,
    e.AgentNotReady: _not_ready,
    e.AgentWorkingAfterCall: _working_after_call,
    e.AgentAfterCallWorkEnded: _after_call_work_ended,
}
