"""The writer: every segment exactly once, whatever fails on the way, and nothing that cannot be read stops the rest."""

import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.metrics import NoOpMeter

from collector.formats.config import TransformConfig
from collector.spool.config import SpoolConfig
from collector.spool.payload import Payload
from collector.spool.segment import READY, Segment
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from collector.writer.segment_ledger import differences, stored_segments
from collector.writer.writer import Writer, WriterConfig
from storage.errors import QueryFailed, StoreUnavailable
from storage.store import Store
from tests.collector.rigs.access_logs import counts, json_line, json_lines, otlp_logs
from tests.collector.rigs.failing_store import FailingStore
from tests.collector.rigs.storing import store_waiting, writer_of
from tests.collector.rigs.waiting import wait_until

_LOST = StoreUnavailable("The answer was lost; try again.")
_BROKEN_PROTOBUF = b"\x0a\x05\x0a\x03\x0a\x01\xff"


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(tmp_path, SpoolConfig(segment_age=60))
    yield opened
    opened.close()


def _payload(format_name: str, body: bytes, environment: str) -> Payload:
    return Payload(format_name, body, time.time_ns() // 1000, environment, "edge", "192.0.2.7")


def _sealed(spool: Spool, segment_id: str, payloads: Sequence[Payload]) -> Segment:
    spool.append_segment(segment_id, payloads)
    segment = spool.take(0)
    assert segment is not None
    return segment


def _unbalanced(store: Store, *segment_ids: str) -> list[tuple[str, int, int]]:
    found = differences(store, datetime(1970, 1, 1, tzinfo=UTC))
    return [tuple(row) for row in found.itertuples(index=False) if row[0] in segment_ids]


def test_a_stored_segment_leaves_the_spool(store: Store, spool: Spool) -> None:
    environment = segment_id = "writer-simple"
    body = json_lines("simple", range(5)) + b"not a line\n"
    segment = _sealed(spool, segment_id, [_payload("envoy_json", body, environment)])
    writer_of(store, spool).store(segment)
    assert counts(store, environment) == {"requests": 5, "logs": 0, "dead_letters": 1, "api_1m": 5, "api_1h": 5}
    assert (segment.path.exists(), spool.size) == (False, 0)
    assert stored_segments(store, segment_id) == [segment_id]
    assert stored_segments(store, "never") == []
    assert _unbalanced(store, segment_id) == []


@pytest.mark.parametrize("stores_first", [False, True], ids=["nothing stored", "answer lost"])
def test_a_retry_stores_once(store: Store, spool: Spool, stores_first: bool) -> None:
    environment = segment_id = f"writer-retry-{stores_first}"
    segment = _sealed(spool, segment_id, [_payload("envoy_json", json_lines("r", range(7)), environment)])
    unreliable = FailingStore(store, [_LOST] * 2, stores_first=stores_first)
    writer = writer_of(unreliable, spool)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            writer.store(segment)
        assert segment.path.exists()
    writer.store(segment)
    assert [load.token for load in unreliable.loads] == [segment_id] * 3
    assert counts(store, environment) == {"requests": 7, "logs": 0, "dead_letters": 0, "api_1m": 7, "api_1h": 7}
    assert _unbalanced(store, segment_id) == []


@pytest.mark.parametrize("table", ["intake", "requests", "api_1m"])
def test_a_failure_between_a_table_and_its_views_is_made_good(store: Store, spool: Spool, table: str) -> None:
    environment = segment_id = f"writer-middle-{table}"
    body = json_lines("m", range(9)) + b"broken\n"
    segment = _sealed(spool, segment_id, [_payload("envoy_json", body, environment)])
    writer = writer_of(store, spool)
    store.command("CREATE TABLE IF NOT EXISTS nowhere (fault UInt8) ENGINE = Null")
    store.command(
        f"CREATE MATERIALIZED VIEW zz_fault TO nowhere AS SELECT throwIf(1, 'injected') AS fault FROM {table}"
    )
    try:
        with pytest.raises(QueryFailed, match="injected"):
            writer.store(segment)
    finally:
        store.command("DROP VIEW zz_fault SYNC")
        store.command("DROP TABLE nowhere SYNC")
    assert segment.path.exists()
    writer.store(segment)
    assert counts(store, environment) == {"requests": 9, "logs": 0, "dead_letters": 1, "api_1m": 9, "api_1h": 9}
    assert _unbalanced(store, segment_id) == []


def test_the_same_segment_twice_is_stored_once(store: Store, spool: Spool) -> None:
    environment = segment_id = "writer-twice"
    payload = _payload("envoy_json", json_lines("t", range(4)), environment)
    for _ in range(2):
        spool.append_segment(segment_id, [payload])
    store_waiting(store, spool)
    assert counts(store, environment)["requests"] == counts(store, environment)["api_1h"] == 4
    assert spool.size == 0


def test_what_cannot_be_decoded_becomes_a_dead_letter_and_the_rest_is_stored(store: Store, spool: Spool) -> None:
    environment = segment_id = "writer-recovery"
    bodies = [otlp_logs("a", "b"), _BROKEN_PROTOBUF, otlp_logs("c"), b"\x0a\xff\xff\xff\x7f", otlp_logs("d")]
    segment = _sealed(spool, segment_id, [_payload("otlp_logs", body, environment) for body in bodies])
    kept = segment.path.read_bytes()
    writer = writer_of(store, spool)
    writer.store(segment)
    # As if the process had been killed before the segment was removed: the same is done again.
    segment.path.write_bytes(kept)
    writer.store(segment)
    store_waiting(store, spool)
    assert counts(store, environment) | {"api_1m": 0} == {
        "requests": 0, "logs": 4, "dead_letters": 2, "api_1m": 0, "api_1h": 0,
    }  # fmt: skip
    found = store.raw(
        "SELECT hex(body) AS body, peer, reason FROM dead_letters WHERE environment = 'writer-recovery' ORDER BY body",
        "TabSeparated",
    )
    reason = "192.0.2.7\tthe payload cannot be decoded, or takes too much memory"
    expected = [f"{body.hex().upper()}\t{reason}" for body in (bodies[1], bodies[3])]
    assert found.decode().splitlines() == sorted(expected)
    assert _unbalanced(store, f"{segment_id}~readable", f"{segment_id}~undecodable") == []
    assert [path.name for path in segment.path.parent.iterdir()] == []


def test_a_segment_of_nothing_but_faults_becomes_dead_letters(store: Store, spool: Spool) -> None:
    environment = "writer-faults"
    segment = _sealed(spool, environment, [_payload("otlp_logs", _BROKEN_PROTOBUF, environment)] * 3)
    writer_of(store, spool).store(segment)
    store_waiting(store, spool)
    assert counts(store, environment)["dead_letters"] == 3


def test_a_segment_that_is_damaged_on_disk_keeps_its_whole_frames(store: Store, spool: Spool) -> None:
    environment = "writer-torn"
    segment = _sealed(spool, environment, [_payload("envoy_json", json_lines("d", range(3)), environment)])
    with segment.path.open("ab") as file:
        file.write(b"\xff\xff\x03 a frame that ends too soon")
    writer_of(store, spool).store(Segment.of(segment.path))
    store_waiting(store, spool)
    assert counts(store, environment)["requests"] == 3
    sql = "SELECT position(body, 'a frame that ends too soon') > 0 FROM dead_letters WHERE segment_id = {id:String}"
    assert store.rows(sql, {"id": "writer-torn~damaged"}) == [(1,)]


@pytest.mark.parametrize("before_body", [1, 3], ids=["size of the body", "tag of the body"])
def test_a_frame_that_is_damaged_inside_becomes_a_dead_letter(store: Store, spool: Spool, before_body: int) -> None:
    environment = f"writer-damaged-{before_body}"
    payload = _payload("envoy_json", json_lines("d", range(3)), environment)
    segment = _sealed(spool, environment, [payload] * 3)
    data = bytearray(segment.path.read_bytes())
    data[data.index(payload.body) - before_body] ^= 0x7F
    segment.path.write_bytes(data)
    writer_of(store, spool).store(segment)
    store_waiting(store, spool)
    assert counts(store, environment)["requests"] == 6
    sql = "SELECT position(body, {body:String}) > 0 FROM dead_letters WHERE segment_id = {id:String}"
    letters = {"id": f"{environment}~damaged", "body": payload.body.decode()}
    assert store.rows(sql, letters) == [(1,)]


def test_threads_go_on_after_failures(store: Store, spool: Spool) -> None:
    environment = "writer-thread"
    unreliable = FailingStore(store, [_LOST])
    writer = writer_of(unreliable, spool)
    writer.start()
    spool.append_segment("writer-thread-1", [_payload("envoy_json", json_line("1"), environment)])
    wait_until(lambda: writer.failing != "")
    assert writer.failing == "The answer was lost; try again."
    spool.append_segment("writer-thread-2", [_payload("envoy_json", json_line("2"), environment)])
    wait_until(lambda: spool.size == 0)
    assert writer.failing == ""
    writer.stop()
    assert counts(store, environment)["requests"] == 2


def test_what_is_not_stored_at_the_stop_stays_in_the_spool(store: Store, spool: Spool, tmp_path: Path) -> None:
    writer = writer_of(FailingStore(store, [_LOST] * 1000, stores_first=False), spool)
    writer.start()
    spool.append_segment("writer-stop", [_payload("envoy_json", json_line("1"), "writer-stop")])
    wait_until(lambda: writer.failing != "")
    writer.stop()
    assert spool.backlog == 1
    assert len(list(tmp_path.glob(f"*{READY}"))) == 1


def test_a_stop_has_a_deadline(store: Store, spool: Spool, caplog: pytest.LogCaptureFixture) -> None:
    released = threading.Event()

    class SlowStore(FailingStore):
        def load(self, *arguments: Any, **keywords: Any) -> None:
            wait_until(released.is_set)
            super().load(*arguments, **keywords)

    metrics = CollectorMetrics(NoOpMeter("test"))
    slow: Any = SlowStore(store)
    notes = spool.directory.with_name("late-writer")
    writer = Writer(slow, spool, TransformConfig(), metrics, notes, WriterConfig(stop_timeout=0.2))
    for number in range(3):
        spool.append_segment(f"writer-late-{number}", [_payload("envoy_json", json_line("1"), "writer-late")])
    writer.start()
    wait_until(lambda: spool.backlog == 2)
    stop = threading.Thread(target=writer.stop)
    stop.start()
    wait_until(lambda: "Not everything could be stored before the stop" in caplog.text)
    # The one in work is stored to its end.
    released.set()
    stop.join()
    assert spool.waiting("") == ["writer-late-1", "writer-late-2"]
    assert counts(store, "writer-late")["requests"] == 1


def test_a_stop_waits_for_the_parts_of_what_is_split(store: Store, spool: Spool) -> None:
    environment = "writer-parts"
    payloads = [_payload("otlp_logs", body, environment) for body in (otlp_logs("a"), _BROKEN_PROTOBUF)]
    writer = writer_of(store, spool)
    writer.start()
    spool.append_segment("writer-parts", payloads)
    wait_until(lambda: spool.backlog == 0)
    writer.stop()
    assert spool.size == 0
    assert (counts(store, environment)["logs"], counts(store, environment)["dead_letters"]) == (1, 1)


def test_a_format_of_a_later_version_stays_and_holds_nothing_up(
    store: Store, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    environment = "writer-unknown"
    unknown = _sealed(spool, "writer-unknown-1", [_payload("from_the_future", b"x", environment)])
    spool.give_back(unknown)
    spool.append_segment("writer-unknown-2", [_payload("envoy_json", json_line("1"), environment)])
    writer = writer_of(store, spool)
    writer.start()
    wait_until(lambda: spool.size == 0)
    writer.stop()
    assert (writer.failing, spool.unknown_files, unknown.path.exists()) == ("", 1, True)
    assert spool.waiting("") == []
    assert counts(store, environment)["requests"] == 1
    assert "a format that this version does not know" in caplog.text


def test_a_fault_of_the_disk_does_not_end_the_thread(store: Store, spool: Spool) -> None:
    environment = segment_id = "writer-disk"
    segment = _sealed(spool, segment_id, [_payload("envoy_json", json_line("1"), environment)])
    away = segment.path.rename(segment.path.with_name("away"))
    segment.path.mkdir()
    writer = writer_of(store, spool)
    writer.start()
    spool.give_back(segment)
    wait_until(lambda: "Is a directory" in writer.failing)
    segment.path.rmdir()
    away.rename(segment.path)
    wait_until(lambda: spool.size == 0)
    writer.stop()
    assert counts(store, environment)["requests"] == 1


def test_a_fault_that_nobody_foresaw_does_not_end_the_thread(
    store: Store, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bool:
        raise KeyError("unforeseen")

    environment = "writer-unforeseen"
    writer = writer_of(store, spool)
    with monkeypatch.context() as patch:
        patch.setattr(Writer, "_stored", fail)
        spool.append_segment(environment, [_payload("envoy_json", json_line("1"), environment)])
        writer.start()
        wait_until(lambda: writer.failing == "KeyError: 'unforeseen'")
    wait_until(lambda: spool.size == 0)
    writer.stop()
    assert (writer.failing, counts(store, environment)["requests"]) == ("", 1)


def test_what_is_moved_out_of_the_spool_holds_nothing_up(
    store: Store, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    environment = "writer-moved"
    gone = _sealed(spool, "writer-moved-2", [_payload("envoy_json", json_line("gone"), environment)])
    gone.path.unlink()
    writer = writer_of(store, spool)
    writer.start()
    spool.give_back(gone)
    spool.append_segment("writer-moved-3", [_payload("envoy_json", json_line("1"), environment)])
    wait_until(lambda: spool.size == 0)
    writer.stop()
    assert (writer.failing, counts(store, environment)["requests"]) == ("", 1)
    left = [record for record in caplog.records if record.message == "A segment has left the spool unstored."]
    assert [record.__dict__["segment"] for record in left] == [gone.path.name]
