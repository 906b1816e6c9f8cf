"""The shipped flows behave as their written conversations say, and a conversation that differs is told where."""

import msgspec
import pytest

from ivr.conversations import Conversation, Given, Place, TalkStep, talk_through
from ivr.loader import CONVERSATIONS_SUFFIX, FLOWS, load_conversations, load_flows
from ivr.model import Flow

SHIPPED = load_flows()
WRITTEN = [
    (conversation, flow)
    for file in sorted(FLOWS.glob(f"*{CONVERSATIONS_SUFFIX}"))
    for conversation, flow in load_conversations(file, SHIPPED)
]
MAIN = SHIPPED.by_id("main")
assert MAIN is not None


@pytest.mark.parametrize(("conversation", "flow"), WRITTEN, ids=lambda value: getattr(value, "name", ""))
def test_written_conversation(conversation: Conversation, flow: Flow) -> None:
    assert talk_through(flow, conversation) == ""


def talk(*steps: TalkStep, given: Given | None = None) -> str:
    assert MAIN is not None
    return talk_through(MAIN, Conversation(name="test", steps=steps, given=given or Given()))


def test_another_prompt_than_written_is_told() -> None:
    assert talk(TalkStep(hears=("greeting", "consent"))) == (
        "step 1: the caller should hear consent, but hears language_menu"
    )


def test_silence_where_a_prompt_was_written_is_told() -> None:
    heard = ("greeting", "language_menu", "language_menu@en", "consent")
    assert talk(TalkStep(hears=heard)) == (
        "step 1: the caller should hear consent, but hears nothing more; the call is at language and waits for Collect"
    )


def test_a_step_that_the_flow_does_not_wait_for_is_told() -> None:
    assert talk(TalkStep(pin="verified")) == (
        "step 1: nothing like this is waited for; the call is at language and waits for Collect"
    )


def test_another_end_than_written_is_told() -> None:
    closed = Given(time="03:00")
    assert talk(TalkStep(presses="0"), TalkStep(ends="queue care"), given=closed) == (
        "step 2: the end should be queue care, but is hang_up not_served"
    )
    assert talk(TalkStep(presses="0"), TalkStep(presses="1"), given=closed) == (
        "step 2: the call has ended already: hang_up not_served"
    )


def test_a_place_in_the_queue_can_be_announced_only_in_a_queue() -> None:
    assert talk(TalkStep(announced=Place(position=1))).startswith("step 1: nothing like this is waited for")


def test_a_step_says_one_thing() -> None:
    assert talk(TalkStep(presses="1", language="ko")) == "step 1: write one thing a step, not presses, language"
    assert talk(TalkStep()) == "step 1: write one thing a step, not none"


def test_a_changed_flow_fails_its_conversations() -> None:
    """The check can fail: with the menu's keys exchanged, conversations that choose a queue differ."""
    assert MAIN is not None
    menu = MAIN.nodes["menu"]
    changed = msgspec.structs.replace(menu, keys={"1": "care_load", "2": "orders_load", "0": "care_load"})
    broken = msgspec.structs.replace(MAIN, nodes=MAIN.nodes | {"menu": changed})
    assert any(talk_through(broken, conversation) for conversation, flow in WRITTEN if flow is MAIN)
