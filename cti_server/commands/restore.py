"""`ieum restore`: brings a centre back from an archive, or only checks one. How it is believed: `storage/backup.py`."""

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from cti_server import config
from cti_server.commands.centre import keep_private
from cti_server.commands.progress import Progress
from cti_server.storage.archive import Head, unpack
from cti_server.storage.backup import bring_back
from cti_server.storage.data_folder import DataFolder
from cti_server.storage.database import open_database


def run(arguments: argparse.Namespace) -> int:
    keep_private()
    if arguments.data is None:
        with Progress("checking") as progress:
            head = unpack(arguments.archive, None, progress.at)
        print(f"{arguments.archive} is whole: {_words(head)}")
        return 0
    with Progress("bringing back") as progress:
        head = bring_back(arguments.archive, DataFolder(arguments.data.absolute()), _database_of, progress.at)
    print(f"{arguments.data} is as it was: {_words(head)}")
    print(f"Start it with: ieum serve --data {arguments.data}   (the tables for reading are made again then)")
    return 0


def _database_of(data: Path) -> Engine:
    return open_database(config.read(data).server.database_url, is_writer=True)


def _words(head: Head) -> str:
    made_at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=head.made_at)
    recordings = "with recordings" if head.has_recordings else "without recordings"
    return f"saved {made_at:%Y-%m-%d %H:%M} UTC by Ieum {head.release}, {head.last_seq} events, {recordings}"
