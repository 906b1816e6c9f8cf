"""The centre that `./ieum demo` runs: the sample company on free ports in a folder of its own, made anew each time."""

import secrets
import shutil
import socket
from pathlib import Path
from typing import Any

import msgspec
import yaml

from cti_server import config
from cti_server.app.serving import prepare
from cti_server.config import Configuration
from cti_server.core.vocabulary import Secret
from cti_server.customers.sample import PEOPLE, SampleCaller, create_sample, sample_callers
from cti_server.storage import people
from cti_server.storage.data_folder import DataFolder
from cti_server.storage.database import open_database
from cti_server.web.pins import PinStore

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".ieum" / "demo"
SEED = 2026
CALLERS = 260
"""Customers who may call, and whose PINs the credential service therefore knows."""
MEDIA_PORTS = 400
MAIN_LINE, ORDERS_LINE, CARE_LINE, YOUR_LINE = "1588-0001", "1588-0002", "1588-0003", "1588-0004"
YOUR_QUEUE = "visitor"
HARD_PHONE = "2090"
"""The account of callers who must register before they can call (pyVoIP)."""


class DemoPerson(msgspec.Struct, frozen=True, kw_only=True):
    user: str
    name: str
    password: str

    def __repr__(self) -> str:
        return f"DemoPerson(user={self.user!r})"


class DemoCentre(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that robots and the person at the desktop need to know. ``you``: whose desktop is shown."""

    data: Path
    configuration: Configuration
    you: DemoPerson
    robots: tuple[DemoPerson, ...]
    callers: tuple[SampleCaller, ...]
    hard_phone_password: str

    @property
    def url(self) -> str:
        where = self.configuration.server.gateway
        return f"ws://{where.host}:{where.port}"


def make_demo_centre(folder: Path = FOLDER, *, is_attended: bool) -> DemoCentre:
    """``is_attended``: a person sits at the desktop and gets calls of a line of their own. Raises CannotServe."""
    data = folder / "data"
    if folder.exists():
        shutil.rmtree(folder)
    DataFolder(data).prepare()
    create_sample(data, SEED)
    _write_configuration(data)
    hard_phone_password = secrets.token_urlsafe(16)
    hard_phones = DataFolder(data).secrets / "hard_phones.json"
    hard_phones.touch(mode=0o600)
    hard_phones.write_bytes(msgspec.json.encode({HARD_PHONE: hard_phone_password}))
    configuration, _ = prepare(data, None)
    you, *robots = _add_people(configuration, is_attended=is_attended)
    callers = _with_pins(data)
    return DemoCentre(
        data=data,
        configuration=configuration,
        you=you,
        robots=tuple(robots),
        callers=callers,
        hard_phone_password=hard_phone_password,
    )


def _write_configuration(data: Path) -> None:
    """The default configuration, open at any hour, on ports that are free, with short after-call work."""
    written: dict[str, Any] = yaml.safe_load(config.DEFAULT_FILE.read_text(encoding="utf-8"))
    sip, gateway, web, media = _free_ports()
    written["queues"][YOUR_QUEUE] = {"title": {"ko": "체험", "en": "Visitor"}, "after_call_work_s": 60}
    written["queues"]["care"]["minimum_level"] = 2
    for queue in written["queues"].values():
        queue["callbacks"] = "by_hand"  # no telephone network stands behind the demo's numbers
    written["lines"] = {
        MAIN_LINE: {"flow": "main", "opening": "always_open"},
        ORDERS_LINE: {"flow": "queue:orders"},
        CARE_LINE: {"flow": "queue:care"},
        YOUR_LINE: {"flow": f"queue:{YOUR_QUEUE}"},
    }
    written["trunks"]["local"]["numbers"] = [MAIN_LINE, ORDERS_LINE, CARE_LINE, YOUR_LINE]
    written["server"] = {
        "sip": {"host": "127.0.0.1", "port": sip},
        "media": {"first_port": media, "last_port": media + MEDIA_PORTS - 1},
        "gateway": {"host": "127.0.0.1", "port": gateway},
        "web": {"host": "127.0.0.1", "port": web},
    }
    config.config_file(data).write_text(yaml.safe_dump(written, allow_unicode=True, sort_keys=False), encoding="utf-8")


def _free_ports() -> tuple[int, int, int, int]:
    """SIP, gateway, web, and the first of the media ports; free at this moment."""
    probes = [socket.socket(socket.AF_INET, kind) for kind in (socket.SOCK_DGRAM, *([socket.SOCK_STREAM] * 2))]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    sip, gateway, web = (int(probe.getsockname()[1]) for probe in probes)
    for probe in probes:
        probe.close()
    return sip, gateway, web, _free_range(MEDIA_PORTS)


def _free_range(count: int) -> int:
    for first in range(20_000, 32_000, count):
        taken = [port for port in range(first, first + count) if not _is_free(port)]
        if not taken:
            return first
    raise OSError(f"no {count} neighbouring UDP ports are free between 20000 and 32000")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _add_people(configuration: Configuration, *, is_attended: bool) -> list[DemoPerson]:
    """Agents first; the third of them is the one whose desktop is seen."""
    database = open_database(configuration.server.database_url, is_writer=True)
    added: list[DemoPerson] = []
    for person in PEOPLE:
        skills = dict(person.skills)
        if person.user == "seoyun.lee" and is_attended:
            skills = {YOUR_QUEUE: 3}
        password = secrets.token_urlsafe(12)
        people.add(
            database,
            people.NewPerson(
                login=person.user,
                name=person.name,
                roles=person.roles,
                group=person.group,
                extension=person.extension,
                skills=skills,
            ),
            Secret(password),
        )
        if "agent" in person.roles:
            added.append(DemoPerson(user=person.user, name=person.name, password=password))
    database.dispose()
    you = next(person for person in added if person.user == "seoyun.lee")
    return [you, *(person for person in added if person is not you)]


def _with_pins(data: Path) -> tuple[SampleCaller, ...]:
    callers = sample_callers(data / "shop.db", SEED)
    chosen = tuple(caller for caller in callers if caller.language == "ko")[:CALLERS]
    pins = PinStore(DataFolder(data).secrets / "pins.db", config.secret(data, "pin_pepper"), lambda: 0)
    pins.set_pins({caller.customer: Secret(caller.pin) for caller in chosen})
    return chosen
