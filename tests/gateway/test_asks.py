"""Every ask is answered, with a body or with a code."""

from pathlib import Path
from typing import get_args

import pytest

from cti_server.core.entities import Callback
from cti_server.core.events import OrderKey
from cti_server.core.vocabulary import CallbackId, Micros, PersonalRef, QueueId, RecordingId
from cti_server.gateway import asks as module
from cti_server.media import wav
from cti_server.media.g711 import Codec
from cti_server.wire import client as wire
from cti_server.wire.explained import CallExplained
from cti_server.wire.server import CardSection, MessageLoaded
from tests.gateway.floor import Floor, on_the_floor
from tests.gateway.test_cards import hampered
from tests.sample_shop import MINJI

MESSAGE = 900
EXAMPLES: tuple[wire.Body, ...] = (
    wire.SearchCustomers(text="김민지"),
    wire.OpenCard(customer=MINJI),
    wire.LoadView(customer=MINJI, view="bonus"),
    wire.LoadTimeline(customer=MINJI, before_at=1 << 62),
    wire.LoadPicture(picture="P-101"),
    wire.ListCallbacks(),
    wire.LoadMessage(callback=MESSAGE),
    wire.ExplainCall(call=7),
    wire.AskFairness(),
    wire.ListIdleRuns(),
)


def leave_message(it: Floor, folder: Path, *, queue: str = "orders", ms: int = 20_000) -> bytes:
    """A caller has left a message for a queue; what the caller said, as it must come out again."""
    said = bytes(range(256)) * (ms * 8 // 256)
    folder = folder / "recordings"
    folder.mkdir(exist_ok=True)
    both = wav.interleave(b"\xff" * len(said), said)
    (folder / "1-2.wav").write_bytes(wav.g711_header(Codec.PCMU, channels=2, data_bytes=len(both)) + both)
    it.gateway.state().callbacks[CallbackId(MESSAGE)] = Callback(
        callback=CallbackId(MESSAGE),
        number=PersonalRef(1),
        queue=QueueId(queue),
        key=OrderKey(rank=0, due_at=0, sequence=1),
        due_at=0,
        requested_at=Micros(0),
        recording=RecordingId(2),
        path="1-2.wav",
        message_ms=ms,
    )
    return said


def test_every_ask_is_answered(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        leave_message(it, tmp_path)
        desktop = await it.sign_in()
        for body in EXAMPLES:
            answer = await desktop.ask(body)  # type: ignore[arg-type]
            assert (answer.code, answer.body is not None) == ("", True), body
        assert {type(body) for body in EXAMPLES} == set(get_args(wire.AskBody))

    on_the_floor(tmp_path, work)


def test_what_is_asked_about_the_past_is_passed_on_for_the_person_who_signed_in(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await it.sign_in("agent2")
        answer = await desktop.ask(wire.ExplainCall(call=7))
        assert answer.body == CallExplained(call=7, read_to=2)
        refused = await desktop.ask(wire.ExplainCall(call=404))
        assert (refused.body, refused.code) == (None, "not_found")

    on_the_floor(tmp_path, work)


def test_a_card_opened_without_a_call_is_filled_too(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await it.sign_in("agent1", language="en")
        await desktop.ask(wire.OpenCard(customer=MINJI))
        for name in ("header", "profile", "alerts", "needs", "timeline", "script_data"):
            section = await desktop.section(name, 0)
            assert section.data is not None
            assert section.customer == MINJI
        header = desktop.of(CardSection)[0]
        assert (header.section, header.data.name, header.data.verification) == ("header", "김민지", "unverified")
        assert (await desktop.section("profile")).data.store == "Hongdae"

    on_the_floor(tmp_path, work)


def test_the_bonus_view_opens_with_its_columns_in_words(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await it.sign_in()
        answer = await desktop.ask(wire.LoadView(customer=MINJI, view="bonus", arguments={"order": "KR-20931"}))
        view = answer.body
        kinds = {column.key: column.values for column in view.columns}
        assert kinds["kind"]["earned"] == {"ko": "적립", "en": "Earned"}
        assert view.rows[view.selected]["order_number"] == "KR-20931"

    on_the_floor(tmp_path, work)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (wire.OpenCard(customer="C-999999"), "not_found"),
        (wire.LoadPicture(picture="../../etc/passwd"), "not_found"),
        (wire.LoadView(customer=MINJI, view="secrets"), "unknown_view"),
    ],
)
def test_what_is_not_there_has_a_code(tmp_path: Path, body: wire.AskBody, code: str) -> None:
    async def work(it: Floor) -> None:
        desktop = await it.sign_in()
        answer = await desktop.ask(body)
        assert (answer.body, answer.code) == (None, code)

    on_the_floor(tmp_path, work)


def test_a_main_system_that_is_down_is_said_to_be(tmp_path: Path) -> None:
    async def work(it: Floor) -> None:
        desktop = await it.sign_in()
        for body in EXAMPLES[:5]:
            assert (await desktop.ask(body)).code == "unavailable"  # type: ignore[arg-type]
        assert (await desktop.ask(wire.ListCallbacks())).code == ""

    on_the_floor(tmp_path, work, main=hampered(fail=""))


def test_a_main_system_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ASK_TIMEOUT_S", 0.1)

    async def work(it: Floor) -> None:
        desktop = await it.sign_in()
        assert (await desktop.ask(wire.LoadPicture(picture="P-101"))).code == "unavailable"

    on_the_floor(tmp_path, work, main=hampered(hang="picture"))


def test_a_message_is_heard_piece_by_piece_by_those_who_serve_its_queue(tmp_path: Path) -> None:
    """The caller alone, whole; agent 3 serves another queue, and to agent 3 there is none."""

    async def work(it: Floor) -> None:
        said = leave_message(it, tmp_path)
        desktop, heard = await it.sign_in(), b""
        while len(heard) < len(said):
            piece = (await desktop.ask(wire.LoadMessage(callback=MESSAGE, start=len(heard)))).body
            assert isinstance(piece, MessageLoaded)
            assert piece.sound
            assert (piece.law, piece.start, piece.total) == ("PCMU", len(heard), len(said))
            heard += piece.sound
        assert heard == said
        other = await it.sign_in("agent3")
        assert (await other.ask(wire.LoadMessage(callback=MESSAGE))).code == "not_found"

    on_the_floor(tmp_path, work)


@pytest.mark.parametrize("path", ["gone.wav", "../secret.wav", "text.wav", "."])
def test_a_message_whose_file_is_not_there_is_not_found(tmp_path: Path, path: str) -> None:
    async def work(it: Floor) -> None:
        leave_message(it, tmp_path)
        (tmp_path / "secret.wav").write_bytes((tmp_path / "recordings" / "1-2.wav").read_bytes())
        (tmp_path / "recordings" / "text.wav").write_text("no sound")
        it.gateway.state().callbacks[CallbackId(MESSAGE)].path = path
        desktop = await it.sign_in()
        assert (await desktop.ask(wire.LoadMessage(callback=MESSAGE))).code == "not_found"

    on_the_floor(tmp_path, work)
