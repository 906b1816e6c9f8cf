"""What a queue learns from those who wait: the pace at which they leave, and how far waits were from what was foretold.

Both are part of the fold, so whole numbers only: the same journal gives the same numbers everywhere. What is told to
callers is made of them in `estimates.py`.

The pace: the time between two departures from the front, times the agents at work, is averaged exponentially; the
latest weighs 1/``PACE_MEMORY``.

The errors: an answered caller's wait is compared with what the pace alone had foretold on entering. For each group of
callers (`estimates.group_of`) two averages are kept, whose ratio corrects what is expected, and a correction of either
end of the interval. An end is moved a little by every caller, up or down, so that in the long run one wait in ten ends
below the lower one, and one in ten above the upper (stochastic approximation of a quantile: Robbins and Monro 1951).
Callers who hung up teach nothing: how long they would have waited nobody knows.
"""

from cti_server.core.entities import Queue
from cti_server.core.events import Foretold
from cti_server.core.tallies import Lesson
from cti_server.core.vocabulary import Micros

PACE_MEMORY = 32
"""Departures that the average pace remembers."""
ERROR_MEMORY = 256
"""Answered callers of a group whose waits the correction remembers."""
END_STEP_PPM = 40_000
"""How far an end of the interval can move with one caller."""
ONE_PPM = 1_000_000
END_PPM_MIN, END_PPM_MAX = 10_000, 50 * ONE_PPM


def joined(queue: Queue, at: Micros) -> None:
    """One more waits."""
    queue.in_line += 1
    if queue.in_line == 1 or queue.busy_since is None:
        queue.busy_since = at


def departed(queue: Queue, at: Micros) -> None:
    """One who waited is offered to somebody, or has left. Who did not wait at all says nothing about the pace."""
    queue.in_line = max(0, queue.in_line - 1)
    if queue.busy_since is not None and at > queue.busy_since and queue.staff > 0:
        sample = (at - queue.busy_since) * queue.staff
        queue.departures += 1
        queue.pace_us += (sample - queue.pace_us) // min(queue.departures, PACE_MEMORY)
    queue.busy_since = at if queue.in_line else None


def gave_up_waiting(queue: Queue) -> None:
    """A callback is no work of the queue any more, and nobody was free for it: that says nothing about the pace."""
    queue.in_line = max(0, queue.in_line - 1)
    if queue.in_line == 0:
        queue.busy_since = None


def learn(queue: Queue, foretold: Foretold, waited_us: int) -> None:
    """Somebody of whom a wait was foretold was answered."""
    lesson = queue.lessons.setdefault(foretold.group, Lesson())
    lesson.callers += 1
    weight = min(lesson.callers, ERROR_MEMORY)
    lesson.waited_us += (waited_us - lesson.waited_us) // weight
    lesson.foretold_us += (foretold.wait_us - lesson.foretold_us) // weight
    lesson.low_ppm = _moved(lesson.low_ppm, waited_us * ONE_PPM > foretold.low_us * lesson.low_ppm, below=1)
    lesson.high_ppm = _moved(lesson.high_ppm, waited_us * ONE_PPM > foretold.high_us * lesson.high_ppm, below=9)


def _moved(end_ppm: int, is_above: bool, *, below: int) -> int:
    """``below``: tenths of the waits that should lie below this end."""
    tenths = below if is_above else below - 10
    return min(END_PPM_MAX, max(END_PPM_MIN, end_ppm + end_ppm * END_STEP_PPM * tenths // (10 * ONE_PPM)))
