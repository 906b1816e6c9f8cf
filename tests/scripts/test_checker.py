"""Each mistake that a library can have is found, and said so that it can be mended."""

import msgspec
import pytest

from scripts.checker import check_dispositions, check_major, check_together, item_codes
from scripts.model import Choice, Disposition, DispositionGroup, Field, Item, Major, Node, View
from tests.scripts.small import LIBRARY, VIEWS, answer, both, item, major, node

CODES = item_codes(LIBRARY.majors)


def found(*items: Item) -> list[tuple[str, str, str]]:
    return [
        (".".join(str(part) for part in finding.path), finding.what, finding.hint)
        for finding in check_major(major("x", 1, *items), CODES, VIEWS)
    ]


def told(**nodes: Node) -> list[str]:
    return [what for _, what, _ in found(item("a", nodes))]


def test_a_library_without_mistakes_has_none() -> None:
    for one in LIBRARY.majors:
        assert check_major(one, CODES, VIEWS) == []
    assert check_together(LIBRARY.majors, LIBRARY.opening) == []


def test_an_answer_that_leads_nowhere_is_told_with_the_nearest_name() -> None:
    assert found(item("a", {"start": node(answer("yes", "ent")), "end": node()})) == [
        (
            "middles.0.items.0.nodes.start.answers.0.to",
            "x.all.a/start: yes leads to ent, which does not exist",
            "did you mean end?",
        )
    ]
    assert found(item("a", {"start": node(answer("yes", "bonus.all.balanse"))}))[0][2] == (
        "did you mean bonus.all.balance?"
    )


def test_a_missing_start_is_told() -> None:
    assert found(item("a", {"begin": node()}, start="begn"))[0][1:] == (
        "x.all.a has no node begn",
        "did you mean begin?",
    )


def test_a_node_that_no_answer_leads_to_is_told() -> None:
    assert told(start=node(), lonely=node()) == ["no answer leads to x.all.a/lonely"]


def test_a_node_with_neither_answers_nor_an_end_is_told() -> None:
    assert told(start=Node(say=both("말")))[0] == "dead end: x.all.a/start has neither answers nor `ends: true`"


def test_answers_that_go_round_without_an_end_are_told() -> None:
    assert told(start=node(answer("on", "next")), next=node(answer("back", "start"))) == [
        "from x.all.a/start no answers lead to an end",
        "from x.all.a/next no answers lead to an end",
    ]


def test_a_loop_that_an_answer_leads_out_of_is_allowed() -> None:
    assert told(start=node(answer("again", "start"), answer("done", "end")), end=node()) == []


def test_an_unknown_view_is_told() -> None:
    assert found(item("a", {"start": node(view="bonsu")}))[0][1:] == (
        "x.all.a/start: there is no record view bonsu",
        "did you mean bonus?",
    )


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        (node(say="{customer.nmae} 고객님"), "x.all.a/start: there is no data named customer.nmae"),
        (node(say="{customer.name 고객님"), "x.all.a/start: a brace that belongs to no placeholder"),
        (node(view="delivery", arguments={"order": "{order.nr}"}), "x.all.a/start: there is no data named order.nr"),
        (
            node(*(answer(f"a{n}", "start") for n in range(10))),
            "x.all.a/start has 10 answers; one key reaches 9",
        ),
        (node(answer("yes", "start"), answer("yes", "start")), "the id yes stands twice"),
        (
            node(fields=(Field(id="f", title=both("t")), Field(id="f", title=both("t")))),
            "the id f stands twice",
        ),
        (
            node(fields=(Field(id="f", title=both("t"), type="choice"),)),
            "x.all.a/start: the choice f needs two choices or more",
        ),
        (
            node(fields=(Field(id="f", title=both("t"), choices=(Choice(code="a", title=both("t")),)),)),
            "x.all.a/start: only a choice has choices, f is a text",
        ),
    ],
)
def test_a_node_that_cannot_be_meant(broken: Node, what: str) -> None:
    assert what in told(start=broken)


def test_a_label_with_unknown_data_is_told() -> None:
    broken = msgspec.structs.replace(node(), view=View(name="bonus", label=both("{bonus.pionts}")))
    assert "x.all.a/start: there is no data named bonus.pionts" in told(start=broken)


def test_more_than_nine_cannot_be_reached_by_one_key() -> None:
    items = [item(f"i{n}", {"start": node()}) for n in range(10)]
    assert found(*items)[0][1] == "10 소분류; one key reaches 9 at most"
    assert found()[0][1] == "no 소분류 here"


def test_a_code_that_stands_twice_is_told() -> None:
    twice = item("a", {"start": node()})
    assert ("middles.0.items.1.code", "the code a stands twice", "") in found(twice, twice)


def test_places_in_the_chooser_and_the_opening_item() -> None:
    majors: tuple[Major, ...] = (major("a", 1, item("i", {"start": node()})), major("b", 1))
    assert [finding.what for finding in check_together(majors, "a.all.j")] == [
        "place 1 of the chooser is taken twice: a, b",
        "the opening item a.all.j does not exist",
    ]


def groups(count: int) -> list[DispositionGroup]:
    return [DispositionGroup(code=f"g{n}", title=both("t")) for n in range(count)]


def test_dispositions_are_five_to_twelve_and_their_codes_differ() -> None:
    assert check_dispositions(groups(5)) == []
    assert check_dispositions(groups(12)) == []
    assert check_dispositions(groups(4))[0].what == "4 first-level results; there must be 5 to 12"
    assert check_dispositions(groups(13))[0].what == "13 first-level results; there must be 5 to 12"
    choice = Disposition(code="c", title=both("t"))
    twice = [*groups(4), DispositionGroup(code="g0", title=both("t"), choices=(choice, choice))]
    assert [finding.what for finding in check_dispositions(twice)] == [
        "the code g0 stands twice",
        "the code c stands twice",
    ]
