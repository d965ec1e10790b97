"""What Fluent Bit measures, by every way that it sends records: the same rows of metrics, found or named."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgpack  # type: ignore[import-untyped]
import pytest

from storage.store import Store
from tests.collector.inputs.records_of_formats import CPU, MEM
from tests.collector.rigs.forward_rig import MOMENT, event_time, forward
from tests.collector.rigs.ingest_rig import http_port
from tests.collector.rigs.storing import store_all
from tests.patience import PATIENCE

_HOST = {"hostname": "edge-1"}
_APPLICATION = {"message": "cpu is high", "cpu_p": 99.0, "user_p": 90.0, "system_p": 9.0, "hostname": "edge-1"}
_RECORDS: list[dict[str, Any]] = [CPU | _HOST, MEM | _HOST, _APPLICATION]
_EXPECTED = [
    ("Mem.free", "edge-1", "By", "", 1024.0),
    ("Mem.total", "edge-1", "By", "", 4096.0),
    ("Mem.used", "edge-1", "By", "", 3072.0),
    ("Swap.free", "edge-1", "By", "", 0.0),
    ("Swap.total", "edge-1", "By", "", 0.0),
    ("Swap.used", "edge-1", "By", "", 0.0),
    ("cpu.p_cpu", "edge-1", "%", "0", 1.0),
    ("cpu.p_system", "edge-1", "%", "0", 1.0),
    ("cpu.p_user", "edge-1", "%", "0", 0.0),
    ("cpu_p", "edge-1", "%", "", 0.75),
    ("system_p", "edge-1", "%", "", 0.25),
    ("user_p", "edge-1", "%", "", 0.5),
]


def _metrics(store: Store, environment: str) -> list[Any]:
    return store.rows(
        "SELECT name, instance, unit, labels['cpu'], value FROM metrics"
        f" WHERE environment = {{e:String}} AND kind = 'gauge' AND toUnixTimestamp(time) = {MOMENT} ORDER BY name",
        {"e": environment},
    )


def _logs(store: Store, environment: str) -> list[Any]:
    return store.rows("SELECT body FROM logs WHERE environment = {e:String}", {"e": environment})


def _dated(record: dict[str, Any]) -> dict[str, Any]:
    return {"date": float(MOMENT)} | record


def _entries(records: list[dict[str, Any]]) -> bytes:
    return b"".join(msgpack.packb([[event_time(), {}], record]) for record in records)


_HTTP: dict[str, tuple[str, str, Callable[[list[dict[str, Any]]], bytes]]] = {
    "json": ("/ingest", "application/json", lambda records: json.dumps(list(map(_dated, records))).encode()),
    "json_lines": (
        "/ingest", "application/x-ndjson", lambda records: "\n".join(json.dumps(_dated(r)) for r in records).encode(),
    ),
    "msgpack": ("/ingest", "application/msgpack", _entries),
    "splunk": (
        "/services/collector/event",
        "",
        lambda records: "".join(json.dumps({"time": MOMENT, "event": record}) for record in records).encode(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", _HTTP)
@pytest.mark.parametrize("named", [False, True], ids=["found", "named"])
def test_over_http(store: Store, tmp_path: Path, way: str, named: bool) -> None:
    path, content_type, framed = _HTTP[way]
    environment = f"fluent-{way}-{named}"
    tokens = [{"token": "t"} | ({"format": "fluent_metrics"} if named else {})]
    with http_port(tmp_path, environment=environment, hec={"tokens": tokens}) as rig:
        answer = httpx.post(
            rig.http + (path.replace("/ingest", "/ingest/fluent_metrics") if named else path),
            content=framed(_RECORDS[:2] if named else _RECORDS),
            headers={"Content-Type": content_type, "Authorization": "Splunk t"},
            trust_env=False,
            timeout=PATIENCE,
        )
        assert answer.status_code == 200, answer.text
        store_all(store, rig.spool)
    assert _metrics(store, environment) == _EXPECTED
    assert _logs(store, environment) == ([] if named else [("cpu is high",)])


_FORWARD: dict[str, Callable[[list[dict[str, Any]]], list[Any]]] = {
    "message": lambda records: [["cpu.local", MOMENT, record] for record in records],
    "forward": lambda records: [["cpu.local", [[[event_time(), {}], record] for record in records]]],
    "packed": lambda records: [["cpu.local", _entries(records), {"size": len(records), "fluent_signal": 0}]],
    "gzip": lambda records: [["cpu.local", gzip.compress(_entries(records)), {"compressed": "gzip"}]],
}


@pytest.mark.parametrize("mode", _FORWARD)
@pytest.mark.parametrize("named", [False, True], ids=["found", "named"])
def test_over_forward(store: Store, tmp_path: Path, mode: str, named: bool) -> None:
    environment = f"fluent-{mode}-{named}"
    rules = [{"tag": "cpu.*", "format": "fluent_metrics", "gateway": "edge"}] if named else []
    with forward(tmp_path, {"environment": environment, "rules": rules}) as rig:
        with rig.connect() as agent:
            for message in _FORWARD[mode](_RECORDS[:2] if named else _RECORDS):
                agent.send(message)
            agent.leave()
        store_all(store, rig.spool)
    assert _metrics(store, environment) == _EXPECTED
    assert _logs(store, environment) == ([] if named else [("cpu is high",)])
    told = "SELECT DISTINCT gateway, labels['fluent.tag'] FROM metrics WHERE environment = {e:String}"
    assert store.rows(told, {"e": environment}) == [("edge" if named else "edge-1", "cpu.local")]


@pytest.mark.parametrize("signal", [1, 2], ids=["metrics", "traces"])
def test_signals_in_encodings_of_its_own_become_dead_letters(store: Store, tmp_path: Path, signal: int) -> None:
    """Fluent Bit's `forward` output sends them under an option; read as records they would be nonsense."""
    environment = f"fluent-signal-{signal}"
    # An entry of logs within, so that a reader who goes by the looks would take it for one.
    told = msgpack.packb({"meta": {"ver": 0}, "metrics": []}) + msgpack.packb([MOMENT, {"log": "no log"}])
    messages: list[tuple[Any, dict[str, Any]]] = [
        (told, {"size": 2}),
        (gzip.compress(told), {"compressed": "gzip"}),
        ([{"meta": {}}, [MOMENT, {"log": "no log"}]], {}),
    ]
    with forward(tmp_path, {"environment": environment}) as rig:
        with rig.connect() as agent:
            for number, (body, options) in enumerate(messages):
                agent.send(["otel", body, options | {"fluent_signal": signal, "chunk": f"{signal}-{number}"}])
                assert agent.answer() == {"ack": f"{signal}-{number}"}
            agent.leave()
        store_all(store, rig.spool)
    found = store.rows(
        "SELECT format, reason, body FROM dead_letters WHERE environment = {e:String} ORDER BY length(body)",
        {"e": environment},
    )
    assert [(name, "opentelemetry or prometheus_remote_write" in reason) for name, reason, _ in found] == [
        ("fluent_signal", True)
    ] * 3
    assert _logs(store, environment) == []
