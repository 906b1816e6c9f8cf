"""Keys as telephone events: exact under loss, repetition and reordering; what is sent is what RFC 4733 asks."""

import random

from hypothesis import given
from hypothesis import strategies as st

from cti_server.media.dtmf import DURATION_MAX, KEYS, DigitCollector, DigitPacket, DigitSender

digits_of_keys = st.text(alphabet=KEYS, min_size=1, max_size=12)


def packets_of(digits: str, **options: int) -> list[DigitPacket]:
    sender = DigitSender(digits, **options)
    sent = []
    while not sender.is_done:
        packet = sender.next_frame()
        if packet is not None:
            sent.append(packet)
    return sent


def collected(packets: list[DigitPacket], base: int = 0) -> str:
    collector = DigitCollector()
    keys = [collector.feed(packet.payload, (base + packet.start) % 2**32) for packet in packets]
    return "".join(key for key in keys if key is not None)


@given(digits_of_keys, st.integers(0, 2**32 - 1))
def test_what_is_sent_is_collected(digits: str, base: int) -> None:
    assert collected(packets_of(digits), base) == digits


@given(digits_of_keys, st.randoms(use_true_random=False))
def test_any_one_packet_of_each_event_is_enough(digits: str, rng: random.Random) -> None:
    packets = packets_of(digits)
    by_event: dict[int, list[DigitPacket]] = {}
    for packet in packets:
        by_event.setdefault(packet.start, []).append(packet)
    kept = [packet for event in by_event.values() for packet in rng.sample(event, rng.randint(1, len(event)))]
    assert collected(kept) == digits


@given(digits_of_keys, st.randoms(use_true_random=False))
def test_repetition_and_lateness_count_nothing_twice(digits: str, rng: random.Random) -> None:
    """Every packet twice, and the copies up to three events late: the keys keep their order and number."""
    packets = packets_of(digits)
    delivered = list(packets)
    for packet in packets:
        place = packets.index(packet) + rng.randint(1, 24)
        delivered.insert(min(place, len(delivered)), packet)
    assert sorted(collected(delivered)) == sorted(digits)


def test_one_key_pressed_twice_is_two_keys() -> None:
    assert collected(packets_of("11")) == "11"


def test_a_recorded_press_that_is_played_again_counts_again() -> None:
    """As SIPp plays its captures: the same timestamps each time. Repetitions close by still count nothing."""
    collector = DigitCollector()
    packets = packets_of("7")
    keys = []
    for begins_s in (0.0, 0.7, 1.4):
        for number, packet in enumerate(packets + packets[-1:]):
            keys.append(collector.feed(packet.payload, 4711, begins_s + number * 0.02))
    assert [key for key in keys if key] == ["7", "7", "7"]


def test_a_hole_in_a_held_key_is_no_second_press() -> None:
    collector = DigitCollector()
    keys = [collector.feed(bytes([5, 10, *(8 * at_ms).to_bytes(2)]), 4711, at_ms / 1000) for at_ms in (20, 40, 1800)]
    assert keys == ["5", None, None]


def test_a_long_press_in_segments_is_one_key() -> None:
    collector = DigitCollector()
    payload = bytes([5, 10, 0xFF, 0xFF])
    keys = [collector.feed(payload, (100 + segment * DURATION_MAX) % 2**32) for segment in range(4)]
    assert keys == ["5", None, None, None]


def test_other_events_and_rubbish_are_no_keys() -> None:
    collector = DigitCollector()
    assert collector.feed(bytes([16, 10, 0, 160]), 1) is None
    assert collector.feed(bytes([1, 10, 0]), 2) is None
    assert collector.feed(b"", 3) is None


@given(st.lists(st.tuples(st.binary(max_size=8), st.integers(0, 2**32 - 1)), max_size=200))
def test_anything_is_taken_without_an_error_and_without_growing(rubbish: list[tuple[bytes, int]]) -> None:
    collector = DigitCollector()
    for payload, timestamp in rubbish:
        key = collector.feed(payload, timestamp)
        assert key is None or key in KEYS


def test_an_event_is_sent_every_20_ms_with_growing_duration_and_three_ends() -> None:
    packets = packets_of("7", tone_ms=100, gap_ms=80)
    durations = [int.from_bytes(packet.payload[2:]) for packet in packets]
    assert durations == [160, 320, 480, 640, 800, 800, 800, 800]
    assert [bool(packet.payload[1] & 0x80) for packet in packets] == [False] * 5 + [True] * 3
    assert [packet.marker for packet in packets] == [True] + [False] * 7
    assert {packet.payload[0] for packet in packets} == {7}
    assert {packet.start for packet in packets} == {0}


def test_keys_follow_each_other_by_tone_and_gap_and_a_comma_is_a_second() -> None:
    starts = sorted({packet.start for packet in packets_of("1,2", tone_ms=100, gap_ms=80)})
    assert starts == [0, (5 + 4 + 50) * 160]


def test_what_is_no_key_is_left_out() -> None:
    assert collected(packets_of("1x2 3")) == "123"
    assert packets_of("") == []
