"""Answers that are lost behind a proxy, and a process that is killed before it could give them: each record once."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from tests.collector.rigs.prometheus_process import node_exporter, prometheus
from tests.collector.rigs.waiting import wait_until
from tests.durability.answer_proxy import AnswerProxy
from tests.durability.resent_bodies import POSTED, RECORDS, Posted, body_of
from tests.patience import PATIENCE
from tests.running import RunningGatelens

_LOST = 5
_BODIES = 8
# An answer each of text, events, and both kinds of messages.
_KILLED = [posted for posted in POSTED if posted.name in ("ingest", "hec event", "otlp", "remote write 2.0")]
_STORED = """SELECT
    (SELECT count() FROM requests) + (SELECT count() FROM logs) + (SELECT count() FROM spans)
    + (SELECT count() FROM metrics WHERE startsWith(name, 'lost_')) AS stored,
    (SELECT count() FROM dead_letters) AS dead"""


class _Losing:
    """Every other answer is lost, until so many are."""

    def __init__(self, most: int = _LOST, then: Callable[[], None] = lambda: None) -> None:
        self._most = most
        self._then = then
        self.answers = 0
        self.lost = 0

    def __call__(self) -> bool:
        self.answers += 1
        is_lost = self.answers % 2 == 1 and self.lost < self._most
        if is_lost:
            self.lost += 1
            self._then()
        return is_lost


@pytest.fixture(scope="module")
def gatelens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGatelens]:
    with RunningGatelens(tmp_path_factory.mktemp("lost")) as running:
        yield running


def _metric(gatelens: RunningGatelens, name: str, **attributes: str) -> float:
    text = httpx.get(f"{gatelens.addresses.web}/metrics", trust_env=False, timeout=PATIENCE).text
    wanted = [f'{key}="{value}"' for key, value in attributes.items()]
    found = re.findall(rf"^{name}\{{(.*)\}} (\S+)$", text, re.MULTILINE)
    return sum(float(value) for labels, value in found if all(one in labels for one in wanted))


def _stored(gatelens: RunningGatelens) -> int:
    """How many records there are, once all that was taken is stored."""
    wait_until(lambda: _metric(gatelens, "gatelens_spool_size_bytes") == 0)
    [row] = gatelens.query(_STORED)
    assert int(row["dead"]) == 0
    return int(row["stored"])


def _post_until_answered(client: httpx.Client, url: Callable[[], str], posted: Posted, body: bytes) -> None:
    while True:
        try:
            answer = client.post(url() + posted.path, content=body, headers=posted.headers)
        except httpx.HTTPError:
            time.sleep(0.02)
            continue
        assert answer.is_success, answer.text
        return


@pytest.mark.parametrize("posted", POSTED, ids=lambda posted: posted.name)
def test_what_is_posted_again_is_stored_once(gatelens: RunningGatelens, posted: Posted) -> None:
    before = _stored(gatelens)
    repeated = _metric(gatelens, "gatelens_receiver_repeated_total", receiver="http")
    losing = _Losing()
    with (
        AnswerProxy(gatelens.addresses.http.removeprefix("http://"), losing) as proxy,
        httpx.Client(trust_env=False, timeout=PATIENCE) as client,
    ):
        for _ in range(_BODIES):
            _post_until_answered(client, lambda: f"http://{proxy.address}", posted, body_of(posted))
    assert losing.lost == _LOST
    assert _stored(gatelens) - before == _BODIES * RECORDS
    assert _metric(gatelens, "gatelens_receiver_repeated_total", receiver="http") - repeated == _LOST


def _export_logs(exporter: Any) -> None:
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    for number in range(_BODIES):
        provider.get_logger("lost").emit(LogRecord(timestamp=time.time_ns(), body=f"record {number}"))
    provider.shutdown()


def _export_spans(exporter: Any) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    for number in range(_BODIES):
        provider.get_tracer("lost").start_span(f"span {number}").end()
    provider.shutdown()


def _export_metrics(exporter: Any) -> None:
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=float("inf"))
    provider = MeterProvider([reader], shutdown_on_exit=False)
    gauge = provider.get_meter("lost").create_gauge("lost_level")
    for number in range(_BODIES):
        gauge.set(number)
        provider.force_flush()
    provider.shutdown()


_EXPORTS = {
    "logs": (_export_logs, GrpcLogs, HttpLogs),
    "metrics": (_export_metrics, GrpcMetrics, HttpMetrics),
    "traces": (_export_spans, GrpcSpans, HttpSpans),
}


@pytest.mark.parametrize("signal", _EXPORTS)
@pytest.mark.parametrize("over", ["grpc", "http"])
def test_what_opentelemetry_exports_again_is_stored_once(gatelens: RunningGatelens, over: str, signal: str) -> None:
    before = _stored(gatelens)
    losing = _Losing()
    export, over_grpc, over_http = _EXPORTS[signal]
    target = gatelens.addresses.grpc if over == "grpc" else gatelens.addresses.http.removeprefix("http://")
    with AnswerProxy(target, losing) as proxy:
        if over == "grpc":
            export(over_grpc(endpoint=proxy.address, insecure=True, timeout=PATIENCE))
        else:
            export(over_http(endpoint=f"http://{proxy.address}/v1/{signal}", timeout=PATIENCE))
    assert losing.lost == _LOST
    assert _stored(gatelens) - before == _BODIES


_PROMETHEUS = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, external_labels: {{environment: prometheus-lost}}}}
scrape_configs: [{{job_name: node, static_configs: [{{targets: ["{target}"]}}]}}]
remote_write: [{{url: "http://{proxy}/api/v1/write", queue_config: {{batch_send_deadline: 200ms, max_shards: 1}}}}]
"""


def test_what_prometheus_writes_again_is_stored_once(gatelens: RunningGatelens, tmp_path: Path) -> None:
    losing = _Losing()
    with (
        AnswerProxy(gatelens.addresses.http.removeprefix("http://"), losing) as proxy,
        node_exporter(tmp_path) as metrics,
    ):
        target = metrics.removeprefix("http://").removesuffix("/metrics")
        with prometheus(tmp_path, _PROMETHEUS.format(target=target, proxy=proxy.address)):
            wait_until(lambda: losing.lost == _LOST and losing.answers > 2 * _LOST)
    _stored(gatelens)
    [row] = gatelens.query(
        "SELECT count() AS samples, uniqExact(name, toString(labels), time) AS different FROM metrics"
        " WHERE environment = 'prometheus-lost'"
    )
    assert int(row["samples"]) == int(row["different"]) > 100


def test_a_process_that_is_killed_before_its_answer_knows_the_body_again(tmp_path: Path) -> None:
    """Killed once before an answer of each kind: every second answer is lost, and the kinds take turns."""
    running: list[RunningGatelens] = []

    def kill() -> None:
        running[-1].kill()

    losing = _Losing(most=len(_KILLED), then=kill)
    left = [(posted, body_of(posted)) for _ in range(_BODIES) for posted in _KILLED]
    lost = []
    with AnswerProxy("", losing) as proxy, httpx.Client(trust_env=False, timeout=PATIENCE) as client:
        while left:
            with RunningGatelens(tmp_path) as gatelens:
                running.append(gatelens)
                proxy.target = gatelens.addresses.http.removeprefix("http://")
                while left and not gatelens.has_ended():
                    posted, body = left[0]
                    try:
                        url = f"http://{proxy.address}{posted.path}"
                        answer = client.post(url, content=body, headers=posted.headers)
                    except httpx.HTTPError:
                        lost.append(posted)
                        continue
                    assert answer.is_success, answer.text
                    left.pop(0)
                if not left:
                    assert _stored(gatelens) == len(_KILLED) * _BODIES * RECORDS
    assert (losing.lost, lost) == (len(_KILLED), _KILLED)
