"""The jitter buffer: order, loss, lateness, jumps and drift, on a clock of 20 ms rounds."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_server.media.jitter import MISSING_RUN_MAX, JitterBuffer


def frame(number: int) -> bytes:
    return number.to_bytes(2) * 80


def play(buffer: JitterBuffer, arrivals: dict[int, list[int]], *, rounds: int, start: int = 0) -> list[int | None]:
    """``arrivals``: round → numbers of the packets that arrive in it. What was played, as numbers."""
    played: list[int | None] = []
    for round_number in range(rounds):
        for number in arrivals.get(round_number, []):
            buffer.put((start + number * 160) % 2**32, frame(number))
        got = buffer.get()
        played.append(None if got is None else int.from_bytes(got[:2]))
    return played


@given(st.integers(0, 2**32 - 1))
def test_an_even_stream_is_played_in_order_after_the_delay(start: int) -> None:
    played = play(JitterBuffer(delay_start=3), {n: [n] for n in range(100)}, rounds=100, start=start)
    assert played == [None] * 3 + list(range(97))


@settings(max_examples=50)
@given(st.randoms(use_true_random=False))
def test_jitter_below_the_delay_changes_nothing(rng: random.Random) -> None:
    """Packets up to two rounds late, in any order, some twice: every frame is played once, in order."""
    arrivals: dict[int, list[int]] = {0: [0]}
    for number in range(1, 100):
        for _ in range(rng.randint(1, 2)):
            arrivals.setdefault(number + rng.randint(0, 2), []).append(number)
    for numbers in arrivals.values():
        rng.shuffle(numbers)
    played = play(JitterBuffer(delay_start=3), arrivals, rounds=100)
    assert played == [None] * 3 + list(range(97))


def test_a_lost_packet_is_one_missing_frame() -> None:
    buffer = JitterBuffer(delay_start=2)
    played = play(buffer, {n: [n] for n in range(50) if n != 20}, rounds=50)
    assert played == [None, None, *range(20), None, *range(21, 48)]
    assert buffer.missing == 1


def test_late_packets_make_it_wait_longer() -> None:
    buffer = JitterBuffer(delay_start=1)
    arrivals = {n: [n] for n in range(20)} | {n + 3: [n] for n in range(20, 200)}
    played = play(buffer, arrivals, rounds=200)
    assert buffer.late > 0
    assert buffer.delayed > 0
    assert played[100:] == list(range(played[100] or 0, (played[100] or 0) + 100))


def test_a_calm_network_makes_the_delay_shorter_again() -> None:
    buffer = JitterBuffer(delay_start=8, delay_min=1)
    played = play(buffer, {n: [n] for n in range(2000)}, rounds=2000)
    assert played[-1] is not None
    assert 1999 - played[-1] <= 2
    assert buffer.dropped >= 6


@pytest.mark.parametrize("jump", [10**6, 2**31, -(10**6), 8193, -8193])
def test_a_jump_of_the_timestamp_starts_anew_and_costs_no_memory(jump: int) -> None:
    buffer = JitterBuffer(delay_start=2)
    for number in range(20):
        buffer.put(number * 160, frame(number))
        buffer.get()
    heard = 0
    for number in range(20, 60):
        buffer.put((number * 160 + jump) % 2**32, frame(number))
        heard += buffer.get() is not None
    assert buffer.jumps == 1
    assert heard >= 37


def test_a_sender_that_paused_without_moving_its_timestamps_is_heard_again_soon() -> None:
    buffer = JitterBuffer(delay_start=2)
    arrivals = {n: [n] for n in range(20)} | {n + 30: [n] for n in range(20, 100)}
    played = play(buffer, arrivals, rounds=130)
    assert [number for number in played[60:] if number is None] == []


def test_after_a_second_of_nothing_the_stream_has_ended() -> None:
    buffer = JitterBuffer(delay_start=1)
    buffer.put(0, frame(0))
    for _ in range(MISSING_RUN_MAX + 3):
        buffer.get()
    assert not buffer.is_running
    buffer.put(10**9, frame(5))
    assert buffer.get() is None
    assert buffer.get() == frame(5)


@pytest.mark.parametrize("samples", [80, 160, 240, 480])
def test_packets_of_any_length_become_frames_of_20_ms(samples: int) -> None:
    sound = bytes(number % 251 for number in range(4800))
    buffer = JitterBuffer(delay_start=5)
    played = b""
    due = 0
    for round_number in range(60):
        while due <= round_number * 160 and due < len(sound):
            buffer.put(due, sound[due : due + samples])
            due += samples
        played += buffer.get() or b""
    assert played == sound


def test_linear_samples_of_two_bytes() -> None:
    buffer = JitterBuffer(width=2, delay_start=0)
    buffer.put(8192 - 80, bytes(range(160)) * 2)
    assert buffer.get() == bytes(range(160)) * 2


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=400), st.booleans()), max_size=100))
def test_anything_is_taken_without_an_error(packets: list[tuple[int, bytes, bool]]) -> None:
    buffer = JitterBuffer()
    for timestamp, payload, is_played in packets:
        buffer.put(timestamp, payload)
        if is_played:
            got = buffer.get()
            assert got is None or len(got) == 160
