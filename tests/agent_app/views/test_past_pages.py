"""From a call to its explanation, and from the bar to the day: by mouse and by keys; copied, printed, in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu

from agent_app.i18n import tr
from agent_app.views import paper
from agent_app.views.kit.theme import install
from cti_server.wire.client import AskFairness, ExplainCall, ListIdleRuns
from cti_server.wire.server import CardSection, Timeline, TimelineRow
from tests.agent_app import sample
from tests.agent_app.stage import Stage

OURS = TimelineRow(at=sample.NOW, kind="call_in", title="배송 문의", reference="4521")
THEIRS = TimelineRow(at=sample.NOW - 1, kind="call_in", title="다른 시스템의 통화", reference="T-1")


def said(stage: Stage) -> str:
    return "\n".join(label.text() for label in stage.view.why.findChildren(QLabel) if label.isVisible())


def test_the_call_on_the_screen_is_explained_by_one_click_or_key(stage: Stage) -> None:
    assert not stage.view.state_bar.caller.why.isVisible()
    stage.ring()
    stage.answer()
    stage.settle()
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(stage.window, Qt.Key.Key_Y, modifiers)
    stage.settle()
    assert stage.view.why.isVisible() and "통화 4711: 왜 이 상담원인가요?" in said(stage)
    assert "배정: 나 · 주문 큐" in said(stage)
    stage.view.why.close()
    QTest.mouseClick(stage.view.state_bar.caller.why, Qt.MouseButton.LeftButton)
    assert stage.view.why.isVisible() and len(stage.link.asks(ExplainCall)) == 2


def test_a_call_that_i_dialled_was_given_to_me_by_nobody(stage: Stage) -> None:
    stage.call("connected", "connected", direction="outbound", queue="")
    stage.settle()
    assert not stage.view.state_bar.caller.why.isVisible()
    stage.window.shortcuts.run("why")
    assert stage.link.asks(ExplainCall) == []


def test_an_earlier_call_is_explained_from_the_timeline_and_one_of_another_system_is_not(stage: Stage) -> None:
    stage.ring()
    section = CardSection(
        call=sample.CALL, customer=sample.CUSTOMER, section="timeline", data=Timeline(rows=(OURS, THEIRS)), at=0
    )
    stage.link.receive(section)
    stage.settle()
    listed = stage.view.agent.middle.timeline
    index = listed.list.model().index(1, 0)
    listed.list.setCurrentIndex(index)
    listed.list.activated.emit(index)
    assert [ask.body for ask in stage.link.asks(ExplainCall)] == [ExplainCall(call=4521)]
    for row, count in ((1, 1), (2, 0)):
        index = listed.list.model().index(row, 0)
        listed.list.setCurrentIndex(index)
        listed.list.customContextMenuRequested.emit(listed.list.visualRect(index).center())
        menus = [menu for menu in listed.findChildren(QMenu) if menu.isVisible()]
        assert len(menus) == count
        for menu in menus:
            assert [action.text() for action in menu.actions()] == [tr("action.why")]
            menu.actions()[0].trigger()
            menu.close()
    assert len(stage.link.asks(ExplainCall)) == 2


def test_the_explanation_is_copied_as_text_and_has_a_face_for_each_condition(stage: Stage) -> None:
    why = stage.view.why
    stage.link.is_silent = True
    stage.desk.why.ask(sample.CALL)
    stage.settle()
    assert why.state.text() == tr("why.loading") and not why.copy.isEnabled()
    stage.link.is_silent = False
    stage.session.store.asks.clear()
    stage.link.refuse[ExplainCall] = "not_found"
    stage.desk.why.reload()
    assert why.state.text() == tr("why.not_found") and not why.print.isEnabled()
    del stage.link.refuse[ExplainCall]
    stage.desk.why.reload()
    assert not why.state.isVisible()
    QTest.keyClick(why, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == stage.desk.why.text()
    QTest.keyClick(why, Qt.Key.Key_Escape)
    assert not why.isVisible()


def test_the_page_of_the_day_asks_when_it_is_opened_and_f6_goes_through_it(stage: Stage) -> None:
    assert stage.link.asks(AskFairness) == []
    QTest.mouseClick(stage.view.top.fairness_tab, Qt.MouseButton.LeftButton)
    stage.settle()
    page = stage.view.fairness
    assert stage.view.page == "fairness" and stage.view.top.fairness_tab.isChecked()
    assert (len(stage.link.asks(AskFairness)), len(stage.link.asks(ListIdleRuns))) == (1, 1)
    assert "2026-11-21 (토), 14:32:00까지" in page.day.text() and not page.after.isEnabled()
    assert page.table.hasFocus()
    QTest.keyClick(stage.window, Qt.Key.Key_F6)
    assert page.runs.hasFocus() and not page.why.isEnabled()
    page.runs.selectRow(1)
    QTest.mouseClick(page.why, Qt.MouseButton.LeftButton)
    assert stage.link.asks(ExplainCall)[-1].body == ExplainCall(call=4688)
    QTest.mouseClick(page.before, Qt.MouseButton.LeftButton)
    assert page.after.isEnabled()
    QTest.mouseClick(page.copy, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text().startswith(tr("page.fairness"))


def test_a_day_that_cannot_be_told_says_why(stage: Stage) -> None:
    stage.link.refuse[AskFairness] = stage.link.refuse[ListIdleRuns] = "unavailable"
    stage.view.show_page("fairness")
    stage.settle()
    page = stage.view.fairness
    assert page.empty.isVisible() and page.empty.text() == tr("refusal.unavailable")
    assert page.runs_state.text() == tr("refusal.unavailable") and not page.copy.isEnabled()


def test_the_page_stays_in_front_in_the_other_language(stage: Stage) -> None:
    stage.view.show_page("fairness")
    stage.window.toggle_language()
    stage.settle()
    assert stage.view.page == "fairness" and stage.view.fairness.summary.text().startswith("You: 38 calls")


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_bars_of_a_day_are_painted_in_both_themes(stage: Stage, name: str) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    install(app, "dark" if name == "dark" else "light")
    stage.view.show_page("fairness")
    stage.settle()
    table = stage.view.fairness.table
    image = table.viewport().grab(table.visualRect(table.model().index(0, 1))).toImage()
    colours = {image.pixelColor(x, image.height() // 2).name() for x in range(image.width())}
    assert len(colours) >= 4


def test_what_is_printed_is_what_is_read(stage: Stage, tmp_path: Path) -> None:
    stage.desk.why.ask(sample.CALL)
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "why.pdf"))
    document = paper.document(stage.desk.why.text())
    document.print_(printer)
    assert document.toPlainText() == stage.desk.why.text()
    assert (tmp_path / "why.pdf").read_bytes().startswith(b"%PDF")
    dialog = paper.ask_printer(stage.desk.why.text(), stage.window)
    assert dialog.isVisible()
    dialog.reject()
