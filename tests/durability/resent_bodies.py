"""Bodies as senders post them over HTTP, byte for byte, each with some records of now."""

import gzip
import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import cramjam

from tests.collector.rigs.access_logs import json_lines, otlp_logs
from tests.collector.rigs.prometheus_messages import sample_series, write_request, write_request_v2

RECORDS = 20
_PROTOBUF = "application/x-protobuf"


@dataclass(frozen=True)
class Posted:
    """An input: where its bodies go, and how one is made of some names that no other record has."""

    name: str
    path: str
    headers: Mapping[str, str]
    make: Callable[[Sequence[str]], bytes]


def body_of(posted: Posted) -> bytes:
    made = posted.make([uuid.uuid4().hex for _ in range(RECORDS)])
    return gzip.compress(made) if posted.headers.get("Content-Encoding") == "gzip" else made


def combined_line(path: str) -> str:
    """A line of nginx, whose time has no more than seconds."""
    return f'192.0.2.7 - - [{datetime.now(UTC):%d/%b/%Y:%H:%M:%S +0000}] "GET {path} HTTP/1.1" 200 612 "-" "curl/8.5.0"'


def _combined(names: Sequence[str]) -> bytes:
    return "".join(f"{combined_line(f'/orders/{name}')}\n" for name in names).encode()


def _json_log(names: Sequence[str]) -> bytes:
    return b"".join(json_lines(name, range(1)) for name in names)


def _array(names: Sequence[str]) -> bytes:
    return b"[" + b",".join(_json_log(names).splitlines()) + b"]"


def _hec(names: Sequence[str]) -> bytes:
    events = [
        {"time": round(time.time(), 3), "host": "mule-01", "event": f"Order {name} has shipped."} for name in names
    ]
    return "".join(map(json.dumps, events)).encode()


def _hec_access_log(names: Sequence[str]) -> bytes:
    return "".join(
        json.dumps({"time": int(time.time()), "event": combined_line(f"/{name}")}) for name in names
    ).encode()


def _otlp_json(names: Sequence[str]) -> bytes:
    records = [{"timeUnixNano": str(time.time_ns()), "body": {"stringValue": name}} for name in names]
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).encode()


def _mule(names: Sequence[str]) -> bytes:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    events = [
        {
            "api_id": 4605,
            "api_version_id": 46672,
            "client_ip": "192.0.2.7",
            "event_id": name,
            "host_id": "mule-01",
            "path": f"/{name}",
            "received_ts": now,
            "replied_ts": now,
            "status_code": 200,
            "verb": "GET",
        }
        for name in names
    ]
    return json.dumps(events).encode()


def _series(names: Sequence[str]) -> list[object]:
    now = time.time_ns() // 1_000_000
    return [sample_series("lost_answers", [(1.0, now)], job="edge", order=name) for name in names]


def _write_1(names: Sequence[str]) -> bytes:
    return bytes(cramjam.snappy.compress_raw(write_request({"timeseries": _series(names)})))


def _write_2(names: Sequence[str]) -> bytes:
    return bytes(cramjam.snappy.compress_raw(write_request_v2({"timeseries": _series(names)})))


_GZIP = {"Content-Encoding": "gzip"}
_SNAPPY = {"Content-Encoding": "snappy", "Content-Type": _PROTOBUF}
POSTED = (
    Posted("ingest", "/ingest/combined", {}, _combined),
    Posted("ingest found", "/ingest", _GZIP, _combined),
    Posted("ingest json", "/ingest/envoy_json", _GZIP, _json_log),
    Posted("ingest array", "/ingest/envoy_json", {"Content-Type": "application/json"}, _array),
    Posted("hec event", "/services/collector/event", {"Authorization": "Splunk any"}, _hec),
    Posted("hec access log", "/services/collector/event", {"Authorization": "Splunk any", **_GZIP}, _hec_access_log),
    Posted("hec raw", "/services/collector/raw", {"Authorization": "Splunk any"}, _combined),
    Posted("otlp", "/v1/logs", {"Content-Type": _PROTOBUF, **_GZIP}, lambda names: otlp_logs(*names)),
    Posted("otlp json", "/v1/logs", {"Content-Type": "application/json"}, _otlp_json),
    Posted("mule", "/v2/analytics/events", {"Content-Type": "application/json", **_GZIP}, _mule),
    Posted("remote write 1.0", "/api/v1/write", _SNAPPY, _write_1),
    Posted(
        "remote write 2.0",
        "/api/v1/write",
        {**_SNAPPY, "Content-Type": f"{_PROTOBUF};proto=io.prometheus.write.v2.Request"},
        _write_2,
    ),
)
