"""Keys of the whole window, as one table, which the help sheet shows too. Esc is not in it: it never ends a call."""

from typing import Final

from agent_app.i18n import tr

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


def described() -> list[tuple[str, str]]:
    """(keys, what they do) for the help sheet."""
    rows = [(keys, tr(text)) for keys, text, _ in TABLE]
    rows.append(("Alt+1…9", tr("keys.answers")))
    rows.append(("Ctrl+1…9", tr("keys.dispositions")))
    rows.append((tr("keys.space"), tr("keys.listen")))
    rows.append(("← →", tr("keys.skip")))
    return [(keys.replace("Return", "↵").replace("Left", "←"), text) for keys, text in rows]
