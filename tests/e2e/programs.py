"""Programs that nobody here wrote, as peers: sipp scenarios and baresip. Start, wait for, and end them by id."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
import wave
from pathlib import Path
from types import TracebackType

import pytest

from agent_app.robots.ear import tone
from agent_app.softphone.account import Account

SCENARIOS = Path(__file__).with_name("scenarios")
SIPP_DIGITS = Path("/usr/share/sip-tester")
BARESIP_MODULES = Path("/usr/lib/baresip/modules")
PATIENCE_S = 60.0


def needs(program: str) -> str:
    """Its path; the test is skipped, visibly, where it is missing."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed: ./ieum test installs it")
    return found


def write_tone(file: Path, frequency_hz: float, *, seconds: float = 1.0) -> Path:
    """A tone as WAV. baresip hangs up where the file ends."""
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(tone(frequency_hz, seconds))
    return file


class Program:
    """Ends with the ``with`` block."""

    def __init__(self, command: list[str], *, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.log_file = folder / f"{name}.log"
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self.end()

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def wait(self, timeout_s: float = PATIENCE_S) -> int:
        return self.process.wait(timeout_s)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def sipp(
    scenario: str | Path,
    *options: str,
    folder: Path,
    port: int,
    target: str = "",
    replace: dict[str, str] | None = None,
    name: str = "sipp",
    host: str = "127.0.0.1",
) -> Program:
    """``replace``: words of the scenario and what stands there instead."""
    program = needs("sipp")
    folder.mkdir(parents=True, exist_ok=True)
    text = (SCENARIOS / f"{scenario}.xml" if isinstance(scenario, str) else scenario).read_text()
    for word, value in (replace or {}).items():
        text = text.replace(word, value)
    file = folder / f"{name}.xml"
    file.write_text(text)
    command = [program, *([target] if target else []), "-sf", str(file), "-i", host, "-p", str(port)]
    command += ["-nostdin", "-trace_err", "-error_file", str(folder / f"{name}.errors"), *options]
    return Program(command, folder=folder, name=name)


def baresip(account: Account, *, folder: Path, speech: Path, answers: bool = True) -> Program:
    """A phone that registers, answers by itself (or just rings), says ``speech``, and keeps what it hears in
    ``heard.wav``."""
    program = needs("baresip")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    (folder / "config").write_text(
        "\n".join(
            (
                "poll_method epoll",
                f"sip_listen 127.0.0.1:{port}",
                f"module_path {BARESIP_MODULES}",
                f"audio_source aufile,{speech}",
                f"audio_player aufile,{folder / 'heard.wav'}",
                "audio_alert aufile,/dev/null",
                "audio_srate 8000",
                "audio_channels 1",
                f"snd_path {folder}",
                "module g711.so",
                "module aufile.so",
                "module sndfile.so",
                "module_tmp uuid.so",
                "module_tmp account.so",
                "module_app menu.so",
                "net_interface 127.0.0.1",
                "",
            )
        )
    )
    (folder / "contacts").write_text("")
    mode = "auto" if answers else "manual"
    (folder / "accounts").write_text(
        f"<sip:{account.extension}@{account.host}:{account.port};transport={account.transport}>"
        f";auth_user={account.user};auth_pass={account.password};answermode={mode};regint=60;ptime=20"
        ";audio_codecs=PCMU/8000/1,PCMA/8000/1\n"
    )
    return Program([program, "-f", str(folder), "-4", "-v"], folder=folder, name="baresip")


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_media_port() -> int:
    """An even port that is free with the three after it: sipp binds sound there and pictures two further on."""
    for _ in range(200):
        first = free_port() // 2 * 2
        with contextlib.ExitStack() as probes:
            try:
                for port in range(first, first + 4):
                    probe = probes.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                    probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise AssertionError("no four free ports in a row")


def wait_for(file: Path, timeout_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + timeout_s
    while not (file.exists() and os.path.getsize(file)):
        assert time.monotonic() < deadline, f"{file} never appeared"
        time.sleep(0.05)
