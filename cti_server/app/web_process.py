"""The web process: carries events into the main database, checks passwords and PINs, and serves reads. Joins, no
more.
"""

import asyncio
import signal
import threading
import time
from pathlib import Path

import structlog
import uvicorn

from cti_server import config
from cti_server.app.lifeline import end_with_warden
from cti_server.app.loading import is_broken, load_or_last_good
from cti_server.app.places import WEB_SOCKET
from cti_server.config import Configuration
from cti_server.past.answers import PastAnswers
from cti_server.storage.data_folder import DataFolder
from cti_server.storage.database import open_database
from cti_server.storage.projector import Projector
from cti_server.storage.queries import Queries
from cti_server.web.app import WebApp, create_app
from cti_server.web.credentials import CredentialRules
from cti_server.web.credentials_service import CredentialService
from cti_server.web.link_server import LinkServer
from cti_server.web.past_service import PastService
from cti_server.web.pins import PinStore
from cti_server.web.sign_in import WebSessions

LOOK_EVERY_S = 2.0

log = structlog.get_logger(__name__)


class WebProcess:
    def __init__(self, configuration: Configuration) -> None:
        folder = DataFolder(configuration.server.data)
        url = configuration.server.database_url
        pins = PinStore(
            folder.secrets / "pins.db", config.secret(folder.path, "pin_pepper"), lambda: time.time_ns() // 1000
        )
        rules = CredentialRules(database=open_database(url, is_writer=True), pins=pins, now_s=time.monotonic)
        self._credentials = CredentialService(rules)
        sessions = WebSessions(time.monotonic, monitor_key=config.secret(folder.path, "monitor_key"))
        queries = Queries(open_database(url))
        levels = {str(queue.queue): queue.minimum_level for queue in configuration.centre.queues}
        answers = PastAnswers(folder, names=queries.names, utc_now=lambda: time.time_ns() // 1000)
        self._past = PastService(answers)
        self._link = LinkServer(folder.run / WEB_SOCKET, credentials=self._credentials, past=self._past)
        web = WebApp(
            service=self._credentials,
            queries=queries,
            past=self._past,
            sessions=sessions,
            recordings=folder.recordings,
            levels=levels,
            is_configuration_broken=lambda: is_broken(folder.path),
        )
        where = configuration.server.web
        self._http = uvicorn.Server(
            uvicorn.Config(
                create_app(web, sessions), host=where.host, port=where.port, log_config=None, server_header=False
            )
        )
        self._projector = Projector(folder.journal, open_database(url, is_writer=True))
        self._stop_projector = threading.Event()
        self._thread = threading.Thread(
            target=self._projector.run, args=(self._stop_projector,), name="projector", daemon=True
        )

    async def start(self) -> None:
        await self._credentials.start()
        await self._link.start()
        self._thread.start()
        self._serving = asyncio.create_task(self._http.serve(), name="http")
        log.info("web_ready")

    async def until_ended(self) -> None:
        """Returns when there is no HTTP or no projector any more."""
        while not self._serving.done() and self._thread.is_alive():
            await asyncio.wait([self._serving], timeout=LOOK_EVERY_S)
        log.error("web_ended", http=not self._serving.done(), projector=self._thread.is_alive())

    async def stop(self) -> None:
        self._http.should_exit = True
        await asyncio.gather(self._serving, return_exceptions=True)
        self._stop_projector.set()
        await asyncio.to_thread(self._thread.join)
        await self._link.close()
        await self._past.close()
        await self._credentials.close()


def run_web(data: Path, file: Path | None) -> int:
    """Until SIGTERM (exit status 0), or until a part of it ended by itself (1): the warden then starts it again."""
    return asyncio.run(_web(load_or_last_good(data, file).configuration))


async def _web(configuration: Configuration) -> int:
    process = WebProcess(configuration)
    done = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, done.set)
    end_with_warden(done.set)
    await process.start()
    asked = asyncio.create_task(done.wait())
    ended = asyncio.create_task(process.until_ended())
    await asyncio.wait([asked, ended], return_when=asyncio.FIRST_COMPLETED)
    was_asked = done.is_set()
    asked.cancel()
    ended.cancel()
    await process.stop()
    return 0 if was_asked else 1
