"""Where a call is in the scripts: opening items, choosing answers, going back, and the contact reason that follows.

A run is immutable and encodes to JSON; every function takes the library and gives a new run. What a page shows is
`page.py`'s matter.
"""

from collections import deque
from collections.abc import Iterable

import msgspec

from scripts.model import Answer, Item, ItemCode, Library, Node, NodeId

STEPS_MAX = 200  # a call that wanders longer loses its oldest steps


class ScriptMismatch(ValueError):
    """The run belongs to another version of the library, or names what is not in it."""


class RunStep(msgspec.Struct, frozen=True, kw_only=True):
    """A node that was shown, and the answer that led out of it (None: here we are, or another item was opened)."""

    item: ItemCode
    node: NodeId
    answer: str | None = None


class ScriptRun(msgspec.Struct, frozen=True, kw_only=True):
    """The way through the scripts so far; the last step is where the call is."""

    library_version: str
    steps: tuple[RunStep, ...]

    @property
    def item(self) -> ItemCode:
        return self.steps[-1].item

    @property
    def node(self) -> NodeId:
        return self.steps[-1].node


def begin(library: Library) -> ScriptRun:
    """A call begins with the library's opening item."""
    return open_item(library, library.opening)


def open_item(library: Library, code: ItemCode, run: ScriptRun | None = None) -> ScriptRun:
    """Opens an item at its start; with a run, the way so far is kept and can be gone back."""
    step = RunStep(item=code, node=item_of(library, code).start)
    before = run.steps if run is not None else ()
    return ScriptRun(library_version=library.version, steps=(*before, step)[-STEPS_MAX:])


def open_by_keys(library: Library, keys: str, run: ScriptRun | None = None) -> ScriptRun | None:
    """Three digits choose 대, 중 and 소 by their places (1–9); None when there is nothing at these places."""
    code = code_at(library, keys)
    return open_item(library, code, run) if code is not None else None


def code_at(library: Library, keys: str) -> ItemCode | None:
    if len(keys) != 3 or not all(key in "123456789" for key in keys):
        return None
    major_at, middle_at, item_at = (int(key) - 1 for key in keys)
    try:
        major = library.majors[major_at]
        middle = major.middles[middle_at]
        return f"{major.code}.{middle.code}.{middle.items[item_at].code}"
    except IndexError:
        return None


def choose(library: Library, run: ScriptRun, answer_id: str) -> ScriptRun:
    """The customer gave this answer. Raises ScriptMismatch when the node does not expect it."""
    node = node_of(library, run)
    answer = next((answer for answer in node.answers if answer.id == answer_id), None)
    if answer is None:
        raise ScriptMismatch(f"{run.item}/{run.node} expects no answer {answer_id}")
    left = msgspec.structs.replace(run.steps[-1], answer=answer_id)
    item, node_id = leads_to(library, run.item, answer)
    steps = (*run.steps[:-1], left, RunStep(item=item, node=node_id))
    return msgspec.structs.replace(run, steps=steps[-STEPS_MAX:])


def back(run: ScriptRun) -> ScriptRun:
    """One step back; at the beginning nothing changes."""
    if not can_go_back(run):
        return run
    here = msgspec.structs.replace(run.steps[-2], answer=None)
    return msgspec.structs.replace(run, steps=(*run.steps[:-2], here))


def can_go_back(run: ScriptRun) -> bool:
    return len(run.steps) > 1


def item_of(library: Library, code: ItemCode) -> Item:
    found = library.find(code)
    if found is None:
        raise ScriptMismatch(f"there is no item {code}")
    return found[2]


def node_of(library: Library, run: ScriptRun) -> Node:
    if run.library_version != library.version:
        raise ScriptMismatch(f"the run follows version {run.library_version}, this is {library.version}")
    node = item_of(library, run.item).nodes.get(run.node)
    if node is None:
        raise ScriptMismatch(f"{run.item} has no node {run.node}")
    return node


def leads_to(library: Library, item: ItemCode, answer: Answer) -> tuple[ItemCode, NodeId]:
    """A name with dots is another item, entered at its start; one without is a node of this item."""
    if "." in answer.to:
        return answer.to, item_of(library, answer.to).start
    return item, answer.to


def contact_reason(library: Library, run: ScriptRun) -> tuple[str, ...]:
    """Codes of 대, 중, 소 of the last item that says why the customer calls; empty while none did."""
    for step in reversed(run.steps):
        found = library.find(step.item)
        if found is not None and found[2].sets_reason:
            return tuple(step.item.split("."))
    return ()


def progress(library: Library, run: ScriptRun) -> tuple[int, int]:
    """Steps since the present topic was opened, and how many it takes at least: (3, 5) is “3 of 5”."""
    done = 0
    for step in reversed(run.steps):
        done += 1
        if step.answer is None and done > 1:
            done -= 1  # the item before was left without an answer: another topic
            break
        if _is_topic_start(library, step):
            break
    return done, done + _steps_left(library, run)


def _is_topic_start(library: Library, step: RunStep) -> bool:
    item = item_of(library, step.item)
    return item.sets_reason and step.node == item.start


def _steps_left(library: Library, run: ScriptRun) -> int:
    """The fewest answers from here to an end; a way to another topic counts as the end of this one."""
    seen = {(run.item, run.node)}
    waiting = deque([(run.item, run.node, 0)])
    while waiting:
        item, node_id, steps = waiting.popleft()
        node = item_of(library, item).nodes[node_id]
        if node.ends or not node.answers:
            return steps
        for answer in node.answers:
            target = leads_to(library, item, answer)
            if target[0] != item and item_of(library, target[0]).sets_reason:
                continue
            if target not in seen:
                seen.add(target)
                waiting.append((*target, steps + 1))
    return 1


def written_path(run: ScriptRun) -> tuple[str, ...]:
    """The way as texts for storage and the wire: `delivery.delay.redelivery/due=yes`, the last one without answer."""
    return tuple(f"{step.item}/{step.node}" + (f"={step.answer}" if step.answer else "") for step in run.steps)


def read_path(library: Library, path: Iterable[str]) -> ScriptRun | None:
    """The run of a written path, as far as this library knows it; None when its end is unknown here."""
    steps: list[RunStep] = []
    for text in path:
        place, _, answer = text.partition("=")
        item, _, node = place.partition("/")
        found = library.find(item)
        if found is not None and node in found[2].nodes:
            steps.append(RunStep(item=item, node=node, answer=answer or None))
        elif steps:
            steps[-1] = msgspec.structs.replace(steps[-1], answer=None)
    if not steps:
        return None
    steps[-1] = msgspec.structs.replace(steps[-1], answer=None)
    return ScriptRun(library_version=library.version, steps=tuple(steps[-STEPS_MAX:]))


def search(library: Library, words: str, language: str) -> tuple[ItemCode, ...]:
    """Items whose three titles contain every word, in the library's order."""
    wanted = words.casefold().split()
    found: list[ItemCode] = []
    for major in library.majors:
        for middle in major.middles:
            for item in middle.items:
                titles = " ".join(level.title.of(language) for level in (major, middle, item)).casefold()
                if wanted and all(word in titles for word in wanted):
                    found.append(f"{major.code}.{middle.code}.{item.code}")
    return tuple(found)
