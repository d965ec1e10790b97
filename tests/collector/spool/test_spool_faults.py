"""A spool on a disk that fails: the client is told, and nothing is left that would hide what comes after."""

import os
from pathlib import Path

import pytest

from collector.errors import SpoolFull
from collector.spool.frame import encode
from collector.spool.segment import OPEN
from tests.collector.rigs.spooling import MakeSpool, append, arrive, bodies_in, payload_of, taken_from
from tests.patience import PATIENCE


def test_a_disk_that_fails_is_reported_and_leaves_no_hole(
    make_spool: MakeSpool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spool = make_spool()
    append(spool, payload_of(b"before")).result(PATIENCE)

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fail)
        with pytest.raises(SpoolFull, match="No space left on device"):
            append(spool, payload_of(b"lost")).result(PATIENCE)
    append(spool, payload_of(b"after")).result(PATIENCE)
    (file,) = tmp_path.glob(f"*{OPEN}")
    assert bodies_in(file) == [encode(payload_of(b"before")), encode(payload_of(b"after"))]
    assert spool.size == file.stat().st_size


def test_what_cannot_be_cut_off_at_once_is_cut_off_before_anything_else(
    make_spool: MakeSpool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spool = make_spool()
    append(spool, payload_of(b"before")).result(PATIENCE)

    def write_half(descriptor: int, parts: list[memoryview]) -> int:
        os.write(descriptor, b"".join(parts)[:10])
        raise OSError(5, "Input/output error")

    def fail(descriptor: int, size: int) -> None:
        raise OSError(5, "Input/output error")

    (file,) = tmp_path.glob(f"*{OPEN}")
    with monkeypatch.context() as patch:
        patch.setattr(os, "writev", write_half)
        patch.setattr(os, "ftruncate", fail)
        for _ in range(2):
            with pytest.raises(SpoolFull, match="Input/output error"):
                append(spool, payload_of(b"lost")).result(PATIENCE)
        assert file.stat().st_size == len(encode(payload_of(b"before"))) + 10
    append(spool, payload_of(b"after")).result(PATIENCE)
    assert bodies_in(file) == [encode(payload_of(b"before")), encode(payload_of(b"after"))]
    assert spool.size == file.stat().st_size


def test_a_torn_end_is_cut_off_before_a_segment_is_sealed(
    make_spool: MakeSpool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spool = make_spool(segment_age=0.3)
    append(spool, payload_of(b"before")).result(PATIENCE)

    def fail(descriptor: int, size: int | None = None) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fail)
        patch.setattr(os, "ftruncate", fail)
        with pytest.raises(SpoolFull, match="Input/output error"):
            append(spool, payload_of(b"lost")).result(PATIENCE)
        assert spool.take(1) is None
    segment = spool.take(5)
    assert segment is not None
    assert segment.path.read_bytes() == encode(payload_of(b"before"))
    assert segment.size == spool.size == len(encode(payload_of(b"before")))


def test_a_segment_of_its_own_is_written_whole_or_not_at_all(
    make_spool: MakeSpool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spool = make_spool()

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(SpoolFull, match="No space left on device"):
            spool.append_segment("a", [payload_of(b"x")])
    assert list(tmp_path.iterdir()) == []
    assert spool.size == 0


@pytest.mark.parametrize("way", ["at once", "as it arrives", "open"])
def test_a_directory_that_fails_leaves_nothing(
    make_spool: MakeSpool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str
) -> None:
    spool = make_spool()
    sync = os.fsync

    def fail(descriptor: int) -> None:
        if os.path.samestat(os.fstat(descriptor), tmp_path.stat()):
            raise OSError(5, "Input/output error")
        sync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(SpoolFull, match="Input/output error"):
            if way == "at once":
                spool.append_segment("a", [payload_of(b"x")])
            elif way == "open":
                append(spool, payload_of(b"x")).result(PATIENCE)
            else:
                arrive(spool.begin(payload_of(b""), 1), b"x")
    assert (list(tmp_path.iterdir()), spool.size, taken_from(spool)) == ([], 0, [])
    assert not [path for path in Path("/proc/self/fd").iterdir() if path.resolve().is_relative_to(tmp_path)]


def test_a_segment_is_replaced_by_all_of_its_parts_or_stays(
    make_spool: MakeSpool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spool = make_spool()
    spool.append_segment("whole", [payload_of(b"x"), payload_of(b"y")])
    [segment] = taken_from(spool)
    parts = [("envoy_json", f"part-{number}", [encode(payload_of(b"%d" % number))]) for number in range(2)]
    synced = os.fsync
    calls: list[int] = []

    def fail_at_the_second_file(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        synced(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail_at_the_second_file)
        with pytest.raises(OSError, match="No space left"):
            spool.replace(segment, parts)
    assert [path.name for path in tmp_path.iterdir()] == [segment.path.name]
    assert spool.size == segment.size
    spool.replace(segment, parts)
    assert [part.id for part in taken_from(spool)] == ["part-0", "part-1"]


def test_a_name_beyond_all_clocks_leaves_names_for_what_comes(make_spool: MakeSpool, tmp_path: Path) -> None:
    (tmp_path / "99999999999999999999.envoy_json.renamed.ready").write_bytes(encode(payload_of(b"renamed")))
    spool = make_spool()
    append(spool, payload_of(b"after")).result(PATIENCE)
    spool.close()
    assert [bodies_in(segment.path) for segment in taken_from(spool)] == [
        [encode(payload_of(b"after"))],
        [encode(payload_of(b"renamed"))],
    ]
