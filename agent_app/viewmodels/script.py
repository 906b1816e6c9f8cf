"""The script beside the call: the page of the present node, answers, fields, going back; it moves the record views.

Decides when a run begins (the call is connected), what data fills the sentences, and what is told to the server. Where
answers lead is the script engine's matter. The sentence is in the customer's language, answers in the agent's.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from PySide6.QtCore import QTimer, Signal

from agent_app.i18n import language, words
from agent_app.store import Topic
from agent_app.viewmodels.records import RecordViews
from agent_app.viewmodels.session import ViewModel
from agent_app.viewmodels.subject import Subject
from cti_server.wire.client import CorrectReason, FollowScript, PauseRecording, ResumeRecording
from cti_server.wire.server import CallView, Code, ScriptData
from scripts.engine import (
    ScriptMismatch,
    ScriptRun,
    back,
    begin,
    choose,
    contact_reason,
    open_item,
    read_path,
    search,
    written_path,
)
from scripts.model import Library
from scripts.page import Page, page, path_titles

FIELDS_AFTER_MS = 600
TALKING = ("connected", "held")


class ScriptModel(ViewModel):
    """`moved` when another node is in front; `changed` also when data filled in a sentence."""

    moved = Signal()
    chooser_changed = Signal()
    topics = frozenset({Topic.SESSION, Topic.CALL, Topic.CARD})

    def __init__(self, subject: Subject, records: RecordViews) -> None:
        super().__init__(subject.session)
        self.subject, self._records = subject, records
        self.library: Library | None = None
        self.run: ScriptRun | None = None
        self.answers: dict[str, str] = {}
        self._call: int | None = None
        self._paused_here = False
        self._view_shown: tuple[str, tuple[tuple[str, str], ...]] | None = None
        self._fields = QTimer(self)
        self._fields.setSingleShot(True)
        self._fields.setInterval(FIELDS_AFTER_MS)
        self._fields.timeout.connect(self._follow)

    # --- reading ---------------------------------------------------------------------------------------------------

    @property
    def is_running(self) -> bool:
        return self.library is not None and self.run is not None

    def data(self) -> Mapping[str, str]:
        """What fills the sentences: the card's values, and what the session itself knows."""
        found = self.subject.section("script_data")
        values = dict(found.values) if isinstance(found, ScriptData) else {}
        caller = self.subject.caller()
        if caller.customer and caller.name:
            values.setdefault("customer.name", caller.name)
        if self.store.welcome is not None:
            values.setdefault("agent.name", self.store.welcome.me.name)
        return values

    def page(self) -> Page | None:
        """In the agent's language, with the sentence and the information in the customer's."""
        if self.library is None or self.run is None:
            return None
        shown = page(self.library, self.run, language(), self.data())
        call = self.subject.call
        spoken = call.language if call is not None and call.language else language()
        if spoken == language():
            return shown
        said = page(self.library, self.run, spoken, self.data())
        return msgspec.structs.replace(shown, say=said.say, information=said.information)

    def view_label(self) -> str:
        """What the linked view is called on the chip; empty if this node names none."""
        shown = self.page()
        if shown is None or shown.view is None:
            return ""
        return shown.view.label or self._records.title(shown.view.name)

    def reason(self) -> str:
        """Contact reason by the path, in words."""
        if self.library is None:
            return ""
        call = self.store.call
        codes = contact_reason(self.library, self.run) if self.run else (call.reason if call else ())
        return " › ".join(path_titles(self.library, ".".join(codes), language()))

    def level(self, keys: str) -> list[tuple[str, str]]:
        """The chooser: (digit, title) after 0, 1 or 2 digits."""
        if self.library is None:
            return []
        found: list[tuple[str, str]] = []
        try:
            if not keys:
                levels = [major.title for major in self.library.majors]
            elif len(keys) == 1:
                levels = [middle.title for middle in self.library.majors[int(keys[0]) - 1].middles]
            else:
                middle = self.library.majors[int(keys[0]) - 1].middles[int(keys[1]) - 1]
                levels = [item.title for item in middle.items]
        except IndexError:
            return []
        for place, title in enumerate(levels, start=1):
            found.append((str(place), title.of(language())))
        return found

    def search(self, text: str) -> list[tuple[str, str]]:
        """(item code, its three titles)."""
        if self.library is None:
            return []
        return [
            (code, " › ".join(path_titles(self.library, code, language())))
            for code in search(self.library, text, language())
        ]

    # --- acting ----------------------------------------------------------------------------------------------------

    def answer(self, number: int) -> None:
        """Alt+1…9: the answer at this place."""
        shown = self.page()
        if shown is None or self.library is None or self.run is None or not 1 <= number <= len(shown.answers):
            return
        self._go(choose(self.library, self.run, shown.answers[number - 1].id))

    def go_back(self) -> None:
        if self.run is not None:
            self._go(back(self.run))

    def open(self, code: str) -> None:
        if self.library is not None and self._call is not None:
            self._go(open_item(self.library, code, self.run))

    def open_by_keys(self, keys: str) -> bool:
        """Three digits; False when there is nothing at these places."""
        if self.library is None or len(keys) != 3:
            return False
        try:
            major = self.library.majors[int(keys[0]) - 1]
            middle = major.middles[int(keys[1]) - 1]
            code = f"{major.code}.{middle.code}.{middle.items[int(keys[2]) - 1].code}"
        except (IndexError, ValueError):
            return False
        self.open(code)
        return True

    def fill_field(self, field: str, value: str) -> None:
        if self.answers.get(field, "") != value:
            self.answers[field] = value
            self._fields.start()

    def show_view_again(self) -> None:
        """The chip "linked view": back to what this node shows, after the agent looked elsewhere."""
        shown = self.page()
        if shown is not None and shown.view is not None:
            self._records.show(shown.view.name, shown.view.arguments)

    def correct_reason(self, codes: tuple[str, ...]) -> None:
        if self.store.call is not None:
            self.session.do(CorrectReason(call=self.store.call.call, reason=codes))

    # --- moving ----------------------------------------------------------------------------------------------------

    def _go(self, run: ScriptRun) -> None:
        """The new page, the view that it names and the recording, all in this turn of the event loop."""
        if run == self.run:
            return
        self.run = run
        self._view_shown = None
        self._show_view()
        self._pause_or_resume()
        self.moved.emit()
        self.changed.emit()
        self._follow()

    def _show_view(self) -> None:
        shown = self.page()
        if shown is None or shown.view is None or not self._records.has(shown.view.name):
            return
        wanted = (shown.view.name, tuple(sorted(shown.view.arguments.items())))
        if wanted != self._view_shown:
            self._view_shown = wanted
            self._records.show(shown.view.name, shown.view.arguments)

    def _pause_or_resume(self) -> None:
        shown, call = self.page(), self.store.call
        if shown is None or call is None or shown.pause_recording == self._paused_here:
            return
        self._paused_here = shown.pause_recording
        order = PauseRecording if self._paused_here else ResumeRecording
        self.session.do(order(call=call.call, by_script=True))

    def _follow(self) -> None:
        """Tell the server where the call is; it stores path, answers and the library's version."""
        self._fields.stop()
        if self.run is None or self.library is None or self._call is None:
            return
        body = FollowScript(
            call=self._call,
            library_version=self.library.version,
            item=self.run.item,
            node=self.run.node,
            path=written_path(self.run),
            answers={field: value for field, value in self.answers.items() if value},
            reason=contact_reason(self.library, self.run),
        )
        self.session.do(body)

    # --- hearing ---------------------------------------------------------------------------------------------------

    def refresh(self, topics: set[Topic]) -> None:
        if Topic.SESSION in topics and self.store.welcome is not None:
            self._load(self.store.welcome.catalogue.scripts)
        if Topic.CALL in topics:
            self._on_call()
        if self.run is not None and Topic.CARD in topics:
            self._show_view_with_new_data()
        self.changed.emit()

    def _load(self, raw: msgspec.Raw) -> None:
        try:
            library = msgspec.json.decode(raw, type=Library)
        except (msgspec.DecodeError, UnicodeDecodeError):
            library = None
        if library is None or self.library is None or library.version != self.library.version:
            self.library = library
            self.run = None

    def _on_call(self) -> None:
        call = self.store.call
        if call is None:
            self._end()
        elif call.call != self._call or self.run is None:
            if call.call != self._call:
                self._end()
            if call.phase in TALKING or call.script is not None:
                self._begin(call)

    def _begin(self, call: CallView) -> None:
        if self.library is None or not self.library.majors:
            return
        self._call = call.call
        place = call.script
        restored = None
        if place is not None and place.library_version == self.library.version:
            restored = read_path(self.library, place.path)
            self.answers = dict(place.answers)
        try:
            self.run = restored or begin(self.library)
        except ScriptMismatch:
            self.run = None
            return
        self._paused_here = call.recording_paused_by_script
        self._show_view()
        self.moved.emit()
        if restored is None:
            self._follow()

    def _end(self) -> None:
        if self._fields.isActive():
            self._follow()
        self.run, self.answers, self._call = None, {}, None
        self._paused_here, self._view_shown = False, None
        self.moved.emit()

    def _show_view_with_new_data(self) -> None:
        """Data that came after the node was opened may complete the view's arguments; a view chosen by hand stays."""
        shown = self.page()
        if shown is not None and shown.view is not None and self._records.current == shown.view.name:
            self._show_view()


def title_of(code: Code) -> str:
    return words(code.title, code.code)
