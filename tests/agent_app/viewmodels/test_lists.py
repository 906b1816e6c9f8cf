"""Timeline, record views, callbacks, queue strip: what is listed, in which order, and what is unknown."""

from __future__ import annotations

from msgspec import structs
from PySide6.QtCore import Qt

from agent_app.i18n import formats, tr
from agent_app.viewmodels.queue_strip import worst
from agent_app.viewmodels.records import TIMELINE
from agent_app.viewmodels.timeline import Heading
from cti_server.wire.client import DialCallback, DialNumber, LoadTimeline, LoadView
from cti_server.wire.server import (
    CallbackChanged,
    CardSection,
    GaugeFrame,
    QueueGauges,
    Timeline,
    TimelineRow,
)
from tests.agent_app import sample
from tests.agent_app.stage import Stage


def test_the_timeline_has_a_heading_for_each_month(stage: Stage) -> None:
    stage.ring()
    model = stage.desk.timeline.model
    items = [model.index(row).data(Qt.ItemDataRole.UserRole) for row in range(model.rowCount())]
    assert [item.text for item in items if isinstance(item, Heading)] == ["2026년 11월", "2026년 10월", "2026년 9월"]
    heading = model.index(0)
    assert not model.flags(heading) & Qt.ItemFlag.ItemIsSelectable


def test_filters_and_search_narrow_the_timeline(stage: Stage) -> None:
    stage.ring()
    timeline = stage.desk.timeline
    timeline.set_filter("calls")
    assert {row.kind for row in timeline.rows()} == {"call_in", "callback"}
    timeline.search("  재배송 ")
    assert [row.kind for row in timeline.rows()] == ["call_in"]
    stage.call("reserved", "reserved", call=99, customer="C-9")
    assert (timeline.filter, timeline.needle) == ("all", "")


def test_older_rows_are_asked_for_once_and_keep_the_place_in_the_list(stage: Stage) -> None:
    stage.ring()
    held = sample.timeline()
    more = CardSection(
        call=sample.CALL,
        customer=sample.CUSTOMER,
        section="timeline",
        data=Timeline(rows=held.rows, has_more=True),
        at=0,
    )
    stage.link.receive(more)
    resets: list[int] = []
    stage.desk.timeline.model.modelReset.connect(lambda: resets.append(1))
    stage.desk.timeline.load_older()
    stage.desk.timeline.load_older()
    (ask,) = stage.link.asks(LoadTimeline)
    from cti_server.wire.server import AnswerFrame, TimelineLoaded

    old = Timeline(rows=(TimelineRow(at=sample.at("2024-01-02"), kind="note", title="old"),))
    stage.link.receive(AnswerFrame(to=ask.id, body=TimelineLoaded(customer=sample.CUSTOMER, timeline=old)))
    model = stage.desk.timeline.model
    assert model.index(model.rowCount() - 1).data(Qt.ItemDataRole.UserRole).title == "old" and resets == []


def test_a_row_opens_its_record(stage: Stage) -> None:
    stage.ring()
    row = next(row for row in stage.desk.timeline.rows() if row.view)
    stage.desk.timeline.choose(row)
    records = stage.desk.records
    assert (records.current, records.reference, records.selected()) == ("orders", "KR-20931", 0)
    records.show("orders", reference="KR-19877")
    assert records.selected() == 2


def test_a_record_view_is_asked_for_once_per_customer_and_arguments(stage: Stage) -> None:
    stage.ring()
    records = stage.desk.records
    for _ in range(3):
        records.show("orders")
    assert len(stage.link.asks(LoadView)) == 1
    records.show("orders", {"order": "KR-20410"})
    assert len(stage.link.asks(LoadView)) == 2


def test_unknown_cells_are_dashes_and_coded_ones_words(stage: Stage) -> None:
    stage.ring()
    stage.desk.records.show("orders")
    table = stage.desk.records.table
    assert [table.index(0, column).data() for column in range(4)] == ["KR-20931", "2026-11-15", "배송 중", "₩68,000"]
    detail = dict((title, text) for title, text, _ in stage.desk.records.detail(2))
    assert detail["품목"] == detail["도착 예정"] == formats.UNKNOWN


def test_a_view_that_fails_says_so_and_can_be_tried_again(stage: Stage) -> None:
    from cti_server.wire.server import AnswerFrame

    stage.ring()
    stage.link.is_silent = True
    records = stage.desk.records
    records.show("delivery")
    assert records.condition == "waiting"
    (ask,) = stage.link.asks(LoadView)
    stage.link.receive(AnswerFrame(to=ask.id, code="unavailable"))
    assert records.condition == "failed"
    stage.link.is_silent = False
    records.retry()
    assert records.condition == "here"


def test_the_timeline_is_in_front_again_when_nobody_is_there(stage: Stage) -> None:
    stage.ring()
    stage.desk.records.show("orders")
    from cti_server.wire.server import OfferEnded

    stage.fact(OfferEnded(call=sample.CALL, outcome="missed"))
    assert stage.desk.records.current == TIMELINE and stage.desk.records.table.rowCount() == 0


def test_callbacks_stand_in_the_order_they_are_due_and_are_dialled_by_one_click(stage: Stage) -> None:
    model = stage.desk.callbacks
    assert [view.callback for view in model.rows()] == [100, 101, 102] and model.count == 3
    stage.view.show_page("callbacks")
    stage.settle()
    page = stage.view.callbacks
    page.table.selectRow(1)
    page.dial.click()
    (dialled,) = stage.link.commands(DialCallback)
    assert isinstance(dialled.body, DialCallback) and dialled.body.callback == 101
    done = type(sample.callbacks()[0])(callback=100, state="done", number="1", due_at=0, requested_at=0)
    stage.fact(CallbackChanged(callback=done))
    chosen = page.chosen()
    assert model.count == 2 and chosen is not None and chosen.callback == 101, "the chosen row stays chosen"


def test_one_click_dials_and_redials(stage: Stage) -> None:
    dialling = stage.desk.dialling
    assert dialling.dial("010-2345-6789") and dialling.last_number == "01023456789"
    dialling.redial()
    bodies = [frame.body for frame in stage.link.commands(DialNumber)]
    assert [body.number for body in bodies if isinstance(body, DialNumber)] == ["01023456789"] * 2
    assert not dialling.dial("not a number")
    stage.call("connected", "connected")
    assert not dialling.dial("0101") and stage.desk.notices.current is not None


def test_a_refusal_becomes_a_sentence(stage: Stage) -> None:
    stage.link.refuse[DialNumber] = "may_not_dial"
    stage.desk.dialling.dial("0101234")
    assert stage.view.banners.notice.text() == tr("refusal.may_not_dial")
    stage.link.refuse[DialNumber] = "something_new"
    stage.desk.dialling.dial("0101234")
    assert stage.view.banners.notice.text() == tr("refusal.unknown", code="something_new")


def test_the_queue_strip_shows_unknown_as_a_dash(stage: Stage) -> None:
    stage.link.receive(GaugeFrame(at=0, body=QueueGauges(queues=())))
    strip = stage.view.strip
    assert {gauge.value() for gauge in strip.gauges.values()} == {"–"}


def test_the_queue_strip_takes_the_worst_service_level_and_the_longest_wait(stage: Stage) -> None:
    gauges = {view.name: view for view in stage.desk.queue_strip.gauges()}
    assert gauges["waiting"].value == "7" and gauges["longest"].value == "01:42" and gauges["longest"].tone == "alarm"
    assert gauges["service_level"].value == "76%" and gauges["service_level"].tone == "warning"
    assert worst(()) is None


def test_callbacks_that_the_centre_will_dial_are_told_apart(stage: Stage) -> None:
    callbacks = stage.desk.callbacks
    states = {view.callback: callbacks.cell(view, "state") for view in callbacks.rows()}
    assert states == {
        100: tr("callback.state.waiting"),
        101: tr("callback.state.waiting"),
        102: tr("callback.state.automatic"),
    }
    assert tr("callback.by_itself", count=1) in callbacks.summary()


def test_customers_who_wait_to_be_called_back_stand_beside_those_who_wait(stage: Stage) -> None:
    queues = [structs.replace(queue, waiting=2, callbacks=n) for n, queue in enumerate(sample.queues(), start=1)]
    stage.link.receive(GaugeFrame(at=sample.NOW, body=QueueGauges(queues=tuple(queues))))
    waiting = stage.desk.queue_strip.gauges()[0]
    assert waiting.value == str(2 * len(queues))
    assert waiting.after == tr("queue.callbacks", n=sum(queue.callbacks for queue in queues))
