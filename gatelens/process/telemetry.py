"""Gatelens' own telemetry: OpenTelemetry instruments behind a Prometheus page, and structured logs."""

import json
import logging
import sys
from datetime import UTC, datetime

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

_STANDARD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Telemetry:
    """One registry for a process: instruments go in, the text of /metrics comes out."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, version: str) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        reader = PrometheusMetricReader(registry=self._registry)
        resource = Resource.create({"service.name": "gatelens", "service.version": version})
        self._provider = MeterProvider(metric_readers=[reader], resource=resource)
        self.meter = self._provider.get_meter("gatelens", version)

    def exposition(self) -> bytes:
        """Every metric in Prometheus' text format."""
        return generate_latest(self._registry)

    def close(self) -> None:
        self._provider.shutdown()


class JsonFormatter(logging.Formatter):
    """A log record as one JSON object: time, level, logger, message, and whatever `extra` holds."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {key: value for key, value in vars(record).items() if key not in _STANDARD_FIELDS}
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **fields,
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


def log_to_stderr(level: int = logging.INFO) -> None:
    """Send the process' logs to standard error, an object a line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # It warns of every client that offers an upgrade of the protocol, which it may.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    # They warn of each call that fails; who called says so, and why.
    for caller in ("clickhouse_connect", "urllib3"):
        logging.getLogger(caller).setLevel(logging.ERROR)
