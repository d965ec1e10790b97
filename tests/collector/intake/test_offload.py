"""While a large body is unpacked or converted, other clients are served; a small one stays on the event loop."""

import asyncio
import gzip
import json
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pkgutil import resolve_name
from typing import Any, NamedTuple

import cramjam
import httpx
import msgpack  # type: ignore[import-untyped]
import pytest

from collector.errors import PayloadTooLarge
from collector.intake.offload import LARGE_BYTES, Offload
from tests.collector.rigs.access_logs import otlp_logs
from tests.collector.rigs.ingest_rig import http_port
from tests.collector.rigs.prometheus_messages import write_request
from tests.collector.rigs.receiver_rig import Rig

_WAIT = 30
_LIMIT = 8 << 20
_JSON = {"Content-Type": "application/json"}
_PROTOBUF = {"Content-Type": "application/x-protobuf"}
_MSGPACK = {"Content-Type": "application/msgpack"}
_CHANNEL = "FE0ECFAD-13D5-401B-847D-77833BD77131"
_GZIP = {"Content-Encoding": "gzip"}


def _text(size: int) -> str:
    return "x" * size


def _event(size: int) -> bytes:
    return json.dumps({"event": _text(size)}).encode()


def _packed_record(size: int) -> bytes:
    return gzip.compress(json.dumps({"a": _text(size)}).encode())


def _incompressible(size: int) -> bytes:
    """Larger than that even when it is packed."""
    return gzip.compress(json.dumps({"a": random.Random(1).randbytes(size).hex()}).encode())


def _spans(size: int) -> bytes:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{"name": _text(size)}]}]}]}).encode()


def _series(size: int) -> bytes:
    one = {"labels": [{"name": "__name__", "value": _text(size)}], "samples": [{"value": 1.0, "timestamp": 1}]}
    return bytes(cramjam.snappy.compress_raw(write_request({"timeseries": [one]})))


class _Way(NamedTuple):
    """Where to post a body of a size, and the function that is at work on it."""

    path: str
    headers: dict[str, str]
    body: Callable[[int], bytes]
    work: str


_WAYS = {
    "json": _Way("/ingest", {}, lambda size: b'{"a": "%b"}' % _text(size).encode(), "receivers.http.ingest._payloads"),
    "msgpack": _Way(
        "/ingest", _MSGPACK, lambda size: msgpack.packb([1, {"a": _text(size)}]), "receivers.http.msgpack_body.payloads"
    ),
    "packed": _Way("/ingest", _GZIP, _packed_record, "receivers.http.ingest._payloads"),
    "mule": _Way(
        "/v2/analytics/events",
        {},
        lambda size: b'[{"a": "%b"}]' % _text(size).encode(),
        "receivers.http.mule_events.unframed",
    ),
    "hec": _Way("/services/collector", {}, _event, "receivers.http.hec_events.parse"),
    "hec groups": _Way("/services/collector", {}, _event, "receivers.http.hec_events.groups"),
    "hec raw": _Way("/services/collector/raw", {}, lambda size: _text(size).encode(), "receivers.http.hec_events.raw"),
    "otlp": _Way("/v1/logs", _PROTOBUF, lambda size: otlp_logs(_text(size)), "receivers.http.otlp.check_protobuf"),
    "otlp json": _Way("/v1/traces", _JSON, _spans, "receivers.http.otlp.check_json"),
    "remote write": _Way("/api/v1/write", _PROTOBUF, _series, "receivers.http.write_request.WriteRequest.contents"),
}


class _Held:
    """Stands before a function, and holds whoever calls it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.called = threading.Event()
        self.goes_on = threading.Event()
        self.thread = ""
        original = resolve_name(name)

        def held(*args: Any, **kwargs: Any) -> Any:
            self.thread = threading.current_thread().name
            self.called.set()
            assert self.goes_on.wait(_WAIT)
            return original(*args, **kwargs)

        monkeypatch.setattr(name, held)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with http_port(tmp_path_factory.mktemp("spool"), max_body_size=_LIMIT) as started:
        yield started


def _post(rig: Rig, path: str, headers: dict[str, str], body: bytes) -> httpx.Response:
    return httpx.post(rig.http + path, content=body, headers=headers, trust_env=False, timeout=_WAIT)


def _health(rig: Rig) -> int:
    return httpx.get(f"{rig.http}/services/collector/health", trust_env=False, timeout=_WAIT / 3).status_code


@pytest.mark.parametrize(
    "way",
    [*_WAYS.values(), _Way("/ingest", _GZIP, _incompressible, "intake.offload.decode")],
    ids=[*_WAYS, "unpacking"],
)
def test_others_are_served_while_a_large_body_is_worked_on(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, way: _Way
) -> None:
    held = _Held(monkeypatch, f"collector.{way.work}")
    with ThreadPoolExecutor(1) as clients:
        answer = clients.submit(_post, rig, way.path, way.headers, way.body(LARGE_BYTES + 1))
        try:
            assert held.called.wait(_WAIT)
            assert _health(rig) == 200
            assert not answer.done()
        finally:
            held.goes_on.set()
        assert answer.result().is_success, answer.result().text


@pytest.mark.parametrize("way", _WAYS.values(), ids=_WAYS)
def test_a_small_body_stays_on_the_event_loop(rig: Rig, monkeypatch: pytest.MonkeyPatch, way: _Way) -> None:
    held = _Held(monkeypatch, f"collector.{way.work}")
    held.goes_on.set()
    assert _post(rig, way.path, way.headers, way.body(LARGE_BYTES // 2)).is_success
    assert held.thread == "receivers"


def test_what_is_small_only_as_it_was_packed_is_unpacked_in_a_thread() -> None:
    async def unpacked(size: int, limit: int) -> tuple[bytes, int]:
        threads = set()
        offload = Offload()

        async def run(is_large: bool, work: Callable[..., bytes], *args: Any) -> bytes:
            threads.add(is_large)
            return work(*args)

        offload.run = run  # type: ignore[method-assign,assignment]  # to see what is asked of it
        return await offload.unpacked(gzip.compress(bytes(size)), "gzip", limit), len(threads)

    assert asyncio.run(unpacked(LARGE_BYTES, _LIMIT)) == (bytes(LARGE_BYTES), 0)
    assert asyncio.run(unpacked(LARGE_BYTES + 1, _LIMIT)) == (bytes(LARGE_BYTES + 1), 1)
    for limit in (LARGE_BYTES // 2, LARGE_BYTES, 2 * LARGE_BYTES):
        with pytest.raises(PayloadTooLarge, match=str(limit)):
            asyncio.run(unpacked(limit + 1, limit))


def test_two_large_bodies_are_worked_on_at_once() -> None:
    running = threading.Semaphore(0)
    goes_on = threading.Event()

    def work() -> None:
        running.release()
        assert goes_on.wait(_WAIT)

    async def three() -> tuple[bool, bool, bool]:
        offload = Offload()
        tasks = [asyncio.create_task(offload.run(True, work)) for _ in range(3)]
        try:
            begun = [await asyncio.to_thread(running.acquire, timeout=_WAIT) for _ in range(2)]
            third = running.acquire(blocking=False)
        finally:
            goes_on.set()
        await asyncio.gather(*tasks)
        return begun[0], begun[1], third

    assert asyncio.run(three()) == (True, True, False)


def test_what_is_raised_in_a_thread_reaches_the_client(rig: Rig) -> None:
    too_deep = b'{"event": ' + b"[" * (2 * LARGE_BYTES)
    assert _post(rig, "/services/collector", {}, too_deep).json()["invalid-event-number"] == 0
    answer = _post(rig, "/ingest", {}, b"[" * LARGE_BYTES + b'{"a": 1}]')
    assert answer.status_code == 400, answer.text
    nested = b'[{"a":' + b"[" * LARGE_BYTES + b"]" * LARGE_BYTES + b"}]"
    assert "cannot be read" in _post(rig, "/ingest", {}, nested).json()["error"]
    deep = b'{"resourceLogs":[],"later":' + b"[" * LARGE_BYTES
    assert "nested too deep" in _post(rig, "/v1/logs", _JSON, deep).json()["message"]
    acks = _post(rig, "/services/collector/ack?channel=" + _CHANNEL, {}, b"[" * (2 * LARGE_BYTES))
    assert acks.json()["code"] == 6
