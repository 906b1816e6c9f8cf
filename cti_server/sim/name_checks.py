"""A4: nobody waits for somebody who is not there, nor for longer than the queue says, nor a second time.

That nobody else gets the call meanwhile is judged where it is delivered (`checks.py`).
"""

from cti_server.core import events as e
from cti_server.core.entities import State
from cti_server.core.vocabulary import AgentMode


def check_named(shadow: State, event: e.CallQueued) -> None:
    """``shadow``: the fold, the event included. Raises AssertionError where it does not hold."""
    if event.named is None:
        return
    agent = shadow.agents.get(event.named)
    if agent is None or agent.mode is AgentMode.LOGGED_OFF:
        raise AssertionError(f"A4: call {event.call} waits for agent {event.named}, who is not there")
    if event.returned:
        raise AssertionError(f"A4: call {event.call} waits for agent {event.named} once more")
    wait_s = next(queue.named_wait_s for queue in shadow.settings.queues if queue.queue == event.queue)
    if event.named_until != event.at + wait_s * 1_000_000:
        raise AssertionError(f"A4: call {event.call} waits for agent {event.named} until {event.named_until}")
