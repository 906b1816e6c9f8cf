"""What an event says of how work waited: the fields that may be told, and the words of the command line.

Decides nothing; which events concern whom is asked in `explain.py`.
"""

from collections.abc import Mapping

from cti_server.core import direct
from cti_server.core import events as e
from cti_server.core.vocabulary import OverflowWhen, QueueExit

TOLD = (
    *("queue", "agent", "stage", "returned", "why", "outcome", "reason", "how", "cause", "waited_us"),
    *("position", "expected_s", "low_s", "high_s", "is_raised", "is_there", "callback", "attempt"),
)
"""Fields of events that may be told: codes and figures, never a reference to a text about a person."""


def parameters_of(event: e.Event) -> dict[str, str | int]:
    fields = ((name, getattr(event, name, None)) for name in TOLD)
    found: dict[str, str | int] = {name: value for name, value in fields if isinstance(value, str | int)}
    if asks := getattr(event, "asks", None):
        found["asks"] = ", ".join(f"{skill} {level}" for skill, level in asks.items())
    if isinstance(event, e.CallQueued) and event.named is not None and event.named_until is not None:
        found |= {
            "agent": event.named,
            "by": event.named_by or "",
            "named_s": (event.named_until - event.at) // 1_000_000,
        }
    if isinstance(event, e.CallUnattended):
        found["rule"] = event.rule or ""
    if absent := getattr(event, "absent", None):
        found["absent"] = ",".join(absent)
    return found


def detail_of(event: e.Event) -> str | None:
    """What is worth telling of an event of the call; None: nothing that concerns its wait."""
    match event:
        case e.CallQueued():
            return f"{_queued(event)}{_asks(event.asks)}"
        case e.CallUnattended():
            return f"{event.queue}: {_UNATTENDED[event.rule]}"
        case e.CallRequirementChanged():
            return f"{event.queue}{_asks(event.asks)}"
        case e.FlowMoved(waiting_for=direct.CUSTOMER):
            return "waits to know who calls"
        case e.AgentAskedFor():
            return f"agent {event.agent}{'' if event.is_there else ', who is logged off'}"
        case e.CallRequirementRelaxed():
            return f"step {event.stage}"
        case e.CallReordered():
            return str(event.why)
        case e.NamedAgentGivenUp():
            return f"agent {event.agent}: {event.why}"
        case e.WaitAnnounced():
            return f"place {event.position}" + ("" if event.expected_s is None else f", {event.expected_s} s")
        case e.CallDelivered():
            return f"agent {event.agent}"
        case e.CallbackRequested():
            return f"callback {event.callback}, {event.queue or 'of no queue'}{_asks(event.asks)}"
        case e.CallbackQueued():
            named = "" if event.named is None else f", for agent {event.named} first"
            return f"{event.queue}{named}" + (f", step {event.stage}" if event.stage else "")
        case e.CallbackLeftQueue():
            return f"{event.queue}: {event.why}"
        case e.CallbackDelivered():
            return f"callback {event.callback} as call {event.call}: agent {event.agent}"
        case e.CallbackAttempted():
            return f"attempt {event.attempt}: agent {event.agent}"
        case e.CallbackRescheduled() | e.CallbackExhausted():
            return str(event.cause)
        case e.CallbackDone() | e.CallbackCancelled():
            return ""
        case e.OfferEnded():
            return f"agent {event.agent}: {event.outcome}"
        case e.CallLeftQueue():
            return f"{event.queue}: {event.how}" if event.how is not QueueExit.ANSWERED else "answered"
        case e.CallCleared():
            return str(event.cause)
        case _:
            return None


_UNATTENDED = {
    OverflowWhen.NOBODY: "nobody who could serve it is logged on",
    OverflowWhen.NOBODY_READY: "nobody who could serve it is Ready",
    None: "somebody is there again",
}


def _asks(asks: Mapping[str, int]) -> str:
    return "".join(f", asks for {skill} {level}" for skill, level in asks.items())


def _queued(event: e.CallQueued) -> str:
    said = [f"{event.queue}{' (returned)' if event.returned else ''}"]
    if event.named is not None and event.named_until is not None:
        by = "" if event.named_by is None else f" ({event.named_by})"
        said.append(f"for agent {event.named}{by} first, {(event.named_until - event.at) // 1_000_000} s at most")
    said += [f"not for agent {agent} ({by}), who is logged off" for by, agent in event.absent.items()]
    return ", ".join(said)
