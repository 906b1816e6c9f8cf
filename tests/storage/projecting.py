"""A projector in a process of its own, until it is killed. Run by `test_projector.py`."""

import sys
import threading
from pathlib import Path

from cti_server.storage.database import open_database
from cti_server.storage.projector import Projector

if __name__ == "__main__":
    Projector(Path(sys.argv[1]), open_database(sys.argv[2], is_writer=True)).run(threading.Event())
