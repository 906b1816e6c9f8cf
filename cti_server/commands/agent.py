"""`ieum agent`: opens the desktop, which decides everything else itself."""

import argparse

from agent_app.app import main


def run(arguments: argparse.Namespace) -> int:
    return main(["--server", arguments.server] if arguments.server else [])
