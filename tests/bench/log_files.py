"""The benchmark's access logs: 40 APIs, from a fixed seed, so that every run stores the same.

`envoy_json` has Istio's 24 fields; `combined` is what nginx and Apache write.
"""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

_APIS = 40
_SPAN = timedelta(hours=1)
_STATUSES = (200, 200, 200, 200, 200, 200, 200, 200, 201, 204, 301, 400, 404, 429, 500, 503)
_FLAGS = {429: "RL", 503: "UF"}
_AGENTS = ("okhttp/4.12.0", "Mozilla/5.0 (X11; Linux x86_64) Firefox/141.0", "python-httpx/0.28", "Go-http-client/2.0")
_CHUNK = 10_000


def write_log(path: Path, format_name: str, lines: int, end: datetime, seed: int = 7) -> int:
    """Write `lines` requests of the hour before `end` in a format; returns the bytes written."""
    line = _LINES[format_name]
    draw, end, step = random.Random(seed), end.astimezone(UTC), _SPAN / lines
    with path.open("w", encoding="ascii") as file:
        for first in range(0, lines, _CHUNK):
            numbers = range(first, min(first + _CHUNK, lines))
            file.write("".join(line(end - _SPAN + number * step, draw) for number in numbers))
    return path.stat().st_size


def _combined(at: datetime, draw: random.Random) -> str:
    return (
        f"203.0.{draw.randrange(256)}.{draw.randrange(256)} - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "
        f'"GET /api-{int(_APIS * draw.random() ** 2):02}/items/{draw.randrange(100_000)}?expand=prices HTTP/1.1" '
        f'{_STATUSES[draw.getrandbits(4)]} {draw.randrange(20_000)} "-" "{_AGENTS[draw.getrandbits(2)]}"\n'
    )


def _envoy_json(at: datetime, draw: random.Random) -> str:
    api = int(_APIS * draw.random() ** 2)
    status = _STATUSES[draw.getrandbits(4)]
    upstream = int(draw.lognormvariate(3, 0.8)) + 1
    identity = f"{draw.getrandbits(128):032x}"
    return _template(api, status) % (
        at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        draw.randrange(100_000),
        draw.randrange(2000),
        draw.randrange(20_000),
        upstream + draw.randrange(3),
        upstream,
        draw.randrange(256),
        draw.randrange(256),
        _AGENTS[draw.getrandbits(2)],
        f"{identity[:8]}-{identity[8:12]}-{identity[12:16]}-{identity[16:20]}-{identity[20:]}",
    )


@cache
def _template(api: int, status: int) -> str:
    answered = status not in _FLAGS
    record = {
        "start_time": "%s",
        "route_name": f"api-{api:02}",
        "method": "POST" if status == 201 else "GET",
        "path": f"/api-{api:02}/items/%d?expand=prices",
        "protocol": "HTTP/1.1",
        "response_code": status,
        "response_flags": _FLAGS.get(status, "-"),
        "response_code_details": "via_upstream" if answered else "local_reply",
        "connection_termination_details": None,
        "upstream_transport_failure_reason": None,
        "bytes_received": "%d",
        "bytes_sent": "%d",
        "duration": "%d",
        "upstream_service_time": "%d" if answered else "-%.0s",
        "x_forwarded_for": "203.0.%d.%d",
        "user_agent": "%s",
        "request_id": "%s",
        "authority": "api.example.com",
        "upstream_host": f"10.1.{api}.7:8080",
        "upstream_cluster": f"api-{api:02}",
        "upstream_local_address": "10.0.0.9:41822",
        "downstream_local_address": "10.0.0.9:8443",
        "downstream_remote_address": "192.0.2.4:53122",
        "requested_server_name": "api.example.com",
    }
    text = json.dumps(record, separators=(",", ":"))
    for name in ("bytes_received", "bytes_sent", "duration"):
        text = text.replace(f'"{name}":"%d"', f'"{name}":%d')
    return text + "\n"


_LINES: dict[str, Callable[[datetime, random.Random], str]] = {"envoy_json": _envoy_json, "combined": _combined}
