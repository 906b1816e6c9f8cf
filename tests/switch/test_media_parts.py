"""Parts of the media path by themselves: frames of the control socket, the ticker, the vigil, a disk that fails."""

import asyncio
import errno
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_server.media import tones, wav
from cti_server.media.g711 import Codec, encode_samples
from cti_server.switch.embedded import media_protocol as wire
from cti_server.switch.embedded.media import ports, sink
from cti_server.switch.embedded.media.clips import Clip, ClipProblem, ClipStore, load
from cti_server.switch.embedded.media.outgoing import Outgoing
from cti_server.switch.embedded.media.player import Player
from cti_server.switch.embedded.media.sink import Finished, RecordingSink
from cti_server.switch.embedded.media.ticker import CATCH_UP_MAX, FRAME_S, Ticker
from cti_server.switch.embedded.media_link import MediaLink, MediaUnavailable
from tests.switch.media_peers import PATIENCE_S, Controller, Worker, until

# --- frames of the control socket ------------------------------------------------------------------------------------

COMMANDS: list[wire.AnyCommand] = [
    wire.Hello(epoch=3),
    wire.OpenLeg(seq=1, call=1 << 52, leg=1 << 60, port=20_000, metadata=b"\0\xff"),
    wire.SetRemote(seq=2, call=1, leg=2, address="::1", port=9, event_type=None, codec=Codec.PCMA, payload_type=8),
    wire.Play(seq=3, call=1, leg=2, play=4, items=("tone:beep", "/prompts/인사.wav"), repeat=True),
    wire.SetConference(seq=4, call=1, legs=(1, 2, 3)),
]


@given(st.lists(st.sampled_from(COMMANDS), max_size=5), st.integers(1, 40))
def test_frames_arrive_whole_however_the_stream_is_cut(commands: list[wire.AnyCommand], step: int) -> None:
    stream = b"".join(wire.encode(command) for command in commands)
    reader = wire.FrameReader()
    payloads = [
        payload for start in range(0, len(stream), step) for payload in reader.feed(stream[start : start + step])
    ]
    assert [wire.decode_command(payload) for payload in payloads] == commands


def test_a_frame_that_nobody_would_send_is_refused_before_it_is_held() -> None:
    with pytest.raises(wire.FrameTooLong):
        wire.FrameReader().feed((wire.FRAME_BYTES_MAX + 1).to_bytes(4))


def test_fields_of_a_later_version_are_ignored() -> None:
    payload = msgspec.msgpack.encode({"type": "CloseLeg", "call": 1, "leg": 2, "because": "of something new"})
    assert wire.decode_command(payload) == wire.CloseLeg(call=1, leg=2)


def test_digits_are_not_shown() -> None:
    for message in (
        wire.SendDigits(call=1, leg=2, number=3, digits="4711"),
        wire.DigitPressed(call=1, leg=2, digit="9"),
    ):
        assert "4711" not in repr(message)
        assert "9" not in repr(message)


# --- the ticker ------------------------------------------------------------------------------------------------------


class Loop:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, work: Callable[[], None]) -> object:
        self.timers.append((when, work))
        return object()

    def run_to(self, now: float) -> None:
        """Timers that are due run at their time, or at ``now`` where they are late."""
        while self.timers and self.timers[0][0] <= now:
            when, work = self.timers.pop(0)
            self.now = max(self.now, when)
            work()
        self.now = now

    def stall_to(self, now: float) -> None:
        """The process gets no CPU; what was due runs at ``now``."""
        self.now = now
        when, work = self.timers.pop(0)
        assert when <= now
        work()


class Member:
    def __init__(self, *, fails: bool = False) -> None:
        self.ticks = 0
        self.skipped = 0
        self.fails = fails

    def tick(self) -> None:
        self.ticks += 1
        if self.fails:
            raise RuntimeError("a mistake")

    def skip(self, frames: int) -> None:
        self.skipped += frames


def ticker_of(loop: Loop) -> Ticker:
    return Ticker(loop)  # type: ignore[arg-type]  # only time and call_at are used


def test_frames_are_due_by_the_clock_and_not_by_the_last_frame() -> None:
    loop, member = Loop(), Member()
    ticker = ticker_of(loop)
    ticker.join(member)
    loop.run_to(100.0 + 1000 * FRAME_S + 0.001)
    assert (member.ticks, member.skipped) == (1000, 0)
    loop.stall_to(100.0 + 1003 * FRAME_S + 0.001)
    assert (member.ticks, member.skipped) == (1003, 0)


def test_after_a_long_stall_what_is_too_late_is_skipped() -> None:
    loop, member = Loop(), Member()
    ticker_of(loop).join(member)
    loop.stall_to(100.0 + 500 * FRAME_S + 0.001)
    assert (member.ticks, member.skipped) == (CATCH_UP_MAX, 500 - CATCH_UP_MAX)


def test_it_rests_without_members_and_starts_again() -> None:
    loop, member = Loop(), Member()
    ticker = ticker_of(loop)
    ticker.join(member)
    ticker.leave(member)
    loop.run_to(101.0)
    assert loop.timers == []
    ticker.join(member)
    loop.run_to(101.0 + 10 * FRAME_S + 0.001)
    assert member.ticks == 10


def test_a_member_that_fails_does_not_silence_the_others() -> None:
    loop, good, bad = Loop(), Member(), Member(fails=True)
    ticker = ticker_of(loop)
    ticker.join(bad)
    ticker.join(good)
    loop.run_to(100.0 + 10 * FRAME_S + 0.001)
    assert (bad.ticks, good.ticks) == (1, 10)


# --- what is sent ----------------------------------------------------------------------------------------------------


def test_a_player_plays_its_clips_to_the_end_or_over_and_over() -> None:
    clips = [Clip(tones.tone((500,), 50)), Clip(tones.silence(20))]
    once = Player(clips, play=1)
    frames = [once.next_frame(Codec.PCMU) for _ in range(5)]
    assert [frame is not None for frame in frames] == [True] * 4 + [False]
    endless = Player(clips, play=1, repeat=True)
    assert all(endless.next_frame(Codec.PCMA) is not None for _ in range(50))
    assert Player([], play=1, repeat=True).next_frame(Codec.PCMU) is None


def test_a_peer_that_cannot_be_reached_loses_packets_and_nothing_else() -> None:
    out = Outgoing(ssrc=1, sequence=65_535, timestamp=2**32 - 1)

    def refuse(data: object) -> object:
        raise ConnectionRefusedError

    out.transmit = refuse
    out.send_frame(bytes(160), 0)
    assert (out.sequence, out.timestamp, out.packets) == (0, 159, 1)


def test_clips_are_read_by_a_thread_once_and_anew_when_the_file_changes(tmp_path: Path) -> None:
    async def scene() -> None:
        file = tmp_path / "a.wav"
        file.write_bytes(wav.linear_file(tones.tone((500,), 100)))
        store = ClipStore(asyncio.get_running_loop())
        got: list[list[Clip] | ClipProblem] = []
        store.fetch((str(file), "tone:beep", str(file)), got.append)
        assert got == []
        await until(lambda: len(got) == 1, "the clips")
        store.fetch((str(file),), got.append)
        assert isinstance(got[0], list)
        assert got[1] == [got[0][0]]
        file.write_bytes(wav.linear_file(tones.tone((500,), 200)))
        store.fetch((str(file),), got.append)
        await until(lambda: len(got) == 3, "the new clip")
        assert isinstance(got[2], list)
        assert got[2][0].length == 1600
        store.close()

    asyncio.run(scene())


def test_files_that_are_no_prompts_say_why(tmp_path: Path) -> None:
    stereo = tmp_path / "stereo.wav"
    stereo.write_bytes(wav.g711_header(Codec.PCMU, channels=2, data_bytes=160) + bytes(160))
    wide = tmp_path / "wide.wav"
    wide.write_bytes(wav.linear_file(tones.beep(), rate=16_000))
    for item in (str(stereo), str(wide), str(tmp_path), str(tmp_path / "none"), "tone:none"):
        with pytest.raises(ClipProblem):
            load(item)


# --- ports -----------------------------------------------------------------------------------------------------------


def test_ports_that_somebody_has_are_left_out_and_an_association_can_be_dissolved() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = int(taken.getsockname()[1])
        pairs = ports.bind_range("127.0.0.1", port - 4, port + 5)
    try:
        assert port not in pairs
        assert port - port % 2 not in pairs
        one, other = list(pairs.values())[:2]
        one.rtp.connect(("127.0.0.1", 9))
        other.rtp.sendto(b"dropped by the kernel", ("127.0.0.1", one.port))
        ports.part(one.rtp)
        other.rtp.sendto(b"heard", ("127.0.0.1", one.port))
        assert [data for data, _ in ports.waiting(one.rtp)] == [b"heard"]
        assert one.rtp.getsockname()[1] == one.port
    finally:
        for pair in pairs.values():
            pair.close()


# --- a disk that fails -----------------------------------------------------------------------------------------------


class Told:
    def __init__(self) -> None:
        self.reports: list[str] = []
        self.outcome = Finished()
        self.ended = threading.Event()

    def __call__(self, what: str, outcome: Finished) -> None:
        self.reports.append(what)
        self.outcome = outcome
        if what != "opened":
            self.ended.set()


VOICE = encode_samples(tones.tone((500,), 1000), Codec.PCMU)


def test_a_failed_sync_is_reported_once_and_never_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []

    def fail(descriptor: int) -> None:
        synced.append(descriptor)
        if len(synced) == 2:
            raise OSError(errno.EIO, "no")

    monkeypatch.setattr(sink.os, "fdatasync", fail)
    recordings, told = RecordingSink(), Told()
    file = recordings.open(str(tmp_path / "1-1.wav"), Codec.PCMU, told)
    for _ in range(5):
        assert recordings.append(file, VOICE, VOICE)
    recordings.close(file)
    recordings.stop(timeout_s=PATIENCE_S)
    assert told.reports == ["opened", "failed"]
    assert told.outcome.problem == "disk_error"
    assert len(synced) == 2
    info = wav.read_info((tmp_path / "1-1.wav").read_bytes())
    assert (info.length, info.is_finished) == (16_000, True)


def test_a_disk_that_cannot_keep_up_fails_the_recording_that_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = threading.Event()
    monkeypatch.setattr(sink.os, "fdatasync", lambda descriptor: may_go_on.wait(PATIENCE_S))
    monkeypatch.setattr(sink, "BACKLOG_BYTES_MAX", 100_000)
    recordings, told = RecordingSink(), Told()
    file = recordings.open(str(tmp_path / "1-1.wav"), Codec.PCMU, told)
    taken = [recordings.append(file, VOICE, VOICE) for _ in range(20)]
    assert taken[0]
    assert not taken[-1]
    recordings.close(file, problem="disk_slow")
    may_go_on.set()
    recordings.stop(timeout_s=PATIENCE_S)
    assert told.reports == ["opened", "failed"]
    assert told.outcome.problem == "disk_slow"
    assert wav.read_info((tmp_path / "1-1.wav").read_bytes()).is_finished


def test_a_recording_never_overwrites_another(tmp_path: Path) -> None:
    path = tmp_path / "1-1.wav"
    path.write_bytes(b"an earlier one")
    recordings, told = RecordingSink(), Told()
    recordings.open(str(path), Codec.PCMU, told)
    recordings.stop(timeout_s=PATIENCE_S)
    assert told.reports == ["failed"]
    assert path.read_bytes() == b"an earlier one"


# --- the link --------------------------------------------------------------------------------------------------------


def test_a_socket_below_a_very_long_path_is_found(tmp_path: Path) -> None:
    async def scene() -> None:
        folder = tmp_path / ("long" * 30)
        folder.mkdir()
        worker = Worker(folder)
        controller = Controller(worker)
        try:
            await controller.start()
            assert controller.link.free_ports > 0
        finally:
            await controller.link.close()
            worker.end()
        assert len(os.fsencode(worker.socket)) > 107

    asyncio.run(scene())


def test_a_link_without_a_worker_says_so(tmp_path: Path) -> None:
    async def scene() -> None:
        link = MediaLink(socket_path=tmp_path / "none.sock", epoch=1, on_report=lambda report: None)
        with pytest.raises(MediaUnavailable):
            await link.start(timeout_s=0.1)
        with pytest.raises(MediaUnavailable):
            link.allocate_port()

    asyncio.run(scene())
