"""A process that stores calls and says so, one line each, until it is killed. Run by `test_durability.py`.

    python -m tests.storage.acknowledging DATA SPOOL [COUNT]

Prints ``ack SEQ WHERE`` after each append, to standard output, with one write.
"""

import asyncio
import itertools
import os
import sys
from pathlib import Path

from cti_server.core.vocabulary import PersonalRef
from cti_server.storage.data_folder import DataFolder
from cti_server.storage.journal import SqliteJournal
from tests.storage.sample_calls import call_arrives, call_clears


async def main(data: Path, spool: Path, count: int | None) -> None:
    journal = SqliteJournal(DataFolder(data), spool=spool)
    for number in itertools.count(journal.last_seq + 1) if count is None else range(1, count + 1):
        call = number * 10
        seq = await journal.append(call_arrives(call) + call_clears(call), {PersonalRef(call): f"text {call}"})
        os.write(1, f"ack {seq} {journal.durability}\n".encode())
    os._exit(0)  # as a kill would leave it: nothing is closed


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else None))
