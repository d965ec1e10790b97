"""A webhook: a local HTTP server that keeps what it is sent and answers as it is told."""

import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class Hook:
    """Answers 200, or the next of `answers`."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.raw: list[bytes] = []
        self.answers: deque[int] = deque()
        self.calls = 0
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = hook.answers.popleft() if hook.answers else 200
                hook.calls += 1
                if status == 200:
                    hook.bodies.append(json.loads(body))
                    hook.headers.append(dict(self.headers))
                    hook.paths.append(self.path)
                    hook.raw.append(body)
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing: the output is for the tests."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/s3cret-token"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
