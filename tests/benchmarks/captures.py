"""Reads a capture of SIP on loopback: when a caller's INVITE came in, and when the agent's phone was called for it.

A caller is known by the display name ``cN`` that the server passes on; an agent by the user of the request URI. Classic
pcap with Ethernet or Linux "cooked" frames, UDP over IPv4.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FRAME_BYTES = {1: 14, 113: 16}
_CALLER = re.compile(rb'\r\nFrom: ?"?(c\d+)"?')
_CALL_ID = re.compile(rb"\r\nCall-ID: *([^\r]+)")
_TARGET = re.compile(rb"INVITE sip:([^@]+)@")


@dataclass(frozen=True, slots=True)
class Message:
    """``at`` in seconds."""

    at: float
    source: int
    target: int
    text: bytes

    @property
    def caller(self) -> bytes | None:
        found = _CALLER.search(self.text)
        return found.group(1) if found else None

    @property
    def call_id(self) -> bytes:
        found = _CALL_ID.search(self.text)
        return found.group(1) if found else b""


def messages(path: Path) -> Iterator[Message]:
    """UDP payloads in order of time."""
    data = path.read_bytes()
    nanoseconds = data[:4] == b"\x4d\x3c\xb2\xa1"
    (link,) = struct.unpack_from("<I", data, 20)
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, kept, _ = struct.unpack_from("<IIII", data, at)
        packet = data[at + 16 : at + 16 + kept]
        at += 16 + kept
        ip = packet[_FRAME_BYTES[link] :]
        if len(ip) < 28 or ip[0] >> 4 != 4 or ip[9] != 17:
            continue
        header = (ip[0] & 15) * 4
        source, target = struct.unpack_from("!HH", ip, header)
        yield Message(seconds + fraction / (1e9 if nanoseconds else 1e6), source, target, ip[header + 8 :])


def setup_times_s(path: Path, *, server: int, agents: int) -> list[float]:
    """Caller's first INVITE to the agent's first INVITE, sorted."""
    came: dict[bytes, float] = {}
    rang: dict[bytes, float] = {}
    for message in messages(path):
        caller = message.caller if message.text.startswith(b"INVITE ") else None
        if caller is not None and message.target == server:
            came.setdefault(caller, message.at)
        elif caller is not None and message.target == agents:
            rang.setdefault(caller, message.at)
    return sorted(rang[caller] - came[caller] for caller in rang if caller in came)


def gaps_s(path: Path, *, server: int, agents: int) -> list[float]:
    """An agent's own BYE to that agent's next INVITE, where callers were waiting at the BYE, sorted."""
    waiting: set[bytes] = set()
    connected: set[bytes] = set()
    agent_of: dict[bytes, bytes] = {}
    free: dict[bytes, tuple[float, bool]] = {}
    gaps: list[float] = []
    for message in messages(path):
        if message.text.startswith(b"INVITE "):
            caller = message.caller
            if message.target == server and caller is not None and caller not in connected:
                waiting.add(caller)
            elif message.target == agents and message.call_id not in agent_of:
                target = _TARGET.match(message.text)
                agent = target.group(1) if target else b""
                agent_of[message.call_id] = agent
                if caller is not None:
                    waiting.discard(caller)
                    connected.add(caller)
                since = free.pop(agent, None)
                if since is not None and since[1]:
                    gaps.append(message.at - since[0])
        elif message.text.startswith(b"BYE ") and message.source == agents and message.call_id in agent_of:
            free[agent_of[message.call_id]] = (message.at, bool(waiting))
    return sorted(gaps)


def quantile(values: list[float], share: float) -> float:
    """Of sorted values; nan when there are none."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else float("nan")
