"""Why a person cannot be offered a call now, whatever the call: one reason, the first that holds."""

from enum import StrEnum

from cti_server.core.entities import Agent
from cti_server.core.vocabulary import AgentMode, Occupation

# Looked at on every step (see `deadlines.py`).
IDLE, READY, LOGGED_OFF = Occupation.IDLE, AgentMode.READY, AgentMode.LOGGED_OFF


class Exclusion(StrEnum):
    """Rules by which somebody is not offered a call, in the order in which they are looked at. The first group is
    about the person, the second about the person and the call."""

    LOGGED_OFF = "logged_off"
    OCCUPIED = "occupied"
    AFTER_CALL_WORK = "after_call_work"
    NOT_READY = "not_ready"
    NO_PHONE = "no_phone"
    NO_DESKTOP = "no_desktop"

    SKILL = "skill"
    NAMED = "named"
    """The call waits for somebody else by name."""
    ORDER = "order"
    """Another call went first."""
    RUNG = "rung"
    """It rings at this person already, and may ring at more."""
    FULL = "full"
    """It rings at as many people as the queue allows."""


OCCUPIED_WITH = {
    Occupation.RESERVED: Exclusion.OCCUPIED,
    Occupation.ALERTING: Exclusion.OCCUPIED,
    Occupation.CONNECTED: Exclusion.OCCUPIED,
    Occupation.AFTER_CALL_WORK: Exclusion.AFTER_CALL_WORK,
}


def why_not_free(agent: Agent) -> Exclusion | None:
    """None: a call may be offered."""
    if agent.mode is LOGGED_OFF:
        return Exclusion.LOGGED_OFF
    if agent.occupation is not IDLE:
        return OCCUPIED_WITH[agent.occupation]
    if agent.is_available:
        return None
    if agent.mode is not READY:
        return Exclusion.NOT_READY
    if not agent.phone_registered:
        return Exclusion.NO_PHONE
    return Exclusion.NO_DESKTOP
