"""The softphone driver on pyVoIP, selectable instead of our own.

pyVoIP keeps 8-bit samples inside (about 25 dB of signal to noise in speech), rings for a second before it tells, knows
no re-INVITE, which our server never sends to an agent's phone, and lets a call ring on that was cancelled, which is
mended here. It works with threads, so everything it says crosses into the event loop here, and what blocks runs in an
executor of its own.
"""

import asyncio
import contextlib
import random
import socket
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from agent_app.softphone.account import Account, Caller
from agent_app.softphone.audio import FRAME_BYTES, AudioDevice, level_dbfs
from agent_app.softphone.driver import DriverUser

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # pyVoIP imports audioop
    from pyVoIP.VoIP import CallState, VoIPPhone

FRAME_SAMPLES = FRAME_BYTES // 2
FRAME_S = 0.02
RTP_RANGE = (10_000, 19_000)
RTP_PORTS_WANTED = 12
"""pyVoIP takes any port of its range without looking whether it is free; it gets a short one that is."""


class _Phone(VoIPPhone):
    """pyVoIP with CANCEL: a ringing call that the other side gave up is over."""

    def __init__(self, *where: Any, on_cancel: Callable[[Any], None], **options: Any) -> None:
        self._on_cancel = on_cancel
        super().__init__(*where, **options)

    def callback(self, request: Any) -> None:
        super().callback(request)
        if request.type.name == "MESSAGE" and request.method == "CANCEL":
            call = self.calls.get(request.headers["Call-ID"])
            if call is not None and call.state == CallState.RINGING:
                with contextlib.suppress(Exception):  # answered or denied in another thread at this moment
                    call.deny()
                self._on_cancel(call)


class PyVoipDriver:
    """See ``driver.Driver``."""

    def __init__(self, user: DriverUser, device: AudioDevice) -> None:
        self._user = user
        self._device = device
        self._threads = ThreadPoolExecutor(max_workers=3, thread_name_prefix="pyvoip")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._phone: Any = None
        self._call: Any = None
        self._muted = False
        self._is_answered = False
        self._is_ended_by_us = False
        self._levels = (-90.0, -90.0)
        self._has_media = False

    async def configure(self, account: Account) -> None:
        self._loop = asyncio.get_running_loop()
        await self._stop()
        self._user.registration_changed("registering", "")
        host = await self._loop.run_in_executor(self._threads, local_host, account)
        first = await self._loop.run_in_executor(self._threads, free_rtp_ports, host)
        self._phone = _Phone(
            account.host,
            account.port,
            account.user,
            account.password,
            myIP=host,
            callCallback=self._rings,
            on_cancel=self._is_cancelled,
            sipPort=free_port(host),
            rtpPortLow=first,
            rtpPortHigh=first + RTP_PORTS_WANTED,
        )
        try:
            await self._loop.run_in_executor(self._threads, self._phone.start)
        except Exception as error:  # pyVoIP raises its own kinds, and bare ones
            self._phone = None
            self._user.registration_changed("failed", str(error) or type(error).__name__)
            return
        self._user.registration_changed("registered", "")

    def unregister(self) -> None:
        if self._loop is not None:
            self._loop.create_task(self._leave())

    async def _leave(self) -> None:
        await self._stop()
        self._user.registration_changed("none", "")

    async def _stop(self) -> None:
        phone, self._phone = self._phone, None
        if phone is not None and self._loop is not None:
            await self._loop.run_in_executor(self._threads, phone.stop)

    async def answer(self) -> None:
        call = self._call
        if call is None or self._is_answered or self._loop is None:
            return
        self._is_answered = True
        self._device.start()
        try:
            await self._loop.run_in_executor(self._threads, call.answer)
        except Exception:  # pyVoIP could not open its ports, or the caller was gone
            self._over("failed")
            return
        self._user.call_established()
        self._loop.run_in_executor(self._threads, self._carry, call)

    def hang_up(self) -> None:
        call = self._call
        if call is None or self._loop is None:
            return
        self._is_ended_by_us = True
        self._loop.run_in_executor(self._threads, _end, call)
        if not self._is_answered:
            self._over()

    def mute(self, *, muted: bool) -> None:
        self._muted = muted

    @property
    def has_media(self) -> bool:
        return self._has_media

    @property
    def levels_dbfs(self) -> tuple[float, float]:
        return self._levels

    async def close(self) -> None:
        if self._call is not None:
            self.hang_up()
        await self._stop()
        self._threads.shutdown(wait=False, cancel_futures=True)

    # --- in pyVoIP's threads --------------------------------------------------------------------------------------

    def _rings(self, call: Any) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._ringing, call)

    def _is_cancelled(self, call: Any) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._cancelled, call)

    def _carry(self, call: Any) -> None:
        """Sound both ways until the call is over: 16-bit frames of the device, 8-bit ones of pyVoIP."""
        next_at = time.monotonic()
        while call.state == CallState.ANSWERED:
            heard = call.read_audio(FRAME_SAMPLES, blocking=False)
            frame = _widened(heard)
            self._has_media = self._has_media or any(byte != 0x80 for byte in heard)
            self._device.write(frame)
            said = bytes(FRAME_BYTES) if self._muted else self._device.read()
            self._levels = (level_dbfs(said), level_dbfs(frame))
            call.write_audio(narrowed(said))
            next_at += FRAME_S
            time.sleep(max(0.0, next_at - time.monotonic()))
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._over)

    # --- in the event loop ----------------------------------------------------------------------------------------

    def _cancelled(self, call: Any) -> None:
        if call is self._call and not self._is_answered:
            self._over("cancelled")

    def _ringing(self, call: Any) -> None:
        if call.state != CallState.RINGING:  # cancelled within the second that pyVoIP takes to tell
            return
        if self._call is not None:
            assert self._loop is not None
            self._loop.run_in_executor(self._threads, call.deny)
            return
        self._call, self._is_answered, self._is_ended_by_us, self._has_media = call, False, False, False
        headers = {str(name).lower(): value for name, value in call.request.headers.items()}
        number = str(headers.get("x-ieum-call", ""))
        caller = headers.get("from", {})
        self._user.call_ringing(
            Caller(
                number=str(caller.get("number", "")) if isinstance(caller, dict) else "",
                name=str(caller.get("caller", "")).strip('" ') if isinstance(caller, dict) else "",
                call=int(number) if number.isdigit() else 0,
                auto_answer="answer-after=0" in str(headers.get("call-info", "")),
            )
        )

    def _over(self, ended_by: str = "") -> None:
        if self._call is None:
            return
        self._call = None
        self._muted = False
        self._device.stop()
        self._user.call_ended(ended_by or ("ours" if self._is_ended_by_us else "theirs"))


def _end(call: Any) -> None:
    """Hang up or refuse; a call that has just ended by itself raises, which is what was wanted."""
    with contextlib.suppress(Exception):
        if call.state == CallState.ANSWERED:
            call.hangup()
        else:
            call.deny()


def _widened(unsigned: bytes) -> bytes:
    """8-bit unsigned to 16-bit signed."""
    samples = np.frombuffer(unsigned, dtype=np.uint8).astype(np.int16)
    wide: np.ndarray[Any, np.dtype[np.int16]] = (samples - 128) * np.int16(256)
    return wide.astype("<i2").tobytes().ljust(FRAME_BYTES, b"\0")


def narrowed(frame: bytes) -> bytes:
    """16-bit signed to 8-bit unsigned."""
    samples = np.frombuffer(frame, dtype="<i2")
    return ((samples >> 8) + 128).astype(np.uint8).tobytes()


def local_host(account: Account) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((account.host, account.port))
        return str(probe.getsockname()[0])


def free_port(host: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def free_rtp_ports(host: str) -> int:
    """The first of ``RTP_PORTS_WANTED`` + 1 ports that are free now. Raises OSError."""
    low, high = RTP_RANGE
    for _ in range(200):
        first = random.randrange(low, high, 2)
        if all(_is_free(host, port) for port in range(first, first + RTP_PORTS_WANTED + 1)):
            return first
    raise OSError("no free UDP ports for pyVoIP")


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
