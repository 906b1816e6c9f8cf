"""`ieum serve`: runs the server of a centre until it is stopped."""

import argparse
import sys

from cti_server.app.serving import CannotServe, serve
from cti_server.commands.centre import keep_private
from cti_server.core.errors import DataError
from datafiles.problems import DataErrors


def run(arguments: argparse.Namespace) -> int:
    keep_private()
    try:
        return serve(arguments.data, arguments.config)
    except (CannotServe, DataErrors, DataError) as error:
        print(f"ieum serve: {error}", file=sys.stderr)
        return 1
