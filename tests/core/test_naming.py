"""A caller is given to somebody by name: asked for, the line's owner, last agent, account owner; and what else."""

import msgspec
import pytest

from cti_server.core import events as e
from cti_server.core import inputs as i
from cti_server.core.effects import LookUpCustomer, RingLeg
from cti_server.core.entities import Call
from cti_server.core.explain import explain
from cti_server.core.settings import LineSettings, QueueSettings, TierSettings
from cti_server.core.vocabulary import CallPhase, CustomerRef, Extension, LegId, NamedBy, NamedEnd
from ivr.loader import load_flows
from ivr.model import AnswerNode, Flow, FlowSet, QueueNode
from tests.core.house import CARE, KIM, LEE, ORDERS, PARK, SETTINGS, House, assert_delivered, profile

OWNER_FIRST = (NamedBy.ACCOUNT_OWNER, NamedBy.LAST_AGENT)
MINJI = CustomerRef("C-1")


def house(*, named: tuple[NamedBy, ...] = OWNER_FIRST, **changed: object) -> House:
    """KIM, LEE and PARK; the queue orders gives to names for 20 seconds."""
    orders = msgspec.structs.replace(SETTINGS.queues[0], named=named)
    changed = {"queues": (orders, SETTINGS.queues[1])} | changed
    settings = msgspec.structs.replace(SETTINGS, **changed)
    return House(settings=settings, agents=(profile(KIM), profile(LEE), profile(PARK)), flows=load_flows())


def known(centre: House, call: Call, *, owner: str | None = "2002", tier: str = "") -> None:
    """The main system answers."""
    found = i.Candidate(customer=MINJI, owner=None if owner is None else Extension(owner), tier=tier)
    centre.tell(i.CustomersFound(call=call.call, candidates=(found,)))


def queued(centre: House) -> e.CallQueued:
    return [event for event in centre.journal if isinstance(event, e.CallQueued)][-1]


# --- straight into a queue --------------------------------------------------------------------------------------------


def test_a_direct_line_waits_for_the_customer_and_gives_to_the_owner() -> None:
    centre = house()
    centre.at_work(KIM, LEE)
    call = centre.arrive("direct")
    assert [type(effect) for effect in centre.effects] == [LookUpCustomer, RingLeg], "rings at once"
    assert call.phase is CallPhase.FLOW
    centre.wait(0.1)
    known(centre, call)
    assert_delivered(centre, call, to=LEE)
    assert queued(centre).named_by is NamedBy.ACCOUNT_OWNER


def test_it_waits_for_300_ms_and_then_goes_on_without() -> None:
    centre = house()
    centre.at_work(KIM, LEE)
    call = centre.arrive("direct")
    centre.wait(0.299)
    assert call.phase is CallPhase.FLOW
    centre.wait(0.001)
    assert_delivered(centre, call, to=KIM)
    known(centre, call)
    assert call.customer == MINJI, "a late answer is still taken"
    assert call.agent == KIM


def test_nothing_waits_where_no_rule_needs_the_customer() -> None:
    centre = house(named=(), tiers=(TierSettings(tier="VIP", head_start_s=60),))
    centre.at_work(KIM)
    assert_delivered(centre, centre.arrive("direct"), to=KIM)
    assert "FlowMoved" not in centre.kinds()


def test_nothing_waits_for_a_caller_who_shows_no_number() -> None:
    centre = house()
    centre.at_work(KIM)
    assert_delivered(centre, centre.arrive("direct", number=""), to=KIM)


def test_a_caller_whom_nobody_knows_goes_to_anybody_at_once() -> None:
    centre = house()
    centre.at_work(KIM)
    call = centre.arrive("direct")
    centre.tell(i.CustomersFound(call=call.call, candidates=()))
    assert_delivered(centre, call, to=KIM)


def test_a_direct_line_that_counts_tiers_knows_the_tier_before_it_queues() -> None:
    lines = (LineSettings(line="vip", flow="queue:orders", use_tier=True), *SETTINGS.lines)
    centre = house(named=(), lines=lines, tiers=(TierSettings(tier="VIP", head_start_s=60),))
    first = centre.arrive("direct")
    second = centre.arrive("vip")
    known(centre, second, tier="VIP")
    centre.at_work(KIM)
    assert_delivered(centre, second, to=KIM)
    assert first.phase is CallPhase.QUEUED


def test_a_caller_who_hangs_up_while_the_customer_is_looked_up_is_gone() -> None:
    centre = house()
    call = centre.arrive("direct")
    centre.hang_up(call)
    assert call.phase is CallPhase.CLEARED
    centre.wait(1)
    assert not any(isinstance(event, e.CallQueued) for event in centre.journal)


def test_a_crash_while_the_customer_is_looked_up_queues_the_call() -> None:
    centre = house()
    centre.at_work(KIM)
    call = centre.arrive("direct")
    assert call.customer_leg is not None
    centre.tell(i.SetNotReady(agent=KIM, reason="break"))
    centre.crash(adopted=(call.customer_leg,))
    assert centre.call(call.call).phase is CallPhase.QUEUED


def test_a_queue_that_takes_nobody_says_so_also_after_the_look_up() -> None:
    centre = house()
    full = msgspec.structs.replace(centre.state.settings.queues[0], maximum_waiting=0)
    centre.tell(i.LoadSettings(settings=msgspec.structs.replace(centre.state.settings, queues=(full,))))
    call = centre.arrive("direct")
    known(centre, call)
    assert call.phase is CallPhase.CLEARED


def test_a_line_that_is_taken_away_meanwhile_lets_the_caller_go() -> None:
    centre = house()
    call = centre.arrive("direct")
    centre.tell(i.LoadSettings(settings=msgspec.structs.replace(centre.state.settings, lines=())))
    centre.wait(1)
    assert call.phase is CallPhase.CLEARED


# --- whoever is not there ---------------------------------------------------------------------------------------------


def test_an_owner_who_is_logged_off_is_passed_over_for_the_last_agent() -> None:
    centre = house()
    centre.state.last_agents[MINJI] = PARK
    centre.at_work(KIM, PARK)
    call = centre.arrive("direct")
    known(centre, call)
    assert_delivered(centre, call, to=PARK)
    assert (queued(centre).named_by, queued(centre).absent) == (NamedBy.LAST_AGENT, {"account_owner": LEE})


def test_nobody_who_is_named_is_there_so_anybody_takes_the_call() -> None:
    centre = house()
    centre.at_work(KIM)
    call = centre.arrive("direct")
    known(centre, call)
    assert_delivered(centre, call, to=KIM)
    assert queued(centre).absent == {"account_owner": LEE}


def test_an_owner_who_works_here_no_longer_is_nobody() -> None:
    centre = house()
    centre.at_work(KIM)
    call = centre.arrive("direct")
    known(centre, call, owner="7777")
    assert_delivered(centre, call, to=KIM)


def test_an_owner_who_is_not_ready_is_waited_for_as_long_as_the_queue_says() -> None:
    centre = house()
    centre.at_work(KIM, LEE)
    centre.tell(i.SetNotReady(agent=LEE, reason="break"))
    call = centre.arrive("direct")
    known(centre, call)
    centre.wait(19)
    assert call.agent is None and call.named == LEE
    centre.wait(1)
    assert_delivered(centre, call, to=KIM)
    assert any(isinstance(event, e.NamedAgentGivenUp) and event.why is NamedEnd.TIME_LIMIT for event in centre.journal)


def test_the_owner_of_a_line_who_is_away_leaves_the_call_to_the_queues_rules() -> None:
    lines = (*SETTINGS.lines, LineSettings(line="park", flow="queue:orders", agent="2003"))
    centre = house(lines=lines)
    centre.at_work(KIM, LEE)
    call = centre.arrive("park")
    known(centre, call)
    assert_delivered(centre, call, to=LEE)
    assert queued(centre).absent == {"line": PARK}


# --- in a flow --------------------------------------------------------------------------------------------------------


def in_menu(centre: House) -> Call:
    call = centre.arrive("1588")
    answered(centre, call)
    centre.press(call, "1")
    hear(centre, call)
    centre.tell(i.CustomersFound(call=call.call, candidates=()))
    centre.press(call, "#")
    return call


def answered(centre: House, call: Call) -> None:
    assert call.customer_leg is not None
    centre.tell(i.LegAnswered(leg=LegId(call.customer_leg)))


def hear(centre: House, call: Call) -> None:
    assert call.customer_leg is not None
    centre.tell(i.PlayFinished(leg=call.customer_leg, play=call.play))


def test_a_caller_gets_the_agent_whose_extension_was_keyed_in() -> None:
    centre = house(named=())
    centre.at_work(KIM, LEE, PARK)
    call = in_menu(centre)
    centre.press(call, "32003#")
    assert_delivered(centre, call, to=PARK)
    assert queued(centre).named_by is NamedBy.ASKED_FOR


def test_who_was_asked_for_is_waited_for_and_then_anybody_takes_the_call() -> None:
    centre = house(named=())
    centre.at_work(PARK)
    centre.talking("direct")
    centre.at_work(KIM)
    call = in_menu(centre)
    centre.press(call, "32003#")
    assert call.agent is None and call.named == PARK
    centre.wait(20)
    assert_delivered(centre, call, to=KIM)


def test_who_was_asked_for_and_is_not_there_is_told() -> None:
    centre = house(named=())
    centre.at_work(KIM)
    call = in_menu(centre)
    centre.press(call, "32003#")
    assert call.agent is None and call.position is not None and call.position.node == "extension_absent"
    hear(centre, call)
    assert_delivered(centre, call, to=KIM)
    assert queued(centre).named is None


@pytest.mark.parametrize("keys", ["39999#9999#", "39#9#"])
def test_an_extension_that_nobody_has_is_told_and_anybody_takes_the_call(keys: str) -> None:
    centre = house(named=())
    centre.at_work(KIM)
    call = in_menu(centre)
    centre.press(call, keys)
    assert call.position is not None and call.position.node == "extension_unknown"
    hear(centre, call)
    assert_delivered(centre, call, to=KIM)


def test_who_works_here_no_longer_cannot_be_asked_for() -> None:
    centre = house(named=())
    centre.at_work(KIM, PARK)
    centre.talking("direct")
    centre.talking("direct")
    centre.tell(i.EnrolAgents(agents=(profile(KIM),)))
    call = in_menu(centre)
    centre.press(call, "32003#2003#")
    assert call.position is not None and call.position.node == "extension_unknown"


def test_a_flow_waits_for_the_customer_before_it_queues_and_no_longer_than_300_ms() -> None:
    """Whoever skips the question of who calls is looked up by number all the same."""
    care = QueueSettings(queue=CARE, title={}, named=(NamedBy.ACCOUNT_OWNER,))
    centre = house(queues=(SETTINGS.queues[0], care), lines=(LineSettings(line="1588", flow="direct_care"),))
    centre.centre.load_flows(_flow_without_questions())
    centre.at_work(KIM, LEE)
    call, late = centre.arrive("1588"), None
    answered(centre, call)
    assert call.phase is CallPhase.FLOW and call.waiting_for == "customer"
    known(centre, call)
    assert_delivered(centre, call, to=LEE)
    late = centre.arrive("1588")
    answered(centre, late)
    centre.wait(0.3)
    assert_delivered(centre, late, to=KIM)
    assert queued(centre).key.rank == -2, "the node's own priority is kept"


def test_a_crash_before_the_queue_of_a_flow_enters_the_node_again() -> None:
    care = QueueSettings(queue=CARE, title={}, named=(NamedBy.ACCOUNT_OWNER,))
    centre = house(queues=(SETTINGS.queues[0], care), lines=(LineSettings(line="1588", flow="direct_care"),))
    centre.flows = _flow_without_questions()
    centre.centre.load_flows(centre.flows)
    call = centre.arrive("1588")
    answered(centre, call)
    assert call.customer_leg is not None
    centre.crash(adopted=(call.customer_leg,))
    after = centre.call(call.call)
    assert (after.phase, after.queue) == (CallPhase.QUEUED, CARE)
    assert after.key is not None and after.key.rank == -2


def _flow_without_questions() -> FlowSet:
    flow = Flow(
        id="direct_care",
        version="1",
        title={},
        languages=("ko",),
        start="answer",
        nodes={"answer": AnswerNode(next="care"), "care": QueueNode(queue=CARE, priority=2)},
    )
    return FlowSet(flows=(flow,))


# --- why --------------------------------------------------------------------------------------------------------------


def test_why_tells_who_named_whom_and_why_that_was_given_up() -> None:
    centre = house()
    centre.state.last_agents[MINJI] = PARK
    centre.at_work(KIM, PARK)
    centre.tell(i.SetNotReady(agent=PARK, reason="break"))
    call = centre.arrive("direct")
    known(centre, call)
    centre.wait(20)
    found = explain(centre.journal, call.call)
    assert found is not None
    told = [(turn.what, turn.detail) for turn in found.turns]
    assert told[:3] == [
        ("FlowMoved", "waits to know who calls"),
        (
            "CallQueued",
            f"orders, for agent {PARK} (last_agent) first, 20 s at most, "
            f"not for agent {LEE} (account_owner), who is logged off",
        ),
        ("NamedAgentGivenUp", f"agent {PARK}: time_limit"),
    ]
    reasons = {run.agent: run.reason.detail for run in found.non_offers if run.reason.rule == "named"}
    assert reasons == {KIM: f"{PARK}, last_agent"}


def test_why_tells_by_whom_the_chosen_one_was_named() -> None:
    centre = house()
    centre.at_work(KIM, LEE)
    call = centre.arrive("direct")
    known(centre, call)
    found = explain(centre.journal, call.call)
    assert found is not None
    (offer,) = found.decisions
    assert (offer.rule, offer.named_by, offer.is_reproduced) == ("named", NamedBy.ACCOUNT_OWNER, True)
    assert queued(centre).queue == ORDERS
