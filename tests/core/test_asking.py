"""Calls that ask for skills of their own: by language, line and flow, beside what their queue asks for."""

import msgspec
import pytest

from cti_server.core import estimates
from cti_server.core import events as e
from cti_server.core import index as index_module
from cti_server.core import inputs as i
from cti_server.core.asking import AskedBy
from cti_server.core.entities import Call
from cti_server.core.explain import Reason, explain, reason_of
from cti_server.core.inputs import Candidate
from cti_server.core.settings import (
    AgentProfile,
    LanguageSettings,
    LineSettings,
    OverflowSettings,
    RelaxSettings,
)
from cti_server.core.step import Step
from cti_server.core.vocabulary import CallPhase, CustomerRef, Micros, OverflowWhen
from ivr.model import AnswerNode, Flow, FlowSet, HangUpNode, LanguageNode, LoadNode, Node, QueueNode
from tests.core.house import CARE, KIM, LEE, ORDERS, PARK, SECOND, SETTINGS, House, assert_delivered, profile

LANGUAGES = (LanguageSettings(language="en", skills={"english": 2}),)
LINES = (
    LineSettings(line="direct", flow="queue:orders", language="ko"),
    LineSettings(line="english", flow="queue:orders", language="ko", skills={"english": 2}),
    LineSettings(line="care", flow="queue:care", language="ko"),
    LineSettings(line="unknown", flow="queue:orders"),
    LineSettings(line="menu", flow="menu", opening="always_open"),
)
SPEAKS = profile(LEE, skills={ORDERS: 1, CARE: 1, "english": 2})


def menu() -> Flow:
    """Key 1: Korean, 2: English; then orders, for which billing 1 is asked; there, key 3 asks for orders alone."""
    nodes: dict[str, Node] = {
        "answer": AnswerNode(next="language"),
        "language": LanguageNode(prompts=("language_menu",), keys={"1": "ko", "2": "en"}, next="orders"),
        "orders": QueueNode(
            queue=ORDERS, skills={"billing": 1}, keys={"3": "anybody", "4": "language"}, announce_at_start=False
        ),
        "anybody": QueueNode(queue=ORDERS, announce_at_start=False),
    }
    return Flow(id="menu", version="1", title={}, languages=("ko", "en"), start="answer", nodes=nodes)


def house(*agents: AgentProfile, orders: dict[str, object] | None = None, **centre: object) -> House:
    queues = (msgspec.structs.replace(SETTINGS.queues[0], **(orders or {})), SETTINGS.queues[1])
    settings = msgspec.structs.replace(SETTINGS, **{"queues": queues, "lines": LINES, "languages": LANGUAGES, **centre})
    return House(settings=settings, agents=agents or (profile(KIM), SPEAKS), flows=FlowSet(flows=(menu(),)))


def chose(centre: House, key: str) -> Call:
    call = centre.arrive("menu")
    assert call.customer_leg is not None
    centre.tell(i.LegAnswered(leg=call.customer_leg))
    centre.press(call, key)
    return call


def why(centre: House, call: Call, agent: AgentProfile) -> Reason | None:
    return reason_of(centre.state, call, centre.agent(agent.agent))


# --- who is asked for ------------------------------------------------------------------------------------------------


def test_a_line_asks_for_skills_beside_its_queue() -> None:
    centre = house()
    centre.at_work(KIM, LEE)
    call = centre.arrive("english")
    assert call.asks == {"english": 2}
    assert_delivered(centre, call, to=LEE)
    assert_delivered(centre, centre.arrive("direct"), to=KIM)


def test_a_caller_who_chose_english_waits_for_somebody_who_speaks_it() -> None:
    both = profile(PARK, skills={ORDERS: 1, "english": 3, "billing": 1})
    centre = house(profile(KIM, skills={ORDERS: 1, "billing": 1}), both)
    centre.at_work(KIM)
    call = chose(centre, "2")
    assert call.phase is CallPhase.QUEUED and call.asks == {"billing": 1, "english": 2}
    assert why(centre, call, profile(KIM)) == Reason(
        rule="skill", skill="english", has=0, asked=2, by=AskedBy.LANGUAGE, language="en"
    )
    korean = chose(centre, "1")
    assert_delivered(centre, korean, to=KIM)
    centre.at_work(PARK)
    assert_delivered(centre, call, to=PARK)


def test_a_lines_language_is_that_of_its_callers_until_they_choose_another() -> None:
    line = LineSettings(line="menu", flow="menu", opening="always_open", language="en")
    centre = house(lines=(line,))
    call = centre.arrive("menu")
    assert call.position is not None and call.position.language == "en"
    assert call.customer_leg is not None
    centre.tell(i.LegAnswered(leg=call.customer_leg))
    centre.press(call, "1")
    assert call.asks == {"billing": 1}


def test_the_flows_queue_asks_for_a_skill_and_another_node_of_the_same_queue_no_longer() -> None:
    centre = house(profile(KIM))
    centre.at_work(KIM)
    call = chose(centre, "1")
    assert call.asks == {"billing": 1}
    reason = why(centre, call, profile(KIM))
    assert reason is not None and (reason.skill, reason.by) == ("billing", AskedBy.FLOW)
    centre.press(call, "3")
    assert centre.one(e.CallRequirementChanged).asks == {}
    assert_delivered(centre, call, to=KIM)


def test_a_language_chosen_while_waiting_is_asked_for_from_then_on() -> None:
    centre = house(profile(KIM, skills={ORDERS: 1, "billing": 1}))
    call = chose(centre, "1")
    centre.press(call, "4")
    centre.press(call, "2")
    assert call.phase is CallPhase.QUEUED and call.asks == {"billing": 1, "english": 2}
    centre.at_work(KIM)
    assert call.agent is None
    found = explain(centre.journal, call.call)
    assert found is not None
    turns = [(turn.what, turn.detail) for turn in found.turns]
    assert ("CallQueued", "orders, asks for billing 1") in turns
    assert ("CallRequirementChanged", "orders, asks for billing 1, asks for english 2") in turns


def test_the_customers_language_is_known_before_anybody_is_offered_the_call() -> None:
    centre = house()
    centre.at_work(KIM)
    call = centre.arrive("unknown")
    assert call.phase is CallPhase.FLOW, "who calls matters, so the look-up is waited for"
    found = Candidate(customer=CustomerRef("shop:1"), tier="", language="en")
    centre.tell(i.CustomersFound(call=call.call, candidates=(found,)))
    assert call.phase is CallPhase.QUEUED and call.asks == {"english": 2}
    centre.at_work(LEE)
    assert_delivered(centre, call, to=LEE)


def test_the_customers_language_is_asked_for_when_it_becomes_known_late() -> None:
    centre = house()
    call = centre.arrive("unknown")
    centre.wait(1)
    assert call.phase is CallPhase.QUEUED and call.asks == {}
    found = Candidate(customer=CustomerRef("shop:1"), tier="", language="en")
    centre.tell(i.CustomersFound(call=call.call, candidates=(found,)))
    assert centre.one(e.CallRequirementChanged).asks == {"english": 2}
    centre.at_work(KIM)
    assert call.agent is None
    centre.at_work(LEE)
    assert_delivered(centre, call, to=LEE)


def test_the_highest_level_counts_and_the_queues_own_is_the_queues() -> None:
    centre = house(profile(KIM, skills={ORDERS: 1, "english": 2}), orders={"requires": {"english": 3}}, pop_wait_ms=0)
    centre.at_work(KIM)
    call = centre.arrive("english")
    reason = why(centre, call, profile(KIM))
    assert reason is not None and (reason.asked, reason.by) == (3, AskedBy.QUEUE)


# --- time ------------------------------------------------------------------------------------------------------------


def test_english_for_thirty_seconds_then_anybody() -> None:
    relax = (RelaxSettings(after_s=30, requires={"english": 0}),)
    centre = house(profile(KIM), orders={"relax": relax})
    centre.at_work(KIM)
    call = centre.arrive("english")
    centre.wait(29)
    assert call.agent is None
    centre.wait(2)
    assert_delivered(centre, call, to=KIM)


def test_a_step_asks_nothing_of_those_who_did_not_ask() -> None:
    """``english: 1`` after a while is less for those who ask for 2, and nothing for the others."""
    relax = (RelaxSettings(after_s=10, requires={"english": 1}),)
    centre = house(profile(KIM), orders={"relax": relax})
    call = centre.arrive("direct")
    centre.wait(11)
    centre.at_work(KIM)
    assert_delivered(centre, call, to=KIM)


def test_a_call_that_comes_back_asks_for_the_same() -> None:
    centre = house()
    centre.at_work(LEE)
    call = centre.arrive("english")
    centre.tell(i.DeclineCall(agent=LEE, call=call.call))
    assert call.phase is CallPhase.QUEUED and call.returned and call.asks == {"english": 2}
    centre.at_work(KIM)
    assert call.agent is None


def test_new_settings_ask_anew_of_those_who_wait() -> None:
    centre = house()
    centre.at_work(KIM)
    call = centre.arrive("english")
    assert call.agent is None
    lines = tuple(msgspec.structs.replace(line, skills={}) for line in LINES)
    centre.tell(i.LoadSettings(settings=msgspec.structs.replace(centre.state.settings, lines=lines, version="2")))
    assert_delivered(centre, call, to=KIM)


# --- the queue as a whole --------------------------------------------------------------------------------------------


def test_places_and_counts_are_over_the_whole_queue() -> None:
    centre = house()
    calls = [centre.arrive(line) for line in ("direct", "english", "direct", "english")]
    assert [centre.centre.position(call.call) for call in calls] == [1, 2, 3, 4]
    index = centre.centre.surroundings.index
    assert index.waiting(ORDERS) == 4
    centre.at_work(LEE)
    assert_delivered(centre, calls[0], to=LEE)
    assert [centre.centre.position(call.call) for call in calls[1:]] == [1, 2, 3]
    assert (index.logged_on(ORDERS), index.logged_on(ORDERS, {"english": 2})) == (1, 1)
    assert index.logged_on(ORDERS, {"english": 3}) == 0
    assert index.serves(LEE) == (ORDERS, CARE)


def test_who_is_free_takes_the_first_of_those_that_they_are_able_to_take() -> None:
    centre = house()
    english, korean = centre.arrive("english"), centre.arrive("direct")
    centre.at_work(KIM)
    assert_delivered(centre, korean, to=KIM)
    centre.at_work(LEE)
    assert_delivered(centre, english, to=LEE)


def test_nobody_who_speaks_it_is_logged_on_so_the_call_goes_elsewhere() -> None:
    to_care = OverflowSettings(when=OverflowWhen.NOBODY, to=CARE)
    centre = house(orders={"overflow": (to_care,)})
    centre.at_work(KIM)
    assert_delivered(centre, centre.arrive("direct"), to=KIM)
    call = centre.arrive("english")
    assert call.queue == CARE and call.asks == {"english": 2}


def test_nobody_ever_speaks_it_so_the_queues_limit_ends_the_wait() -> None:
    centre = house(profile(KIM), orders={"maximum_wait_s": 60})
    centre.at_work(KIM)
    call = centre.arrive("english")
    centre.wait(61)
    assert call.phase is CallPhase.CLEARED


def test_what_is_foretold_to_those_who_ask_is_the_longer_of_two_waits() -> None:
    """Behind everybody, with all agents; or behind those who ask for the same, with those who can serve them."""
    centre = house(profile(KIM), profile(PARK), SPEAKS)
    centre.at_work(KIM, PARK, LEE)
    queue = centre.state.queues[ORDERS]
    for line in ("direct", "direct", "english", "direct", "english"):
        centre.arrive(line)
    queue.departures, queue.pace_us = 40, 30 * SECOND  # 30 s of one agent
    step = Step(centre.state, centre.centre.surroundings, Micros(centre.now))
    plain, english = (estimates.at_entering(step, ORDERS, asks) for asks in ({}, {"english": 2}))
    assert plain is not None and plain.seconds == 30, "third place, three agents"
    assert english is not None and english.seconds == 60, "second place, one agent"
    assert estimates.at_entering(step, ORDERS, {"french": 1}) is None, "nobody is at work who could"


def test_a_flow_knows_how_busy_the_queue_is_to_those_who_choose_a_language() -> None:
    nodes: dict[str, Node] = {
        "answer": AnswerNode(next="language"),
        "language": LanguageNode(prompts=("language_menu",), keys={"1": "ko", "2": "en"}, next="load"),
        "load": LoadNode(queue=ORDERS, nobody="nobody", nobody_ready="resting", otherwise="orders"),
        "orders": QueueNode(queue=ORDERS),
        "nobody": HangUpNode(reason="nobody"),
        "resting": HangUpNode(reason="resting"),
    }
    flow = Flow(id="menu", version="2", title={}, languages=("ko", "en"), start="answer", nodes=nodes)
    centre = house(profile(KIM), SPEAKS)
    centre.centre.load_flows(FlowSet(flows=(flow,)))
    centre.at_work(KIM)
    chose(centre, "2")
    assert centre.one(e.CallCleared).reason == "nobody"
    centre.tell(i.LogOn(agent=LEE))
    chose(centre, "2")
    assert centre.one(e.CallCleared).reason == "resting"
    assert chose(centre, "1").phase is not CallPhase.CLEARED


def test_lines_that_nobody_stands_in_are_dropped_when_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "ASKING_LINES_MAX", 2)
    lines = tuple(LineSettings(line=f"l{n}", flow="queue:orders", language="ko", skills={f"s{n}": 1}) for n in range(5))
    centre = house(profile(KIM, skills={ORDERS: 1, **{f"s{n}": 1 for n in range(5)}}))
    centre.tell(i.LoadSettings(settings=msgspec.structs.replace(centre.state.settings, lines=lines, version="2")))
    waiting = centre.arrive("l0")
    for number in range(1, 5):
        centre.hang_up(centre.arrive(f"l{number}"))
    index = centre.centre.surroundings.index
    assert [line.asks for line in index._lines_of(ORDERS)] == [{}, {"s0": 1}, {"s4": 1}]
    assert [line.asks for line, _, _ in index.able(KIM)] == [{}, {"s0": 1}, {"s4": 1}]
    centre.at_work(KIM)
    assert_delivered(centre, waiting, to=KIM)


def test_a_restart_knows_what_was_asked() -> None:
    centre = house()
    call = centre.arrive("english")
    assert call.customer_leg is not None
    centre.crash(adopted=(call.customer_leg,))
    centre.at_work(KIM)
    restored = centre.call(call.call)
    assert restored.agent is None
    centre.at_work(LEE)
    assert_delivered(centre, restored, to=LEE)
