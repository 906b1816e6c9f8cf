"""The core process's end of the socket to one media worker: commands out, reports in, ports handed out on the spot.

Commands are sent at once and in order; none waits for an answer, ``barrier()`` is there for those who must. Ports come
from the list that the worker gave when it was connected. It decides nothing about calls: after ``WorkerLost`` the
switch clears the legs that lived there, with the reason ``media_lost``.

Everything runs in one event loop; ``on_report`` and ``on_state`` are called from it and must not block.
"""

from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from cti_server.switch.embedded import media_protocol as wire
from cti_server.switch.embedded.media_connection import EpochRefused as EpochRefused
from cti_server.switch.embedded.media_connection import MediaConnection, MediaUnavailable
from cti_server.switch.embedded.media_protocol import AnyReport, CallInventory, Codec, LegStatistics, MediaDirection


class NoPortFree(MediaUnavailable):
    """Every port pair of the worker is in use."""


class WorkerReady(msgspec.Struct, frozen=True, kw_only=True):
    """Connected to a worker process. ``calls``: what lives there (empty when it is new)."""

    worker: str
    pid: int
    address: str
    calls: tuple[CallInventory, ...]


class WorkerLost(msgspec.Struct, frozen=True, kw_only=True):
    """The worker process ``worker`` is gone, and the media of all its calls with it."""

    worker: str


class Superseded(msgspec.Struct, frozen=True, kw_only=True):
    """A controller with a higher epoch took the worker over. The link stays closed."""


LinkState = WorkerReady | WorkerLost | Superseded


class MediaLink:
    """One worker. Ports come from ``allocate_port``; every other method sends a command and returns at once.

    ``socket_path``: ``<data>/run/media-N.sock``. ``epoch``: higher than that of every earlier core process.
    ``on_report`` gets every report but Welcome, Refused and Pong; ``on_state`` gets WorkerReady, WorkerLost,
    Superseded.
    """

    def __init__(
        self,
        *,
        socket_path: str | Path,
        epoch: int,
        on_report: Callable[[AnyReport], None],
        on_state: Callable[[LinkState], None] = lambda state: None,
        silence_limit_s: float = 10.0,
    ) -> None:
        self.address = ""
        """Where the worker's sockets are bound; the SDP carries it unless another one is configured."""
        self.worker = ""
        """Identifies the worker process; "" before the first connection and after it was lost."""
        self.pid = 0
        self.inventory: tuple[CallInventory, ...] = ()
        """What the worker had at the last connection."""
        self._on_report = on_report
        self._on_state = on_state
        self._free_ports: deque[int] = deque()
        self._ports: frozenset[int] = frozenset()
        self._allocated: set[int] = set()
        self._connection = MediaConnection(
            socket_path=socket_path,
            epoch=epoch,
            on_welcome=self._welcome,
            on_report=self._receive,
            on_lost=self._lose,
            on_superseded=lambda: on_state(Superseded()),
            silence_limit_s=silence_limit_s,
        )
        self._send = self._connection.send

    # --- life -----------------------------------------------------------------------------------------------------

    async def start(self, *, timeout_s: float = 10.0) -> tuple[CallInventory, ...]:
        """Connect and return the inventory; afterwards the link reconnects by itself until ``close``.

        :raises EpochRefused: a newer controller owns the worker.
        :raises MediaUnavailable: no worker answered in time.
        """
        await self._connection.start(timeout_s=timeout_s)
        return self.inventory

    async def close(self) -> None:
        """Leave the worker alone: its calls go on."""
        await self._connection.close()

    @property
    def is_connected(self) -> bool:
        return self._connection.is_connected

    @property
    def free_ports(self) -> int:
        """Number of port pairs not in use."""
        return len(self._free_ports)

    # --- legs -----------------------------------------------------------------------------------------------------

    def allocate_port(self) -> int:
        """An RTP port (even; RTCP is the next) that the worker has bound already. No round trip.

        :raises NoPortFree: all are taken.
        :raises MediaUnavailable: there is no worker now.
        """
        if not self.worker:
            raise MediaUnavailable("no media worker")
        if not self._free_ports:
            raise NoPortFree(f"{len(self._ports)} port pairs in use")
        port = self._free_ports.popleft()
        self._allocated.add(port)
        return port

    def release_port(self, port: int) -> None:
        """Give back a port that was allocated and never opened (``close_leg`` gives back the others)."""
        if port in self._allocated:
            self._allocated.discard(port)
            self._free_ports.append(port)

    def open_leg(self, *, call: int, leg: int, port: int, metadata: bytes = b"") -> None:
        """Give ``port`` to a leg. ``metadata`` comes back in the inventory after a restart."""
        self._send(wire.OpenLeg(call=call, leg=leg, port=port, metadata=metadata))

    def annotate(self, *, call: int, leg: int, metadata: bytes) -> None:
        """Replace the leg's metadata."""
        self._send(wire.Annotate(call=call, leg=leg, metadata=metadata))

    def set_remote(
        self,
        *,
        call: int,
        leg: int,
        address: str,
        port: int,
        codec: Codec = Codec.PCMU,
        payload_type: int = 0,
        event_type: int | None = 101,
        event_type_received: int | None = None,
        direction: MediaDirection = MediaDirection.SEND_RECEIVE,
        may_latch: bool = True,
        expect_rtp: bool = True,
    ) -> None:
        """What the peer's SDP says, in numbers (``address`` is an IP address, never a name). See
        ``media_protocol.SetRemote``."""
        self._send(
            wire.SetRemote(
                call=call,
                leg=leg,
                address=address,
                port=port,
                codec=codec,
                payload_type=payload_type,
                event_type=event_type,
                event_type_received=event_type_received,
                direction=direction,
                may_latch=may_latch,
                expect_rtp=expect_rtp,
            )
        )

    def connect_legs(self, *, call: int, leg: int, other: int) -> None:
        """Let two legs hear each other; stops what was played to either and ends hold of either."""
        self._send(wire.ConnectLegs(call=call, leg=leg, other=other))

    def disconnect_leg(self, *, call: int, leg: int) -> None:
        """Part a leg from its partner or conference."""
        self._send(wire.DisconnectLeg(call=call, leg=leg))

    def hold_leg(self, *, call: int, leg: int, music: str = "tone:music") -> None:
        """``leg`` hears music (a tone or a WAV path) and nobody hears it; its partner hears nothing."""
        self._send(wire.HoldLeg(call=call, leg=leg, music=music))

    def retrieve_leg(self, *, call: int, leg: int) -> None:
        """End of hold: the leg and its partner hear each other again."""
        self._send(wire.RetrieveLeg(call=call, leg=leg))

    def mute_leg(self, *, call: int, leg: int, muted: bool) -> None:
        """What this leg says is heard and recorded by nobody while muted."""
        self._send(wire.MuteLeg(call=call, leg=leg, muted=muted))

    def set_conference(self, *, call: int, legs: tuple[int, ...]) -> None:
        """Exactly these legs (2 to 8) hear each other, mixed; fewer than two end it. Replaces their connections."""
        self._send(wire.SetConference(call=call, legs=legs))

    def close_leg(self, *, call: int, leg: int) -> None:
        """⇒ ``LegClosed``, which also gives the port back."""
        self._send(wire.CloseLeg(call=call, leg=leg))

    def close_call(self, *, call: int) -> None:
        """Close every leg of the call and finish its recordings. ⇒ ``LegClosed`` for each leg."""
        self._send(wire.CloseCall(call=call))

    # --- sound ----------------------------------------------------------------------------------------------------

    def play(
        self,
        *,
        call: int,
        leg: int,
        play: int,
        items: tuple[str, ...],
        repeat: bool = False,
        stop_on_digit: bool = False,
    ) -> None:
        """⇒ ``PlayFinished(play)``. Items: WAV paths, ``tone:…`` (see ``media_protocol.Play``); ``play`` unique in
        the call."""
        self._send(wire.Play(call=call, leg=leg, play=play, items=items, repeat=repeat, stop_on_digit=stop_on_digit))

    def stop_playing(self, *, call: int, leg: int) -> None:
        """Stops prompts, tones and music on hold. ⇒ ``PlayFinished(end=stopped)`` of a play in progress."""
        self._send(wire.StopPlaying(call=call, leg=leg))

    def send_digits(self, *, call: int, leg: int, number: int, digits: str) -> None:
        """Key presses by RFC 4733. ⇒ ``DigitsSent(number)``; ``number`` unique in the call."""
        self._send(wire.SendDigits(call=call, leg=leg, number=number, digits=digits))

    def preload(self, *, items: tuple[str, ...]) -> None:
        """Have prompts read and encoded before anybody needs them."""
        self._send(wire.Preload(items=items))

    # --- recording ------------------------------------------------------------------------------------------------

    def start_recording(
        self,
        *,
        call: int,
        recording: int,
        path: str,
        agent_leg: int,
        customer_leg: int,
        codec: Codec = Codec.PCMU,
        silence_s: int = 0,
    ) -> None:
        """Absolute path; folders are made. ⇒ ``RecordingStarted`` or ``RecordingFailed``. Repeating it is harmless."""
        self._send(
            wire.StartRecording(
                call=call,
                recording=recording,
                path=path,
                agent_leg=agent_leg,
                customer_leg=customer_leg,
                codec=codec,
                silence_s=silence_s,
            )
        )

    def pause_recording(self, *, call: int, recording: int) -> None:
        """⇒ ``RecordingPaused(position_ms)``; silence in the file until resumed."""
        self._send(wire.PauseRecording(call=call, recording=recording))

    def resume_recording(self, *, call: int, recording: int) -> None:
        """⇒ ``RecordingResumed(position_ms)``."""
        self._send(wire.ResumeRecording(call=call, recording=recording))

    def stop_recording(self, *, call: int, recording: int, discard: bool = False) -> None:
        """⇒ ``RecordingFinished``; ``discard``: the file is removed."""
        self._send(wire.StopRecording(call=call, recording=recording, discard=discard))

    # --- asking ---------------------------------------------------------------------------------------------------

    async def barrier(self, *, timeout_s: float = 5.0) -> None:
        """Wait until everything sent so far was carried out (or reported as ``CommandFailed``).

        :raises MediaUnavailable: not in time, or the worker was lost.
        """
        await self._connection.barrier(timeout_s=timeout_s)

    async def get_inventory(self, *, timeout_s: float = 5.0) -> tuple[CallInventory, ...]:
        """All calls of the worker, as they are now. :raises MediaUnavailable: no answer."""
        report = await self._connection.ask(wire.GetInventory(token=0), timeout_s=timeout_s)
        assert isinstance(report, wire.InventoryReport)
        return report.calls

    async def get_statistics(self, *, call: int, leg: int, timeout_s: float = 5.0) -> LegStatistics:
        """Counters of one leg (zeros for an unknown one). :raises MediaUnavailable: no answer."""
        report = await self._connection.ask(wire.GetStatistics(call=call, leg=leg, token=0), timeout_s=timeout_s)
        assert isinstance(report, wire.StatisticsReport)
        return report.statistics

    # --- inside ---------------------------------------------------------------------------------------------------

    def _welcome(self, welcome: wire.Welcome, is_new: bool) -> None:
        self.worker, self.pid, self.address = welcome.worker, welcome.pid, welcome.address
        self.inventory = welcome.calls
        self._ports = frozenset(welcome.ports)
        if is_new:
            self._allocated.clear()
        free = [port for port in welcome.free_ports if port not in self._allocated]
        self._free_ports = deque(free)
        self._allocated |= self._ports - frozenset(welcome.free_ports)
        if is_new:
            self._on_state(
                WorkerReady(worker=welcome.worker, pid=welcome.pid, address=welcome.address, calls=welcome.calls)
            )

    def _lose(self, worker: str) -> None:
        self.worker = ""
        self._free_ports.clear()
        self._allocated.clear()
        self._on_state(WorkerLost(worker=worker))

    def _receive(self, report: AnyReport) -> None:
        if isinstance(report, wire.LegClosed) and report.port in self._allocated:
            self._allocated.discard(report.port)
            self._free_ports.append(report.port)
        self._on_report(report)
