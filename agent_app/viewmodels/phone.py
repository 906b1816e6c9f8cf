"""The phone as the window sees it: a socket to the softphone's own process, or a hard phone that is lifted by hand.

Decides nothing about calls of the centre; says what the phone reported and passes orders on. Uses Qt's socket in the Qt
thread, so that no thread is crossed. Works while the server's link is down.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtNetwork import QAbstractSocket, QNetworkProxy, QTcpSocket

from agent_app.softphone.messages import (
    Answer,
    Attach,
    Configure,
    HangUp,
    LoadSound,
    Mute,
    PhoneStatus,
    PlaySound,
    Quit,
    Rendezvous,
    StopSound,
    TestAudio,
    Unregister,
    WindowMessage,
    decode_from_phone,
    encode_line,
)
from cti_server.wire.server import PhoneAccount

RETRY_MS = 400
LINE_BYTES_MAX = 256 * 1024
PIECE_BYTES = 32 * 1024
"""Of a sound, in one line to the phone."""


class Phone(QObject):
    """`rendezvous` None: a hard phone; then nothing is known and nothing can be ordered here."""

    changed = Signal()

    def __init__(self, rendezvous: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rendezvous = rendezvous
        self.status: PhoneStatus | None = None
        self._account: PhoneAccount | None = None
        self._socket: QTcpSocket | None = None
        self._buffer = bytearray()
        self._retry = QTimer(self)
        self._retry.setInterval(RETRY_MS)
        self._retry.timeout.connect(self._connect)
        if rendezvous is not None:
            self._retry.start()
            self._connect()

    # --- what others read ------------------------------------------------------------------------------------------

    @property
    def is_hard_phone(self) -> bool:
        return self._rendezvous is None

    @property
    def is_attached(self) -> bool:
        return self.status is not None

    @property
    def is_registered(self) -> bool:
        return self.status is not None and self.status.registration == "registered"

    @property
    def is_muted(self) -> bool:
        return self.status is not None and self.status.muted

    def is_ringing(self, call: int) -> bool:
        found = self.status.call if self.status else None
        return found is not None and found.state == "ringing" and found.call in (0, call)

    def is_talking(self, call: int) -> bool:
        """The phone's side is up. For a hard phone the server's word counts, so this is True."""
        if self.is_hard_phone or self.status is None:
            return True
        found = self.status.call
        return found is not None and found.state == "established" and found.call in (0, call)

    # --- orders ----------------------------------------------------------------------------------------------------

    def configure(self, account: PhoneAccount | None) -> None:
        """Register with what the server gave at sign-in; said again whenever the phone's process comes back."""
        self._account = account
        self._send_account()

    def answer(self) -> None:
        self._send(Answer())

    def hang_up(self) -> None:
        self._send(HangUp())

    def mute(self, muted: bool) -> None:
        self._send(Mute(muted=muted))

    def load_sound(self, sound: int, law: str, data: bytes) -> None:
        for start in range(0, len(data), PIECE_BYTES):
            self._send(LoadSound(sound=sound, law=law, start=start, data=data[start : start + PIECE_BYTES]))

    def play_sound(self, sound: int, at_ms: int) -> None:
        self._send(PlaySound(sound=sound, at_ms=at_ms))

    def stop_sound(self) -> None:
        self._send(StopSound())

    def test_audio(self) -> None:
        self._send(TestAudio())

    def quit(self) -> None:
        """The window closes in good order: the phone's process ends too, once no call is up."""
        self._send(Quit())
        if self._socket is not None:
            self._socket.flush()

    def unregister(self) -> None:
        self._account = None
        self._send(Unregister())

    # --- the socket ------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        if self._socket is not None or self._rendezvous is None:
            return
        try:
            place = msgspec.json.decode(self._rendezvous.read_bytes(), type=Rendezvous)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return
        socket = QTcpSocket(self)
        socket.setProxy(QNetworkProxy(QNetworkProxy.ProxyType.NoProxy))
        socket.connected.connect(self._on_connected)
        socket.readyRead.connect(self._on_ready)
        socket.disconnected.connect(self._on_lost)
        socket.errorOccurred.connect(self._on_lost)
        self._socket, self._token = socket, place.token
        socket.connectToHost("127.0.0.1", place.port)

    def _on_connected(self) -> None:
        self._send(Attach(token=self._token))
        self._send_account()

    def _send_account(self) -> None:
        if self._account is not None:
            account = self._account
            self._send(
                Configure(
                    host=account.host,
                    port=account.port,
                    transport=account.transport,
                    extension=account.extension,
                    user=account.user,
                    password=account.password,
                )
            )

    def _on_ready(self) -> None:
        if self._socket is None:
            return
        self._buffer += bytes(self._socket.readAll().data())
        if len(self._buffer) > LINE_BYTES_MAX:
            self._socket.abort()
            return
        newest: PhoneStatus | None = None
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            with contextlib.suppress(msgspec.DecodeError):
                newest = decode_from_phone(line)
        if newest is not None and newest != self.status:
            self.status = newest
            self.changed.emit()

    def _on_lost(self, *_: object) -> None:
        socket, self._socket = self._socket, None
        self._buffer.clear()
        if socket is not None:
            socket.deleteLater()
        if self.status is not None:
            self.status = None
            self.changed.emit()

    def _send(self, message: WindowMessage) -> None:
        if self._socket is not None and self._socket.state() == QAbstractSocket.SocketState.ConnectedState:
            self._socket.write(encode_line(message))
