"""A desktop's life: sign-in, the whole call, coming back, being replaced, and what strangers get."""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from cti_server.core.effects import ReleaseLeg
from cti_server.core.vocabulary import AgentId, ClearingCause, Strategy
from cti_server.gateway import server as server_module
from cti_server.wire import VERSION
from cti_server.wire import client as wire
from cti_server.wire.client import CommandFrame, Hello
from cti_server.wire.codec import MAX_CLIENT_BYTES, encode
from cti_server.wire.server import (
    AgentChanged,
    CallChanged,
    CallGone,
    CardSection,
    FactFrame,
    Notice,
    OfferEnded,
    Snapshot,
)
from tests.gateway.floor import Floor, floor, on_the_floor, settings
from tests.sample_shop import MINJI


async def ready(it: Floor, user: str = "agent1") -> Any:
    desktop = await it.sign_in(user)
    assert (await desktop.command(wire.SetReady())).ok
    return desktop


def test_signing_in_gives_everything_that_there_is_to_choose_from(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await it.sign_in("agent1", language="en")
        welcome = await desktop.welcome()
        assert (welcome.me.agent, welcome.me.extension, welcome.me.roles) == (1, "2001", ("agent",))
        assert [queue.queue for queue in welcome.catalogue.queues] == ["orders", "care"]
        assert welcome.catalogue.dispositions[0].subcodes[0].code == "late"
        assert [view.view for view in welcome.catalogue.record_views][:2] == ["basic", "inquiries"]
        assert json.loads(bytes(welcome.catalogue.scripts)) == {"library": "test"}
        assert welcome.phone is not None
        assert welcome.phone.user.startswith("2001.")
        snapshot = await desktop.snapshot()
        assert (snapshot.agent.state, snapshot.agent.reason, snapshot.call) == ("not_ready", "signed_in", None)

    on_the_floor(tmp_path, work)


def test_the_card_comes_before_the_phone_rings_and_the_call_can_be_finished(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await ready(it)
        caller = it.offer()
        view = await desktop.call(lambda call: call.phase == "reserved")
        header = await desktop.section("header", view.call)
        assert it.switch.placed() == []
        assert (header.data.name, header.data.tier, header.data.number) == ("김민지", "VIP", "010-2345-6789")
        assert (await desktop.command(wire.ConfirmCardShown(call=view.call))).ok
        leg = (await it.rung()).leg
        it.alert(leg)
        ringing = await desktop.call(lambda call: call.phase == "alerting")
        assert ringing.ring_until is not None
        it.answer(leg)
        it.answer(caller)
        await desktop.call(lambda call: call.phase == "connected" and call.recording == "recording")
        assert (await desktop.command(wire.TakeNote(call=view.call, text="경비실 보관", revision=1))).ok
        place = wire.FollowScript(
            call=view.call, library_version="v1", item="delivery", node="late", path=("start", "late"),
            answers={"place": "경비실"}, reason=("배송", "지연"),
        )  # fmt: skip
        assert (await desktop.command(place)).ok
        assert (await desktop.command(wire.HoldCall(call=view.call))).ok
        assert (await desktop.call(lambda call: call.phase == "held")).held_since is not None
        assert (await desktop.command(wire.RetrieveCall(call=view.call))).ok
        assert (await desktop.command(wire.EndCall(call=view.call))).ok
        after = await desktop.call(lambda call: call.phase == "after_call_work")
        assert (after.note, after.note_revision) == ("경비실 보관", 1)
        assert after.script is not None
        assert after.script.answers == {"place": "경비실"}
        assert after.after_call_until is not None
        refused = await desktop.command(wire.CompleteAfterCallWork(call=view.call))
        assert (refused.ok, refused.code) == (False, "disposition_required")
        assert (await desktop.command(wire.DisposeCall(call=view.call, code="delivery", subcode="late"))).ok
        assert (await desktop.command(wire.CompleteAfterCallWork(call=view.call))).ok
        assert (await desktop.fact(CallGone)).call == view.call
        assert (await desktop.fact(AgentChanged, lambda fact: fact.agent.state == "ready")).agent.call is None

    on_the_floor(tmp_path, work)


def test_facts_are_numbered_upwards_from_the_snapshot(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await ready(it)
        caller = it.offer()
        await desktop.call()
        it.hang_up(caller)
        await desktop.fact(CallGone)
        numbers = [frame.seq for frame in desktop.of(FactFrame)]
        assert numbers == sorted(set(numbers))
        assert numbers[0] > (await desktop.snapshot()).seq
        kinds = [type(frame).__name__ for frame in desktop.frames]
        assert kinds[:2] == ["Welcome", "Snapshot"]

    on_the_floor(tmp_path, work)


@pytest.mark.parametrize(
    ("how", "outcome"),
    [("declined", "declined"), ("caller", "caller_gone"), ("missed", "missed"), ("broken", "device_failed")],
)
def test_an_offer_ends_in_one_of_four_ways_and_says_which(tmp_path: Path, how: str, outcome: str) -> None:
    async def work(it: Floor) -> None:
        desktop = await ready(it)
        caller = it.offer()
        view = await desktop.call()
        await desktop.command(wire.ConfirmCardShown(call=view.call))
        leg = (await it.rung()).leg
        if how == "declined":
            assert (await desktop.command(wire.DeclineCall(call=view.call, reason="busy"))).ok
        elif how == "caller":
            it.hang_up(caller)
        else:
            it.alert(leg)
            await desktop.call(lambda call: call.phase == "alerting")
            cause = ClearingCause.NO_ANSWER if how == "missed" else ClearingCause.UNREACHABLE
            it.hang_up(leg, cause)
        ended = await desktop.fact(OfferEnded)
        assert (ended.call, ended.outcome, ended.number) == (view.call, outcome, "010-2345-6789")
        assert (await desktop.fact(CallGone)).call == view.call

    on_the_floor(tmp_path, work)


def test_a_call_that_rings_at_several_is_on_every_desktop_until_one_has_it(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        one, two = await ready(it, "agent1"), await ready(it, "agent2")
        caller = it.offer()
        view = await one.call(lambda call: call.rings_beside == 1)
        assert (await two.call(lambda call: call.rings_beside == 1)).call == view.call
        for desktop in (one, two):
            assert (await desktop.section("header", view.call)).data.name == "김민지"
        assert (await one.command(wire.ConfirmCardShown(call=view.call))).ok
        leg = (await it.rung()).leg
        it.alert(leg)
        mine = await one.call(lambda call: call.phase == "alerting")
        assert mine.ring_until is not None
        assert all(fact.call.phase == "reserved" for fact in two.facts(CallChanged)), "its own phone does not ring yet"
        it.answer(leg)
        ended = await two.fact(OfferEnded)
        assert (ended.call, ended.outcome, ended.number) == (view.call, "answered_elsewhere", "010-2345-6789")
        assert (await two.fact(CallGone)).call == view.call
        assert (await two.fact(AgentChanged, lambda fact: fact.agent.state == "ready")).agent.call is None
        it.answer(caller)
        talking = await one.call(lambda call: call.phase == "connected")
        assert talking.rings_beside == 0
        it.hang_up(caller)
        await one.call(lambda call: call.phase == "after_call_work")
        assert not [fact for fact in two.facts(CallChanged) if fact.call.phase not in ("reserved",)]

    orders, care = settings().queues
    on_the_floor(tmp_path, work, queues=(replace(orders, strategy=Strategy.RING_ALL), care))


def test_several_candidates_are_all_shown_and_the_agents_choice_fills_the_card(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await ready(it)
        it.offer("02-000-4120")
        view = await desktop.call(lambda call: len(call.candidates) == 2)
        header = await desktop.until(
            lambda: next((s for s in desktop.of(CardSection) if s.section == "header" and s.data.candidates), None)
        )
        assert header.data.name == ""
        assert [row.customer for row in header.data.candidates] == list(view.candidates)
        assert (await desktop.command(wire.AssignCustomer(call=view.call, customer=view.candidates[1]))).ok
        filled = await desktop.until(lambda: next((s for s in desktop.of(CardSection) if s.section == "profile"), None))
        assert filled.customer == view.candidates[1]

    on_the_floor(tmp_path, work)


def test_a_caller_whom_nobody_knows_has_an_empty_card(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await ready(it)
        it.offer("010-9999-8888")
        header = await desktop.section("header")
        assert (header.data.name, header.data.number, header.customer) == ("", "010-9999-8888", "")
        script = await desktop.section("script_data")
        assert script.data.values["agent.name"] == "이서윤"

    on_the_floor(tmp_path, work)


# --- coming back -----------------------------------------------------------------------------------------------------


def test_a_desktop_that_comes_back_gets_a_snapshot_with_its_call_and_card(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await ready(it)
        token = (await desktop.welcome()).token
        it.offer()
        view = await desktop.call()
        await desktop.close()
        again = await it.connect()
        await again.resume(token)
        snapshot = await again.snapshot()
        assert snapshot.call is not None
        assert snapshot.call.call == view.call
        assert (await again.section("header", view.call)).data.name == "김민지"
        assert (await again.command(wire.ConfirmCardShown(call=view.call))).ok

    on_the_floor(tmp_path, work)


def test_a_command_that_is_sent_again_is_carried_out_once_and_answered_the_same(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await it.sign_in()
        token = (await desktop.welcome()).token
        later = it.gateway.utc_now() + 3_600_000_000
        ask = wire.RequestCallback(number="010-2345-6789", due_at=later, customer=MINJI, queue="orders")
        first = await desktop.command(ask, key="once")
        assert first.ok
        assert first.result["callback"]
        await desktop.close()
        again = await it.connect()
        await again.resume(token)
        await again.snapshot()
        second = await again.command(ask, key="once")
        assert second.result == first.result
        listed = await again.ask(wire.ListCallbacks())
        assert [c.callback for c in listed.body.callbacks] == [first.result["callback"]]
        assert (listed.body.callbacks[0].number, listed.body.callbacks[0].customer_name) == ("010-2345-6789", "김민지")

    on_the_floor(tmp_path, work)


def test_the_token_still_counts_after_the_core_process_was_restarted(tmp_path: Path) -> None:
    async def main() -> None:
        async with floor(tmp_path) as it:
            desktop = await ready(it)
            token = (await desktop.welcome()).token
        async with floor(tmp_path) as it:
            again = await it.connect()
            await again.resume(token)
            assert (await again.snapshot()).agent.agent == 1
            assert it.credentials.asked == []

    asyncio.run(main())


def test_a_lost_desktop_is_told_to_the_centre_and_a_returned_one_too(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await ready(it)
        token = (await desktop.welcome()).token
        await desktop.close()
        await it.run.until(lambda: not it.gateway.state().agents[1].desktop_connected)
        again = await it.connect()
        await again.resume(token)
        await it.run.until(lambda: it.gateway.state().agents[1].desktop_connected)
        assert it.gateway.state().agents[1].mode == "ready"

    on_the_floor(tmp_path, work)


def test_a_newer_sign_in_takes_the_place_and_the_older_learns_why(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        older = await it.sign_in()
        token = (await older.welcome()).token
        newer = await it.sign_in()
        assert (await older.denied()).code == "elsewhere"
        assert await older.closed() == server_module.ELSEWHERE
        assert (await newer.command(wire.SetReady())).ok
        await it.run.until(lambda: it.gateway.state().agents[1].desktop_connected)
        back = await it.connect()
        await back.resume(token)
        assert (await back.denied()).code == "elsewhere"
        assert it.gateway.clients == 1

    on_the_floor(tmp_path, work)


def test_the_same_desktop_that_reconnects_before_the_dead_link_is_noticed_simply_goes_on(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        older = await it.sign_in()
        again = await it.connect()
        await again.resume((await older.welcome()).token)
        await again.snapshot()
        await older.closed()
        assert older.of(server_module.Denied) == []
        assert (await again.command(wire.SetReady())).ok

    on_the_floor(tmp_path, work)


def test_whoever_logged_off_needs_the_password_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with floor(tmp_path) as it:
            desktop = await it.sign_in()
            token = (await desktop.welcome()).token
            assert (await desktop.command(wire.LogOff())).ok
            back = await it.connect()
            await back.resume(token)
            assert (await back.denied()).code == "token_expired"
        async with floor(tmp_path) as it:  # nor after a restart
            back = await it.connect()
            await back.resume(token)
            assert (await back.denied()).code == "token_expired"

    asyncio.run(main())


# --- strangers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hello", "code"),
    [
        (Hello(version=VERSION, user="agent1", password="wrong"), "wrong_credentials"),
        (Hello(version=VERSION), "wrong_credentials"),
        (Hello(version=VERSION, user="x" * 200, password="y"), "wrong_credentials"),
        (Hello(version=VERSION + 1, user="agent1", password="correct horse"), "version_unsupported"),
        (Hello(version=VERSION, token="made.up"), "token_expired"),
        (Hello(version=VERSION, token="한글"), "token_expired"),
        (Hello(version=VERSION, user="boss", password="correct horse"), "not_an_agent"),
        (Hello(version=VERSION, user="agent9", password="correct horse"), "not_an_agent"),
    ],
)
def test_who_is_not_let_in_learns_why(tmp_path: Path, hello: Hello, code: str) -> None:
    async def work(it: Floor) -> None:
        desktop = await it.connect()
        await desktop.say(hello)
        assert (await desktop.denied()).code == code
        assert await desktop.closed() == server_module.DENIED
        assert it.gateway.clients == 0

    on_the_floor(tmp_path, work)


@pytest.mark.parametrize(("result", "code"), [("locked", "too_many_attempts"), ("unavailable", "unavailable")])
def test_a_credential_service_that_says_no_is_believed(tmp_path: Path, result: str, code: str) -> None:
    async def work(it: Floor) -> None:
        it.credentials.result = result
        desktop = await it.connect()
        await desktop.hello()
        assert (await desktop.denied()).code == code

    on_the_floor(tmp_path, work)


def test_another_role_may_not_do_an_agents_work(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        it.credentials.roles = ("reviewer",)
        desktop = await it.sign_in()
        reply = await desktop.command(wire.SetReady())
        assert (reply.ok, reply.code) == (False, "not_allowed")
        assert (await desktop.ask(wire.ListCallbacks())).code == "not_allowed"
        assert (await desktop.ask(wire.SearchCustomers(text="김민지"))).code == ""

    on_the_floor(tmp_path, work)


def test_another_agents_call_is_not_ones_own(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        first = await ready(it)
        it.offer()
        view = await first.call()
        second = await it.sign_in("agent2")
        for body in (wire.EndCall(call=view.call), wire.TakeNote(call=view.call, text="x", revision=1)):
            reply = await second.command(body)
            assert (reply.ok, reply.code) == (False, "not_your_call")
        assert not [effect for effect in it.switch.performed if isinstance(effect, ReleaseLeg)]
        assert second.facts(CallChanged) == []

    on_the_floor(tmp_path, work)


def test_web_pages_of_others_are_refused(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        for origin in ("https://evil.example", "null", f"http://127.0.0.1:{it.gateway.port}"):
            with pytest.raises(InvalidStatus) as caught:
                await connect(it.url, origin=origin, proxy=None)
            assert caught.value.response.status_code == 403

    on_the_floor(tmp_path, work)


def test_one_client_too_many_is_turned_away(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        for number in (1, 2):
            await it.sign_in(f"agent{number}")
        with pytest.raises(InvalidStatus) as caught:
            await it.connect()
        assert caught.value.response.status_code == 503

    on_the_floor(tmp_path, work, clients_max=2)


BAD_FRAMES = {
    "no json": b"hello",
    "unknown frame": b'{"t":"steal"}',
    "unknown command": b'{"t":"command","id":"1","body":{"do":"Steal"}}',
    "wrong type": b'{"t":"command","id":"1","body":{"do":"HoldCall","call":"7"}}',
    "no id": b'{"t":"command","id":"","body":{"do":"SetReady"}}',
    "long id": b'{"t":"command","id":"' + b"x" * 500 + b'","body":{"do":"SetReady"}}',
    "second hello": encode(Hello(version=VERSION)),
    "too deep": b'{"t":"command","id":"1","x":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
}


@pytest.mark.parametrize("name", sorted(BAD_FRAMES))
@pytest.mark.parametrize("is_signed_in", [False, True])
def test_a_frame_that_cannot_be_meant_ends_the_connection_and_nothing_else(
    tmp_path: Path, name: str, is_signed_in: bool
) -> None:
    async def work(it: Floor) -> None:
        other = await it.sign_in("agent2")
        desktop = await it.sign_in("agent1") if is_signed_in else await it.connect()
        if name == "second hello" and not is_signed_in:
            await desktop.connection.send(encode(CommandFrame(id="1", body=wire.SetReady())), text=True)
        else:
            await desktop.connection.send(BAD_FRAMES[name], text=True)
        assert await desktop.closed() == 1007
        assert (await other.command(wire.SetReady())).ok
        await it.run.until(lambda: it.gateway.clients == 1)

    on_the_floor(tmp_path, work)


def test_a_binary_frame_is_not_understood(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await it.sign_in()
        await desktop.connection.send(b"\x00\x01")
        assert await desktop.closed() == 1007

    on_the_floor(tmp_path, work)


@pytest.mark.parametrize("size", [MAX_CLIENT_BYTES + 1, 10 * 1024 * 1024])
def test_a_frame_that_is_too_long_is_not_even_read(tmp_path: Path, size: int) -> None:
    async def work(it: Floor) -> None:
        other, desktop = await it.sign_in("agent2"), await it.sign_in("agent1")
        try:
            await desktop.connection.send("x" * size)
        except Exception as error:  # the server may close while we still send
            assert "1009" in str(error) or "close" in str(error).lower()
        assert await desktop.closed() == 1009
        assert (await other.command(wire.SetReady())).ok

    on_the_floor(tmp_path, work)


def test_compression_is_not_spoken(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        async with connect(it.url, compression="deflate", proxy=None) as connection:
            assert connection.response is not None
            assert "Sec-WebSocket-Extensions" not in connection.response.headers

    on_the_floor(tmp_path, work)


def test_who_says_nothing_is_sent_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "HELLO_TIMEOUT_S", 0.1)

    async def work(it: Floor) -> None:
        desktop = await it.connect()
        assert await desktop.closed() == server_module.DENIED

    on_the_floor(tmp_path, work)


def test_a_client_that_does_not_read_is_cut_off_and_the_others_go_on(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        other = await it.sign_in("agent2")
        await it.sign_in("agent1")
        token = (await it.desktops[-1].welcome()).token
        await it.desktops[-1].close()
        await it.run.until(lambda: it.gateway.clients == 1)
        stuck = _silent_socket(it.gateway.port, encode(Hello(version=VERSION, token=token)))
        try:
            await it.run.until(lambda: it.gateway.clients == 2)
            client = it.gateway._find(1)
            assert client is not None
            held: list[int] = []
            while not client.outbox.is_cut:
                client.outbox.put(b"x" * 100_000)
                held.append(client.outbox.held)
                await asyncio.sleep(0)
            assert max(held) <= 1024 * 1024 + 100_000
            await it.run.until(lambda: it.gateway.clients == 1)
            assert (await other.command(wire.SetReady())).ok
        finally:
            stuck.close()

    on_the_floor(tmp_path, work)


def test_a_dead_link_is_noticed_by_its_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server_module.PING_EVERY_S + server_module.PING_TIMEOUT_S < 10
    monkeypatch.setattr(server_module, "PING_EVERY_S", 0.2)
    monkeypatch.setattr(server_module, "PING_TIMEOUT_S", 0.2)

    async def work(it: Floor) -> None:
        desktop = await it.sign_in("agent1")
        token = (await desktop.welcome()).token
        await desktop.close()
        await it.run.until(lambda: it.gateway.clients == 0)
        dead = _silent_socket(it.gateway.port, encode(Hello(version=VERSION, token=token)))
        try:
            await it.run.until(lambda: it.gateway.clients == 1)
            await it.run.until(lambda: it.gateway.clients == 0)
            await it.run.until(lambda: not it.gateway.state().agents[AgentId(1)].desktop_connected)
        finally:
            dead.close()

    on_the_floor(tmp_path, work)


def _silent_socket(port: int, hello: bytes) -> socket.socket:
    """A client that says hello and never reads again."""
    made = socket.create_connection(("127.0.0.1", port))
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.sendall(
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    length = len(hello)
    made.sendall(bytes([0x81, 0x80 | 126]) + length.to_bytes(2, "big") + b"\0\0\0\0" + hello)
    return made


def test_more_than_one_may_have_under_way_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cti_server.gateway.frames.COMMANDS_UNDER_WAY_MAX", 0)
    monkeypatch.setattr("cti_server.gateway.frames.ASKS_UNDER_WAY_MAX", 0)

    async def work(it: Floor) -> None:
        desktop = await it.sign_in()
        assert (await desktop.command(wire.SetReady())).code == "too_many_requests"
        assert (await desktop.ask(wire.ListCallbacks())).code == "too_many_requests"

    on_the_floor(tmp_path, work)


def test_nothing_is_left_behind_when_everybody_has_gone(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        before = len(asyncio.all_tasks()) + 1  # waiting for a condition is a task too
        for _ in range(3):
            desktops = [await it.sign_in(f"agent{n}") for n in (1, 2, 3)]
            for desktop in desktops:
                await desktop.section("header") if desktop.of(Snapshot)[0].call else None
                await desktop.close()
            await it.run.until(lambda: it.gateway.clients == 0)
        await it.run.until(lambda: len(asyncio.all_tasks()) <= before)
        assert it.gateway._connections == 0

    on_the_floor(tmp_path, work)


def test_those_who_care_for_the_centre_are_told_of_broken_files_and_nobody_else(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        agent = await it.sign_in("agent1")
        it.credentials.roles = ("agent", "supervisor")
        supervisor = await it.sign_in("agent2")
        it.gateway.note_configuration(is_broken=True)
        it.gateway.note_configuration(is_broken=True)
        told = await supervisor.fact(Notice)
        assert (told.code, told.level) == ("configuration_broken", "alarm")
        later = await it.sign_in("agent3")
        assert (await later.fact(Notice)).code == "configuration_broken"
        assert (await agent.command(wire.SetReady())).ok
        await agent.fact(AgentChanged, lambda fact: fact.agent.state == "ready")
        assert agent.facts(Notice) == [] and len(supervisor.facts(Notice)) == 1, "once, and not to agents"
        it.gateway.note_configuration(is_broken=False)
        again = await it.sign_in("agent3")
        assert (await again.command(wire.SetReady())).ok
        await again.fact(AgentChanged, lambda fact: fact.agent.state == "ready")
        assert again.facts(Notice) == [], "it is over"

    on_the_floor(tmp_path, work)
