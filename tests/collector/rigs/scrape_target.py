"""A target to scrape whose answers a test writes."""

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.patience import PATIENCE


@dataclass
class Answering:
    """What the target answers, and what it was asked."""

    body: bytes = b"a_total 1\n"
    content_type: str = "text/plain; version=0.0.4"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    waits: threading.Event | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    url: str = ""


@contextmanager
def target(answering: Answering, tls: ssl.SSLContext | None = None) -> Iterator[Answering]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answering.asked.append({"path": self.path, **{name.lower(): text for name, text in self.headers.items()}})
            self.send_response(answering.status)
            self.send_header("Content-Type", answering.content_type)
            self.send_header("Content-Length", str(len(answering.body)))
            for name, value in answering.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if answering.waits is not None:
                self.wfile.flush()
                answering.waits.wait(PATIENCE)
            try:
                self.wfile.write(answering.body)
            except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
                self.close_connection = True

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    answering.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_address[1]}/metrics"
    try:
        yield answering
    finally:
        if answering.waits is not None:
            answering.waits.set()
        server.shutdown()
        server.server_close()
        thread.join()
