"""Reads of the main database, on both engines, of the sample day."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cti_server.core import events as e
from cti_server.core.errors import Unavailable
from cti_server.core.events import CallLanguageSet, Event
from cti_server.core.vocabulary import (
    CallbackId,
    CallId,
    MessageEnd,
    Micros,
    PersonalRef,
    QueueId,
    RecordingId,
    Secret,
)
from cti_server.storage.answers import CallFilter
from cti_server.storage.database import open_database
from cti_server.storage.people import NewPerson, add
from cti_server.storage.projector import Projector
from cti_server.storage.queries import Queries
from cti_server.storage.totals import recount
from tests.storage import sample_day
from tests.storage.journals import WrittenJournal
from tests.storage.sample_day import BEGIN, CALLBACK, CUSTOMER, KIM, LEE, SECOND, TEXTS, at, day

OFFSET = 2 * SECOND


@pytest.fixture
def projected(database: Engine, tmp_path: Path) -> Iterator[Projector]:
    add(database, NewPerson(login="kim", name="김상담", extension="1001"), Secret("a long password"))
    journal = WrittenJournal(tmp_path / "journal.db")
    journal.write(day(), TEXTS)
    projector = Projector(journal.path, database)
    projector.catch_up()
    yield projector
    projector.close()
    journal.file.close()


@pytest.fixture
def queries(projected: Projector, database_url: str) -> Iterator[Queries]:
    engine = open_database(database_url)
    yield Queries(engine)
    engine.dispose()


def utc(second: float) -> int:
    return BEGIN + int(second * SECOND) + OFFSET


def test_a_call_is_told_whole(queries: Queries) -> None:
    record = queries.call(sample_day.ANSWERED)
    assert record is not None
    call = record.call
    assert (call.number, call.display_name, call.note) == (TEXTS[9001], TEXTS[9002], TEXTS[9003])
    assert call.agent_name == "김상담"
    assert call.after_call_us == 12 * SECOND
    assert call.reason == ("delivery", "where", "today")
    assert [step.kind for step in record.steps][:4] == [
        "CallArrived",
        "CallAnsweredByFlow",
        "CallLanguageSet",
        "CustomerMatched",
    ]
    assert [offer.outcome for offer in record.offers] == ["answered"]
    assert [recording.path for recording in record.recordings] == ["2026/09/101.wav"]
    assert record.scripts[0].path == ("begin", "ask")
    assert record.scripts[0].answers == TEXTS[9004]
    assert queries.call(12345) is None


def test_steps_hold_no_personal_text(queries: Queries) -> None:
    told = str([queries.call(row.call) and queries.call(row.call).steps for row in queries.calls().rows])  # type: ignore[union-attr]
    assert not [text for text in TEXTS.values() if text in told]


def test_calls_come_newest_first_in_pages(queries: Queries) -> None:
    everything = queries.calls().rows
    assert len(everything) == 7
    assert [row.arrived_at for row in everything] == sorted((row.arrived_at for row in everything), reverse=True)
    paged, after = [], None
    while True:
        page = queries.calls(after=after, limit=2)
        paged += page.rows
        after = page.next
        if after is None:
            break
    assert tuple(paged) == everything


FILTERED = (
    (CallFilter(agent=KIM), {100}),
    (CallFilter(queue="orders"), {100, 200, 300, 510}),
    (CallFilter(customer=CUSTOMER), {100, 400, 520, 600}),
    (CallFilter(direction="callback"), {520, 600}),
    (CallFilter(disposition="order"), {100, 600}),
    (CallFilter(cause="busy"), {520}),
    (CallFilter(queue_exit="abandoned"), {200}),
    (CallFilter(since=BEGIN + OFFSET + 100 * SECOND, until=BEGIN + OFFSET + 400 * SECOND), {200, 300, 400}),
    (CallFilter(agent=LEE, disposition="AUTO_TIMEOUT"), {300}),
    (CallFilter(agent=99), set()),
)


def test_calls_are_filtered(queries: Queries) -> None:
    found = [{row.call for row in queries.calls(wanted).rows} for wanted, _ in FILTERED]
    assert found == [calls for _, calls in FILTERED]


def test_a_timeline_has_calls_and_callbacks_newest_first(queries: Queries) -> None:
    timeline = queries.timeline(CUSTOMER)
    assert [(entry.kind, entry.call or entry.callback) for entry in timeline] == [
        ("call", 600),
        ("call", 520),
        ("callback", CALLBACK),
        ("call", 400),
        ("call", 100),
    ]
    last = timeline[-1]
    assert (last.disposition, last.subcode, last.note, last.recording, last.talk_us) == (
        "order",
        "changed",
        TEXTS[9003],
        101,
        60 * SECOND,
    )
    assert [entry.at for entry in queries.timeline(CUSTOMER, before_at=timeline[1].at)] == [
        entry.at for entry in timeline[2:]
    ]
    assert len(queries.timeline(CUSTOMER, limit=2)) == 2
    assert queries.timeline("nobody") == ()


def test_recordings_are_listed_with_their_call(queries: Queries) -> None:
    lost, kept = queries.recordings()
    assert (lost.state, lost.lost_reason, lost.agent) == ("failed", "disk_full", LEE)
    assert (kept.state, kept.duration_ms, kept.pauses, kept.customer) == ("stopped", 60_000, 1, CUSTOMER)
    assert queries.recordings(agent=KIM) == (kept,)
    assert queries.recordings(since=utc(100)) == (lost,)
    assert queries.recordings(until=utc(100)) == (kept,)
    assert queries.recording(101) == kept
    assert queries.recording(1) is None


def test_open_callbacks_are_those_still_to_be_done(queries: Queries, projected: Projector, tmp_path: Path) -> None:
    assert queries.open_callbacks() == ()
    callback = queries.callback(CALLBACK)
    assert callback is not None
    assert (callback.state, callback.number, callback.attempts) == ("done", TEXTS[9005], 2)


def test_an_open_callback_is_listed_until_it_is_done(database: Engine, database_url: str, tmp_path: Path) -> None:
    journal = WrittenJournal(tmp_path / "journal.db")
    projector, reading = Projector(journal.path, database), open_database(database_url)
    queries = Queries(reading)
    states = []
    for event in day():
        journal.write([event], TEXTS if journal.last_seq == 0 else None)
        if "callback" in event.__struct_fields__ and type(event).__name__.startswith("Callback"):
            projector.catch_up()
            states.append([(row.state, row.attempts) for row in queries.open_callbacks(queue="orders")])
    assert states == [[("waiting", 0)], [("dialling", 1)], [("waiting", 1)], [("dialling", 2)], []]
    projector.close()
    reading.dispose()
    journal.file.close()


def test_figures_by_agent_and_queue(queries: Queries) -> None:
    agents = queries.agent_figures(utc(0))
    assert (agents[KIM].answered, agents[KIM].missed, agents[KIM].talk_us) == (1, 1, 60 * SECOND)
    assert (agents[LEE].answered, agents[LEE].dialled, agents[LEE].talks) == (1, 1, 2)
    assert queries.agent_figures(utc(1400)) == {}
    orders = queries.queue_figures(utc(0), threshold_us=20 * SECOND)["orders"]
    assert (orders.answered, orders.in_time, orders.abandoned, orders.callback) == (2, 1, 1, 1)
    assert orders.waited_us == 29 * SECOND


# --- I8 --------------------------------------------------------------------------------------------------------------


def test_report_totals_equal_a_recount_from_the_events(queries: Queries) -> None:
    totals = queries.totals()
    assert totals == recount(day())
    assert (totals.calls, totals.conversations, totals.recordings, totals.recordings_stored) == (7, 3, 2, 1)
    assert totals.by_queue_exit == {"answered": 2, "abandoned": 1, "callback": 1}


def test_the_recount_finds_a_projection_that_lost_an_event(queries: Queries) -> None:
    """The check can fail: any event that a total counts, taken away, is noticed."""
    events, totals = day(), queries.totals()
    counted = {"CallArrived", "CallInitiated", "CallEstablished", "CallCleared", "CallDisposed", "NoteTaken"}
    for index, event in enumerate(events):
        if type(event).__name__ in counted:
            assert totals != recount([*events[:index], *events[index + 1 :]])


# --- read after write ------------------------------------------------------------------------------------------------


def test_a_read_after_a_write_waits_for_it(database: Engine, database_url: str, tmp_path: Path) -> None:
    journal = WrittenJournal(tmp_path / "journal.db")
    reading = open_database(database_url)
    queries, projector = Queries(reading), Projector(journal.path, database)
    events: list[Event] = [CallLanguageSet(at=Micros(1), call=sample_day.ANSWERED, language="ko")]
    seq = journal.write(events)
    assert not queries.wait_for(seq, timeout_s=0)
    stop = threading.Event()
    thread = threading.Thread(target=projector.run, args=(stop,))
    thread.start()
    try:
        assert queries.wait_for(seq, timeout_s=30)
    finally:
        stop.set()
        thread.join(30)
        projector.close()
        reading.dispose()
        journal.file.close()


def test_a_database_that_is_not_there_is_unavailable() -> None:
    engine = open_database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable):
        Queries(engine).calls()


def _message() -> list[Event]:
    """A caller leaves a message after the day; somebody hears it and needs not call."""
    call, recording, callback = CallId(9100), RecordingId(9101), CallbackId(9102)
    key = e.OrderKey(rank=0, due_at=at(2000), sequence=9103)
    begun = e.MessageBegun(
        at=at(2001),
        call=call,
        recording=recording,
        queue=QueueId("orders"),
        key=key,
        number=PersonalRef(9001),
        least_ms=2_000,
        longest_s=120,
        silence_s=8,
        limit_at=at(3000),
    )
    stored = e.RecordingStored(
        at=at(2020), call=call, recording=recording, path="a/9100-9101.wav", duration_ms=18_000, size_bytes=288_058
    )
    kept = e.CallbackRequested(
        at=at(2020),
        callback=callback,
        number=PersonalRef(9001),
        queue=QueueId("orders"),
        key=key,
        due_at=at(2020),
        call=call,
        customer=CUSTOMER,
        recording=recording,
        path=stored.path,
        message_ms=18_000,
    )
    return [
        sample_day._arrives(call, 2000),
        e.RecordingBegun(at=at(2001), call=call, recording=recording),
        begun,
        stored,
        kept,
        e.MessageEnded(at=at(2020), call=call, recording=recording, how=MessageEnd.STORED),
    ]


def test_a_message_is_a_callback_with_a_recording_until_somebody_is_done_with_it(
    database: Engine, tmp_path: Path
) -> None:
    journal = WrittenJournal(tmp_path / "journal.db")
    journal.write([*day(), *_message()], TEXTS)
    projector, queries = Projector(journal.path, database), Queries(database)
    projector.catch_up()
    message = queries.message_in(9101)
    assert message is not None
    assert (message.callback, message.number, message.message_ms) == (9102, TEXTS[9001], 18_000)
    assert queries.messages_waiting() == {"orders": 1}
    stored = queries.recording(9101)
    assert stored is not None
    assert (stored.kind, stored.path) == ("message", "a/9100-9101.wav")
    record = queries.call(9100)
    assert record is not None
    assert [(step.kind, step.detail) for step in record.steps if "Message" in step.kind] == [
        ("MessageBegun", ""),
        ("MessageEnded", "stored"),
    ]
    newest = queries.timeline(CUSTOMER)[0]
    assert (newest.kind, newest.recording, newest.message_ms) == ("callback", 9101, 18_000)
    journal.write([e.CallbackSettled(at=at(2100), callback=CallbackId(9102), agent=KIM)], {})
    projector.catch_up()
    settled = queries.callback(9102)
    assert settled is not None
    assert (settled.state, queries.messages_waiting()) == ("done", {})
    assert queries.totals() == recount(
        [*day(), *_message(), e.CallbackSettled(at=at(2100), callback=CallbackId(9102), agent=KIM)]
    )
    projector.close()
    journal.file.close()


def test_skills_are_those_of_people_who_take_calls(projected: Projector, database: Engine, queries: Queries) -> None:
    lee = add(
        database, NewPerson(login="lee", name="이", extension="1002", skills={"orders": 3}), Secret("a long password")
    )
    assert queries.skills_of(lee.person) == {"orders": 3}
    assert queries.skills_of(999) == {}
