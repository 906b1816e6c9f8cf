"""No event holds personal text: what people say, type and key in is apart from the events, or nowhere."""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import get_args

import msgspec

from cti_server.core.centre import Centre
from cti_server.core.effects import CheckPin, Effect, LookUpCustomer, PlaceLeg, PlayPrompts
from cti_server.core.events import AnyEvent
from cti_server.core.inputs import (
    AssignCustomer,
    Candidate,
    CustomersFound,
    DialNumber,
    DigitPressed,
    DisposeCall,
    EndCall,
    FollowScript,
    LegAlerting,
    LegAnswered,
    LegOffered,
    PinChecked,
    PlayFinished,
    RequestCallbackFor,
    SendDigits,
    TakeNote,
)
from cti_server.core.settings import LineSettings, QueueSettings
from cti_server.core.vocabulary import SWITCH_LEG_BIT, CallId, CustomerRef, LegId, PinResult, QueueId, Secret
from ivr.loader import load_flows
from tests.engine_helpers import KIM, Running, running

NUMBER, NAME, DIALLED, CALL_BACK = "01077778888", "김비밀", "01055556666", "01033334444"
NOTE, ANSWER, TONES = "주소는 비밀로 1번지", "비밀 답변", "48213"
TEXTS = (NUMBER, NAME, DIALLED, CALL_BACK, NOTE, ANSWER, TONES)
CUSTOMER_NUMBER, PIN = "2004812", "739164"
CALLER = LegId(SWITCH_LEG_BIT + 1)


def test_nothing_that_people_said_or_typed_is_in_an_event(tmp_path: Path) -> None:
    async def work() -> None:
        async with running(tmp_path) as run:
            await run.set_up()
            await run.kim_is_ready()
            call = await _a_call_is_answered(run)
            await _kim_works_on_it(run, call)

    asyncio.run(work())
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        bodies = b"\n".join(body for (body,) in connection.execute("SELECT body FROM events")).decode()
        apart = " ".join(value for (value,) in connection.execute("SELECT value FROM personal"))
    assert [text for text in TEXTS if text in bodies or text.encode().hex() in bodies] == []
    assert {text for text in TEXTS if text in apart} == {NUMBER, NAME, DIALLED, CALL_BACK, NOTE, ANSWER}


async def _a_call_is_answered(run: Running) -> CallId:
    run.engine.submit(LegOffered(leg=CALLER, line="1588-0001", trunk="main", number=NUMBER, display_name=NAME))
    await run.until(lambda: any(isinstance(effect, PlaceLeg) for effect in run.outside.performed))
    place = next(effect for effect in run.outside.performed if isinstance(effect, PlaceLeg))
    run.engine.submit(LegAlerting(leg=place.leg))
    run.engine.submit(LegAnswered(leg=place.leg))
    run.engine.submit(LegAnswered(leg=CALLER))
    await run.until(lambda: "CallEstablished" in run.outside.kinds)
    return place.call


async def _kim_works_on_it(run: Running, call: CallId) -> None:
    in_an_hour = time.time_ns() // 1000 + 3_600_000_000
    commands = (
        AssignCustomer(agent=KIM, call=call, customer=CustomerRef("C-000001")),
        TakeNote(agent=KIM, call=call, text=NOTE, revision=1, key="note-1"),
        SendDigits(agent=KIM, call=call, digits=Secret(TONES)),
        FollowScript(
            agent=KIM,
            call=call,
            library_version="v",
            item="delivery",
            node="ask",
            path=("ask",),
            answers={"where": ANSWER},
        ),
        RequestCallbackFor(agent=KIM, number=CALL_BACK, due_at=in_an_hour, queue="orders", key="callback-1"),
        EndCall(agent=KIM, call=call),
        DisposeCall(agent=KIM, call=call, code="order"),
        DialNumber(agent=KIM, number=DIALLED, key="dial-1"),
    )
    for command in commands:
        reply = await run.engine.carry_out(command)
        assert reply.code == "", (type(command).__name__, reply)


def test_what_a_caller_keys_in_is_nowhere(tmp_path: Path) -> None:
    flows = load_flows()

    async def work() -> None:
        async with running(tmp_path, make_centre=lambda state: Centre(state, flows, strict=True)) as run:
            line = LineSettings(line="1588-0001", flow="main", opening="always_open")
            queues = tuple(
                QueueSettings(queue=QueueId(name), title={"ko": name, "en": name}) for name in ("orders", "care")
            )
            await run.set_up(lines=(line,), queues=queues)
            run.engine.submit(LegOffered(leg=CALLER, line="1588-0001", trunk="main"))
            await run.until(lambda: "CallArrived" in run.outside.kinds)
            run.engine.submit(LegAnswered(leg=CALLER))
            await _keys_in(run, "1", then=PlayPrompts)
            await _until_collecting(run)
            await _keys_in(run, f"{CUSTOMER_NUMBER}#", then=LookUpCustomer)
            call = run.outside.recorded[-1].event.call  # type: ignore[attr-defined]  # the only call
            found = (Candidate(customer=CustomerRef("C-000001")),)
            run.engine.submit(CustomersFound(call=call, candidates=found))
            await _keys_in(run, f"{PIN}#", then=CheckPin)
            run.engine.submit(PinChecked(call=call, result=PinResult.VERIFIED))
            await run.until(lambda: "CallerVerified" in run.outside.kinds)

    asyncio.run(work())
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        kept = str(connection.execute("SELECT body FROM events UNION ALL SELECT value FROM personal").fetchall())
    assert PIN not in kept
    assert CUSTOMER_NUMBER not in kept
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and PIN.encode() in path.read_bytes()]


async def _keys_in(run: Running, keys: str, *, then: type[Effect]) -> None:
    count = sum(isinstance(effect, then) for effect in run.outside.performed)
    for key in keys:
        run.engine.submit(DigitPressed(leg=CALLER, digit=Secret(key)))
    await run.until(lambda: sum(isinstance(effect, then) for effect in run.outside.performed) > count)


async def _until_collecting(run: Running) -> None:
    """Hears announcements to their end until keys are asked for."""
    for _ in range(5):
        effects = [effect for effect in run.outside.performed if isinstance(effect, PlayPrompts)]
        if "ko/ask_customer_number" in effects[-1].prompts:
            return
        heard = len(effects)
        run.engine.submit(PlayFinished(leg=CALLER, play=effects[-1].n))
        await run.until(lambda: sum(isinstance(effect, PlayPrompts) for effect in run.outside.performed) > heard)  # noqa: B023  # awaited here
    raise AssertionError("the flow does not ask for the customer number")


def test_events_have_no_field_for_a_person_s_text() -> None:
    """A number, name or note is a reference; whoever adds a field of plain text says here what it holds."""
    plain = {
        field.name
        for kind in get_args(AnyEvent)
        for field in msgspec.structs.fields(kind)
        if field.type is str or field.type in (tuple[str, ...], dict[str, str])
    }
    known_words = {"line", "trunk", "language", "tier", "by", "settings_version", "waiting_for"}  # configuration
    known_codes = {"reason", "code", "subcode", "invariant", "detail", "key", "result", "rule"}  # the program's own
    known_places = {"path", "library_version", "item", "node"}  # of scripts and files
    assert plain <= known_words | known_codes | known_places
