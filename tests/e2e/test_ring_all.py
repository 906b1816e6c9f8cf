"""A queue that rings everybody, with real phones: one answers, the others stop ringing and nobody is the worse."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cti_server.core.state import fold
from cti_server.core.vocabulary import LegRole, LegState
from cti_server.storage.data_folder import DataFolder
from cti_server.storage.event_codec import decode_all
from cti_server.storage.journal_file import JournalReader
from cti_server.wire import client as cl
from tests.e2e.centre import DIRECT, SHORT, Centre
from tests.e2e.people import Desk, Phone, leaving, until
from tests.e2e.programs import baresip, free_port, sipp, write_tone

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

FIXED = "2003"
ROUNDS = 5


@pytest.fixture(scope="module")
def fixed_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory, fixed_port: int) -> Iterator[Centre]:
    """Three agents; the third one's phone stands at a fixed place."""
    plan = {"queues": {"strategy": "ring_all"}, "fixed_phones": {FIXED: f"sip:agent3@127.0.0.1:{fixed_port}"}}
    times = {"ring_timeout_s": 60}
    with Centre(tmp_path_factory.mktemp("ring_all"), agents=3, times=times, **plan) as running:
        yield running


@contextlib.asynccontextmanager
async def ready(centre: Centre, number: int) -> AsyncIterator[Desk]:
    desk = Desk(centre, f"agent{number}")
    async with leaving(desk):
        await desk.sign_in()
        await desk.ready()
        yield desk
        await desk.do(cl.SetNotReady(reason="break"))


@contextlib.asynccontextmanager
async def rings(centre: Centre, number: int, *, frequency_hz: float) -> AsyncIterator[tuple[Desk, Phone]]:
    """An agent with a phone that is picked up by hand."""
    phone = Phone(frequency_hz=frequency_hz, answers=False, name=f"phone {number}")
    async with leaving(phone):
        await phone.register(centre.phone_of(f"{2000 + number}"))
        async with ready(centre, number) as desk:
            yield desk, phone
        await phone.leave()


def test_one_of_three_phones_answers_and_the_others_stop(centre: Centre, fixed_port: int, tmp_path: Path) -> None:
    asyncio.run(_one_of_three(centre, fixed_port, tmp_path))


async def _one_of_three(centre: Centre, fixed_port: int, folder: Path) -> None:
    """A softphone of ours, baresip, and sipp, which also reads in the CANCEL that it missed nothing."""
    caller = Phone(frequency_hz=1000.0, name="caller")
    speech = write_tone(folder / "a.wav", 300.0, seconds=60)
    other_phone = baresip(centre.phone_of("2002"), folder=folder / "baresip", speech=speech, answers=False)
    third_phone = sipp("rings_until_answered_elsewhere", "-m", "1", "-timeout", "90s", folder=folder, port=fixed_port)
    async with leaving(caller), rings(centre, 1, frequency_hz=440.0) as (desk, phone), ready(centre, 3) as third:
        with other_phone, third_phone:
            async with ready(centre, 2) as other:
                await caller.dial(centre.sip, DIRECT, number="01030000001")
                for each in (desk, other, third):
                    await until(lambda each=each: each.call is not None and each.call.ring_until, f"{each.user} rings")
                await until(lambda: phone.ringing, "our phone rings")
                await until(lambda: "Incoming call" in other_phone.log, "baresip rings")
                await until(lambda: desk.call is not None and desk.call.rings_beside == 2, "at two more")
                await phone.answer()
                call = await desk.call_is("connected")
                await caller.hears(440.0)
                for loser in (other, third):
                    await until(lambda loser=loser: loser.offers_ended == ["answered_elsewhere"], "the others are told")
                    await until(lambda loser=loser: (loser.state, loser.call) == ("ready", None), "and stay ready")
                await until(lambda: third_phone.process.poll() is not None, "sipp was told why")
                assert third_phone.process.returncode == 0, third_phone.log[-2000:]
                await until(lambda: "session closed" in other_phone.log, "baresip rings no more")
                await desk.done(cl.EndCall(call=call.call))
                await desk.finish_call()
    await until(lambda: centre.queries.call(call.call).call.cause, "the call is over")
    offers = {offer.agent: offer.outcome for offer in centre.queries.call(call.call).offers}
    assert sorted(offers.values()) == ["answered", "answered_elsewhere", "answered_elsewhere"]


def test_of_two_who_answer_at_the_same_moment_one_has_the_call(centre: Centre) -> None:
    asyncio.run(_both_answer(centre))


async def _both_answer(centre: Centre) -> None:
    """Both pick up before either can know of the other: the first answer wins, the second phone is hung up on."""
    crossed = 0
    async with (
        rings(centre, 1, frequency_hz=440.0) as (one, left),
        rings(centre, 2, frequency_hz=300.0) as (two, right),
    ):
        for turn in range(ROUNDS):
            caller = Phone(frequency_hz=1000.0, name="caller")
            async with leaving(caller):
                await caller.dial(centre.sip, DIRECT, number=f"0103000010{turn}")
                await until(lambda: left.ringing and right.ringing, "both ring")
                ups = left.up_at, right.up_at
                await asyncio.gather(left.answer(), right.answer())
                await until(lambda: "connected" in (one.phase, two.phase), "one has it")
                winner, loser, phone, other = (
                    (one, two, left, right) if one.phase == "connected" else (two, one, right, left)
                )
                assert winner.call is not None
                number = winner.call.call
                await until(lambda loser=loser: (loser.state, loser.call) == ("ready", None), "the other is free")
                await until(lambda other=other: not other.is_up and not other.ringing, "and its phone")
                assert loser.offers_ended[-1] == "answered_elsewhere"
                assert phone.is_up
                crossed += (left.up_at, right.up_at) != ups and other.up_at not in ups
                await caller.hears(440.0 if winner is one else 300.0)
                await winner.done(cl.EndCall(call=number))
                await winner.finish_call()
                await until(lambda phone=phone: not phone.is_up, "the winner's phone is free")
    print(f"in {crossed} of {ROUNDS} turns the second phone was up, too")


def test_a_caller_who_gives_up_and_an_agent_who_comes_back(centre: Centre) -> None:
    asyncio.run(_given_up_and_joined(centre))


async def _given_up_and_joined(centre: Centre) -> None:
    first, second = Phone(name="first"), Phone(frequency_hz=1000.0, name="second")
    async with leaving(first, second), rings(centre, 1, frequency_hz=440.0) as (one, left):
        await first.dial(centre.sip, DIRECT, number="01030000201")
        await until(lambda: left.ringing, "it rings")
        async with rings(centre, 2, frequency_hz=300.0) as (two, right):
            await until(lambda: right.ringing, "and at whoever comes")
            first.hang_up()
            for desk, phone in ((one, left), (two, right)):
                await until(lambda desk=desk: desk.offers_ended == ["caller_gone"], "told")
                await until(lambda phone=phone: phone.ringing is None, "it rings no more")
                await until(lambda desk=desk: desk.state == "ready", "ready for the next")
            await second.dial(centre.sip, DIRECT, number="01030000202")
            await until(lambda: left.ringing and right.ringing, "both ring again")
            await one.done(cl.DeclineCall(call=one.call.call, reason="other_task"))  # type: ignore[union-attr]  # it rings
            await until(lambda: left.ringing is None, "declined here")
            assert right.ringing
            await right.answer()
            call = await two.call_is("connected")
            await second.hears(300.0)
            await two.done(cl.EndCall(call=call.call))
            await two.finish_call()


def test_the_core_dies_while_several_ring(centre: Centre) -> None:
    asyncio.run(_crash(centre))


async def _crash(centre: Centre) -> None:
    """The caller keeps waiting with music; who answers when it is back has the same call, and the other phone stops."""
    caller = Phone(frequency_hz=1000.0, name="caller")
    async with (
        leaving(caller),
        rings(centre, 1, frequency_hz=440.0) as (one, left),
        rings(centre, 2, frequency_hz=300.0) as (two, right),
    ):
        await caller.dial(centre.sip, SHORT, number="01030000301")
        await until(lambda: left.ringing and right.ringing, "both ring")
        assert one.call is not None
        call, known = one.call.call, (one.snapshots, two.snapshots)
        await until(lambda: _ringing_known(centre) == 2, "the journal knows that they ring")
        centre.kill("core")
        killed_at = time.monotonic()
        await until(lambda: one.snapshots > known[0] and two.snapshots > known[1], "the desktops are back")
        for desk, phone in ((one, left), (two, right)):
            await until(lambda desk=desk: desk.call is not None and desk.call.ring_until, f"{desk.user} is asked")
            await until(lambda phone=phone: phone.ringing, "its phone rings")
        print(f"both rang {time.monotonic() - killed_at:.1f} s after the kill")
        await right.answer()
        assert (await two.call_is("connected")).call == call
        await caller.hears(300.0)
        await until(lambda: left.ringing is None, "one rings no more")
        await until(lambda: (one.state, one.call) == ("ready", None), "and is ready")
        await two.done(cl.EndCall(call=call))
        await two.finish_call()


def _ringing_known(centre: Centre) -> int:
    """How many phones ring, as far as a new process would know: one that does not know can tell no phone to stop."""
    with contextlib.closing(JournalReader(DataFolder(centre.data).journal)) as journal:
        state = fold(event for _, event in decode_all(journal.all_rows(after=0), after=0))
    legs = [leg for call in state.calls.values() for leg in call.legs.values()]
    return sum(leg.role is LegRole.AGENT and leg.state is LegState.ALERTING for leg in legs)


def test_nothing_was_raised(centre: Centre) -> None:
    """Comes last: what happened above is nothing that a log should call an error."""
    assert "Traceback" not in centre.log
