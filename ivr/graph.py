"""A flow as a graph: where each node leads, and whether it takes an action of the caller to go there."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, assert_never

from ivr.model import (
    AnswerNode,
    BranchNode,
    CallbackNode,
    ExtensionNode,
    HangUpNode,
    HoursNode,
    IdentifyNode,
    LanguageNode,
    LoadNode,
    MenuNode,
    MessageNode,
    Node,
    NodeId,
    PinNode,
    PlayNode,
    PromptRef,
    QueueNode,
    TransferNode,
    WaitNode,
)


class Edge(NamedTuple):
    """`field`: the path of the field inside the node; `by_caller`: silence alone does not lead here."""

    target: NodeId
    field: tuple[str, ...]
    by_caller: bool = False


def edges(node: Node) -> tuple[Edge, ...]:
    return tuple(_edges(node))


def _edges(node: Node) -> Iterator[Edge]:
    match node:
        case AnswerNode() | PlayNode() | LanguageNode() | WaitNode():
            yield Edge(node.next, ("next",))
        case HoursNode():
            yield Edge(node.open, ("open",))
            yield Edge(node.closed, ("closed",))
        case MenuNode():
            yield from _keyed(node.keys)
            yield Edge(node.otherwise, ("otherwise",))
        case IdentifyNode():
            by_caller = node.by == "customer_number"
            yield Edge(node.found, ("found",), by_caller)
            if node.several is not None:
                yield Edge(node.several, ("several",), by_caller)
            if node.skip is not None:
                yield Edge(node.skip, ("skip",), True)
            yield Edge(node.unknown, ("unknown",))
        case PinNode():
            yield Edge(node.verified, ("verified",), True)
            yield Edge(node.locked, ("locked",), True)
            yield Edge(node.unavailable, ("unavailable",), True)
            if node.skip is not None:
                yield Edge(node.skip, ("skip",), True)
            yield Edge(node.failed, ("failed",))
        case ExtensionNode():
            yield Edge(node.found, ("found",), True)
            yield Edge(node.absent, ("absent",), True)
            if node.skip is not None:
                yield Edge(node.skip, ("skip",), True)
            yield Edge(node.unknown, ("unknown",))
        case BranchNode():
            for value, target in node.cases.items():
                yield Edge(target, ("cases", value))
            yield Edge(node.otherwise, ("otherwise",))
        case LoadNode():
            if node.busy is not None:
                yield Edge(node.busy, ("busy",))
            if node.nobody is not None:
                yield Edge(node.nobody, ("nobody",))
            if node.nobody_ready is not None:
                yield Edge(node.nobody_ready, ("nobody_ready",))
            yield Edge(node.otherwise, ("otherwise",))
        case QueueNode():
            yield from _keyed(node.keys)
            if node.refused is not None:
                yield Edge(node.refused, ("refused",))
        case CallbackNode():
            yield Edge(node.stored, ("stored",), True)
            yield Edge(node.refused, ("refused",), True)
            yield Edge(node.back, ("back",))
        case MessageNode():
            yield Edge(node.stored, ("stored",), True)
            yield Edge(node.refused, ("refused",))
            yield Edge(node.back, ("back",))
        case TransferNode() | HangUpNode():
            return
        case _:
            assert_never(node)


def _keyed(keys: Mapping[str, NodeId]) -> Iterator[Edge]:
    for key, target in keys.items():
        yield Edge(target, ("keys", key), True)


def ends_well(node: Node) -> bool:
    """A caller may stay here: an agent takes the call, it is handed on, or it ends."""
    return isinstance(node, QueueNode | TransferNode | HangUpNode)


def needs_audio(node: Node) -> bool:
    """The caller must hear or press something here, so the call must have been answered."""
    match node:
        case PlayNode() | LanguageNode() | MenuNode() | PinNode() | ExtensionNode() | CallbackNode() | MessageNode():
            return True
        case IdentifyNode():
            return node.by == "customer_number"
        case QueueNode():
            return bool(node.keys or node.offer or node.position or node.expected_wait)
        case TransferNode() | HangUpNode():
            return bool(node.prompts)
        case AnswerNode() | HoursNode() | BranchNode() | LoadNode() | WaitNode():
            return False
        case _:
            assert_never(node)


def prompt_fields(node: Node) -> Iterator[tuple[str, tuple[PromptRef, ...]]]:
    for field in ("prompts", "invalid", "silent", "offer", "ask_number", "wait_raised", "too_short"):
        prompts: tuple[PromptRef, ...] = getattr(node, field, ())
        if prompts:
            yield field, prompts


def reachable(nodes: Mapping[NodeId, Node], start: NodeId, leave: Iterable[tuple[NodeId, NodeId]] = ()) -> set[NodeId]:
    """The nodes that can be come to from `start`; the pairs in `leave` are edges that are not taken."""
    left_out = set(leave)
    seen: set[NodeId] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in seen or name not in nodes:
            continue
        seen.add(name)
        waiting.extend(edge.target for edge in edges(nodes[name]) if (name, edge.target) not in left_out)
    return seen


def automatic_loop(nodes: Mapping[NodeId, Node]) -> list[NodeId]:
    """A way round that needs no action of the caller, or nothing."""
    finished: set[NodeId] = set()
    for start in nodes:
        path: list[NodeId] = []
        on_path: set[NodeId] = set()
        branches = [iter([start])]
        while branches:
            name = next(branches[-1], None)
            if name is None:
                branches.pop()
                if path:
                    left = path.pop()
                    on_path.discard(left)
                    finished.add(left)
                continue
            if name in on_path:
                return [*path[path.index(name) :], name]
            if name in finished or name not in nodes:
                continue
            path.append(name)
            on_path.add(name)
            branches.append(iter([edge.target for edge in edges(nodes[name]) if not edge.by_caller]))
    return []
