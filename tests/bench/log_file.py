"""The benchmark's access log: Istio's 24 JSON fields, 40 APIs, a fixed seed, so that every run stores the same."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

_APIS = 40
_SPAN = timedelta(hours=1)
_STATUSES = (200, 200, 200, 200, 200, 200, 200, 200, 201, 204, 301, 400, 404, 429, 500, 503)
_FLAGS = {429: "RL", 503: "UF"}
_AGENTS = ("okhttp/4.12.0", "Mozilla/5.0 (X11; Linux x86_64) Firefox/141.0", "python-httpx/0.28", "Go-http-client/2.0")
_CHUNK = 10_000


def write_log(path: Path, lines: int, end: datetime, seed: int = 7) -> int:
    """Write `lines` requests of the hour before `end`; returns the bytes written."""
    with path.open("w", encoding="ascii") as file:
        for chunk in _chunks(lines, end.astimezone(UTC), random.Random(seed)):
            file.write(chunk)
    return path.stat().st_size


def _chunks(lines: int, end: datetime, draw: random.Random) -> Iterator[str]:
    templates = {(api, status): _template(api, status) for api in range(_APIS) for status in set(_STATUSES)}
    step = _SPAN / lines
    for first in range(0, lines, _CHUNK):
        yield "".join(
            _line(templates, end - _SPAN + number * step, draw) for number in range(first, min(first + _CHUNK, lines))
        )


def _line(templates: dict[tuple[int, int], str], at: datetime, draw: random.Random) -> str:
    api = int(_APIS * draw.random() ** 2)
    status = _STATUSES[draw.getrandbits(4)]
    upstream = int(draw.lognormvariate(3, 0.8)) + 1
    identity = f"{draw.getrandbits(128):032x}"
    return templates[api, status] % (
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
