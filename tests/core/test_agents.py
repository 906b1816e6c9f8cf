"""Mode × occupation: what agents ask for, and what happens to those who are gone."""

from cti_server.core import events as e
from cti_server.core import inputs as i
from cti_server.core.vocabulary import AgentMode, AgentState, Occupation
from tests.core.house import CARE, KIM, LEE, ORDERS, House, assert_delivered, profile


def test_signing_in_makes_not_ready() -> None:
    house = House()
    house.tell(i.LogOn(agent=KIM))
    assert (house.agent(KIM).state, house.agent(KIM).reason) == (AgentState.NOT_READY, "signed_in")


def test_ready_needs_a_phone() -> None:
    house = House()
    house.tell(i.LogOn(agent=KIM))
    assert house.refused(i.SetReady(agent=KIM)) == "phone_unregistered"
    house.tell(i.PhoneRegistered(extension=house.agent(KIM).profile.extension))
    house.tell(i.SetReady(agent=KIM))
    assert house.agent(KIM).state is AgentState.READY


def test_nobody_is_ready_without_signing_in() -> None:
    house = House()
    assert house.refused(i.SetReady(agent=KIM)) == "not_logged_on"
    assert house.refused(i.SetReady(agent=99)) == "unknown_agent"  # type: ignore[arg-type]


def test_a_reason_must_be_one_of_the_centre() -> None:
    house = House()
    house.at_work(KIM)
    assert house.refused(i.SetNotReady(agent=KIM, reason="nonsense")) == "unknown_reason"
    house.tell(i.SetNotReady(agent=KIM, reason="break"))
    assert house.agent(KIM).reason == "break"


def test_the_longest_idle_gets_the_call_and_the_next_one_the_next() -> None:
    house = House()
    house.at_work(LEE, KIM)
    assert_delivered(house, house.arrive(), to=LEE)
    assert_delivered(house, house.arrive(), to=KIM)


def test_a_break_asked_for_in_a_call_comes_after_it() -> None:
    house = House()
    house.at_work(KIM)
    call = house.talking()
    house.tell(i.SetNotReady(agent=KIM, reason="break"))
    assert house.one(e.AgentModePending).ready is False
    house.hang_up(call)
    assert house.agent(KIM).state is AgentState.WORKING_AFTER_CALL
    house.wait(30)
    assert (house.agent(KIM).state, house.agent(KIM).reason) == (AgentState.NOT_READY, "break")


def test_a_pending_break_can_be_taken_back() -> None:
    house = House()
    house.at_work(KIM)
    call = house.talking()
    house.tell(i.SetNotReady(agent=KIM, reason="break"))
    house.tell(i.CancelPendingMode(agent=KIM))
    house.hang_up(call)
    house.wait(30)
    assert house.agent(KIM).state is AgentState.READY


def test_a_lost_desktop_means_no_more_offers_and_not_ready_after_ten_seconds() -> None:
    house = House()
    house.at_work(KIM)
    house.tell(i.DesktopLost(agent=KIM))
    call = house.arrive()
    assert call.agent is None
    house.wait(9.9)
    assert house.agent(KIM).mode is AgentMode.READY
    house.wait(0.1)
    assert house.agent(KIM).reason == "desktop_lost"


def test_a_desktop_that_is_back_in_time_gets_the_waiting_call() -> None:
    house = House()
    house.at_work(KIM)
    house.tell(i.DesktopLost(agent=KIM))
    call = house.arrive()
    house.wait(5)
    house.tell(i.DesktopConnected(agent=KIM))
    assert_delivered(house, call, to=KIM)
    house.wait(60)
    assert house.agent(KIM).reason != "desktop_lost"


def test_a_desktop_lost_in_a_call_does_not_disturb_it() -> None:
    house = House()
    house.at_work(KIM)
    call = house.talking()
    house.tell(i.DesktopLost(agent=KIM))
    house.wait(15)
    assert house.agent(KIM).occupation is Occupation.CONNECTED
    assert house.agent(KIM).pending_reason == "desktop_lost"
    house.tell(i.DesktopConnected(agent=KIM))
    assert house.agent(KIM).pending_ready is None
    house.hang_up(call)


def test_a_lost_phone_is_an_absent_agent_at_once() -> None:
    house = House()
    house.at_work(KIM)
    house.tell(i.PhoneLost(extension=house.agent(KIM).profile.extension))
    assert house.agent(KIM).reason == "phone_lost"
    assert house.arrive().agent is None
    house.tell(i.PhoneRegistered(extension=house.agent(KIM).profile.extension))
    assert house.agent(KIM).mode is AgentMode.NOT_READY


def test_a_phone_only_agent_is_ready_whenever_the_phone_is_there() -> None:
    house = House(agents=(profile(KIM, needs_desktop=False),))
    extension = house.agent(KIM).profile.extension
    house.tell(i.PhoneRegistered(extension=extension))
    assert house.agent(KIM).state is AgentState.READY
    house.tell(i.PhoneLost(extension=extension))
    assert house.agent(KIM).state is AgentState.NOT_READY
    house.tell(i.PhoneRegistered(extension=extension))
    assert house.agent(KIM).state is AgentState.READY


def test_a_phone_that_registered_before_its_agent_was_known_counts() -> None:
    house = House(agents=(profile(LEE),))
    extension = profile(KIM).extension
    house.tell(i.PhoneRegistered(extension=extension))
    house.tell(i.EnrolAgents(agents=(profile(KIM, needs_desktop=False), profile(LEE))))
    assert house.agent(KIM).state is AgentState.READY


def test_who_is_taken_off_the_list_finishes_the_call_first() -> None:
    house = House()
    house.at_work(KIM)
    call = house.talking(line="care")
    house.tell(i.EnrolAgents(agents=(profile(LEE),)))
    assert house.agent(KIM).occupation is Occupation.CONNECTED
    house.hang_up(call)
    assert KIM not in house.state.agents


def test_two_agents_cannot_have_one_extension() -> None:
    house = House()
    twin = i.AgentProfile(agent=LEE, extension=profile(KIM).extension)
    assert house.refused(i.EnrolAgents(agents=(profile(KIM), twin))) == "extension_taken"


def test_the_same_list_again_is_no_event() -> None:
    house = House()
    house.tell(i.EnrolAgents(agents=(profile(LEE), profile(KIM))))
    assert not house.events


def test_who_has_a_call_cannot_log_off() -> None:
    house = House()
    house.at_work(KIM)
    call = house.talking(line="care")
    assert house.refused(i.LogOff(agent=KIM)) == "in_call"
    house.hang_up(call)
    house.tell(i.LogOff(agent=KIM))
    assert house.agent(KIM).state is AgentState.NULL


def test_only_who_has_the_skill_is_offered_the_call() -> None:
    house = House(agents=(profile(KIM, skills={CARE: 1}), profile(LEE, skills={ORDERS: 1})))
    house.at_work(KIM, LEE)
    assert_delivered(house, house.arrive("direct"), to=LEE)
    assert_delivered(house, house.arrive("care"), to=KIM)


def test_the_days_own_figures_are_counted() -> None:
    house = House()
    house.at_work(KIM)
    call = house.talking(line="care")
    house.wait(10)
    house.hang_up(call)
    today = house.agent(KIM).today
    assert (today.answered, today.talks, today.talk_us) == (1, 1, 10_000_000)


def test_who_is_gone_for_two_reasons_is_there_only_when_both_are_over() -> None:
    """Found by seed 81: the desktop came back in a call, the phone did not, and the agent was Ready for ever."""
    house = House()
    house.at_work(KIM)
    call = house.talking(line="care")
    house.tell(i.DesktopLost(agent=KIM))
    house.wait(10)
    house.tell(i.PhoneLost(extension=house.agent(KIM).profile.extension))
    house.tell(i.DesktopConnected(agent=KIM))
    assert house.agent(KIM).pending_reason == "phone_lost"
    house.hang_up(call)
    assert (house.agent(KIM).state, house.agent(KIM).reason) == (AgentState.NOT_READY, "phone_lost")
