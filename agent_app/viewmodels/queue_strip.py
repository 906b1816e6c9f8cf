"""The queue strip: waiting, longest wait, service level with its line and target, ready; own day; all queues or one.

Decides tones: what is past its target is amber or red. Unknown is "–".
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal

from agent_app.i18n import formats, tr
from agent_app.store import Topic
from agent_app.viewmodels.session import Session, ViewModel
from cti_server.wire.server import QueueGauge

SERVICE_LEVEL_AMBER_BELOW = 0.1
"""Under the target by up to this share it is amber, by more it is red."""


@dataclass(frozen=True, slots=True)
class GaugeView:
    name: str
    icon: str
    word: str
    value: str
    tone: str
    after: str = ""
    points: tuple[float, ...] = ()
    target: float | None = None


class QueueStrip(ViewModel):
    ticked = Signal()
    topics = frozenset({Topic.QUEUES, Topic.DAY, Topic.CONNECTION, Topic.SESSION})

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        session.tick.connect(self.ticked)

    def gauges(self) -> list[GaugeView]:
        return [self._waiting(), self._longest(), self._service_level(), self._ready()]

    def _waiting(self) -> GaugeView:
        queues = self.store.queues
        waiting = sum(queue.waiting for queue in queues)
        value = str(waiting) if queues else formats.UNKNOWN
        tone = "neutral" if not waiting else "warning"
        callbacks = sum(queue.callbacks for queue in queues)
        after = tr("queue.callbacks", n=callbacks) if callbacks else ""
        return GaugeView("waiting", "users", tr("queue.waiting"), value, tone, after=after)

    def _longest(self) -> GaugeView:
        since = [queue.longest_since for queue in self.store.queues if queue.longest_since is not None]
        word = tr("queue.longest")
        if not since:
            return GaugeView("longest", "timer", word, formats.UNKNOWN, "neutral")
        seconds = (self.session.now() - min(since)) / 1e6
        limit = min((queue.threshold_s for queue in self.store.queues), default=20)
        tone = "neutral" if seconds <= limit else "warning" if seconds <= 3 * limit else "alarm"
        return GaugeView("longest", "timer", word, formats.duration(seconds), tone)

    def _service_level(self) -> GaugeView:
        queue = worst(self.store.queues)
        if queue is None or queue.service_level is None:
            threshold = self.store.queues[0].threshold_s if self.store.queues else None
            word = tr("queue.service_level", n=threshold) if threshold else tr("queue.service_level_bare")
            return GaugeView("service_level", "target", word, formats.UNKNOWN, "neutral")
        missing = queue.target - queue.service_level
        tone = "ready" if missing <= 0 else "warning" if missing <= SERVICE_LEVEL_AMBER_BELOW else "alarm"
        return GaugeView(
            "service_level",
            "target",
            tr("queue.service_level", n=queue.threshold_s),
            formats.percent(queue.service_level),
            tone,
            after=tr("queue.target", share=formats.percent(queue.target)),
            points=tuple(self.store.trends.get(queue.queue, ())),
            target=queue.target,
        )

    def _ready(self) -> GaugeView:
        queues = self.store.queues
        # One agent serves several queues: the largest figure, not the sum.
        ready = max((queue.ready for queue in queues), default=0)
        value = str(ready) if queues else formats.UNKNOWN
        return GaugeView("ready", "circle-check", tr("queue.ready"), value, "ready" if ready else "neutral")

    def my_day(self) -> str:
        day = self.store.day
        if day is None:
            return ""
        return tr("day.line", n=day.answered, talk=formats.duration(day.talk_mean_s))


def worst(queues: tuple[QueueGauge, ...]) -> QueueGauge | None:
    """The queue that is furthest under its own target."""
    measured = [queue for queue in queues if queue.service_level is not None]
    return min(measured, key=lambda queue: (queue.service_level or 0.0) - queue.target, default=None)
