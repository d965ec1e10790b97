"""A service behind a real proxy, the proxy itself, and the requests that a test sends through it."""

import http.client
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.patience import PATIENCE


@dataclass(frozen=True)
class Request:
    """What is sent, and what the proxy has to say of it."""

    method: str
    path: str
    status: int
    agent: str = "curl/8.5.0"
    consumer: str = ""
    forwarded_for: str = ""
    body: bytes = b""


# Words that a log format could stumble over.
REQUESTS = (
    Request("GET", "/orders/v1/items/17?token=%22secret", 200),
    Request(
        "POST", "/orders/v1/items", 201, 'a "quoted" \\ [agent]', 'mobile "app" x=y', "203.0.113.9, 10.0.0.1", b"x" * 99
    ),
    Request("GET", "/orders/v1/items/4711/lines", 500, "caf\u00e9 agent, v=1", "batch"),
    Request("GET", "/orders/v1/slow", 200, "-"),
    Request("PUT", "/orders/v1/items/18", 404, "x" * 700),
    Request("GET", "/nowhere/at/all", 0),
    Request("GET", "/admin/users", 0),
)


class _Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet.
    wbufsize = 1 << 16

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.endswith("/slow"):
            time.sleep(0.05)
        status = next(request.status for request in REQUESTS if request.path == self.path)
        self.send_response(status)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"x" * 100)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815  # http.server finds them by name

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A proxy that ends leaves connections open."""


@contextmanager
def service() -> Iterator[int]:
    """The port of a service that answers REQUESTS."""
    server = _Server(("127.0.0.1", 0), _Service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def send_all(port: int, requests: Sequence[Request]) -> None:
    """Send them one after the other, on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    for request in requests:
        connection.putrequest(request.method, request.path, skip_accept_encoding=True)
        headers = {
            "User-Agent": request.agent,
            "X-Client-Id": request.consumer,
            "X-Forwarded-For": request.forwarded_for,
        }
        for name, value in headers.items():
            if value:
                connection.putheader(name, value.encode())
        connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body)
        connection.getresponse().read()
    connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def proxy(command: Sequence[str], port: int, log: Path, environment: dict[str, str] | None = None) -> Iterator[None]:
    """A proxy that listens on a port and writes to a log, until it has said all it has to say."""
    with (
        log.open("wb") as out,
        subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment) as process,
    ):
        try:
            _wait_for(port, process)
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"Nothing listens on port {port}; read the proxy's log.")
