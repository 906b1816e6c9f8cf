"""When a caller does not (go on to) wait in a queue, and where to instead: the queue's overflow rules, first fitting
first.

    size           so many wait already             at entering
    per_agent      so many wait for each of those who are logged on   at entering (nobody logged on: fits)
    expected_wait  so many seconds are expected     at entering, when an estimate is known
    wait           so many seconds were waited      a deadline of the call (``overflow_at``)
    nobody         nobody is logged on for so many seconds   at entering, and at any time while the call waits
    nobody_ready   nobody is Ready for so many seconds       the same; who is Ready and busy counts as Ready

"Nobody" is nobody who could ever serve the call: by what the queue and the call itself ask for, after all relaxing.
Not Ready counts as logged on. A call that waits for one person by name is not touched before that person is given up.
Whoever comes back within the seconds keeps the callers. Those who leave at one moment go in their order, ``AT_ONCE`` of
them and then as many every ``APART_US``, so that a step is never long.

``to`` is another queue, where the age is kept, or ``refused``: the flow goes on at its ``refused`` node, where a
callback can be offered, something announced, the call handed on or ended; a line without a flow ends the call.
"""

from cti_server.core import estimates
from cti_server.core import events as e
from cti_server.core.entities import Call
from cti_server.core.lines import UNATTENDED
from cti_server.core.settings import OverflowSettings, QueueSettings
from cti_server.core.skills import Levels
from cti_server.core.step import Step
from cti_server.core.vocabulary import CallPhase, Micros, OverflowWhen, QueueId

REFUSED = "refused"
AT_ONCE = 25
APART_US = 10_000


def at_entering(step: Step, settings: QueueSettings, asks: Levels, *, is_named: bool) -> str | None:
    """Where to instead of this queue for a call that asks for this; None: it may be entered. ``is_named``: somebody
    who is there gets the call by name."""
    rules = (rule for rule in settings.overflow if not (is_named and rule.when in UNATTENDED))
    return next((rule.to for rule in rules if _fits(step, settings.queue, rule, asks)), None)


def due_at(settings: QueueSettings, entered_at: int) -> Micros | None:
    rule = rule_of(settings, OverflowWhen.WAIT)
    return None if rule is None else Micros(entered_at + rule.at_least * 1_000_000)


def rule_of(settings: QueueSettings, when: OverflowWhen) -> OverflowSettings | None:
    return next((rule for rule in settings.overflow if rule.when is when), None)


def is_due(step: Step, call: Call) -> OverflowWhen | None:
    """Why this waiting call has to go elsewhere now; None: it may go on to wait."""
    if call.phase is not CallPhase.QUEUED:
        return None
    if call.unattended_until is not None and call.unattended_until <= step.now:
        return call.unattended
    return OverflowWhen.WAIT if call.overflow_at is not None and call.overflow_at <= step.now else None


def people_came_or_went(step: Step) -> None:
    """Calls that nobody is there for get the moment at which they leave, and those that somebody is there for again
    lose it."""
    unsure, step.around.index.unsure = step.around.index.unsure, {}
    leaving = 0
    for call_id in unsure:
        call = step.state.calls.get(call_id)
        settings = step.around.queues.get(call.queue) if call is not None and call.queue is not None else None
        if call is None or settings is None or call.phase is not CallPhase.QUEUED:
            continue
        until, rule = _unattended(step, call, settings)
        if rule is call.unattended:
            continue
        if until is not None:
            until = Micros(until + leaving // AT_ONCE * APART_US)
            leaving += 1
        step.emit(e.CallUnattended(at=step.now, call=call.call, queue=settings.queue, rule=rule, until=until))


def _unattended(step: Step, call: Call, settings: QueueSettings) -> tuple[Micros | None, OverflowWhen | None]:
    """Of the rules that hold because nobody is there, the one that leads away first, and when."""
    found: list[tuple[Micros, OverflowWhen]] = []
    for rule in settings.overflow:
        if call.named is None and _is_nobody_there(step, settings.queue, rule, call.asks):
            known = call.unattended_until if rule.when is call.unattended else None
            found.append((step.after(s=rule.at_least) if known is None else known, rule.when))
    return min(found, default=(None, None))


def _is_nobody_there(step: Step, queue: QueueId, rule: OverflowSettings, asks: Levels) -> bool:
    if rule.when not in UNATTENDED:
        return False
    index = step.around.index
    return (index.logged_on if rule.when is OverflowWhen.NOBODY else index.staff)(queue, asks) == 0


def _fits(step: Step, queue: QueueId, rule: OverflowSettings, asks: Levels) -> bool:
    index = step.around.index
    match rule.when:
        case OverflowWhen.SIZE:
            return index.waiting(queue) >= rule.at_least
        case OverflowWhen.NOBODY | OverflowWhen.NOBODY_READY:
            return rule.at_least == 0 and _is_nobody_there(step, queue, rule, asks)
        case OverflowWhen.PER_AGENT:
            return index.waiting(queue) >= rule.at_least * index.logged_on(queue, asks)
        case OverflowWhen.EXPECTED_WAIT:
            expected = estimates.at_entering(step, queue, asks)
            return expected is not None and expected.seconds >= rule.at_least
        case OverflowWhen.WAIT:
            return False
