"""The past of a journal: each call and each moment is found, and the state there is the one that was."""

from pathlib import Path

import pytest

from cti_server.core import events as e
from cti_server.core.state import State, apply, encode_snapshot, schema_hash
from cti_server.core.vocabulary import CallId, Micros
from cti_server.past import reading as module
from cti_server.past.reading import NotRecorded, Past, TooSlow
from cti_server.storage.data_folder import DataFolder
from cti_server.storage.event_codec import encode
from cti_server.storage.journal_file import JournalFile
from cti_server.storage.snapshots import Snapshot, Snapshots
from tests.core.house import KIM, LEE, House


@pytest.fixture(scope="module")
def house() -> House:
    house = House()
    house.at_work(KIM, LEE)
    for _ in range(12):
        call = house.arrive("direct")
        house.wait(40)
        if house.state.calls.get(call.call) is not None:
            house.hang_up(call)
        house.wait(5)
    return house


@pytest.fixture
def folder(tmp_path: Path, house: House) -> DataFolder:
    return written(tmp_path, house.journal)


def written(path: Path, journal: list[e.Event], *, first: int = 1) -> DataFolder:
    data = DataFolder(path)
    data.prepare()
    file = JournalFile(data.journal)
    file.append(encode(journal, first)[:], {})
    file.close()
    return data


def test_every_call_is_found_before_its_first_event(folder: DataFolder, house: House) -> None:
    firsts: dict[int, int] = {}
    for seq, event in enumerate(house.journal, 1):
        if isinstance(event, e.CallArrived):
            firsts[event.call] = seq
    with Past(folder) as past:
        before = 0
        for call, seq in firsts.items():
            moment = past.moment_of(CallId(call))
            assert moment is not None and before <= moment < seq
            before = seq
        last = max(firsts)
        for unknown in (*(n for n in range(1, last) if n not in firsts), last + 1, 1 << 70):
            assert past.moment_of(CallId(unknown)) is None


def test_a_moment_is_found_by_its_time_and_has_the_state_of_then(folder: DataFolder, house: House) -> None:
    with Past(folder) as past:
        for seq, event in enumerate(house.journal, 1):
            moment = past.moment_at(event.at)
            assert moment >= seq and (moment == len(house.journal) or house.journal[moment].at > event.at)
        assert past.moment_at(0) == 0
        middle = len(house.journal) // 2
        state = State()
        for event in house.journal[:middle]:
            apply(state, event)
        assert past.state(middle) == state
        assert list(past.events(middle)) == house.journal[middle:]


def test_a_snapshot_before_the_moment_is_used_and_a_later_one_is_not(
    folder: DataFolder, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    middle = len(house.journal) // 2
    kept = Snapshots(folder.snapshots, schema_hash())
    with Past(folder) as past:
        for seq in (middle - 5, middle + 5):
            kept.write(Snapshot(seq, encode_snapshot(past.state(seq))))
        decoded: list[int] = []
        rows = past._reader.all_rows
        monkeypatch.setattr(past._reader, "all_rows", lambda **given: decoded.append(given["after"]) or rows(**given))
        expected = State()
        for event in house.journal[:middle]:
            apply(expected, event)
        assert past.state(middle) == expected
        assert decoded == [middle - 5]


def test_an_end_to_patience_is_kept(folder: DataFolder) -> None:
    with Past(folder, is_over=lambda: True) as past, pytest.raises(TooSlow):
        past.state(past.now)


def test_a_call_from_before_the_journal_began_is_told_as_such(tmp_path: Path, house: House) -> None:
    arrivals = [n for n, event in enumerate(house.journal) if isinstance(event, e.CallArrived)]
    cut = arrivals[3]
    folder = written(tmp_path, house.journal[cut:], first=cut + 1)
    with Past(folder) as past:
        old = house.journal[arrivals[1]]
        assert isinstance(old, e.CallArrived)
        with pytest.raises(NotRecorded):
            past.moment_of(old.call)
        later = house.journal[arrivals[5]]
        assert isinstance(later, e.CallArrived) and past.moment_of(later.call) is not None


def test_a_call_that_began_without_arriving_or_dialling_is_found_too(tmp_path: Path, house: House) -> None:
    """Another kind of beginning may come; its number still lies between those of its neighbours."""
    arrivals = [event for event in house.journal if isinstance(event, e.CallArrived)]
    at = house.journal.index(arrivals[4])
    strange = CallId(arrivals[3].call + 1)
    cleared = e.CallAnsweredByFlow(at=Micros(arrivals[4].at), call=strange)
    folder = written(tmp_path, [*house.journal[:at], cleared, *house.journal[at:]])
    with Past(folder) as past:
        assert past.moment_of(strange) == house.journal.index(arrivals[3]) + 1


def test_an_empty_journal_knows_nothing(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    data.prepare()
    JournalFile(data.journal).close()
    with Past(data) as past:
        assert past.now == 0 and past.moment_of(CallId(5)) is None and past.moment_at(1 << 60) == 0
        assert past.state(0) == State()


def test_a_long_fold_leaves_snapshots_so_that_the_next_one_is_shorter(
    folder: DataFolder, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STRETCH", 20)
    monkeypatch.setattr(module, "LOOK_EVERY", 1)
    patience = iter(range(1000))
    for _ in range(20):
        limit = next(patience) + 35
        with Past(folder, is_over=lambda limit=limit: next(patience) > limit, leaves_snapshots=True) as past:
            try:
                found = past.state(past.now)
                break
            except TooSlow:
                continue
    expected = State()
    for event in house.journal:
        apply(expected, event)
    assert found == expected and len(list((folder.snapshots / module.OWN).iterdir())) >= 3


def test_a_snapshot_of_another_history_is_not_believed(folder: DataFolder, house: House) -> None:
    middle = len(house.journal) // 2
    strange = State(last_at=Micros(house.journal[middle - 1].at + 1))
    Snapshots(folder.snapshots, schema_hash()).write(Snapshot(middle, encode_snapshot(strange)))
    with Past(folder) as past:
        assert past.state(middle).agents
