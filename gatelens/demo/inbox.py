"""A receiver of the demo's alerts: a webhook that writes down what it gets."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Self

_MOST_BYTES = 8 << 20


class Inbox:
    """Appends each notification as a line to notifications.jsonl in a directory, from entry to exit."""

    def __init__(self, directory: Path) -> None:
        path = directory / "notifications.jsonl"

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                path.parent.mkdir(parents=True, exist_ok=True)
                # Started over rather than grown without end.
                is_full = path.exists() and path.stat().st_size > _MOST_BYTES
                with path.open("wb" if is_full else "ab") as file:
                    file.write(body.replace(b"\n", b" ") + b"\n")
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing: the file has it."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="demo-inbox", daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
