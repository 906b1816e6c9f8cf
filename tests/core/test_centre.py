"""The Centre as a whole: keys, refusals, deadlines, laws, and what its events may hold."""

import ast
from pathlib import Path
from typing import get_args, get_type_hints

import msgspec
import pytest

import cti_server.core
from cti_server.core import events as e
from cti_server.core import inputs as i
from cti_server.core.centre import HANDLERS, Centre
from cti_server.core.effects import AnyEffect, Effect
from cti_server.core.errors import InvariantViolated
from cti_server.core.state import State, fold
from cti_server.core.vocabulary import AgentState, CallId, CallPhase, ClearingCause, Occupation
from cti_server.wire.codes import REFUSALS
from tests.core.house import KIM, LEE, SETTINGS, House

CORE = Path(cti_server.core.__file__).parent
TEXT_FIELDS = {
    # what a person's text could hide in, and why it does not
    "line", "trunk", "waiting_for", "language", "tier", "by", "settings_version", "reason", "path", "library_version",
    "item", "node", "rule", "code", "subcode", "invariant", "detail", "key", "queue", "customer", "candidates",
}  # fmt: skip


def kinds_of(*bases: type) -> list[type]:
    found: list[type] = []
    for base in bases:
        for kind in base.__subclasses__():
            found += kinds_of(kind) or [kind]
    return found


def test_every_input_has_one_handler() -> None:
    assert set(HANDLERS) == set(kinds_of(i.Command, i.Signal))


def test_every_event_and_effect_is_listed() -> None:
    assert set(get_args(e.AnyEvent)) == set(kinds_of(e.Event))
    assert set(get_args(AnyEffect)) == set(kinds_of(Effect))


def test_no_event_has_a_field_for_personal_text() -> None:
    """Free text in an event is a code, a key of the main system, or a reference (int)."""
    for kind in get_args(e.AnyEvent):
        if kind in (e.SettingsLoaded, e.AgentsEnrolled):
            continue
        for name, hint in get_type_hints(kind).items():
            if "str" in str(hint) and not any(word in str(hint) for word in ("vocabulary", "FlowPosition", "dict")):
                assert name in TEXT_FIELDS, f"{kind.__name__}.{name} is a text: is it about a person?"


def test_every_refusal_has_its_words() -> None:
    """A code in the source stands in the catalogue, with the same parameters."""
    for file in sorted(CORE.glob("*.py")):
        for call in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Refused":
                code = call.args[0]
                assert isinstance(code, ast.Constant) and isinstance(code.value, str)
                assert set(REFUSALS[code.value]) >= {keyword.arg for keyword in call.keywords}, code.value


def test_no_module_of_the_core_iterates_a_set() -> None:
    """Sets have no order of their own: what is iterated is a list, a tuple or a dict."""
    for file in sorted(CORE.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            iterated = node.iter if isinstance(node, ast.For | ast.comprehension) else None
            is_set = isinstance(iterated, ast.Set | ast.SetComp)
            is_set |= isinstance(iterated, ast.Call) and ast.unparse(iterated.func) in ("set", "frozenset")
            assert not is_set, f"{file.name}: {ast.unparse(node)}"


def test_a_key_is_carried_out_once_and_answered_alike() -> None:
    house = House()
    house.at_work(KIM)
    command = i.RequestCallbackFor(agent=KIM, key="a-1", number="021234567", due_at=house.now)
    first = house.tell(command)
    assert house.one(e.CommandCarriedOut).result == first
    assert house.tell(command) == first
    assert not house.events
    others = i.RequestCallbackFor(agent=LEE, key="a-1", number="021234567", due_at=house.now)
    assert house.tell(others) != first, "another client's key is another key"


def test_keys_are_remembered_over_a_restart_and_for_a_day() -> None:
    house = House()
    house.at_work(KIM)
    command = i.RequestCallbackFor(agent=KIM, key="a-1", number="021234567", due_at=house.now)
    first = house.tell(command)
    house.crash(adopted=())
    assert house.tell(command) == first
    house.now += 25 * 3_600_000_000
    house.tell(i.RequestCallbackFor(agent=KIM, key="a-2", number="021234567", due_at=house.now))
    assert house.tell(command) != first


def test_a_refused_key_is_not_remembered() -> None:
    house = House()
    house.tell(i.LogOn(agent=KIM))
    command = i.SetReady(agent=KIM, key="a-1")
    assert house.refused(command) == "phone_unregistered"
    house.tell(i.PhoneRegistered(extension=house.agent(KIM).profile.extension))
    house.tell(command)
    assert house.agent(KIM).state is AgentState.READY


def test_the_deadline_is_the_next_thing_that_happens_by_itself() -> None:
    house = House()
    assert house.centre.next_deadline() is None
    house.at_work(KIM)
    call = house.arrive()
    assert house.centre.next_deadline() == call.parties[KIM].release_at
    house.tell(i.Tick())
    assert not house.events, "a tick before its time changes nothing"


def test_time_never_runs_backwards() -> None:
    house = House()
    house.at_work(KIM)
    house.now -= 5_000_000
    call = house.arrive()
    assert call.arrived_at == house.state.last_at


def test_the_state_is_the_fold_of_the_journal() -> None:
    house = House()
    house.at_work(KIM, LEE)
    call = house.talking()
    house.tell(i.TakeNote(agent=KIM, call=call.call, text="x", revision=1))
    house.arrive()
    assert fold(house.journal) == house.state


def test_a_broken_law_raises_in_tests() -> None:
    house = House()
    house.at_work(KIM)
    house.agent(KIM).occupation = Occupation.CONNECTED
    with pytest.raises(InvariantViolated, match="I3"):
        house.tell(i.DesktopLost(agent=KIM))


def test_a_broken_law_in_production_is_recorded_and_the_stuck_are_let_go() -> None:
    house = House()
    house.at_work(KIM, LEE)
    call = house.talking()
    house.centre = Centre(house.state)
    call.parties.clear()
    house.tell(i.LegChanged(leg=call.agent_leg or 0, resume=b"x"))  # type: ignore[arg-type]
    house.tell(i.DesktopLost(agent=KIM))
    assert house.one(e.InvariantBroken).agent == KIM
    assert (house.agent(KIM).call, house.agent(KIM).reason) == (None, "forced")


def test_a_call_without_a_deadline_is_let_go_in_production() -> None:
    house = House()
    call = house.arrive()
    house.centre = Centre(house.state)
    call.queue_limit_at = None
    assert call.customer_leg is not None
    house.tell(i.LegChanged(leg=call.customer_leg, resume=b"x"))
    assert house.one(e.InvariantBroken).invariant == "I4"
    assert house.one(e.CallCleared).cause is ClearingCause.PROTOCOL_ERROR
    assert not house.state.calls and not house.state.legs


def test_the_same_settings_again_are_no_event() -> None:
    house = House()
    house.tell(i.LoadSettings(settings=SETTINGS))
    assert not house.events
    house.tell(i.LoadSettings(settings=msgspec.structs.replace(SETTINGS, pop_wait_ms=0)))
    assert house.one(e.SettingsLoaded)


def test_ids_are_given_once_over_a_restart() -> None:
    house = House()
    first = house.arrive()
    assert first.customer_leg is not None
    house.crash(adopted=(first.customer_leg,))
    second = house.arrive("care")
    assert second.call > first.call
    ids = [event.call for event in house.journal if isinstance(event, e.CallArrived)]
    assert len(ids) == len({*ids}) == 2


def test_an_offer_doubled_by_the_network_is_one_call() -> None:
    house = House()
    call = house.arrive()
    assert call.customer_leg is not None
    house.tell(i.LegOffered(leg=call.customer_leg, line="direct", trunk="t"))
    assert not house.events
    assert list(house.state.calls) == [call.call]


def test_a_fresh_centre_knows_the_deadlines_of_an_old_state() -> None:
    house = House()
    house.at_work(KIM)
    call = house.talking()
    house.wait(3)  # the look-up, which only this Centre remembers, has been given up
    assert Centre(house.state).next_deadline() == house.centre.next_deadline()
    assert call.phase is CallPhase.CONNECTED
    assert Centre(State()).position(CallId(1)) == 0
