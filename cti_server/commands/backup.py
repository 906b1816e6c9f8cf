"""`ieum backup`: saves a centre to one archive. What belongs in is decided in `storage/backup.py`.

The archive is read again when it is written: one that cannot be brought back is no backup.
"""

import argparse

from cti_server.commands.centre import open_current_centre
from cti_server.commands.progress import Progress
from cti_server.storage.archive import unpack
from cti_server.storage.backup import back_up, size_of
from cti_server.storage.data_folder import DataFolder


def run(arguments: argparse.Namespace) -> int:
    database = open_current_centre(arguments.data)
    folder = DataFolder(arguments.data.absolute())
    with_recordings = not arguments.without_recordings
    size = size_of(folder, arguments.archive, with_recordings=with_recordings)
    try:
        with Progress("saving", size) as progress:
            saved = back_up(folder, database, arguments.archive, with_recordings=with_recordings, tell=progress.at)
    finally:
        database.dispose()
    with Progress("reading it again", progress.done) as again:
        unpack(arguments.archive, None, again.at)
    left_out = "" if with_recordings else ", no recordings"
    print(
        f"{arguments.archive}: {saved.events} events, {saved.people} people, {saved.files} files{left_out}, "
        f"{arguments.archive.stat().st_size / 1e6:.1f} MB"
    )
    print("It holds passwords' hashes, keys and what customers said: keep it where nobody else reads it.")
    return 0
