"""The warden keeps its children running, leaves work alone that is done already, and ends all of them."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cti_server.warden import Child, Warden

TIMEOUT_S = 30.0
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
