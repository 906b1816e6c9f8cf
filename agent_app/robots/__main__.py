"""``python -m agent_app.robots DAY.json REPORT.json``: one crowd's day. Progress is a JSON line at each change."""

import asyncio
import sys
from pathlib import Path

import msgspec

from agent_app.robots.crowd import Crowd, Day, print_progress


def main(argv: list[str]) -> int:
    if len(argv) != 2:
        print("usage: python -m agent_app.robots DAY.json REPORT.json", file=sys.stderr)
        return 2
    day = msgspec.json.decode(Path(argv[0]).read_bytes(), type=Day)
    report = asyncio.run(Crowd(day, tell=print_progress).run())
    Path(argv[1]).write_bytes(msgspec.json.encode(report))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
