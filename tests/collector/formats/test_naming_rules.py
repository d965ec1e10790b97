"""Naming rules: what an operator calls things comes before what telemetry says, in every table and by every format."""

import base64
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from pydantic import ValidationError

from collector.formats.config import TransformConfig
from collector.formats.formats import FORMATS
from collector.formats.naming.look_up import MOST_ENTRIES
from collector.formats.transform import transform
from collector.spool.frame import encode
from collector.spool.payload import Payload
from storage.store import Store
from tests.collector.inputs.golden_cases import CASES, Case
from tests.collector.rigs.forward_rig import ForwardRig, forward
from tests.collector.rigs.storing import writer_of
from tests.collector.rigs.waiting import wait_until

_NOW = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
_TABLES = {"intake": ("requests", "logs", "dead_letters"), "intake_metrics": ("metrics",), "intake_spans": ("spans",)}
_FIRST_OF_FORMAT = list({case.format: case for case in CASES}.values())


def _config(*rules: dict[str, Any]) -> TransformConfig:
    return TransformConfig.model_validate({"names": rules})


class Named:
    """Stores payloads under rules, each as a segment of its own."""

    def __init__(self, store: Store, directory: Path, name: str) -> None:
        self._store, self._directory, self._name = store, directory, name
        self._number = 0

    def store(self, config: TransformConfig, format_name: str, body: bytes, peer: str = "192.0.2.7") -> str:
        self._number += 1
        segment = f"names-{self._name}-{self._number}"
        path = self._directory / segment
        path.write_bytes(encode(Payload(format_name, body, time.time_ns() // 1000, peer=peer)))
        of = transform(FORMATS[format_name], segment, path, config)
        self._store.load(of.statement, of.table, of.columns, segment, of.schema)
        return segment

    def rows(self, segment: str, columns: str, table: str = "requests", order: str = "1") -> list[tuple[Any, ...]]:
        sql = f"SELECT {columns} FROM {table} WHERE segment_id = {{s:String}} ORDER BY {order}"
        return self._store.rows(sql, {"s": segment})


@pytest.fixture
def names(store: Store, tmp_path: Path, request: pytest.FixtureRequest) -> Named:
    return Named(store, tmp_path, request.node.name)


def _requests(*records: dict[str, Any]) -> bytes:
    told = {"method": "GET", "response_code": 200, "duration": 5, "start_time": _NOW}
    return b"".join(json.dumps(told | record).encode() + b"\n" for record in records)


@pytest.mark.parametrize("case", _FIRST_OF_FORMAT, ids=[case.format for case in _FIRST_OF_FORMAT])
def test_every_format_is_named_in_every_table(store: Store, names: Named, case: Case) -> None:
    config = _config(
        {"target": "gateway", "source": "format", "replacement": "my gateway"},
        {"target": "environment", "source": "format", "replacement": "my environment"},
        {"target": "instance", "source": "instance", "regex": "(.*)", "replacement": "my instance $1"},
        {"target": "api", "source": "attribute:none", "claim": "sub"},
        {"target": "consumer", "source": "principal", "when": {"tag": "x"}},
    )
    segment = names.store(config, case.format, case.body())
    known = FORMATS[case.format]
    found: set[tuple[Any, ...]] = set()
    for table in _TABLES[known.shape.into]:
        columns = "environment" if table == "dead_letters" else "environment, gateway"
        found |= set(names.rows(segment, f"DISTINCT {columns}", table))
    assert found
    assert {row[0] for row in found} == {"my environment"}
    assert {row[1] for row in found if len(row) > 1} <= {"my gateway"}


def test_a_request_is_named_by_its_path_cluster_headers_and_file(names: Named) -> None:
    config = _config(
        {"target": "api", "source": "path", "prefixes": {"/orders": "Orders", "/orders/v2": "Orders 2"}},
        {"target": "api", "source": "cluster", "regex": r"outbound\|\d+\|\|(.+)\.shop", "replacement": "svc-$1"},
        {"target": "api_version", "source": "path", "regex": "/[^/]+/(v[0-9]+)(/.*)?"},
        {"target": "consumer", "source": "header:X-Tenant", "when": {"path": "/orders/.*"}},
        {"target": "environment", "source": "file", "regex": "/var/log/([a-z]+)/.*"},
        {"target": "gateway", "source": "authority", "values": {"shop.example": "Edge"}},
    )
    body = _requests(
        {"path": "/orders/v2/1?a=1", "x-tenant": "acme", "authority": "shop.example"},
        {"path": "/orders/2", "x-tenant": "-"},
        {"path": "/ordersets", "upstream_cluster": "outbound|80||cart.shop", "x-tenant": "acme", "authority": "else"},
    )
    segment = names.store(config, "envoy_json", body, peer="edge-1:/var/log/prod/access.log")
    assert names.rows(segment, "path, api, api_version, consumer, environment, gateway, instance", order="path") == [
        ("/orders/2", "Orders", "", "", "prod", "envoy", "edge-1"),
        ("/orders/v2/1", "Orders 2", "v2", "acme", "prod", "Edge", "edge-1"),
        ("/ordersets", "svc-cart", "", "", "prod", "mesh", "edge-1"),
    ]
    # What a rule has read is kept.
    assert names.rows(segment, "attributes['x-tenant']", order="path") == [("",), ("acme",), ("acme",)]


def _token(claims: dict[str, Any]) -> str:
    parts = ({"alg": "none"}, claims)
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return ".".join((*encoded, "signature"))


@pytest.mark.parametrize("held", ["token", "bearer", "payload", "json"])
def test_a_consumer_is_named_by_a_claim_and_no_token_is_stored(names: Named, held: str) -> None:
    token = _token({"azp": "app-17", "sub": "frank?>"})
    payload = token.split(".")[1]
    told = {"token": token, "bearer": f"Bearer {token}", "payload": payload, "json": '{"azp": "app-17"}'}[held]
    config = _config({"target": "consumer", "source": "header:authorization", "claim": "azp"})
    segment = names.store(config, "envoy_json", _requests({"path": "/orders", "authorization": told}))
    assert names.rows(segment, "consumer, attributes['authorization.azp']") == [("app-17", "app-17")]
    [(attributes,)] = names.rows(segment, "toString(attributes)")
    assert payload not in attributes


def test_otlp_is_named_by_attributes_of_record_and_resource(names: Named) -> None:
    config = _config(
        {"target": "api", "source": "attribute:team"},
        {"target": "consumer", "source": "header:x-tenant"},
    )
    request = ExportLogsServiceRequest()
    logs = request.resource_logs.add()
    logs.resource.attributes.add(key="team").value.string_value = "cart"
    record = logs.scope_logs.add().log_records.add(time_unix_nano=time.time_ns())
    for key, value in {"response_code": "200", "method": "GET", "path": "/a", "x_tenant": "acme"}.items():
        record.attributes.add(key=key).value.string_value = value
    segment = names.store(config, "otlp_logs", request.SerializeToString())
    assert names.rows(segment, "api, consumer") == [("cart", "acme")]


def test_metrics_are_named_by_labels_and_only_where_all_conditions_hold(names: Named) -> None:
    config = _config(
        {"target": "gateway", "source": "label:app", "when": {"label:team": "edge|core", "name": "up"}},
        {"target": "gateway", "source": "gateway", "regex": "node", "replacement": "hosts"},
    )
    text = b'up{app="a",team="edge",job="node"} 1\nup{app="b",team="edges",job="node"} 1\nup{app="c",job="x"} 1\n'
    segment = names.store(config, "prometheus_text", text)
    assert names.rows(segment, "labels['app'], gateway", "metrics") == [("a", "a"), ("b", "hosts"), ("c", "x")]


def test_ids_are_looked_up_and_a_changed_file_counts_at_once(
    names: Named, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "clients.csv"
    file.write_text('# ids of clients\n17,"Acme, Inc."\n18,Beta\n')
    config = _config({"target": "consumer", "source": "consumer", "look_up": str(file)})
    body = _requests({"path": "/a", "consumer": "17"}, {"path": "/b", "consumer": "19"})

    def consumers() -> list[str]:
        return [name for (name,) in names.rows(names.store(config, "envoy_json", body), "consumer", order="path")]

    assert consumers() == ["Acme, Inc.", "19"]
    file.write_text("17,Acme\n19,Gamma\n")
    assert consumers() == ["Acme", "Gamma"]
    with caplog.at_level(logging.WARNING):
        file.write_text("17\n")
        assert consumers() == ["Acme", "Gamma"]
        assert consumers() == ["Acme", "Gamma"]
    assert [record.message for record in caplog.records] == [
        "A look-up file of names cannot be read; the names that it had are used on. Mend the file."
    ]


def test_as_many_ids_as_are_allowed_can_be_looked_up(names: Named, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_text("".join(f"{number:036},Application number {number}\n" for number in range(MOST_ENTRIES)))
    config = _config({"target": "consumer", "source": "consumer", "look_up": str(file)})
    segment = names.store(config, "envoy_json", _requests({"path": "/a", "consumer": f"{9_999:036}"}))
    assert names.rows(segment, "consumer") == [("Application number 9999",)]


@pytest.fixture
def by_tag(tmp_path: Path) -> Iterator[ForwardRig]:
    with forward(tmp_path / "rig", {"environment": "names-by-tag"}, keeps_tags=True) as rig:
        yield rig


def test_lines_are_named_by_their_tag(store: Store, by_tag: ForwardRig) -> None:
    config = _config(
        {"target": "api", "source": "tag", "regex": r"nginx\.(.+)"},
        {"target": "api", "source": "tag", "regex": r"app\.(.+)"},
    )
    line = '198.51.100.7 - - [10/Oct/2026:13:55:36 -0700] "GET /a HTTP/1.1" 200 2326 "-" "curl/8.5.0"'
    with by_tag.connect() as agent:
        agent.send(["nginx.orders", [[int(time.time()), {"log": line}]]])
        wait_until(by_tag.payloads)
    by_tag.spool.close()
    writer = writer_of(store, by_tag.spool, transforms=config)
    while segment := by_tag.spool.take(0):
        writer.store(segment)
    sql = "SELECT api, instance FROM requests WHERE environment = 'names-by-tag'"
    assert store.rows(sql) == [("orders", "127.0.0.1")]


def test_without_rules_nothing_is_added_to_a_statement(tmp_path: Path) -> None:
    for known in FORMATS:
        statement = transform(known, "segment", tmp_path, TransformConfig()).statement
        assert not statement.startswith("SELECT * REPLACE (")
        assert "{{" not in statement
        named = transform(known, "segment", tmp_path, _config({"target": "gateway", "source": "gateway"})).statement
        if "gateway" in known.shape.columns:
            assert statement in named


@pytest.mark.parametrize(
    ("rule", "cure"),
    [
        ({"source": "fil"}, "is not a source; use one of"),
        ({"source": "label:"}, "name what is read, as in label:tenant"),
        ({"regex": "(?=a)"}, "look-around is not supported: match what stands there"),
        ({"regex": "a"}, "there is no $1, the regex has 0 groups; put brackets around what is meant"),
        ({"replacement": "$2"}, "there is no $2, the regex has one group"),
        ({"prefixes": {"orders": "a"}}, "write it with a / before it"),
        ({"prefixes": {"/a": "a"}, "values": {"b": "b"}}, "give one of prefixes, values and look_up"),
        ({"claim": "azp"}, "name what does, as in header:authorization"),
        ({"look_up": "/nowhere.csv"}, "name a CSV file, `id,name` a line"),
        ({"when": {"cluste": "a"}}, "is not a source; use one of"),
        ({"when": {"cluster": "("}}, "missing )"),
    ],
)
def test_a_bad_rule_says_what_to_do(rule: dict[str, Any], cure: str) -> None:
    with pytest.raises(ValidationError) as raised:
        _config({"target": "api", "source": "path"} | rule)
    assert cure in str(raised.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("17,Acme\n18\n", "line 2 is not `id,name`"),
        ("17, \n", "line 1"),
        ("a,b\n" * 3 + "".join(f"{n},n\n" for n in range(MOST_ENTRIES + 1)), "10,000 are the most"),
    ],
)
def test_a_bad_look_up_file_says_where(tmp_path: Path, text: str, fault: str) -> None:
    file = tmp_path / "names.csv"
    file.write_text(text)
    with pytest.raises(ValidationError, match=fault):
        _config({"target": "api", "source": "api_id", "look_up": str(file)})
