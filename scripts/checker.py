"""Whether a library makes sense: every answer leads somewhere, everything can be reached, every view and datum exists.

Decides what is wrong and where (a path of field names in its file); lines are the loader's matter. A loop is allowed:
only a customer's answer leads on from a node. A missing language cannot load at all (`model.Text` needs both).
"""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from datafiles.problems import nearest
from scripts.model import CHOICES_MAX, DispositionGroup, Field, Item, Major, Node, Text
from scripts.sentences import DATA_NAMES, has_stray_brace, placeholders

DISPOSITIONS_MIN, DISPOSITIONS_MAX = 5, 12

Path = tuple[str | int, ...]


class Finding(NamedTuple):
    path: Path
    what: str
    hint: str = ""


def item_codes(majors: Collection[Major]) -> tuple[str, ...]:
    return tuple(
        f"{major.code}.{middle.code}.{item.code}"
        for major in majors
        for middle in major.middles
        for item in middle.items
    )


def check_major(major: Major, codes: Collection[str], views: Collection[str]) -> list[Finding]:
    """One file of the library. `codes`: every item of all files; `views`: the record views that the centre has."""
    found: list[Finding] = [*_level(("middles",), "중분류", [middle.code for middle in major.middles])]
    for middle_at, middle in enumerate(major.middles):
        found += _level(("middles", middle_at, "items"), "소분류", [item.code for item in middle.items])
        for item_at, item in enumerate(middle.items):
            place: Path = ("middles", middle_at, "items", item_at)
            found += _item(item, place, f"{major.code}.{middle.code}.{item.code}", codes, views)
    return found


def check_together(majors: Collection[Major], opening: str) -> list[Finding]:
    """What only all files together show: places in the chooser, and the opening item."""
    codes = item_codes(majors)
    found = [*_level((), "대분류", [major.code for major in majors])]
    orders = [major.order for major in majors]
    for order in sorted({order for order in orders if orders.count(order) > 1}):
        names = ", ".join(major.code for major in majors if major.order == order)
        found.append(Finding(("order",), f"place {order} of the chooser is taken twice: {names}"))
    if opening not in codes:
        found.append(Finding((), f"the opening item {opening} does not exist", nearest(opening, codes)))
    return found


def check_dispositions(groups: Collection[DispositionGroup]) -> list[Finding]:
    found: list[Finding] = []
    if not DISPOSITIONS_MIN <= len(groups) <= DISPOSITIONS_MAX:
        what = f"{len(groups)} first-level results; there must be {DISPOSITIONS_MIN} to {DISPOSITIONS_MAX}"
        found.append(Finding(("dispositions",), what))
    found += _repeated(("dispositions",), [group.code for group in groups])
    for index, group in enumerate(groups):
        found += _repeated(("dispositions", index, "choices"), [choice.code for choice in group.choices])
    return found


def _level(path: Path, name: str, codes: list[str]) -> Iterator[Finding]:
    if not codes:
        yield Finding(path, f"no {name} here")
    if len(codes) > CHOICES_MAX:
        yield Finding(path, f"{len(codes)} {name}; one key reaches {CHOICES_MAX} at most")
    yield from _repeated(path, codes)


def _repeated(path: Path, codes: list[str]) -> Iterator[Finding]:
    for index, code in enumerate(codes):
        if code in codes[:index]:
            yield Finding((*path, index, "code"), f"the code {code} stands twice")


def _item(item: Item, place: Path, code: str, codes: Collection[str], views: Collection[str]) -> Iterator[Finding]:
    wrong = list(_targets(item, place, code, codes))
    yield from wrong
    for name, node in item.nodes.items():
        here = (*place, "nodes", name)
        yield from _texts(node, here, f"{code}/{name}")
        yield from _node(node, here, f"{code}/{name}", views)
    if not wrong:
        yield from _ways(item, place, code)


def _targets(item: Item, place: Path, code: str, codes: Collection[str]) -> Iterator[Finding]:
    if item.start not in item.nodes:
        yield Finding((*place, "start"), f"{code} has no node {item.start}", nearest(item.start, item.nodes))
    for name, node in item.nodes.items():
        for index, answer in enumerate(node.answers):
            known: Collection[str] = codes if "." in answer.to else item.nodes
            if answer.to not in known:
                what = f"{code}/{name}: {answer.id} leads to {answer.to}, which does not exist"
                yield Finding((*place, "nodes", name, "answers", index, "to"), what, nearest(answer.to, known))


def _node(node: Node, here: Path, name: str, views: Collection[str]) -> Iterator[Finding]:
    if node.view is not None and node.view.name not in views:
        what = f"{name}: there is no record view {node.view.name}"
        yield Finding((*here, "view", "name"), what, nearest(node.view.name, views) or f"one of {', '.join(views)}")
    if not node.answers and not node.ends:
        yield Finding(here, f"dead end: {name} has neither answers nor `ends: true`")
    if len(node.answers) > CHOICES_MAX:
        yield Finding((*here, "answers"), f"{name} has {len(node.answers)} answers; one key reaches {CHOICES_MAX}")
    yield from _repeated_ids((*here, "answers"), [answer.id for answer in node.answers])
    yield from _repeated_ids((*here, "fields"), [field.id for field in node.fields])
    for index, field in enumerate(node.fields):
        yield from _field(field, (*here, "fields", index), name)


def _repeated_ids(path: Path, ids: list[str]) -> Iterator[Finding]:
    for index, name in enumerate(ids):
        if name in ids[:index]:
            yield Finding((*path, index, "id"), f"the id {name} stands twice")


def _field(field: Field, place: Path, name: str) -> Iterator[Finding]:
    if field.type == "choice" and len(field.choices) < 2:
        yield Finding(place, f"{name}: the choice {field.id} needs two choices or more")
    if field.type != "choice" and field.choices:
        yield Finding((*place, "choices"), f"{name}: only a choice has choices, {field.id} is a {field.type}")
    yield from _repeated((*place, "choices"), [choice.code for choice in field.choices])


def _texts(node: Node, here: Path, name: str) -> Iterator[Finding]:
    texts: list[tuple[Path, Text]] = [((*here, "say"), node.say)]
    texts += [((*here, "information", index), text) for index, text in enumerate(node.information)]
    texts += [((*here, "answers", index, "says"), answer.says) for index, answer in enumerate(node.answers)]
    sentences = [(place, language) for place, text in texts for language in (text.ko, text.en)]
    if node.view is not None:
        sentences += [((*here, "view", "arguments", key), text) for key, text in node.view.arguments.items()]
        if node.view.label is not None:
            sentences += [((*here, "view", "label"), text) for text in (node.view.label.ko, node.view.label.en)]
    for place, sentence in sentences:
        if has_stray_brace(sentence):
            yield Finding(place, f"{name}: a brace that belongs to no placeholder", "write {customer.name}")
        for used in placeholders(sentence):
            if used not in DATA_NAMES:
                yield Finding(place, f"{name}: there is no data named {used}", nearest(used, DATA_NAMES))


def _ways(item: Item, place: Path, code: str) -> Iterator[Finding]:
    seen = _reachable(item.nodes, item.start)
    for name in item.nodes:
        if name not in seen:
            yield Finding((*place, "nodes", name), f"no answer leads to {code}/{name}")
        elif not any(_leaves(item.nodes[other]) for other in _reachable(item.nodes, name)):
            yield Finding((*place, "nodes", name), f"from {code}/{name} no answers lead to an end")


def _leaves(node: Node) -> bool:
    return node.ends or any("." in answer.to for answer in node.answers)


def _reachable(nodes: Mapping[str, Node], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in seen and name in nodes:
            seen.add(name)
            waiting.extend(answer.to for answer in nodes[name].answers if "." not in answer.to)
    return seen
