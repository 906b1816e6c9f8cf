"""The core process from its start to its end: signals, the event loop, the exit status. Decides nothing about calls."""

import asyncio
import signal
from pathlib import Path

import structlog
import uvloop

from cti_server.app.core_process import CoreProcess
from cti_server.app.lifeline import end_with_warden
from cti_server.app.loading import Loaded, load_or_last_good, note_problems

log = structlog.get_logger(__name__)


def run_core(data: Path, file: Path | None) -> int:
    """Until SIGTERM (exit status 0), or until the engine ends (1). SIGHUP reads the configuration again."""
    loaded = load_or_last_good(data, file)
    note_problems(data, loaded.problems)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_core(loaded, file))


async def _core(loaded: Loaded, file: Path | None) -> int:
    process = CoreProcess(loaded, file=file)
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, done.set)
    reloads: set[asyncio.Task[None]] = set()

    def hang_up() -> None:
        task = loop.create_task(process.reload())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    loop.add_signal_handler(signal.SIGHUP, hang_up)
    end_with_warden(done.set)
    await process.start()
    ended = asyncio.create_task(process.until_ended())
    asked = asyncio.create_task(done.wait())
    await asyncio.wait([ended, asked], return_when=asyncio.FIRST_COMPLETED)
    was_asked = done.is_set()
    if not was_asked:
        log.error("engine_ended", hint="the warden starts this process again")
    await process.stop()
    asked.cancel()
    return 0 if was_asked else 1
