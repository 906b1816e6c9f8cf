"""What all calls of a worker share: the loop, the 20 ms ticker, the clips, the recordings' thread, and who is told."""

import asyncio
from collections.abc import Callable

from cti_server.switch.embedded import media_protocol as wire
from cti_server.switch.embedded.media.clips import ClipStore
from cti_server.switch.embedded.media.sink import RecordingSink
from cti_server.switch.embedded.media.ticker import Ticker


class Workshop:
    """``name`` identifies the worker in RTCP."""

    def __init__(self, loop: asyncio.AbstractEventLoop, report: Callable[[wire.AnyReport], None], name: str) -> None:
        self.loop = loop
        self.report = report
        self.name = name
        self.ticker = Ticker(loop)
        self.clips = ClipStore(loop)
        self.sink = RecordingSink()
