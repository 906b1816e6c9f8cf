"""What a node can decide: go on to another node, stay and wait, or end the flow. Used inside this package only."""

import msgspec

from ivr.model import NodeId
from ivr.orders import Order


class GoTo(msgspec.Struct, frozen=True, kw_only=True):
    target: NodeId
    orders: tuple[Order, ...] = ()
    language: str | None = None
    leaves_queue: bool = False


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """Wait in this node, at this stage; `queue` is set when the call has just entered one."""

    orders: tuple[Order, ...] = ()
    stage: str = ""
    attempts: int = 0
    queue: str | None = None


class End(msgspec.Struct, frozen=True, kw_only=True):
    orders: tuple[Order, ...]


Outcome = GoTo | Stay | End
