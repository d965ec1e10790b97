"""`python -m tests.bench.small_installation`: what Gatelens takes while several senders bring little, as JSON.

Each sends a message of a few events twice a second: access logs as JSON and as text, OpenTelemetry logs and spans, and
remote write. Most installations are like this at night, and the demo always is.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cramjam
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gatelens.data_directory.directory import Addresses
from tests.bench.http_senders import LinesSender, Posts
from tests.bench.messages import otlp_messages, write_requests
from tests.running import RunningGatelens

_EVENTS = 5
_INTERVAL_SECONDS = 0.5
_SETTLING_SECONDS = 5.0
_PROTOBUF = {"Content-Type": "application/x-protobuf"}
_REMOTE_WRITE = {**_PROTOBUF, "Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"}

Send = Callable[[], None]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.small_installation", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long each number of senders is measured")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="gatelens-bench-") as name,
        RunningGatelens(Path(name) / "data") as gatelens,
    ):
        senders = _senders(gatelens.addresses, Path(name), 2 * int(options.seconds / _INTERVAL_SECONDS + 1))
        time.sleep(_SETTLING_SECONDS)
        results = [_measured(gatelens, senders[:count], options.seconds) for count in (0, 1, len(senders))]
    print(json.dumps({"results": results}, indent=2))  # noqa: T201 - its output


def _measured(gatelens: RunningGatelens, senders: list[Send], seconds: float) -> dict[str, Any]:
    segments, cpu, started = _segments(gatelens), gatelens.cpu_seconds(), time.monotonic()
    while (now := time.monotonic()) < started + seconds:
        for send in senders:
            send()
        time.sleep(max(now + _INTERVAL_SECONDS - time.monotonic(), 0))
    minutes = (time.monotonic() - started) / 60
    return {
        "senders": len(senders),
        "cpu_seconds_a_minute": round((gatelens.cpu_seconds() - cpu) / minutes, 2),
        "segments_a_minute": round((_segments(gatelens) - segments) / minutes),
    }


def _segments(gatelens: RunningGatelens) -> int:
    return int(gatelens.query("SELECT uniqExact(segment_id) AS segments FROM books")[0]["segments"])


def _senders(addresses: Addresses, directory: Path, messages: int) -> list[Send]:
    logs = f"{addresses.http}/v1/logs"
    return [
        _lines(addresses, directory, "envoy_json", messages),
        _posting(Posts(logs, _PROTOBUF), (made.sent(*_span()) for made in otlp_messages(messages, _EVENTS))),
        _lines(addresses, directory, "combined", messages),
        _posting(Posts(f"{addresses.http}/v1/traces", _PROTOBUF), (_spans() for _ in range(messages))),
        _posting(
            Posts(f"{addresses.http}/api/v1/write", _REMOTE_WRITE),
            (bytes(cramjam.snappy.compress_raw(made.sent(*_span()))) for made in write_requests(messages, _EVENTS)),
        ),
    ]


def _lines(addresses: Addresses, directory: Path, format_name: str, messages: int) -> Send:
    sender = LinesSender(addresses, directory, format_name, _EVENTS)
    sender.prepare(messages * _EVENTS)
    bodies = sender.messages()
    return lambda: sender.send(next(bodies))


def _posting(posts: Posts, bodies: Iterator[bytes]) -> Send:
    return lambda: posts.post(next(bodies))


def _span() -> tuple[int, int]:
    now = time.time_ns()
    return now - int(_INTERVAL_SECONDS * 1e9), now


def _spans() -> bytes:
    request = ExportTraceServiceRequest()
    start, end = _span()
    for number in range(_EVENTS):
        request.resource_spans.add().scope_spans.add().spans.add(
            trace_id=end.to_bytes(16), span_id=(end + number).to_bytes(8), name="GET /orders",
            start_time_unix_nano=start, end_time_unix_nano=end,
        )  # fmt: skip
    return bytes(request.SerializeToString())


if __name__ == "__main__":
    main()
