"""Whose card is on the screen, and when it goes."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from agent_app.store import OPENED
from agent_app.viewmodels.subject import LINGER_MS
from cti_server.wire.client import AssignCustomer, LoadPicture, OpenCard, SearchCustomers
from cti_server.wire.server import (
    AgentChanged,
    AnswerFrame,
    CallGone,
    CardHeader,
    CardSection,
    CustomerRow,
    CustomersListed,
)
from tests.agent_app import sample
from tests.agent_app.stage import Stage


def complete(stage: Stage) -> None:
    stage.ring()
    stage.answer()
    stage.call("after_call_work", "after_call_work")
    stage.fact(AgentChanged(agent=sample.agent()))
    stage.fact(CallGone(call=sample.CALL))


def test_after_completion_the_customer_stays_a_moment_and_can_be_reopened(stage: Stage, qtbot: QtBot) -> None:
    complete(stage)
    subject = stage.desk.subject
    assert subject.customer == sample.CUSTOMER and not subject.is_live
    qtbot.waitUntil(lambda: subject.is_empty, timeout=LINGER_MS + 20_000)
    assert stage.desk.card.rows() == [] and stage.desk.timeline.rows() == []
    assert subject.can_reopen
    subject.reopen()
    assert subject.customer == sample.CUSTOMER and stage.desk.card.rows()


def test_the_next_offer_ends_the_lingering_at_once(stage: Stage) -> None:
    complete(stage)
    stage.call("reserved", "reserved", call=99, customer="", number="01099998888")
    assert stage.desk.subject.caller().name == "010-9999-8888" and stage.desk.card.rows() == []
    assert stage.desk.timeline.rows() == [] and stage.desk.records.loaded is None


def test_a_found_customer_opens_outside_a_call_and_is_assigned_in_one(stage: Stage) -> None:
    dialling, subject = stage.desk.dialling, stage.desk.subject
    dialling.search("김민지")
    (ask,) = stage.link.asks(SearchCustomers)
    row = CustomerRow(customer=sample.CUSTOMER, name="김민지")
    stage.link.receive(AnswerFrame(to=ask.id, body=CustomersListed(rows=(row,))))
    assert [found.name for found in dialling.customers()] == ["김민지"]
    subject.open(sample.CUSTOMER)
    assert len(stage.link.asks(OpenCard)) == 1
    stage.card(OPENED)
    assert subject.caller().name == "김민지" and stage.desk.card.profile is not None
    stage.call("connected", "connected", customer="")
    subject.open(sample.CUSTOMER)
    (assigned,) = stage.link.commands(AssignCustomer)
    assert isinstance(assigned.body, AssignCustomer) and assigned.body.customer == sample.CUSTOMER


def test_each_condition_of_a_section_has_its_name(stage: Stage) -> None:
    card = stage.desk.card
    assert card.condition("profile") == "empty"
    stage.call("connected", "connected")
    assert card.condition("profile") == "waiting"
    failed = CardSection(call=sample.CALL, customer=sample.CUSTOMER, section="profile", data=None, at=0)
    stage.link.receive(failed)
    assert card.condition("profile") == "failed"
    stage.card()
    assert card.condition("profile") == "here"


def test_pictures_are_asked_for_once(stage: Stage) -> None:
    stage.ring()
    stage.card()
    stage.card()
    asked = [ask.body.picture for ask in stage.link.asks(LoadPicture) if isinstance(ask.body, LoadPicture)]
    assert sorted(asked) == ["p1", "p2", "p3"]


def test_the_payment_method_is_shown_masked_as_it_came(stage: Stage) -> None:
    stage.ring()
    assert stage.desk.card.payment() == ("신한 ****-1207", "82%")


def test_several_customers_of_one_number_are_all_shown_and_nobody_is_guessed(stage: Stage) -> None:
    rows = (CustomerRow(customer="C-1", name="김민지", tier="vip"), CustomerRow(customer="C-2", name="김민수"))
    header = CardHeader(
        name="", number="0212345678", tier="", verification="unverified", language="ko", customer="", candidates=rows
    )
    stage.call("connected", "connected", customer="", candidates=("C-1", "C-2"), number="0212345678", tier="")
    stage.link.receive(CardSection(call=sample.CALL, customer="", section="header", data=header, at=0))
    stage.settle()
    card = stage.view.agent.customer
    shown = [button for button in card.findChildren(QPushButton) if button.property("customer")]
    assert [button.text() for button in shown] == ["김민지 · VIP · C-1", "김민수 · C-2"]
    assert stage.desk.subject.caller().name == "02-1234-5678"
    shown[1].click()
    (assigned,) = stage.link.commands(AssignCustomer)
    assert isinstance(assigned.body, AssignCustomer) and assigned.body.customer == "C-2"
