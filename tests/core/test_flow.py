"""A caller in the flow: answered, asked, identified, verified, queued, promised a callback, handed on."""

import pytest

from cti_server.core import effects as f
from cti_server.core import events as e
from cti_server.core import inputs as i
from cti_server.core.centre import Centre
from cti_server.core.entities import Call
from cti_server.core.vocabulary import (
    CallPhase,
    ClearingCause,
    CustomerRef,
    OfferOutcome,
    PinResult,
    QueueExit,
    Verification,
)
from ivr.model import (
    AnswerNode,
    CallbackNode,
    Flow,
    FlowSet,
    HangUpNode,
    HoursNode,
    HoursTable,
    IdentifyNode,
    LoadNode,
    MenuNode,
    Node,
    Opening,
    PinNode,
    PlayNode,
    QueueNode,
    TransferNode,
    WaitNode,
)
from tests.core.house import KIM, NUMBER, ORDERS, SECOND, SETTINGS, START, House, assert_delivered

CUSTOMER = CustomerRef("C-1")


def flow(start: str, **nodes: Node) -> FlowSet:
    """A flow of these nodes, and a goodbye."""
    last = HangUpNode(reason="over")
    hours = {"office": HoursTable(weekdays=((Opening(from_minute=540, until_minute=1080),),) * 7)}
    nodes = {"answer": AnswerNode(next=start), "over": last, **nodes}
    return FlowSet(
        flows=(
            Flow(id="main", version="1", title={}, languages=("ko", "en"), start="answer", nodes=nodes, hours=hours),
        )
    )


def answered(flows: FlowSet, *, number: str = NUMBER) -> tuple[House, Call]:
    house = House(flows=flows)
    call = house.arrive("1588", number)
    assert call.customer_leg is not None
    assert house.one(f.AnswerLeg)
    house.tell(i.LegAnswered(leg=call.customer_leg))
    return house, call


def played(house: House, call: Call) -> None:
    """The prompts that are being played end."""
    assert call.customer_leg is not None
    play = house.one(f.PlayPrompts)
    house.tell(i.PlayFinished(leg=call.customer_leg, play=play.n))


QUEUE = QueueNode(queue="orders", position="position", offer=("offer",), announce_every_s=30, keys={"2": "callback"})
CALLBACK = CallbackNode(
    prompts=("confirm",), ask_number=("ask",), stored="over", refused="over", back="queue", invalid=("wrong",)
)
PIN = PinNode(prompts=("ask_pin",), verified="yes", failed="no", locked="locked", unavailable="no")
KNOW = IdentifyNode(by="caller_number", found="pin", unknown="no")
SAID: dict[str, Node] = {name: PlayNode(prompts=(name,), next="over") for name in ("yes", "no", "locked")}


HELLO = PlayNode(prompts=("hello",), next="ask", interruptible=True)
ASK = MenuNode(prompts=("menu",), keys={"1": "one", "2": "two"}, otherwise="over", invalid=("wrong",))
ANSWERS: dict[str, Node] = {name: PlayNode(prompts=(name,), next="over") for name in ("one", "two")}


def heard(house: House) -> list[str]:
    """The prompts that this step leaves to be heard."""
    last = [effect for effect in house.effects if isinstance(effect, f.PlayPrompts | f.StopPlaying)][-1]
    return list(last.prompts) if isinstance(last, f.PlayPrompts) else []


def test_a_key_that_cuts_the_announcement_short_answers_the_menu_after_it() -> None:
    house, call = answered(flow("hello", hello=HELLO, ask=ASK, **ANSWERS))
    house.press(call, "2")
    assert heard(house) == ["ko/two"]


def test_a_key_that_the_menu_does_not_have_only_cuts_short() -> None:
    house, call = answered(flow("hello", hello=HELLO, ask=ASK, **ANSWERS))
    house.press(call, "9")
    assert heard(house) == ["ko/menu"], "not told that it was wrong"
    house.press(call, "1")
    assert heard(house) == ["ko/one"]


def test_a_key_in_an_announcement_that_must_be_heard_does_nothing() -> None:
    consent = PlayNode(prompts=("consent",), next="ask")
    house, call = answered(flow("consent", consent=consent, ask=ASK, **ANSWERS))
    house.press(call, "1")
    assert not house.effects
    assert call.position is not None and call.position.node == "consent"


def test_a_key_that_cuts_short_is_no_digit_of_the_number_after_it() -> None:
    ask = IdentifyNode(by="customer_number", prompts=("ask",), digits_min=4, digits_max=4, found="over", unknown="over")
    house, call = answered(flow("hello", hello=HELLO, ask=ask))
    house.press(call, "1")
    assert heard(house) == ["ko/ask"]
    house.press(call, "2004")
    asked = house.one(f.LookUpCustomer).customer_number
    assert asked is not None and asked.reveal() == "2004"


def test_the_last_key_of_a_pin_does_not_answer_the_menu_after_it() -> None:
    said = PlayNode(prompts=("yes",), next="ask", interruptible=True)
    pin = PinNode(prompts=("pin",), digits_max=4, verified="yes", failed="no", locked="no", unavailable="no")
    flows = flow("know", know=KNOW, pin=pin, ask=ASK, **{**SAID, **ANSWERS, "yes": said})
    house, call = answered(flows)
    house.tell(i.CustomersFound(call=call.call, candidates=(i.Candidate(customer=CUSTOMER),)))
    house.press(call, "1357#2")
    house.tell(i.PinChecked(call=call.call, result=PinResult.VERIFIED))
    assert heard(house) == ["ko/yes"], "keys pressed while the PIN is checked are nobody's answer"
    house.press(call, "2")
    assert heard(house) == ["ko/two"]


def test_a_flow_answers_plays_and_hangs_up() -> None:
    house, call = answered(flow("hello", hello=PlayNode(prompts=("hello",), next="over")))
    assert house.one(f.PlayPrompts).prompts == ("ko/hello",)
    assert house.seen(e.CallAnsweredByFlow)
    played(house, call)
    assert house.one(e.CallCleared).reason == "over"
    assert house.one(f.ReleaseLeg).cause is ClearingCause.FLOW_ENDED


def test_the_end_of_another_play_is_not_waited_for() -> None:
    house, call = answered(flow("hello", hello=PlayNode(prompts=("hello",), next="over")))
    assert call.customer_leg is not None
    house.tell(i.PlayFinished(leg=call.customer_leg, play=999))
    assert not house.events


def test_prompts_that_never_end_do_not_hold_the_caller_for_ever() -> None:
    house, _ = answered(flow("hello", hello=PlayNode(prompts=("hello",), next="over")))
    house.wait(180)
    assert house.seen(e.CallCleared)[0].reason == "over"


def test_a_key_cuts_the_question_short_and_chooses() -> None:
    menu = MenuNode(prompts=("menu",), keys={"1": "yes"}, otherwise="no")
    house, call = answered(flow("menu", menu=menu, **SAID))
    house.press(call, "1")
    assert house.seen(f.StopPlaying)
    assert house.one(f.PlayPrompts).prompts == ("ko/yes",)


def test_nothing_pressed_is_asked_again_after_the_prompt_and_the_first_digit_time() -> None:
    menu = MenuNode(prompts=("menu",), keys={"1": "yes"}, otherwise="no", attempts=2, silent=("silent",))
    house, call = answered(flow("menu", menu=menu, **SAID))
    played(house, call)
    house.wait(4.9)
    assert not house.effects
    house.wait(0.1)
    assert house.one(f.PlayPrompts).prompts == ("ko/silent", "ko/menu")
    played(house, call)
    house.wait(5)
    assert house.one(f.PlayPrompts).prompts == ("ko/no",)


def test_the_caller_is_known_by_number_and_verified_by_pin() -> None:
    house, call = answered(flow("know", know=KNOW, pin=PIN, **SAID))
    lookup = house.one(f.LookUpCustomer)
    assert lookup.number == NUMBER
    found = (i.Candidate(customer=CUSTOMER, tier="gold", language="en"),)
    house.tell(i.CustomersFound(call=call.call, candidates=found, n=lookup.n))
    assert (call.customer, call.tier, call.verification) == (CUSTOMER, "gold", Verification.UNVERIFIED)
    house.press(call, "1234#")
    check = house.one(f.CheckPin)
    assert (check.customer, check.pin.reveal()) == (CUSTOMER, "1234")
    house.tell(i.PinChecked(call=call.call, result=PinResult.VERIFIED, n=check.n))
    assert house.one(e.CallerVerified)
    assert call.verification is Verification.VERIFIED
    assert house.one(f.PlayPrompts).prompts[0].endswith("/yes")


def test_the_end_key_after_a_full_number_is_no_answer_to_the_next_question() -> None:
    """The number was complete with its last digit; who presses "#" out of habit must not skip what comes next."""
    pin = PinNode(
        prompts=("ask_pin",), verified="yes", failed="no", locked="locked", unavailable="no", skip="no", digits_max=4,
        attempts=2,
    )  # fmt: skip
    house, call = answered(flow("know", know=KNOW, pin=pin, **SAID))
    house.tell(i.CustomersFound(call=call.call, candidates=(i.Candidate(customer=CUSTOMER),)))
    house.press(call, "1234")
    check = house.one(f.CheckPin)
    house.tell(i.PinChecked(call=call.call, result=PinResult.WRONG, n=check.n))
    asking = house.one(f.PlayPrompts)
    house.press(call, "#")
    assert not house.seen(f.PlayPrompts), "still the same question"
    assert asking.prompts == ("ko/ask_pin",)
    house.press(call, "5678")
    assert house.one(f.CheckPin).pin.reveal() == "5678"


def test_digits_are_in_no_event_and_no_state() -> None:
    house, call = answered(flow("know", know=KNOW, pin=PIN, **SAID))
    house.tell(i.CustomersFound(call=call.call, candidates=(i.Candidate(customer=CUSTOMER),)))
    house.press(call, "98765#")
    assert "98765" not in repr(house.journal) and "98765" not in repr(house.state)


def test_a_look_up_that_takes_too_long_is_not_waited_for() -> None:
    house, call = answered(flow("know", know=KNOW, pin=PIN, **SAID))
    house.wait(2)
    assert house.one(f.PlayPrompts).prompts == ("ko/no",)
    house.tell(i.CustomersFound(call=call.call, candidates=(i.Candidate(customer=CUSTOMER),)))
    assert call.customer == CUSTOMER, "a late answer still makes the card"


def test_nobody_is_guessed_among_several_candidates() -> None:
    house, call = answered(flow("know", know=KNOW, pin=PIN, **SAID))
    several = (i.Candidate(customer=CUSTOMER), i.Candidate(customer=CustomerRef("C-2")))
    house.tell(i.CustomersFound(call=call.call, candidates=several))
    assert call.customer is None
    assert call.candidates == (CUSTOMER, CustomerRef("C-2"))


def test_five_wrong_pins_in_an_hour_lock_the_account_over_all_calls() -> None:
    flows = flow(
        "know",
        know=KNOW,
        pin=PinNode(prompts=("p",), verified="yes", failed="no", locked="locked", unavailable="no", attempts=5),
        **SAID,
    )
    house, call = answered(flows)
    house.tell(i.CustomersFound(call=call.call, candidates=(i.Candidate(customer=CUSTOMER),)))
    for _ in range(5):
        house.press(call, "1111#")
        house.tell(i.PinChecked(call=call.call, result=PinResult.WRONG, n=house.one(f.CheckPin).n))
    house.hang_up(call)

    again = house.arrive("1588")
    assert again.customer_leg is not None
    house.tell(i.LegAnswered(leg=again.customer_leg))
    house.tell(i.CustomersFound(call=again.call, candidates=(i.Candidate(customer=CUSTOMER),)))
    house.press(again, "1111#")
    assert not house.seen(f.CheckPin), "not even asked"
    assert house.one(f.PlayPrompts).prompts == ("ko/locked",)
    assert again.verification is Verification.LOCKED
    house.hang_up(again)

    house.wait(3600)
    later = house.arrive("1588")
    assert later.customer_leg is not None
    house.tell(i.LegAnswered(leg=later.customer_leg))
    house.tell(i.CustomersFound(call=later.call, candidates=(i.Candidate(customer=CUSTOMER),)))
    house.press(later, "1111#")
    assert house.one(f.CheckPin)


def test_hanging_up_before_the_answer_hides_no_wrong_pin() -> None:
    house, call = answered(flow("know", know=KNOW, pin=PIN, **SAID))
    house.tell(i.CustomersFound(call=call.call, candidates=(i.Candidate(customer=CUSTOMER),)))
    house.press(call, "1111#")
    check = house.one(f.CheckPin)
    house.hang_up(call)
    house.tell(i.PinChecked(call=call.call, result=PinResult.WRONG, n=check.n))
    assert house.state.pin_failures[CUSTOMER] == [house.now]


def test_a_pin_that_cannot_be_checked_is_not_waited_for() -> None:
    house, call = answered(flow("know", know=KNOW, pin=PIN, **SAID))
    house.tell(i.CustomersFound(call=call.call, candidates=(i.Candidate(customer=CUSTOMER),)))
    house.press(call, "1111#")
    house.wait(5)
    assert house.one(e.PinRefused).result is PinResult.UNAVAILABLE
    assert house.one(f.PlayPrompts).prompts == ("ko/no",)


@pytest.mark.parametrize(("pending", "waits"), [(True, True), (False, False)])
def test_a_flow_waits_for_the_record_only_while_it_is_looked_up(pending: bool, waits: bool) -> None:
    wait = WaitNode(next="yes")
    house, call = answered(flow("queue", queue=QueueNode(queue="orders", keys={"1": "wait"}), wait=wait, **SAID))
    if not pending:
        house.tell(i.CustomersFound(call=call.call, candidates=()))
    house.press(call, "1")
    assert (not house.seen(f.PlayPrompts)) is waits
    house.wait(0.3)
    assert call.waiting_for == "play"


def test_a_queued_caller_hears_music_and_the_place_in_the_queue() -> None:
    house, call = answered(flow("queue", queue=QUEUE, callback=CALLBACK))
    assert house.one(e.CallQueued).queue == ORDERS
    assert house.one(f.PlayMusic)
    house.wait(0)
    assert house.one(f.PlayPrompts).prompts == ("ko/position.1", "ko/offer")
    played(house, call)
    assert house.one(f.PlayMusic)
    house.wait(29.9)
    assert not house.effects
    house.wait(0.1)
    assert house.seen(f.PlayPrompts)


def test_a_callback_asked_for_in_the_queue_keeps_the_place() -> None:
    house, call = answered(flow("queue", queue=QUEUE, callback=CALLBACK))
    key = call.key
    house.press(call, "2")
    assert call.phase is CallPhase.QUEUED, "the place is kept while the caller decides"
    house.press(call, "1")
    requested = house.one(e.CallbackRequested)
    assert requested.key == key
    assert house.personal[requested.number] == NUMBER
    assert house.one(e.CallLeftQueue).how is QueueExit.CALLBACK
    assert house.one(e.CallCleared).reason == "over"


def test_a_callback_to_another_number() -> None:
    house, call = answered(flow("queue", queue=QUEUE, callback=CALLBACK))
    house.press(call, "2")
    house.press(call, "2")
    house.press(call, "0212345678#")
    assert house.personal[house.one(e.CallbackRequested).number] == "0212345678"


def test_no_callback_is_promised_while_the_store_is_away() -> None:
    house, call = answered(flow("queue", queue=QUEUE, callback=CALLBACK))
    house.centre.may_promise = False
    house.press(call, "2")
    house.press(call, "1")
    assert not house.seen(e.CallbackRequested)


def test_a_delivered_call_leaves_the_flow_when_it_is_answered() -> None:
    house, call = answered(flow("queue", queue=QUEUE, callback=CALLBACK))
    house.at_work(KIM)
    assert_delivered(house, call, to=KIM)
    house.show_card(call)
    house.lift(call)
    assert call.position is None
    assert house.one(f.ConnectLegs)
    assert not house.seen(f.AnswerLeg), "the flow had answered"


def test_a_question_is_asked_again_when_the_offer_comes_to_nothing() -> None:
    house, call = answered(flow("queue", queue=QUEUE, callback=CALLBACK))
    house.press(call, "2")
    house.at_work(KIM)
    assert_delivered(house, call, to=KIM)
    house.press(call, "1")
    assert not house.events, "the flow stands still while an agent is being offered the call"
    house.tell(i.DeclineCall(agent=KIM, call=call.call))
    assert house.one(e.OfferEnded).outcome is OfferOutcome.DECLINED
    assert house.one(f.PlayPrompts).prompts == ("ko/confirm",)


def test_a_full_queue_refuses() -> None:
    small = SETTINGS.queues[0].__class__(queue=ORDERS, title={}, maximum_waiting=1)
    settings = type(SETTINGS)(queues=(small,), lines=SETTINGS.lines)
    node = QueueNode(queue="orders", refused="full")
    house = House(settings=settings, flows=flow("queue", queue=node, full=PlayNode(prompts=("full",), next="over")))
    house.arrive("direct")
    call = house.arrive("1588")
    assert call.customer_leg is not None
    house.tell(i.LegAnswered(leg=call.customer_leg))
    assert house.one(f.PlayPrompts).prompts == ("ko/full",)
    house.arrive("direct")
    assert house.one(e.CallCleared).cause is ClearingCause.OVERLOAD


def test_who_waits_too_long_goes_on_in_the_flow() -> None:
    node = QueueNode(queue="orders", refused="full", announce_at_start=False)
    house, call = answered(flow("queue", queue=node, full=PlayNode(prompts=("full",), next="over")))
    house.wait(1800)
    assert house.one(e.CallLeftQueue).how is QueueExit.FLOWED_OUT
    assert house.one(f.PlayPrompts).prompts == ("ko/full",)
    assert call.phase is CallPhase.FLOW


def test_a_flow_knows_how_many_calls_are_in_the_centre_and_in_a_queue() -> None:
    many = LoadNode(queue="orders", calls_at_least=3, busy="full", otherwise="long")
    long = LoadNode(queue="orders", waiting_at_least=2, busy="queue", otherwise="care")
    nodes = {"many": many, "long": long, "full": PlayNode(prompts=("full",), next="over")}
    house, call = answered(
        flow("many", **nodes, queue=QueueNode(queue="orders"), care=QueueNode(queue="care"))  # type: ignore[arg-type]
    )
    assert call.queue == "care", "one call, and nobody waits for orders"
    for _ in range(2):
        call = house.arrive("1588")
        assert call.customer_leg is not None
        house.tell(i.LegAnswered(leg=call.customer_leg))
    assert call.queue is None and house.one(f.PlayPrompts).prompts == ("ko/full",), "the third call"


def test_the_flow_itself_is_limited() -> None:
    menu = MenuNode(prompts=("menu",), keys={"1": "menu"}, otherwise="menu")
    house, call = answered(flow("menu", menu=menu))
    for _ in range(400):
        house.press(call, "1")
        house.wait(3)
        if call.phase is CallPhase.CLEARED:
            break
    assert (call.cause, house.now - START <= 903 * SECOND) == (ClearingCause.TIMEOUT, True)


def test_a_caller_is_handed_to_a_number_outside() -> None:
    house, call = answered(flow("leave", leave=TransferNode(number="021234567")))
    placed = house.placed()
    assert placed.to == f.ToNumber(number="021234567")
    assert house.one(f.PlayRingback)
    house.tell(i.LegAnswered(leg=placed.leg))
    assert house.one(e.CallForwarded).leg == placed.leg
    assert house.one(f.ConnectLegs).other == placed.leg
    house.hang_up(call)
    assert house.one(f.ReleaseLeg).leg == placed.leg


def test_a_number_outside_that_is_busy_ends_the_call_with_that_cause() -> None:
    house, _ = answered(flow("leave", leave=TransferNode(number="021234567")))
    house.tell(i.LegFailed(leg=house.placed().leg, cause=ClearingCause.BUSY, status=486))
    assert house.one(e.CallCleared).cause is ClearingCause.BUSY


@pytest.mark.parametrize(("opening", "prompt"), [("by_hours", "no"), ("always_open", "yes")])
def test_hours_follow_the_wall_clock_of_the_centre(opening: str, prompt: str) -> None:
    """START is 17:53 in Seoul; the wall clock is set on by ten minutes."""
    line = type(SETTINGS.lines[0])(line="1588", flow="main", opening=opening)  # type: ignore[arg-type]
    settings = type(SETTINGS)(queues=SETTINGS.queues, lines=(line,))
    node = HoursNode(table="office", open="yes", closed="no")
    house = House(settings=settings, flows=flow("hours", hours=node, **SAID))
    house.tell(i.ClockSet(offset_us=600 * SECOND))
    call = house.arrive("1588")
    assert call.customer_leg is not None
    house.tell(i.LegAnswered(leg=call.customer_leg))
    assert house.one(f.PlayPrompts).prompts == (f"ko/{prompt}",)


def test_unknown_lines_and_flows_are_turned_away_with_a_record() -> None:
    house = House()
    house.arrive("9999")
    assert (house.one(e.CallCleared).cause, house.one(e.CallCleared).reason) == (ClearingCause.REJECTED, "unknown_line")
    house.arrive("1588")
    assert house.one(e.CallCleared).reason == "unknown_flow"


def test_calls_in_progress_keep_the_version_of_their_flow() -> None:
    menu = MenuNode(prompts=("menu",), keys={"1": "yes"}, otherwise="no")
    house, call = answered(flow("menu", menu=menu, **SAID))
    newer = flow("hello", hello=PlayNode(prompts=("hello",), next="over")).flows[0]
    house.centre.load_flows(
        FlowSet(flows=(type(newer)(**{**{n: getattr(newer, n) for n in newer.__struct_fields__}, "version": "2"}),))
    )
    house.press(call, "1")
    assert house.one(f.PlayPrompts).prompts == ("ko/yes",)
    fresh = house.arrive("1588")
    assert fresh.position is not None and fresh.position.version == "2"


def test_a_centre_built_anew_asks_its_question_again() -> None:
    """After a bug in a step the engine builds the Centre from the journal, while the switch goes on."""
    menu = MenuNode(prompts=("menu",), keys={"1": "yes"}, otherwise="no", silent=("silent",))
    house, call = answered(flow("menu", menu=menu, **SAID))
    last = house.one(f.PlayPrompts)
    house.now += 2 * SECOND
    house.centre = Centre(house.state, house.flows, strict=True)
    house.wait(0)
    again = house.one(f.PlayPrompts)
    assert again.prompts == ("ko/silent", "ko/menu")
    assert again.n > last.n
    house.press(call, "1")
    assert house.one(f.PlayPrompts).prompts == ("ko/yes",)


def test_a_centre_built_anew_announces_the_place_again() -> None:
    house, call = answered(flow("queue", queue=QUEUE, callback=CALLBACK))
    house.wait(0)
    played(house, call)
    house.centre = Centre(house.state, house.flows, strict=True)
    house.wait(31)
    assert house.seen(f.PlayPrompts)
    house.press(call, "2")
    assert house.one(f.PlayPrompts).prompts == ("ko/confirm",)
