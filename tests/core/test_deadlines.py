"""The heap of deadlines."""

from hypothesis import given
from hypothesis import strategies as st

from cti_server.core.deadlines import Deadlines


def test_the_latest_setting_counts() -> None:
    deadlines = Deadlines()
    deadlines.set((0, 1), 50)
    deadlines.set((0, 1), 70)
    deadlines.set((1, 1), 60)
    assert deadlines.next() == 60
    assert deadlines.due(69) == [(1, 1)]
    deadlines.set((0, 1), None)
    assert deadlines.next() is None


@given(st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(0, 50))), max_size=300))
def test_it_is_the_smallest_of_those_that_were_set(settings: list[tuple[int, int | None]]) -> None:
    deadlines = Deadlines()
    expected: dict[tuple[int, int], int] = {}
    for owner, at in settings:
        deadlines.set((0, owner), at)
        expected.pop((0, owner), None)
        if at is not None:
            expected[0, owner] = at
        assert deadlines.next() == min(expected.values(), default=None)
    assert sorted(deadlines.due(25)) == sorted(key for key, at in expected.items() if at <= 25)
