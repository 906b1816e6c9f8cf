"""Pop before ring, and the ways in which an offer ends."""

import msgspec
import pytest

from cti_server.core import effects as f
from cti_server.core import events as e
from cti_server.core import inputs as i
from cti_server.core.entities import Call
from cti_server.core.settings import CentreSettings
from cti_server.core.vocabulary import (
    AgentMode,
    AgentState,
    CallPhase,
    CardOutcome,
    ClearingCause,
    LegId,
    Occupation,
    OfferOutcome,
    QueueExit,
)
from tests.core.house import KIM, LEE, NUMBER, ORDERS, SECOND, SETTINGS, House, assert_delivered, profile


def test_the_card_goes_out_before_the_phone_rings() -> None:
    house = House()
    house.at_work(KIM)
    call = house.arrive()
    assert_delivered(house, call, to=KIM)
    assert house.one(f.PrepareCard).agent == KIM
    assert not house.seen(f.PlaceLeg)
    house.show_card(call)
    placed = house.placed()
    assert placed.to == f.ToExtension(extension=house.agent(KIM).profile.extension)
    assert (placed.show_number, placed.show_name) == (NUMBER, "Hong")
    assert house.one(e.LegPlaced).card is CardOutcome.SHOWN


def test_the_phone_rings_late_when_the_desktop_says_nothing() -> None:
    house = House()
    house.at_work(KIM)
    house.arrive()
    house.wait(0.149)
    assert not house.seen(f.PlaceLeg)
    house.wait(0.001)
    assert house.one(e.LegPlaced).card is CardOutcome.LATE


def test_a_card_shown_too_late_rings_no_second_time() -> None:
    house = House()
    house.at_work(KIM)
    call = house.arrive()
    house.wait(1)
    house.show_card(call)
    assert not house.events and not house.effects


def test_an_agent_without_a_desktop_is_rung_in_the_same_step() -> None:
    house = House(agents=(profile(KIM, needs_desktop=False),))
    house.at_work(KIM, has_desktop=False)
    house.arrive()
    assert house.kinds() == ["CallArrived", "CallQueued", "CallDelivered", "LegPlaced"]
    assert house.one(e.LegPlaced).card is CardOutcome.NONE


def test_no_waiting_for_the_card_when_pop_wait_is_nought() -> None:
    house = House(settings=replaced(pop_wait_ms=0))
    house.at_work(KIM)
    house.arrive()
    assert house.one(e.LegPlaced).card is CardOutcome.LATE


def test_a_missed_call_goes_back_to_the_head_and_the_agent_is_not_ready() -> None:
    house = House()
    house.at_work(KIM)
    call = house.arrive()
    key = call.key
    house.arrive()
    house.show_card(call)
    house.ring(call)
    house.tell(i.LegFailed(leg=leg_of(call), cause=ClearingCause.NO_ANSWER, status=480))
    assert house.one(e.OfferEnded).outcome is OfferOutcome.MISSED
    queued = house.one(e.CallQueued)
    assert queued.returned and queued.key == key
    assert (house.agent(KIM).mode, house.agent(KIM).reason) == (AgentMode.NOT_READY, "missed_call")
    house.tell(i.SetReady(agent=KIM))
    assert_delivered(house, call, to=KIM)


def test_a_returned_call_goes_to_the_next_agent_at_once() -> None:
    house = House()
    house.at_work(KIM, LEE)
    call = house.arrive()
    assert_delivered(house, call, to=KIM)
    house.tell(i.DeclineCall(agent=KIM, call=call.call, reason="busy"))
    assert_delivered(house, call, to=LEE)
    assert house.agent(KIM).reason == "declined"
    assert house.seen(e.OfferEnded)[0].reason == "busy"


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        (ClearingCause.NO_ANSWER, OfferOutcome.MISSED),
        (ClearingCause.BUSY, OfferOutcome.DECLINED),
        (ClearingCause.REJECTED, OfferOutcome.DECLINED),
        (ClearingCause.UNREACHABLE, OfferOutcome.DEVICE_FAILED),
        (ClearingCause.PROTOCOL_ERROR, OfferOutcome.DEVICE_FAILED),
    ],
)
def test_missed_declined_and_failed_are_told_apart(cause: ClearingCause, outcome: OfferOutcome) -> None:
    house = House()
    house.at_work(KIM)
    call = house.arrive()
    house.show_card(call)
    house.tell(i.LegFailed(leg=leg_of(call), cause=cause))
    assert house.one(e.OfferEnded).outcome is outcome
    assert house.agent(KIM).mode is AgentMode.NOT_READY


def test_a_phone_that_says_nothing_costs_the_ring_time_and_half_a_second() -> None:
    house = House()
    house.at_work(KIM)
    call = house.arrive()
    house.show_card(call)
    house.wait(20.4)
    assert call.phase is CallPhase.ALERTING
    house.wait(0.1)
    assert house.one(e.OfferEnded).outcome is OfferOutcome.DEVICE_FAILED
    assert house.one(f.ReleaseLeg).cause is ClearingCause.CANCELLED


def test_a_phone_that_rang_in_vain_was_missed() -> None:
    house = House()
    house.at_work(KIM)
    call = house.arrive()
    house.show_card(call)
    house.ring(call)
    house.wait(21)
    assert house.one(e.OfferEnded).outcome is OfferOutcome.MISSED


def test_a_caller_who_gives_up_costs_the_agent_nothing() -> None:
    house = House()
    house.at_work(KIM, LEE)
    since = house.agent(KIM).idle_since
    call = house.arrive()
    house.show_card(call)
    house.ring(call)
    house.wait(3)
    house.hang_up(call, ClearingCause.CANCELLED)
    assert house.one(e.OfferEnded).outcome is OfferOutcome.CALLER_GONE
    assert house.one(e.CallLeftQueue).how is QueueExit.ABANDONED
    assert house.one(e.CallCleared).cause is ClearingCause.CALLER_HUNG_UP
    kim = house.agent(KIM)
    assert (kim.state, kim.idle_since) == (AgentState.READY, since)
    assert_delivered(house, house.arrive(), to=KIM)


def test_a_pending_break_takes_effect_when_the_offer_ends() -> None:
    house = House()
    house.at_work(KIM)
    call = house.arrive()
    house.tell(i.SetNotReady(agent=KIM, reason="break"))
    house.hang_up(call)
    assert house.agent(KIM).reason == "break"


def test_an_unanswered_call_is_declined_not_ended() -> None:
    house = House()
    house.at_work(KIM)
    call = house.arrive()
    assert house.refused(i.EndCall(agent=KIM, call=call.call)) == "not_connected"
    assert house.refused(i.DeclineCall(agent=LEE, call=call.call)) == "not_your_call"
    assert house.refused(i.DeclineCall(agent=KIM, call=call.call, reason="nonsense")) == "unknown_reason"


def test_a_direct_caller_is_answered_when_the_agent_answers() -> None:
    house = House()
    house.at_work(KIM)
    call = house.arrive()
    house.show_card(call)
    house.tell(i.LegAnswered(leg=leg_of(call)))
    assert house.one(f.AnswerLeg).leg == call.customer_leg
    assert not house.seen(f.ConnectLegs)
    assert call.customer_leg is not None
    house.tell(i.LegAnswered(leg=call.customer_leg))
    assert house.one(f.ConnectLegs).other == call.agent_leg
    assert house.agent(KIM).occupation is Occupation.CONNECTED


def test_a_caller_who_never_acknowledges_is_let_go() -> None:
    house = House()
    house.at_work(KIM)
    call = house.arrive()
    house.show_card(call)
    house.tell(i.LegAnswered(leg=leg_of(call)))
    house.wait(35)
    assert house.one(e.CallCleared).cause is ClearingCause.PROTOCOL_ERROR
    assert house.agent(KIM).state is AgentState.READY


def test_a_phone_only_agent_is_ready_again_after_a_rest() -> None:
    house = House(agents=(profile(KIM, needs_desktop=False),))
    house.at_work(KIM, has_desktop=False)
    call = house.arrive()
    house.tell(i.LegFailed(leg=leg_of(call), cause=ClearingCause.NO_ANSWER))
    assert house.agent(KIM).reason == "missed_call"
    house.wait(SETTINGS.rest_s)
    assert_delivered(house, call, to=KIM)


def test_the_waiting_count_includes_those_being_offered() -> None:
    house = House()
    house.at_work(KIM)
    call = house.arrive()
    assert list(house.state.queues[ORDERS].waiting) == [call.call]
    house.now += SECOND
    house.show_card(call)
    house.lift(call)
    assert not house.state.queues[ORDERS].waiting


def leg_of(call: Call) -> LegId:
    assert call.agent_leg is not None
    return call.agent_leg


def replaced(**changes: int) -> CentreSettings:
    return msgspec.structs.replace(SETTINGS, **changes)
