"""The media worker: its calls and ports, the table of commands, and the two slow clocks (ten a second, one a second).

It knows calls and legs only by the numbers that the controller gave them. It goes on without a controller, ends calls
whose media died, and itself when nobody needs it.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable

import structlog

from cti_server.switch.embedded import media_protocol as wire
from cti_server.switch.embedded.media.call import MediaCall
from cti_server.switch.embedded.media.control import Connection, Control
from cti_server.switch.embedded.media.leg import Leg
from cti_server.switch.embedded.media.ports import PortPair
from cti_server.switch.embedded.media.vigil import Vigil
from cti_server.switch.embedded.media.workshop import Workshop

log = structlog.get_logger(__name__)

CALLS_MAX = 5_000
FLUSH_INTERVAL_S = 0.1
SWEEP_INTERVAL_S = 1.0
STALL_S = 0.15
"""So much too late, and packets wait in the sockets whose arrival says nothing about when they were spoken."""
STOP_TIMEOUT_S = 10.0


class MediaWorker:
    """``done`` is set when the worker may end."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        pairs: dict[int, PortPair],
        address: str,
        media_timeout_s: float,
        idle_exit_s: float,
        pid: int,
    ) -> None:
        self.done = asyncio.Event()
        self.name = secrets.token_hex(8)
        self._loop = loop
        self._pairs = pairs
        self._address = address
        self._pid = pid
        self._calls: dict[int, MediaCall] = {}
        self._users: dict[int, tuple[int, int]] = {}
        self._vigil = Vigil(media_timeout_s=media_timeout_s, idle_exit_s=idle_exit_s, now=time.monotonic())
        self._control = Control(execute=self._execute, welcome=self._welcome, changed=self._control_changed)
        self._shop = Workshop(loop, self._control.report, f"ieum-{self.name}")
        self._swept_at = time.monotonic()
        self._timers: list[asyncio.TimerHandle] = []
        self._repeat(FLUSH_INTERVAL_S, self._flush)
        self._repeat(SWEEP_INTERVAL_S, self._sweep)

    def connect(self) -> Connection:
        """A protocol for a new connection to the control socket."""
        return Connection(self._control)

    async def finish(self) -> None:
        """Close all calls and wait until their recordings are on disk and reported (a clean end)."""
        for call in tuple(self._calls.values()):
            self._close_call(call)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_TIMEOUT_S):
                while any(call.recordings for call in self._calls.values()):
                    await asyncio.sleep(FLUSH_INTERVAL_S)

    def close(self) -> None:
        """Give threads and sockets back."""
        self._shop.sink.stop(timeout_s=STOP_TIMEOUT_S)
        self._shop.clips.close()
        for timer in self._timers:
            timer.cancel()
        for pair in self._pairs.values():
            pair.close()

    def _repeat(self, interval_s: float, work: Callable[[], None]) -> None:
        index = len(self._timers)

        def run() -> None:
            self._timers[index] = self._loop.call_later(interval_s, run)
            work()

        self._timers.append(self._loop.call_later(interval_s, run))

    # --- the slow clocks ---------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        for call in self._calls.values():
            call.recordings.flush()

    def _sweep(self) -> None:
        now = time.monotonic()
        is_on_time = now - self._swept_at < SWEEP_INTERVAL_S + STALL_S
        self._swept_at = now
        for call in self._calls.values():
            call.look_after(is_on_time=is_on_time)
        for leg in self._vigil.newly_lost(self._calls.values(), now):
            self._control.report(wire.MediaLost(call=leg.call, leg=leg.number))
        for call in [call for call in self._calls.values() if self._vigil.is_dead(call)]:
            log.info("call without media ended", call=call.number)
            self._close_call(call)
            self._control.report(wire.CallEnded(call=call.number, reason="media_lost"))
        for number in [number for number, call in self._calls.items() if not call.legs and not call.recordings]:
            del self._calls[number]
        if self._vigil.may_exit(calls=len(self._calls), now=now):
            log.info("neither calls nor controller: the worker ends")
            self.done.set()

    def _control_changed(self, has_controller: bool) -> None:
        self._vigil.control_changed(has_controller=has_controller, now=time.monotonic())

    # --- telling -----------------------------------------------------------------------------------------------------

    def _welcome(self, carried_out: int) -> wire.Welcome:
        return wire.Welcome(
            worker=self.name,
            pid=self._pid,
            address=self._address,
            ports=tuple(self._pairs),
            free_ports=self._free_ports(),
            calls=self._inventory(),
            carried_out=carried_out,
        )

    def _free_ports(self) -> tuple[int, ...]:
        return tuple(port for port in self._pairs if port not in self._users)

    def _inventory(self) -> tuple[wire.CallInventory, ...]:
        return tuple(call.inventory() for call in self._calls.values())

    # --- commands ----------------------------------------------------------------------------------------------------

    def _execute(self, command: wire.AnyCommand) -> None:
        try:
            problem = self._carry_out(command)
        except Exception:
            # An edge: a mistake of ours in one command must not cost the connection, on which all calls hang.
            log.exception("media command not carried out", command=type(command).__name__)
            problem = "internal"
        if problem and isinstance(command, wire.CallCommand):
            leg = command.leg if isinstance(command, wire.LegCommand) else 0
            self._control.report(
                wire.CommandFailed(call=command.call, leg=leg, command=type(command).__name__, code=problem)
            )

    def _carry_out(self, command: wire.AnyCommand) -> str:
        match command:
            case wire.OpenLeg():
                return self._open_leg(command)
            case wire.GetInventory():
                self._control.report(
                    wire.InventoryReport(token=command.token, calls=self._inventory(), free_ports=self._free_ports())
                )
            case wire.Preload():
                for item in command.items:
                    self._shop.clips.fetch((item,), lambda outcome: None)
            case wire.LegCommand():
                return self._on_leg(command)
            case wire.CallCommand():
                return self._on_call(command)
        return ""

    def _open_leg(self, command: wire.OpenLeg) -> str:
        user = self._users.get(command.port)
        if user == (command.call, command.leg):
            return ""
        pair = self._pairs.get(command.port)
        call = self._calls.get(command.call)
        if pair is None:
            return "no_such_port"
        if user is not None or (call is not None and command.leg in call.legs):
            return "port_in_use"
        if call is None:
            if len(self._calls) >= CALLS_MAX:
                return "limit"
            call = self._calls[command.call] = MediaCall(command.call, self._shop)
        problem = call.open_leg(command.leg, pair, command.metadata)
        if not problem:
            self._users[command.port] = (command.call, command.leg)
        return problem

    def _on_leg(self, command: wire.LegCommand) -> str:
        call = self._calls.get(command.call)
        leg = None if call is None else call.legs.get(command.leg)
        if call is None or leg is None:
            return self._without_leg(command)
        match command:
            case wire.SetRemote():
                return leg.set_remote(command)
            case wire.ConnectLegs():
                other = call.legs.get(command.other)
                return "no_such_leg" if other is None else call.connect(leg, other)
            case wire.SendDigits():
                return call.send_digits(leg, command)
            case _:
                self._order_leg(call, leg, command)
        return ""

    def _order_leg(self, call: MediaCall, leg: Leg, command: wire.LegCommand) -> None:
        """Commands on a leg that cannot fail."""
        match command:
            case wire.Annotate():
                leg.metadata = command.metadata
            case wire.DisconnectLeg():
                call.part(leg)
            case wire.HoldLeg():
                call.hold(leg, command.music)
            case wire.RetrieveLeg():
                call.retrieve(leg)
            case wire.MuteLeg():
                call.mute(leg, muted=command.muted)
            case wire.Play():
                call.play(leg, command)
            case wire.StopPlaying():
                call.stop_playing(leg)
            case wire.CloseLeg():
                self._close_leg(call, leg.number)
            case wire.GetStatistics():
                self._report_statistics(command, call.statistics(leg))

    def _without_leg(self, command: wire.LegCommand) -> str:
        """A leg that is not there: closing it again is no mistake."""
        if isinstance(command, wire.GetStatistics):
            self._report_statistics(command, wire.LegStatistics())
            return ""
        return "" if isinstance(command, wire.CloseLeg) else "no_such_leg"

    def _report_statistics(self, command: wire.GetStatistics, statistics: wire.LegStatistics) -> None:
        self._control.report(
            wire.StatisticsReport(call=command.call, leg=command.leg, token=command.token, statistics=statistics)
        )

    def _on_call(self, command: wire.CallCommand) -> str:
        call = self._calls.get(command.call)
        if call is None:
            return "" if isinstance(command, wire.CloseCall) else "no_such_call"
        match command:
            case wire.StartRecording():
                return call.recordings.start(command)
            case wire.PauseRecording():
                return call.recordings.pause(command.recording)
            case wire.ResumeRecording():
                return call.recordings.resume(command.recording)
            case wire.StopRecording():
                return call.recordings.stop(command.recording, discard=command.discard)
            case wire.SetConference():
                return call.confer(command.legs)
            case wire.CloseCall():
                self._close_call(call)
        return ""

    def _close_call(self, call: MediaCall) -> None:
        for number in tuple(call.legs):
            self._close_leg(call, number)

    def _close_leg(self, call: MediaCall, number: int) -> None:
        pair = call.close_leg(number)
        if pair is not None:
            self._users.pop(pair.port, None)
