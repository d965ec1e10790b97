"""A process that dies while it stores a segment: the next one tries with care, and gives up in the end."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from opentelemetry.metrics import NoOpMeter

from collector.formats.config import TransformConfig
from collector.formats.formats import FORMATS
from collector.formats.transform import transform
from collector.spool.config import SpoolConfig
from collector.spool.payload import Payload
from collector.spool.segment import Segment
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from collector.writer.attempts import Attempts
from collector.writer.segment_ledger import differences
from collector.writer.writer import Writer
from storage.errors import QueryLimitExceeded, StoreError
from storage.store import Store
from tests.collector.rigs.access_logs import json_lines
from tests.collector.rigs.failing_store import FailingStore

_STARTED = datetime.now(UTC)
_NOW_US = int(_STARTED.timestamp() * 1_000_000)
_FULL = QueryLimitExceeded("(total) memory limit exceeded.")


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(tmp_path / "spool", SpoolConfig(segment_age=60))
    try:
        yield opened
    finally:
        opened.close()


def _writer(store: Store | FailingStore, spool: Spool) -> Writer:
    metrics = CollectorMetrics(NoOpMeter("test"))
    return Writer(store, spool, TransformConfig(), metrics, spool.directory.parent)  # type: ignore[arg-type]  # acts as one


def _sealed(spool: Spool, segment_id: str, payloads: int = 4, lines: int = 100) -> Segment:
    bodies = [json_lines(f"{segment_id}-{number}-", range(lines)) for number in range(payloads)]
    spool.append_segment(segment_id, [Payload("envoy_json", body, _NOW_US, segment_id) for body in bodies])
    segment = spool.take(0)
    assert segment is not None
    return segment


def _die(store: Store, spool: Spool, segment: Segment, times: int = 1) -> None:
    """What processes leave that are killed while they load a segment."""
    for _ in range(times):
        Attempts(spool.directory.parent / "loads", store).begin(segment)


def _rows(store: Store, environment: str) -> tuple[int, int]:
    """Requests, and segments that they are from."""
    [row] = store.rows(
        "SELECT count(), uniqExact(segment_id) FROM requests WHERE environment = {e:String}", {"e": environment}
    )
    return int(row[0]), int(row[1])


def _drain(store: Store | FailingStore, spool: Spool) -> None:
    writer = _writer(store, spool)
    while segment := spool.take(0):
        writer.store(segment)
    assert spool.size == 0


def _notes(spool: Spool) -> list[str]:
    return [path.name for path in (spool.directory.parent / "loads").iterdir()]


def test_a_segment_of_which_nothing_is_stored_is_cut_before_it_is_tried_again(
    store: Store, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = "attempts-cut"
    # Enough for the whole; half of it is not.
    monkeypatch.setattr(store, "load_memory", 44 << 20)
    _writer(store, spool).store(_sealed(spool, "attempts-whole", payloads=8, lines=4500))
    assert _rows(store, "attempts-whole") == (36_000, 1)
    segment = _sealed(spool, environment, payloads=8, lines=4500)
    _die(store, spool, segment)
    _writer(store, spool).store(segment)
    _drain(store, spool)
    rows, segments = _rows(store, environment)
    assert rows == 36_000
    assert segments > 1
    assert not [name for name in differences(store, _STARTED)["segment_id"] if str(name).startswith(environment)]
    assert _notes(spool) == []


def test_a_segment_that_may_be_stored_in_part_is_ended_by_the_same_load(store: Store, spool: Spool) -> None:
    environment = "attempts-part"
    segment = _sealed(spool, environment)
    _die(store, spool, segment)
    of = transform(FORMATS["envoy_json"], segment.id, segment.path, TransformConfig())
    store.load(of.statement, of.table, of.columns, segment.id, of.schema)
    watched = FailingStore(store)
    _writer(watched, spool).store(segment)
    assert [(load.token, load.is_roomy) for load in watched.loads] == [(environment, True)]
    assert _rows(store, environment) == (400, 1)
    assert _notes(spool) == []


def test_a_segment_that_may_be_stored_in_part_is_never_cut(
    store: Store, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = "attempts-uncut"
    segment = _sealed(spool, environment, payloads=8, lines=4500)
    _die(store, spool, segment)
    of = transform(FORMATS["envoy_json"], segment.id, segment.path, TransformConfig())
    store.load(of.statement, of.table, of.columns, segment.id, of.schema)
    # This process has less than the one that died.
    monkeypatch.setattr(store, "load_memory", 4 << 20)
    with pytest.raises(StoreError, match="memory"):
        _writer(store, spool).store(segment)
    assert spool.waiting(environment) == [environment]
    monkeypatch.undo()
    # Nor is it by the next process, whatever this one has noted.
    _writer(store, spool).store(segment)
    assert _rows(store, environment) == (36_000, 1)


def test_a_note_that_cannot_be_read_counts_as_stored_in_part(store: Store, spool: Spool) -> None:
    environment = "attempts-torn"
    segment = _sealed(spool, environment)
    _die(store, spool, segment)
    [note] = (spool.directory.parent / "loads").iterdir()
    note.write_bytes(note.read_bytes()[:7])
    watched = FailingStore(store)
    _writer(watched, spool).store(segment)
    assert [load.is_roomy for load in watched.loads] == [True]
    assert _rows(store, environment) == (400, 1)


def test_what_five_processes_died_of_is_quarantined_and_what_is_behind_it_stored(store: Store, spool: Spool) -> None:
    segment = _sealed(spool, "attempts-deadly")
    _die(store, spool, segment, times=5)
    writer = _writer(store, spool)
    writer.store(segment)
    writer.store(_sealed(spool, "attempts-behind"))
    assert spool.size == 0
    assert _rows(store, "attempts-deadly") == (0, 0)
    assert _rows(store, "attempts-behind") == (400, 1)
    assert "1 segment could not be stored" in writer.quarantine_fault
    assert "memory.limit" in writer.quarantine_fault
    # With more memory it is moved back, and its note has been kept over a start.
    [kept] = (spool.directory.parent / "quarantine").iterdir()
    writer = _writer(store, spool)
    writer.start()
    writer.stop()
    assert _notes(spool) == ["attempts-deadly.json"]
    kept.rename(segment.path)
    writer = _writer(store, spool)
    writer.store(Segment.of(segment.path))
    assert _rows(store, "attempts-deadly") == (400, 1)
    assert writer.quarantine_fault == ""


def test_what_never_fits_into_the_memory_of_the_engine_is_quarantined(store: Store, spool: Spool) -> None:
    segment = _sealed(spool, "attempts-refused")
    full = FailingStore(store, [_FULL] * 8, stores_first=False)
    writer = _writer(full, spool)
    for _ in range(8):
        with pytest.raises(QueryLimitExceeded):
            writer.store(segment)
    writer.store(segment)
    assert writer.quarantine_fault != ""
    assert not segment.path.exists()


def test_notes_on_segments_that_are_gone_are_dropped(store: Store, spool: Spool) -> None:
    segment = _sealed(spool, "attempts-gone")
    _die(store, spool, segment)
    spool.remove(segment)
    writer = _writer(store, spool)
    writer.start()
    writer.stop()
    assert _notes(spool) == []
