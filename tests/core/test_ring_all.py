"""A call that rings at several: who is asked, who gets it, and what becomes of the others."""

import msgspec
import pytest

from cti_server.core import effects as f
from cti_server.core import events as e
from cti_server.core import inputs as i
from cti_server.core.entities import Call
from cti_server.core.settings import CentreSettings, RelaxSettings
from cti_server.core.vocabulary import (
    AgentId,
    AgentMode,
    AgentState,
    CallPhase,
    CardOutcome,
    ClearingCause,
    CustomerRef,
    LegId,
    Occupation,
    OfferOutcome,
    Strategy,
)
from tests.core.house import CARE, KIM, LEE, NUMBER, ORDERS, PARK, SETTINGS, House, profile

CHOI = AgentId(4)


def settings(*, ring_all_max: int = 10, **changes: int) -> CentreSettings:
    ring_all = {"strategy": Strategy.RING_ALL, "ring_all_max": ring_all_max}
    queues = tuple(msgspec.structs.replace(queue, **ring_all) for queue in SETTINGS.queues)
    return msgspec.structs.replace(SETTINGS, queues=queues, **changes)


def opened(*at_work: AgentId, has_desktop: bool = True, **changes: int) -> House:
    agents = tuple(profile(agent, needs_desktop=has_desktop) for agent in (KIM, LEE, PARK, CHOI))
    house = House(settings=settings(**changes), agents=agents)
    house.at_work(*at_work, has_desktop=has_desktop)
    return house


def phone(call: Call, agent: AgentId) -> LegId:
    leg = call.parties[agent].leg
    assert leg is not None
    return leg


def rung(house: House, call: Call, *agents: AgentId) -> None:
    """Cards painted, phones ringing."""
    for agent in agents or tuple(call.parties):
        house.tell(i.ConfirmCardShown(agent=agent, call=call.call))
        house.tell(i.LegAlerting(leg=phone(call, agent)))


def test_everybody_who_is_free_is_asked_the_longest_idle_first() -> None:
    house = opened(LEE, KIM, PARK)
    call = house.arrive()
    assert [event.agent for event in house.seen(e.CallDelivered)] == [LEE, KIM, PARK] == list(call.parties)
    assert [effect.agent for effect in house.seen(f.PrepareCard)] == [LEE, KIM, PARK]
    assert all(house.agent(agent).call == call.call for agent in (KIM, LEE, PARK))
    assert all(event.rule == Strategy.RING_ALL for event in house.seen(e.CallDelivered))


def test_not_more_phones_ring_than_the_queue_allows() -> None:
    house = opened(KIM, LEE, PARK, ring_all_max=2)
    call = house.arrive()
    assert list(call.parties) == [KIM, LEE]
    other = house.arrive()
    assert list(other.parties) == [PARK]
    house.tell(i.DeclineCall(agent=KIM, call=call.call))
    assert list(call.parties) == [LEE], "Park has the other call"


def test_only_who_is_able_is_asked() -> None:
    house = House(settings=settings(), agents=(profile(KIM), profile(LEE, skills={CARE: 1})))
    house.at_work(KIM, LEE)
    assert list(house.arrive().parties) == [KIM]


def test_each_phone_waits_for_its_own_card() -> None:
    house = opened(KIM, LEE)
    call = house.arrive()
    house.tell(i.ConfirmCardShown(agent=LEE, call=call.call))
    placed = house.one(e.LegPlaced)
    assert (placed.agent, placed.card, call.phase) == (LEE, CardOutcome.SHOWN, CallPhase.ALERTING)
    assert (house.agent(KIM).occupation, house.agent(LEE).occupation) == (Occupation.RESERVED, Occupation.ALERTING)
    house.tell(i.ConfirmCardShown(agent=LEE, call=call.call))
    assert not house.events, "shown once"
    house.wait(0.15)
    assert (house.one(e.LegPlaced).agent, house.one(e.LegPlaced).card) == (KIM, CardOutcome.LATE)


def test_a_customer_who_is_found_late_comes_to_every_desktop() -> None:
    house = opened(KIM, LEE)
    call = house.arrive()
    house.tell(i.CustomersFound(call=call.call, candidates=(i.Candidate(customer="C-1"),)))  # type: ignore[arg-type]
    assert [card.agent for card in house.seen(f.PrepareCard)] == [KIM, LEE]


def test_the_first_who_answers_has_it_and_the_others_lose_nothing() -> None:
    house = opened(KIM, LEE, PARK)
    since = {agent: house.agent(agent).idle_since for agent in (KIM, PARK)}
    call = house.arrive()
    rung(house, call, KIM, LEE)
    phones = [phone(call, KIM)]
    house.tell(i.LegAnswered(leg=phone(call, LEE)))
    assert [(ended.agent, ended.outcome) for ended in house.seen(e.OfferEnded)] == [
        (KIM, OfferOutcome.ANSWERED_ELSEWHERE),
        (PARK, OfferOutcome.ANSWERED_ELSEWHERE),
    ]
    released = house.seen(f.ReleaseLeg)
    assert [leg.leg for leg in released] == phones and released[0].cause is ClearingCause.ANSWERED_ELSEWHERE
    for agent in (KIM, PARK):
        assert (house.agent(agent).state, house.agent(agent).idle_since) == (AgentState.READY, since[agent])
        assert house.agent(agent).today.missed == 0
    assert call.agent == LEE and list(call.parties) == [LEE]
    assert call.customer_leg is not None
    house.tell(i.LegAnswered(leg=call.customer_leg))
    assert (call.phase, house.one(e.CallEstablished).agent) == (CallPhase.CONNECTED, LEE)


def test_of_two_who_answer_at_once_the_second_is_hung_up_on() -> None:
    house = opened(KIM, LEE)
    call = house.arrive()
    rung(house, call)
    late = phone(call, KIM)
    house.tell(i.LegAnswered(leg=phone(call, LEE)))
    house.tell(i.LegAnswered(leg=late))
    assert house.one(f.ReleaseLeg).leg == late and not house.events
    assert (call.agent, house.agent(KIM).state) == (LEE, AgentState.READY)


def test_the_others_get_the_next_caller_in_the_same_step() -> None:
    house = opened(KIM, LEE)
    call, other = house.arrive(), house.arrive()
    assert not other.parties
    rung(house, call)
    house.tell(i.LegAnswered(leg=phone(call, KIM)))
    assert list(other.parties) == [LEE]


def test_whoever_becomes_free_while_it_rings_joins() -> None:
    house = opened(KIM)
    call = house.arrive()
    rung(house, call)
    house.at_work(LEE)
    assert list(call.parties) == [KIM, LEE] and call.phase is CallPhase.ALERTING
    rung(house, call, LEE)
    house.tell(i.LegAnswered(leg=phone(call, KIM)))
    house.at_work(PARK)
    assert list(call.parties) == [KIM], "answered calls ring nowhere"


def test_as_the_wait_grows_it_rings_at_more_people() -> None:
    """A ring group that widens: the specialists first, after ten seconds those who know less as well."""
    orders = next(queue for queue in settings().queues if queue.queue == ORDERS)
    relax = (RelaxSettings(after_s=10, requires={"english": 1}),)
    orders = msgspec.structs.replace(orders, requires={"english": 3}, relax=relax)
    skills = {KIM: {ORDERS: 1, "english": 3}, LEE: {ORDERS: 1, "english": 1}, PARK: {ORDERS: 1}}
    agents = tuple(profile(agent, skills=known) for agent, known in skills.items())
    house = House(settings=msgspec.structs.replace(SETTINGS, queues=(orders,)), agents=agents)
    house.at_work(KIM, LEE, PARK)
    call = house.arrive()
    rung(house, call)
    house.wait(9.9)
    assert list(call.parties) == [KIM]
    house.wait(0.1)
    assert list(call.parties) == [KIM, LEE] and call.phase is CallPhase.ALERTING


def test_who_comes_back_takes_the_place_of_one_who_was_refused() -> None:
    house = opened(KIM, LEE, PARK, ring_all_max=2)
    call = house.arrive()
    house.tell(i.DeclineCall(agent=KIM, call=call.call, reason="busy"))
    assert list(call.parties) == [LEE, PARK]
    assert (house.agent(KIM).mode, house.agent(KIM).reason) == (AgentMode.NOT_READY, "declined")


@pytest.mark.parametrize(
    ("cause", "outcome", "reason"),
    [
        (ClearingCause.NO_ANSWER, OfferOutcome.MISSED, "missed_call"),
        (ClearingCause.BUSY, OfferOutcome.DECLINED, "declined"),
        (ClearingCause.UNREACHABLE, OfferOutcome.DEVICE_FAILED, "device_failed"),
    ],
)
def test_each_has_an_outcome_of_their_own_and_the_call_rings_on(
    cause: ClearingCause, outcome: OfferOutcome, reason: str
) -> None:
    house = opened(KIM, LEE)
    call = house.arrive()
    rung(house, call)
    house.tell(i.LegFailed(leg=phone(call, KIM), cause=cause))
    assert (house.one(e.OfferEnded).outcome, house.agent(KIM).reason) == (outcome, reason)
    assert not house.seen(e.CallQueued) and list(call.parties) == [LEE] and call.phase is CallPhase.ALERTING
    house.tell(i.LegAnswered(leg=phone(call, LEE)))
    assert house.agent(KIM).reason == reason


def test_after_the_last_the_call_is_at_the_head_again() -> None:
    house = opened(KIM, LEE)
    call, other = house.arrive(), house.arrive()
    key = call.key
    rung(house, call)
    house.wait(21)
    assert [ended.outcome for ended in house.seen(e.OfferEnded)] == [OfferOutcome.MISSED] * 2
    queued = house.one(e.CallQueued)
    assert queued.returned and queued.key == key and call.phase is CallPhase.QUEUED
    assert {house.agent(agent).reason for agent in (KIM, LEE)} == {"missed_call"}
    house.tell(i.SetReady(agent=LEE))
    assert list(call.parties) == [LEE] and not other.parties


def test_many_phones_may_ring_out_at_the_same_moment() -> None:
    """Each is a deadline of its own; together they are more than a step takes rounds for."""
    agents = tuple(profile(AgentId(n), needs_desktop=False) for n in range(1, 31))
    house = House(settings=settings(ring_all_max=30), agents=agents)
    for agent in agents:
        house.tell(i.PhoneRegistered(extension=agent.extension))
    call = house.arrive()
    assert len(call.parties) == 30
    for agent in agents:
        house.tell(i.LegAlerting(leg=phone(call, agent.agent)))
    house.wait(21)
    assert len(house.seen(e.OfferEnded)) == 30 and call.phase is CallPhase.QUEUED


def test_who_joined_late_rings_a_full_time_too() -> None:
    house = opened(KIM)
    call = house.arrive()
    rung(house, call)
    house.wait(10)
    house.at_work(LEE)
    rung(house, call, LEE)
    house.wait(11)
    assert list(call.parties) == [LEE] and house.agent(KIM).reason == "missed_call"
    house.wait(10)
    assert house.one(e.OfferEnded).outcome is OfferOutcome.MISSED and call.phase is CallPhase.QUEUED


def test_a_caller_who_gives_up_takes_it_from_everybody() -> None:
    house = opened(KIM, LEE)
    since = [house.agent(agent).idle_since for agent in (KIM, LEE)]
    call = house.arrive()
    rung(house, call, KIM)
    house.hang_up(call)
    assert [ended.outcome for ended in house.seen(e.OfferEnded)] == [OfferOutcome.CALLER_GONE] * 2
    assert [house.agent(agent).idle_since for agent in (KIM, LEE)] == since
    assert call.call not in house.state.calls and not house.state.legs


def test_a_restart_takes_it_back_from_everybody_and_rings_again() -> None:
    house = opened(KIM, LEE, has_desktop=False)
    call = house.arrive()
    before = [phone(call, agent) for agent in (KIM, LEE)]
    assert call.customer_leg is not None
    house.crash(adopted=(call.customer_leg,), registered=("2001", "2002"))
    assert [ended.outcome for ended in house.seen(e.OfferEnded)] == [OfferOutcome.WITHDRAWN] * 2
    again = house.call(call.call)
    assert list(again.parties) == [KIM, LEE]
    assert not {phone(again, agent) for agent in again.parties} & set(before)


def test_the_winner_who_hangs_up_before_the_caller_is_there_gives_it_back_to_all() -> None:
    house = opened(KIM, LEE)
    call = house.arrive()
    rung(house, call)
    leg = phone(call, KIM)
    house.tell(i.LegAnswered(leg=leg))
    house.tell(i.LegCleared(leg=leg, cause=ClearingCause.REJECTED))
    assert house.agent(KIM).reason == "declined" and list(call.parties) == [LEE]


def test_a_call_for_somebody_by_name_rings_there_alone() -> None:
    queues = tuple(msgspec.structs.replace(queue, named=("last_agent",)) for queue in settings().queues)
    house = House(settings=msgspec.structs.replace(settings(), queues=queues))
    house.at_work(KIM, LEE)
    house.state.last_agents[CustomerRef("C-1")] = LEE
    house.tell(i.SetNotReady(agent=LEE, reason="break"))
    house.tell(i.SetNotReady(agent=KIM, reason="break"))
    call = house.arrive()
    house.tell(i.CustomersFound(call=call.call, candidates=(i.Candidate(customer=CustomerRef("C-1")),)))
    house.tell(i.SetReady(agent=LEE))
    house.tell(i.SetReady(agent=KIM))
    assert list(call.parties) == [LEE]


def test_who_rings_already_has_no_place_in_the_line() -> None:
    house = opened(KIM)
    first, second, third = house.arrive(number=NUMBER), house.arrive(), house.arrive()
    assert [house.centre.position(call.call) for call in (first, second, third)] == [0, 1, 2]
    assert house.centre.surroundings.index.waiting(ORDERS) == 2
