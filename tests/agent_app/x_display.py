"""A virtual screen with keys that are really pressed, and a softphone that only says what a test says."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from agent_app.softphone.messages import PhoneStatus, Rendezvous, decode_from_window, encode_line

TIMEOUT_S = 40.0


class Display:
    """Xvfb on a free number."""

    def __init__(self, folder: Path) -> None:
        read, write = os.pipe()
        command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1440x900x24", "-nolisten", "tcp"]
        self._server = subprocess.Popen(
            command, pass_fds=(write,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
        )
        os.close(write)
        with os.fdopen(read) as pipe:
            self.name = f":{pipe.readline().strip()}"

    def _do(self, *arguments: str) -> str:
        environment = {**os.environ, "DISPLAY": self.name}
        done = subprocess.run(["xdotool", *arguments], env=environment, capture_output=True, text=True, timeout=20)
        return done.stdout.strip()

    def focus(self, title: str) -> None:
        """There is no window manager: the window is given the focus by hand."""
        found = ""
        end = time.monotonic() + TIMEOUT_S
        while not found and time.monotonic() < end:
            found = self._do("search", "--onlyvisible", "--name", title)
        self._do("windowfocus", "--sync", found.splitlines()[0])

    def press(self, keys: str) -> None:
        self._do("key", "--clearmodifiers", keys)

    def type(self, text: str) -> None:
        self._do("type", "--delay", "8", text)

    def press_until(self, keys: str, holds: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
        """A key that comes before the window is ready for it is pressed again."""
        end = time.monotonic() + TIMEOUT_S
        while not holds():
            self._alive(process)
            self.press(keys)
            soon = time.monotonic() + 1.0
            while time.monotonic() < soon and not holds():
                time.sleep(0.02)
            if time.monotonic() > end:
                raise TimeoutError(f"{keys} had no effect")

    def until(self, holds: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + TIMEOUT_S
        while not holds():
            self._alive(process)
            if time.monotonic() > end:
                raise TimeoutError("the desktop did not do what was waited for")
            time.sleep(0.02)

    def _alive(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is not None:
            _, errors = process.communicate()
            raise AssertionError(f"the desktop ended: {errors.decode(errors='replace')[-2000:]}")

    def close(self) -> None:
        self._server.terminate()
        self._server.wait(20)


class PhoneStub:
    """Listens where the rendezvous file says; keeps the names of the orders that it hears."""

    def __init__(self, rendezvous: Path) -> None:
        self.heard: list[str] = []
        self.is_attached = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        place = Rendezvous(port=self._listener.getsockname()[1], token="t", pid=os.getpid())
        rendezvous.write_bytes(msgspec.json.encode(place))
        self._peer: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="phone stub", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._peer, _ = self._listener.accept()
        except OSError:
            return
        with self._peer.makefile("rb") as lines:
            for line in lines:
                self.heard.append(type(decode_from_window(line)).__name__)
                if self.heard == ["Attach"]:
                    self.is_attached = True
                    self.tell(PhoneStatus(registration="registered", audio="ok"))

    def tell(self, status: PhoneStatus) -> None:
        if self._peer is not None:
            self._peer.sendall(encode_line(status))

    def close(self) -> None:
        if self._peer is not None:
            self._peer.close()
        self._listener.close()
        self._thread.join(20)
