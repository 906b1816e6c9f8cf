"""Draws a flow as a Mermaid diagram: nodes by kind, edges with what leads along them."""

from collections.abc import Iterator

from ivr.graph import Edge, edges
from ivr.model import LOAD_LIMITS, BranchNode, Flow, HangUpNode, HoursNode, LoadNode, Node, QueueNode, TransferNode


def to_mermaid(flow: Flow) -> str:
    """A `flowchart TD`. Keys stand on their edges; ways that need no action of the caller are plain words."""
    lines = ["flowchart TD", f"  start_((start)) --> {_name(flow.start)}"]
    for name, node in flow.nodes.items():
        lines.append(f"  {_name(name)}{_box(name, node)}")
        lines.extend(_arrows(name, edges(node)))
    return "\n".join(lines) + "\n"


def _arrows(name: str, ways: tuple[Edge, ...]) -> Iterator[str]:
    for edge in ways:
        label = edge.field[-1] if len(edge.field) > 1 else edge.field[0]
        arrow = "-->" if edge.field == ("next",) else f'-->|"{label}"|'
        yield f"  {_name(name)} {arrow} {_name(edge.target)}"


def _name(node: str) -> str:
    """`end` is a word of Mermaid's own, so every name gets a prefix."""
    return "n_" + "".join(character if character.isalnum() else "_" for character in node)


def _box(name: str, node: Node) -> str:
    kind = str(node.__struct_config__.tag)
    match node:
        case QueueNode():
            return f'[["{name}<br/>queue {node.queue}"]]'
        case HangUpNode():
            return f'(["{name}<br/>{node.reason}"])'
        case TransferNode():
            return f'(["{name}<br/>transfer {node.number}"])'
        case BranchNode():
            return f'{{"{name}<br/>{node.on}?"}}'
        case LoadNode():
            limits = [f"{limit} {getattr(node, limit)}" for limit in LOAD_LIMITS if getattr(node, limit) is not None]
            return f'{{"{name}<br/>{node.queue}: {" or ".join(limits) or "anybody"}?"}}'
        case HoursNode():
            return f'{{"{name}<br/>{kind}?"}}'
        case _:
            return f'["{name}<br/>{kind}"]'
