"""A small centre's events, so that the store's tests read as sentences."""

from cti_server.core.events import AgentReady, CallArrived, CallCleared, CallLanguageSet, Event
from cti_server.core.vocabulary import AgentId, CallId, ClearingCause, LegId, Micros, PersonalRef

NUMBER = PersonalRef(900)


def call_arrives(call: int, *, at: int = 1) -> list[Event]:
    return [
        CallArrived(
            at=Micros(at),
            call=CallId(call),
            leg=LegId(call + 1),
            line="1588-0001",
            trunk="main",
            number=NUMBER,
            display_name=None,
            limit_at=Micros(at + 1_000_000),
        ),
        CallLanguageSet(at=Micros(at), call=CallId(call), language="ko"),
    ]


def call_clears(call: int, *, at: int = 2) -> list[Event]:
    return [CallCleared(at=Micros(at), call=CallId(call), cause=ClearingCause.NORMAL)]


def agent_is_ready(agent: int, *, at: int) -> Event:
    return AgentReady(at=Micros(at), agent=AgentId(agent), idle_since=Micros(at))
