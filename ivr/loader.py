"""Reads flows, prompts and written conversations from files, checks them, and loads all of them or none.

Decides where in a file a mistake stands. What is a mistake is decided by `checker.py`, and the safety of reading by
`datafiles`. The only module of this package that touches files.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from datafiles.problems import DataErrors, Problem, nearest
from datafiles.reading import Tree, line_at, read_file
from datafiles.shaping import shape
from ivr.checker import check_flow
from ivr.conversations import Conversation, ConversationFile, talk_through
from ivr.model import Flow, FlowSet, HoursTable, Node, Opening
from ivr.prompts import SPOKEN_NUMBER, PromptFile, PromptSet, written_out

FLOWS = Path(__file__).parent / "flows"
PROMPTS = Path(__file__).parent / "prompts"
CONVERSATIONS_SUFFIX = ".test.yaml"
FILES_MAX = 500
MINUTES_IN_DAY = 24 * 60

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_OPENING = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})\Z")
_PROMPT_ID = re.compile(r"[a-z][a-z0-9_]{0,60}\Z")


class FlowFile(msgspec.Struct, frozen=True, kw_only=True):
    """A flow as it stands in its file."""

    flow: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
    title: dict[str, str]
    languages: tuple[str, ...]
    start: str
    nodes: dict[str, Node]
    hours: dict[str, dict[str, tuple[str, ...]]] = {}


def load_prompts(folder: Path = PROMPTS) -> PromptSet:
    """Every `<language>.yaml` of a folder. Raises DataErrors."""
    prompts, problems = _read_prompts(folder)
    if problems:
        raise DataErrors(problems)
    return prompts


def load_flows(
    paths: Iterable[Path] = (FLOWS,), prompts: PromptSet | None = None, queues: Collection[str] | None = None
) -> FlowSet:
    """The flows of these files and folders. Raises DataErrors with all problems; a bad file loads nothing."""
    if prompts is None:
        prompts = load_prompts()
    flows, problems = _read_flows(paths, prompts, queues)
    if problems:
        raise DataErrors(problems)
    return FlowSet(flows=tuple(flow for _, flow in flows))


def check_paths(
    paths: Iterable[Path] = (FLOWS,), prompts_folder: Path = PROMPTS, queues: Collection[str] | None = None
) -> list[Problem]:
    """All that is wrong with flows, their prompts and their conversations, which are talked through."""
    prompts, problems = _read_prompts(prompts_folder)
    paths = tuple(paths)
    flows, found = _read_flows(paths, prompts, queues)
    problems += found
    by_id = {flow.id: flow for _, flow in flows}
    for file in _files(paths, conversations=True):
        for conversation, flow, line in _conversations(file, by_id, problems):
            if difference := talk_through(flow, conversation):
                problems.append(Problem(str(file), line, f"{conversation.name}: {difference}"))
    return problems


def load_conversations(file: Path, flows: FlowSet) -> list[tuple[Conversation, Flow]]:
    """The written conversations of one file with the flow that they talk to. Raises DataErrors."""
    problems: list[Problem] = []
    by_id = {flow.id: flow for flow in flows.flows}
    found = [(conversation, flow) for conversation, flow, _ in _conversations(file, by_id, problems)]
    if problems:
        raise DataErrors(problems)
    return found


def _conversations(
    file: Path, flows: Mapping[str, Flow], problems: list[Problem]
) -> Iterator[tuple[Conversation, Flow, int]]:
    tree, found = read_file(file)
    problems += found
    if tree is None:
        return
    shaped, found = shape(tree, ConversationFile, str(file))
    problems += found
    if shaped is None:
        return
    for index, conversation in enumerate(shaped.conversations):
        line = line_at(tree, ("conversations", index))
        flow = flows.get(conversation.flow or shaped.flow)
        if flow is None:
            problems.append(Problem(str(file), line, f"there is no flow {shaped.flow}", nearest(shaped.flow, flows)))
        else:
            yield conversation, flow, line


def _files(paths: Iterable[Path], *, conversations: bool = False) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        found += sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    return [file for file in found if file.name.endswith(CONVERSATIONS_SUFFIX) == conversations][:FILES_MAX]


def _read_flows(
    paths: Iterable[Path], prompts: PromptSet, queues: Collection[str] | None
) -> tuple[list[tuple[Path, Flow]], list[Problem]]:
    flows: dict[str, tuple[Path, Flow]] = {}
    problems: list[Problem] = []
    for file in _files(paths):
        flow, found = _read_flow(file, prompts, queues)
        problems += found
        if flow is None:
            continue
        if flow.id in flows:
            problems.append(Problem(str(file), 1, f"the flow {flow.id} also stands in {flows[flow.id][0]}"))
        flows.setdefault(flow.id, (file, flow))
    return list(flows.values()), problems


def _read_flow(file: Path, prompts: PromptSet, queues: Collection[str] | None) -> tuple[Flow | None, list[Problem]]:
    tree, problems = read_file(file)
    if tree is None:
        return None, problems
    shaped, problems = shape(tree, FlowFile, str(file))
    if shaped is None:
        return None, problems
    hours, problems = _hours(shaped, tree, file)
    if problems:
        return None, problems
    flow = Flow(
        id=shaped.flow,
        version=content_hash(shaped),
        title=shaped.title,
        languages=shaped.languages,
        start=shaped.start,
        nodes=shaped.nodes,
        hours=hours,
    )
    problems = [
        Problem(str(file), line_at(tree, finding.path), finding.what, finding.hint)
        for finding in check_flow(flow, prompts, queues)
    ]
    return (None if problems else flow), sorted(problems)


def content_hash(content: msgspec.Struct) -> str:
    """Twelve hexadecimal digits that change with the content, not with comments or spaces."""
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()[:12]


def _hours(shaped: FlowFile, tree: Tree, file: Path) -> tuple[dict[str, HoursTable], list[Problem]]:
    tables: dict[str, HoursTable] = {}
    problems: list[Problem] = []
    for name, days in shaped.hours.items():
        weekdays: list[tuple[Opening, ...]] = [()] * len(_WEEKDAYS)
        holidays: tuple[Opening, ...] = ()
        for day, texts in days.items():
            line = line_at(tree, ("hours", name, day))
            openings, wrong = _openings(texts)
            problems += [Problem(str(file), line, what, "write 09:00-18:00") for what in wrong]
            if day == "holidays":
                holidays = openings
                continue
            numbers = _weekday_numbers(day)
            if not numbers:
                hint = nearest(day, (*_WEEKDAYS, "holidays")) or "mon … sun, mon-fri, or holidays"
                problems.append(Problem(str(file), line, f"{name}: there is no day {day}", hint))
            for number in numbers:
                weekdays[number] = openings
        tables[name] = HoursTable(weekdays=tuple(weekdays), holidays=holidays)
    return tables, problems


def _weekday_numbers(day: str) -> range:
    first, _, last = day.partition("-")
    if first not in _WEEKDAYS or (last or first) not in _WEEKDAYS:
        return range(0)
    return range(_WEEKDAYS.index(first), _WEEKDAYS.index(last or first) + 1)


def _openings(texts: Iterable[str]) -> tuple[tuple[Opening, ...], list[str]]:
    openings: list[Opening] = []
    wrong: list[str] = []
    for text in texts:
        match = _OPENING.match(text)
        numbers = [int(number) for number in match.groups()] if match else [0, 0, 0, 0]
        from_minute, until_minute = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
        is_time = max(numbers[1], numbers[3]) < 60 and until_minute <= MINUTES_IN_DAY
        if match is None or not is_time:
            wrong.append(f"{text} is not a time of day")
        elif from_minute >= until_minute:
            wrong.append(f"{text} ends before it begins")
        else:
            openings.append(Opening(from_minute=from_minute, until_minute=until_minute))
    return tuple(openings), wrong


def _read_prompts(folder: Path) -> tuple[PromptSet, list[Problem]]:
    files: dict[str, PromptFile] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.yaml")):
        file, found = _read_prompt_file(path)
        problems += found
        if file is not None:
            files[file.language] = file
    if not files and not problems:
        problems.append(Problem(str(folder), 0, "no prompts here", "there is one file a language: ko.yaml, en.yaml"))
    texts = {language: written_out(file) for language, file in files.items()}
    version = hashlib.sha256(msgspec.json.encode(texts, order="deterministic")).hexdigest()[:12]
    numbered = {language: tuple(file.numbered) for language, file in files.items()}
    return PromptSet(version=version, texts=texts, numbered=numbered), problems


def _read_prompt_file(path: Path) -> tuple[PromptFile | None, list[Problem]]:
    tree, problems = read_file(path)
    if tree is None:
        return None, problems
    file, problems = shape(tree, PromptFile, str(path))
    if file is None:
        return None, problems
    if file.language != path.stem:
        problems.append(Problem(str(path), line_at(tree, ("language",)), f"{path.name} is written in {file.language}"))
    for section, names in (("prompts", file.prompts), ("numbered", file.numbered)):
        for name in names:
            if not _PROMPT_ID.match(name):
                line = line_at(tree, (section, name))
                problems.append(Problem(str(path), line, f"{name} cannot be a prompt's name", "a–z, 0–9 and _"))
    for name, prompt in file.numbered.items():
        if SPOKEN_NUMBER not in prompt.each:
            line = line_at(tree, ("numbered", name, "each"))
            problems.append(Problem(str(path), line, f"{name} does not say {SPOKEN_NUMBER}"))
    return file, problems
