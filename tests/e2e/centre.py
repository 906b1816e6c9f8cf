"""A whole centre for a test: a data folder, the real ``serve`` process, and people with known passwords.

Starts, kills and stops processes, and waits for conditions. It decides nothing about calls.

    with Centre(folder, agents=2) as centre:
        centre.sip, centre.url, centre.password_of("agent1")
        centre.kill("core")          # kill -9; the warden starts it again
        centre.wait_ready()
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import pytest
import websockets.sync.client as ws
import yaml

from agent_app.softphone.account import Account
from cti_server import config
from cti_server.app.serving import prepare
from cti_server.config import DEFAULT_FILE
from cti_server.core.vocabulary import Secret
from cti_server.customers.sample import SampleCaller, create_sample, sample_callers
from cti_server.speech.place import RENDERED
from cti_server.storage import people
from cti_server.storage.database import open_database
from cti_server.storage.queries import Queries
from cti_server.web.pins import PinStore
from tests.e2e.ports import Ports
from tests.temporary import folder_of_this_run

ROOT = Path(__file__).resolve().parents[2]
FLOWS = Path(__file__).with_name("flows")
MAIN, DIRECT, SHORT, IDENTIFIED = "1588-0001", "1588-0002", "1588-0003", "1588-0004"
MESSAGE = "1588-0005"
"""Numbers to call: the main flow; a queue that answers nobody before an agent does; ``flows/*.yaml``."""
PATIENCE_S = 60.0
PASSWORD = "password-of-tests"
PHONE_PASSWORD = "phone-of-tests"
SEED = 7
CUSTOMERS_WITH_PIN = 8
MEDIA_PORTS = 200
FAST = {"ring_timeout_s": 5, "pop_wait_ms": 150, "outbound_after_call_work_s": 5, "rest_s": 1}
"""Shorter than a real centre's, so that tests need not wait."""


@dataclass(slots=True, kw_only=True)
class Plan:
    """What differs from the sample's configuration. ``queues``: in every queue. ``is_bare``: agents need no desktop
    (benches).
    ``dials``: the public network is reached at ``Centre.far_port``, else nowhere.
    """

    agents: int = 2
    times: Mapping[str, int] = field(default_factory=dict)
    after_call_work_s: int = 20
    trunk: Mapping[str, Any] = field(default_factory=lambda: {"host": "127.0.0.1", "port": 0})
    fixed_phones: Mapping[str, str] = field(default_factory=dict)
    logins: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    queues: Mapping[str, Any] = field(default_factory=dict)
    is_bare: bool = False
    dials: bool = False
    record_calls: bool = True
    media_workers: int = 1
    media_ports: int = MEDIA_PORTS
    sample: bool = True

    def people(self) -> list[tuple[str, str]]:
        numbers = range(1, self.agents + 1)
        logins = self.logins or tuple(f"agent{number}" for number in numbers)
        return list(zip(logins, self.extensions or tuple(f"{2000 + number}" for number in numbers), strict=True))


class Centre:
    """Ends with the ``with`` block, and takes every process with it."""

    def __init__(self, folder: Path, plan: Plan | None = None, **changes: Any) -> None:
        self.plan = plan or Plan(**changes)
        self.data = folder / "data"
        self.log_file = folder / "serve.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._ports = Ports(self.plan.media_ports + 6)
        base = self._ports.first
        self.sip_port, self.gateway_port, self.web_port, self.far_port = base, base + 1, base + 2, base + 4
        self._media = (base + 6, base + 5 + self.plan.media_ports)

    # --- life --------------------------------------------------------------------------------------------------------

    def __enter__(self) -> "Centre":
        self.furnish()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._ports.release()

    def furnish(self) -> None:
        """The data folder with its configuration, people, customers and PINs."""
        if not (RENDERED / "rendered.json").exists():
            pytest.skip("the spoken prompts are not rendered: ./ieum prompts")
        self.data.mkdir(parents=True)
        (self.data / "config").mkdir()
        (self.data / "config" / "centre.yaml").write_text(yaml.safe_dump(self._configuration(), allow_unicode=True))
        shutil.copytree(FLOWS, self.data / "config" / "flows")
        if self.plan.sample:
            shutil.copyfile(_sample_shop(), self.data / "shop.db")
        configuration, _ = prepare(self.data, None)
        database = open_database(configuration.server.database_url, is_writer=True)
        for login, extension in self.plan.people():
            new = people.NewPerson(
                login=login,
                name=login,
                extension=extension,
                group="C/S",
                skills={"orders": 3, "care": 3},
                needs_desktop=not self.plan.is_bare,
            )
            people.add(database, new, Secret(PASSWORD))
        database.dispose()
        self._write_secrets()

    def _write_secrets(self) -> None:
        hard_phones = {extension: PHONE_PASSWORD for _, extension in self.plan.people()}
        file = self.data / "secrets" / "hard_phones.json"
        file.write_text(json.dumps(hard_phones))
        file.chmod(0o600)
        if self.plan.sample:
            self._set_pins({caller.customer: caller.pin for caller in self.customers[:CUSTOMERS_WITH_PIN]})

    def set_pin(self, customer: str, pin: str) -> None:
        self._set_pins({customer: pin})

    def _set_pins(self, pins: Mapping[str, str]) -> None:
        file = self.data / "secrets" / "pins.db"
        store = PinStore(file, config.secret(self.data, "pin_pepper"), lambda: time.time_ns() // 1000)
        store.set_pins({customer: Secret(pin) for customer, pin in pins.items()})
        store.close()

    def _configuration(self) -> dict[str, Any]:
        text: dict[str, Any] = yaml.safe_load(DEFAULT_FILE.read_text(encoding="utf-8"))
        text["lines"] = {
            MAIN: {"flow": "main", "opening": "always_open"},
            DIRECT: {"flow": "queue:orders", "opening": "always_open"},
            SHORT: {"flow": "short", "opening": "always_open"},
            IDENTIFIED: {"flow": "identified", "opening": "always_open"},
            MESSAGE: {"flow": "message", "opening": "always_open"},
        }
        text["flows"] = ["", "flows"]
        text["trunks"] = {"local": {"transport": "udp", "numbers": list(text["lines"]), **self.plan.trunk}}
        if self.plan.dials:
            text["trunks"]["local"]["may_dial"] = False
            text["trunks"]["far"] = {"host": "127.0.0.1", "port": self.far_port, "transport": "udp"}
        text["times"] = {**text["times"], **FAST, **self.plan.times}
        for queue in text["queues"].values():
            own = {"after_call_work_s": self.plan.after_call_work_s, "callbacks": "by_hand", **self.plan.queues}
            queue.update(own)
        text["callback_hours"] = {"opens": "00:00", "closes": "24:00"}
        text["fixed_phones"] = dict(self.plan.fixed_phones)
        text["record_calls"] = self.plan.record_calls
        text["server"] = {
            "sip": {"host": "127.0.0.1", "port": self.sip_port, "has_tcp": True},
            "media": {
                "workers": self.plan.media_workers,
                "first_port": self._media[0],
                "last_port": self._media[1],
            },
            "gateway": {"host": "127.0.0.1", "port": self.gateway_port},
            "web": {"host": "127.0.0.1", "port": self.web_port},
        }
        return text

    def start(self) -> None:
        command = [sys.executable, "-m", "cti_server.cli", "serve", "--data", str(self.data)]
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the warden, which ends its children; whoever is left after that is killed by id."""
        if self.process is None or self.process.poll() is not None:
            return
        children = self.children()
        self.process.terminate()
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pid in children.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def wait_ready(self) -> None:
        """SIP, the desktops' door and the web answer."""
        for what, answers in (("sip", self.answers_sip), ("gateway", self._lets_in), ("web", self._is_healthy)):
            self.until(answers, what)

    def until(self, condition: Callable[[], bool], what: str, *, timeout_s: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            if self.process is None or self.process.poll() is not None:
                raise AssertionError(f"the server ended while waiting for {what}:\n{self.log[-4000:]}")
            if time.monotonic() > deadline:
                raise AssertionError(f"never happened: {what}\n{self.log[-4000:]}")
            time.sleep(0.05)

    def answers_sip(self, timeout_s: float = 0.5) -> bool:
        """Is an OPTIONS answered?"""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            probe.settimeout(timeout_s)
            probe.sendto(options(probe.getsockname()[1], self.sip_port), ("127.0.0.1", self.sip_port))
            with contextlib.suppress(OSError):
                return b"200 OK" in probe.recv(4096)
        return False

    def _lets_in(self) -> bool:
        with contextlib.suppress(OSError, TimeoutError), ws.connect(self.url, open_timeout=2):
            return True
        return False

    def _is_healthy(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.web_url}/health", timeout=2) as answer:
            return bool(answer.status == 200)
        return False

    # --- processes ---------------------------------------------------------------------------------------------------

    def children(self) -> dict[str, int]:
        """The warden's children by name, as they are now."""
        if self.process is None:
            return {}
        found: dict[str, int] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError, ValueError):
                parent = int(stat.read_text().rpartition(")")[2].split()[1])
                if parent == self.process.pid:
                    words = stat.with_name("cmdline").read_bytes().decode().split("\0")
                    found[_name(words)] = int(stat.parent.name)
        return found

    def kill(self, name: str) -> int:
        """kill -9, and wait until it is gone; the id that it had."""
        pid = self.children()[name]
        os.kill(pid, signal.SIGKILL)
        self.until(lambda: self.children().get(name) != pid, f"{name} gone")
        return pid

    # --- places ------------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.gateway_port}"

    @property
    def web_url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def sip(self) -> Account:
        """As a caller from the public network sees it."""
        return Account(host="127.0.0.1", port=self.sip_port)

    def phone_of(self, extension: str, transport: str = "udp") -> Account:
        """As a hard phone sees it."""
        return Account(
            host="127.0.0.1",
            port=self.sip_port,
            transport=transport,
            extension=extension,
            user=extension,
            password=PHONE_PASSWORD,
        )

    @cached_property
    def customers(self) -> list[SampleCaller]:
        """The first eight of these have a PIN."""
        return sample_callers(self.data / "shop.db", SEED)

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    @property
    def recordings(self) -> list[Path]:
        return sorted((self.data / "recordings").rglob("*.wav"))

    @cached_property
    def queries(self) -> Queries:
        return Queries(open_database(f"sqlite:///{self.data / 'ieum.db'}"))

    def web(self, path: str, user: str = "agent1") -> Any:
        """GET as a person."""
        return msgspec.json.decode(self.web_bytes(path, user))

    def web_bytes(self, path: str, user: str = "agent1") -> bytes:
        body = json.dumps({"user": user, "password": PASSWORD, "wants_token": True}).encode()
        asked = urllib.request.Request(
            f"{self.web_url}/api/sign-in", data=body, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
            token = json.load(answer)["token"]
        asked = urllib.request.Request(f"{self.web_url}{path}", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
            data: bytes = answer.read()
            return data


def options(port: int, target: int) -> bytes:
    return (
        f"OPTIONS sip:probe@127.0.0.1:{target} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bK{time.monotonic_ns()}\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:probe@127.0.0.1:{port}>;tag=p{time.monotonic_ns()}\r\n"
        f"To: <sip:probe@127.0.0.1:{target}>\r\nCall-ID: {time.monotonic_ns()}@probe\r\nCSeq: 1 OPTIONS\r\n"
        "Content-Length: 0\r\n\r\n"
    ).encode()


def _name(words: list[str]) -> str:
    if "cti_server.switch.embedded.media_worker" in words:
        return Path(words[words.index("--socket") + 1]).stem
    return words[words.index("cti_server.app") + 1]


_shop: list[Path] = []


def _sample_shop() -> Path:
    """Drawn once a run: it takes a while."""
    if not _shop:
        _shop.append(create_sample(folder_of_this_run("shop"), SEED))
    return _shop[0]


@contextlib.contextmanager
def running(folder: Path, **changes: Any) -> Iterator[Centre]:
    with Centre(folder, Plan(**changes)) as centre:
        yield centre
