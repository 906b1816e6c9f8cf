"""Folding and snapshots."""

import msgspec
import pytest

from cti_server.core import events as e
from cti_server.core import inputs as i
from cti_server.core.entities import State
from cti_server.core.state import apply, decode_snapshot, encode_snapshot, fold, personal_refs, schema_hash
from cti_server.core.vocabulary import CallbackId, CallId, LegId, Micros, PersonalRef, QueueId
from tests.core.house import KIM, LEE, NUMBER, House


def busy_house() -> House:
    """Something of everything."""
    house = House()
    house.at_work(KIM, LEE)
    call = house.talking()
    house.tell(i.TakeNote(agent=KIM, call=call.call, text="secret note", revision=1))
    house.tell(i.RequestCallbackFor(agent=KIM, key="k", number="021234567", due_at=house.now))
    house.arrive()
    return house


def test_a_snapshot_is_the_state() -> None:
    house = busy_house()
    assert decode_snapshot(encode_snapshot(house.state)) == house.state


def test_a_snapshot_and_the_rest_of_the_journal_are_the_whole_journal() -> None:
    house = busy_house()
    seq, snapshot = len(house.journal), encode_snapshot(house.state)
    house.wait(100)
    house.arrive()
    assert fold(house.journal[seq:], decode_snapshot(snapshot)) == fold(house.journal) == house.state


def test_a_snapshot_holds_no_personal_text() -> None:
    house = busy_house()
    assert house.state.personal
    snapshot = encode_snapshot(house.state)
    assert NUMBER.encode() not in snapshot and b"secret" not in snapshot and b"021234567" not in snapshot


def test_the_state_names_the_texts_that_it_needs() -> None:
    house = busy_house()
    assert sorted(personal_refs(house.state)) == sorted(house.state.personal)


def test_texts_of_calls_that_are_over_are_let_go() -> None:
    house = House()
    house.at_work(KIM)
    house.hang_up(house.talking())
    house.wait(120)
    assert not house.state.calls and not house.state.personal


def test_another_shape_has_another_hash() -> None:
    assert schema_hash() == schema_hash()
    with pytest.raises(msgspec.DecodeError):
        decode_snapshot(b"\x81\xa5calls\x01")


def test_events_of_calls_that_are_gone_change_nothing() -> None:
    at, call, leg = Micros(1), CallId(404), LegId(405)
    state = State()
    untouched = State(last_at=at)
    for event in (
        e.LegReleased(at=at, call=call, leg=leg, cause="normal"),  # type: ignore[arg-type]
        e.CallHeld(at=at, call=call, agent=KIM),
        e.AgentReady(at=at, agent=KIM, idle_since=at),
        e.CallbackDone(at=at, callback=CallbackId(3), call=call),
        e.OfferEnded(at=at, call=call, agent=KIM, outcome="missed"),  # type: ignore[arg-type]
    ):
        apply(state, event)
    state.counter = 0
    assert state == untouched


def test_ids_of_events_are_not_given_again() -> None:
    state = State()
    apply(state, e.CallArrived(
        at=Micros(1), call=CallId(7), leg=LegId(1 << 60), line="", trunk="", number=PersonalRef(9), display_name=None,
        limit_at=Micros(2),
    ))  # fmt: skip
    assert state.counter == 9
    key = e.OrderKey(rank=0, due_at=0, sequence=12)
    apply(state, e.CallQueued(
        at=Micros(1), call=CallId(7), queue=QueueId("q"), key=key, entered_at=Micros(1), limit_at=Micros(2)
    ))  # fmt: skip
    assert state.counter == 12
