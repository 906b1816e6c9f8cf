"""Runs a call through its flow: `start` and `resume`. The centre calls it and carries the orders out.

Decides which nodes a call passes, and in which order their orders stand. Does not decide what one node does
(`entering.py`, `reacting.py`).

    step = start(flow, context)
    while step.position is not None:
        step = resume(flow, step.position, input, context)
"""

from typing import assert_never

import msgspec

from ivr.entering import enter
from ivr.model import Flow
from ivr.orders import FlowContext, FlowInput, FlowPosition, Order, Restarted, Step
from ivr.outcomes import End, GoTo, Outcome, Stay
from ivr.reacting import react

__all__ = [
    "FlowContext",
    "FlowInput",
    "FlowMismatch",
    "FlowPosition",
    "Step",
    "resume",
    "start",
]

PASSED_NODES_MAX = 100  # the checker refuses loops without a caller's action; this holds for flows made by hand


class FlowMismatch(ValueError):
    """The position belongs to another flow, or to another version of this one."""


def start(flow: Flow, context: FlowContext) -> Step:
    """A new call enters the flow, in the customer's language where it is known and the flow speaks it."""
    language = context.language if context.language in flow.languages else flow.languages[0]
    position = FlowPosition(
        flow_id=flow.id, version=flow.version, node=flow.start, language=language or flow.languages[0]
    )
    return _follow(flow, position, GoTo(target=flow.start), context)


def resume(flow: Flow, position: FlowPosition, input: FlowInput, context: FlowContext) -> Step:
    """The call goes on from where it is. An input that is not waited for gives the same position and no orders."""
    if (position.flow_id, position.version) != (flow.id, flow.version):
        raise FlowMismatch(f"{position.flow_id} {position.version} is not {flow.id} {flow.version}")
    if isinstance(input, Restarted):
        return _follow(flow, position, GoTo(target=position.node), context)
    outcome = react(flow.nodes[position.node], position, input)
    return Step(position=position) if outcome is None else _follow(flow, position, outcome, context)


def _follow(flow: Flow, position: FlowPosition, outcome: Outcome, context: FlowContext) -> Step:
    orders: list[Order] = []
    for _ in range(PASSED_NODES_MAX):
        orders.extend(outcome.orders)
        match outcome:
            case End():
                return Step(position=None, orders=tuple(orders))
            case Stay():
                return Step(position=_staying(position, outcome), orders=tuple(orders))
            case GoTo():
                position = _moved(position, outcome)
                outcome = enter(flow, flow.nodes[position.node], position, context)
            case _:
                assert_never(outcome)
    raise AssertionError(f"flow {flow.id} passes more than {PASSED_NODES_MAX} nodes without waiting")


def _staying(position: FlowPosition, outcome: Stay) -> FlowPosition:
    return msgspec.structs.replace(
        position, stage=outcome.stage, attempts=outcome.attempts, queue=outcome.queue or position.queue
    )


def _moved(position: FlowPosition, outcome: GoTo) -> FlowPosition:
    return msgspec.structs.replace(
        position,
        node=outcome.target,
        language=outcome.language or position.language,
        queue=None if outcome.leaves_queue else position.queue,
        stage="",
        attempts=0,
    )
