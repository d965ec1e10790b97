"""Access log lines for tests that care for how many there are, not for what is in them."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from storage.store import Store


def json_line(request_id: str, **fields: object) -> bytes:
    """One line of Envoy's JSON access log, about a request of just now."""
    record = {
        "start_time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "method": "GET",
        "path": "/orders/v1/items",
        "protocol": "HTTP/1.1",
        "response_code": 200,
        "response_flags": "-",
        "duration": 12,
        "upstream_cluster": "orders_v1",
        "request_id": request_id,
    }
    return json.dumps(record | fields).encode() + b"\n"


def json_lines(prefix: str, numbers: Iterable[int]) -> bytes:
    return b"".join(json_line(f"{prefix}-{number}") for number in numbers)


def otlp_logs(*bodies: str) -> bytes:
    """An ExportLogsServiceRequest with a log record for each body."""
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    for body in bodies:
        record = records.add(time_unix_nano=int(datetime.now(UTC).timestamp() * 1e9))
        record.body.string_value = body
    return bytes(request.SerializeToString())


def counts(store: Store, environment: str) -> dict[str, int]:
    """How many records of an environment each table holds; roll-ups count the requests in them."""
    queries = {
        "requests": "SELECT count() FROM requests WHERE environment = {environment:String}",
        "logs": "SELECT count() FROM logs WHERE environment = {environment:String}",
        "dead_letters": "SELECT count() FROM dead_letters WHERE environment = {environment:String}",
        "api_1m": "SELECT toUInt64(sum(requests)) FROM api_1m WHERE environment = {environment:String}",
        "api_1h": "SELECT toUInt64(sum(requests)) FROM api_1h WHERE environment = {environment:String}",
    }
    return {name: store.rows(sql, {"environment": environment})[0][0] for name, sql in queries.items()}
