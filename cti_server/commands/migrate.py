"""`ieum migrate`: brings the database of a centre to this release, and says from where to where."""

import argparse

from cti_server.commands.centre import open_centre
from cti_server.storage import schema


def run(arguments: argparse.Namespace) -> int:
    database = open_centre(arguments.data)
    before = schema.current(database)
    schema.upgrade(database)
    after = schema.current(database)
    if before == after:
        print(f"the database is at {after} already")
    else:
        print(f"the database was at {before or 'nothing'}, and is at {after} now")
    return 0
