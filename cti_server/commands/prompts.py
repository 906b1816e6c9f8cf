"""`ieum prompts`: renders what callers hear, where it is missing or its text has changed, and shows how far it is."""

import argparse
import sys

from cti_server.speech.place import RENDERED
from cti_server.speech.rendering import render_prompts


def run(_: argparse.Namespace) -> int:
    report = render_prompts(RENDERED, _show)
    print(f"{report.total} prompts: {report.rendered} rendered, {report.kept} kept, {report.removed} removed")
    return 0


def _show(done: int, total: int, key: str) -> None:
    if sys.stdout.isatty():
        print(f"\r\033[K{done}/{total} {key}", end="\n" if done == total else "", flush=True)
    elif done % 20 == 0 or done == total:
        print(f"{done}/{total}", flush=True)
