"""Bodies without a key that come again: known by their bytes, unless they may be meant, and never when refused."""

import gzip
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from collector.spool.deliveries import Deliveries
from collector.spool.payload import BY_ITS_BYTES, Delivery
from collector.spool.segment import OPEN, READY
from collector.telemetry import CollectorMetrics
from tests.collector.inputs.records_of_formats import COMBINED, TEXT
from tests.collector.rigs.access_logs import json_line, json_lines, otlp_logs
from tests.collector.rigs.ingest_rig import http_port
from tests.collector.rigs.receiver_rig import Rig, receivers
from tests.collector.rigs.spooling import leave_room, restart_over
from tests.durability.resent_bodies import POSTED, Posted, body_of, combined_line
from tests.patience import PATIENCE

_EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
_LINES = json_lines("resent", range(5))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with receivers(tmp_path / "spool") as started:
        yield started


def _post(rig: Rig, body: bytes, path: str = "/ingest/envoy_json", **headers: str) -> int:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(rig.http + path, content=body, headers=told, trust_env=False, timeout=PATIENCE).status_code


def _sent(rig: Rig, posted: Posted, body: bytes, **headers: str) -> int:
    told = {name.replace("-", "_"): value for name, value in posted.headers.items()}
    return _post(rig, body, posted.path, **told, **headers)


@pytest.mark.parametrize("posted", POSTED, ids=lambda posted: posted.name)
def test_every_input_knows_bytes_and_keys(rig: Rig, posted: Posted) -> None:
    body, others = body_of(posted), [body_of(posted) for _ in range(3)]
    assert {_sent(rig, posted, body) for _ in range(3)} <= {200, 202, 204}
    assert len(rig.spooled()) == 1
    assert {_sent(rig, posted, others[0], Idempotency_Key="first") for _ in range(2)} <= {200, 202, 204}
    assert _sent(rig, posted, others[1], Idempotency_Key="first") == 409
    assert _sent(rig, posted, others[2], Idempotency_Key="no key!") == 400
    assert len(rig.spooled()) == 2
    # What has been refused is not known.
    assert {_sent(rig, posted, other) for other in others[1:]} <= {200, 202, 204}
    assert len(rig.spooled()) == 4


@pytest.mark.parametrize("key", ["", "one-key"])
def test_messages_over_grpc_are_known(rig: Rig, key: str) -> None:
    metadata = (("idempotency-key", key),) if key else ()
    with grpc.insecure_channel(rig.grpc) as channel:
        export: Any = channel.unary_unary(_EXPORT, request_serializer=None, response_deserializer=None)
        message = otlp_logs("a", "b")
        for _ in range(3):
            assert export(message, timeout=PATIENCE, metadata=metadata) == b""
        assert len(rig.spooled()) == 1
        if not key:
            assert export(otlp_logs("a", "b"), timeout=PATIENCE) == b""
            assert len(rig.spooled()) == 2
            return
        for wrong, code in ((key, grpc.StatusCode.ALREADY_EXISTS), ("no key!", grpc.StatusCode.INVALID_ARGUMENT)):
            with pytest.raises(grpc.RpcError) as raised:
                export(otlp_logs("c"), timeout=PATIENCE, metadata=(("idempotency-key", wrong),))
            assert raised.value.code() == code
        assert len(rig.spooled()) == 1


@pytest.mark.parametrize("path", ["/ingest/combined", "/ingest", "/services/collector/raw"])
def test_equal_requests_of_a_second_are_two(rig: Rig, path: str) -> None:
    """A load test on a server whose log has no more than seconds: posted line by line, or a thousand at a time."""
    for body in (combined_line("/"), f"{combined_line('/')}\n" * 1000):
        before = len(rig.spooled())
        assert [_post(rig, body.encode(), path) for _ in range(2)] == [200, 200]
        assert len(rig.spooled()) == before + 2


def test_lines_without_times_are_two(rig: Rig) -> None:
    banner = "".join(f"loading plugin {number}\n" for number in range(50)).encode()
    gauges = b"".join(b"queue_length{queue=\"%d\"} 1\n" % number for number in range(50))  # fmt: skip
    for path, body in (("/services/collector/raw", banner), ("/ingest/prometheus_text", gauges)):
        before = len(rig.spooled())
        assert [_post(rig, body, path) for _ in range(2)] == [200, 200]
        assert len(rig.spooled()) == before + 2


def test_settings_say_what_is_known(tmp_path: Path) -> None:
    same = combined_line("/").encode()
    for name, settings, taken in (
        ("off", {"resend_window": 0}, 4),
        ("distinct", {}, 3),
        ("all", {"resends": "all"}, 2),
    ):
        with http_port(tmp_path / name, **settings) as rig:
            for path, body in (("/ingest/envoy_json", _LINES), ("/ingest/combined", same)):
                assert [_post(rig, body, path) for _ in range(2)] == [200, 200]
            assert len(rig.spooled()) == taken


def test_a_window_ends(tmp_path: Path) -> None:
    with http_port(tmp_path / "spool", resend_window=0.3) as rig:
        assert _post(rig, _LINES) == 200
        assert _post(rig, _LINES) == 200
        first = len(rig.spooled())
        time.sleep(0.4)
        assert _post(rig, _LINES) == 200
        # On a machine that stops for a moment the second is late as well.
        assert (first, len(rig.spooled())) in ((1, 2), (2, 3))


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/ingest/envoy_json?environment=other", {}),
        ("/ingest/envoy_json?peer=other", {}),
        ("/ingest/json", {}),
        ("/ingest/envoy_json", {"Content_Type": "text/x-other"}),
        ("/ingest/envoy_json", {"Authorization": "Bearer other"}),
    ],
)
def test_what_is_to_become_something_else_is_another_body(rig: Rig, path: str, headers: dict[str, str]) -> None:
    assert _post(rig, _LINES) == 200
    assert _post(rig, _LINES, path, **headers) == 200
    assert len(rig.spooled()) == 2


def test_a_body_that_is_packed_anew_is_another(rig: Rig) -> None:
    """Its bytes are looked at as they are sent; who packs anew gives a key."""
    assert _post(rig, gzip.compress(_LINES, mtime=1), Content_Encoding="gzip") == 200
    assert _post(rig, gzip.compress(_LINES, mtime=2), Content_Encoding="gzip") == 200
    assert len(rig.spooled()) == 2


def test_bodies_that_come_at_once_are_stored_once(rig: Rig) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: _post(rig, _LINES), range(16))) == {200}
    assert len(rig.spooled()) == 1


def test_a_large_body_is_known_while_it_arrives(tmp_path: Path) -> None:
    body = b"".join(json_line(f"large-{number}") for number in range(1000)) * 200
    with http_port(tmp_path / "spool") as rig:
        assert len(body) > 32 << 20
        assert [_post(rig, body) for _ in range(2)] == [200, 200]
        [path] = (tmp_path / "spool").iterdir()
        assert path.stat().st_size < len(body) * 1.1


def test_a_body_that_was_refused_for_want_of_room_is_not_known(tmp_path: Path) -> None:
    with http_port(tmp_path / "spool") as rig:
        leave_room(rig.spool, 1000)
        assert _post(rig, _LINES) == 503
    with http_port(tmp_path / "spool") as rig:
        assert _post(rig, _LINES) == 200
        assert len(rig.spooled()) == 1


def test_a_body_of_several_formats_is_stored_once_as_a_whole(rig: Rig) -> None:
    mixed = "\n".join([TEXT, *(f'{{"n": {number}}}' for number in range(9)), COMBINED]).encode()
    assert [_post(rig, mixed, "/ingest") for _ in range(2)] == [200, 200]
    assert sorted(name for name, _ in rig.spooled()) == ["combined", "envoy_text", "json"]


def test_a_body_is_known_after_a_restart(tmp_path: Path) -> None:
    for _ in range(3):
        with http_port(tmp_path / "spool") as rig:
            assert _post(rig, _LINES) == 200
            assert len(rig.spooled()) == 1


def test_what_is_acknowledged_again_is_counted(tmp_path: Path) -> None:
    reader = InMemoryMetricReader()
    metrics = CollectorMetrics(MeterProvider([reader]).get_meter("test"))
    with receivers(tmp_path / "spool", metrics=metrics) as rig, grpc.insecure_channel(rig.grpc) as channel:
        export: Any = channel.unary_unary(_EXPORT, request_serializer=None, response_deserializer=None)
        message = otlp_logs("a")
        for _ in range(3):
            assert _post(rig, _LINES) == 200
            assert _post(rig, _LINES, Idempotency_Key="key") == 200
            export(message, timeout=PATIENCE)
    assert _counted(reader, "gatelens.receiver.repeated") == {"http": 4, "grpc": 2}
    assert _counted(reader, "gatelens.receiver.accepted") == {"http": 2, "grpc": 1}


def _counted(reader: InMemoryMetricReader, name: str) -> dict[str, int]:
    data = reader.get_metrics_data()
    assert data is not None
    [metric] = [one for one in data.resource_metrics[0].scope_metrics[0].metrics if one.name == name]
    return {str(point.attributes["receiver"]): point.value for point in metric.data.data_points}  # type: ignore[union-attr, index, misc]


_DELIVERY = Delivery(b"k" * 16, BY_ITS_BYTES)


@pytest.mark.parametrize("suffix", [OPEN, READY])
def test_a_body_that_was_not_written_down_is_found_in_its_frame(tmp_path: Path, suffix: str) -> None:
    restart_over(tmp_path / "spool", suffix, _DELIVERY)
    known = Deliveries(tmp_path / "spool.deliveries", 10, 10)
    assert known.missing(_DELIVERY.key, BY_ITS_BYTES, 1) == []


def test_bodies_push_out_no_keys(tmp_path: Path) -> None:
    path = tmp_path / "deliveries"
    keys = [Delivery(number.to_bytes(16, "big"), b"d" * 16) for number in range(10)]
    bodies = [Delivery(number.to_bytes(16, "big"), BY_ITS_BYTES) for number in range(1000)]
    known = Deliveries(path, 10, 10)
    known.add(keys, 1)
    for body in bodies:
        known.add([body], 1)
    for remembered in (known, Deliveries(path, 10, 10)):
        assert not any(remembered.missing(one.key, one.digest, 1) for one in keys)
        assert not any(remembered.missing(one.key, one.digest, 1) for one in bodies[-10:])
        assert sum(bool(remembered.missing(one.key, one.digest, 1)) for one in bodies) >= 980
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 48 * (20 + 20)


def test_parts_that_are_too_old_are_taken_again(tmp_path: Path) -> None:
    known = Deliveries(tmp_path / "deliveries", 10, 10)
    parts = [Delivery(b"k" * 16, BY_ITS_BYTES, number, 2) for number in range(2)]
    known.add(parts, 1000)
    assert list(known.missing(b"k" * 16, BY_ITS_BYTES, 2, 1000)) == []
    assert list(known.missing(b"k" * 16, BY_ITS_BYTES, 2, 1001)) == [0, 1]
    known.add(parts[:1], 2000)
    assert list(known.missing(b"k" * 16, BY_ITS_BYTES, 2, 1001)) == [1]
    # Taken apart in another way by a later version: rather twice than not at all.
    assert list(known.missing(b"k" * 16, BY_ITS_BYTES, 3, 1001)) == [0, 1, 2]


def test_a_flood_of_bodies_stays_within_its_bound(tmp_path: Path) -> None:
    """As many as are remembered at most, read again by the next start."""
    draw = random.Random(1)
    known = Deliveries(tmp_path / "deliveries", 1, 20_000)
    last: list[Delivery] = []
    for _ in range(1000):
        last = [Delivery(draw.randbytes(16), BY_ITS_BYTES) for _ in range(100)]
        known.add(last, time.time_ns() // 1000)
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 48 * (2 * 20_000 + 100)
    started = time.process_time()
    again = Deliveries(tmp_path / "deliveries", 1, 20_000)
    assert time.process_time() - started < 20
    assert not any(again.missing(one.key, one.digest, 1) for one in last)
