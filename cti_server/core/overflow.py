"""When a caller does not (go on to) wait in a queue, and where to instead: the queue's overflow rules, first fitting
first.

    size           so many wait already             at entering
    nobody         no one who could ever serve the call is logged on    at entering
    per_agent      so many wait for each of those who are   at entering (nobody logged on: fits)
    expected_wait  so many seconds are expected     at entering, when an estimate is known
    wait           so many seconds were waited      a deadline of the call (``overflow_at``)

``to`` is another queue, where the age is kept, or ``refused``: the flow goes on at its ``refused`` node, where a
callback can be offered, something announced, the call handed on or ended; a line without a flow ends the call.
"""

from cti_server.core import estimates
from cti_server.core.settings import OverflowSettings, QueueSettings
from cti_server.core.skills import Levels
from cti_server.core.step import Step
from cti_server.core.vocabulary import Micros, OverflowWhen, QueueId

REFUSED = "refused"


def at_entering(step: Step, settings: QueueSettings, asks: Levels) -> str | None:
    """Where to instead of this queue for a call that asks for this; None: it may be entered."""
    return next((rule.to for rule in settings.overflow if _fits(step, settings.queue, rule, asks)), None)


def due_at(settings: QueueSettings, entered_at: int) -> Micros | None:
    rule = by_wait(settings)
    return None if rule is None else Micros(entered_at + rule.at_least * 1_000_000)


def by_wait(settings: QueueSettings) -> OverflowSettings | None:
    return next((rule for rule in settings.overflow if rule.when is OverflowWhen.WAIT), None)


def _fits(step: Step, queue: QueueId, rule: OverflowSettings, asks: Levels) -> bool:
    index = step.around.index
    match rule.when:
        case OverflowWhen.SIZE:
            return index.waiting(queue) >= rule.at_least
        case OverflowWhen.NOBODY:
            return index.logged_on(queue, asks) == 0
        case OverflowWhen.PER_AGENT:
            return index.waiting(queue) >= rule.at_least * index.logged_on(queue, asks)
        case OverflowWhen.EXPECTED_WAIT:
            expected = estimates.at_entering(step, queue)
            return expected is not None and expected.seconds >= rule.at_least
        case OverflowWhen.WAIT:
            return False
