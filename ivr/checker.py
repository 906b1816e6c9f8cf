"""Whether a flow makes sense: every way leads somewhere, is spoken in every language, and comes to an end.

Decides what is wrong and where in the flow (a path of field names); lines are the loader's matter.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from datafiles.problems import nearest
from ivr.graph import automatic_loop, edges, ends_well, needs_audio, prompt_fields, reachable
from ivr.model import (
    KEYS,
    LOAD_LIMITS,
    AnswerNode,
    BranchNode,
    CallbackNode,
    ExtensionNode,
    Flow,
    HoursNode,
    IdentifyNode,
    LanguageNode,
    LoadNode,
    MenuNode,
    MessageNode,
    Node,
    NodeId,
    PinNode,
    QueueNode,
)
from ivr.prompts import PromptSet


class Finding(NamedTuple):
    path: tuple[str, ...]
    what: str
    hint: str = ""


def check_flow(flow: Flow, prompts: PromptSet, queues: Collection[str] | None = None) -> list[Finding]:
    """Everything that is wrong. `queues`: the centre's queues; None = not known here, so not checked."""
    found = [*_targets(flow), *_languages(flow, prompts)]
    for name, node in flow.nodes.items():
        found += _prompts(flow, name, node, prompts)
        found += _fields(flow, name, node)
        found += _queue_names(name, node, queues)
    if not found:  # ways are followed only where all names exist
        found = [*_ways(flow), *_asked_for(flow), *_unused_hours(flow)]
    return found


def _targets(flow: Flow) -> Iterator[Finding]:
    if flow.start not in flow.nodes:
        yield Finding(("start",), f"there is no node {flow.start}", nearest(flow.start, flow.nodes))
    for name, node in flow.nodes.items():
        for edge in edges(node):
            if edge.target not in flow.nodes:
                what = f"{name} leads to {edge.target}, which does not exist"
                yield Finding(("nodes", name, *edge.field), what, nearest(edge.target, flow.nodes))


def _languages(flow: Flow, prompts: PromptSet) -> Iterator[Finding]:
    if not flow.languages:
        yield Finding(("languages",), "the flow speaks no language")
    for language in flow.languages:
        if language not in prompts.texts:
            yield Finding(
                ("languages",), f"there are no prompts in {language}", f"there are {', '.join(prompts.texts)}"
            )
        elif language not in flow.title:
            yield Finding(("title",), f"no title in {language}")


def _prompts(flow: Flow, name: NodeId, node: Node, prompts: PromptSet) -> Iterator[Finding]:
    for field, references in prompt_fields(node):
        for reference in references:
            prompt, _, fixed = reference.partition("@")
            for language in (fixed,) if fixed else flow.languages:
                texts = prompts.texts.get(language, {})
                if prompt not in texts:
                    what = f"{name}: there is no prompt {prompt} in {language}"
                    yield Finding(("nodes", name, field), what, nearest(prompt, texts))
    for field in ("position", "expected_wait"):
        family: str | None = getattr(node, field, None)
        for language in flow.languages if family is not None else ():
            known = prompts.numbered.get(language, ())
            if family not in known:
                what = f"{name}: there is no numbered prompt {family} in {language}"
                yield Finding(("nodes", name, field), what, nearest(str(family), known))


def _fields(flow: Flow, name: NodeId, node: Node) -> Iterator[Finding]:
    place = ("nodes", name)
    keys: Mapping[str, str] = getattr(node, "keys", {})
    for key in keys:
        if len(key) != 1 or key not in KEYS:
            yield Finding((*place, "keys", key), f"{name}: {key} is not a key of a telephone", "0–9, * or #")
    if isinstance(node, IdentifyNode | PinNode | ExtensionNode | CallbackNode) and node.digits_min > node.digits_max:
        yield Finding((*place, "digits_min"), f"{name}: digits_min is above digits_max")
    match node:
        case MenuNode() | LanguageNode() if not keys:
            yield Finding(place, f"{name}: nothing can be pressed")
        case LanguageNode():
            for key, language in node.keys.items():
                if language not in flow.languages:
                    what = f"{name}: the flow does not speak {language}"
                    yield Finding((*place, "keys", key), what, f"it speaks {', '.join(flow.languages)}")
        case HoursNode() if node.table not in flow.hours:
            what = f"{name}: there are no opening hours {node.table}"
            yield Finding((*place, "table"), what, nearest(node.table, flow.hours))
        case IdentifyNode(by="customer_number", prompts=()):
            yield Finding(place, f"{name}: the caller is asked for a number, but nothing is said")
        case BranchNode():
            yield from _cases(flow, name, node)
        case LoadNode():
            yield from _load(name, node)
        case CallbackNode():
            for field in ("yes", "other"):
                key = getattr(node, field)
                if len(key) != 1 or key not in KEYS:
                    yield Finding((*place, field), f"{name}: {key} is not a key of a telephone", "0–9, * or #")
            if node.yes == node.other:
                yield Finding((*place, "other"), f"{name}: one key means both yes and another number")
        case MessageNode():
            yield from _message(name, node)
        case _:
            pass


def _message(name: NodeId, node: MessageNode) -> Iterator[Finding]:
    place = ("nodes", name)
    if not node.prompts:
        what = f"{name}: a message is recorded, and nobody is told"
        yield Finding((*place, "prompts"), what, "say that it is recorded, and which keys there are")
    if node.least_s >= node.longest_s:
        yield Finding((*place, "least_s"), f"{name}: least_s is not below longest_s")
    if 0 < node.silence_s <= node.least_s:
        yield Finding((*place, "silence_s"), f"{name}: silence_s is not above least_s", "0: silence does not end it")


def _load(name: NodeId, node: LoadNode) -> Iterator[Finding]:
    limits = [limit for limit in LOAD_LIMITS if getattr(node, limit) is not None]
    if node.busy is not None and not limits:
        what = f"{name}: nothing says when it is busy"
        yield Finding(("nodes", name, "busy"), what, f"one of {', '.join(LOAD_LIMITS)}")
    if node.busy is None and limits:
        yield Finding(("nodes", name, limits[0]), f"{name}: {limits[0]} leads nowhere", "busy: where it leads")
    if node.busy is None and node.nobody is None and node.nobody_ready is None:
        yield Finding(("nodes", name), f"{name}: all go the same way", "busy, nobody, or nobody_ready")


def _cases(flow: Flow, name: NodeId, node: BranchNode) -> Iterator[Finding]:
    if not node.cases:
        yield Finding(("nodes", name), f"{name}: no cases to branch on")
    if node.on == "tier":
        return  # tiers are the customer system's words
    known = flow.languages if node.on == "language" else ("yes", "no")
    for value in node.cases:
        if value not in known:
            what = f"{name}: {node.on} is never {value}"
            yield Finding(("nodes", name, "cases", value), what, f"one of {', '.join(known)}")


def _queue_names(name: NodeId, node: Node, queues: Collection[str] | None) -> Iterator[Finding]:
    queue = node.queue if isinstance(node, QueueNode | LoadNode | CallbackNode | MessageNode) else None
    if queues is not None and queue is not None and queue not in queues:
        yield Finding(("nodes", name, "queue"), f"{name}: there is no queue {queue}", nearest(queue, queues))


def _ways(flow: Flow) -> Iterator[Finding]:
    visited = reachable(flow.nodes, flow.start)
    for name in flow.nodes:
        if name not in visited:
            yield Finding(("nodes", name), f"no way leads to {name}")
        elif not any(ends_well(flow.nodes[other]) for other in reachable(flow.nodes, name)):
            yield Finding(("nodes", name), f"dead end: from {name} a caller never reaches a queue, a number or the end")
    if loop := automatic_loop(flow.nodes):
        what = f"a loop without any action of the caller: {' → '.join(loop)}"
        yield Finding(("nodes", loop[0]), what, "let a key, or a limit, lead out of it")
    yield from _unanswered(flow)
    yield from _unidentified(flow)


def _unanswered(flow: Flow) -> Iterator[Finding]:
    answers = [
        (name, edge.target) for name, node in flow.nodes.items() if isinstance(node, AnswerNode) for edge in edges(node)
    ]
    before = reachable(flow.nodes, flow.start, answers)
    for name in flow.nodes:
        if name in before and needs_audio(flow.nodes[name]):
            yield Finding(
                ("nodes", name), f"{name} can be reached before the call is answered", "put an answer node first"
            )


def _unidentified(flow: Flow) -> Iterator[Finding]:
    """A PIN belongs to a customer, so one must have been found on every way to it."""
    found: list[tuple[NodeId, NodeId]] = []
    for name, node in flow.nodes.items():
        if isinstance(node, IdentifyNode) and node.found not in (node.unknown, node.several):
            found.append((name, node.found))
        if isinstance(node, BranchNode) and node.on in ("customer_found", "verified") and "yes" in node.cases:
            found.append((name, node.cases["yes"]))
    before = reachable(flow.nodes, flow.start, found)
    for name, node in flow.nodes.items():
        if isinstance(node, PinNode) and name in before:
            yield Finding(("nodes", name), f"{name} asks for a PIN, but nobody may have been identified before")


def _asked_for(flow: Flow) -> Iterator[Finding]:
    """Who is asked for by extension is given the call by a queue node, and a queue node needs somebody asked for."""
    nodes = flow.nodes
    after: set[NodeId] = set()
    for name, node in nodes.items():
        if isinstance(node, ExtensionNode):
            onward = reachable(nodes, node.found)
            after |= onward
            if not any(_gives_to_asked_for(nodes[other]) for other in onward):
                what = f"{name}: who is asked for is given the call by no queue"
                yield Finding(("nodes", name, "found"), what, "a queue node with named: asked_for")
    for name, node in nodes.items():
        if _gives_to_asked_for(node) and name not in after:
            what = f"{name}: nobody can have been asked for"
            yield Finding(("nodes", name, "named"), what, "an extension node must lead here")


def _gives_to_asked_for(node: Node) -> bool:
    return isinstance(node, QueueNode) and node.named == "asked_for"


def _unused_hours(flow: Flow) -> Iterator[Finding]:
    used = {node.table for node in flow.nodes.values() if isinstance(node, HoursNode)}
    for table in flow.hours:
        if table not in used:
            yield Finding(("hours", table), f"no node asks for the opening hours {table}")
