"""What a Mule runtime says, in its shapes: analytics events, log4j's lines, and `jvm.*` over the OpenTelemetry SDK.

The requests are those of the stand-in (gatelens/demo/gateways/mule.py). Its CPU and memory are a model, as there is no
JVM: each API costs so many milliseconds a request, and the heap fills up and is collected.
https://docs.mulesoft.com/mule-gateway/mule-gateway-metrics
"""

import asyncio
import gzip
import json
import time
import uuid
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Tracer

from gatelens.demo.model import ENVIRONMENT, MULE, TRACED_PERCENT

# Milliseconds of CPU that a request of an API takes, and cores that the runtime takes without any.
CPU_MS = {"orders": 2.0, "payments": 4.5, "catalog": 1.2, "customers": 1.8, "shipping": 3.0}
IDLE_CORES = 0.02
CORES = 2
HEAP_BYTES = 512 << 20
_HEAP = {"jvm.memory.type": "heap", "jvm.memory.pool.name": "G1 Old Gen"}
_LIVE_BYTES = 120 << 20
_BYTES_A_REQUEST = 640 << 10

_FLUSH_SECONDS = 1.0
_METRICS_MS = 15_000
# Every so often an event is torn, as by a runtime that is killed while it writes.
_TORN_SECONDS = 60.0
_ORGANIZATION = "00000000-0000-4000-8000-0000000000de"
_LOGGER = "com.mulesoft.mule.runtime.gw.analytics.logger.AnalyticsHttpEventsLogger"


@dataclass(frozen=True)
class Exchange:
    """A request and its answer, as the runtime saw them."""

    api: str
    version: str
    consumer: str
    method: str
    path: str
    status: int
    client: str
    user_agent: str
    request_id: str
    request_bytes: int
    response_bytes: int
    policy: str


class Machine:
    """The modelled CPU and heap of the runtime."""

    def __init__(self, now: float) -> None:
        self._started = now
        self._spent = 0.0
        self.requests = 0

    def serve(self, api: str) -> None:
        self._spent += CPU_MS.get(api, 1.0) / 1000
        self.requests += 1

    def cpu_seconds(self, now: float) -> float:
        return (now - self._started) * IDLE_CORES + self._spent

    def heap_bytes(self) -> int:
        return _LIVE_BYTES + self.requests * _BYTES_A_REQUEST % (HEAP_BYTES // 2)


class MuleSpeech:
    """Sends what the runtime says to Gatelens: events and lines over HTTP, metrics and spans over OTLP."""

    def __init__(self, http: str, grpc: str) -> None:
        self._http = http
        self._machine = Machine(time.time())
        self._events: list[str] = []
        self._lines: list[str] = [
            _line("INFO", "org.mule.runtime.module.launcher.MuleContainer", "A stand-in for Mule is up: Gatelens' demo")
        ]
        self._torn_at = time.time()
        resource = Resource(_resource())
        reader = PeriodicExportingMetricReader(
            OTLPMetricExporter(endpoint=grpc, insecure=True), export_interval_millis=_METRICS_MS
        )
        self._meters = MeterProvider([reader], resource)
        self._tracers = TracerProvider(ParentBased(TraceIdRatioBased(TRACED_PERCENT / 100)), resource)
        self._tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=grpc, insecure=True)))
        self._cleanup = ExitStack()
        self._cleanup.callback(self._tracers.shutdown)
        self._cleanup.callback(self._meters.shutdown)
        self._observe()

    @property
    def tracer(self) -> Tracer:
        return self._tracers.get_tracer("mule")

    def hear(self, exchange: Exchange, received: float, replied: float) -> None:
        """Take a request in, with its times since the epoch; it is sent within a second."""
        self._machine.serve(exchange.api)
        event = analytics_event(exchange, _timestamp(received), _timestamp(replied), str(uuid.uuid4()))
        self._events.append(json.dumps(event, separators=(",", ":")))
        if exchange.policy:
            text = f"policy '{exchange.policy}' refused {exchange.method} {exchange.path} with {exchange.status}"
            self._lines.append(_line("WARN", "org.mule.runtime.logging.policy-demo", text, exchange.request_id))

    def complain(self, cluster: str, error: Exception) -> None:
        """Log that an upstream is not reached, as the connector does."""
        trace = "\tat org.mule.extension.http.api.Example.run(Example.java:17)"
        text = f"HTTP request to {cluster} failed: {type(error).__name__}.\n{trace}"
        handler = "org.mule.runtime.core.internal.exception.OnErrorPropagateHandler"
        self._lines.append(_line("ERROR", handler, text, str(uuid.uuid4())))

    async def run(self) -> None:
        """Send what there is each second, until cancelled."""
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            while True:
                await asyncio.sleep(_FLUSH_SECONDS)
                try:
                    await self._flush(client)
                except httpx.HTTPError:
                    # Gatelens is behind or stops; what is kept goes with the next.
                    continue

    def stop(self) -> None:
        """Export what is left, and end the SDK's threads."""
        self._cleanup.close()

    async def _flush(self, client: httpx.AsyncClient) -> None:
        if self._events:
            sent = list(self._events)
            url = f"{self._http}/mule/{ENVIRONMENT}/v2/analytics/events"
            body = gzip.compress(f"[{','.join(sent)}]".encode())
            await client.post(url, content=body, headers={"content-encoding": "gzip"})
            del self._events[: len(sent)]
        if time.time() - self._torn_at >= _TORN_SECONDS:
            self._torn_at = time.time()
            self._lines.append(_line("INFO", _LOGGER, '{"api_id":1,"api_version_id":1,"org_id":"'))
        if self._lines:
            lines = list(self._lines)
            where = {"environment": ENVIRONMENT, "gateway": MULE.cluster, "peer": MULE.id}
            await client.post(f"{self._http}/ingest/mule_log", params=where, content="\n".join(lines).encode())
            del self._lines[: len(lines)]

    def _observe(self) -> None:
        meter = self._meters.get_meter("io.opentelemetry.runtime-telemetry")
        meter.create_observable_counter("jvm.cpu.time", [self._cpu_time], "s")
        meter.create_observable_up_down_counter("jvm.cpu.count", [_always(CORES)], "{cpu}")
        meter.create_observable_up_down_counter("jvm.memory.used", [self._heap], "By")
        meter.create_observable_up_down_counter("jvm.memory.limit", [_always(HEAP_BYTES, _HEAP)], "By")
        meter.create_observable_up_down_counter("jvm.thread.count", [_always(42)], "{thread}")

    def _cpu_time(self, _options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(self._machine.cpu_seconds(time.time()))]

    def _heap(self, _options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(self._machine.heap_bytes(), _HEAP)]


def analytics_event(exchange: Exchange, received: str, replied: str, event_id: str) -> dict[str, Any]:
    """The event of a request, with the API's name and version, which only Mule's agent has."""
    api_id = f"{exchange.api}-{exchange.version}" if exchange.version else exchange.api
    return {
        "api_id": api_id,
        "api_name": exchange.api,
        "api_version": exchange.version,
        "api_version_id": f"mule-{api_id}",
        "org_id": _ORGANIZATION,
        "host_id": MULE.id,
        "client_id": exchange.consumer or None,
        "application_name": exchange.consumer or None,
        "transaction_id": exchange.request_id,
        "received_ts": received,
        "replied_ts": replied,
        "client_ip": exchange.client,
        "verb": exchange.method,
        "path": exchange.path,
        "status_code": exchange.status,
        "user_agent": exchange.user_agent,
        "request_bytes": exchange.request_bytes,
        "response_bytes": exchange.response_bytes,
        "request_disposition": "BLOCKED" if exchange.policy else "PROCESSED",
        "policy_violation": {"policy_id": 1, "policy_name": exchange.policy, "outcome": "VIOLATION"}
        if exchange.policy
        else None,
        "event_id": event_id,
        "deployment_type": "demo-stand-in",
    }


def event_line(at: str, event: str) -> str:
    """The line of Mule's log that holds an event; its time is text as in ISO 8601."""
    return f"INFO  {at} [analytics-event-logger] {_LOGGER}: {event}"


def log_line(level: str, logger: str, message: str, event: str, at: datetime) -> str:
    """A line of Mule's log in the layout of its templates."""
    thread = "[[MuleRuntime].uber.12: [demo-apis].main.CPU_LITE @5f1e2]"
    timestamp = at.strftime("%Y-%m-%d %H:%M:%S,%f")[:-3]
    return f"{level:<5} {timestamp} {thread} [event: {event}] {logger}: {message}"


def _always(value: float, attributes: dict[str, str] | None = None) -> Any:
    return lambda _options: [Observation(value, attributes)]


def _resource() -> dict[str, str]:
    return {
        "gateway": MULE.cluster,
        "gateway.kind": "mule",
        "service.name": "demo-apis",
        "service.namespace": "mule",
        "service.instance.id": MULE.id,
        "deployment.environment.name": ENVIRONMENT,
        "demo.stand_in": "true",
    }


def _timestamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def _line(level: str, logger: str, message: str, event: str = "") -> str:
    return log_line(level, logger, message, event, datetime.now(UTC))
