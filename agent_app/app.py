"""The agent's desktop: command line, phone process, window. The composition root: everything is put together here."""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import sys
from pathlib import Path

import msgspec
from PySide6.QtCore import QProcess, QTimer
from PySide6.QtWidgets import QApplication

from agent_app import settings as workplace
from agent_app.i18n import LANGUAGES, set_language
from agent_app.link.bridge import Bridge
from agent_app.softphone.messages import Rendezvous
from agent_app.viewmodels.desk import Desk
from agent_app.viewmodels.garbage import Garbage
from agent_app.viewmodels.phone import Phone
from agent_app.viewmodels.session import Session
from agent_app.views.kit.theme import install, theme
from agent_app.views.main_window import MainWindow

SCREENSHOT_AFTER_MS = 1_500
LISTENING_TIMEOUT_S = 0.5


def main(argv: list[str] | None = None) -> int:
    """Run the desktop until its window is closed."""
    arguments = parser().parse_args(argv)
    folder = Path(arguments.home).absolute() if arguments.home else workplace.data_folder()
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    Garbage(app)
    desktop = Desktop(app, arguments, folder)
    desktop.open()
    if arguments.ready:
        get_ready_once(desktop.window)
    password = password_of(arguments)
    if arguments.user and password:
        desktop.window.sign_in.password.setText(password)
        QTimer.singleShot(0, desktop.window, desktop.window.sign_in.submit)
    if arguments.screenshot:
        shot = Screenshot(desktop.window, Path(arguments.screenshot))
        QTimer.singleShot(arguments.screenshot_after, desktop.window, shot.take)
    code = app.exec()
    desktop.leave()
    return code


class Desktop:
    """One window at a time: after signing off, or being sent away, a fresh one asks who is there."""

    def __init__(self, app: QApplication, arguments: argparse.Namespace, folder: Path) -> None:
        self._app, self._arguments, self._folder = app, arguments, folder
        self.window = build(app, arguments, folder)

    def open(self, code: str = "") -> None:
        self.window.closed.connect(self._app.quit)
        self.window.desk.session.signed_out.connect(self._on_signed_out)
        if code:
            self.window.sign_in.explain(code, {})
        self.window.show()

    def _on_signed_out(self, code: str) -> None:
        """Not in the middle of the old session's own signal."""
        QTimer.singleShot(0, self.window, lambda: self._anew(code))

    def _anew(self, code: str) -> None:
        before = self.window
        before.closed.disconnect(self._app.quit)
        before.remember()
        before.settings.theme = theme().name
        workplace.save(self._folder, before.settings)
        self.window = build(self._app, self._arguments, self._folder)
        self.open(code)
        before.desk.close()
        before.close()
        before.deleteLater()

    def leave(self) -> None:
        leave(self.window, self._folder)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="ieum-agent", description="The agent's desktop of Ieum.", allow_abbrev=False)
    made.add_argument("--server", metavar="URL", help="ws:// or wss:// address of the server's desktop gateway")
    made.add_argument("--user", help="who signs in")
    made.add_argument(
        "--password-file", metavar="FILE", help="first line is the password ('-': standard input); else IEUM_PASSWORD"
    )
    made.add_argument("--fingerprint", default="", metavar="SHA256", help="pinned certificate of a wss:// server")
    made.add_argument("--lang", choices=LANGUAGES, help="language of the screen")
    made.add_argument("--theme", choices=("light", "dark"))
    made.add_argument("--phone", choices=("internal", "external"), help="own softphone, or a hard phone on the desk")
    made.add_argument("--rendezvous", metavar="FILE", help="where the softphone's process can be found")
    made.add_argument("--no-phone-process", action="store_true", help="the softphone is started by somebody else")
    made.add_argument("--phone-argument", action="append", default=[], metavar="ARG", help="passed on to the softphone")
    made.add_argument("--home", metavar="FOLDER", help="settings and drafts of this workplace")
    made.add_argument("--ready", action="store_true", help="be ready for calls as soon as the phone is registered")
    made.add_argument("--screenshot", metavar="FILE.png", help="save a picture of the window, then leave")
    made.add_argument("--screenshot-after", type=int, default=SCREENSHOT_AFTER_MS, metavar="MS")
    return made


def build(app: QApplication, arguments: argparse.Namespace, folder: Path, *, link: Bridge | None = None) -> MainWindow:
    """The window with all that stands behind it, not shown yet."""
    settings = workplace.load(folder)
    settings.server = arguments.server or settings.server
    settings.user = arguments.user or settings.user
    settings.language = arguments.lang or settings.language
    settings.theme = arguments.theme or settings.theme
    settings.phone = arguments.phone or settings.phone
    app.setApplicationName("Ieum")
    set_language(settings.language)
    install(app, "dark" if settings.theme == "dark" else "light")
    rendezvous = Path(arguments.rendezvous).absolute() if arguments.rendezvous else folder / "phone.json"

    def wake() -> None:
        if not arguments.no_phone_process:
            start_phone(rendezvous, arguments.phone_argument)

    session, softphone = Session(link or Bridge()), Phone(rendezvous)
    # Beside a hard phone the softphone never registers: it plays messages, and is not there before the first one.
    phone = softphone if settings.phone == "internal" else Phone(None)
    if phone is softphone:
        wake()
    desk = Desk(session, phone, folder, sound=softphone)
    desk.message.phone_missed.connect(wake)
    window = MainWindow(desk, settings)
    window.sign_in.fingerprint = arguments.fingerprint
    return window


def start_phone(rendezvous: Path, more: list[str]) -> bool:
    """The softphone is a process of its own and outlives this window; one that runs already is used again."""
    if is_listening(rendezvous):
        return True
    rendezvous.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    process = QProcess()
    process.setProgram(sys.executable)
    process.setArguments(["-m", "agent_app.softphone", "--rendezvous", str(rendezvous), *more])
    process.setStandardOutputFile(QProcess.nullDevice())
    process.setStandardErrorFile(QProcess.nullDevice())
    return bool(process.startDetached())


def get_ready_once(window: MainWindow) -> None:
    """Ready by itself, the first time that it is possible; from then on it is the person's own choice."""
    model = window.desk.state_bar

    def look() -> None:
        if window.view is not None and not model.why_not_ready():
            model.changed.disconnect(look)
            model.ready()

    model.changed.connect(look)


def is_listening(rendezvous: Path) -> bool:
    """A phone left by a window that was killed, perhaps with a call that is still up."""
    try:
        place = msgspec.json.decode(rendezvous.read_bytes(), type=Rendezvous)
        with socket.create_connection(("127.0.0.1", place.port), timeout=LISTENING_TIMEOUT_S):
            return True
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return False


def password_of(arguments: argparse.Namespace) -> str:
    """Never from the command line itself: other users of the machine could read it there."""
    if arguments.password_file == "-":
        return sys.stdin.readline().rstrip("\n")
    if arguments.password_file:
        with contextlib.suppress(OSError):
            return Path(arguments.password_file).read_text(encoding="utf-8").splitlines()[0]
        return ""
    return os.environ.get("IEUM_PASSWORD", "")


class Screenshot:
    """One picture of the window, then the end."""

    def __init__(self, window: MainWindow, path: Path) -> None:
        self._window, self._path = window, path

    def take(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._window.grab().save(str(self._path))
        self._window.close()


def leave(window: MainWindow, folder: Path) -> None:
    """Settings and drafts on disk, connection closed; a call that is up goes on in the phone's process."""
    window.settings.theme = theme().name
    workplace.save(folder, window.settings)
    window.desk.sound.quit()
    window.desk.close()


if __name__ == "__main__":
    raise SystemExit(main())
