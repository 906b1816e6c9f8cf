"""The kinds of change that a projection may ask of the main database, and what every projection shares."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Table

from cti_server.core.events import Event
from cti_server.core.vocabulary import Occupation

WORD_MAX = 120


class Insert(NamedTuple):
    table: Table
    values: Mapping[str, Any]


class Update(NamedTuple):
    """``where``: equal to these; None: is null."""

    table: Table
    where: Mapping[str, Any]
    values: Mapping[str, Any]


class Add(NamedTuple):
    table: Table
    where: Mapping[str, Any]
    counts: Mapping[str, int]


class Put(NamedTuple):
    """Update the row of this key, or insert it."""

    table: Table
    key: Mapping[str, Any]
    values: Mapping[str, Any]


class ChangeAgent(NamedTuple):
    """End the agent's open interval and begin one that differs in ``values``; only where the open one has ``only_if``
    (each field one of these)."""

    agent: int
    seq: int
    at: int
    values: Mapping[str, Any]
    only_if: Mapping[str, tuple[Any, ...]] = {}


Change = Insert | Update | Add | Put | ChangeAgent


class Place(NamedTuple):
    """Where an event stands: its seq, and when it was in UTC microseconds. ``offset``: of the clock then."""

    seq: int
    at: int
    offset: int


Maker = Callable[[Any, Place], Iterator[Change]]
Makers = dict[type[Event], Maker]


def change_agent(
    agent: int, place: Place, values: Mapping[str, Any], *, only_if: Mapping[str, tuple[Any, ...]] | None = None
) -> ChangeAgent:
    return ChangeAgent(agent, place.seq, place.at, values, only_if or {})


def occupied(agent: int, place: Place, occupation: Occupation, call: int) -> ChangeAgent:
    return change_agent(agent, place, {"occupation": occupation.value, "call": call})


def freed(agent: int, place: Place, *, call: int) -> ChangeAgent:
    return change_agent(agent, place, {"occupation": Occupation.IDLE.value, "call": None}, only_if={"call": (call,)})
