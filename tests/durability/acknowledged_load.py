"""Clients that send while what they send to is killed, and what must be stored of what was acknowledged."""

import re
import threading
import time
import uuid
from collections.abc import Callable, Set
from datetime import UTC, datetime

import grpc
import httpx
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from gatelens.data_directory.directory import Addresses
from tests.patience import PATIENCE
from tests.running import RunningGatelens

_EVENTS = 50
_EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
_STATUSES = (200, 201, 404, 429, 500, 503)


class Load:
    """Clients that send batches until they are stopped, and remember what was acknowledged."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._stopped = threading.Event()
        self.sent: set[str] = set()
        self.acknowledged: set[str] = set()
        self._threads = [threading.Thread(target=work) for work in (self._post, self._post, self._export)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _post(self) -> None:
        with httpx.Client(trust_env=False, timeout=PATIENCE) as client:

            def send(batch: str) -> bool:
                url = f"{self._addresses.http}/ingest/envoy_json"
                try:
                    return client.post(url, content=_lines(batch), params={"environment": "kill"}).status_code == 200
                except httpx.HTTPError:
                    return False

            self._send_until_stopped(send)

    def _export(self) -> None:
        with grpc.insecure_channel(self._addresses.grpc) as channel:
            export = channel.unary_unary(_EXPORT, request_serializer=bytes, response_deserializer=bytes)

            def send(batch: str) -> bool:
                try:
                    export(_otlp(batch), timeout=PATIENCE)
                except grpc.RpcError:
                    return False
                return True

            self._send_until_stopped(send)

    def _send_until_stopped(self, send: Callable[[str], bool]) -> None:
        while not self._stopped.is_set():
            batch = uuid.uuid4().hex
            self.sent.add(batch)
            if send(batch):
                self.acknowledged.add(batch)


def check_stored_once(gatelens: RunningGatelens, sent: Set[str], acknowledged: Set[str]) -> None:
    """Once the spool is empty, what was acknowledged is in every table once, and nothing that was not sent."""
    _wait_for_empty_spool(gatelens)
    stored = {
        str(row["batch"]): (int(row["events"]), int(row["different"]))
        for row in gatelens.query(
            "SELECT authority AS batch, count() AS events, uniqExact(request_id) AS different FROM"
            " (SELECT attributes['server.address'] AS authority, request_id FROM requests) GROUP BY batch"
        )
    }
    assert {batch: stored.get(batch) for batch in acknowledged} == dict.fromkeys(acknowledged, (_EVENTS, _EVENTS))
    # What was sent and not acknowledged is there as a whole or not at all.
    assert set(stored) <= sent
    assert set(stored.values()) == {(_EVENTS, _EVENTS)}
    _check_rollups(gatelens, len(stored) * _EVENTS)
    _check_ledger(gatelens, len(stored) * _EVENTS)


def _check_rollups(gatelens: RunningGatelens, events: int) -> None:
    sums = """
        sum(requests) AS requests, sum(status_2xx) AS s2, sum(status_4xx) AS s4, sum(status_5xx) AS s5,
        sum(duration_us) AS took, sum(response_bytes) AS bytes, arraySum(mapValues(sumMap(latency))) AS in_histogram"""
    single = """
        count() AS requests, countIf(status BETWEEN 200 AND 299) AS s2, countIf(status BETWEEN 400 AND 499) AS s4,
        countIf(status >= 500) AS s5, sum(duration_us) AS took, sum(response_bytes) AS bytes, count() AS in_histogram"""
    group = "GROUP BY environment, api ORDER BY environment, api"
    expected = gatelens.query(f"SELECT environment, api, {single} FROM requests {group}")
    assert sum(int(row["requests"]) for row in expected) == events
    for table in ("api_1m", "api_1h"):
        assert gatelens.query(f"SELECT environment, api, {sums} FROM {table} {group}") == expected


def _check_ledger(gatelens: RunningGatelens, events: int) -> None:
    (booked,) = gatelens.query(
        "SELECT sum(records) AS records, sum(requests) AS requests, sum(dead_letters) AS dead_letters FROM books"
        " WHERE format IN ('envoy_json', 'otlp_logs')"
    )
    assert {name: int(value) for name, value in booked.items()} == {
        "records": events,
        "requests": events,
        "dead_letters": 0,
    }
    differing = gatelens.query(
        "SELECT segment_id, booked, stored FROM"
        " (SELECT segment_id, sum(requests) AS booked FROM books GROUP BY segment_id) AS counted"
        " FULL JOIN (SELECT toString(segment_id) AS segment_id, count() AS stored FROM requests GROUP BY 1) AS kept"
        " USING segment_id WHERE booked != stored"
    )
    assert differing == []


def _wait_for_empty_spool(gatelens: RunningGatelens) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        metrics = httpx.get(f"{gatelens.addresses.web}/metrics", trust_env=False, timeout=PATIENCE).text
        if re.search(r"^gatelens_spool_size_bytes\{.*\} 0\.0$", metrics, re.MULTILINE):
            return
        time.sleep(0.1)
    raise AssertionError("The spool was not emptied.")


def _lines(batch: str) -> bytes:
    now = datetime.now(UTC).isoformat()
    return "".join(
        f'{{"start_time":"{now}","method":"GET","path":"/kill/{number}","response_code":{_STATUSES[number % 6]},'
        f'"duration":{number + 1},"bytes_sent":{number * 10},"upstream_cluster":"kill-{number % 3}",'
        f'"request_id":"{batch}-{number}","authority":"{batch}"}}\n'
        for number in range(_EVENTS)
    ).encode()


def _otlp(batch: str) -> bytes:
    request = ExportLogsServiceRequest()
    resource = request.resource_logs.add()
    resource.resource.attributes.append(_text("deployment.environment.name", "kill-otlp"))
    records = resource.scope_logs.add().log_records
    for number in range(_EVENTS):
        fields = {
            "method": "GET",
            "path": f"/kill/{number}",
            "response_code": str(_STATUSES[number % 6]),
            "duration": str(number + 1),
            "bytes_sent": str(number * 10),
            "upstream_cluster": f"kill-{number % 3}",
            "request_id": f"{batch}-{number}",
            "authority": batch,
        }
        records.add(time_unix_nano=time.time_ns()).attributes.extend(_text(*field) for field in fields.items())
    return bytes(request.SerializeToString())


def _text(name: str, value: str) -> KeyValue:
    return KeyValue(key=name, value=AnyValue(string_value=value))
