"""What each key of the window does; which there are stands in `keys.py`."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from agent_app.viewmodels.desk import Desk
from agent_app.viewmodels.situations import Action, Situation
from agent_app.views.desk_view import DeskView
from agent_app.views.keys import ANSWERS, DISPOSITIONS, TABLE


class Shortcuts(QObject):
    """``view``: what is shown after sign-in; before that keys do nothing."""

    def __init__(self, window: QWidget, desk: Desk, view: Callable[[], DeskView | None]) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._view = view
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

    def _on_activated(self) -> None:
        sender = self.sender()
        if sender is not None:
            self.run(sender.objectName())

    def run(self, name: str) -> None:
        """What a key does; what is not valid now does nothing."""
        desk, view = self._desk, self._view()
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
                _of_window(view, word)


def _of_window(view: DeskView, word: str) -> None:
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
