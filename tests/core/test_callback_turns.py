"""Callbacks whose turn it is are dialled by the centre: in order, for whom, within which hours, each attempt once."""

from msgspec.structs import replace

from cti_server.core import effects as f
from cti_server.core import events as e
from cti_server.core import inputs as i
from cti_server.core.entities import Call, Callback
from cti_server.core.settings import AgentProfile, CentreSettings, OverflowSettings, RelaxSettings, TierSettings
from cti_server.core.vocabulary import (
    AgentId,
    AgentMode,
    CallbackPause,
    CallbackState,
    CallId,
    CallPhase,
    ClearingCause,
    CustomerRef,
    Direction,
    LegRole,
    OverflowWhen,
)
from ivr.model import PlayNode
from tests.core.house import KIM, LEE, NUMBER, ORDERS, PARK, SECOND, SETTINGS, House, assert_delivered, profile
from tests.core.test_flow import CALLBACK, QUEUE, flow

ASKS = flow("queue", queue=QUEUE, callback=CALLBACK)
THEN_TALKS = PlayNode(prompts=("stored",), next="over")
OTHER_NUMBER = "021234567"


def settings(by_queue: str = "automatic", **changes: object) -> CentreSettings:
    orders = replace(SETTINGS.queues[0], callbacks=by_queue, **changes)
    return replace(SETTINGS, queues=(orders, *SETTINGS.queues[1:]), callback_attempts=2, callback_retry_s=600)


def centre(given: CentreSettings | None = None, agents: tuple[AgentProfile, ...] = ()) -> House:
    return House(settings=given or settings(), flows=ASKS, agents=agents)


def waiting_caller(house: House, number: str = NUMBER, *, tier: str = "") -> Call:
    call = house.arrive("1588", number)
    assert call.customer_leg is not None
    house.tell(i.LegAnswered(leg=call.customer_leg))
    customer = i.Candidate(customer=CustomerRef("C-1"), tier=tier)
    house.tell(i.CustomersFound(call=call.call, candidates=(customer,) if tier else ()))
    assert call.phase in (CallPhase.QUEUED, CallPhase.RESERVED)
    return call


def asked(house: House, number: str = NUMBER) -> Callback:
    """A caller asks to be called back, and hangs up."""
    call = waiting_caller(house, number)
    house.press(call, "2")
    house.press(call, "1")
    assert call.requested_callback is not None
    return house.state.callbacks[call.requested_callback]


def promised(house: House, agent: AgentId, *, in_s: int = 0) -> Callback:
    """An agent promises to call somebody back."""
    due_at = house.now + house.state.clock_offset_us + in_s * SECOND
    result = house.tell(i.RequestCallbackFor(agent=agent, number=OTHER_NUMBER, due_at=due_at, queue=ORDERS))
    return next(each for each in house.state.callbacks.values() if each.callback == result["callback"])


def carrying_out(house: House, callback: Callback) -> Call:
    assert callback.dialling is not None, f"{callback} is not being dialled"
    return house.call(callback.dialling)


def lift_own(house: House, call: Call) -> f.PlaceLeg:
    """The card is painted, and the agent's own phone answers; the customer's leg."""
    house.show_card(call)
    own = house.placed()
    assert own.auto_answer and isinstance(own.to, f.ToExtension)
    house.tell(i.LegAnswered(leg=own.leg))
    return house.placed()


# --- its turn --------------------------------------------------------------------------------------------------------


def test_the_centre_dials_a_callback_as_soon_as_somebody_is_free() -> None:
    house = centre()
    callback = asked(house)
    assert callback.queued
    assert house.one(e.CallbackQueued).key == callback.key
    house.at_work(KIM)
    call = carrying_out(house, callback)
    delivered = next(event for event in house.journal if isinstance(event, e.CallbackDelivered))
    assert (delivered.agent, delivered.rule, call.direction) == (KIM, "longest_idle", Direction.CALLBACK)
    customer = lift_own(house, call)
    assert house.one(e.CallbackAttempted).attempt == 1
    assert customer.to == f.ToNumber(number=NUMBER)
    assert house.one(f.PlayRingback).leg == call.agent_leg
    house.tell(i.LegAnswered(leg=customer.leg))
    assert house.one(e.CallbackDone).call == call.call
    assert house.one(f.ConnectLegs)
    house.hang_up(call)
    assert house.agent(KIM).after_call_until is not None


def test_the_card_comes_before_the_ring() -> None:
    house = centre()
    house.at_work(KIM)
    callback = promised(house, KIM)
    assert house.one(f.PrepareCard).agent == KIM
    assert not house.seen(f.PlaceLeg)
    house.wait(0.15)
    assert house.placed().to == f.ToExtension(extension=house.agent(KIM).profile.extension)
    assert carrying_out(house, callback).parties[KIM].card == "late"


def test_a_callback_keeps_the_place_of_its_caller() -> None:
    """Asked in the place of an earlier caller, it goes before those who came later, and after those who came sooner."""
    house = centre()
    first = waiting_caller(house, "0101")
    callback = asked(house, "01033334444")
    last = waiting_caller(house, "0103")
    assert [house.centre.position(first.call), house.centre.position(last.call)] == [1, 3]
    house.at_work(KIM)
    assert_delivered(house, first, to=KIM)
    house.at_work(LEE)
    assert carrying_out(house, callback).agent == LEE
    assert last.phase is CallPhase.QUEUED
    assert house.centre.position(last.call) == 1


def test_the_head_start_of_a_tier_is_kept() -> None:
    tiers = (TierSettings(tier="gold", head_start_s=600),)
    house = centre(replace(settings(), tiers=tiers))
    house.wait(60)
    early = waiting_caller(house, "0101")
    house.wait(60)
    call = waiting_caller(house, tier="gold")
    house.press(call, "2")
    house.press(call, "1")
    house.at_work(KIM)
    assert call.requested_callback is not None
    assert house.state.callbacks[call.requested_callback].dialled_by == KIM
    assert early.phase is CallPhase.QUEUED


def test_nobody_is_dialled_who_is_still_on_the_line() -> None:
    tells = flow("queue", queue=QUEUE, callback=replace(CALLBACK, stored="told"), told=THEN_TALKS)
    house = House(settings=settings(), flows=tells)
    call = waiting_caller(house)
    house.press(call, "2")
    house.press(call, "1")
    callback = house.state.callbacks[call.requested_callback]  # type: ignore[index]
    house.at_work(KIM)
    assert not callback.queued
    house.hang_up(call)
    assert callback.dialled_by == KIM


def test_a_promise_for_later_waits_for_its_time() -> None:
    house = centre()
    house.tell(i.ClockSet(offset_us=3_600 * SECOND))
    house.at_work(KIM)
    callback = promised(house, KIM, in_s=90)
    house.wait(89)
    assert not callback.queued
    house.wait(2)
    assert callback.dialled_by == KIM


def test_callbacks_without_a_queue_or_of_a_queue_by_hand_wait_for_a_person() -> None:
    house = centre(settings("by_hand"))
    house.at_work(KIM)
    callback = promised(house, KIM)
    house.tell(i.RequestCallbackFor(agent=KIM, number=OTHER_NUMBER, due_at=house.now))
    house.wait(3600)
    assert not house.seen(e.CallbackQueued)
    house.tell(i.DialCallback(agent=KIM, callback=callback.callback))
    assert callback.state is CallbackState.RESERVED


def test_who_dials_by_hand_takes_it_out_of_the_queue() -> None:
    house = centre()
    house.at_work(KIM, LEE)
    house.tell(i.SetNotReady(agent=KIM, reason="break"))
    house.tell(i.SetNotReady(agent=LEE, reason="break"))
    callback = asked(house)
    assert callback.queued
    house.tell(i.DialCallback(agent=KIM, callback=callback.callback))
    assert (callback.queued, house.centre.surroundings.index.callbacks(ORDERS)) == (False, 0)
    house.tell(i.SetReady(agent=LEE))
    assert callback.dialled_by == KIM
    assert house.refused(i.DialCallback(agent=LEE, callback=callback.callback)) == "callback_taken"


def test_a_callback_that_is_being_carried_out_cannot_be_taken_or_cancelled() -> None:
    house = centre()
    callback = asked(house)
    house.at_work(KIM, LEE)
    assert house.refused(i.DialCallback(agent=LEE, callback=callback.callback)) == "callback_taken"
    assert house.refused(i.CancelCallback(agent=LEE, callback=callback.callback, reason="x")) == "callback_taken"


def test_a_cancelled_callback_is_no_work() -> None:
    house = centre()
    callback = asked(house)
    house.tell(i.CancelCallback(agent=KIM, callback=callback.callback, reason="solved"))
    house.at_work(KIM)
    assert callback.state is CallbackState.CANCELLED
    assert not house.seen(e.CallbackDelivered)


# --- for whom --------------------------------------------------------------------------------------------------------


def test_a_promise_waits_for_the_one_who_made_it_and_then_for_anybody() -> None:
    house = centre(settings(named_wait_s=20))
    house.at_work(KIM, LEE)
    house.talking("care")  # Kim, who has been idle for longest
    callback = promised(house, KIM)
    assert (callback.queued, callback.named) == (True, KIM)
    house.wait(19)
    assert callback.dialled_by is None
    house.wait(2)
    assert callback.dialled_by == LEE


def test_who_logs_off_is_waited_for_no_longer() -> None:
    house = centre(settings(named_wait_s=600))
    house.at_work(KIM, LEE)
    house.tell(i.SetNotReady(agent=KIM, reason="break"))
    callback = promised(house, KIM)
    assert callback.named == KIM
    house.tell(i.LogOff(agent=KIM))
    assert callback.dialled_by == LEE


def test_skills_and_relaxing_are_those_of_the_queue() -> None:
    relax = (RelaxSettings(after_s=60, requires={"english": 0}),)
    house = centre(settings(requires={"english": 1}, relax=relax))
    house.at_work(KIM)
    callback = asked(house)
    house.wait(59)
    assert callback.queued
    house.wait(2)
    assert (callback.stage, callback.dialled_by) == (1, KIM)


def test_who_may_not_dial_is_given_callbacks_too() -> None:
    house = centre(agents=(profile(KIM, may_dial=False),))
    callback = asked(house)
    house.at_work(KIM)
    assert callback.dialled_by == KIM


def test_an_agent_without_a_desktop_is_rung_at_once() -> None:
    house = centre(agents=(profile(PARK, needs_desktop=False),))
    callback = asked(house)
    house.at_work(PARK, has_desktop=False)
    own = house.placed()
    assert own.to == f.ToExtension(extension=house.agent(PARK).profile.extension)
    assert carrying_out(house, callback).phase is CallPhase.ALERTING


# --- what comes of it ------------------------------------------------------------------------------------------------


def test_a_failed_attempt_frees_the_agent_at_once_and_is_made_again_later_in_its_place() -> None:
    house = centre()
    callback = asked(house)
    key = callback.key
    house.at_work(KIM)
    house.wait(5)
    call = carrying_out(house, callback)
    house.tell(i.LegAnswered(leg=call.agent_leg))  # type: ignore[arg-type]
    house.tell(i.LegFailed(leg=house.placed().leg, cause=ClearingCause.BUSY, status=486))
    rescheduled = house.one(e.CallbackRescheduled)
    assert (rescheduled.due_at, callback.key, callback.attempts) == (house.now + 600 * SECOND, key, 1)
    kim = house.agent(KIM)
    assert (kim.mode, kim.call, kim.idle_since) == (AgentMode.READY, None, house.now)
    house.wait(599)
    assert callback.dialling is None
    house.wait(1.05)
    lift_own(house, carrying_out(house, callback))
    assert callback.attempts == 2
    house.wait(46)
    assert house.one(e.CallbackExhausted).cause is ClearingCause.NO_ANSWER
    assert house.agent(KIM).call is None


def test_an_own_phone_that_nobody_lifts_is_no_attempt() -> None:
    house = centre()
    callback = asked(house)
    house.at_work(KIM)
    house.wait(1)
    call = carrying_out(house, callback)
    house.ring(call)
    house.wait(21)
    assert house.agent(KIM).reason == "missed_call"
    assert (callback.attempts, callback.queued, callback.state) == (0, True, CallbackState.WAITING)
    assert house.one(e.CallCleared).reason == "own_phone"
    house.at_work(LEE)
    assert callback.dialled_by == LEE


def test_a_declined_callback_goes_to_somebody_else_with_its_key() -> None:
    house = centre()
    house.at_work(KIM, LEE)
    callback = promised(house, KIM)
    key = callback.key
    house.tell(i.DeclineCall(agent=KIM, call=carrying_out(house, callback).call, reason="busy"))
    assert house.agent(KIM).reason == "declined"
    assert (callback.dialled_by, callback.attempts, callback.key) == (LEE, 0, key)


def test_a_broken_own_phone_is_no_attempt() -> None:
    house = centre()
    callback = asked(house)
    house.at_work(KIM)
    house.wait(1)
    call = carrying_out(house, callback)
    house.tell(i.LegFailed(leg=call.agent_leg, cause=ClearingCause.UNREACHABLE))  # type: ignore[arg-type]
    assert house.agent(KIM).reason == "device_failed"
    assert (callback.attempts, callback.queued) == (0, True)


def test_after_a_failed_attempt_a_promise_is_again_first_for_the_one_who_made_it() -> None:
    house = centre(settings(named_wait_s=20))
    house.at_work(KIM, LEE)
    callback = promised(house, KIM)
    customer = lift_own(house, carrying_out(house, callback))
    house.tell(i.LegFailed(leg=customer.leg, cause=ClearingCause.BUSY))
    house.tell(i.SetNotReady(agent=KIM, reason="break"))
    house.wait(601)
    assert (callback.queued, callback.named) == (True, KIM)
    house.wait(20)
    assert callback.dialled_by == LEE


def test_a_number_that_was_erased_cannot_be_called() -> None:
    house = centre()
    callback = asked(house)
    house.state.personal.pop(callback.number)
    house.at_work(KIM)
    assert callback.state is CallbackState.EXHAUSTED
    assert house.agent(KIM).call is None


# --- when the process dies -------------------------------------------------------------------------------------------


def test_an_offer_that_dies_with_the_process_is_no_attempt() -> None:
    house = centre()
    callback = asked(house).callback
    house.at_work(KIM)
    idle_since = house.agent(KIM).idle_since
    house.crash(adopted=())
    kept = house.state.callbacks[callback]
    assert (kept.attempts, kept.queued) == (0, True)
    assert house.agent(KIM).idle_since == idle_since
    house.tell(i.DesktopConnected(agent=KIM))
    assert house.state.callbacks[callback].dialled_by == KIM


def test_an_attempt_that_dies_with_the_process_was_one() -> None:
    house = centre()
    callback = asked(house)
    house.at_work(KIM)
    customer = lift_own(house, carrying_out(house, callback))
    house.crash(adopted=(), lost=(customer.leg,))
    assert house.one(e.CallbackRescheduled).cause is ClearingCause.SERVER_RESTARTED
    assert customer.leg in [order.leg for order in house.seen(f.ReleaseLeg)]
    kept = house.state.callbacks[callback.callback]
    assert (kept.state, kept.attempts, kept.queued) == (CallbackState.WAITING, 1, False)
    house.tell(i.DesktopConnected(agent=KIM))
    house.wait(601)
    assert house.state.callbacks[callback.callback].state is CallbackState.RESERVED


def test_a_callback_in_its_queue_is_there_after_a_restart() -> None:
    house = centre()
    callback = asked(house).callback
    later = promised(house, KIM, in_s=100).callback
    house.crash(adopted=())
    house.wait(101)
    assert house.state.callbacks[callback].queued and house.state.callbacks[later].queued


# --- hours, reload ---------------------------------------------------------------------------------------------------


def with_hours(from_h: int, until_h: int) -> CentreSettings:
    return replace(settings(), callback_from_s=from_h * 3600, callback_until_s=until_h * 3600)


def test_outside_the_hours_a_callback_waits_and_keeps_its_place() -> None:
    """The house opens at 17:53:20 local time."""
    house = centre(with_hours(8, 18))
    callback = asked(house)
    assert callback.queued
    house.wait(400)
    assert house.one(e.CallbackLeftQueue).why is CallbackPause.HOURS
    house.at_work(KIM)
    house.wait(13 * 3600)
    assert callback.dialled_by is None
    house.wait(3600)
    assert callback.dialled_by == KIM


def test_what_becomes_due_in_the_night_waits_for_the_morning() -> None:
    house = centre(with_hours(8, 18))
    house.at_work(KIM)
    callback = promised(house, KIM, in_s=3 * 3600)
    house.wait(3 * 3600 + 1)
    assert not callback.queued
    house.wait(12 * 3600)
    assert callback.dialled_by == KIM


def test_new_rules_hold_for_callbacks_that_wait() -> None:
    house = centre(settings("by_hand"))
    callback = asked(house)
    assert not callback.queued
    house.tell(i.LoadSettings(settings=replace(settings(), version="2")))
    assert callback.queued
    house.tell(i.LoadSettings(settings=replace(settings("by_hand"), version="3")))
    assert house.one(e.CallbackLeftQueue).why is CallbackPause.BY_HAND
    house.tell(i.LoadSettings(settings=replace(with_hours(8, 9), version="4")))
    assert not callback.queued
    house.tell(i.LoadSettings(settings=replace(settings(), version="5")))
    house.at_work(KIM)
    assert callback.dialled_by == KIM


def test_a_wall_clock_that_is_set_back_makes_a_callback_wait_again() -> None:
    house = centre()
    callback = promised(house, KIM)
    assert callback.queued
    house.tell(i.ClockSet(offset_us=-60 * SECOND))
    assert house.one(e.CallbackLeftQueue).why is CallbackPause.NOT_DUE
    house.wait(61)
    assert callback.queued


# --- those who wait beside it ----------------------------------------------------------------------------------------


def test_callbacks_are_counted_apart_from_callers_and_make_nobody_overflow() -> None:
    full = (OverflowSettings(when=OverflowWhen.SIZE, to="care", at_least=1),)
    house = centre(settings(overflow=full))
    asked(house)
    caller = waiting_caller(house)
    index = house.centre.surroundings.index
    assert (index.waiting(ORDERS), index.callbacks(ORDERS), caller.queue) == (1, 1, ORDERS)
    assert house.centre.position(caller.call) == 2


def test_every_move_of_legs_and_phases_is_told() -> None:
    house = centre()
    callback = asked(house)
    house.at_work(KIM)
    call = carrying_out(house, callback)
    assert call.phase is CallPhase.RESERVED
    house.show_card(call)
    assert call.phase is CallPhase.ALERTING
    house.tell(i.LegAnswered(leg=house.placed().leg))
    assert (call.phase, house.one(e.LegPlaced).role) == (CallPhase.INITIATED, LegRole.CUSTOMER)
    house.tell(i.EndCall(agent=KIM, call=CallId(call.call)))
    assert house.one(e.CallCleared).cause is ClearingCause.CANCELLED
    assert (callback.attempts, callback.state) == (1, CallbackState.WAITING)
