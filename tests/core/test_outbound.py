"""One-click dial, and callbacks dialled by hand: each attempt once."""

import msgspec
import pytest

from cti_server.core import effects as f
from cti_server.core import events as e
from cti_server.core import inputs as i
from cti_server.core.entities import Call
from cti_server.core.vocabulary import (
    AgentMode,
    AgentState,
    CallbackId,
    CallbackState,
    CallId,
    CallPhase,
    ClearingCause,
    CustomerRef,
    Direction,
    LegId,
)
from tests.core.house import KIM, LEE, SETTINGS, House, profile

CUSTOMER_NUMBER = "021234567"


def dialled(house: House, number: str = CUSTOMER_NUMBER) -> Call:
    result = house.tell(i.DialNumber(agent=KIM, number=number))
    return house.call(CallId(result["call"]))


def own_phone_lifted(house: House, call: Call) -> f.PlaceLeg:
    assert call.agent_leg is not None
    house.tell(i.LegAnswered(leg=call.agent_leg))
    return house.placed()


def test_the_own_phone_is_called_first_then_the_number() -> None:
    house = House()
    house.at_work(KIM)
    call = dialled(house, "(02) 123-4567")
    own = house.placed()
    assert (own.to, own.auto_answer) == (f.ToExtension(extension=house.agent(KIM).profile.extension), True)
    assert house.agent(KIM).state is AgentState.BUSY
    customer = own_phone_lifted(house, call)
    assert customer.to == f.ToNumber(number=CUSTOMER_NUMBER)
    assert house.one(f.PlayRingback).leg == call.agent_leg
    house.tell(i.LegAnswered(leg=customer.leg))
    assert house.one(f.ConnectLegs)
    assert house.one(f.StartRecording).customer_leg == customer.leg
    house.tell(i.LegCleared(leg=customer.leg, cause=ClearingCause.NORMAL))
    assert house.agent(KIM).state is AgentState.WORKING_AFTER_CALL
    assert house.agent(KIM).today.dialled == 1


@pytest.mark.parametrize("cause", [ClearingCause.BUSY, ClearingCause.NO_ANSWER, ClearingCause.UNREACHABLE])
def test_a_number_that_is_not_reached_ends_with_its_cause_and_no_after_call_work(cause: ClearingCause) -> None:
    house = House()
    house.at_work(KIM)
    call = dialled(house)
    customer = own_phone_lifted(house, call)
    house.tell(i.LegFailed(leg=customer.leg, cause=cause, status=486))
    assert house.one(e.CallCleared).cause is cause
    assert house.one(f.ReleaseLeg).leg
    assert house.agent(KIM).state is AgentState.READY


def test_dialling_is_open_in_not_ready_and_the_mode_holds_afterwards() -> None:
    house = House()
    house.at_work(KIM)
    house.tell(i.SetNotReady(agent=KIM, reason="break"))
    call = dialled(house)
    house.tell(i.EndCall(agent=KIM, call=call.call))
    assert house.one(e.CallCleared).cause is ClearingCause.CANCELLED
    assert (house.agent(KIM).mode, house.agent(KIM).reason) == (AgentMode.NOT_READY, "break")


def test_dialling_from_after_call_work_needs_the_result_first_and_ends_it() -> None:
    house = House()
    house.at_work(KIM)
    first = house.talking()
    house.hang_up(first)
    assert house.refused(i.DialNumber(agent=KIM, number=CUSTOMER_NUMBER)) == "disposition_required"
    house.tell(i.DisposeCall(agent=KIM, call=first.call, code="other"))
    call = dialled(house)
    assert house.one(e.AgentAfterCallWorkEnded).call == first.call
    assert house.agent(KIM).call == call.call


def test_who_may_not_dial_does_not() -> None:
    house = House(agents=(profile(KIM, may_dial=False), profile(LEE)))
    house.at_work(KIM)
    assert house.refused(i.DialNumber(agent=KIM, number=CUSTOMER_NUMBER)) == "may_not_dial"
    assert house.refused(i.DialNumber(agent=LEE, number=CUSTOMER_NUMBER)) == "not_logged_on"


def test_only_numbers_are_dialled_and_one_at_a_time() -> None:
    house = House()
    house.at_work(KIM)
    for number in ("", "1", "sip:x@y", "0212345678901234567890"):
        assert house.refused(i.DialNumber(agent=KIM, number=number)) == "bad_number"
    dialled(house)
    assert house.refused(i.DialNumber(agent=KIM, number=CUSTOMER_NUMBER)) == "in_call"


def test_an_own_phone_that_is_broken_makes_not_ready() -> None:
    house = House()
    house.at_work(KIM)
    call = dialled(house)
    assert call.agent_leg is not None
    house.tell(i.LegFailed(leg=call.agent_leg, cause=ClearingCause.UNREACHABLE))
    assert house.one(e.CallCleared).reason == "own_phone"
    assert house.agent(KIM).reason == "device_failed"


def test_who_is_dialled_without_a_customer_is_looked_up_by_number() -> None:
    house = House()
    house.at_work(KIM)
    call = dialled(house)
    assert house.one(f.LookUpCustomer).number == CUSTOMER_NUMBER
    house.tell(i.CustomersFound(call=call.call, candidates=(i.Candidate(customer=CustomerRef("C-1")),)))
    assert house.one(f.PrepareCard).customer == "C-1"


def stored(house: House) -> CallbackId:
    result = house.tell(
        i.RequestCallbackFor(agent=KIM, number=CUSTOMER_NUMBER, due_at=house.now, customer=CustomerRef("C-1"))
    )
    return CallbackId(result["callback"])


def attempt(house: House, callback: CallbackId) -> tuple[Call, f.PlaceLeg]:
    result = house.tell(i.DialCallback(agent=KIM, callback=callback))
    call = house.call(CallId(result["call"]))
    return call, own_phone_lifted(house, call)


def test_a_callback_is_done_when_the_customer_answers() -> None:
    house = House()
    house.at_work(KIM)
    callback = stored(house)
    call, customer = attempt(house, callback)
    assert house.one(e.CallbackAttempted).attempt == 1
    assert call.direction is Direction.CALLBACK
    assert house.refused(i.DialCallback(agent=LEE, callback=callback)) == "not_logged_on"
    house.tell(i.LegAnswered(leg=customer.leg))
    assert house.one(e.CallbackDone).call == call.call
    assert house.refused(i.CancelCallback(agent=KIM, callback=callback, reason="x")) == "callback_over"


def test_a_callback_is_tried_again_later_until_it_is_exhausted() -> None:
    house = House(settings=msgspec.structs.replace(SETTINGS, callback_attempts=2, callback_retry_s=60))
    house.at_work(KIM)
    callback = stored(house)
    _, customer = attempt(house, callback)
    house.tell(i.LegFailed(leg=customer.leg, cause=ClearingCause.BUSY))
    assert house.one(e.CallbackRescheduled).due_at == house.now + 60_000_000
    _, customer = attempt(house, callback)
    assert house.one(e.CallbackAttempted).attempt == 2
    house.tell(i.LegFailed(leg=customer.leg, cause=ClearingCause.BUSY))
    assert house.one(e.CallbackExhausted).cause is ClearingCause.BUSY


def test_an_agent_who_does_not_lift_makes_no_attempt() -> None:
    house = House()
    house.at_work(KIM)
    callback = stored(house)
    due_at = house.state.callbacks[callback].due_at
    result = house.tell(i.DialCallback(agent=KIM, callback=callback))
    call = house.call(CallId(result["call"]))
    assert house.state.callbacks[callback].state is CallbackState.RESERVED
    house.tell(i.EndCall(agent=KIM, call=call.call))
    kept = house.state.callbacks[callback]
    assert (kept.state, kept.attempts, kept.due_at) == (CallbackState.WAITING, 0, due_at)


def test_one_callback_is_dialled_by_one_agent() -> None:
    house = House()
    house.at_work(KIM, LEE)
    callback = stored(house)
    house.tell(i.DialCallback(agent=KIM, callback=callback))
    assert house.refused(i.DialCallback(agent=LEE, callback=callback)) == "callback_taken"
    assert house.refused(i.CancelCallback(agent=LEE, callback=callback, reason="x")) == "callback_taken"


def test_a_callback_can_be_cancelled() -> None:
    house = House()
    house.at_work(KIM)
    callback = stored(house)
    house.tell(i.CancelCallback(agent=KIM, callback=callback, reason="solved"))
    assert house.one(e.CallbackCancelled).reason == "solved"
    assert house.refused(i.DialCallback(agent=KIM, callback=callback)) == "callback_over"


def test_a_callback_needs_a_number_a_time_and_a_known_queue() -> None:
    house = House()
    for code, request in (
        ("bad_number", i.RequestCallbackFor(agent=KIM, number="x", due_at=house.now)),
        ("bad_time", i.RequestCallbackFor(agent=KIM, number=CUSTOMER_NUMBER, due_at=0)),
        ("bad_time", i.RequestCallbackFor(agent=KIM, number=CUSTOMER_NUMBER, due_at=house.now * 2)),
        ("unknown_queue", i.RequestCallbackFor(agent=KIM, number=CUSTOMER_NUMBER, due_at=house.now, queue="x")),
    ):
        assert house.refused(request) == code
    assert house.refused(i.DialCallback(agent=KIM, callback=CallbackId(9))) == "not_logged_on"
    house.at_work(KIM)
    assert house.refused(i.DialCallback(agent=KIM, callback=CallbackId(9))) == "unknown_callback"


def test_early_sound_of_the_number_takes_the_place_of_our_ringing_tone() -> None:
    house = House()
    house.at_work(KIM)
    call = dialled(house)
    customer = own_phone_lifted(house, call)
    house.tell(i.LegAlerting(leg=customer.leg))
    house.tell(i.EarlyMediaBegan(leg=customer.leg))
    joined = house.one(f.ConnectLegs)
    assert (joined.leg, joined.other) == (call.agent_leg, customer.leg)
    assert call.phase is CallPhase.INITIATED and not house.events, "nothing is answered yet"


def test_early_sound_of_the_agents_own_phone_is_nobodys() -> None:
    house = House()
    house.at_work(KIM)
    call = dialled(house)
    assert call.agent_leg is not None
    house.tell(i.EarlyMediaBegan(leg=call.agent_leg))
    assert not house.effects
    house.tell(i.EarlyMediaBegan(leg=LegId(99)))
    assert not house.effects


def test_a_customer_who_hangs_up_while_being_connected_is_over() -> None:
    house = House()
    house.at_work(KIM)
    call = dialled(house)
    customer = own_phone_lifted(house, call)
    house.tell(i.LegAlerting(leg=customer.leg))
    assert call.agent_leg is not None
    house.tell(i.LegCleared(leg=call.agent_leg, cause=ClearingCause.NORMAL))
    assert call.phase is CallPhase.CLEARED
    assert house.agent(KIM).state is AgentState.READY
