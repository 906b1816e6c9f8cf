"""What must hold while calls are offered, above all where they ring at several: judged from what was made durable.

A call is offered to a second person only where its queue rings all, no more than so many at once, and to nobody once
somebody has answered · whoever is free and able is rung while there is room · the first who answers has it, in the
same step nobody else is rung any longer, and none of them is blamed · only a phone that rang its full time was missed
· a call goes back when the last of its offers has ended, not before, and ends only when each of them has.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cti_server.core import events as e
from cti_server.core.entities import Agent
from cti_server.core.settings import QueueSettings
from cti_server.core.state import State
from cti_server.core.vocabulary import (
    AgentId,
    CallId,
    LegId,
    LegRole,
    NotReadyReason,
    OfferOutcome,
    QueueId,
    Strategy,
)

BLAMELESS = (OfferOutcome.CALLER_GONE, OfferOutcome.WITHDRAWN, OfferOutcome.ANSWERED_ELSEWHERE)
BLAMED = (NotReadyReason.MISSED_CALL, NotReadyReason.DECLINED, NotReadyReason.DEVICE_FAILED)
MayTake = Callable[[Agent, CallId], bool]


class RingingBroken(AssertionError):
    """A law of ringing did not hold."""


@dataclass(slots=True)
class Rung:
    """``placed_at``: since when the phone is called; before that there is only the card."""

    leg: LegId | None = None
    placed_at: int = 0


class Ringing:
    """Follows the events before they are folded into ``shadow``. ``may_take``: free now, and able to take this call."""

    def __init__(self, shadow: State, may_take: MayTake) -> None:
        self._shadow = shadow
        self._may_take = may_take
        self._rung: dict[CallId, dict[AgentId, Rung]] = {}
        self._answered: dict[CallId, AgentId] = {}
        self._blameless: dict[AgentId, OfferOutcome] = {}

    def saw(self, event: e.Event) -> None:
        match event:
            case e.Delivered():
                self._offered(event)
            case e.LegPlaced(role=LegRole.AGENT, agent=agent) if agent in self._rung.get(event.call, {}):
                self._rung[event.call][agent] = Rung(event.leg, event.at)
            case e.LegPlaced(role=LegRole.CUSTOMER):  # of a callback: its agent has taken it
                self._rung.pop(event.call, None)
                self._answered.pop(event.call, None)
            case e.LegEstablished():
                self._lifted(event)
            case e.OfferEnded():
                self._ended(event)
            case e.CallCleared() if event.call in self._rung:
                raise RingingBroken(f"call {event.call} ended while it was offered to {list(self._rung[event.call])}")
            case e.CallEstablished() | e.CallCleared():
                self._rung.pop(event.call, None)
                self._answered.pop(event.call, None)
            case e.CallQueued() if event.call in self._rung:
                raise RingingBroken(f"call {event.call} went back, and rings at {list(self._rung[event.call])}")
            case e.AgentNotReady() if event.reason in BLAMED and event.agent in self._blameless:
                raise RingingBroken(f"agent {event.agent} is {event.reason} for {self._blameless[event.agent]}")
            case e.AgentReady() | e.AgentNotReady() | e.AgentLoggedOff():
                self._blameless.pop(event.agent, None)

    def step_over(self) -> None:
        for call, winner in self._answered.items():
            legs = self._shadow.calls[call].legs.values()
            phones = [leg.agent for leg in legs if leg.role is LegRole.AGENT]
            if others := [agent for agent in (*self._rung[call], *phones) if agent != winner]:
                raise RingingBroken(f"call {call} was answered by agent {winner}, and rings on at {others}")
        for settings in self._shadow.settings.queues:
            if settings.strategy is Strategy.RING_ALL:
                self._check_nobody_left_out(settings)

    def is_open(self, call: CallId) -> bool:
        """Rings already, and at more people if there are more."""
        offered = self._shadow.calls.get(call)
        if offered is None or call in self._answered or call not in self._rung or offered.named is not None:
            return False
        if offered.callback is not None:
            return False
        settings = self._queue(offered.queue)
        return settings.strategy is Strategy.RING_ALL and len(self._rung[call]) < settings.ring_all_max

    def _check_nobody_left_out(self, settings: QueueSettings) -> None:
        queue = self._shadow.queues.get(settings.queue)
        for call in queue.waiting if queue is not None else ():
            if call in self._rung and not self.is_open(call):
                continue
            for agent in self._shadow.agents.values():
                if self._may_take(agent, call):
                    raise RingingBroken(f"agent {agent.agent} is free, and call {call} does not ring there")

    def _offered(self, event: e.Delivered) -> None:
        if event.call in self._rung and not self.is_open(event.call):
            raise RingingBroken(f"call {event.call} is with {list(self._rung[event.call])}, and goes to {event.agent}")
        self._rung.setdefault(event.call, {})[event.agent] = Rung()

    def _lifted(self, event: e.LegEstablished) -> None:
        for agent, rung in self._rung.get(event.call, {}).items():
            if rung.leg == event.leg and self._answered.setdefault(event.call, agent) != agent:
                raise RingingBroken(f"call {event.call}: {self._answered[event.call]} and {agent} have answered")

    def _ended(self, event: e.OfferEnded) -> None:
        rung = self._rung[event.call].pop(event.agent)
        if not self._rung[event.call]:
            del self._rung[event.call]
        winner = self._answered.get(event.call)
        if (event.outcome is OfferOutcome.ANSWERED_ELSEWHERE) != (winner is not None and winner != event.agent):
            raise RingingBroken(f"call {event.call} was answered by {winner}; agent {event.agent}: {event.outcome}")
        if winner == event.agent:
            del self._answered[event.call]
        ring_us = self._shadow.settings.ring_timeout_s * 1_000_000
        if event.outcome is OfferOutcome.MISSED and (rung.leg is None or event.at < rung.placed_at + ring_us):
            raise RingingBroken(f"agent {event.agent} missed call {event.call}, which had not rung its full time")
        if event.outcome in BLAMELESS:
            self._blameless[event.agent] = event.outcome

    def _queue(self, queue: QueueId | None) -> QueueSettings:
        return next(settings for settings in self._shadow.settings.queues if settings.queue == queue)
