"""Recordings that a dead worker left unfinished are mended and reported like any other, so that each file has its row.

Decides where to look: the folders of today and yesterday (UTC), because no call lasts longer than a day; a centre's
whole archive would take too long. How a file is mended is decided in ``recording.recovery``.
"""

import asyncio
import datetime
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog

from cti_server.core.inputs import RecordingFinished
from cti_server.core.vocabulary import CallId, RecordingId
from cti_server.ports import Submit
from cti_server.recording.recovery import Recovered, recordings_in, recover
from cti_server.switch.embedded.media_connection import MediaUnavailable
from cti_server.switch.embedded.media_link import MediaLink

DAYS = 2

log = structlog.get_logger(__name__)


class RecordingRecovery:
    """``begin`` whenever a worker may have died: at the start, and when one is lost. One run at a time."""

    def __init__(
        self, root: Path, *, links: Callable[[], Sequence[MediaLink]], submit: Submit, utc_now: Callable[[], int]
    ) -> None:
        self._root = root
        self._links = links
        self._submit = submit
        self._utc_now = utc_now
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recovery")
        self._order = asyncio.Lock()
        self._runs: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        run = asyncio.get_running_loop().create_task(self._run())
        self._runs.add(run)
        run.add_done_callback(self._runs.discard)

    async def close(self) -> None:
        await asyncio.gather(*self._runs, return_exceptions=True)
        self._thread.shutdown()

    async def _run(self) -> None:
        async with self._order:
            loop = asyncio.get_running_loop()
            # Listed before the workers are asked: what is begun in between is no candidate, so that nobody's file is
            # mended under their hands.
            candidates = await loop.run_in_executor(self._thread, self._list)
            in_use = await self._in_use()
            for found in await loop.run_in_executor(self._thread, self._mend, candidates, in_use):
                if found.problem:
                    log.error("recording_not_mended", call=found.call, recording=found.number, problem=found.problem)
                    continue
                log.warning("recording_mended", call=found.call, recording=found.number, duration_ms=found.duration_ms)
                self._submit(
                    RecordingFinished(
                        call=CallId(found.call),
                        recording=RecordingId(found.number),
                        path=str(found.path.relative_to(self._root)),
                        duration_ms=found.duration_ms,
                        size_bytes=found.size_bytes,
                    )
                )

    async def _in_use(self) -> set[Path]:
        """What living workers write at this moment. One that cannot be asked has written nothing yet."""
        paths: set[Path] = set()
        for link in self._links():
            try:
                calls = await link.get_inventory()
            except MediaUnavailable:
                continue
            paths |= {Path(recording.path) for call in calls for recording in call.recordings}
        return paths

    def _folders(self) -> list[Path]:
        day = datetime.datetime.fromtimestamp(self._utc_now() / 1e6, datetime.UTC)
        return [self._root / f"{day - datetime.timedelta(days=back):%Y/%m/%d}" for back in range(DAYS)]

    def _list(self) -> set[Path]:
        return {path for folder in self._folders() for path in recordings_in(folder)}

    def _mend(self, candidates: set[Path], in_use: set[Path]) -> list[Recovered]:
        others = in_use | (self._list() - candidates)
        return [found for folder in self._folders() if folder.is_dir() for found in recover(folder, in_use=others)]
