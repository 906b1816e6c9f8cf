"""The floor of the media bench: a relay that does nothing but forward, on connected sockets, with uvloop.

``python -m tests.benchmarks.bare_relay OWN PEER COUNT``: COUNT pairs of ports from OWN on, connected to ports from
PEER on.
Prints ``ready`` and runs until its input ends.
"""

import asyncio
import socket
import sys
from collections.abc import Callable

import uvloop


def connected(own: int, peer: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind(("127.0.0.1", own))
    made.connect(("127.0.0.1", peer))
    return made


def forward(receive: Callable[[int], bytes], send: Callable[[bytes], int]) -> Callable[[], None]:
    def read() -> None:
        try:
            send(receive(2048))
        except OSError:
            return

    return read


async def run(own: int, peer: int, pairs: int) -> None:
    loop = asyncio.get_running_loop()
    sockets = [connected(own + number, peer + number) for number in range(2 * pairs)]
    for number, one in enumerate(sockets):
        loop.add_reader(one.fileno(), forward(one.recv, sockets[number ^ 1].send))
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    print("ready", flush=True)
    await ended.wait()


if __name__ == "__main__":
    uvloop.run(run(*(int(argument) for argument in sys.argv[1:4])))
