"""Figures that change all the time: queues, an agent's day, callbacks waiting. Latest value only, at most 4 Hz.

They are worked out once per round for all clients, and only when something happened since.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from cti_server.core.entities import State
from cti_server.gateway import translate
from cti_server.gateway.watchers import Client, Watchers
from cti_server.wire.codec import encode
from cti_server.wire.server import CallbackCount, GaugeBody, GaugeFrame, MyDayGauge, QueueGauges

ROUND_S = 0.25
REFRESH_ROUNDS = 240
"""Also without events the figures are worked out once a minute: at midnight they begin anew."""
QUEUES, MY_DAY, CALLBACKS = "queues", "my_day", "callback_count"


@dataclass(frozen=True, slots=True)
class _Round:
    """What is the same for all clients in one round. ``queues_frame``: encoded once."""

    queues: QueueGauges
    queues_frame: bytes
    callbacks: Counter[translate.CallbackGroup]


class Gauges:
    """``mark`` says that something changed; ``run`` sends."""

    def __init__(self, *, watchers: Watchers, state: Callable[[], State], now: Callable[[], int]) -> None:
        self._watchers = watchers
        self._state = state
        self._now = now
        self._is_stale = False
        self._sent: dict[Client, dict[str, GaugeBody]] = {}

    def mark(self) -> None:
        self._is_stale = True

    def send_all(self, client: Client) -> None:
        """Everything, to a client that has just come."""
        self._sent[client] = {}
        self._send(client, self._work_out())

    def forget(self, client: Client) -> None:
        self._sent.pop(client, None)

    async def run(self) -> None:
        """Until cancelled."""
        rounds = 0
        while True:
            await asyncio.sleep(ROUND_S)
            rounds += 1
            if self._is_stale or rounds % REFRESH_ROUNDS == 0:
                self._is_stale = False
                self.round()

    def round(self) -> None:
        """Send what is new to each client."""
        if self._watchers.clients:
            worked_out = self._work_out()
            for client in tuple(self._watchers.clients.values()):
                self._send(client, worked_out)

    def _work_out(self) -> _Round:
        state, now = self._state(), self._now()
        messages, callbacks = translate.message_counts(state), translate.queued_callbacks(state)
        queues = QueueGauges(
            queues=tuple(
                translate.queue_gauge(
                    state, queue, now, messages=messages[queue.queue], callbacks=callbacks[queue.queue]
                )
                for queue in state.settings.queues
            )
        )
        return _Round(queues, self._frame(queues), translate.callback_counts(state))

    def _send(self, client: Client, worked_out: _Round) -> None:
        sent = self._sent.setdefault(client, {})
        if sent.get(QUEUES) != worked_out.queues:
            sent[QUEUES] = worked_out.queues
            client.outbox.put_gauge(QUEUES, worked_out.queues_frame)
        for topic, body in self._own(client, worked_out):
            if sent.get(topic) != body:
                sent[topic] = body
                client.outbox.put_gauge(topic, self._frame(body))

    def _own(self, client: Client, worked_out: _Round) -> list[tuple[str, GaugeBody]]:
        """What differs from agent to agent."""
        state = self._state()
        agent = state.agents.get(client.agent)
        if agent is None:
            return []
        waiting = sum(
            n for group, n in worked_out.callbacks.items() if translate.may_dial_callback(state, agent, group)
        )
        return [
            (MY_DAY, MyDayGauge(day=translate.my_day(state, agent, self._now()))),
            (CALLBACKS, CallbackCount(waiting=waiting)),
        ]

    def _frame(self, body: GaugeBody) -> bytes:
        return encode(GaugeFrame(at=translate.utc(self._state(), self._now()), body=body))
