"""``python -m agent_app.robots DAY.json REPORT.json``: one crowd's day. Progress is a JSON line at each change."""

import asyncio
import contextlib
import signal
import sys
from pathlib import Path

import msgspec

from agent_app.robots.crowd import Crowd, Day, DayReport, print_progress


def main(argv: list[str]) -> int:
    if len(argv) != 2:
        print("usage: python -m agent_app.robots DAY.json REPORT.json", file=sys.stderr)
        return 2
    day = msgspec.json.decode(Path(argv[0]).read_bytes(), type=Day)
    try:
        report = asyncio.run(spend(day))
    except asyncio.CancelledError:
        return 143
    Path(argv[1]).write_bytes(msgspec.json.encode(report))
    return 0


async def spend(day: Day) -> DayReport:
    """The whole day. SIGUSR1: no more calls are offered; SIGTERM: away at once, with the phones; Ctrl+C is left to
    whoever started us."""
    crowd = Crowd(day, tell=print_progress)
    loop = asyncio.get_running_loop()
    day_itself = asyncio.current_task()
    assert day_itself is not None
    with contextlib.suppress(NotImplementedError, AttributeError):
        loop.add_signal_handler(signal.SIGTERM, day_itself.cancel)
        loop.add_signal_handler(signal.SIGUSR1, crowd.stop_offering)
        loop.add_signal_handler(signal.SIGINT, lambda: None)
    return await crowd.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
