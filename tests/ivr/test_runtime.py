"""What `start` and `resume` promise to the centre, whatever the flow."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.loader import load_flows, load_prompts
from ivr.model import (
    AnswerNode,
    BranchNode,
    CallbackNode,
    Flow,
    HangUpNode,
    LanguageNode,
    LoadNode,
    PlayNode,
    QueueNode,
    TransferNode,
    WaitNode,
)
from ivr.orders import (
    AnnouncementDue,
    Answer,
    Answered,
    CallbackRefused,
    CallbackStored,
    Collect,
    CollectTimedOut,
    CustomerIdentified,
    CustomerUnknown,
    DataWaitEnded,
    DigitsCollected,
    Enqueue,
    FlowInput,
    HangUp,
    Identify,
    PinChecked,
    Play,
    PromptsFinished,
    QueueFacts,
    QueueKeyPressed,
    QueueRefused,
    RequestCallback,
    Restarted,
    SetLanguage,
    SetQueueKeys,
    Transfer,
    VerifyPin,
    WaitForData,
)
from ivr.runtime import FlowContext, FlowMismatch, FlowPosition, Step, resume, start

MONDAY_TEN = FlowContext(weekday=0, minute=600, has_caller_number=True)
MAIN = load_flows().by_id("main")
DIRECT = load_flows().by_id("direct")
PROMPTS = load_prompts().by_key()
assert MAIN is not None
assert DIRECT is not None

# What may stand at the end of a step, so that the centre knows what to wait for.
AWAITED = (
    Answer,
    Play,
    Collect,
    Identify,
    VerifyPin,
    WaitForData,
    RequestCallback,
    Enqueue,
    SetQueueKeys,
    Transfer,
    HangUp,
)


def flow(**nodes: object) -> Flow:
    """A flow made by hand, which no checker has seen; it starts at `first`."""
    return Flow(id="test", version="1", title={}, languages=("ko", "en"), start="first", nodes=nodes)  # type: ignore[arg-type]


def walk(of: Flow, *inputs: FlowInput, context: FlowContext = MONDAY_TEN) -> Step:
    step = start(of, context)
    for given_input in inputs:
        assert step.position is not None
        step = resume(of, step.position, given_input, context)
    return step


def test_the_direct_flow_queues_an_unanswered_call() -> None:
    step = start(DIRECT, MONDAY_TEN)
    assert step.orders == (Enqueue(queue="orders", announce_at_start=False),)
    assert step.position is not None
    assert step.position.queue == "orders"


def test_the_main_flow_answers_before_anything_else() -> None:
    assert start(MAIN, MONDAY_TEN).orders == (Answer(),)


def test_a_customers_language_is_spoken_from_the_start_if_the_flow_has_it() -> None:
    def position(language: str | None) -> str | None:
        step = start(MAIN, msgspec.structs.replace(MONDAY_TEN, language=language))
        return step.position.language if step.position else None

    assert [position(language) for language in ("en", "ko", "fr", None)] == ["en", "ko", "ko", "ko"]


def test_choosing_a_language_tells_the_centre_and_changes_the_prompts() -> None:
    step = walk(MAIN, Answered(), DigitsCollected(digits="2"))
    assert step.orders == (SetLanguage(language="en"), Play(prompts=("en/consent",), language="en"))


def test_a_customer_number_is_collected_as_a_secret_and_looked_up_by_reference() -> None:
    nobody = msgspec.structs.replace(MONDAY_TEN, has_caller_number=False)
    step = walk(MAIN, Answered(), DigitsCollected(digits="1"), PromptsFinished(), context=nobody)
    (order,) = step.orders
    assert isinstance(order, Collect)
    assert (order.secret, order.terminators, order.digits_min) == (True, "#", 4)
    assert step.position is not None
    step = resume(MAIN, step.position, DigitsCollected(digits="2004812"), nobody)
    assert step.orders == (Identify(by="customer_number", use_collected=True),)


def test_a_pin_is_checked_by_reference() -> None:
    step = walk(
        MAIN,
        Answered(),
        DigitsCollected(digits="1"),
        PromptsFinished(),
        CustomerIdentified(candidates=1),
        DigitsCollected(digits="••••"),
    )
    assert step.orders == (VerifyPin(),)


def test_positions_and_orders_never_hold_digits() -> None:
    secret = "86420975"
    step = walk(MAIN, Answered(), DigitsCollected(digits="1"), PromptsFinished(), CustomerUnknown())
    for given_input in (DigitsCollected(digits=secret), CustomerIdentified(), DigitsCollected(digits=secret)):
        assert step.position is not None
        step = resume(MAIN, step.position, given_input, MONDAY_TEN)
        assert secret not in msgspec.json.encode(step).decode()
        assert secret not in repr(given_input)


def test_a_position_survives_storage() -> None:
    position = walk(MAIN, Answered(), DigitsCollected(digits="2")).position
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(position), type=FlowPosition) == position


def test_a_position_of_another_version_is_refused() -> None:
    position = start(MAIN, MONDAY_TEN).position
    assert position is not None
    older = msgspec.structs.replace(position, version="older")
    with pytest.raises(FlowMismatch):
        resume(MAIN, older, Answered(), MONDAY_TEN)


def test_waiting_for_data_ends_by_its_signal() -> None:
    waiting = flow(first=WaitNode(next="last", limit_ms=200), last=HangUpNode(reason="done"))
    assert start(waiting, MONDAY_TEN).orders == (WaitForData(limit_ms=200),)
    step = walk(waiting, DataWaitEnded())
    assert (step.position, step.orders) == (None, (HangUp(reason="done"),))


def test_a_transfer_speaks_first_and_ends_the_flow() -> None:
    handed_on = flow(first=TransferNode(number="15881234", prompts=("moment",)))
    assert start(handed_on, MONDAY_TEN).orders == (Play(prompts=("ko/moment",), language="ko"),)
    step = walk(handed_on, PromptsFinished())
    assert (step.position, step.orders) == (None, (Transfer(number="15881234"),))


def queue_flow(**fields: object) -> Flow:
    return flow(
        first=QueueNode(queue="orders", keys={"2": "callback"}, position="position", **fields),  # type: ignore[arg-type]
        callback=CallbackNode(
            prompts=("confirm",), ask_number=("number",), stored="bye", refused="first", back="first"
        ),
        busy=PlayNode(prompts=("busy",), next="first"),
        bye=HangUpNode(reason="callback_stored"),
    )


@pytest.mark.parametrize(
    ("limits", "facts", "calls", "leads_to"),
    [
        ({"waiting_at_least": 5}, {"waiting": 5}, 1, "busy"),
        ({"waiting_at_least": 5}, {"waiting": 4}, 1, "otherwise"),
        ({"waiting_at_least": 5}, {"waiting": 50, "is_free": True}, 1, "otherwise"),
        ({"waiting_per_agent": 3}, {"waiting": 6, "logged_in_agents": 2}, 1, "busy"),
        ({"waiting_per_agent": 3}, {"waiting": 5, "logged_in_agents": 2}, 1, "otherwise"),
        ({"expected_wait_s": 60}, {"expected_wait_s": 60}, 1, "busy"),
        ({"expected_wait_s": 60}, {"expected_wait_s": 59}, 1, "otherwise"),
        ({"expected_wait_s": 60}, {"waiting": 99}, 1, "otherwise"),
        ({"expected_wait_s": 60, "waiting_at_least": 9}, {"waiting": 9}, 1, "busy"),
        ({"calls_at_least": 30}, {"is_free": True}, 30, "busy"),
        ({"waiting_at_least": 1}, {"waiting": 9, "logged_in_agents": 0, "ready_agents": 0}, 1, "nobody"),
        ({"waiting_at_least": 1}, {"waiting": 9, "ready_agents": 0}, 1, "nobody_ready"),
    ],
)
def test_a_flow_branches_by_how_busy_a_queue_is(
    limits: dict[str, int], facts: dict[str, Any], calls: int, leads_to: str
) -> None:
    ways = {way: way for way in ("busy", "otherwise", "nobody", "nobody_ready")}
    load = LoadNode(queue="orders", **ways, **limits)
    of = flow(first=load, **{way: HangUpNode(reason=way) for way in ways})
    context = msgspec.structs.replace(MONDAY_TEN, queues={"orders": QueueFacts(**facts)}, calls=calls)
    assert start(of, context).orders == (HangUp(reason=leads_to),)


def test_a_queue_is_as_busy_as_it_is_to_a_caller_of_this_language() -> None:
    """The language is chosen in the same step."""
    of = flow(
        first=AnswerNode(next="language"),
        language=LanguageNode(prompts=(), keys={"1": "ko", "2": "en"}, next="load"),
        load=LoadNode(queue="orders", nobody="nobody", otherwise="otherwise"),
        nobody=HangUpNode(reason="nobody"),
        otherwise=HangUpNode(reason="otherwise"),
    )
    queues = {"orders": QueueFacts(), "orders@en": QueueFacts(logged_in_agents=0)}
    context = msgspec.structs.replace(MONDAY_TEN, queues=queues)
    for key, reason in (("1", "otherwise"), ("2", "nobody")):
        assert walk(of, Answered(), DigitsCollected(digits=key), context=context).orders[-1] == HangUp(reason=reason)


def test_a_queue_is_entered_once_and_only_listened_to_afterwards() -> None:
    step = walk(queue_flow(), QueueKeyPressed(key="2"), DigitsCollected(digits="0"))
    assert step.orders == (SetQueueKeys(keys=("2",)),)


def test_a_refused_queue_hangs_up_or_goes_where_the_flow_says() -> None:
    assert walk(queue_flow(), QueueRefused()).orders == (HangUp(reason="queue_refused"),)
    step = walk(queue_flow(refused="busy"), QueueRefused(), PromptsFinished())
    assert isinstance(step.orders[-1], Enqueue), "it is not in the queue, so it enters it again"


def test_a_callback_names_the_queue_whose_place_is_kept() -> None:
    step = walk(queue_flow(), QueueKeyPressed(key="2"), DigitsCollected(digits="1"))
    assert step.orders == (RequestCallback(number="caller", queue="orders"),)
    assert walk(queue_flow(), QueueKeyPressed(key="2"), DigitsCollected(digits="1"), CallbackStored()).orders == (
        HangUp(reason="callback_stored"),
    )


def test_without_a_callers_number_one_is_asked_for_at_once() -> None:
    unknown = msgspec.structs.replace(MONDAY_TEN, has_caller_number=False)
    step = walk(queue_flow(), QueueKeyPressed(key="2"), context=unknown)
    (order,) = step.orders
    assert isinstance(order, Collect)
    assert (order.prompts, order.secret) == (("ko/number",), True)
    step = walk(queue_flow(), QueueKeyPressed(key="2"), DigitsCollected(digits="0212345678"), context=unknown)
    assert step.orders == (RequestCallback(number="collected", queue="orders"),)


def test_late_and_doubled_inputs_change_nothing() -> None:
    step = walk(queue_flow(), QueueKeyPressed(key="2"))
    assert step.position is not None
    for late in (PromptsFinished(), Answered(), PinChecked(result="verified"), CallbackStored(), CustomerUnknown()):
        assert resume(queue_flow(), step.position, late, MONDAY_TEN) == Step(position=step.position)
    for late in (AnnouncementDue(position=1), QueueKeyPressed(key="2")):
        assert resume(queue_flow(), step.position, late, MONDAY_TEN).orders == ()


def test_a_flow_made_by_hand_that_never_waits_is_stopped() -> None:
    endless = flow(first=BranchNode(on="verified", cases={}, otherwise="first"))
    with pytest.raises(AssertionError, match="without waiting"):
        start(endless, MONDAY_TEN)


ANY_INPUT = st.one_of(
    st.sampled_from(
        [
            Answered(),
            PromptsFinished(),
            CollectTimedOut(),
            CustomerIdentified(),
            CustomerIdentified(candidates=3),
            CustomerUnknown(),
            DataWaitEnded(),
            QueueRefused(),
            CallbackStored(),
            CallbackRefused(),
            Restarted(),
            *(PinChecked(result=result) for result in ("verified", "wrong", "locked", "unavailable")),
        ]
    ),
    st.text("0123456789*#", max_size=12).map(lambda digits: DigitsCollected(digits=digits)),
    st.sampled_from("0123456789*#").map(lambda key: QueueKeyPressed(key=key)),
    st.integers(0, 99).map(lambda place: AnnouncementDue(position=place, expected_wait_s=place * 30)),
)


@given(st.lists(ANY_INPUT, max_size=40), st.integers(0, 6), st.integers(0, 1439), st.booleans())
def test_whatever_comes_the_law_of_a_step_holds(
    inputs: list[FlowInput], weekday: int, minute: int, has_number: bool
) -> None:
    """At most one order is waited for, it stands last, every prompt exists, and the flow ends with its last order."""
    context = FlowContext(weekday=weekday, minute=minute, has_caller_number=has_number)
    step = start(MAIN, context)
    for given_input in inputs:
        for order in step.orders[:-1]:
            assert not isinstance(order, AWAITED)
        for order in step.orders:
            if isinstance(order, Play | Collect):
                assert set(order.prompts) <= set(PROMPTS)
        ends = bool(step.orders) and isinstance(step.orders[-1], Transfer | HangUp)
        assert (step.position is None) == ends
        if step.position is None:
            return
        step = resume(MAIN, step.position, given_input, context)


def test_a_longer_wait_is_said_as_a_change_or_not_at_all() -> None:
    """Where the flow has words for the change they come first; without them the caller hears the place alone."""
    due = AnnouncementDue(position=2, expected_wait_s=120, is_raised=True)
    said: dict[bool, tuple[str, ...]] = {}
    for has_words in (True, False):
        node = QueueNode(
            queue="orders",
            position="position",
            expected_wait="expected_wait",
            wait_raised=("wait_raised",) if has_words else (),
        )
        flow = Flow(id="f", version="1", title={}, languages=("ko",), start="wait", nodes={"wait": node})
        position = start(flow, FlowContext(weekday=0, minute=600)).position
        assert position is not None
        (order,) = resume(flow, position, due, FlowContext(weekday=0, minute=600)).orders
        assert isinstance(order, Play)
        said[has_words] = order.prompts
    assert said[True] == ("ko/position.2", "ko/wait_raised", "ko/expected_wait.2")
    assert said[False] == ("ko/position.2",)
