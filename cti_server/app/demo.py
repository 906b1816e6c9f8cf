"""What `./ieum demo` does: makes a centre, serves it, lets robots spend a day there, and tells how it went.

With a display the desktop of one agent is yours; without one, or `headless`, a robot works the same desktop unseen.
Ends by itself after the time for calls and at most a minute more. Exit status 1 when something acknowledged was lost,
a law was broken, or the robots could not do their work.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from agent_app.robots.crowd import DayReport, Progress
from agent_app.robots.desk import DeskReport
from agent_app.softphone.messages import Rendezvous
from cti_server.app.demo_centre import FOLDER, ROOT, DemoCentre, make_demo_centre
from cti_server.app.demo_day import make_day, utterances
from cti_server.app.demo_report import DemoReport, make_report
from cti_server.speech.rendering import render_utterances
from cti_server.storage.data_folder import DataFolder
from cti_server.storage.database import open_database
from cti_server.storage.journal_file import JournalReader
from cti_server.storage.projector import Projector
from cti_server.storage.queries import Queries

SPEECH = ROOT / ".ieum" / "speech"
SCREENSHOTS = ROOT / "screenshots"
RECORDINGS = ROOT / "recordings"
READY_TIMEOUT_S = 60.0
DESK_TIMEOUT_S = 45.0
UNTIL_CLOSED_S = 1800.0
HEADLESS_S = 60.0


class DemoFailed(Exception):
    """One line: what went wrong."""


def run_demo(*, headless: bool, seconds: float | None, report_file: Path | None) -> int:
    """Raises CannotServe, DemoFailed."""
    is_attended = not headless and _has_display()
    duration_s = seconds or (UNTIL_CLOSED_S if is_attended else HEADLESS_S)
    _say("Speaking the robots' sentences …")
    render_utterances(SPEECH, utterances())
    _say("Making the sample centre …")
    centre = make_demo_centre(is_attended=is_attended)
    try:
        report = asyncio.run(_day(centre, duration_s=duration_s, is_attended=is_attended))
    except asyncio.CancelledError as error:
        raise DemoFailed("ended by a signal before the day was over") from error
    _keep_recordings(centre)
    if report_file is not None:
        report_file.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    _tell(report, centre, report_file)
    return 1 if report.lost or report.violations or report.problems else 0


def _has_display() -> bool:
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


async def _day(centre: DemoCentre, *, duration_s: float, is_attended: bool) -> DemoReport:
    # Whoever ends the demo ends its processes with it: each has a session of its own, and none would notice.
    this = asyncio.current_task()
    assert this is not None
    with contextlib.suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    async with _server(centre), _desk(centre, is_attended=is_attended) as (desk, desk_report):
        closed = desk.wait() if is_attended else None
        day = await _crowd(centre, duration_s=duration_s, is_attended=is_attended, closed=closed)
    return _make_report(centre, day, desk_report())


# --- processes -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _server(centre: DemoCentre) -> AsyncIterator[None]:
    """The real server, as `./ieum serve` starts it; ready when desktops can connect."""
    log = (FOLDER / "server.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cti_server.cli", "serve", "--data", str(centre.data)),
        stdout=log,
        stderr=log,
        start_new_session=True,
        cwd=ROOT,
    )
    try:
        where = centre.configuration.server
        for name, host, port in (
            ("the desktops' gateway", where.gateway.host, where.gateway.port),
            ("the web process", where.web.host, where.web.port),
        ):
            await _until_open(name, host, port, process)
        _say(f"The centre serves; its log is {FOLDER / 'server.log'}")
        yield
    finally:
        await _end(process)
        log.close()


async def _until_open(name: str, host: str, port: int, process: asyncio.subprocess.Process) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline and process.returncode is None:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            return
        await asyncio.sleep(0.1)
    raise DemoFailed(f"{name} did not come up; see {FOLDER / 'server.log'}")


@asynccontextmanager
async def _desk(
    centre: DemoCentre, *, is_attended: bool
) -> AsyncIterator[tuple[asyncio.subprocess.Process, Callable[[], DeskReport | None]]]:
    """The desktop of one agent: a person's, or a robot's hands on the same window, unseen. Its process and report."""
    home = FOLDER / "desk"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    report = home / "report.json"
    common = ("--server", centre.url, "--user", centre.you.user, "--home", str(home), "--lang", "ko")
    environment = {**os.environ, "IEUM_PASSWORD": centre.you.password}
    command: tuple[str, ...] = ("agent_app.app", *common, "--ready")
    if not is_attended:
        speech = ("--audio", "files", "--speak", str(SPEECH / "agent0.wav"))
        phone = tuple(f"--phone-argument={argument}" for argument in speech)
        command = (
            *("agent_app.robots.desk", *common, *phone),
            *("--report", str(report), "--shots", str(SCREENSHOTS)),
        )
        environment["QT_QPA_PLATFORM"] = "offscreen"
        shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *command), env=environment, start_new_session=True, cwd=ROOT
    )

    def read() -> DeskReport | None:
        return msgspec.json.decode(report.read_bytes(), type=DeskReport) if report.exists() else None

    try:
        yield process, read
    finally:
        await _end(process, timeout_s=DESK_TIMEOUT_S)
        _end_phone(home / "phone.json")


def _end_phone(rendezvous: Path) -> None:
    """A phone outlives its window on purpose; the demo's does not outlive the demo."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, msgspec.DecodeError):
        os.kill(msgspec.json.decode(rendezvous.read_bytes(), type=Rendezvous).pid, signal.SIGTERM)


async def _crowd(
    centre: DemoCentre, *, duration_s: float, is_attended: bool, closed: Coroutine[None, None, int] | None
) -> DayReport:
    """``closed``: ends when the person closes the desktop, which ends the demo."""
    folder = FOLDER / "robots"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    day_file, report_file = folder / "day.json", folder / "report.json"
    day = make_day(centre, seconds=duration_s, speech=SPEECH, folder=folder, is_attended=is_attended)
    day_file.touch(mode=0o600)
    day_file.write_bytes(msgspec.json.encode(day))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agent_app.robots", str(day_file), str(report_file)),
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    stopping = asyncio.Event()
    with contextlib.suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stopping.set)
    watch = asyncio.create_task(_stop_when_asked(stopping, process))
    window = asyncio.create_task(_ask_when_closed(closed, stopping)) if closed is not None else None
    try:
        while line := await process.stdout.readline():
            with contextlib.suppress(msgspec.DecodeError):
                _show(msgspec.json.decode(line, type=Progress))
        if await process.wait() != 0:
            raise DemoFailed("the robots could not do their work; what they said stands above")
    finally:
        watch.cancel()
        if window is not None:
            window.cancel()
        await _end(process)
    return msgspec.json.decode(report_file.read_bytes(), type=DayReport)


async def _ask_when_closed(closed: Coroutine[None, None, int], stopping: asyncio.Event) -> None:
    await closed
    stopping.set()


async def _stop_when_asked(asked: asyncio.Event, process: asyncio.subprocess.Process) -> None:
    """Ctrl+C, or the desktop's end, ends the offering of calls; those that are up are brought to their end."""
    await asked.wait()
    _say("No more calls are offered; those that are up end first …")
    process.send_signal(signal.SIGUSR1)


async def _end(process: asyncio.subprocess.Process, *, timeout_s: float = 20.0) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), timeout_s)
        except TimeoutError:
            process.kill()
            await process.wait()


# --- afterwards ------------------------------------------------------------------------------------------------------


def _make_report(centre: DemoCentre, day: DayReport, desk: DeskReport | None) -> DemoReport:
    folder = DataFolder(centre.data)
    database = open_database(centre.configuration.server.database_url)
    queries = Queries(database)
    reader = JournalReader(folder.journal)
    last_seq = reader.last_seq()
    reader.close()
    if queries.applied_seq() < last_seq:
        _project_the_rest(centre)
    try:
        return make_report(day, desk, queries=queries, journal=folder.journal, recordings=folder.recordings)
    finally:
        database.dispose()


def _project_the_rest(centre: DemoCentre) -> None:
    """The web process was stopped with the server; what it had not carried over yet is carried over here."""
    database = open_database(centre.configuration.server.database_url, is_writer=True)
    projector = Projector(DataFolder(centre.data).journal, database)
    projector.catch_up()
    projector.close()
    database.dispose()


def _keep_recordings(centre: DemoCentre) -> None:
    """The last demo's recordings, to be listened to."""
    for old in RECORDINGS.glob("*.wav"):
        old.unlink()
    for path in DataFolder(centre.data).recordings.rglob("*.wav"):
        shutil.copyfile(path, RECORDINGS / path.name)


def _say(line: str) -> None:
    print(line, flush=True)


def _show(progress: Progress) -> None:
    line = (
        f"{progress.phase:<20} callers on the line {progress.calling:>2} · talking {progress.talking:>2} · "
        f"calls over {progress.called:>3} · closed with a disposition {progress.handled:>3}"
    )
    print(f"\r{line}" if sys.stdout.isatty() else line, end="" if sys.stdout.isatty() else "\n", flush=True)


def _tell(report: DemoReport, centre: DemoCentre, file: Path | None) -> None:
    print()
    rows = [
        ("calls offered", report.calls_offered),
        ("answered by an agent", report.calls_answered),
        ("of them recognised by PIN", report.authenticated),
        ("hung up before an answer", report.calls_abandoned),
        ("wrong PINs", report.wrong_pins),
        ("callbacks stored", report.callbacks_created),
        ("card on the screen before the ring", f"{report.pop_before_ring_share:.0%}"),
        ("card from wire to screen, p95", f"{report.pop_to_paint_ms_p95} ms"),
        ("recordings, of them with both voices", f"{report.recordings}, {report.recordings_with_both_voices}"),
        ("dispositions", report.dispositions),
        ("acknowledged and lost", report.lost),
        ("laws broken", report.violations),
    ]
    for name, value in rows:
        print(f"  {name:<40} {value}")
    for line in [*report.lost_things, *report.problems]:
        print(f"  ! {line}")
    print(f"Recordings: {RECORDINGS}" + (f"   Screenshots: {SCREENSHOTS}" if report.screenshots else ""))
    if file is not None:
        print(f"Report: {file}")
