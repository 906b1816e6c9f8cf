"""Desktops on other machines get TLS with a certificate that is made once and pinned."""

import asyncio
import hashlib
import ssl
import stat
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from cti_server.gateway.certificates import fingerprint, is_loopback, own_certificate, server_context, tls_for


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_on_loopback_nothing_is_encrypted(tmp_path: Path, host: str) -> None:
    assert is_loopback(host)
    assert tls_for(host, tmp_path) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.9", "::", "centre.example"])
def test_everywhere_else_a_certificate_is_made_once(tmp_path: Path, host: str) -> None:
    assert isinstance(tls_for(host, tmp_path), ssl.SSLContext)
    file = own_certificate(tmp_path, host)
    before = file.read_bytes()
    tls_for(host, tmp_path)
    assert file.read_bytes() == before
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_fingerprint_is_that_of_the_certificate_which_desktops_see(tmp_path: Path) -> None:
    file = own_certificate(tmp_path, "127.0.0.1")

    async def answer(connection: ServerConnection) -> None:
        await connection.send("hello")

    async def main() -> str:
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname = False
        trusting.verify_mode = ssl.CERT_NONE
        async with serve(answer, "127.0.0.1", 0, ssl=server_context(file)) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            async with connect(f"wss://127.0.0.1:{port}", ssl=trusting, proxy=None) as client:
                assert await client.recv() == "hello"
                seen = client.transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
                return hashlib.sha256(seen).hexdigest()

    assert asyncio.run(main()) == fingerprint(file)
