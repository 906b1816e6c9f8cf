"""When a queue sends its callers elsewhere: by its rules, at entering and while they wait."""

import msgspec

from cti_server.core import events as e
from cti_server.core import inputs as i
from cti_server.core import overflow
from cti_server.core.explain import explain
from cti_server.core.settings import AgentProfile, LineSettings, OverflowSettings
from cti_server.core.vocabulary import AgentMode, CallPhase, OverflowWhen, QueueExit, QueueId
from tests.core.house import CARE, KIM, LEE, ORDERS, SECOND, SETTINGS, House, assert_delivered, profile
from tests.core.test_waits import house


def overflowing(when: OverflowWhen, *, to: str = CARE, at_least: int = 0) -> dict[str, object]:
    return {"overflow": (OverflowSettings(when=when, to=to, at_least=at_least),)}


def test_a_full_queue_sends_the_caller_on() -> None:
    centre = house(orders=overflowing(OverflowWhen.SIZE, at_least=2))
    assert [centre.arrive("direct").queue for _ in range(3)] == [ORDERS, ORDERS, CARE]


def test_nobody_logged_on_sends_the_caller_on_or_away() -> None:
    centre = house(profile(KIM, skills={CARE: 1}), orders=overflowing(OverflowWhen.NOBODY))
    centre.at_work(KIM)
    assert_delivered(centre, centre.arrive("direct"), to=KIM)
    alone = house(orders=overflowing(OverflowWhen.NOBODY, to="refused"))
    assert alone.arrive("direct").phase == CallPhase.CLEARED


def test_too_many_for_those_who_are_there() -> None:
    centre = house(profile(KIM, skills={ORDERS: 1}), orders=overflowing(OverflowWhen.PER_AGENT, at_least=2))
    centre.at_work(KIM)
    centre.talking("direct")
    assert [centre.arrive("direct").queue for _ in range(3)] == [ORDERS, ORDERS, CARE]


def test_a_long_wait_moves_the_caller_who_keeps_the_age() -> None:
    centre = house(orders=overflowing(OverflowWhen.WAIT, at_least=30))
    old = centre.arrive("direct")
    centre.now += 10 * SECOND
    young = centre.arrive("care")
    centre.wait(20)
    assert centre.call(old.call).queue == CARE
    left = centre.one(e.CallLeftQueue)
    assert (left.queue, left.how) == (ORDERS, QueueExit.FLOWED_OUT)
    assert centre.centre.position(old.call) == 1 and centre.centre.position(young.call) == 2


def test_a_line_without_a_flow_that_is_refused_by_wait_ends() -> None:
    centre = house(orders=overflowing(OverflowWhen.WAIT, to="refused", at_least=30))
    call = centre.arrive("direct")
    centre.wait(30)
    assert call.call not in centre.state.calls or centre.call(call.call).phase is CallPhase.CLEARED


def test_queues_that_send_on_in_a_circle_end_somewhere() -> None:
    """The configuration refuses them; the core is bounded all the same."""
    centre = house(
        orders=overflowing(OverflowWhen.NOBODY), care=overflowing(OverflowWhen.NOBODY, to=str(QueueId("orders")))
    )
    assert centre.arrive("direct").phase == CallPhase.CLEARED


# --- nobody is there any more ----------------------------------------------------------------------------------------

ONLY_CARE = profile(KIM, skills={CARE: 1})
ONLY_ORDERS = profile(LEE, skills={ORDERS: 1})


def log_off(centre: House, agent: AgentProfile) -> None:
    centre.tell(i.LogOff(agent=agent.agent))
    centre.wait(0)


def talking_to_lee(*rules: OverflowSettings) -> House:
    """LEE alone serves orders, KIM care; both are there, and LEE is on a break."""
    centre = house(ONLY_CARE, ONLY_ORDERS, orders={"overflow": rules})
    centre.at_work(KIM, LEE)
    centre.tell(i.SetNotReady(agent=LEE, reason="break"))
    return centre


def test_the_last_one_logs_off_and_those_who_wait_go_elsewhere_at_once_with_their_age() -> None:
    centre = talking_to_lee(OverflowSettings(when=OverflowWhen.NOBODY, to=CARE))
    old = centre.arrive("direct")
    assert old.queue == ORDERS and old.agent is None, "not ready is logged on"
    centre.talking("care")
    centre.wait(30)
    young = centre.arrive("care")
    log_off(centre, ONLY_ORDERS)
    assert [centre.call(call.call).queue for call in (old, young)] == [CARE, CARE]
    assert [centre.centre.position(call.call) for call in (old, young)] == [1, 2]
    found = explain(centre.journal, old.call)
    assert found is not None
    turns = [(turn.what, turn.detail) for turn in found.turns]
    assert turns == [
        ("CallQueued", "orders"),
        ("CallUnattended", "orders: nobody who could serve it is logged on"),
        ("CallLeftQueue", "orders: flowed_out"),
        ("CallQueued", "care"),
    ]


def test_whoever_comes_back_within_the_seconds_keeps_the_callers() -> None:
    centre = talking_to_lee(OverflowSettings(when=OverflowWhen.NOBODY, to=CARE, at_least=30))
    call = centre.arrive("direct")
    log_off(centre, ONLY_ORDERS)
    centre.wait(20)
    centre.tell(i.LogOn(agent=LEE))
    assert centre.one(e.CallUnattended).rule is None
    centre.wait(60)
    assert call.queue == ORDERS
    log_off(centre, ONLY_ORDERS)
    centre.wait(31)
    assert centre.call(call.call).queue == CARE


def test_whoever_enters_where_nobody_is_waits_for_the_seconds() -> None:
    rule = OverflowSettings(when=OverflowWhen.NOBODY, to="refused", at_least=15)
    centre = house(ONLY_ORDERS, orders={"overflow": (rule,)})
    call = centre.arrive("direct")
    centre.wait(14)
    assert call.phase is CallPhase.QUEUED
    centre.wait(2)
    assert call.phase is CallPhase.CLEARED
    assert centre.one(e.CallCleared).reason == "nobody"


def test_everybody_is_on_a_break_for_too_long() -> None:
    """One who is Ready and busy counts as there."""
    rule = OverflowSettings(when=OverflowWhen.NOBODY_READY, to=CARE, at_least=60)
    centre = house(ONLY_CARE, ONLY_ORDERS, orders={"overflow": (rule,)})
    centre.at_work(LEE)
    talk = centre.talking("direct")
    call = centre.arrive("direct")
    centre.wait(100)
    assert call.queue == ORDERS and call.unattended is None
    centre.tell(i.SetNotReady(agent=LEE, reason="break"))
    centre.hang_up(talk)
    centre.wait(31)
    assert centre.agent(LEE).mode is AgentMode.NOT_READY and call.unattended is OverflowWhen.NOBODY_READY
    centre.wait(61)
    assert centre.call(call.call).queue == CARE


def test_of_two_rules_the_one_that_leads_away_first_holds() -> None:
    resting = OverflowSettings(when=OverflowWhen.NOBODY_READY, to=CARE, at_least=60)
    gone = OverflowSettings(when=OverflowWhen.NOBODY, to="refused", at_least=20)
    centre = talking_to_lee(resting, gone)
    call = centre.arrive("direct")
    assert call.unattended is OverflowWhen.NOBODY_READY
    until = call.unattended_until
    centre.wait(50)
    log_off(centre, ONLY_ORDERS)
    assert (call.unattended, call.unattended_until) == (OverflowWhen.NOBODY_READY, until)
    centre.wait(11)
    assert centre.call(call.call).queue == CARE


def test_only_those_leave_who_ask_for_what_nobody_has_any_more() -> None:
    english = profile(LEE, skills={ORDERS: 1, "english": 2})
    lines = (*SETTINGS.lines, LineSettings(line="english", flow="queue:orders", skills={"english": 2}))
    rule = OverflowSettings(when=OverflowWhen.NOBODY, to=CARE)
    centre = house(profile(KIM, skills={ORDERS: 1}), english, orders={"overflow": (rule,)}, lines=lines)
    centre.at_work(KIM, LEE)
    for agent in (KIM, LEE):
        centre.tell(i.SetNotReady(agent=agent, reason="break"))
    korean, foreign = centre.arrive("direct"), centre.arrive("english")
    log_off(centre, english)
    assert (centre.call(korean.call).queue, centre.call(foreign.call).queue) == (ORDERS, CARE)


def test_who_waits_for_one_person_by_name_is_let_wait() -> None:
    lines = (*SETTINGS.lines, LineSettings(line="kim", flow="queue:orders", agent="2001"))
    rule = OverflowSettings(when=OverflowWhen.NOBODY, to="refused", at_least=5)
    centre = house(ONLY_CARE, ONLY_ORDERS, orders={"overflow": (rule,), "named_wait_s": 20}, lines=lines)
    centre.at_work(KIM)
    centre.talking("care")
    call = centre.arrive("kim")
    centre.wait(19)
    assert call.phase is CallPhase.QUEUED and call.unattended is None
    centre.wait(2)
    assert call.unattended is OverflowWhen.NOBODY
    centre.wait(5)
    assert call.phase is CallPhase.CLEARED


def test_somebody_by_name_is_somebody() -> None:
    lines = (*SETTINGS.lines, LineSettings(line="kim", flow="queue:orders", agent="2001"))
    centre = house(ONLY_CARE, orders=overflowing(OverflowWhen.NOBODY, to="refused"), lines=lines)
    centre.at_work(KIM)
    assert_delivered(centre, centre.arrive("kim"), to=KIM)


def test_new_settings_let_those_wait_who_were_about_to_leave() -> None:
    centre = talking_to_lee(OverflowSettings(when=OverflowWhen.NOBODY, to="refused", at_least=30))
    call = centre.arrive("direct")
    log_off(centre, ONLY_ORDERS)
    assert call.unattended is OverflowWhen.NOBODY
    settings = msgspec.structs.replace(centre.state.settings, queues=SETTINGS.queues, version="2")
    centre.tell(i.LoadSettings(settings=settings))
    assert call.unattended is None
    centre.wait(60)
    assert call.phase is CallPhase.QUEUED


def test_a_hundred_leave_in_their_order_and_never_all_in_one_step() -> None:
    centre = talking_to_lee(OverflowSettings(when=OverflowWhen.NOBODY, to=CARE))
    calls = [centre.arrive("direct") for _ in range(100)]
    centre.tell(i.LogOff(agent=LEE))
    moved = 0
    while moved < len(calls):
        deadline = centre.centre.next_deadline()
        assert deadline is not None and deadline <= centre.now + SECOND
        centre.now = max(centre.now, deadline)
        centre.tell(i.Tick())
        moved += len(entered := centre.seen(e.CallQueued))
        assert len(entered) <= overflow.AT_ONCE
    assert [centre.centre.position(call.call) for call in calls[1:]] == list(range(1, 100)), "the first is with KIM"
