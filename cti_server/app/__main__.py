"""``python -m cti_server.app core|web --data DIR [--config FILE]``: one process of a centre, started by the warden."""

import argparse
import sys
from pathlib import Path

from cti_server.logging_setup import set_up_logging
from datafiles.problems import DataErrors


def main() -> int:
    parser = argparse.ArgumentParser(prog="cti_server.app")
    parser.add_argument("process", choices=("core", "web"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--config", type=Path)
    given = parser.parse_args()
    set_up_logging(as_json=not sys.stderr.isatty())
    try:
        if given.process == "core":
            from cti_server.app.core_running import run_core

            return run_core(given.data, given.config)
        from cti_server.app.web_process import run_web

        return run_web(given.data, given.config)
    except (DataErrors, OSError) as error:
        # OSError: a port that somebody took meanwhile, or a disk; the warden tries again.
        print(f"ieum {given.process}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
