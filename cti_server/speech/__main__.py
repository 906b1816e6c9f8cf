"""`python -m cti_server.speech --out DIR` renders the prompts; `--worker` is the child that speaks."""

import argparse
import sys
from pathlib import Path

from cti_server.core.errors import Unavailable
from cti_server.speech.rendering import render_prompts
from cti_server.speech.worker import serve
from datafiles.problems import DataErrors
from ivr.loader import PROMPTS


def main() -> int:
    parser = argparse.ArgumentParser(prog="cti_server.speech", description="Render prompts to WAV files.")
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--out", type=Path, metavar="DIR", help="where the WAV files go")
    chosen.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--prompts", type=Path, metavar="DIR", default=PROMPTS, help="the texts (ko.yaml, en.yaml)")
    arguments = parser.parse_args()
    if arguments.worker:
        return serve()
    return _render(arguments.out, arguments.prompts)


def _render(out: Path, prompts: Path) -> int:
    try:
        report = render_prompts(out, _show, prompts)
    except (DataErrors, Unavailable, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{report.total} prompts: {report.rendered} rendered, {report.kept} kept, {report.removed} removed")
    return 0


def _show(done: int, total: int, key: str) -> None:
    if sys.stdout.isatty():
        print(f"\r{done}/{total} {key:<40}", end="\n" if done == total else "", flush=True)
    elif done % 20 == 0 or done == total:
        print(f"{done}/{total}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
