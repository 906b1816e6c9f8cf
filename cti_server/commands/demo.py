"""`ieum demo`: a whole centre with robots, and a desktop for the person in front of it."""

import argparse
import sys

from cti_server.app.demo import DemoFailed, run_demo
from cti_server.app.serving import CannotServe
from cti_server.core.errors import Unavailable


def run(arguments: argparse.Namespace) -> int:
    try:
        return run_demo(headless=arguments.headless, seconds=arguments.seconds, report_file=arguments.report)
    except (CannotServe, DemoFailed, Unavailable, OSError) as error:
        print(f"ieum demo: {error}", file=sys.stderr)
        return 1
