"""The worker's end of the control socket: who may command, what was carried out, and which reports are still owed.

One controller at a time. A higher epoch takes over and the earlier controller is told; a lower one is refused; the same
one may come back after a broken connection. Each (epoch, seq) is carried out once. What commands do is decided in
``worker``.
"""

import asyncio
import contextlib
import os
import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import cast

import msgspec

from cti_server.switch.embedded import media_protocol as wire

REPORTS_OWED_MAX = 10_000
UNSENT_BYTES_MAX = 16 * 1024 * 1024
"""A controller that does not read for so long is cut off; it comes back and gets the inventory."""
_CREDENTIALS = struct.Struct("3i")


class Control:
    """``execute`` carries a command out; ``welcome`` makes the first report; ``changed`` hears of controllers coming
    and going."""

    def __init__(
        self,
        *,
        execute: Callable[[wire.AnyCommand], None],
        welcome: Callable[[int], wire.Welcome],
        changed: Callable[[bool], None],
    ) -> None:
        self.execute = execute
        self._welcome = welcome
        self._changed = changed
        self._epoch = -1
        self._carried_out = 0
        self._controller: Connection | None = None
        self._number = 0
        self._owed: deque[wire.AnyDurable] = deque(maxlen=REPORTS_OWED_MAX)

    @property
    def has_controller(self) -> bool:
        return self._controller is not None

    @property
    def carried_out(self) -> int:
        return self._carried_out

    def report(self, report: wire.AnyReport) -> None:
        """Tell the controller; durable reports are kept until they are acknowledged."""
        if isinstance(report, wire.DurableReport):
            self._number += 1
            numbered = msgspec.structs.replace(report, number=self._number)
            self._owed.append(numbered)
            report = numbered
        if self._controller is not None:
            self._controller.send(report)

    def greet(self, connection: "Connection", hello: wire.Hello) -> bool:
        """A controller introduces itself; False: refused."""
        if hello.epoch < self._epoch:
            connection.send(wire.Refused(code="epoch", epoch=self._epoch))
            return False
        former, self._controller = self._controller, connection
        if hello.epoch > self._epoch:
            self._epoch, self._carried_out = hello.epoch, 0
            if former is not None:
                former.send(wire.Refused(code="superseded", epoch=hello.epoch))
        if former is not None:
            former.close()
        self._changed(True)
        connection.send(self._welcome(self._carried_out))
        for report in tuple(self._owed):
            connection.send(report)
        return True

    def take(self, connection: "Connection", command: wire.AnyCommand) -> None:
        """A command of a controller that was greeted."""
        if connection is not self._controller:
            return
        match command:
            case wire.AcknowledgeReports():
                while self._owed and self._owed[0].number <= command.number:
                    self._owed.popleft()
                return
            case wire.Ping():
                self._count(command.seq)
                connection.send(wire.Pong(token=command.token, carried_out=self._carried_out))
                return
        if command.seq > self._carried_out:
            self.execute(command)
            self._count(command.seq)

    def _count(self, seq: int) -> None:
        self._carried_out = max(self._carried_out, seq)

    def gone(self, connection: "Connection") -> None:
        if connection is self._controller:
            self._controller = None
            self._changed(False)


class Connection(asyncio.Protocol):
    """One connection to the control socket."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._frames = wire.FrameReader()
        self._transport: asyncio.Transport | None = None
        self._is_greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transports are no subclass of it
        if not _is_own_user(self._transport):
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        try:
            for payload in self._frames.feed(data):
                self._take(wire.decode_command(payload))
        except (wire.FrameTooLong, msgspec.MsgspecError):
            self.send(wire.Refused(code="protocol", epoch=0))
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._control.gone(self)

    def _take(self, command: wire.AnyCommand) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if isinstance(command, wire.Hello):
            self._is_greeted = self._control.greet(self, command)
            if not self._is_greeted:
                self.close()
        elif self._is_greeted:
            self._control.take(self, command)
        else:
            self.close()

    def send(self, report: wire.AnyReport) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        transport.write(wire.encode(report))
        if transport.get_write_buffer_size() > UNSENT_BYTES_MAX:
            transport.abort()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _is_own_user(transport: asyncio.Transport) -> bool:
    """The socket's folder and mode keep others out already; this holds even when they do not."""
    connected = transport.get_extra_info("socket")
    with contextlib.suppress(OSError, AttributeError):
        raw = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        return _CREDENTIALS.unpack(raw)[1] in (os.getuid(), 0)
    return False
