"""One call in the worker: its legs, who is connected with whom, and its recordings.

It carries out commands on legs; every one may come twice. What cannot be done is answered by a code, never by an
exception. Sockets are the legs' affair, files the sink's.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Callable

from cti_server.media.dtmf import KEYS
from cti_server.media.g711 import RATE
from cti_server.switch.embedded import media_protocol as wire
from cti_server.switch.embedded.media.clips import TONE_PREFIX, Clip, ClipProblem, ClipStore
from cti_server.switch.embedded.media.conference import LEGS_MAX, Conference
from cti_server.switch.embedded.media.leg import Leg
from cti_server.switch.embedded.media.outgoing import Outgoing
from cti_server.switch.embedded.media.player import Player
from cti_server.switch.embedded.media.ports import PortPair
from cti_server.switch.embedded.media.recording import Channel, Recording
from cti_server.switch.embedded.media.rtcp_session import RtcpSession, jitter_ms
from cti_server.switch.embedded.media.sink import Finished, RecordingSink
from cti_server.switch.embedded.media.ticker import Ticker

NAMES_REMEMBERED = 1_000
"""Plays and digits of one call that are known to have been ordered already."""
RECORDINGS_MAX = 16
LEGS_OF_CALL_MAX = 16


class Workshop:
    """What all calls of the worker share."""

    def __init__(self, loop: asyncio.AbstractEventLoop, report: Callable[[wire.AnyReport], None], name: str) -> None:
        self.loop = loop
        self.report = report
        self.name = name
        self.ticker = Ticker(loop)
        self.clips = ClipStore(loop)
        self.sink = RecordingSink()


class MediaCall:
    """Methods return "" or the code of what is wrong with the command."""

    def __init__(self, number: int, shop: Workshop) -> None:
        self.number = number
        self.legs: dict[int, Leg] = {}
        self.recordings: dict[int, Recording] = {}
        self._shop = shop
        self._rtcp: dict[int, RtcpSession] = {}
        self._conference = Conference(shop.ticker)
        self._named: dict[tuple[str, int], None] = {}
        self._latest_play: dict[int, int] = {}

    # --- legs -------------------------------------------------------------------------------------------------------

    def open_leg(self, number: int, pair: PortPair, metadata: bytes) -> str:
        if len(self.legs) >= LEGS_OF_CALL_MAX:
            return "limit"
        out = Outgoing(ssrc=secrets.randbits(32), sequence=secrets.randbits(15), timestamp=secrets.randbits(32))
        shop = self._shop
        leg = Leg(
            call=self.number,
            number=number,
            pair=pair,
            metadata=metadata,
            out=out,
            loop=shop.loop,
            ticker=shop.ticker,
            report=shop.report,
        )
        self.legs[number] = leg
        self._rtcp[number] = RtcpSession(leg, shop.loop, shop.name)
        return ""

    def close_leg(self, number: int) -> PortPair | None:
        """The port that is free again."""
        leg = self.legs.get(number)
        if leg is None:
            return None
        statistics = self.statistics(leg)
        leg.stop_playing()
        self.part(leg)
        del self.legs[number]
        self._rtcp.pop(number).close()
        leg.close()
        self._shop.report(wire.LegClosed(call=self.number, leg=number, statistics=statistics, port=leg.pair.port))
        if not self.legs:
            for recording in tuple(self.recordings):
                self.stop_recording(recording)
        return leg.pair

    def connect(self, leg: Leg, other: Leg) -> str:
        if leg is other:
            return "same_leg"
        for one in (leg, other):
            one.is_held = False
            one.stop_playing()
            self._latest_play.pop(one.number, None)
        if leg.partner is other and other.partner is leg:
            leg.changed()
            return ""
        self.part(leg)
        self.part(other)
        leg.partner, other.partner = other, leg
        leg.changed()
        return ""

    def part(self, leg: Leg) -> None:
        """Leave partner and conference."""
        if leg.conference is not None:
            leg.conference.leave(leg)
        partner, leg.partner = leg.partner, None
        if partner is not None:
            partner.partner = None
            partner.refresh()
        leg.refresh()

    def hold(self, leg: Leg, music: str) -> None:
        if not leg.is_held:
            leg.is_held = True
            leg.changed()
        if leg.player is None or leg.player.play is not None:
            self._fetch(leg, (music,), lambda clips: Player(clips, play=None, repeat=True), play=None)

    def retrieve(self, leg: Leg) -> None:
        if leg.is_held:
            leg.is_held = False
            self._latest_play.pop(leg.number, None)
            leg.stop_playing()
            leg.changed()

    def mute(self, leg: Leg, *, muted: bool) -> None:
        if leg.is_muted != muted:
            leg.is_muted = muted
            leg.changed()

    def confer(self, numbers: tuple[int, ...]) -> str:
        legs = [self.legs[number] for number in numbers if number in self.legs]
        if len(legs) != len(numbers):
            return "no_such_leg"
        if len(legs) > LEGS_MAX:
            return "limit"
        for leg in self._conference.legs:
            if leg not in legs or len(legs) < 2:
                self._conference.leave(leg)
        if len(legs) >= 2:
            for leg in legs:
                if leg.conference is None:
                    self.part(leg)
                    leg.is_held = False
                    leg.stop_playing()
                self._conference.join(leg)
        return ""

    # --- sound ------------------------------------------------------------------------------------------------------

    def play(self, leg: Leg, command: wire.Play) -> None:
        if self._is_known("play", command.play):
            return

        def make(clips: list[Clip]) -> Player:
            return Player(clips, play=command.play, repeat=command.repeat, stop_on_digit=command.stop_on_digit)

        self._fetch(leg, command.items, make, play=command.play)

    def stop_playing(self, leg: Leg) -> None:
        self._latest_play.pop(leg.number, None)
        leg.stop_playing()

    def send_digits(self, leg: Leg, command: wire.SendDigits) -> str:
        """As telephone events, or as sound where the peer takes none."""
        if self._is_known("digits", command.number):
            return ""
        if leg.remote is not None and leg.remote.event_type is not None:
            return "" if leg.send_keys(command.number, command.digits) else "limit"
        keys = [key for key in command.digits.upper() if key in KEYS]
        items = [item for key in keys for item in (f"{TONE_PREFIX}key:{key}", f"{TONE_PREFIX}silence:80")]
        self._fetch(leg, tuple(items), lambda clips: Player(clips, play=None, digits=command.number), play=None)
        return ""

    def _is_known(self, kind: str, name: int) -> bool:
        if (kind, name) in self._named:
            return True
        self._named[(kind, name)] = None
        while len(self._named) > NAMES_REMEMBERED:
            del self._named[next(iter(self._named))]
        return False

    def _fetch(
        self, leg: Leg, items: tuple[str, ...], make: Callable[[list[Clip]], Player], *, play: int | None
    ) -> None:
        """Start when the clips are there, unless something else was ordered meanwhile."""
        token = secrets.randbits(62)
        self._latest_play[leg.number] = token

        def fetched(outcome: list[Clip] | ClipProblem) -> None:
            is_wanted = self.legs.get(leg.number) is leg and self._latest_play.get(leg.number) == token
            if is_wanted and not isinstance(outcome, ClipProblem):
                leg.start_playing(make(outcome))
            elif play is not None:
                end = wire.PlayEnd.FAILED if isinstance(outcome, ClipProblem) else wire.PlayEnd.STOPPED
                problem = str(outcome) if isinstance(outcome, ClipProblem) else ""
                self._shop.report(
                    wire.PlayFinished(call=self.number, leg=leg.number, play=play, end=end, problem=problem)
                )

        self._shop.clips.fetch(items, fetched)

    # --- recording --------------------------------------------------------------------------------------------------

    def start_recording(self, command: wire.StartRecording) -> str:
        if command.recording in self.recordings or ("recording", command.recording) in self._named:
            return ""
        agent, customer = self.legs.get(command.agent_leg), self.legs.get(command.customer_leg)
        if agent is None or customer is None:
            return "no_such_leg"
        if len(self.recordings) >= RECORDINGS_MAX:
            return "limit"
        number = command.recording
        self._is_known("recording", number)

        def report(what: str, outcome: Finished) -> None:
            """In the sink's thread; the loop may be closed when the process ends."""
            with contextlib.suppress(RuntimeError):
                self._shop.loop.call_soon_threadsafe(self._settled, number, what, outcome)

        recording = Recording(
            number=number,
            path=command.path,
            codec=command.codec,
            agent_leg=command.agent_leg,
            customer_leg=command.customer_leg,
            sink=self._shop.sink,
            report=report,
        )
        self.recordings[number] = recording
        self._tap(recording)
        return ""

    def pause_recording(self, number: int) -> str:
        recording = self.recordings.get(number)
        if recording is None:
            return "no_such_recording"
        position_ms = recording.pause()
        self._tap(recording)
        self._shop.report(wire.RecordingPaused(call=self.number, recording=number, position_ms=position_ms))
        return ""

    def resume_recording(self, number: int) -> str:
        recording = self.recordings.get(number)
        if recording is None:
            return "no_such_recording"
        position_ms = recording.resume()
        self._tap(recording)
        self._shop.report(wire.RecordingResumed(call=self.number, recording=number, position_ms=position_ms))
        return ""

    def stop_recording(self, number: int) -> str:
        recording = self.recordings.get(number)
        if recording is None:
            return "no_such_recording"
        recording.stop()
        self._tap(recording)
        return ""

    def look_after(self) -> None:
        """Once a second: counters, RTCP, drift of the recorded channels."""
        for number, leg in self.legs.items():
            leg.note_reception()
            self._rtcp[number].report_if_due()
            if leg.tap is not None:
                leg.tap.correct(leg.timestamp)

    def flush_recordings(self) -> None:
        for recording in self.recordings.values():
            recording.flush()

    def _tap(self, recording: Recording) -> None:
        """Lay the channels to the legs, or take them away."""
        is_kept = recording.is_open and not recording.is_paused
        for leg_number, channel in (
            (recording.agent_leg, recording.agent),
            (recording.customer_leg, recording.customer),
        ):
            leg = self.legs.get(leg_number)
            if leg is not None:
                self._tap_leg(leg, channel, is_kept=is_kept, is_customer=channel is recording.customer)

    def _tap_leg(self, leg: Leg, channel: Channel, *, is_kept: bool, is_customer: bool) -> None:
        if is_kept:
            channel.speak(leg.codec)
            leg.tap, leg.is_speaker_kept = channel, is_customer
        elif leg.tap is channel:
            leg.tap = None
        leg.refresh()

    def _settled(self, number: int, what: str, outcome: Finished) -> None:
        """The sink did something with the file of a recording."""
        recording = self.recordings.get(number)
        if recording is None:
            return
        call, path, report = self.number, recording.path, self._shop.report
        if what == "opened":
            report(wire.RecordingStarted(call=call, recording=number, path=path))
            return
        recording.abandon()
        self._tap(recording)
        del self.recordings[number]
        if what == "failed":
            report(wire.RecordingFailed(call=call, recording=number, path=path, reason=outcome.problem))
            return
        report(
            wire.RecordingFinished(
                call=call,
                recording=number,
                path=path,
                duration_ms=outcome.data_bytes // 2 * 1000 // RATE,
                size_bytes=outcome.size_bytes,
                sha256=outcome.sha256,
                agent_heard=outcome.agent_heard,
                customer_heard=outcome.customer_heard,
            )
        )

    # --- telling ----------------------------------------------------------------------------------------------------

    def statistics(self, leg: Leg) -> wire.LegStatistics:
        session = self._rtcp.get(leg.number)
        return wire.LegStatistics(
            packets_received=leg.received,
            packets_sent=leg.packets_sent,
            lost=leg.reception.lost,
            jitter_ms=jitter_ms(leg),
            from_strangers=leg.strangers,
            malformed=leg.malformed,
            round_trip_ms=None if session is None else session.round_trip_ms,
            remote_lost=None if session is None else session.remote_lost,
        )

    def inventory(self) -> wire.CallInventory:
        return wire.CallInventory(
            call=self.number,
            legs=tuple(self._leg_inventory(leg) for leg in self.legs.values()),
            recordings=tuple(
                wire.RecordingInventory(
                    recording=recording.number,
                    path=recording.path,
                    position_ms=recording.position_ms(),
                    paused=recording.is_paused,
                )
                for recording in self.recordings.values()
            ),
        )

    def _leg_inventory(self, leg: Leg) -> wire.LegInventory:
        remote = leg.remote
        return wire.LegInventory(
            leg=leg.number,
            port=leg.pair.port,
            metadata=leg.metadata,
            remote_address="" if remote is None else remote.address,
            remote_port=0 if remote is None else remote.port,
            codec=leg.codec,
            direction=wire.MediaDirection.SEND_RECEIVE if remote is None else remote.direction,
            partner=None if leg.partner is None else leg.partner.number,
            held=leg.is_held,
            muted=leg.is_muted,
            playing=None if leg.player is None else leg.player.play,
            in_conference=leg.conference is not None,
            lost_media=leg.is_lost,
            statistics=self.statistics(leg),
        )
