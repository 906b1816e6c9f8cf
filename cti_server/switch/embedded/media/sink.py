"""The thread that writes recordings: appends of about a second, each made durable before the next, headers at the end.

The event loop hands over bytes and never waits for a disk. What fails here fails for one recording only: it is reported
once, what is on disk stays there with a right header, and its call goes on. A disk that cannot keep up fails the
recordings that wait for it, when more than ``BACKLOG_BYTES_MAX`` wait.
"""

import contextlib
import errno
import hashlib
import os
import queue
import threading
from collections.abc import Callable
from pathlib import Path

from cti_server.media import wav
from cti_server.media.detect import is_voiced
from cti_server.media.g711 import RATE, Codec, decode_samples

BACKLOG_BYTES_MAX = 64 * 1024 * 1024
READ_BYTES = 1024 * 1024


class Finished:
    """What became of a file. ``problem`` is "" when it is whole."""

    __slots__ = ("agent_heard", "customer_heard", "data_bytes", "problem", "sha256", "size_bytes")

    def __init__(self) -> None:
        self.problem = ""
        self.data_bytes = 0
        self.size_bytes = 0
        self.sha256 = ""
        self.agent_heard = False
        self.customer_heard = False


class SinkFile:
    """One recording as the thread sees it. Only the thread touches it after ``RecordingSink.open``."""

    __slots__ = ("codec", "descriptor", "outcome", "path", "quiet_bytes", "report", "silence_s")

    def __init__(self, path: str, codec: Codec, report: Callable[[str, Finished], None], silence_s: int) -> None:
        self.path = path
        self.codec = codec
        self.report = report
        self.descriptor = -1
        self.outcome = Finished()
        self.silence_s = silence_s
        self.quiet_bytes = 0


class RecordingSink:
    """``report(what, outcome)`` is called in the thread: ``opened``, then ``failed`` or ``closed``, once each; and
    ``silent`` when the customer has said nothing for ``silence_s``, once for each such silence."""

    def __init__(self) -> None:
        self._orders: queue.SimpleQueue[tuple[Callable[..., None], tuple[object, ...]] | None] = queue.SimpleQueue()
        self._backlog = 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="recordings", daemon=True)
        self._thread.start()

    def open(self, path: str, codec: Codec, report: Callable[[str, Finished], None], *, silence_s: int = 0) -> SinkFile:
        file = SinkFile(path, codec, report, silence_s)
        self._orders.put((_open, (file,)))
        return file

    def append(self, file: SinkFile, agent: bytes, customer: bytes) -> bool:
        """Two channels of equal length. False: the disk cannot keep up; close the file."""
        size = len(agent) + len(customer)
        with self._lock:
            if self._backlog + size > BACKLOG_BYTES_MAX:
                return False
            self._backlog += size
        self._orders.put((self._append, (file, agent, customer)))
        return True

    def close(self, file: SinkFile, *, problem: str = "") -> None:
        """Write the header, make everything durable, report. ``problem``: the recording failed for this reason."""
        self._orders.put((_close, (file, problem)))

    def discard(self, file: SinkFile) -> None:
        """Remove the file; reported as ``failed`` because of ``discarded``."""
        self._orders.put((_discard, (file,)))

    def stop(self, *, timeout_s: float) -> None:
        """Carry out what was ordered and end the thread."""
        self._orders.put(None)
        self._thread.join(timeout_s)

    def _append(self, file: SinkFile, agent: bytes, customer: bytes) -> None:
        with self._lock:
            self._backlog -= len(agent) + len(customer)
        _append(file, agent, customer)

    def _run(self) -> None:
        while (order := self._orders.get()) is not None:
            work, arguments = order
            work(*arguments)


def problem_of(error: OSError) -> str:
    return "disk_full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "disk_error"


def _open(file: SinkFile) -> None:
    try:
        folder = Path(file.path).parent
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.descriptor = os.open(file.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        _write_all(file.descriptor, wav.g711_header(file.codec, channels=2, data_bytes=None))
        os.fsync(file.descriptor)
        _sync_folder(folder)
    except OSError as error:
        _fail(file, problem_of(error))
        return
    file.report("opened", file.outcome)


def _append(file: SinkFile, agent: bytes, customer: bytes) -> None:
    if file.descriptor < 0:
        return
    try:
        both = wav.interleave(agent, customer)
        _write_all(file.descriptor, both)
        os.fdatasync(file.descriptor)
    except OSError as error:
        _fail(file, problem_of(error))
        return
    file.outcome.data_bytes += len(both)
    outcome = file.outcome
    outcome.agent_heard = outcome.agent_heard or is_voiced(decode_samples(agent, file.codec))
    _listen(file, customer)


def _listen(file: SinkFile, customer: bytes) -> None:
    """Does the customer say anything? Looked at for as long as anybody wants to know."""
    outcome = file.outcome
    if outcome.customer_heard and not file.silence_s:
        return
    if is_voiced(decode_samples(customer, file.codec)):
        outcome.customer_heard = True
        file.quiet_bytes = 0
        return
    was_quiet, file.quiet_bytes = file.quiet_bytes, file.quiet_bytes + len(customer)
    if was_quiet < file.silence_s * RATE <= file.quiet_bytes:
        file.report("silent", outcome)


def _discard(file: SinkFile) -> None:
    if file.descriptor < 0:
        return
    with contextlib.suppress(OSError):
        os.unlink(file.path)
    _fail(file, "discarded")


def _close(file: SinkFile, problem: str) -> None:
    if file.descriptor < 0:
        return
    if problem:
        _fail(file, problem)
        return
    try:
        _mend(file)
        os.fsync(file.descriptor)
        outcome = file.outcome
        outcome.size_bytes = wav.HEADER_BYTES + outcome.data_bytes
        outcome.sha256 = _digest(file.path)
    except OSError as error:
        _fail(file, problem_of(error))
        return
    os.close(file.descriptor)
    file.descriptor = -1
    file.report("closed", outcome)


def _fail(file: SinkFile, problem: str) -> None:
    """Leave what is there playable, as far as the disk allows; never sync a file again whose sync failed."""
    if file.descriptor >= 0:
        with contextlib.suppress(OSError):
            _mend(file)
        with contextlib.suppress(OSError):
            os.close(file.descriptor)
        file.descriptor = -1
    file.outcome.problem = problem
    file.report("failed", file.outcome)


def _mend(file: SinkFile) -> None:
    header = wav.g711_header(file.codec, channels=2, data_bytes=file.outcome.data_bytes)
    os.ftruncate(file.descriptor, wav.HEADER_BYTES + file.outcome.data_bytes)
    os.pwrite(file.descriptor, header, 0)


def _write_all(descriptor: int, data: bytes | bytearray) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _digest(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as content:
        while block := content.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest()
