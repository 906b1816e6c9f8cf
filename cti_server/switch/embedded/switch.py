"""The embedded switch: carries out the Centre's effects with our own SIP user agent and media workers.

One table says which operation an effect is. What SIP and media report in turn is made into signals by ``sip_side.py``
and ``media_side.py``. The switch decides no call: it knows legs, ports and phones, and obeys.
"""

import contextlib
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import structlog

from cti_server.core import effects as ef
from cti_server.core.effects import Effect
from cti_server.core.inputs import LegCleared, LegFailed, RecordingFailed
from cti_server.core.vocabulary import SWITCH_LEG_BIT, CallId, ClearingCause, LegId, RecordingId
from cti_server.ports import Clock, PhoneSecrets, Submit
from cti_server.sip.commands import OutboundCall
from cti_server.sip.errors import SipError, UnknownLeg
from cti_server.sip.offer_answer import LocalMedia, Negotiator
from cti_server.switch.embedded.admission import Admission
from cti_server.switch.embedded.dialling import Dialling
from cti_server.switch.embedded.legs import Leg, encode_resume
from cti_server.switch.embedded.media_connection import MediaUnavailable
from cti_server.switch.embedded.media_link import LinkState, MediaLink
from cti_server.switch.embedded.media_protocol import AnyReport
from cti_server.switch.embedded.media_side import MediaSide
from cti_server.switch.embedded.phones import Phones
from cti_server.switch.embedded.sip_endpoint import SipEndpoint
from cti_server.switch.embedded.sip_settings import SwitchSettings
from cti_server.switch.embedded.sip_side import SipSide, reason_of, remote_of
from cti_server.switch.embedded.trunk_names import TrunkNames

log = structlog.get_logger(__name__)

RecordingPath = Callable[[CallId, RecordingId, int], Path]
"""(call, recording, UTC µs) → absolute path of the file to write."""

MEDIA_PATIENCE_US = 4_000_000
MEDIA_RETRY_S = 0.1

_STATUS_OF_CAUSE = {
    ClearingCause.BUSY: 486,
    ClearingCause.NO_ANSWER: 480,
    ClearingCause.REJECTED: 603,
    ClearingCause.UNREACHABLE: 404,
    ClearingCause.OVERLOAD: 503,
    ClearingCause.MEDIA_LOST: 500,
    ClearingCause.SERVER_RESTARTED: 503,
}


class EmbeddedSwitch:
    """Implements ``ports.Performer`` for every effect that names a leg or a recording."""

    def __init__(
        self,
        settings: SwitchSettings,
        *,
        clock: Clock,
        submit: Submit,
        is_overloaded: Callable[[], bool],
        secrets: PhoneSecrets,
        links: Callable[[Callable[[AnyReport], None], Callable[[int, LinkState], None]], Sequence[MediaLink]],
        prompts: Path,
        recordings: Path,
        recording_path: RecordingPath,
        run: Path,
        worker_lost: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.submit = submit
        self.legs: dict[int, Leg] = {}
        self.branches: dict[int, Leg] = {}
        self.recordings = recordings
        self.worker_lost = worker_lost
        self._recording_path = recording_path
        self._prompts = prompts
        self._numbers = itertools.count(SWITCH_LEG_BIT | (clock() & (SWITCH_LEG_BIT - 1)))
        self._link_of_call: dict[int, MediaLink] = {}
        self._media = MediaSide(self)
        self.links: Sequence[MediaLink] = tuple(links(self._media.reported, self._media.link_changed))
        self._sip = SipSide(self)
        self.phones = Phones(settings, submit=submit, file=run / "registrations.msgpack")
        self._dialling = Dialling(settings, self.phones)
        self._trunk_names = TrunkNames(settings.trunks)
        admission = Admission(
            settings,
            secrets=secrets,
            clock=clock,
            is_overloaded=is_overloaded,
            addresses=self._trunk_names.addresses,
            is_registered=self.phones.is_registered_from,
        )
        self.admission = admission
        self.endpoint = SipEndpoint(
            settings, clock=clock, policy=admission, new_leg=lambda: next(self._numbers), on_event=self._sip.happened
        )
        self._operations: dict[type[Effect], Callable[..., None]] = {
            ef.RingLeg: self._ring,
            ef.AnswerLeg: self._answer,
            ef.PlaceLeg: self._place,
            ef.ReleaseLeg: self._release,
            ef.ConnectLegs: self._connect,
            ef.HoldLeg: self._hold,
            ef.RetrieveLeg: self._retrieve,
            ef.MuteLeg: self._mute,
            ef.PlayPrompts: self._play,
            ef.PlayMusic: self._play_music,
            ef.PlayRingback: self._play_ringback,
            ef.StopPlaying: self._stop_playing,
            ef.SendTones: self._send_tones,
            ef.StartRecording: self._start_recording,
            ef.PauseRecordingEffect: self._pause_recording,
            ef.ResumeRecordingEffect: self._resume_recording,
            ef.StopRecording: self._stop_recording,
        }

    @property
    def effects(self) -> tuple[type[Effect], ...]:
        """The effects that this switch carries out."""
        return tuple(self._operations)

    async def prepare(self) -> None:
        """Connect to the media workers and take the SIP port; nobody is heard before ``open``, so that calls can be
        adopted in between. Raises OSError, MediaUnavailable.
        """
        for link in self.links:
            await link.start()
        await self._trunk_names.resolve()
        self.endpoint.bind()
        self.phones.restore(self.endpoint.agent, self.clock())

    async def look_up_trunks(self) -> None:
        """Names may stand for other addresses by now; a look-up that fails leaves the old ones."""
        for host, addresses in (await self._trunk_names.resolve()).items():
            self.endpoint.sockets.moved(host, addresses)

    async def open(self) -> None:
        """Begin to hear."""
        await self.endpoint.open()

    async def close(self) -> None:
        """Leave the sockets; media workers and their calls go on."""
        await self.endpoint.close()
        for link in self.links:
            await link.close()

    def perform(self, effect: Effect) -> None:
        """Carry out one effect; what fails comes back as a signal."""
        self._try(effect, media_until_us=self.clock() + MEDIA_PATIENCE_US)

    def _try(self, effect: Effect, *, media_until_us: int) -> None:
        operation = self._operations[type(effect)]
        try:
            operation(effect)
        except (SipError, MediaUnavailable) as error:
            may_wait = isinstance(error, MediaUnavailable) and self.clock() < media_until_us
            if may_wait and isinstance(effect, ef.PlaceLeg | ef.AnswerLeg):
                self._choose_worker_anew(effect)
                self._sip.call_later(MEDIA_RETRY_S, lambda: self._try_again(effect, media_until_us=media_until_us))
            else:
                log.warning("effect_failed", effect=type(effect).__name__, call=effect.call, error=str(error))
                self._report_failure(effect)
        self.endpoint.pump()

    def _try_again(self, effect: ef.PlaceLeg | ef.AnswerLeg, *, media_until_us: int) -> None:
        """A worker that died is there again within moments; neither the caller nor the agent's phone is to blame."""
        if effect.leg in self.legs:
            self._try(effect, media_until_us=media_until_us)

    def _choose_worker_anew(self, effect: ef.PlaceLeg | ef.AnswerLeg) -> None:
        self.legs[effect.leg].link = None
        if not any(leg.port for leg in self.legs.values() if leg.call == effect.call):
            self._link_of_call.pop(effect.call, None)

    def _report_failure(self, effect: Effect) -> None:
        if isinstance(effect, ef.PlaceLeg):
            self.forget(effect.leg)
            self.submit(LegFailed(leg=effect.leg, cause=ClearingCause.UNREACHABLE))
        elif isinstance(effect, ef.AnswerLeg):
            self.drop(self.legs[effect.leg], ClearingCause.PROTOCOL_ERROR)
        elif isinstance(effect, ef.StartRecording):
            self.submit(RecordingFailed(call=effect.call, recording=effect.recording, reason="media_unavailable"))

    # --- legs: signalling -----------------------------------------------------------------------------------------

    def _known(self, effect: ef.LegEffect) -> Leg | None:
        """The effect's leg, bound to its call; None when it is gone (its signal is under way)."""
        leg = self.legs.get(effect.leg)
        if leg is not None and not leg.call:
            leg.call = effect.call
        return leg

    def _ring(self, effect: ef.RingLeg) -> None:
        leg = self._known(effect)
        if leg is not None and not leg.is_outgoing and not leg.is_answering:
            self.endpoint.agent.ring(leg.branch, self.clock())

    def _answer(self, effect: ef.AnswerLeg) -> None:
        leg = self._known(effect)
        if leg is None or leg.is_outgoing or leg.is_answering:
            return
        negotiator = self.open_media(leg)
        leg.is_answering = True
        if leg.offer is None:
            said = negotiator.offer()
        else:
            said, agreed = negotiator.answer(leg.offer)
            remote_of(leg, agreed)
        self.endpoint.agent.answer(leg.branch, said, self.clock())

    def _place(self, effect: ef.PlaceLeg) -> None:
        leg = self.legs.setdefault(effect.leg, Leg(leg=effect.leg, call=effect.call, is_outgoing=True))
        if leg.branches:
            return
        calls = self._dialling.calls_to(effect, self.endpoint.agent, self.endpoint.sockets.local)
        if not calls:
            self.forget(leg.leg)
            self.submit(LegFailed(leg=effect.leg, cause=ClearingCause.UNREACHABLE, status=480))
            return
        offer = self.open_media(leg).offer()
        for index, call in enumerate(calls):
            branch = effect.leg if index == 0 else next(self._numbers)
            leg.branches.append(branch)
            self.branches[branch] = leg
            self.endpoint.agent.place_call(branch, _with_offer(call, offer), self.clock())
        leg.timer = self._sip.call_later(effect.timeout_s, lambda: self.give_up(leg))

    def give_up(self, leg: Leg) -> None:
        """Nobody answered in time."""
        self._end_branches(leg, None)
        self.forget(leg.leg)
        self.submit(LegFailed(leg=LegId(leg.leg), cause=ClearingCause.NO_ANSWER, status=408))
        self.endpoint.pump()

    def _release(self, effect: ef.ReleaseLeg) -> None:
        leg = self._known(effect)
        if leg is None:
            return
        self._end_branches(leg, effect.cause)
        self.forget(leg.leg)

    def drop(self, leg: Leg, cause: ClearingCause) -> None:
        """End a leg for a reason of the switch's own, and say so."""
        self._end_branches(leg, cause)
        self.forget(leg.leg)
        self.submit(LegCleared(leg=LegId(leg.leg), cause=cause))
        self.endpoint.pump()

    def _end_branches(self, leg: Leg, cause: ClearingCause | None) -> None:
        agent, now = self.endpoint.agent, self.clock()
        reason = reason_of(cause) if cause is not None else None
        for branch in leg.branches or [leg.leg]:
            self.branches.pop(branch, None)
            with contextlib.suppress(UnknownLeg):
                if leg.is_outgoing or leg.is_answering or leg.is_established:
                    agent.hang_up(branch, now, reason=reason)
                else:
                    agent.reject(branch, _STATUS_OF_CAUSE.get(cause or ClearingCause.NORMAL, 480), now)

    def forget(self, leg_id: int) -> None:
        """The leg is over: give its port back. The user agent may still be busy with its last messages."""
        leg = self.legs.pop(leg_id, None)
        if leg is None:
            return
        for branch in leg.branches:
            self.branches.pop(branch, None)
        if leg.timer is not None:
            leg.timer.cancel()
        if leg.link is not None and leg.port:
            leg.link.close_leg(call=leg.call, leg=leg.leg)
        if leg.call and not any(other.call == leg.call for other in self.legs.values()):
            self._link_of_call.pop(leg.call, None)

    def resume_of(self, leg: Leg) -> bytes:
        """Opaque bytes from which another process can go on with this leg."""
        agent = self.endpoint.agent
        return encode_resume(leg, tuple((branch, agent.resume(branch)) for branch in leg.branches))

    # --- legs: media ----------------------------------------------------------------------------------------------

    def open_media(self, leg: Leg) -> Negotiator:
        """A port in the worker of the call. Raises MediaUnavailable."""
        if leg.negotiator is None:
            link = leg.link = self._link_for(leg.call)
            leg.port = link.allocate_port()
            link.open_leg(call=leg.call, leg=leg.leg, port=leg.port)
            local = LocalMedia(address=self.settings.media_advertised or link.address, port=leg.port)
            leg.negotiator = Negotiator(media=local, session_id=self.clock())
        return leg.negotiator

    def _link_for(self, call: int) -> MediaLink:
        """All legs of a call live in one worker: the one with the most free ports when the call began."""
        link = self._link_of_call.get(call)
        if link is None:
            link = self._link_of_call[call] = max(self.links, key=lambda candidate: candidate.free_ports)
        return link

    def bind_call(self, call: int, link: MediaLink) -> None:
        """After a restart: the call lives in this worker."""
        self._link_of_call[call] = link

    def _connect(self, effect: ef.ConnectLegs) -> None:
        leg, other = self._known(effect), self.legs.get(effect.other)
        if leg is not None and other is not None and leg.link is not None:
            leg.link.connect_legs(call=effect.call, leg=leg.leg, other=other.leg)

    def _hold(self, effect: ef.HoldLeg) -> None:
        for leg, link in self._with_media(effect):
            link.hold_leg(call=effect.call, leg=leg.leg)

    def _retrieve(self, effect: ef.RetrieveLeg) -> None:
        for leg, link in self._with_media(effect):
            link.retrieve_leg(call=effect.call, leg=leg.leg)

    def _mute(self, effect: ef.MuteLeg) -> None:
        for leg, link in self._with_media(effect):
            link.mute_leg(call=effect.call, leg=leg.leg, muted=effect.muted)

    def _with_media(self, effect: ef.LegEffect) -> list[tuple[Leg, MediaLink]]:
        leg = self._known(effect)
        return [(leg, leg.link)] if leg is not None and leg.link is not None else []

    def _play(self, effect: ef.PlayPrompts) -> None:
        items = tuple(
            prompt if prompt == ef.TONE else str(self._prompts / f"{prompt}.wav") for prompt in effect.prompts
        )
        for leg, link in self._with_media(effect):
            link.play(call=effect.call, leg=leg.leg, play=effect.n, items=items)

    def _play_music(self, effect: ef.PlayMusic) -> None:
        self._play_tone(effect, "tone:silence:1000" if effect.music == ef.SILENCE else "tone:music")

    def _play_ringback(self, effect: ef.PlayRingback) -> None:
        self._play_tone(effect, "tone:ringback")

    def _play_tone(self, effect: ef.LegEffect, tone: str) -> None:
        for leg, link in self._with_media(effect):
            link.play(call=effect.call, leg=leg.leg, play=effect.n, items=(tone,), repeat=True)

    def _stop_playing(self, effect: ef.StopPlaying) -> None:
        for leg, link in self._with_media(effect):
            link.stop_playing(call=effect.call, leg=leg.leg)

    def _send_tones(self, effect: ef.SendTones) -> None:
        for leg, link in self._with_media(effect):
            link.send_digits(call=effect.call, leg=leg.leg, number=effect.n, digits=effect.digits.reveal())

    # --- recordings -----------------------------------------------------------------------------------------------

    def _start_recording(self, effect: ef.StartRecording) -> None:
        path = self._recording_path(effect.call, effect.recording, effect.started_at_us)
        self._link_for(effect.call).start_recording(
            call=effect.call,
            recording=effect.recording,
            path=str(path),
            agent_leg=effect.agent_leg or 0,
            customer_leg=effect.customer_leg,
            silence_s=effect.silence_s,
        )

    def _pause_recording(self, effect: ef.PauseRecordingEffect) -> None:
        self._link_for(effect.call).pause_recording(call=effect.call, recording=effect.recording)

    def _resume_recording(self, effect: ef.ResumeRecordingEffect) -> None:
        self._link_for(effect.call).resume_recording(call=effect.call, recording=effect.recording)

    def _stop_recording(self, effect: ef.StopRecording) -> None:
        self._link_for(effect.call).stop_recording(call=effect.call, recording=effect.recording, discard=effect.discard)


def _with_offer(call: OutboundCall, offer: bytes) -> OutboundCall:
    return msgspec.structs.replace(call, sdp=offer)
