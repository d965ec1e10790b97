"""What is small on the wire and large in the engine: a dead letter, or stored piece by piece, in bounded memory."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collector.encoding.protobuf import length_delimited
from collector.spool.config import SpoolConfig
from collector.spool.payload import Payload
from collector.spool.spool import Spool
from collector.writer.segment_ledger import differences
from storage.errors import QueryMemoryExceeded
from storage.store import Store
from tests.collector.rigs.access_logs import json_lines, otlp_logs
from tests.collector.rigs.envoy_messages import encode as als_message
from tests.collector.rigs.failing_store import FailingStore
from tests.collector.rigs.prometheus_messages import sample_series, write_request, write_request_v2
from tests.collector.rigs.storing import store_waiting

_NOW_US = int(datetime.now(UTC).timestamp() * 1_000_000)
_MEMORY = 80 << 20
_EMPTY_FIELDS = 1 << 18

_ALS = als_message(
    {
        "identifier": {"node": {"id": "edge-7", "cluster": "edge"}},
        "http_logs": {
            "log_entry": [
                {
                    "common_properties": {"start_time": {"seconds": _NOW_US // 1_000_000}},
                    "request": {"request_method": 1, "path": "/survivor"},
                    "response": {"response_code": {"value": 200}},
                }
            ]
        },
    }
)
_SERIES = {"timeseries": [sample_series("survivor", [(1, _NOW_US // 1000)])]}
_POINT = length_delimited(
    1, length_delimited(2, length_delimited(2, length_delimited(1, b"m") + b"\x2a\x0b\x0a\x09\x21" + b"\0" * 8))
)
_SPAN = length_delimited(
    1,
    length_delimited(
        2,
        length_delimited(
            2,
            length_delimited(1, b"t" * 16)
            + length_delimited(2, b"s" * 8)
            + b"\x39"
            + (_NOW_US * 1000).to_bytes(8, "little"),
        ),
    ),
)


def _nested(field: bytes, *numbers: int) -> bytes:
    """So many empty fields, in messages of these numbers, the outermost first."""
    body = field * _EMPTY_FIELDS
    for number in reversed(numbers):
        body = length_delimited(number, body)
    return body


# Format, table, a payload of one record, and two bytes a quarter of a million times.
_HOSTILE = {
    "otlp log records": ("otlp_logs", "logs", otlp_logs("survivor"), _nested(b"\x12\x00", 1, 2)),
    "otlp resources": ("otlp_logs", "logs", otlp_logs("survivor"), _nested(b"\x0a\x00")),
    "otlp metrics": ("otlp_metrics", "metrics", _POINT, _nested(b"\x12\x00", 1, 2)),
    "otlp data points": ("otlp_metrics", "metrics", _POINT, _nested(b"\x0a\x00", 1, 2, 2, 5)),
    "otlp spans": ("otlp_traces", "spans", _SPAN, _nested(b"\x12\x00", 1, 2)),
    "envoy entries": ("envoy_als", "requests", _ALS, _nested(b"\x0a\x00", 2)),
    "remote write histograms": ("prometheus_write", "metrics", write_request(_SERIES), _nested(b"\x22\x00", 1)),
    "remote write 2.0 histograms": (
        "prometheus_write_v2",
        "metrics",
        write_request_v2(_SERIES),
        _nested(b"\x1a\x00", 5),
    ),
}


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(tmp_path, SpoolConfig(segment_age=60))
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture
def little_memory(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "load_memory", _MEMORY)


def _store_all(
    store: Store | FailingStore, spool: Spool, segment_id: str, format_name: str, bodies: Sequence[bytes]
) -> None:
    """Make rows of a segment of these payloads."""
    spool.append_segment(segment_id, [Payload(format_name, body, _NOW_US, segment_id) for body in bodies])
    store_waiting(store, spool)
    assert spool.size == 0


def _rows(store: Store, table: str, environment: str) -> int:
    [(rows,)] = store.rows(f"SELECT count() FROM {table} WHERE environment = {{e:String}}", {"e": environment})
    return int(rows)


def _balanced(store: Store, segment_id: str, since: datetime) -> None:
    assert not [name for name in differences(store, since)["segment_id"] if str(name).startswith(segment_id)]


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("case", _HOSTILE)
def test_only_what_grows_out_of_proportion_becomes_a_dead_letter(store: Store, spool: Spool, case: str) -> None:
    format_name, table, whole, hostile = _HOSTILE[case]
    environment = f"memory-{case.replace(' ', '-').replace('.', '-')}"
    _store_all(store, spool, environment, format_name, [whole, hostile, whole, whole])
    assert _rows(store, table, environment) == 3
    found = store.rows(
        "SELECT format, length(body) FROM dead_letters WHERE environment = {e:String}", {"e": environment}
    )
    assert found == [("undecodable", len(hostile))]


def test_payloads_that_take_too_much_together_are_stored_one_after_the_other(
    store: Store, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "load_memory", _MEMORY // 2)
    environment, started = "memory-together", datetime.fromtimestamp(_NOW_US / 1e6, UTC)
    bodies = [json_lines(f"{number}-", range(9000)) for number in range(8)]
    _store_all(store, spool, environment, "envoy_json", bodies)
    assert _rows(store, "requests", environment) == 72_000
    counted = "SELECT uniqExact(request_id), uniqExact(segment_id) FROM requests WHERE environment = 'memory-together'"
    [(requests, segments)] = store.rows(counted)
    assert requests == 72_000
    assert segments > 1
    _balanced(store, environment, started)


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize(("format_name", "line"), [("json", b"x\n"), ("envoy_json", b"{}\n"), ("envoy_text", b"x\n")])
def test_a_payload_of_too_many_lines_is_stored_part_by_part(
    store: Store, spool: Spool, format_name: str, line: bytes
) -> None:
    environment, started = f"memory-lines-{format_name}-{line.hex()}", datetime.fromtimestamp(_NOW_US / 1e6, UTC)
    lines = 100_000
    _store_all(store, spool, environment, format_name, [line * lines])
    assert _rows(store, "dead_letters", environment) + _rows(store, "logs", environment) == lines
    _balanced(store, environment, started)


def test_where_only_the_views_take_too_much_they_get_more(store: Store, spool: Spool) -> None:
    late = FailingStore(store, [QueryMemoryExceeded("The views take too much. Take less.")])
    _store_all(late, spool, "memory-views", "envoy_json", [json_lines("v", range(10))])
    assert [load.is_roomy for load in late.loads] == [False, True]
    assert _rows(store, "requests", "memory-views") == 10
