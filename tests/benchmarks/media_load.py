"""The load of the media bench: so many phones that send 50 packets a second each, evenly spread, and count what they
get.

``python -m tests.benchmarks.media_load OWN SECONDS PORT…``: phone *n* is bound to OWN + n and talks to the n-th PORT.
Prints one line of JSON: sent, received, and the largest delay of a round of its own (a sign of an overloaded machine).
"""

import contextlib
import json
import socket
import sys
import time

from cti_server.media.rtp import HEADER, MASK_16, MASK_32

GROUPS = 10
PAYLOAD = bytes(range(160))


def phones(own: int, targets: list[int]) -> list[socket.socket]:
    made = []
    for number, target in enumerate(targets):
        phone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        phone.setblocking(False)
        phone.bind(("127.0.0.1", own + number))
        phone.connect(("127.0.0.1", target))
        made.append(phone)
    return made


def take(phone: socket.socket) -> int:
    with contextlib.suppress(OSError):
        phone.recv(2048)
        return 1
    return 0


def run(own: int, seconds: float, targets: list[int]) -> dict[str, float]:
    talking = phones(own, targets)
    groups = [talking[start::GROUPS] for start in range(GROUPS)]
    sent = received = 0
    latest = 0.0
    due = time.monotonic()
    for round_number in range(int(seconds * 50)):
        header = HEADER.pack(0x80, 0, round_number & MASK_16, round_number * 160 & MASK_32, 7)
        for group in groups:
            for phone in group:
                with contextlib.suppress(OSError):
                    sent += phone.send(header + PAYLOAD) > 0
                received += take(phone)
            due += 0.02 / GROUPS
            early = due - time.monotonic()
            latest = max(latest, -early)
            if early > 0:
                time.sleep(early)
    time.sleep(0.5)
    for phone in talking:
        while take(phone):
            received += 1
    return {"sent": sent, "received": received, "late_ms_max": round(latest * 1000, 1)}


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]), float(sys.argv[2]), [int(port) for port in sys.argv[3:]])))
