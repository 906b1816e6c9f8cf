"""Whose media died, and when the worker itself is not needed any more. Times are passed in.

A leg is lost when nothing came from its peer for ``media_timeout_s`` although signalling lets expect it; without a
controller every leg is expected to live, because nobody else would ever end it. A call ends when no leg of it lives: at
once without a controller, and with one only when none of its legs waits for something that is not media.
"""

from collections.abc import Iterable

from cti_server.switch.embedded.media.call import MediaCall
from cti_server.switch.embedded.media.leg import Leg


class Vigil:
    def __init__(self, *, media_timeout_s: float, idle_exit_s: float, now: float) -> None:
        self._media_timeout_s = media_timeout_s
        self._idle_exit_s = idle_exit_s
        self._alive_at: dict[Leg, tuple[int, float]] = {}
        self._uncontrolled_since: float | None = now
        self._idle_since: float | None = now

    def control_changed(self, *, has_controller: bool, now: float) -> None:
        self._uncontrolled_since = None if has_controller else now

    def newly_lost(self, calls: Iterable[MediaCall], now: float) -> list[Leg]:
        """Legs whose silence has just become too long. Call every second."""
        lost: list[Leg] = []
        present: dict[Leg, tuple[int, float]] = {}
        for leg in (leg for call in calls for leg in call.legs.values()):
            received, since = self._alive_at.get(leg, (leg.peer.received, now))
            if received != leg.peer.received or not self._is_expected(leg):
                received, since = leg.peer.received, now
                leg.is_lost = False
            if self._uncontrolled_since is not None and not leg.peer.expects_rtp:
                since = max(since, self._uncontrolled_since)
            present[leg] = received, since
            if not leg.is_lost and now - since >= self._media_timeout_s:
                leg.is_lost = True
                lost.append(leg)
        self._alive_at = present
        return lost

    def is_dead(self, call: MediaCall) -> bool:
        legs = tuple(call.legs.values())
        some_lost = any(leg.is_lost for leg in legs)
        none_lives = all(leg.is_lost for leg in legs if self._is_expected(leg))
        none_waits = self._uncontrolled_since is not None or all(leg.peer.expects_rtp for leg in legs)
        return some_lost and none_lives and none_waits

    def may_exit(self, *, calls: int, now: float) -> bool:
        """Neither calls nor controller for ``idle_exit_s``."""
        if calls or self._uncontrolled_since is None:
            self._idle_since = None
            return False
        if self._idle_since is None:
            self._idle_since = now
        return now - self._idle_since >= self._idle_exit_s

    def _is_expected(self, leg: Leg) -> bool:
        return leg.peer.expects_rtp or self._uncontrolled_since is not None
