"""TLS for desktops on other machines: a certificate of our own, made at first start, pinned by its fingerprint.

Decides when TLS is needed (everywhere but on loopback) and how the certificate is made. An operator who has a
certificate puts it, with its key, in place of ours.
"""

import datetime
import hashlib
import ipaddress
import os
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CERTIFICATE_FILE = "gateway.pem"
"""In ``<data>/secrets``: the certificate and its key, readable by the owner alone."""
LIFE_DAYS = 3650
CLOCK_SKEW_DAYS = 1


def tls_for(host: str, secrets: Path) -> ssl.SSLContext | None:
    """What ``GatewaySettings.tls`` is to be for an address: None on loopback, else our certificate's context."""
    return None if is_loopback(host) else server_context(own_certificate(secrets, host))


def is_loopback(host: str) -> bool:
    """Names other than ``localhost`` are not looked up, and count as reachable from elsewhere."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def server_context(file: Path) -> ssl.SSLContext:
    """TLS 1.2 or newer with the certificate and key in ``file``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(file)
    return context


def own_certificate(secrets: Path, host: str) -> Path:
    """``<secrets>/gateway.pem``, made when it is not there."""
    file = secrets / CERTIFICATE_FILE
    if not file.exists():
        secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(file, _make(host))
    return file


def fingerprint(file: Path) -> str:
    """SHA-256 of the certificate in ``file``, lower-case hex: what desktops pin."""
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()


def _make(host: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ieum")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=CLOCK_SKEW_DAYS))
        .not_valid_after(now + datetime.timedelta(days=LIFE_DAYS))
        .add_extension(x509.SubjectAlternativeName([_alternative(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + private


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write(file: Path, content: bytes) -> None:
    """All or nothing, and never readable by others."""
    unfinished = file.with_suffix(".making")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    os.replace(unfinished, file)
