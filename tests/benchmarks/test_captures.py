"""Set-up times and gaps are read from a capture as a person with the packets on paper would."""

import struct
from pathlib import Path

import pytest

from tests.benchmarks.captures import gaps_s, quantile, setup_times_s

SERVER, CALLERS, AGENTS = 5060, 6000, 7000


def capture(file: Path, *messages: tuple[float, int, int, str]) -> Path:
    """(seconds, from port, to port, text)"""
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    for at, source, target, text in messages:
        udp = struct.pack("!HHHH", source, target, 8 + len(text), 0) + text.encode()
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\x7f\0\0\1", b"\x7f\0\0\1")
        frame = bytes(14) + ip + udp
        out.append(struct.pack("<IIII", int(at), round(at % 1 * 1e6), len(frame), len(frame)) + frame)
    file.write_bytes(b"".join(out))
    return file


def invite(caller: int, to: str = "1588", call: str = "") -> str:
    return (
        f'INVITE sip:{to}@127.0.0.1 SIP/2.0\r\nFrom: "c{caller}" <sip:x@y>;tag=1\r\nCall-ID: {call or caller}\r\n\r\n'
    )


def bye(call: str) -> str:
    return f"BYE sip:x@y SIP/2.0\r\nFrom: <sip:agent@y>\r\nCall-ID: {call}\r\n\r\n"


def test_set_up_is_from_the_first_invite_to_the_first_invite(tmp_path: Path) -> None:
    file = capture(
        tmp_path / "c.pcap",
        (1.0, CALLERS, SERVER, invite(1)),
        (1.5, CALLERS, SERVER, invite(1)),
        (1.6, SERVER, AGENTS, invite(1, "agent1", "a1")),
        (2.0, CALLERS, SERVER, invite(2)),
        (2.25, SERVER, AGENTS, invite(2, "agent2", "a2")),
        (3.0, CALLERS, SERVER, invite(3)),
    )
    assert setup_times_s(file, server=SERVER, agents=AGENTS) == pytest.approx([0.25, 0.6])


def test_a_gap_counts_only_while_somebody_waits(tmp_path: Path) -> None:
    file = capture(
        tmp_path / "c.pcap",
        (1.0, CALLERS, SERVER, invite(1)),
        (1.1, SERVER, AGENTS, invite(1, "agent1", "a1")),
        (2.0, CALLERS, SERVER, invite(2)),
        (3.0, AGENTS, SERVER, bye("a1")),
        (3.2, SERVER, AGENTS, invite(2, "agent1", "a2")),
        (4.0, AGENTS, SERVER, bye("a2")),
        (5.0, CALLERS, SERVER, invite(3)),
        (5.1, SERVER, AGENTS, invite(3, "agent1", "a3")),
    )
    assert gaps_s(file, server=SERVER, agents=AGENTS) == pytest.approx([0.2])


def test_a_quantile_of_nothing_is_no_number() -> None:
    assert quantile([1.0, 2.0, 3.0], 0.5) == 2.0
    assert quantile([], 0.5) != quantile([], 0.5)
