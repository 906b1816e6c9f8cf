"""What the media workers report, made into signals; and what the loss of a worker means for its legs."""

from collections.abc import Callable
from pathlib import Path

import structlog

from cti_server.core import inputs
from cti_server.core.vocabulary import CallId, ClearingCause, LegId, RecordingId, Secret
from cti_server.switch.embedded import media_protocol as mp
from cti_server.switch.embedded.media_link import LinkState, Superseded, WorkerLost
from cti_server.switch.embedded.media_protocol import AnyReport
from cti_server.switch.embedded.switchboard import Switchboard

DISCARDED = "discarded"
"""It was ordered."""

log = structlog.get_logger(__name__)


class MediaSide:
    """One handler a kind of report."""

    def __init__(self, switch: Switchboard) -> None:
        self._switch = switch
        self._handlers: dict[type[object], Callable[..., None]] = {
            mp.DigitPressed: self._digit,
            mp.PlayFinished: self._play_finished,
            mp.MediaLost: self._media_lost,
            mp.CallEnded: self._call_ended,
            mp.RecordingStarted: self._recording_started,
            mp.RecordingFinished: self._recording_finished,
            mp.RecordingFailed: self._recording_failed,
            mp.RecordingSilent: self._recording_silent,
            mp.CommandFailed: self._command_failed,
        }

    def reported(self, report: AnyReport) -> None:
        handler = self._handlers.get(type(report))
        if handler is not None:
            handler(report)

    def link_changed(self, index: int, state: LinkState) -> None:
        """A worker that died takes the media of its calls with it: their legs are ended, with the reason."""
        if isinstance(state, WorkerLost):
            log.error("media_worker_lost", worker=state.worker, index=index)
            link = self._switch.links[index]
            for leg in [leg for leg in self._switch.legs.values() if leg.link is link]:
                self._switch.drop(leg, ClearingCause.MEDIA_LOST)
            self._switch.worker_lost()
        elif isinstance(state, Superseded):
            log.error("media_worker_taken_over", index=index)

    def _digit(self, report: mp.DigitPressed) -> None:
        self._switch.submit(inputs.DigitPressed(leg=LegId(report.leg), digit=Secret(report.digit)))

    def _play_finished(self, report: mp.PlayFinished) -> None:
        if report.end is mp.PlayEnd.FAILED:
            log.error("prompt_failed", call=report.call, problem=report.problem)
        if report.end in (mp.PlayEnd.DONE, mp.PlayEnd.FAILED):
            self._switch.submit(inputs.PlayFinished(leg=LegId(report.leg), play=report.play))

    def _media_lost(self, report: mp.MediaLost) -> None:
        leg = self._switch.legs.get(report.leg)
        if leg is not None:
            self._switch.drop(leg, ClearingCause.MEDIA_LOST)

    def _call_ended(self, report: mp.CallEnded) -> None:
        for leg in [leg for leg in self._switch.legs.values() if leg.call == report.call]:
            self._switch.drop(leg, ClearingCause.MEDIA_LOST)

    def _recording_started(self, report: mp.RecordingStarted) -> None:
        self._switch.submit(inputs.RecordingStarted(call=CallId(report.call), recording=RecordingId(report.recording)))

    def _recording_finished(self, report: mp.RecordingFinished) -> None:
        self._switch.submit(
            inputs.RecordingFinished(
                call=CallId(report.call),
                recording=RecordingId(report.recording),
                path=self._relative(report.path),
                duration_ms=report.duration_ms,
                size_bytes=report.size_bytes,
                customer_heard=report.customer_heard,
            )
        )

    def _recording_silent(self, report: mp.RecordingSilent) -> None:
        self._switch.submit(inputs.RecordingSilent(call=CallId(report.call), recording=RecordingId(report.recording)))

    def _recording_failed(self, report: mp.RecordingFailed) -> None:
        if report.reason == DISCARDED:
            return
        log.error("recording_failed", call=report.call, reason=report.reason)
        self._switch.submit(
            inputs.RecordingFailed(
                call=CallId(report.call), recording=RecordingId(report.recording), reason=report.reason
            )
        )

    def _command_failed(self, report: mp.CommandFailed) -> None:
        """Mostly a leg that hung up between two commands; anything else shows here."""
        log.info("media_command_failed", command=report.command, code=report.code, call=report.call)

    def _relative(self, path: str) -> str:
        full = Path(path)
        root = self._switch.recordings
        return str(full.relative_to(root)) if full.is_relative_to(root) else full.name
