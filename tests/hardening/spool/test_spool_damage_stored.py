"""What is damaged in the spool becomes dead letters, its neighbours become rows, and the ledger counts both."""

import itertools
import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from collector.encoding.protobuf import fields, read_varint, varint
from collector.spool.config import SpoolConfig
from collector.spool.frame import END, encode, frames
from collector.spool.payload import Payload
from collector.spool.segment import OPEN, PARTIAL, READY
from collector.spool.spool import Spool
from collector.writer.segment_ledger import differences
from storage.store import Store
from tests.collector.rigs.access_logs import json_line
from tests.collector.rigs.storing import _STARTED, store_all

_NOW_US = 1_700_000_000_000_000


def _payloads(environment: str, count: int = 5) -> list[Payload]:
    return [Payload("envoy_json", json_line(f"d-{n}"), _NOW_US + n, environment) for n in range(count)]


def _of_before(payload: Payload) -> bytes:
    """A frame as versions without a checksum wrote it."""
    frame = memoryview(encode(payload))
    _, start = read_varint(frame, 0)
    message = b"".join(whole for number, _, whole in fields(frame[start:]) if number not in (14, 16, 17)) + END
    return varint(len(message)) + message


def _stored(store: Store, environment: str) -> list[str]:
    sql = "SELECT request_id FROM requests WHERE environment = {e:String} ORDER BY request_id"
    return [request_id for (request_id,) in store.rows(sql, {"e": environment})]


def _letters(store: Store, segment_id: str) -> list[tuple[str, bytes]]:
    sql = "SELECT format, hex(body) FROM dead_letters WHERE segment_id = {s:String}"
    return [(name, bytes.fromhex(body)) for name, body in store.rows(sql, {"s": segment_id})]


def _path(directory: Path, segment_id: str, suffix: str) -> Path:
    return directory / f"00000000000000000001.envoy_json.{segment_id}{suffix}"


@pytest.mark.parametrize("suffix", [OPEN, READY])
def test_a_flipped_bit_that_still_parses_is_no_wrong_row(store: Store, tmp_path: Path, suffix: str) -> None:
    environment = segment_id = f"flipped-{suffix[1:]}"
    written = [encode(payload) for payload in _payloads(environment)]
    data = bytearray(b"".join(written))
    data[data.index(b"d-2") + 2] ^= 1
    assert b"d-3" in bytes(data[len(written[0]) * 2 : len(written[0]) * 3])
    _path(tmp_path, segment_id, suffix).write_bytes(data)
    spool = Spool(tmp_path, SpoolConfig())
    store_all(store, spool)
    assert _stored(store, environment) == ["d-0", "d-1", "d-3", "d-4"]
    [(format_name, body)] = _letters(store, f"{segment_id}~damaged")
    assert format_name == "damaged"
    assert body == bytes(data[len(written[0]) * 2 : len(written[0]) * 3])
    assert spool.damaged_bytes == len(written[2])
    assert list(tmp_path.iterdir()) == []
    booked = store.rows(
        "SELECT segment_id, format, records, requests, dead_letters FROM books"
        " WHERE startsWith(segment_id, {s:String}) ORDER BY segment_id",
        {"s": segment_id},
    )
    assert booked == [
        (f"{segment_id}~damaged", "damaged", 1, 0, 1),
        (f"{segment_id}~sound", "envoy_json", 4, 4, 0),
    ]
    assert not differences(store, _STARTED)["segment_id"].str.startswith(segment_id).any()


def test_a_flipped_bit_in_a_segment_that_clickhouse_refuses_is_told_from_what_cannot_be_read(
    store: Store, tmp_path: Path
) -> None:
    environment = segment_id = "flipped-length"
    spool = Spool(tmp_path, SpoolConfig())
    spool.append_segment(segment_id, _payloads(environment))
    [path] = tmp_path.iterdir()
    data = bytearray(path.read_bytes())
    size = len(data) // 5
    # The length of its first frame.
    data[0] ^= 0x40
    path.write_bytes(data)
    store_all(store, spool)
    assert _stored(store, environment) == ["d-1", "d-2", "d-3", "d-4"]
    assert _letters(store, f"{segment_id}~damaged") == [("damaged", bytes(data[:size]))]


@pytest.mark.parametrize("suffix", [OPEN, READY])
def test_segments_of_versions_without_a_checksum_are_stored(store: Store, tmp_path: Path, suffix: str) -> None:
    environment = segment_id = f"of-before-{suffix[1:]}"
    written = b"".join(map(_of_before, _payloads(environment)))
    assert len(list(frames(written))) == 5
    _path(tmp_path, segment_id, suffix).write_bytes(written)
    store_all(store, Spool(tmp_path, SpoolConfig()))
    assert _stored(store, environment) == [f"d-{n}" for n in range(5)]
    assert store.rows("SELECT count() FROM books WHERE segment_id = {s:String}", {"s": segment_id}) == [(1,)]


def test_damage_in_a_segment_without_checksums_costs_the_frame_that_it_hits(store: Store, tmp_path: Path) -> None:
    environment = segment_id = "of-before-damaged"
    written = [_of_before(payload) for payload in _payloads(environment)]
    data = bytearray(b"".join(written))
    data[len(written[0]) + 1] ^= 0x10
    _path(tmp_path, segment_id, READY).write_bytes(data)
    store_all(store, Spool(tmp_path, SpoolConfig()))
    assert _stored(store, environment) == ["d-0", "d-2", "d-3", "d-4"]
    assert len(_letters(store, f"{segment_id}~damaged")) == 1


def test_what_was_stored_before_it_was_damaged_is_not_stored_again(store: Store, tmp_path: Path) -> None:
    environment = segment_id = "stored-before"
    spool = Spool(tmp_path, SpoolConfig())
    spool.append_segment(segment_id, _payloads(environment))
    [path] = tmp_path.iterdir()
    data = bytearray(path.read_bytes())
    store_all(store, spool)
    data[-30] ^= 1
    path.write_bytes(data)
    store_all(store, Spool(tmp_path, SpoolConfig()))
    assert _stored(store, environment) == [f"d-{n}" for n in range(5)]
    assert list(tmp_path.iterdir()) == []


def _directory(path: Path) -> None:
    path.mkdir()


def _link(path: Path) -> None:
    path.symlink_to("/nowhere")


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _file(path: Path) -> None:
    path.write_bytes(b"kept")


@pytest.mark.parametrize(
    "name", ["notes.txt", ".hidden", "x.open", "x.ready", "1.2.3.4.ready", "x.part", "\udcff.ready"]
)
def test_a_file_that_is_no_segment_is_left_alone(tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    _check_stray(tmp_path, tmp_path / name, _file, caplog)


@pytest.mark.parametrize("suffix", [OPEN, READY, PARTIAL])
@pytest.mark.parametrize("make", [_directory, _link, _pipe], ids=lambda make: make.__name__.strip("_"))
def test_what_is_no_file_is_left_alone(
    tmp_path: Path, suffix: str, make: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    _check_stray(tmp_path, _path(tmp_path, "stray", suffix), make, caplog)


def _check_stray(directory: Path, stray: Path, make: Callable[[Path], None], caplog: pytest.LogCaptureFixture) -> None:
    make(stray)
    _path(directory, "behind", READY).write_bytes(encode(_payloads("behind")[0]))
    with caplog.at_level(logging.ERROR):
        spool = Spool(directory, SpoolConfig())
    segment = spool.take(0)
    assert segment is not None
    assert (segment.id, spool.take(0), spool.unknown_files) == ("behind", None, 1)
    assert stray in directory.iterdir()
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["A file in the spool is left alone"]
    assert spool.waiting("") == ["behind"]
    spool.close()


def test_a_file_that_cannot_be_opened_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed, behind = _path(tmp_path, "closed", READY), _path(tmp_path, "open", READY)
    for path in (closed, behind):
        path.write_bytes(encode(_payloads("closed")[0]))
    opened = os.open

    def refuse(path: Path, *arguments: int) -> int:
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments)

    # The user that runs tests may be one that no permission stops.
    monkeypatch.setattr(os, "open", refuse)
    spool = Spool(tmp_path, SpoolConfig())
    assert (spool.waiting(""), spool.unknown_files) == (["open"], 1)
    spool.close()
    assert closed.exists()


def test_pages_that_the_disk_cannot_read_cost_what_is_in_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = [encode(payload) for payload in _payloads("unreadable", 100)]
    path = _path(tmp_path, "unreadable", OPEN)
    path.write_bytes(b"".join(written))
    read = os.pread

    def fail(descriptor: int, size: int, offset: int) -> bytes:
        if offset < 8192 and offset + size > 4096:
            raise OSError(5, "Input/output error")
        return read(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", fail)
    spool = Spool(tmp_path, SpoolConfig())
    sizes = {segment.format: segment.size for segment in iter(lambda: spool.take(0), None)}
    ends = list(itertools.accumulate(map(len, written)))
    kept = [frame for frame, end in zip(written, ends, strict=True) if end <= 4096 or end - len(frame) >= 8192]
    assert sizes["envoy_json"] == sum(map(len, kept))
    assert spool.damaged_bytes == ends[-1] - sum(map(len, kept))
    spool.close()


def test_a_recovery_that_was_cut_short_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _path(tmp_path, "cut-short", OPEN)
    data = b"".join(encode(payload) for payload in _payloads("cut-short"))
    path.write_bytes(data[:-1])
    unlink = Path.unlink

    def refuse(target: Path, missing_ok: bool = False) -> None:
        if target == path:
            raise OSError(5, "Input/output error")
        unlink(target, missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        Spool(tmp_path, SpoolConfig()).close()
    assert len(list(tmp_path.iterdir())) == 3
    spool = Spool(tmp_path, SpoolConfig())
    assert spool.waiting("") == ["cut-short~cut-off", "cut-short~sound"]
    assert spool.size == sum(found.stat().st_size for found in tmp_path.iterdir())
    spool.close()
