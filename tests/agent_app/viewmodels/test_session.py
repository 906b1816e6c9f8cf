"""Reconnecting: what is sent again, what is too old for it, and what works while the server is away."""

from __future__ import annotations

from agent_app.i18n import tr
from agent_app.link.client import Batch, Changed, Received
from agent_app.store import Connection
from agent_app.viewmodels.situations import Action
from cti_server.wire.client import HoldCall, SetNotReady, TakeNote
from cti_server.wire.server import AgentChanged, CallChanged, FactFrame, ReplyFrame
from tests.agent_app import sample
from tests.agent_app.stage import Stage


def cut(stage: Stage) -> None:
    stage.link.is_silent = True
    stage.link.tell(Changed(Connection.RECONNECTING))


def back(stage: Stage) -> None:
    stage.link.is_silent = False
    stage.link.tell(Changed(Connection.CONNECTED))
    stage.link.receive(sample.welcome())
    stage.link.receive(sample.snapshot(agent=sample.agent("connected"), call=sample.call("connected")))


def test_what_was_not_replied_to_is_sent_again_with_its_id(stage: Stage) -> None:
    cut(stage)
    first = stage.session.do(SetNotReady(reason="meal"))
    back(stage)
    assert [frame.id for frame in stage.link.commands(SetNotReady)] == [first, first]
    assert not stage.session.store.commands


def test_a_button_pressed_long_ago_does_not_act_now(stage: Stage) -> None:
    stage.ring()
    stage.answer()
    stage.link.is_silent = True
    stage.desk.state_bar.toggle_hold()
    cut(stage)
    stage.now += 20_000_000
    back(stage)
    assert len(stage.link.commands(HoldCall)) == 1
    assert stage.view.banners.notice.text() == tr("connection.not_sent", n=1)


def test_a_note_is_sent_again_however_long_it_took(stage: Stage) -> None:
    stage.ring()
    stage.answer()
    cut(stage)
    stage.view.agent.wrap_up.note.setPlainText("old but not lost")
    stage.desk.wrap_up._send_note()
    stage.now += 900_000_000
    back(stage)
    sent = stage.link.commands(TakeNote)
    assert len(sent) == 2 and sent[0].id == sent[1].id


def test_while_the_server_is_away_only_the_phones_own_buttons_work(stage: Stage) -> None:
    stage.ring()
    stage.answer()
    cut(stage)
    bar = stage.view.state_bar
    works = {action for action, button in bar.buttons.items() if button.isEnabled()}
    assert works == {Action.MUTE, Action.END}
    assert not stage.desk.dialling.may_dial_now


def test_a_batch_is_folded_as_a_whole_and_told_once(stage: Stage) -> None:
    told: list[set[object]] = []
    stage.session.changed.connect(told.append)
    facts = (AgentChanged(agent=sample.agent("alerting")), CallChanged(call=sample.call("alerting")))
    events = [Received(FactFrame(seq=90 + n, at=sample.NOW, body=body)) for n, body in enumerate(facts)]
    stage.link.tell(Batch(tuple(events)))
    assert len(told) == 1 and stage.desk.incoming.call == sample.CALL


def test_a_reply_nobody_waits_for_is_nothing(stage: Stage) -> None:
    replied: list[object] = []
    stage.session.replied.connect(lambda *both: replied.append(both))
    stage.link.receive(ReplyFrame(to="unknown", ok=True))
    assert replied == []


def test_the_language_of_the_session_follows_the_screens(stage: Stage) -> None:
    opened: list[str] = []
    stage.link.open = lambda target: opened.append(target.language)  # type: ignore[method-assign]
    stage.window.toggle_language()
    stage.window.toggle_language()
    assert opened == ["en", "ko"]
