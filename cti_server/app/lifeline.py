"""A process of a centre ends with its warden, also when the warden was killed: nobody would start it again, and nobody
could start another in its place. It ends as it does for SIGTERM, so calls go on in the media workers, and the next
warden's core takes them over.

The warden holds the writing end of a pipe that these processes inherit the reading end of; the kernel closes it when
the warden dies, however it dies. A process that was started by hand has no such pipe.
"""

import asyncio
import contextlib
import os
import stat
from collections.abc import Callable

import structlog

from cti_server.warden import LIFELINE

log = structlog.get_logger(__name__)


def end_with_warden(end: Callable[[], object]) -> None:
    """``end`` is called in the running loop once the warden is gone."""
    descriptor = _inherited()
    if descriptor is None:
        return
    loop = asyncio.get_running_loop()

    def gone() -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        log.error("alarm", alarm="warden_gone", hint="start the centre again; calls go on meanwhile")
        end()

    loop.add_reader(descriptor, gone)


def _inherited() -> int | None:
    with contextlib.suppress(OSError, ValueError):
        descriptor = int(os.environ.pop(LIFELINE, ""))
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            os.set_inheritable(descriptor, False)
            return descriptor
    return None
