"""Each mistake that a flow can have is found, and said so that it can be mended."""

import pytest

from ivr.checker import check_flow
from ivr.loader import load_flows, load_prompts
from ivr.model import (
    AnswerNode,
    BranchNode,
    CallbackNode,
    ExtensionNode,
    Flow,
    HangUpNode,
    HoursNode,
    HoursTable,
    IdentifyNode,
    LanguageNode,
    LoadNode,
    MenuNode,
    MessageNode,
    Node,
    PinNode,
    PlayNode,
    QueueNode,
)
from ivr.prompts import PromptSet

PROMPTS = PromptSet(
    version="1",
    texts={"ko": {"hello": "안녕하세요.", "only_ko": "네."}, "en": {"hello": "Hello."}},
    numbered={"ko": ("position",), "en": ("position",)},
)
HELLO = ("hello",)
END = HangUpNode(reason="done")


def flow(languages: tuple[str, ...] = ("ko", "en"), hours: dict[str, HoursTable] | None = None, **nodes: Node) -> Flow:
    return Flow(
        id="test",
        version="1",
        title={"ko": "시험", "en": "Test"},
        languages=languages,
        start="start",
        nodes=nodes,
        hours=hours or {},
    )


def found(of: Flow, queues: tuple[str, ...] | None = None) -> list[tuple[str, str, str]]:
    return [(".".join(finding.path), finding.what, finding.hint) for finding in check_flow(of, PROMPTS, queues)]


def pin(**ways: str) -> PinNode:
    targets = {way: "end" for way in ("verified", "failed", "locked", "unavailable")} | ways
    return PinNode(prompts=HELLO, **targets)


def test_a_flow_without_mistakes_has_none() -> None:
    assert found(flow(start=AnswerNode(next="play"), play=PlayNode(prompts=HELLO, next="end"), end=END)) == []


def test_the_shipped_flows_have_none() -> None:
    for shipped in load_flows().flows:
        assert check_flow(shipped, load_prompts(), queues=("orders", "care")) == []


ASK = ExtensionNode(prompts=HELLO, found="first", absent="any", unknown="any")
FIRST, ANY = QueueNode(queue="care", named="asked_for"), QueueNode(queue="care")


def test_who_is_asked_for_is_given_the_call_by_a_queue() -> None:
    assert found(flow(start=AnswerNode(next="ask"), ask=ASK, first=FIRST, any=ANY)) == []
    assert found(flow(start=AnswerNode(next="ask"), ask=ASK, first=ANY, any=ANY)) == [
        ("nodes.ask.found", "ask: who is asked for is given the call by no queue", "a queue node with named: asked_for")
    ]


def test_a_queue_for_who_was_asked_for_needs_somebody_who_was() -> None:
    assert found(flow(start=AnswerNode(next="first"), first=FIRST)) == [
        ("nodes.first.named", "first: nobody can have been asked for", "an extension node must lead here")
    ]


def test_a_name_that_does_not_exist_is_told_with_the_nearest() -> None:
    assert found(flow(start=AnswerNode(next="ent"), end=END)) == [
        ("nodes.start.next", "start leads to ent, which does not exist", "did you mean end?")
    ]


def test_a_missing_start_is_told() -> None:
    assert found(flow(stort=END)) == [("start", "there is no node start", "did you mean stort?")]


def test_a_node_that_no_way_leads_to_is_told() -> None:
    assert found(flow(start=END, lonely=END)) == [("nodes.lonely", "no way leads to lonely", "")]


def test_a_dead_end_is_told_for_every_node_in_it() -> None:
    trap = MenuNode(prompts=HELLO, keys={"1": "trap"}, otherwise="trap2")
    trap2 = MenuNode(prompts=HELLO, keys={"1": "trap"}, otherwise="trap")
    problems = found(flow(start=AnswerNode(next="trap"), trap=trap, trap2=trap2))
    assert [place for place, what, _ in problems if what.startswith("dead end")] == [
        "nodes.start",
        "nodes.trap",
        "nodes.trap2",
    ]


def test_a_loop_that_silence_keeps_going_is_told_with_its_way() -> None:
    menu = MenuNode(prompts=HELLO, keys={"1": "end"}, otherwise="again")
    problems = found(
        flow(start=AnswerNode(next="menu"), menu=menu, again=PlayNode(prompts=HELLO, next="menu"), end=END)
    )
    assert [what for _, what, _ in problems] == ["a loop without any action of the caller: menu → again → menu"]


def test_a_loop_by_the_callers_own_key_is_allowed() -> None:
    menu = MenuNode(prompts=HELLO, keys={"1": "again"}, otherwise="end")
    nodes = {"menu": menu, "again": PlayNode(prompts=HELLO, next="menu"), "end": END}
    assert found(flow(start=AnswerNode(next="menu"), **nodes)) == []


def test_a_loop_of_conditions_is_told() -> None:
    first = BranchNode(on="verified", cases={"yes": "end"}, otherwise="second")
    second = BranchNode(on="tier", cases={"VIP": "end"}, otherwise="start")
    problems = found(flow(start=first, second=second, end=END))
    assert [what for _, what, _ in problems] == ["a loop without any action of the caller: start → second → start"]


def test_a_prompt_that_is_missing_in_one_language_is_told() -> None:
    play = PlayNode(prompts=("only_ko",), next="end")
    assert found(flow(start=AnswerNode(next="play"), play=play, end=END)) == [
        ("nodes.play.prompts", "play: there is no prompt only_ko in en", "")
    ]


def test_a_prompt_in_a_fixed_language_is_needed_in_that_one_only() -> None:
    play = PlayNode(prompts=("only_ko@ko",), next="end")
    assert found(flow(start=AnswerNode(next="play"), play=play, end=END)) == []


def test_a_numbered_prompt_must_exist() -> None:
    queue = QueueNode(queue="orders", position="postion")
    problems = found(flow(start=AnswerNode(next="queue"), queue=queue))
    assert [(what, hint) for _, what, hint in problems] == [
        ("queue: there is no numbered prompt postion in ko", "did you mean position?"),
        ("queue: there is no numbered prompt postion in en", "did you mean position?"),
    ]


def test_a_language_without_prompts_is_told() -> None:
    assert ("languages", "there are no prompts in fr", "there are ko, en") in found(
        flow(languages=("ko", "fr"), start=END)
    )
    assert found(flow(languages=(), start=END))[0] == ("languages", "the flow speaks no language", "")


def test_nothing_is_said_before_the_call_is_answered() -> None:
    nodes = {"play": PlayNode(prompts=HELLO, next="end"), "end": END, "answer": AnswerNode(next="play")}
    branch = BranchNode(on="caller_number", cases={"yes": "answer"}, otherwise="play")
    assert found(flow(start=branch, **nodes)) == [
        ("nodes.play", "play can be reached before the call is answered", "put an answer node first")
    ]


def test_an_unanswered_queue_with_announcements_is_told() -> None:
    assert found(flow(start=QueueNode(queue="orders"))) == []
    assert found(flow(start=QueueNode(queue="orders", offer=HELLO)))[0][1].startswith("start can be reached before")


def test_a_pin_needs_somebody_who_was_identified() -> None:
    assert [what for _, what, _ in found(flow(start=AnswerNode(next="pin"), pin=pin(), end=END))] == [
        "pin asks for a PIN, but nobody may have been identified before"
    ]
    who = IdentifyNode(by="caller_number", found="pin", unknown="end")
    assert found(flow(start=AnswerNode(next="who"), who=who, pin=pin(), end=END)) == []


@pytest.mark.parametrize(
    ("node", "what"),
    [
        (MenuNode(prompts=HELLO, keys={"12": "end"}, otherwise="end"), "node: 12 is not a key of a telephone"),
        (MenuNode(prompts=HELLO, keys={}, otherwise="end"), "node: nothing can be pressed"),
        (LanguageNode(prompts=HELLO, keys={"1": "fr"}, next="end"), "node: the flow does not speak fr"),
        (HoursNode(table="office", open="end", closed="end"), "node: there are no opening hours office"),
        (BranchNode(on="verified", cases={"maybe": "end"}, otherwise="end"), "node: verified is never maybe"),
        (BranchNode(on="language", cases={"fr": "end"}, otherwise="end"), "node: language is never fr"),
        (BranchNode(on="tier", cases={}, otherwise="end"), "node: no cases to branch on"),
        (
            IdentifyNode(by="customer_number", found="end", unknown="end"),
            "node: the caller is asked for a number, but nothing is said",
        ),
        (
            IdentifyNode(by="customer_number", prompts=HELLO, found="end", unknown="end", digits_min=9, digits_max=4),
            "node: digits_min is above digits_max",
        ),
        (
            CallbackNode(prompts=HELLO, ask_number=HELLO, stored="end", refused="end", back="end", yes="1", other="1"),
            "node: one key means both yes and another number",
        ),
        (
            CallbackNode(prompts=HELLO, ask_number=HELLO, stored="end", refused="end", back="end", yes="11"),
            "node: 11 is not a key of a telephone",
        ),
    ],
)
def test_fields_that_cannot_be_meant(node: Node, what: str) -> None:
    assert what in [told for _, told, _ in found(flow(start=AnswerNode(next="node"), node=node, end=END))]


def test_opening_hours_that_nobody_asks_for_are_told() -> None:
    table = HoursTable(weekdays=((),) * 7)
    assert found(flow(start=END, hours={"office": table})) == [
        ("hours.office", "no node asks for the opening hours office", "")
    ]


@pytest.mark.parametrize(
    ("load", "what", "hint"),
    [
        (
            LoadNode(queue="orders", busy="end", otherwise="end"),
            "start: nothing says when it is busy",
            "one of waiting_at_least, waiting_per_agent, expected_wait_s, calls_at_least",
        ),
        (
            LoadNode(queue="orders", nobody="end", otherwise="end", expected_wait_s=60),
            "start: expected_wait_s leads nowhere",
            "busy: where it leads",
        ),
        (LoadNode(queue="orders", otherwise="end"), "start: all go the same way", "busy, nobody, or nobody_ready"),
    ],
)
def test_a_load_node_says_what_leads_where(load: LoadNode, what: str, hint: str) -> None:
    assert (what, hint) in [(told, its_hint) for _, told, its_hint in found(flow(start=load, end=END))]


def test_queues_are_checked_where_they_are_known() -> None:
    load = LoadNode(queue="cara", waiting_at_least=5, busy="queue", otherwise="queue")
    of = flow(start=load, queue=QueueNode(queue="ordres"))
    assert found(of) == []
    assert found(of, queues=("orders", "care")) == [
        ("nodes.start.queue", "start: there is no queue cara", "did you mean care?"),
        ("nodes.queue.queue", "queue: there is no queue ordres", "did you mean orders?"),
    ]


def message(**changes: object) -> Flow:
    node = {"prompts": HELLO, "stored": "end", "refused": "end", "back": "end", **changes}
    return flow(start=AnswerNode(next="message"), message=MessageNode(**node), end=END)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "place", "what"),
    [
        ({"prompts": ()}, "nodes.message.prompts", "message: a message is recorded, and nobody is told"),
        ({"least_s": 30, "longest_s": 20}, "nodes.message.least_s", "message: least_s is not below longest_s"),
        ({"silence_s": 2}, "nodes.message.silence_s", "message: silence_s is not above least_s"),
        ({"queue": "night"}, "nodes.message.queue", "message: there is no queue night"),
        ({"too_short": ("gone",)}, "nodes.message.too_short", "message: there is no prompt gone in ko"),
        ({"back": "nowhere"}, "nodes.message.back", "message leads to nowhere, which does not exist"),
    ],
)
def test_a_message_that_cannot_be_taken_is_found(changes: dict[str, object], place: str, what: str) -> None:
    assert (place, what) in [finding[:2] for finding in found(message(**changes), queues=("care",))]


def test_a_message_that_is_refused_for_ever_is_a_loop() -> None:
    """Where nothing can be kept, nobody goes round without end."""
    around = message(refused="message")
    assert any("a loop without any action" in what for _, what, _ in found(around))
    assert found(message(silence_s=0)) == []


def test_a_message_on_a_line_that_nobody_answered_is_found() -> None:
    node = MessageNode(prompts=HELLO, stored="end", refused="end", back="end")
    assert any("before the call is answered" in what for _, what, _ in found(flow(start=node, end=END)))
