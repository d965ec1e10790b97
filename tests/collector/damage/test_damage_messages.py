"""Damaged messages: refused by their receiver, or rows and dead letters beside whole ones that are all stored."""

import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from collector.encoding.protobuf import length_delimited
from collector.errors import PayloadError
from collector.formats.otlp.json_check import check_json
from collector.receivers.grpc.als import stream_payloads
from collector.receivers.http.write_request import VERSION_1, VERSION_2
from collector.receivers.otlp import check_protobuf
from collector.spool.config import SpoolConfig
from collector.spool.payload import Payload
from collector.spool.spool import Spool
from collector.writer.segment_ledger import differences
from gatelens.machine.event_loop import EventLoopThread
from storage.store import Store
from tests.collector.damage.damage_rig import (
    MESSAGES,
    NOW,
    als,
    als_entry,
    damaged,
    dead_letters,
    load,
    records,
    rows,
)
from tests.collector.rigs.spooling import append
from tests.collector.rigs.storing import store_all


@pytest.mark.parametrize("name", MESSAGES)
@settings(
    max_examples=2,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(data=st.data())
def test_damage_beside_whole_payloads(
    store: Store, tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    message = MESSAGES[name]
    bodies = data.draw(st.lists(damaged(message.body), min_size=1, max_size=6))
    environment = f"fuzz-{uuid.uuid4()}"
    started = datetime.now(UTC)
    spool = Spool(tmp_path_factory.mktemp("spool"), SpoolConfig(segment_age=60))
    for body in bodies:
        append(spool, Payload(name, body, NOW * 1_000_000, "damaged"))
        append(spool, Payload(name, message.body, NOW * 1_000_000, environment)).result()
    store_all(store, spool)
    sql = f"SELECT count() FROM {message.table} WHERE environment = {{e:String}}"
    assert store.rows(sql, {"e": environment}) == [(message.rows * len(bodies),)]
    found = differences(store, started)
    assert not [segment for segment in found["segment_id"] if str(segment).startswith(name)]


def test_what_is_no_message_becomes_a_dead_letter_with_its_bytes(
    store: Store, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bodies = {"otlp_logs": b"\x0a\x05nope!", "prometheus_write": b"\x0a\x05nope!"}
    for name, broken in bodies.items():
        message, environment = MESSAGES[name], f"no-message-{name}"
        spool = Spool(tmp_path_factory.mktemp("spool"), SpoolConfig(segment_age=60))
        for body in (broken, *[message.body] * 3):
            append(spool, Payload(name, body, NOW * 1_000_000, environment)).result()
        store_all(store, spool)
        said = store.rows("SELECT body, reason FROM dead_letters WHERE environment = {e:String}", {"e": environment})
        assert said == [(broken.decode(), "the payload cannot be decoded, or takes too much memory")]
        sql = f"SELECT count() FROM {message.table} WHERE environment = {{e:String}}"
        assert store.rows(sql, {"e": environment}) == [(3 * message.rows,)]


def _als_stream(body: bytes) -> None:
    async def messages() -> AsyncIterator[bytes]:
        yield body

    async def taken() -> None:
        async for _ in stream_payloads(messages()):
            pass

    loop = EventLoopThread("als")
    try:
        loop.run(taken())
    finally:
        loop.close()


_CHECKS: dict[str, Callable[[bytes], object]] = {
    **dict.fromkeys(("otlp_logs", "otlp_metrics", "otlp_traces"), check_protobuf),
    "otlp_logs_json": lambda body: check_json("logs", body),
    "otlp_metrics_json": lambda body: check_json("metrics", body),
    "otlp_traces_json": lambda body: check_json("traces", body),
    "envoy_als": _als_stream,
    "prometheus_write": VERSION_1.contents,
    "prometheus_write_v2": VERSION_2.contents,
}


def test_every_message_but_text_is_looked_at_when_it_comes() -> None:
    assert MESSAGES.keys() - _CHECKS.keys() == {"prometheus_text", "openmetrics_text", "fluent_metrics", "hec_metrics"}


@pytest.mark.parametrize("name", _CHECKS)
def test_a_message_cut_off_anywhere_is_refused_or_ends_between_two_of_its_parts(
    store: Store, tmp_path: Path, name: str
) -> None:
    """A cut between two of the outermost fields leaves a shorter message, whose records are whole."""
    message = MESSAGES[name]
    taken: list[bytes] = []
    for length in range(1, len(message.body)):
        try:
            _CHECKS[name](message.body[:length])
        except PayloadError:
            continue
        taken.append(message.body[:length])
    assert len(taken) < 20
    if not taken:
        return
    told = "* EXCEPT (segment_id, ingested_at, time)"
    whole = set(map(str, rows(store, message.table, told, load(store, tmp_path, name, message.body))))
    segment = load(store, tmp_path, name, *taken)
    assert records(store, segment) <= message.rows * len(taken)
    assert dead_letters(store, segment) == []
    # Metadata at the end of a request may be missing, and with it the kind and the unit of its series.
    columns = "name, labels, value" if message.table == "metrics" else told
    if columns != told:
        whole = set(map(str, rows(store, "metrics", columns, load(store, tmp_path, name, message.body))))
    assert set(map(str, rows(store, message.table, columns, segment))) <= whole


_LEVELS = 10_000


def test_values_nested_too_deep(store: Store, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Protobuf's are kept to a depth and cut below it; JSON's are refused, and never end the process."""
    deep = length_delimited(1, b"end")
    for _ in range(_LEVELS):
        deep = length_delimited(5, length_delimited(1, deep))
    record = length_delimited(5, deep) + length_delimited(6, length_delimited(1, b"k") + length_delimited(2, deep))
    body = length_delimited(1, length_delimited(2, length_delimited(2, record)))
    segment = load(store, tmp_path, "otlp_logs", body, MESSAGES["otlp_logs"].body)
    assert records(store, segment) == 1 + MESSAGES["otlp_logs"].rows
    assert rows(store, "logs", "countIf(position(body, 'nested too deep') > 0)", segment) == [(1,)]

    value = b'{"arrayValue":{"values":[' * _LEVELS + b'{"stringValue":"end"}' + b"]}}" * _LEVELS
    told = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":' + value + b"}]}]}]}"
    unknown = b'{"later":' + b"[" * _LEVELS + b"]" * _LEVELS + b',"resourceLogs":[]}'
    for body in (told, unknown):
        with pytest.raises(PayloadError, match="nested too deep"):
            check_json("logs", body)
        spool = Spool(tmp_path_factory.mktemp("spool"), SpoolConfig(segment_age=60))
        # By the general way in, which looks at nothing.
        append(spool, Payload("otlp_logs_json", body, NOW * 1_000_000, "deep")).result()
        store_all(store, spool)
    assert store.rows("SELECT count() FROM dead_letters WHERE environment = 'deep'") == [(2,)]


@pytest.mark.parametrize("piece", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\0"])
def test_bytes_that_are_no_text_in_messages(store: Store, tmp_path: Path, piece: bytes) -> None:
    """Senders that do not check their strings, Envoy and Go's among them, pass on the bytes of a header."""
    tags = dict.fromkeys(("consumer", "api", "api_version", "route", "trace_id"), "X")
    entry = als_entry({"upstream_cluster": "X", "route_name": "X", "custom_tags": tags}, request_id="X")
    entry["request"] |= {"path": "/X", "user_agent": "X", "authority": "X", "forwarded_for": "X"}
    body = als(entry).replace(b"X", piece[:1]).replace(b"edge-7", b"edge-" + piece[:1])
    segment = load(store, tmp_path, "envoy_als", body)
    assert rows(store, "requests", "countIf(isValidUTF8(toString(tuple(*))))", segment) == [(1,)]

    logs = ExportLogsServiceRequest.FromString(MESSAGES["otlp_logs"].body)
    logs.resource_logs[0].resource.attributes.add(key="service.name").value.string_value = "X"
    record = logs.resource_logs[0].scope_logs[0].log_records[0]
    record.body.string_value = record.severity_text = "X"
    segment = load(store, tmp_path, "otlp_logs", logs.SerializeToString().replace(b"X", piece[:1]))
    assert rows(store, "logs", "countIf(isValidUTF8(toString(tuple(*))))", segment) == [(MESSAGES["otlp_logs"].rows,)]

    metrics = b"a 1\n# TYPE b " + piece[:1] + b"\nb 2\n"
    segment = load(store, tmp_path, "prometheus_text", metrics)
    assert sorted(rows(store, "metrics", "name, kind", segment)) == [("a", "unknown"), ("b", "unknown")]


def test_fields_of_a_megabyte_in_messages(store: Store, tmp_path: Path) -> None:
    long = "x" * (1 << 20)
    entry = als_entry({"upstream_cluster": long}, request_id=long)
    entry["request"] |= {"path": "/" + long, "user_agent": long}
    segment = load(store, tmp_path, "envoy_als", als(entry, als_entry(request_id="short")))
    lengths = sorted(rows(store, "requests", "length(path), length(user_agent)", segment))
    assert lengths == [(9, 0), (len(long) + 1, len(long))]
    logs = ExportLogsServiceRequest()
    record = logs.resource_logs.add().scope_logs.add().log_records.add()
    record.body.string_value = long
    record.attributes.add(key=long).value.string_value = long
    segment = load(store, tmp_path, "otlp_logs", logs.SerializeToString())
    assert rows(store, "logs", "length(body), length(attributes[body])", segment) == [(len(long), len(long))]
