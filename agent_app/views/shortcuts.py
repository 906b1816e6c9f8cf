"""Keys of the whole window, as one table, which the help sheet shows too. Esc is not in it: it never ends a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut

from agent_app.i18n import tr
from agent_app.viewmodels.situations import Action, Situation

if TYPE_CHECKING:
    from agent_app.views.main_window import MainWindow

TABLE: Final = (
    ("Ctrl+Shift+A", "keys.accept", "accept"),
    ("Ctrl+Shift+R", "keys.decline", "decline"),
    ("Ctrl+Shift+M", "keys.mute", "mute"),
    ("Ctrl+Shift+H", "keys.hold", "hold"),
    ("Ctrl+Shift+K", "keys.keypad", "keypad"),
    ("Ctrl+Shift+P", "keys.pause", "pause"),
    ("Ctrl+Shift+E", "keys.end", "end"),
    ("Ctrl+Shift+S", "keys.state", "state"),
    ("Ctrl+D", "keys.dial", "dial"),
    ("Ctrl+Return", "keys.complete", "complete"),
    ("Ctrl+Shift+Y", "keys.why", "why"),
    ("Alt+Left", "keys.back", "back"),
    ("Alt+0", "keys.chooser", "chooser"),
    ("Ctrl+F", "keys.filter", "filter"),
    ("Ctrl+L", "keys.find", "find"),
    ("F6", "keys.panes", "panes"),
    ("Shift+F6", "keys.panes_back", "panes_back"),
    ("F1", "keys.help", "help"),
)
ANSWERS: Final = tuple((f"Alt+{number}", number) for number in range(1, 10))
DISPOSITIONS: Final = tuple((f"Ctrl+{number}", number) for number in range(1, 10))


class Shortcuts(QObject):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.keys: dict[str, QShortcut] = {}
        for keys, _, name in TABLE:
            self._make(keys, name)
        for keys, number in ANSWERS:
            self._make(keys, f"answer:{number}")
        for keys, number in DISPOSITIONS:
            self._make(keys, f"disposition:{number}")

    def _make(self, keys: str, name: str) -> None:
        made = QShortcut(QKeySequence(keys), self._window)
        made.setContext(Qt.ShortcutContext.WindowShortcut)
        made.setAutoRepeat(False)
        made.setObjectName(name)
        made.activated.connect(self._on_activated)
        self.keys[keys] = made

    @staticmethod
    def described() -> list[tuple[str, str]]:
        """(keys, what they do) for the help sheet."""
        rows = [(keys, tr(text)) for keys, text, _ in TABLE]
        rows.append(("Alt+1…9", tr("keys.answers")))
        rows.append(("Ctrl+1…9", tr("keys.dispositions")))
        rows.append((tr("keys.space"), tr("keys.listen")))
        rows.append(("← →", tr("keys.skip")))
        return [(keys.replace("Return", "↵").replace("Left", "←"), text) for keys, text in rows]

    def _on_activated(self) -> None:
        sender = self.sender()
        if sender is not None and self._window.view is not None:
            self.run(sender.objectName())

    def run(self, name: str) -> None:
        """What a key does; what is not valid now does nothing."""
        desk, view = self._window.desk, self._window.view
        if view is None:
            return
        word, _, number = name.partition(":")
        match word:
            case "answer":
                view.agent.script.press_number(int(number))
            case "disposition":
                if desk.wrap_up.can_write:
                    desk.wrap_up.choose_number(int(number))
            case "accept":
                desk.incoming.accept()
            case "decline":
                desk.incoming.decline()
            case "mute":
                desk.state_bar.toggle_mute()
            case "hold":
                desk.state_bar.toggle_hold()
            case "keypad":
                desk.state_bar.press(Action.KEYPAD)
            case "pause":
                desk.state_bar.press(Action.PAUSE_RECORDING)
            case "end":
                dialling = desk.state_bar.situation is Situation.DIALLING
                desk.state_bar.press(Action.CANCEL if dialling else Action.END)
            case "dial":
                desk.state_bar.press(Action.DIAL)
            case "complete":
                desk.wrap_up.complete()
            case "back":
                desk.script.go_back()
            case _:
                self._of_window(word)

    def _of_window(self, word: str) -> None:
        view = self._window.view
        if view is None:
            return
        match word:
            case "state":
                view.state_bar.open_menu()
            case "chooser":
                view.agent.script.toggle_chooser()
            case "filter":
                view.show_page("agent")
                view.agent.middle.focus_filter()
            case "find":
                view.customers.ask()
            case "why":
                view.explain()
            case "panes" | "panes_back":
                view.cycle_panes(backwards=word == "panes_back")
            case "help":
                view.keys.bring()
            case _:
                pass
