"""While a call waits: skills that relax, ceilings, tiers, named agents, overflow."""

import msgspec

from cti_server.core import events as e
from cti_server.core import inputs as i
from cti_server.core import naming
from cti_server.core.settings import (
    AgentProfile,
    CentreSettings,
    LineSettings,
    QueueSettings,
    RelaxSettings,
    TierSettings,
)
from cti_server.core.step import Step
from cti_server.core.vocabulary import (
    CustomerRef,
    NamedBy,
    NamedEnd,
    RaisedBy,
    WorkOrder,
)
from ivr.loader import load_flows
from tests.core.house import CARE, KIM, LEE, ORDERS, PARK, SECOND, SETTINGS, House, assert_delivered, profile

RELAXING = {
    "requires": {"english": 3},
    "relax": (RelaxSettings(after_s=20, requires={"english": 2}), RelaxSettings(after_s=40, requires={"english": 0})),
}


def settings(
    *, orders: dict[str, object] | None = None, care: dict[str, object] | None = None, **centre: object
) -> CentreSettings:
    first, second = SETTINGS.queues
    queues = (
        msgspec.structs.replace(first, **(orders or {})),
        msgspec.structs.replace(second, **(care or {})),
    )
    return msgspec.structs.replace(SETTINGS, queues=queues, **centre)


def house(*agents: AgentProfile, **changed: object) -> House:
    return House(settings=settings(**changed), agents=agents or (profile(KIM), profile(LEE)))  # type: ignore[arg-type]


# --- skills ----------------------------------------------------------------------------------------------------------


def test_who_lacks_a_skill_is_offered_the_call_when_it_is_relaxed() -> None:
    centre = house(profile(KIM, skills={ORDERS: 1, "english": 2}), profile(LEE, skills={ORDERS: 1}), orders=RELAXING)
    centre.at_work(KIM, LEE)
    first, second = centre.arrive("direct"), centre.arrive("direct")
    centre.wait(19)
    assert first.agent is None
    centre.wait(1)
    assert_delivered(centre, first, to=KIM)
    centre.wait(19)
    assert second.agent is None
    centre.wait(1)
    assert_delivered(centre, second, to=LEE)


def test_a_later_caller_who_asks_for_less_does_not_wait_for_the_first() -> None:
    """The order holds among those whom an agent is able to serve."""
    centre = house(profile(KIM, skills={ORDERS: 1, CARE: 1}), orders=RELAXING)
    waiting, other = centre.arrive("direct"), centre.arrive("care")
    centre.at_work(KIM)
    assert waiting.agent is None
    assert_delivered(centre, other, to=KIM)


def test_new_settings_hold_for_those_who_wait() -> None:
    centre = house(profile(KIM, skills={ORDERS: 1}), orders=RELAXING)
    centre.at_work(KIM)
    call = centre.arrive("direct")
    centre.wait(10)
    relaxed = {**RELAXING, "relax": (RelaxSettings(after_s=15, requires={"english": 0}),)}
    centre.tell(i.LoadSettings(settings=settings(orders=relaxed)))
    centre.wait(5)
    assert_delivered(centre, call, to=KIM)


def test_a_relaxed_call_stays_relaxed_over_a_restart() -> None:
    centre = house(profile(KIM, skills={ORDERS: 1, "english": 2}), orders=RELAXING)
    call = centre.arrive("direct")
    centre.wait(25)
    leg = centre.call(call.call).customer_leg
    assert leg is not None and centre.call(call.call).stage == 1
    centre.crash(adopted=(leg,))
    centre.at_work(KIM)
    assert_delivered(centre, centre.call(call.call), to=KIM)


# --- order -----------------------------------------------------------------------------------------------------------


def vip(centre: House) -> None:
    """The look-up of the call that came last answers: a VIP."""
    call = max(centre.state.calls)
    candidate = i.Candidate(customer=CustomerRef("C-1"), tier="vip")
    centre.tell(i.CustomersFound(call=call, candidates=(candidate,)))


def flow_house(**changed: object) -> House:
    lines = (LineSettings(line="1588", flow="main", opening="always_open"), *SETTINGS.lines[1:])
    return House(settings=settings(lines=lines, **changed), agents=(profile(KIM),), flows=load_flows())  # type: ignore[arg-type]


def test_a_head_start_counts_from_the_moment_the_tier_is_known() -> None:
    centre = house(profile(KIM), tiers=(TierSettings(tier="vip", head_start_s=60),))
    first = centre.arrive("direct")
    centre.now += 30 * SECOND
    second = centre.arrive("direct")
    call = centre.call(second.call)
    call.uses_tier = True
    vip(centre)
    changed = centre.one(e.CallReordered)
    assert changed.why is RaisedBy.TIER and changed.key.due_at == (call.entered_at or 0) - 60 * SECOND
    assert centre.centre.position(second.call) == 1 and centre.centre.position(first.call) == 2


def test_lines_without_a_flow_give_no_tier_a_head_start() -> None:
    centre = house(profile(KIM), tiers=(TierSettings(tier="vip", head_start_s=60),))
    first, second = centre.arrive("direct"), centre.arrive("direct")
    vip(centre)
    assert [centre.centre.position(call.call) for call in (first, second)] == [1, 2]


def test_a_wait_ceiling_goes_before_every_class() -> None:
    centre = house(profile(KIM, skills={ORDERS: 1, CARE: 1}), orders={"wait_ceiling_s": 50}, care={"weight": 100})
    starving = centre.arrive("direct")
    centre.now += 40 * SECOND
    favoured = centre.arrive("care")
    centre.wait(15)
    assert centre.call(starving.call).key is not None
    centre.at_work(KIM)
    assert_delivered(centre, starving, to=KIM)
    assert favoured.agent is None


def test_a_weight_makes_a_shorter_wait_count_for_more() -> None:
    centre = house(profile(KIM), care={"weight": 3})
    long_wait = centre.arrive("direct")
    centre.now += 20 * SECOND
    short_wait = centre.arrive("care")
    centre.now += 11 * SECOND
    centre.at_work(KIM)
    assert_delivered(centre, short_wait, to=KIM)
    assert long_wait.agent is None


def test_level_first_takes_what_the_agent_is_best_at() -> None:
    people = (profile(KIM, skills={ORDERS: 2, CARE: 7}),)
    for order, expected in ((WorkOrder.DUE_FIRST, "direct"), (WorkOrder.LEVEL_FIRST, "care")):
        centre = house(*people, work_order=order)
        calls = {line: centre.arrive(line) for line in ("direct", "care")}
        centre.at_work(KIM)
        assert_delivered(centre, calls[expected], to=KIM)


def test_the_class_goes_before_the_level() -> None:
    centre = house(
        profile(KIM, skills={ORDERS: 2, CARE: 7}), work_order=WorkOrder.LEVEL_FIRST, orders={"wait_ceiling_s": 10}
    )
    raised, liked = centre.arrive("direct"), centre.arrive("care")
    centre.wait(11)
    centre.at_work(KIM)
    assert_delivered(centre, raised, to=KIM)
    assert liked.agent is None


# --- by name ---------------------------------------------------------------------------------------------------------


def own_line(**changed: object) -> House:
    lines = (*SETTINGS.lines, LineSettings(line="lee", flow="queue:orders", agent="2002"))
    return House(
        settings=settings(lines=lines, **changed), agents=(profile(KIM), profile(LEE), profile(PARK, skills={}))
    )  # type: ignore[arg-type]


def occupied(centre: House) -> None:
    """Lee is in a conversation, Kim is free."""
    centre.at_work(LEE)
    centre.talking("direct")
    centre.at_work(KIM)


def test_a_line_of_its_own_waits_for_its_agent_and_then_for_anybody() -> None:
    centre = own_line()
    occupied(centre)
    call = centre.arrive("lee")
    assert call.agent is None and call.named == LEE
    centre.wait(20)
    assert_delivered(centre, call, to=KIM)


def test_the_named_agent_gets_the_call_when_free() -> None:
    centre = own_line()
    centre.at_work(KIM, LEE)
    call = centre.arrive("lee")
    assert_delivered(centre, call, to=LEE)
    assert centre.one(e.CallDelivered).rule == "named"


def test_somebody_named_needs_no_skill_of_the_queue() -> None:
    lines = (*SETTINGS.lines, LineSettings(line="park", flow="queue:orders", agent="2003"))
    centre = House(settings=settings(lines=lines), agents=(profile(KIM), profile(PARK, skills={})))
    centre.at_work(KIM, PARK)
    assert_delivered(centre, centre.arrive("park"), to=PARK)


def test_nobody_waits_for_who_is_not_there() -> None:
    centre = own_line()
    centre.at_work(KIM)
    assert_delivered(centre, centre.arrive("lee"), to=KIM)


def test_who_logs_off_is_waited_for_no_longer() -> None:
    centre = own_line()
    centre.at_work(KIM, LEE)
    centre.tell(i.SetNotReady(agent=LEE, reason="break"))
    call = centre.arrive("lee")
    assert call.agent is None
    centre.tell(i.LogOff(agent=LEE))
    assert centre.one(e.NamedAgentGivenUp).why is NamedEnd.LOGGED_OFF
    assert_delivered(centre, call, to=KIM)


def test_a_named_agent_who_misses_the_call_is_not_waited_for_again() -> None:
    centre = own_line()
    centre.at_work(LEE)
    call = centre.arrive("lee")
    centre.tell(i.DeclineCall(agent=LEE, call=call.call, reason="busy"))
    centre.at_work(KIM)
    assert_delivered(centre, call, to=KIM)


def test_a_customer_comes_back_to_the_agent_of_the_last_conversation() -> None:
    centre = flow_house()
    centre.state.last_agents[CustomerRef("C-1")] = KIM
    call = centre.arrive("direct")
    call.customer = CustomerRef("C-1")
    queue = msgspec.structs.replace(SETTINGS.queues[0], named=(NamedBy.ACCOUNT_OWNER, NamedBy.LAST_AGENT))
    step = Step(centre.state, centre.centre.surroundings, centre.now)  # type: ignore[arg-type]
    assert naming.find(step, call, queue) == (None, None, {NamedBy.LAST_AGENT: KIM}), "not logged on"
    centre.tell(i.LogOn(agent=KIM))
    assert naming.find(step, call, queue) == (KIM, NamedBy.LAST_AGENT, {})


def test_who_talked_to_a_customer_last_is_remembered() -> None:
    centre = house()
    centre.at_work(KIM)
    call = centre.arrive("direct")
    vip(centre)
    centre.show_card(call)
    centre.ring(call)
    centre.lift(call)
    assert centre.state.last_agents == {CustomerRef("C-1"): KIM}


def test_a_queue_of_plain_settings_has_no_deadlines_of_its_own() -> None:
    centre = house()
    call = centre.arrive("direct")
    assert (call.relax_at, call.ceiling_at, call.overflow_at, call.named_until) == (None, None, None, None)
    assert isinstance(centre.state.settings.queues[0], QueueSettings)
