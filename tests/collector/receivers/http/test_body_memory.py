"""However many clients send large bodies, or stop in the middle of them, memory is bounded and others are served."""

import gzip
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import cramjam
import httpx
import pytest

from collector.encoding.protobuf import length_delimited
from collector.receivers.http import body_memory
from tests.collector.rigs.counting_metrics import CountingMetrics
from tests.collector.rigs.ingest_rig import http_port
from tests.collector.rigs.receiver_rig import Rig, forget_peak, peak_bytes
from tests.collector.rigs.waiting import wait_until
from tests.patience import PATIENCE

_MIB = 1 << 20
_LINE = b'{"a":1}\n'
_LARGE = _LINE * (5 * _MIB // len(_LINE))
_OTLP = {"Content-Type": "application/x-protobuf"}


def _begun(rig: Rig, path: str, size: int, sent: bytes, **headers: str) -> socket.socket:
    """A client that announces a size, and has sent less."""
    address = urlsplit(rig.http)
    client = socket.create_connection((address.hostname, address.port), timeout=PATIENCE)
    told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    client.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\n{told}Content-Length: {size}\r\n\r\n".encode() + sent)
    return client


def _post(rig: Rig, body: bytes, path: str = "/ingest/json", **headers: str) -> httpx.Response:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{rig.http}{path}", content=body, headers=told, trust_env=False, timeout=PATIENCE)


def _holder(rig: Rig) -> socket.socket:
    """A client that has a place, once others see that there is none."""
    client = _begun(rig, "/ingest/json", 2 * len(_LARGE), _LARGE)
    wait_until(lambda: _post(rig, _LARGE).status_code == 503)
    return client


def _read(client: socket.socket) -> bytes:
    """All that comes until the server closes."""
    return b"".join(iter(lambda: client.recv(1 << 16), b""))


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/ingest/json", {}),
        ("/ingest/json?own_segment=true", {"Idempotency_Key": "to-disk"}),
        ("/ingest", {"Content_Encoding": "gzip"}),
        ("/v1/logs", {"Content_Type": "application/x-protobuf"}),
        ("/v1/logs", {"Content_Type": "application/json"}),
        ("/api/v1/write", {"Content_Type": "application/x-protobuf"}),
        ("/services/collector", {"Authorization": "Splunk x"}),
        ("/v2/analytics/events", {}),
    ],
)
@pytest.mark.parametrize("sent", [b"", _LINE * 10_000])
def test_a_body_that_does_not_come_is_refused(tmp_path: Path, path: str, headers: dict[str, str], sent: bytes) -> None:
    metrics = CountingMetrics()
    with http_port(tmp_path, metrics=metrics, body_timeout=0.2) as rig:
        with _begun(rig, path, 3 * _MIB, sent, **headers) as client:
            answer = _read(client)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"at less than 500 bytes a second for 0.2 seconds; send it whole" in answer
        assert metrics.reasons == ["stalled"]
        assert (list(tmp_path.iterdir()), rig.spool.size) == ([], 0)


def test_a_slow_body_is_taken(tmp_path: Path) -> None:
    with (
        http_port(tmp_path, body_timeout=0.5, min_rate=10) as rig,
        _begun(rig, "/ingest/json", 10 * len(_LINE), b"") as client,
    ):
        for _ in range(10):
            time.sleep(0.1)
            client.sendall(_LINE)
        assert client.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_large_bodies_come_again_where_places_are_taken_and_small_ones_go_on(tmp_path: Path) -> None:
    metrics = CountingMetrics()
    with http_port(tmp_path, metrics=metrics, max_large_bodies=1, large_body_wait=0.1) as rig:
        with _holder(rig):
            answer = _post(rig, _LARGE)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
            assert "raise collector.http.max_large_bodies" in answer.json()["error"]
            assert set(metrics.reasons) == {"busy"}
            assert _post(rig, _LARGE[: 4 * _MIB]).status_code == 200
        wait_until(lambda: _post(rig, _LARGE).status_code == 200)


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        ("/ingest/json", gzip.compress(_LARGE), {"Content_Encoding": "gzip"}),
        ("/services/collector/raw", _LARGE, {}),
        ("/v1/logs", length_delimited(1, _LARGE), _OTLP),
        ("/api/v1/write", bytes(cramjam.snappy.compress_raw(_LARGE)), _OTLP),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_large_unpacked_needs_a_place_everywhere(
    tmp_path: Path, path: str, body: bytes, headers: dict[str, str]
) -> None:
    told = {name.replace("-", "_"): value for name, value in headers.items()}
    with http_port(tmp_path, max_large_bodies=1, large_body_wait=0.1) as rig:
        with _holder(rig):
            answer = _post(rig, body, path, **told)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        wait_until(lambda: _post(rig, body, path, **told).status_code != 503)


def test_a_large_body_waits_for_its_place(tmp_path: Path) -> None:
    with http_port(tmp_path, max_large_bodies=1, large_body_wait=30) as rig, ThreadPoolExecutor(4) as clients:
        answers = [clients.submit(_post, rig, _LARGE) for _ in range(12)]
        assert [answer.result().status_code for answer in answers] == [200] * 12


def test_a_client_that_stalls_gives_its_place_back(tmp_path: Path) -> None:
    with (
        http_port(tmp_path, max_large_bodies=1, large_body_wait=30, body_timeout=0.5) as rig,
        _begun(rig, "/ingest/json", 2 * len(_LARGE), _LARGE) as stalled,
    ):
        assert _post(rig, _LARGE).status_code == 200
        assert _read(stalled).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_goes_to_disk_needs_no_place(tmp_path: Path) -> None:
    with http_port(tmp_path, max_large_bodies=1, large_body_wait=0.1) as rig, _holder(rig):
        answer = _post(rig, _LARGE, "/ingest/json?own_segment=true", Idempotency_Key="to-disk")
        assert answer.status_code == 200


def test_many_bodies_that_are_not_large_need_places_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_memory, "_ROOM_BYTES", 2 * _MIB)
    with http_port(tmp_path, max_large_bodies=1, large_body_wait=0.1) as rig, _holder(rig), ExitStack() as clients:
        assert _post(rig, _LARGE[:_MIB]).status_code == 200
        for _ in range(2):
            clients.enter_context(_begun(rig, "/ingest/json", 2 * _MIB, _LARGE[:_MIB]))
        wait_until(lambda: _post(rig, _LARGE[:_MIB]).status_code == 503)
        assert _post(rig, _LARGE[: 64 << 10]).status_code == 200


def test_bodies_that_never_end_take_bounded_memory(tmp_path: Path) -> None:
    block = _LINE * (_MIB // len(_LINE))
    with http_port(tmp_path, max_large_bodies=2, large_body_wait=0.1) as rig, ExitStack() as clients:
        _post(rig, block)
        before = forget_peak()
        started = [clients.enter_context(_begun(rig, "/ingest/json", 30 * _MIB, b"")) for _ in range(12)]
        for client in started:
            for _ in range(29):
                client.sendall(block)
        wait_until(lambda: _post(rig, _LARGE).status_code == 503)
        assert peak_bytes() - before < 150 * _MIB
