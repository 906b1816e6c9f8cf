"""The warden keeps its children running, leaves work alone that is done already, and ends all of them."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cti_server.warden import Child, Warden

TIMEOUT_S = 30.0
ROOT = Path(__file__).resolve().parents[1]
WRITES_ITS_PID = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep(600)"


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not holds():
            await asyncio.sleep(0.02)


def pids(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().splitlines()] if file.exists() else []


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_child_that_is_killed_is_started_again_and_the_end_ends_it(tmp_path: Path) -> None:
    async def run() -> None:
        file, said = tmp_path / "pids", list[str]()
        warden = Warden([Child(name="core", command=("-c", WRITES_ITS_PID, str(file)))], report=said.append)
        running = asyncio.create_task(warden.run())
        await until(lambda: len(pids(file)) == 1)
        os.kill(pids(file)[0], signal.SIGKILL)
        await until(lambda: len(pids(file)) == 2)
        first, second = pids(file)
        assert not is_alive(first)
        assert is_alive(second)
        assert said == ["core ended (signal 9); started again in 1 s"]
        warden.stop()
        await asyncio.wait_for(running, TIMEOUT_S)
        assert not is_alive(second)

    asyncio.run(run())


def test_work_that_somebody_does_already_is_not_begun_twice(tmp_path: Path) -> None:
    async def run() -> None:
        file, is_served = tmp_path / "pids", [True]
        child = Child(name="media-0", command=("-c", WRITES_ITS_PID, str(file)), is_served=lambda: is_served[0])
        other = tmp_path / "other"
        warden = Warden(
            [child, Child(name="web", command=("-c", WRITES_ITS_PID, str(other)))], report=lambda line: None
        )
        running = asyncio.create_task(warden.run())
        await until(lambda: len(pids(other)) == 1)
        assert pids(file) == []
        is_served[0] = False
        await until(lambda: len(pids(file)) == 1)
        warden.stop()
        await asyncio.wait_for(running, TIMEOUT_S)

    asyncio.run(run())


def test_a_child_that_is_tied_learns_that_the_warden_was_killed(tmp_path: Path) -> None:
    """And one that is not tied goes on."""
    tied = (
        "import asyncio, sys; sys.path.insert(0, sys.argv[2]); from cti_server.app.lifeline import end_with_warden\n"
        "async def main():\n"
        "    done = asyncio.Event(); end_with_warden(done.set)\n"
        "    open(sys.argv[1], 'a').write('here\\n'); await done.wait(); open(sys.argv[1], 'a').write('gone\\n')\n"
        "asyncio.run(main())"
    )
    warden = (
        "import asyncio, sys; from cti_server.warden import Child, Warden\n"
        "children = [Child(name='core', command=('-c', sys.argv[1], sys.argv[3], '.'), is_tied=True),"
        " Child(name='media-0', command=('-c', sys.argv[2], sys.argv[4]))]\n"
        "asyncio.run(Warden(children, report=print).run())"
    )
    told, other = tmp_path / "told", tmp_path / "other"

    async def run() -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", warden, tied, WRITES_ITS_PID, str(told), str(other), cwd=ROOT
        )
        await until(lambda: told.exists() and told.read_text() == "here\n" and len(pids(other)) == 1)
        process.kill()
        await process.wait()
        await until(lambda: told.read_text() == "here\ngone\n")
        assert is_alive(pids(other)[0])
        os.kill(pids(other)[0], signal.SIGKILL)

    asyncio.run(run())


def test_a_child_that_does_not_listen_is_killed_in_the_end(tmp_path: Path) -> None:
    stubborn = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WRITES_ITS_PID}"

    async def run() -> None:
        file, said = tmp_path / "pids", list[str]()
        warden = Warden([Child(name="web", command=("-c", stubborn, str(file)))], report=said.append)
        running = asyncio.create_task(warden.run())
        await until(lambda: len(pids(file)) == 1)
        warden.stop()
        await asyncio.wait_for(running, TIMEOUT_S)
        assert not is_alive(pids(file)[0])
        assert said == ["web did not stop within 10 s and was killed"]

    asyncio.run(run())


def test_a_child_that_cannot_be_started_now_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine out of memory or process numbers for a moment must not lose its centre for good."""
    start, failures = asyncio.create_subprocess_exec, [BlockingIOError(11, "Resource temporarily unavailable")]

    async def scarce(*command: str, **options: Any) -> asyncio.subprocess.Process:
        if failures:
            raise failures.pop()
        return await start(*command, **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", scarce)

    async def run() -> None:
        file, said = tmp_path / "pids", list[str]()
        warden = Warden([Child(name="web", command=("-c", WRITES_ITS_PID, str(file)))], report=said.append)
        running = asyncio.create_task(warden.run())
        await until(lambda: len(pids(file)) == 1)
        assert said == ["web could not be started (Resource temporarily unavailable); started again in 1 s"]
        warden.stop()
        await asyncio.wait_for(running, TIMEOUT_S)

    asyncio.run(run())
