"""What `gatelens alerts` prints of what the running process answers."""

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from gatelens.commands.alerts.command import print_silences
from gatelens.data_directory.directory import Addresses, DataDirectory


def _silence(**differences: Any) -> dict[str, Any]:
    return {
        "id": "one",
        "status": {"state": "active"},
        "matchers": [
            {"name": "api", "value": "orders", "isRegex": False, "isEqual": True},
            {"name": "severity", "value": "info|warning", "isRegex": True, "isEqual": False},
        ],
        "endsAt": "2026-11-23T12:19:53.630000+00:00",
        "createdBy": "ann",
        "comment": "deploying",
        **differences,
    }


class _Silences(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # http.server finds it by name
        self.send_response(200)
        self.end_headers()
        found = [_silence(), _silence(id="two", endsAt=None, comment="every night")]
        self.wfile.write(json.dumps({"silences": found}).encode())

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """The directory of a process that has two silences."""
    with HTTPServer(("127.0.0.1", 0), _Silences) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        directory = DataDirectory(tmp_path)
        directory.acquire()
        directory.publish(Addresses(os.getpid(), address, address, address))
        yield tmp_path
        directory.release()
        server.shutdown()
        thread.join()


def test_a_silence_is_a_line_with_its_end_and_its_author(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_silences(data, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "one  active    until 2026-11-23 12:19  api='orders' severity!~'info|warning'  ann: deploying",
        "two  active    recurring  api='orders' severity!~'info|warning'  ann: every night",
    ]
