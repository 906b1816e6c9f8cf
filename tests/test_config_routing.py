"""The routing part of a centre's file: what may be said, and which mistakes are told with their line."""

from pathlib import Path

import pytest

from cti_server.config import read, write_defaults
from cti_server.config.reading import check
from cti_server.core.settings import (
    CentreSettings,
    LanguageSettings,
    OverflowSettings,
    QueueSettings,
    RelaxSettings,
    TierSettings,
)
from cti_server.core.vocabulary import NamedBy, OverflowWhen, Strategy, WorkOrder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    write_defaults(folder)
    return folder


def put(data: Path, text: str, *, into: str = "  care:\n") -> Path:
    """The text stands behind a line of the default file."""
    file = data / "config" / "centre.yaml"
    before = file.read_text(encoding="utf-8")
    assert into in before
    file.write_text(before.replace(into, into + text, 1), encoding="utf-8")
    return file


def care(settings: CentreSettings) -> QueueSettings:
    return next(queue for queue in settings.queues if queue.queue == "care")


@pytest.mark.parametrize("strategy", list(Strategy))
def test_every_strategy_can_be_configured(data: Path, strategy: Strategy) -> None:
    put(data, f"    strategy: {strategy}\n")
    assert care(read(data).centre).strategy is strategy


def test_all_rules_of_a_queue_reach_the_core(data: Path) -> None:
    put(
        data,
        "    requires: {english: 3}\n"
        "    relax: [{after_s: 30, requires: {english: 1}}]\n"
        "    weight: 2\n"
        "    named: [last_agent]\n"
        "    overflow: [{when: wait, at_least: 120, to: orders}, {when: nobody, to: refused}]\n",
    )
    queue = care(read(data).centre)
    assert queue.ring_all_max == 10
    assert queue.requires == {"english": 3} and queue.weight == 2 and queue.named == (NamedBy.LAST_AGENT,)
    assert queue.relax == (RelaxSettings(after_s=30, requires={"english": 1}),)
    assert queue.overflow[0] == OverflowSettings(when=OverflowWhen.WAIT, to="orders", at_least=120)


def test_ring_all_rings_so_many(data: Path) -> None:
    put(data, "    strategy: ring_all\n    ring_all_max: 5\n")
    assert (care(read(data).centre).strategy, care(read(data).centre).ring_all_max) == (Strategy.RING_ALL, 5)


def test_what_calls_ask_for_by_themselves_reaches_the_core(data: Path) -> None:
    put(
        data,
        "  '1588-0003': {flow: 'queue:care', language: en, skills: {billing: 3}}\n"
        "languages:\n  en: {skills: {english: 2}}\n",
        into='  1588-0002: {flow: "queue:orders"}\n',
    )
    put(data, "    relax: [{after_s: 30, requires: {english: 0, billing: 1}}]\n")
    centre = read(data).centre
    assert centre.languages == (LanguageSettings(language="en", skills={"english": 2}),)
    assert (centre.lines[-1].language, centre.lines[-1].skills) == ("en", {"billing": 3})
    assert care(centre).relax == (RelaxSettings(after_s=30, requires={"english": 0, "billing": 1}),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("languages: {fr: {skills: {french: 1}}}\n", "there is no language fr (one of ko, en)"),
        ("languages: {en: {skills: {english: 0}}}\n", "english must be from 1 to 10, not 0"),
        ("languages: {en: {skils: {english: 1}}}\n", "skils (did you mean skills?)"),
    ],
)
def test_a_mistake_in_languages_is_told_with_its_line(data: Path, text: str, expected: str) -> None:
    file = put(data, text, into="record_calls: true\n")
    problems = [str(problem) for problem in check(file)]
    line = file.read_text(encoding="utf-8").splitlines().index(text.strip()) + 1
    assert len(problems) == 1 and expected in problems[0] and f":{line}: " in problems[0], problems


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "overflow: [{when: wait, at_least: 30, to: orders}, {when: wait, at_least: 60, to: refused}]",
            "this rule is never looked at: another one by wait stands before it",
        ),
        (
            "overflow: [{when: size, at_least: 5, to: refused}, {when: size, at_least: 9, to: orders}]",
            "another one by size stands before it",
        ),
        (
            "overflow: [{when: wait, at_least: 1800, to: orders}]",
            "overflow never takes effect (maximum_wait_s is 1800)",
        ),
        ("overflow: [{when: size, at_least: 501, to: orders}]", "overflow never takes effect (maximum_waiting is 500)"),
        ("wait_ceiling_s: 1800", "wait_ceiling_s never takes effect (maximum_wait_s is 1800)"),
        ("relax: [{after_s: 1800, requires: {care: 0}}]", "relax never takes effect (maximum_wait_s is 1800)"),
        ("relax: [{after_s: 10, requires: {}}]", "a step of relax lowers nothing"),
        ("requires: {care: 3}", "how much of its own skill it asks for is minimum_level (minimum_level: 3)"),
        ("named: [last_agent, account_owner, last_agent]", "last_agent stands twice in named"),
        ("overflow: [{when: per_agent, to: orders}]", "overflow by per_agent needs at_least (callers for each)"),
    ],
)
def test_what_would_never_take_effect_is_told(data: Path, text: str, expected: str) -> None:
    file = put(data, f"    {text}\n")
    problems = [str(problem) for problem in check(file)]
    line = file.read_text(encoding="utf-8").splitlines().index(f"    {text}") + 1
    assert len(problems) == 1 and expected in problems[0] and f":{line}: " in problems[0], problems


def test_thresholds_may_stand_several_times_the_higher_first(data: Path) -> None:
    rules = "{when: size, at_least: 9, to: orders}, {when: size, at_least: 5, to: refused}, {when: nobody, to: orders}"
    assert check(put(data, f"    overflow: [{rules}]\n")) == []


def test_a_step_may_not_raise_what_only_calls_ask_for(data: Path) -> None:
    put(data, "languages: {en: {skills: {english: 2}}}\n", into="record_calls: true\n")
    file = put(data, "    relax: [{after_s: 30, requires: {english: 3, englsh: 0}}]\n")
    unknown, raised = [str(problem) for problem in check(file)]
    assert "relax names the skill englsh, which neither the queue nor any call asks for" in unknown
    assert "(did you mean english?)" in unknown and "relax raises english from 2 to 3" in raised


def test_tiers_order_and_holidays_reach_the_core(data: Path) -> None:
    put(
        data,
        "tiers: {vip: {head_start_s: 60, wait_ceiling_s: 90}}\n",
        into="routing_seed: 0                  # of the strategy random\n",
    )
    file = data / "config" / "centre.yaml"
    text = file.read_text(encoding="utf-8").replace("work_order: due_first", "work_order: level_first")
    text = text.replace("also: {} ", 'also: {"1970-01-03": {ko: 창립 기념일, en: Founding day}} ')
    file.write_text(text, encoding="utf-8")
    centre = read(data).centre
    assert centre.tiers == (TierSettings(tier="vip", head_start_s=60, wait_ceiling_s=90),)
    assert (centre.work_order, centre.calendar, centre.own_holidays) == (WorkOrder.LEVEL_FIRST, "korea", (2,))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("    strategy: longest_idel\n", "cannot be 'longest_idel' (did you mean longest_idle?)"),
        ("    ring_all_max: 5\n", "ring_all_max does nothing here"),
        ("    strategy: ring_all\n    ring_all_max: 1\n", "must be from 2 to 50"),
        ("    relax: [{after_s: 30, requires: {english: 1}}]\n", "which neither the queue nor any call asks for"),
        (
            "    requires: {english: 3}\n    relax: [{after_s: 30, requires: {english: 4}}]\n",
            "relax raises english from 3 to 4",
        ),
        (
            "    requires: {english: 3}\n"
            "    relax: [{after_s: 30, requires: {english: 2}}, {after_s: 20, requires: {english: 1}}]\n",
            "must stand in the order of after_s",
        ),
        ("    overflow: [{when: size, at_least: 5, to: order}]\n", "no queue (did you mean orders?)"),
        ("    overflow: [{when: wait, to: orders}]\n", "overflow by wait needs at_least"),
        ("    overflow: [{when: nobody, to: care}]\n", "round in a circle: care → care"),
        ("    weight: 0\n", "must be from 1 to 100"),
    ],
)
def test_a_mistake_is_told_with_its_line(data: Path, text: str, expected: str) -> None:
    file = put(data, text)
    problems = check(file, data)
    assert any(expected in str(problem) and problem.line > 0 for problem in problems), problems


def test_a_day_that_is_none_is_told(data: Path) -> None:
    file = data / "config" / "centre.yaml"
    text = file.read_text(encoding="utf-8").replace("also: {} ", 'also: {"2026-02-30": {ko: 없음, en: None}} ')
    file.write_text(text, encoding="utf-8")
    assert any("2026-02-30 is no date" in str(problem) for problem in check(file, data))


def test_callbacks_are_dialled_by_the_centre_unless_the_queue_says_otherwise(data: Path) -> None:
    put(data, "    callbacks: by_hand\n")
    settings = read(data).centre
    assert [(queue.queue, queue.callbacks) for queue in settings.queues] == [
        ("orders", "automatic"),
        ("care", "by_hand"),
    ]
    assert (settings.callback_from_s, settings.callback_until_s) == (8 * 3600, 21 * 3600)


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        ('{opens: "21:00", closes: "08:00"}', "callbacks are never dialled: 21:00 to 08:00"),
        ('{opens: "9:00"}', "callback_hours"),
        ('{closes: "24:30"}', "callback_hours"),
        ('{begins: "09:00"}', "begins"),
    ],
)
def test_hours_of_dialling_that_cannot_be_are_told_with_their_line(data: Path, hours: str, told: str) -> None:
    file = data / "config" / "centre.yaml"
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines, start=1) if line.startswith("callback_hours:"))
    lines[at - 1] = f"callback_hours: {hours}"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    problems = check(file)
    assert len(problems) == 1 and problems[0].line == at
    assert told in str(problems[0])


def test_a_callback_mode_that_does_not_exist_is_told_with_the_nearest(data: Path) -> None:
    (problem,) = check(put(data, "    callbacks: automatik\n"))
    assert "automatik" in str(problem) and "automatic" in str(problem)
