"""The worker's UDP ports: bound once at the start in pairs (RTP even, RTCP odd), lent to legs, never closed between.

A socket is *connected* to the agreed peer, so that the kernel itself drops what others send; ``part`` undoes that
without giving the port up. Which peer is agreed is decided in ``leg``.
"""

import contextlib
import ctypes
import os
import resource
import socket
from collections.abc import Iterator

from cti_server.media.rtp import PACKET_BYTES_MAX

PORTS_MAX = 20_000
DRAIN_MAX = 10_000
_LIBC = ctypes.CDLL(None, use_errno=True)
_UNSPECIFIED = bytes(28)
"""A socket address of family AF_UNSPEC (0), as long as the longest we use: connecting to it dissolves the
association."""


class PortPair:
    """One RTP socket and its RTCP socket. ``leg`` says who uses it."""

    __slots__ = ("port", "rtcp", "rtp")

    def __init__(self, port: int, rtp: socket.socket, rtcp: socket.socket) -> None:
        self.port = port
        self.rtp = rtp
        self.rtcp = rtcp

    def close(self) -> None:
        self.rtp.close()
        self.rtcp.close()


def bind_range(address: str, low: int, high: int) -> dict[int, PortPair]:
    """Bind every even port of ``low``…``high`` with its odd neighbour; pairs that somebody else has are left out."""
    first = low + low % 2
    ports = range(first, high, 2)
    if len(ports) > PORTS_MAX:
        raise ValueError(f"more than {PORTS_MAX} port pairs")
    _allow_files(2 * len(ports) + 256)
    pairs: dict[int, PortPair] = {}
    for port in ports:
        with contextlib.suppress(OSError):
            pairs[port] = _bind_pair(address, port)
    return pairs


def _bind_pair(address: str, port: int) -> PortPair:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sockets: list[socket.socket] = []
    try:
        for number in (port, port + 1):
            bound = socket.socket(family, socket.SOCK_DGRAM)
            sockets.append(bound)
            bound.setblocking(False)
            bound.bind((address, number))
    except OSError:
        for bound in sockets:
            bound.close()
        raise
    return PortPair(port, sockets[0], sockets[1])


def _allow_files(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def part(connected: socket.socket) -> None:
    """Dissolve the association of a connected datagram socket; its port stays bound."""
    if _LIBC.connect(connected.fileno(), _UNSPECIFIED, len(_UNSPECIFIED)) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def waiting(source: socket.socket) -> Iterator[tuple[bytes, tuple[str, int]]]:
    """What lies in the socket's buffer now, with its senders; at most ``DRAIN_MAX`` datagrams."""
    for _ in range(DRAIN_MAX):
        try:
            data, sender = source.recvfrom(PACKET_BYTES_MAX)
        except BlockingIOError:
            return
        except OSError:
            continue  # an ICMP error of an earlier packet; the next call gets the next datagram
        yield data, (sender[0], sender[1])


def drain(source: socket.socket) -> None:
    """Forget what lies in the socket's buffer: it belongs to an earlier user of the port."""
    for _ in waiting(source):
        pass
