"""How busy the centre is, for the `load` nodes of a flow: looked at when such a node asks, not at every key of callers.

Decides nothing; what follows from it is written in the flow.
"""

from collections.abc import Iterator, Mapping

from cti_server.core import estimates
from cti_server.core.asking import asked, language_of
from cti_server.core.entities import Call
from cti_server.core.step import Step
from cti_server.core.vocabulary import CallPhase, QueueId
from ivr.model import Flow, LoadNode
from ivr.orders import QueueFacts


class QueueLoads(Mapping[str, QueueFacts]):
    """By queue, and as `queue@language` what it would be to this caller in another language of the flow: one may be
    chosen within this step."""

    def __init__(self, step: Step, call: Call, flow: Flow) -> None:
        self._step = step
        self._call = call
        self._flow = flow

    def __getitem__(self, name: str) -> QueueFacts:
        queue, _, language = name.partition("@")
        if language and language not in self._other_languages():
            raise KeyError(name)
        return self._facts(QueueId(queue), language)

    def __iter__(self) -> Iterator[str]:
        queues = [node.queue for node in _loads(self._flow)]
        yield from queues
        for language in self._other_languages():
            yield from (f"{queue}@{language}" for queue in queues)

    def __len__(self) -> int:
        return len(list(iter(self)))

    def _other_languages(self) -> list[str]:
        spoken = language_of(self._call) or self._flow.languages[0]
        languages = self._flow.languages if self._step.settings.languages else ()
        return [language for language in languages if language != spoken]

    def _facts(self, queue: QueueId, language: str) -> QueueFacts:
        step, index = self._step, self._step.around.index
        asks = asked(step.settings, self._call, language=language)
        estimate = estimates.at_entering(step, queue, asks)
        return QueueFacts(
            waiting=index.waiting(queue),
            is_free=estimates.is_served_at_once(step, queue, asks),
            ready_agents=index.staff(queue, asks),
            logged_in_agents=index.logged_on(queue, asks),
            expected_wait_s=None if estimate is None else estimate.seconds,
        )


def calls_in(step: Step, flow: Flow) -> int:
    """In the whole centre, this one included; 1 where no node asks for it."""
    if all(node.calls_at_least is None for node in _loads(flow)):
        return 1
    return sum(call.phase is not CallPhase.CLEARED for call in step.state.calls.values())


def _loads(flow: Flow) -> Iterator[LoadNode]:
    return (node for node in flow.nodes.values() if isinstance(node, LoadNode))
