"""One call in the worker: its legs, who is connected with whom, and what is played to whom.

It carries out commands on legs; every one may come twice. What cannot be done is answered by a code, never by an
exception. Sockets are the legs' affair, files the sink's.
"""

import secrets
from collections.abc import Callable

from cti_server.media.dtmf import KEYS
from cti_server.switch.embedded import media_protocol as wire
from cti_server.switch.embedded.media.call_recordings import CallRecordings
from cti_server.switch.embedded.media.clips import TONE_PREFIX, Clip, ClipProblem
from cti_server.switch.embedded.media.conference import LEGS_MAX, Conference
from cti_server.switch.embedded.media.inventory import inventory_of, statistics_of
from cti_server.switch.embedded.media.leg import Leg
from cti_server.switch.embedded.media.outgoing import Outgoing
from cti_server.switch.embedded.media.player import Player
from cti_server.switch.embedded.media.ports import PortPair
from cti_server.switch.embedded.media.rtcp_session import RtcpSession
from cti_server.switch.embedded.media.workshop import Workshop

NAMES_REMEMBERED = 1_000
"""Plays and digits of one call that are known to have been ordered already."""
LEGS_OF_CALL_MAX = 16


class MediaCall:
    """Methods return "" or the code of what is wrong with the command."""

    def __init__(self, number: int, shop: Workshop) -> None:
        self.number = number
        self.legs: dict[int, Leg] = {}
        self.recordings = CallRecordings(number, self.legs, shop)
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
        leg.speaker.stop()
        self.part(leg)
        del self.legs[number]
        self._rtcp.pop(number).close()
        leg.close()
        self._shop.report(wire.LegClosed(call=self.number, leg=number, statistics=statistics, port=leg.peer.pair.port))
        if not self.legs:
            self.recordings.stop_all()
        return leg.peer.pair

    def connect(self, leg: Leg, other: Leg) -> str:
        if leg is other:
            return "same_leg"
        for one in (leg, other):
            one.is_held = False
            one.speaker.stop()
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
        if leg.speaker.player is None or leg.speaker.player.play is not None:
            self._fetch(leg, (music,), lambda clips: Player(clips, play=None, repeat=True), play=None)

    def retrieve(self, leg: Leg) -> None:
        if leg.is_held:
            leg.is_held = False
            self._latest_play.pop(leg.number, None)
            leg.speaker.stop()
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
                    leg.speaker.stop()
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
        leg.speaker.stop()

    def send_digits(self, leg: Leg, command: wire.SendDigits) -> str:
        """As telephone events, or as sound where the peer takes none."""
        if self._is_known("digits", command.number):
            return ""
        if leg.peer.event_type is not None:
            return "" if leg.speaker.send_keys(command.number, command.digits) else "limit"
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
                leg.speaker.play(make(outcome))
            elif play is not None:
                end = wire.PlayEnd.FAILED if isinstance(outcome, ClipProblem) else wire.PlayEnd.STOPPED
                problem = str(outcome) if isinstance(outcome, ClipProblem) else ""
                self._shop.report(
                    wire.PlayFinished(call=self.number, leg=leg.number, play=play, end=end, problem=problem)
                )

        self._shop.clips.fetch(items, fetched)

    # --- looking after -----------------------------------------------------------------------------------------------

    def look_after(self, *, is_on_time: bool) -> None:
        """Once a second: counters, RTCP, and, unless packets wait since a stall, drift of the recorded channels."""
        for number, leg in self.legs.items():
            leg.peer.note_reception()
            self._rtcp[number].report_if_due()
            if is_on_time and leg.tap is not None:
                leg.tap.correct(leg.peer.timestamp)

    def statistics(self, leg: Leg) -> wire.LegStatistics:
        return statistics_of(leg, self._rtcp[leg.number])

    def inventory(self) -> wire.CallInventory:
        return wire.CallInventory(
            call=self.number,
            legs=tuple(inventory_of(leg, self._rtcp[number]) for number, leg in self.legs.items()),
            recordings=self.recordings.inventory(),
        )
