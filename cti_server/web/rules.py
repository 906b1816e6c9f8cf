"""Who may call which route: method × path × roles. A route without a row does not exist, so none can be forgotten."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

AGENT, SUPERVISOR, REVIEWER, ADMINISTRATOR, MONITOR = "agent", "supervisor", "reviewer", "administrator", "monitor"
"""``monitor`` is no person: whoever holds the key in ``<data>/secrets/monitor_key``."""

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Rule:
    """``roles`` None: everybody, also without signing in."""

    method: str
    path: str
    roles: frozenset[str] | None


RULES: tuple[Rule, ...] = (
    Rule("GET", "/health", None),
    Rule("POST", "/api/sign-in", None),
    Rule("POST", "/api/sign-out", frozenset({AGENT, SUPERVISOR, REVIEWER, ADMINISTRATOR})),
    Rule("GET", "/metrics", frozenset({ADMINISTRATOR, MONITOR})),
    Rule("GET", "/api/calls", frozenset({AGENT, SUPERVISOR, REVIEWER})),
    Rule("GET", "/api/calls/{call:int}", frozenset({AGENT, SUPERVISOR, REVIEWER})),
    Rule("GET", "/api/calls/{call:int}/why", frozenset({AGENT, SUPERVISOR})),
    Rule("GET", "/api/fairness", frozenset({AGENT, SUPERVISOR})),
    Rule("GET", "/api/agents/{agent:int}/idle-runs", frozenset({AGENT, SUPERVISOR})),
    Rule("GET", "/api/recordings/{recording:int}/audio", frozenset({AGENT, SUPERVISOR, REVIEWER})),
    Rule("GET", "/api/callbacks", frozenset({AGENT, SUPERVISOR})),
)
"""Agents see their own calls and recordings only, and hear the messages of the queues that they serve; that is checked
row by row in the route itself. How much of the past they may read is decided in `past/telling.py`."""
