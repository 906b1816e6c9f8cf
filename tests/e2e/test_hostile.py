"""What the network may throw at a running server: torture messages, strangers, guessing, injected sound, a flood."""

import asyncio
import contextlib
import hashlib
import json
import re
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_app.robots.ear import tone
from cti_server.media.g711 import Codec, encode
from cti_server.media.rtp import RtpSender
from tests.benchmarks.signalling import SCENARIOS
from tests.e2e.centre import DIRECT, PHONE_PASSWORD, Centre
from tests.e2e.people import Desk, Phone, leaving, share
from tests.e2e.programs import free_port, sipp

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

TRUNK = "127.0.0.2"
"""Of the walled centre; 127.0.0.1 is a stranger there."""
ANSWER_S = 0.05
GROWTH_BYTES_MAX = 16 * 1024 * 1024
GUESSES_MAX = 20
INJECTED_HZ = 1800.0


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with Centre(tmp_path_factory.mktemp("open"), agents=1) as running:
        yield running


@pytest.fixture(scope="module")
def walled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    trunk = {"host": TRUNK, "port": 0}
    folder = tmp_path_factory.mktemp("walled")
    with Centre(folder, agents=3, trunk=trunk, is_bare=True, after_call_work_s=0, times={"rest_s": 0}) as running:
        yield running


# --- torture ---------------------------------------------------------------------------------------------------------


def test_torture_messages_over_udp_and_tcp(centre: Centre, shared_dir: Path) -> None:
    manifest = json.loads((shared_dir / "corpora" / "manifest.json").read_text())
    messages = [(shared_dir / "corpora" / entry["file"]).read_bytes() for entry in manifest]
    assert len(messages) == 49 + 12
    core = centre.children()["core"]
    for message in messages:
        _send_udp(centre, message)
    before = _resident_bytes(core)
    for message in messages:
        _send_udp(centre, message)
        assert centre.answers_sip(10), message[:200]
        _send_tcp(centre, message)
        assert centre.answers_sip(10), message[:200]
    assert _resident_bytes(core) - before < GROWTH_BYTES_MAX
    assert centre.children()["core"] == core
    assert "Traceback" not in centre.log


def _send_udp(centre: Centre, message: bytes) -> None:
    """Answered or dropped: whatever comes back is a response."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(ANSWER_S)
        peer.sendto(message, ("127.0.0.1", centre.sip_port))
        with contextlib.suppress(TimeoutError):
            assert peer.recv(65_535).startswith(b"SIP/2.0 ")


def _send_tcp(centre: Centre, message: bytes) -> None:
    with socket.create_connection(("127.0.0.1", centre.sip_port), timeout=10) as peer:
        peer.sendall(message)
        peer.settimeout(ANSWER_S)
        with contextlib.suppress(OSError):
            assert peer.recv(65_535)[:8] in (b"SIP/2.0 ", b"")


def _resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


# --- strangers -------------------------------------------------------------------------------------------------------


def test_a_stranger_makes_no_call(walled: Centre) -> None:
    statuses = {_ask(walled, "INVITE", user, DIRECT)[0] for user in ("2001", "stranger", "01012345678")}
    assert statuses <= {401, 403}
    assert _ask(walled, "INVITE", "2001", "01099998888", password="guessed")[0] in (401, 403)
    assert not walled.queries.calls().rows


def test_guessing_a_phones_password_is_cut_short(walled: Centre) -> None:
    answers = [_ask(walled, "REGISTER", "2003", "", password=f"guess {number}")[0] for number in range(GUESSES_MAX + 5)]
    assert set(answers[:3]) == {401}
    assert answers[-1] == 403, answers
    assert _ask(walled, "REGISTER", "2003", "", password=PHONE_PASSWORD)[0] == 403, "guessed right, too late"
    for user, host in (("2003", "127.0.0.3"), ("2002", "127.0.0.1")):
        # Another address, and another account: neither is touched. They leave again, so that nobody rings there.
        for expires_s in (60, 0):
            assert _ask(walled, "REGISTER", user, "", password=PHONE_PASSWORD, host=host, expires_s=expires_s)[0] == 200


def test_known_and_unknown_names_get_the_same_answer(walled: Centre) -> None:
    known, unknown = (_ask(walled, "REGISTER", user, "", password="guess") for user in ("2001", "9999"))
    assert known[0] == unknown[0] == 401
    assert _shape(known[1]) == _shape(unknown[1])


def _shape(answer: str) -> str:
    """Without what differs from one answer to the next anyway."""
    return re.sub(r'nonce="[^"]*"|\d{4}|tag=\S+|branch=\S+|Call-ID: \S+|rport=\d+|:\d+', "", answer)


def _ask(
    centre: Centre,
    method: str,
    user: str,
    target: str,
    *,
    password: str | None = None,
    host: str = "127.0.0.1",
    expires_s: int = 60,
) -> tuple[int, str]:
    """The final answer to a request, with a digest when one is asked for and there is a password."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind((host, 0))
        peer.settimeout(20)
        peer.connect(("127.0.0.1", centre.sip_port))
        call_id, answer = secrets.token_hex(8), ""
        uri = f"sip:{target + '@' if target else ''}127.0.0.1:{centre.sip_port}"
        for number in (1, 2):
            proof = _digest(answer, method, uri, user, password) if answer and password is not None else ""
            proof += "Expires: 60\r\n" if expires_s else "Expires: 0\r\nContact: *\r\n"
            peer.send(_request(peer, centre, method, uri, user, call_id, number, proof))
            answer = ""
            while not answer or answer.startswith("SIP/2.0 1"):
                answer = peer.recv(65_535).decode()
            status = int(answer.split()[1])
            if method == "INVITE":
                peer.send(_request(peer, centre, "ACK", uri, user, call_id, number, ""))
            if status != 401 or password is None:
                break
        return status, answer


def _request(  # one message has these parts
    peer: socket.socket, centre: Centre, method: str, uri: str, user: str, call_id: str, number: int, proof: str
) -> bytes:
    host, port = peer.getsockname()
    contact = "" if "Contact:" in proof else f"Contact: <sip:{user}@{host}:{port}>\r\n"
    to = f"sip:{user}@127.0.0.1:{centre.sip_port}" if method == "REGISTER" else uri
    return (
        f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};rport;branch=z9hG4bK{call_id}{number}\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:{user}@{host}>;tag={call_id}\r\nTo: <{to}>\r\nCall-ID: {call_id}\r\n"
        f"CSeq: {number} {method}\r\n{contact}{proof}Content-Length: 0\r\n\r\n"
    ).encode()


def _digest(answer: str, method: str, uri: str, user: str, password: str) -> str:
    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    challenge = next(line for line in answer.splitlines() if line.startswith("WWW-Authenticate") and "MD5" in line)
    realm = re.search(r'realm="([^"]*)"', challenge)
    nonce = re.search(r'nonce="([^"]*)"', challenge)
    assert realm and nonce
    proof = md5(f"{user}:{realm[1]}:{password}") + f":{nonce[1]}:00000001:c:auth:" + md5(f"{method}:{uri}")
    return (
        f'Authorization: Digest username="{user}", realm="{realm[1]}", nonce="{nonce[1]}", uri="{uri}", '
        f'algorithm=MD5, qop=auth, nc=00000001, cnonce="c", response="{md5(proof)}"\r\n'
    )


# --- sound -----------------------------------------------------------------------------------------------------------


def test_injected_sound_is_not_heard(centre: Centre) -> None:
    asyncio.run(_inject(centre))


async def _inject(centre: Centre) -> None:
    desk, phone, caller = Desk(centre, "agent1"), Phone(frequency_hz=440.0), Phone(frequency_hz=1000.0)
    async with leaving(desk, phone, caller):
        await phone.register(centre.phone_of("2001"))
        await desk.sign_in()
        await desk.ready()
        await caller.dial(centre.sip, DIRECT, number="01044445555")
        await desk.call_is("connected")
        await caller.hears(440.0)
        await phone.hears(1000.0)
        marks = len(caller.mouth.heard), len(phone.mouth.heard)
        first, last = centre._media
        await asyncio.to_thread(_shout_at, range(first, last + 1, 2))
        await caller.hears(440.0)
        await phone.hears(1000.0)
        for person, mark in zip((caller, phone), marks, strict=True):
            assert share(person.mouth.heard[mark:], INJECTED_HZ) < 0.01
        caller.hang_up()
        await desk.finish_call()


def _shout_at(ports: range) -> None:
    """A second of sound from a stranger to every port of the media worker."""
    sender = RtpSender(ssrc=0xBAD, sequence=1, timestamp=1)
    frame = encode(tone(INJECTED_HZ, 0.02, level=0.9), Codec.PCMU)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        begun = time.monotonic()
        for number in range(50):
            for port in ports:
                stranger.sendto(sender.packet(frame, payload_type=0), ("127.0.0.1", port))
            sender.advance(160)
            time.sleep(max(0.0, begun + number * 0.02 - time.monotonic()))


# --- flood -----------------------------------------------------------------------------------------------------------


def test_callers_get_through_while_strangers_flood(walled: Centre, tmp_path: Path) -> None:
    asyncio.run(_flood(walled, tmp_path))


async def _flood(walled: Centre, folder: Path) -> None:
    core = walled.children()["core"]
    phone, over = Phone(), threading.Event()
    flood = threading.Thread(target=_pour, args=(walled, over))
    async with leaving(phone):
        await phone.register(walled.phone_of("2001"))
        flood.start()
        try:
            options = (
                "-s",
                DIRECT,
                "-m",
                "5",
                "-l",
                "1",
                "-r",
                "5",
                "-timeout",
                "90s",
                "-mp",
                str(free_port() // 2 * 2),
            )
            with sipp(SCENARIOS / "caller.xml", *options, folder=folder, port=free_port(), host=TRUNK,
                      target=f"127.0.0.1:{walled.sip_port}") as callers:  # fmt: skip
                while callers.process.poll() is None:
                    if phone.is_up:
                        phone.hang_up()
                    await asyncio.sleep(0.05)
                assert callers.process.returncode == 0, callers.log[-2000:]
        finally:
            over.set()
            flood.join()
    assert walled.children()["core"] == core
    walled.until(lambda: walled.answers_sip(1), "OPTIONS is answered")
    assert "Traceback" not in walled.log


def _pour(walled: Centre, over: threading.Event) -> None:
    """A thousand requests a second, each a new call or a new name, for at most ten seconds."""
    until_s = time.monotonic() + 10
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        uri = f"sip:{DIRECT}@127.0.0.1:{walled.sip_port}"
        while not over.is_set() and time.monotonic() < until_s:
            for method in ("INVITE", "REGISTER") * 5:
                request = _request(peer, walled, method, uri, secrets.token_hex(3), secrets.token_hex(6), 1, "")
                peer.sendto(request, ("127.0.0.1", walled.sip_port))
            time.sleep(0.01)
