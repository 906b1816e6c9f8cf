"""An archive is whole or it is refused: every cut and every changed byte is noticed, and nothing leaves its folder."""

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cti_server.core.errors import DataError
from cti_server.storage.archive import FORMAT, HEAD, ArchiveWriter, Head, unpack

HEAD_OF_TEST = Head(format=FORMAT, release="0.1.0", made_at=1_790_000_000_000_000, last_seq=7)
VOICE = bytes(range(256)) * 40


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Two members: a text and a file of 10 kB."""
    file = tmp_path / "voice.wav"
    file.write_bytes(VOICE)
    path = tmp_path / "centre.tar.gz"
    with ArchiveWriter(path, HEAD_OF_TEST) as writer:
        writer.add_bytes("people.json", b"[]")
        assert writer.add_file("data/recordings/1-2.wav", file)
        assert not writer.add_file("data/recordings/gone.wav", tmp_path / "gone.wav")
    return path


def test_what_went_in_comes_out(archive: Path, tmp_path: Path) -> None:
    told: list[int] = []
    assert unpack(archive, tmp_path / "out", told.append) == HEAD_OF_TEST
    assert (tmp_path / "out" / "people.json").read_bytes() == b"[]"
    assert (tmp_path / "out" / "data" / "recordings" / "1-2.wav").read_bytes() == VOICE
    assert told == sorted(told) and told[-1] == len(VOICE) + len(b"[]")


def test_only_its_owner_reads_it(archive: Path, tmp_path: Path) -> None:
    unpack(archive, tmp_path / "out")
    assert archive.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "out" / "people.json").stat().st_mode & 0o777 == 0o600


def test_an_archive_can_be_looked_at_without_unpacking(archive: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert unpack(archive, None) == HEAD_OF_TEST
    assert sorted(tmp_path.rglob("*")) == before


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 0.999))
def test_a_cut_archive_is_refused_wherever_it_was_cut(share: float, archive: Path) -> None:
    whole = archive.read_bytes()
    cut = archive.with_name("cut.tar.gz")
    cut.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DataError, match="cut off"):
        unpack(cut, None)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_a_changed_bit_is_noticed_or_changes_nothing(place: int, bit: int, archive: Path, tmp_path: Path) -> None:
    """Some bits of a gzip's head say nothing; any other leads to an error, never to other content."""
    body = bytearray(archive.read_bytes())
    body[place % len(body)] ^= 1 << bit
    changed = archive.with_name("changed.tar.gz")
    changed.write_bytes(body)
    try:
        found = unpack(changed, None)
    except DataError:
        return
    assert found == HEAD_OF_TEST


def test_a_failure_leaves_the_older_archive_and_nothing_else(archive: Path, tmp_path: Path) -> None:
    before, names = archive.read_bytes(), sorted(tmp_path.iterdir())
    with pytest.raises(RuntimeError), ArchiveWriter(archive, HEAD_OF_TEST) as writer:
        writer.add_bytes("people.json", b"[1]")
        raise RuntimeError
    assert archive.read_bytes() == before
    assert sorted(tmp_path.iterdir()) == names


def test_another_file_is_no_archive(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("hello")
    with pytest.raises(DataError, match="damaged"):
        unpack(file, None)


def test_an_archive_of_a_later_format_is_refused_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "later.tar.gz"
    with ArchiveWriter(path, Head(format=FORMAT + 1, release="9", made_at=0, last_seq=0)):
        pass
    with pytest.raises(DataError, match=f"format is {FORMAT + 1} .*reads format {FORMAT}"):
        unpack(path, None)


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "data/../../outside"])
def test_no_member_leaves_the_folder(name: str, tmp_path: Path) -> None:
    path = tmp_path / "evil.tar.gz"
    with ArchiveWriter(path, HEAD_OF_TEST) as writer:
        writer.add_bytes(name, b"x")
    with pytest.raises(DataError, match="does not belong"):
        unpack(path, tmp_path / "deep" / "out")
    assert not (tmp_path / "outside").exists() and not Path("/etc/outside").exists()


def test_a_link_is_no_member(tmp_path: Path) -> None:
    path = tmp_path / "link.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        head = tarfile.TarInfo(HEAD)
        body = b'{"format":1,"release":"","made_at":0,"last_seq":0}'
        head.size = len(body)
        tar.addfile(head, io.BytesIO(body))
        link = tarfile.TarInfo("data/secrets")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        tar.addfile(link)
    with pytest.raises(DataError, match="does not belong"):
        unpack(path, tmp_path / "out")
