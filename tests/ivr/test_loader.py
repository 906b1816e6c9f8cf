"""Files are loaded all or none, and every mistake stands on its line."""

from pathlib import Path

import pytest

from datafiles.problems import DataErrors
from ivr.loader import check_paths, load_flows, load_prompts
from ivr.model import QueueNode

GOOD = """\
flow: night
title: {ko: 야간, en: Night}
languages: [ko, en]
start: hours
hours:
  office:
    mon-fri: ["09:00-12:00", "13:00-18:00"]
    sun: []
nodes:
  hours: {kind: hours, table: office, open: queue, closed: end}
  queue: {kind: queue, queue: care}
  end: {kind: hang_up, reason: closed}
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, text: str) -> list[str]:
    return [str(problem).removeprefix(f"{folder}/") for problem in check_paths([write(folder, "x.yaml", text)])]


def test_a_flow_is_loaded_with_its_hours(tmp_path: Path) -> None:
    flow = load_flows([write(tmp_path, "night.yaml", GOOD)]).by_id("night")
    assert flow is not None
    assert flow.nodes["queue"] == QueueNode(queue="care")
    hours = flow.hours["office"]
    assert [len(day) for day in hours.weekdays] == [2, 2, 2, 2, 2, 0, 0]
    assert (hours.weekdays[0][1].from_minute, hours.weekdays[0][1].until_minute) == (780, 1080)


def test_the_version_follows_the_content_and_not_the_comments(tmp_path: Path) -> None:
    def version(text: str) -> str:
        (flow,) = load_flows([write(tmp_path, "x.yaml", text)]).flows
        return flow.version

    assert version(GOOD) == version("# a comment\n\n" + GOOD)
    assert version(GOOD) != version(GOOD.replace("queue: care", "queue: orders"))
    assert version(GOOD) != version(GOOD.replace("09:00", "10:00"))


def test_the_shipped_files_have_no_problems() -> None:
    assert check_paths() == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("closed: end", "closed: ende"), "x.yaml:10: hours leads to ende, which does not exist (did you mean end?)"),
        (("queue: care", "queu: care"), "x.yaml:11: nodes.queue has no field queu (did you mean queue?)"),
        (("kind: queue", "kind: queeu"), "x.yaml:11: nodes.queue: there is no kind queeu (did you mean queue?)"),
        (("reason: closed", "reason: Closed!"), "x.yaml:12: nodes.end.reason cannot be written like this: Closed!"),
        (("sun: []", "son: []"), "x.yaml:8: office: there is no day son (did you mean sun?)"),
        (("09:00-12:00", "25:00-12:00"), "x.yaml:7: 25:00-12:00 ends before it begins (write 09:00-18:00)"),
        (("09:00-12:00", "09:61-12:00"), "x.yaml:7: 09:61-12:00 is not a time of day (write 09:00-18:00)"),
        (("09:00-12:00", "morning"), "x.yaml:7: morning is not a time of day (write 09:00-18:00)"),
        (("start: hours\n", ""), "x.yaml:1: the file lacks the field start"),
        (("[ko, en]", "[ko, fr]"), "x.yaml:3: there are no prompts in fr (there are en, ko)"),
        (("nodes:", "nodes: &anchor"), "x.yaml:9: anchors and aliases are not allowed (write the text out)"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    assert any(line.startswith(told) for line in problems(tmp_path, GOOD.replace(*change, 1)))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("closed: end", "closed: ende").replace("open: queue", "open: queen")
    assert len(problems(tmp_path, text)) == 2


def test_one_bad_file_loads_nothing(tmp_path: Path) -> None:
    write(tmp_path, "good.yaml", GOOD)
    bad = write(tmp_path, "bad.yaml", GOOD.replace("flow: night", "flow: day").replace("closed: end", "closed: ende"))
    with pytest.raises(DataErrors) as caught:
        load_flows([tmp_path])
    assert [problem.file for problem in caught.value.problems] == [str(bad)]


def test_two_files_with_one_flow_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", GOOD)
    write(tmp_path, "b.yaml", GOOD)
    with pytest.raises(DataErrors, match=r"b\.yaml:1: the flow night also stands in .*a\.yaml"):
        load_flows([tmp_path])


def test_queues_that_the_centre_does_not_have_are_told(tmp_path: Path) -> None:
    file = write(tmp_path, "x.yaml", GOOD)
    assert load_flows([file], queues=("care",)).by_id("night")
    with pytest.raises(DataErrors, match="there is no queue care"):
        load_flows([file], queues=("orders",))


def test_conversations_are_talked_through(tmp_path: Path) -> None:
    write(tmp_path, "night.yaml", GOOD)
    write(
        tmp_path,
        "night.test.yaml",
        "flow: night\nconversations:\n"
        '  - name: open\n    given: {weekday: tue, time: "13:30"}\n    steps: [{ends: queue care}]\n'
        '  - name: lunch\n    given: {weekday: tue, time: "12:30"}\n    steps: [{ends: queue care}]\n',
    )
    assert [str(problem) for problem in check_paths([tmp_path])] == [
        f"{tmp_path}/night.test.yaml:6: lunch: step 1: the end should be queue care, but is hang_up closed"
    ]


def test_a_conversation_with_an_unknown_flow_is_told(tmp_path: Path) -> None:
    write(tmp_path, "night.yaml", GOOD)
    write(tmp_path, "night.test.yaml", "flow: nigth\nconversations:\n  - name: open\n    steps: [{queued: care}]\n")
    assert [str(problem) for problem in check_paths([tmp_path])] == [
        f"{tmp_path}/night.test.yaml:3: there is no flow nigth (did you mean night?)"
    ]


def prompts_told(folder: Path, text: str) -> list[str]:
    write(folder, "ko.yaml", text)
    return [str(problem).removeprefix(f"{folder}/") for problem in check_paths((), folder)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("language: en\nprompts: {a: b}\n", "ko.yaml:1: ko.yaml is written in en"),
        ("language: ko\nprompts:\n  a: b\n  A b: c\n", "ko.yaml:4: A b cannot be a prompt's name (a–z, 0–9 and _)"),
        ("language: ko\nprompts:\n  a:\n", "ko.yaml:3: prompts.a must be text, not nothing"),
        ("language: ko\nprompts:\n  ../a: x\n", "ko.yaml:3: ../a cannot be a prompt's name (a–z, 0–9 and _)"),
        (
            "language: ko\nprompts: {a: b}\nnumbered:\n  n:\n    form: ordinal\n    each: x\n    more: y\n",
            "ko.yaml:6: n does not say {number}",
        ),
    ],
)
def test_mistakes_in_prompt_files_are_told(tmp_path: Path, text: str, told: str) -> None:
    assert told in prompts_told(tmp_path, text)


def test_a_folder_without_prompts_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataErrors, match="no prompts here"):
        load_prompts(tmp_path)
