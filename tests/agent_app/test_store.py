"""What the desktop knows: which messages are news, whose card is whose, what is still outstanding."""

from __future__ import annotations

from agent_app.store import CARDS_MAX, OPENED, Store, Topic
from cti_server.wire.client import HoldCall, LoadTimeline, LoadView
from cti_server.wire.server import (
    AgentChanged,
    AnswerFrame,
    CallbackChanged,
    CallChanged,
    CallGone,
    CardSection,
    FactBody,
    FactFrame,
    GaugeFrame,
    OfferEnded,
    QueueGauges,
    ReplyFrame,
    Timeline,
    TimelineLoaded,
    TimelineRow,
)
from tests.agent_app import sample


def signed_in() -> Store:
    store = Store(prefix="p")
    store.apply(sample.welcome(), 1_000)
    store.apply(sample.snapshot(), 1_000)
    return store


def fact(seq: int, body: FactBody) -> FactFrame:
    return FactFrame(seq=seq, at=sample.NOW, body=body)


def test_timers_follow_the_servers_clock_and_not_the_workplaces() -> None:
    store = signed_in()
    assert store.server_now(1_000) == sample.NOW
    assert store.server_now(1_000 + 5_000_000) == sample.NOW + 5_000_000


def test_a_fact_replaces_what_was_known() -> None:
    store = signed_in()
    assert store.apply(fact(1, AgentChanged(agent=sample.agent("alerting"))), 0) == {Topic.AGENT}
    assert store.agent is not None and store.agent.occupation == "alerting"


def test_duplicate_and_late_facts_are_ignored() -> None:
    store = signed_in()
    store.apply(fact(5, AgentChanged(agent=sample.agent("connected"))), 0)
    assert store.apply(fact(5, AgentChanged(agent=sample.agent("idle"))), 0) == set()
    assert store.apply(fact(4, AgentChanged(agent=sample.agent("idle"))), 0) == set()
    assert store.agent is not None and store.agent.occupation == "connected"


def test_a_snapshot_replaces_everything_also_with_a_smaller_sequence() -> None:
    """A restored server may begin anew; its snapshot is the truth."""
    store = signed_in()
    store.apply(fact(90, CallChanged(call=sample.call("connected"))), 0)
    store.apply(sample.snapshot(3), 0)
    assert store.call is None
    assert store.apply(fact(4, AgentChanged(agent=sample.agent("connected"))), 0) == {Topic.AGENT}


def test_the_next_call_shows_nothing_of_the_previous_customer() -> None:
    store = signed_in()
    store.apply(fact(1, CallChanged(call=sample.call("alerting"))), 0)
    for section in sample.card_sections():
        store.apply(section, 0)
    store.apply(fact(2, CallChanged(call=sample.call("alerting", call=9, customer=""))), 0)
    assert store.current_card() is None


def test_sections_that_come_before_the_call_wait_for_it() -> None:
    store = signed_in()
    for section in sample.card_sections():
        store.apply(section, 0)
    assert store.current_card() is None
    store.apply(fact(1, CallChanged(call=sample.call("reserved"))), 0)
    card = store.current_card()
    assert card is not None and card.header is not None and card.header.name == "김민지"


def test_another_customer_for_the_same_call_starts_an_empty_card() -> None:
    store = signed_in()
    store.apply(fact(1, CallChanged(call=sample.call("connected"))), 0)
    for section in sample.card_sections():
        store.apply(section, 0)
    other = CardSection(call=sample.CALL, customer="C-2", section="alerts", data=None, at=0)
    store.apply(other, 0)
    card = store.current_card()
    assert card is not None and set(card.sections) == {"alerts"}


def test_cards_are_bounded() -> None:
    store = signed_in()
    for number in range(1, 20):
        store.apply(CardSection(call=number, customer="c", section="alerts", data=None, at=0), 0)
    assert len(store.cards) == CARDS_MAX and 19 in store.cards


def test_an_opened_card_makes_way_for_a_call() -> None:
    store = signed_in()
    for section in sample.card_sections(OPENED):
        store.apply(section, 0)
    assert store.current_card() is not None
    store.apply(fact(1, CallChanged(call=sample.call("reserved"))), 0)
    assert store.current_card() is None


def test_an_offer_that_ended_takes_the_call_off_the_screen() -> None:
    store = signed_in()
    store.apply(fact(1, CallChanged(call=sample.call("alerting"))), 0)
    changed = store.apply(fact(2, OfferEnded(call=sample.CALL, outcome="missed")), 0)
    assert store.call is None and Topic.OFFER_ENDED in changed
    assert store.offer_ended is not None and store.offer_ended.outcome == "missed"


def test_a_call_that_is_gone_stays_known_as_the_last_one() -> None:
    store = signed_in()
    store.apply(fact(1, CallChanged(call=sample.call("after_call_work"))), 0)
    store.apply(fact(2, CallGone(call=sample.CALL)), 0)
    assert store.call is None and store.last_call is not None and store.last_call.call == sample.CALL
    assert store.apply(fact(3, CallGone(call=777)), 0) == set()


def test_a_command_is_outstanding_until_its_reply() -> None:
    store = signed_in()
    frame = store.command(HoldCall(call=1))
    ask = store.ask(LoadView(customer="c", view="orders"))
    assert store.unacknowledged() == [frame, ask] and store.is_outstanding(HoldCall)
    assert store.apply(ReplyFrame(to=frame.id, ok=True), 0) == {Topic.REPLY}
    store.apply(AnswerFrame(to=ask.id, body=sample.view("orders")), 0)
    assert store.unacknowledged() == [] and not store.is_outstanding(HoldCall)
    assert store.apply(ReplyFrame(to=frame.id, ok=True), 0) == set()


def test_ids_never_repeat_and_a_kept_id_is_used_again() -> None:
    store = signed_in()
    ids = [store.command(HoldCall(call=1)).id for _ in range(5)]
    assert len(set(ids)) == 5
    assert store.command(HoldCall(call=1), command_id="kept").id == "kept"


def test_older_rows_are_added_once() -> None:
    store = signed_in()
    store.apply(fact(1, CallChanged(call=sample.call("connected"))), 0)
    for section in sample.card_sections():
        store.apply(section, 0)
    old = TimelineRow(at=1, kind="note", title="old")
    for _ in range(2):
        ask = store.ask(LoadTimeline(customer=sample.CUSTOMER, before_at=5))
        loaded = TimelineLoaded(customer=sample.CUSTOMER, timeline=Timeline(rows=(old,)))
        store.apply(AnswerFrame(to=ask.id, body=loaded), 0)
    card = store.current_card()
    assert card is not None
    held = card.section("timeline")
    assert isinstance(held, Timeline) and [row.at for row in held.rows].count(1) == 1


def test_gauges_keep_a_bounded_line_of_the_service_level() -> None:
    store = signed_in()
    for _ in range(200):
        store.apply(GaugeFrame(at=0, body=QueueGauges(queues=sample.queues())), 0)
    assert len(store.trends["orders"]) == 60 and store.queues == sample.queues()


def test_callbacks_are_kept_by_number() -> None:
    store = signed_in()
    view = sample.callbacks()[0]
    store.apply(fact(1, CallbackChanged(callback=view)), 0)
    assert store.callbacks == {view.callback: view}
