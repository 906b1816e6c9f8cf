"""Why a person cannot be offered a call now, whatever the call: one reason, the first that holds."""

from enum import StrEnum

from cti_server.core.entities import Agent
from cti_server.core.vocabulary import AgentMode, Occupation


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


def why_not_free(agent: Agent) -> Exclusion | None:
    """None: a call may be offered."""
    if agent.is_available:
        return None
    if agent.mode is AgentMode.LOGGED_OFF:
        return Exclusion.LOGGED_OFF
    if agent.occupation is not Occupation.IDLE:
        is_work = agent.occupation is Occupation.AFTER_CALL_WORK
        return Exclusion.AFTER_CALL_WORK if is_work else Exclusion.OCCUPIED
    if agent.mode is not AgentMode.READY:
        return Exclusion.NOT_READY
    if not agent.phone_registered:
        return Exclusion.NO_PHONE
    return Exclusion.NO_DESKTOP
