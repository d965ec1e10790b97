"""OpenTelemetry's log records that Fluent Bit has taken in and forwards: they are what they were before."""

import json
from pathlib import Path
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest

from collector.formats.custom.known import known_formats
from collector.intake.chunk_delivery import Kind
from collector.receivers.forward.config import ForwardConfig
from collector.receivers.forward.lines import Rules
from collector.receivers.forward.message import parse
from collector.receivers.forward.records import Records
from collector.spool.payload import Payload
from storage.store import Store
from tests.collector.rigs.forward_rig import whole
from tests.collector.rigs.receiver_rig import receivers
from tests.collector.rigs.storing import store_all

_TRACE, _SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
_LINE = '10.1.2.3 - - [18/Nov/2026:11:06:40 +0000] "GET /orders/v1/items HTTP/1.1" 200 512 "-" "curl/8.5"'
_SECOND = 1_795_000_000


def _moment(seconds: int) -> msgpack.ExtType:
    return msgpack.ExtType(0, (seconds & 0xFFFFFFFF).to_bytes(4, "big") + (0).to_bytes(4, "big"))


def _group(resource: dict[str, Any], *entries: Any) -> list[Any]:
    """As Fluent Bit writes it: a mark before the records, and one behind them."""
    told = {"resource": {"attributes": resource}, "scope": {"name": "shop.orders", "version": "1.2"}}
    mark = {"schema": "otlp", "resource_id": 0, "scope_id": 0}
    return [[[_moment(-1), mark], told], *entries, [[_moment(-2), {}], {}]]


def _entry(record: dict[str, Any], **fields: Any) -> list[Any]:
    return [[_moment(_SECOND), {"otlp": fields}], record]


def _payloads(*messages: list[Any], config: ForwardConfig | None = None) -> list[tuple[Kind, bytes]]:
    config = config or ForwardConfig()
    records = Records(Rules(config, known_formats()), config)
    for entries in messages:
        message = parse(whole(msgpack.packb(["shop", entries])), 1 << 24)
        assert message is not None
        records.add(message)
    return records.payloads()


@pytest.mark.parametrize("trace", [bytes.fromhex(_TRACE), _TRACE])
def test_a_record_keeps_what_was_told_of_it(store: Store, tmp_path: Path, trace: bytes | str) -> None:
    environment = f"forward-otlp-{type(trace).__name__}"
    resource = {"service.name": "orders-api", "host.name": "shop-1", "deployment.environment.name": environment}
    told: dict[str, Any] = {"severity_number": 17, "severity_text": "Error", "attributes": {"n": 7, "tags": ["a", "b"]}}
    first = _entry({"log": "it failed"}, trace_id=trace, span_id=bytes.fromhex(_SPAN), **told)
    [(kind, body)] = _payloads(_group(resource, first, _entry({"a": 1})))
    assert kind == Kind("otlp_logs_json", "", "")
    with receivers(tmp_path / "spool") as rig:
        rig.spool.append_segment("forward-otlp-" + type(trace).__name__, [_payload(body)])
        store_all(store, rig.spool)
    found = store.rows(
        """
        SELECT body, severity, trace_id, span_id, gateway, instance, attributes['n'], attributes['tags'],
            attributes['otel.scope.name'], toUnixTimestamp(time)
        FROM logs WHERE environment = {e:String} ORDER BY body
        """,
        {"e": environment},
    )
    assert found == [
        ("it failed", "ERROR", _TRACE, _SPAN, "orders-api", "shop-1", "7", '["a","b"]', "shop.orders", _SECOND),
        ('{"a":1}', "", "", "", "orders-api", "shop-1", "", "", "shop.orders", _SECOND),
    ]


def _payload(body: bytes) -> Payload:
    return Payload("otlp_logs_json", body, _SECOND * 1_000_000, "", "", "192.0.2.7")


def test_lines_of_access_logs_become_requests() -> None:
    resource = {"k8s.pod.name": "edge-5c7d9f8b6d-z2x4q", "k8s.namespace.name": "ingress"}
    entries = _group(resource | {"deployment.environment.name": "production"}, _entry({"log": _LINE}))
    assert _payloads(entries) == [
        (Kind("combined", "production", "edge.ingress", "edge-5c7d9f8b6d-z2x4q"), _LINE.encode() + b"\n")
    ]


def test_groups_and_other_records_stay_apart() -> None:
    other = [[_moment(_SECOND), {}], {"log": "of no group"}]
    found = _payloads([other, *_group({"service.name": "a"}, _entry({"log": "x"})), other], [other])
    assert [kind.format for kind, _ in found] == ["json", "otlp_logs_json"]
    assert found[0][1].count(b"of no group") == 3
    [request] = [json.loads(line) for line in found[1][1].splitlines()]
    assert [len(logs["scopeLogs"][0]["logRecords"]) for logs in request["resourceLogs"]] == [1]
    assert request["resourceLogs"][0]["resource"] == {
        "attributes": [{"key": "service.name", "value": {"stringValue": "a"}}]
    }


def test_groups_go_on_in_the_next_slice() -> None:
    entries = _group({"service.name": "a"}, *(_entry({"log": "x" * 1000}) for _ in range(3000)))
    found = _payloads(entries)
    assert [kind.format for kind, _ in found] == ["otlp_logs_json"]
    requests = [json.loads(line) for line in found[0][1].splitlines()]
    logs = [logs for request in requests for logs in request["resourceLogs"]]
    assert len(requests) > 1
    assert sum(len(of["scopeLogs"][0]["logRecords"]) for of in logs) == 3000
    assert {of["resource"]["attributes"][0]["value"]["stringValue"] for of in logs} == {"a"}


def test_other_groups_are_as_they_were() -> None:
    mark = [[_moment(-1), {"schema": "other"}], {"resource": {}}]
    found = _payloads([mark, _entry({"log": "x"})])
    assert [kind.format for kind, _ in found] == ["json"]


def test_what_a_rule_names_a_format_for_is_of_that() -> None:
    config = ForwardConfig.model_validate({"rules": [{"tag": "shop", "format": "json"}]})
    found = _payloads(_group({"service.name": "a"}, _entry({"log": "x"})), config=config)
    assert [kind.format for kind, _ in found] == ["json"]
