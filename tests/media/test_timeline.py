"""One channel of a recording: packets where they belong, gaps filled, clocks that drift or jump."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from cti_server.media.g711 import Codec
from cti_server.media.timeline import CAPACITY, ChannelTimeline

SILENCE = 0xFF


def put(channel: ChannelTimeline, number: int, *, now: int, timestamp: int | None = None) -> None:
    stamp = 1000 + 160 * number if timestamp is None else timestamp
    channel.put(stamp % 2**32, bytes([1 + number % 200]) * 160, now)


def numbers(data: bytes) -> list[int]:
    """The packets' numbers frame by frame; −1: silence."""
    return [data[start] - 1 if data[start] != SILENCE else -1 for start in range(0, len(data), 160)]


def test_packets_lie_one_after_the_other_from_their_arrival_on() -> None:
    channel = ChannelTimeline(Codec.PCMU)
    for number in range(20):
        put(channel, number, now=800 + 160 * (number + 1))
    assert numbers(channel.cut(4160, Codec.PCMU)) == [-1] * 5 + list(range(20)) + [-1]


@settings(max_examples=50)
@given(st.randoms(use_true_random=False))
def test_order_and_jitter_of_arrival_do_not_matter(rng: random.Random) -> None:
    channel = ChannelTimeline(Codec.PCMU)
    put(channel, 0, now=1760)
    arrivals = [(1600 + 160 * (number + 1) + rng.randint(0, 1200), number) for number in range(1, 100)]
    for now, number in sorted(arrivals):
        put(channel, number, now=now)
    assert numbers(channel.cut(160 * 110, Codec.PCMU)) == [-1] * 10 + list(range(100))
    assert channel.placed == 1


def test_a_lost_packet_leaves_silence_of_its_length() -> None:
    channel = ChannelTimeline(Codec.PCMU)
    for number in (0, 1, 3, 4):
        put(channel, number, now=160 * (number + 1))
    assert numbers(channel.cut(800, Codec.PCMU)) == [0, 1, -1, 3, 4]


def test_a_jump_of_the_timestamp_is_laid_by_arrival() -> None:
    channel = ChannelTimeline(Codec.PCMU)
    put(channel, 0, now=160)
    put(channel, 1, now=320, timestamp=2**31)
    put(channel, 2, now=480, timestamp=2**31 + 160)
    assert numbers(channel.cut(640, Codec.PCMU)) == [0, 1, 2, -1]


def test_a_sender_that_paused_without_moving_its_timestamps_is_laid_by_arrival() -> None:
    channel = ChannelTimeline(Codec.PCMU)
    put(channel, 0, now=160)
    put(channel, 1, now=8160)
    assert numbers(channel.cut(8160, Codec.PCMU)) == [0] + [-1] * 49 + [1]


def test_cutting_goes_on_where_the_last_cut_ended() -> None:
    channel = ChannelTimeline(Codec.PCMU)
    whole = b""
    for number in range(500):
        put(channel, number, now=160 * (number + 1))
        if number % 50 == 49 and number > 50:
            whole += channel.cut(8000, Codec.PCMU)
    whole += channel.cut(8000, Codec.PCMU)
    assert numbers(whole) == [number % 200 for number in range(500)]
    assert len(channel.buffer) == CAPACITY


def test_what_comes_after_its_second_was_cut_is_laid_anew_or_dropped_but_never_elsewhere() -> None:
    channel = ChannelTimeline(Codec.PCMU)
    put(channel, 0, now=160)
    channel.cut(8000, Codec.PCMU)
    channel.put(1160, bytes([9]) * 160, 400)
    assert channel.dropped == 1
    assert set(channel.cut(8000, Codec.PCMU)) == {SILENCE}


def test_drift_between_the_clocks_is_undone_once_it_is_large() -> None:
    """A sender whose clock is 5 % fast: without the check its voice would wander off by a second in twenty."""
    channel = ChannelTimeline(Codec.PCMU)
    for number in range(1000):
        now = int(152.0 * (number + 1)) + 2000
        put(channel, number, now=now)
        if number % 50 == 0:
            channel.check((1000 + 160 * number) % 2**32, now)
            if channel.origin + 8000 < now - 2800:
                channel.cut(8000, Codec.PCMU)
    assert channel.placed > 3
    assert channel.dropped == 0


def test_undoing_drift_keeps_the_order_of_packets_that_are_out_of_order() -> None:
    channel = ChannelTimeline(Codec.PCMU)
    put(channel, 0, now=160)
    channel.check(1000, 4000)
    assert channel.placed == 1
    channel.check(1000, 4000)
    put(channel, 2, now=4160)
    put(channel, 1, now=4320)
    spoken = [number for number in numbers(channel.cut(6400, Codec.PCMU)) if number >= 0]
    assert spoken == [0, 1, 2]


def test_a_pause_leaves_nothing_that_was_spoken_before_its_end() -> None:
    channel = ChannelTimeline(Codec.PCMU)
    for number in range(10):
        put(channel, number, now=160 * (number + 1))
    channel.silence_from(1000)
    put(channel, 10, now=1100)
    put(channel, 11, now=1260)
    data = channel.cut(1600, Codec.PCMU)
    assert set(data[1000:1100]) == {SILENCE}
    assert data[900] != SILENCE
    assert data[1110] == 12


def test_a_change_of_law_translates_what_is_held_and_the_cut_speaks_the_files_law() -> None:
    channel = ChannelTimeline(Codec.PCMU)
    channel.put(0, bytes([0x80]) * 160, 160)
    channel.speak(Codec.PCMA)
    channel.put(160, bytes([0xAA]) * 160, 320)
    data = channel.cut(480, Codec.PCMU)
    assert data[0] == 0x80
    assert abs(data[200] - 0x80) <= 1
    assert data[400] in (0xFE, 0xFF)


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=1700), st.integers(0, 2**31)), max_size=60))
def test_anything_is_taken_without_an_error_or_growth(packets: list[tuple[int, bytes, int]]) -> None:
    channel = ChannelTimeline(Codec.PCMU)
    for timestamp, payload, now in packets:
        channel.put(timestamp, payload, now)
        assert len(channel.buffer) == CAPACITY
