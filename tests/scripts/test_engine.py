"""Where a call is in the scripts, and what that says about why the customer calls."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.engine import (
    STEPS_MAX,
    ScriptMismatch,
    ScriptRun,
    back,
    begin,
    can_go_back,
    choose,
    code_at,
    contact_reason,
    node_of,
    open_by_keys,
    open_item,
    progress,
    read_path,
    search,
    written_path,
)
from scripts.loader import load_library
from tests.scripts.small import LIBRARY


def run(*answers: str) -> ScriptRun:
    at = begin(LIBRARY)
    for answer in answers:
        at = choose(LIBRARY, at, answer)
    return at


def test_a_call_begins_with_the_opening_item() -> None:
    assert (run().item, run().node) == ("talk.all.greeting", "start")
    assert not can_go_back(run())


def test_an_answer_leads_to_a_node_or_to_another_item() -> None:
    assert (run("late", "yes").item, run("late", "yes").node) == ("delivery.all.late", "due")
    assert run("late", "yes", "bonus").item == "bonus.all.balance"


def test_an_answer_that_is_not_expected_is_refused() -> None:
    with pytest.raises(ScriptMismatch, match="expects no answer maybe"):
        choose(LIBRARY, run(), "maybe")


def test_back_undoes_the_last_choice_and_stops_at_the_beginning() -> None:
    assert back(run("late", "yes")) == run("late")
    assert back(back(back(run("late")))) == run()


def test_choosing_changes_no_earlier_run() -> None:
    before = run("late")
    choose(LIBRARY, before, "yes")
    assert before == run("late")


def test_three_keys_open_an_item() -> None:
    assert code_at(LIBRARY, "312") == "talk.all.farewell"
    opened = open_by_keys(LIBRARY, "211", run("bonus"))
    assert opened is not None
    assert opened.item == "delivery.all.late"
    assert back(opened) == run("bonus"), "the way before it is kept"


@pytest.mark.parametrize("keys", ["", "1", "911", "191", "119", "1111", "0aa", "１１１"])
def test_keys_that_lead_nowhere_open_nothing(keys: str) -> None:
    assert open_by_keys(LIBRARY, keys) is None


def test_the_reason_is_the_last_item_that_has_one() -> None:
    assert contact_reason(LIBRARY, run()) == ()
    assert contact_reason(LIBRARY, run("late")) == ("delivery", "all", "late")
    assert contact_reason(LIBRARY, run("late", "yes", "home", "done")) == ("delivery", "all", "late")
    assert contact_reason(LIBRARY, run("late", "yes", "bonus")) == ("bonus", "all", "balance")


def test_progress_counts_the_present_topic_only() -> None:
    assert progress(LIBRARY, run("late")) == (1, 4), "due, farewell, bye are still to come"
    assert progress(LIBRARY, run("late", "yes")) == (2, 4)
    assert progress(LIBRARY, run("late", "no")) == (2, 5)
    assert progress(LIBRARY, run("late", "yes", "home", "done")) == (4, 4)
    assert progress(LIBRARY, run("late", "yes", "bonus")) == (1, 3)


def test_progress_starts_again_with_an_item_opened_by_hand() -> None:
    at = open_item(LIBRARY, "talk.all.farewell", run("late", "yes"))
    assert progress(LIBRARY, at) == (1, 2)


def test_a_run_survives_json_and_the_wire() -> None:
    at = run("late", "no", "paid")
    assert msgspec.json.decode(msgspec.json.encode(at), type=ScriptRun) == at
    assert read_path(LIBRARY, written_path(at)) == at
    assert written_path(run("late")) == ("talk.all.greeting/start=late", "delivery.all.late/start")


def test_a_path_of_another_library_is_followed_as_far_as_it_is_known() -> None:
    path = (
        "old.all.item/start=x",
        "talk.all.greeting/start=late",
        "delivery.all.gone/start=y",
        "delivery.all.late/due",
    )
    at = read_path(LIBRARY, path)
    assert at is not None
    assert (at.item, at.node, len(at.steps)) == ("delivery.all.late", "due", 2)
    assert at.steps[0].answer is None, "the answer led to what is no more"
    assert read_path(LIBRARY, ("old.all.item/start",)) is None
    assert read_path(LIBRARY, ()) is None


def test_a_run_of_another_version_is_refused() -> None:
    with pytest.raises(ScriptMismatch, match="follows version 0"):
        node_of(LIBRARY, msgspec.structs.replace(run(), library_version="0"))
    with pytest.raises(ScriptMismatch, match="no item"):
        open_item(LIBRARY, "no.such.item")


def test_a_call_that_wanders_for_ever_keeps_a_bounded_way() -> None:
    at = run("late", "yes")
    for _ in range(STEPS_MAX):
        at = choose(LIBRARY, choose(LIBRARY, at, "again"), "yes")
    assert len(at.steps) == STEPS_MAX


def test_items_are_found_by_words_of_their_titles() -> None:
    assert search(LIBRARY, "delivery 소", "ko") == ("delivery.all.late",)
    assert search(LIBRARY, "소", "ko")[0] == "bonus.all.balance"
    assert search(LIBRARY, "nothing", "ko") == ()
    assert search(LIBRARY, " ", "ko") == ()


SHIPPED = load_library()


@given(st.lists(st.integers(0, 8), max_size=60))
def test_no_way_through_the_shipped_library_breaks(choices: list[int]) -> None:
    """Whatever is answered there is a page, steps never pass their number, and every way can be undone."""
    at = begin(SHIPPED)
    for choice in choices:
        answers = node_of(SHIPPED, at).answers
        if not answers:
            at = begin(SHIPPED)
            continue
        following = choose(SHIPPED, at, answers[choice % len(answers)].id)
        assert back(following) == at
        at = following
        step, steps = progress(SHIPPED, at)
        assert 1 <= step <= steps
    assert read_path(SHIPPED, written_path(at)) == at
