"""Commands that ask a running process which does not answer, or answers as one of another version does."""

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from rich.progress import Progress

from gatelens.commands.import_logs.job import Import, run_import
from gatelens.commands.query.command import run_query
from gatelens.data_directory.block_sinks import HttpSink
from gatelens.data_directory.directory import Addresses, DataDirectory
from storage.errors import GatelensError
from tests.collector.rigs.proxied_service import free_port


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """The directory of a process that runs, and listens nowhere."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    directory = DataDirectory(tmp_path)
    directory.acquire()
    directory.publish(Addresses(os.getpid(), nowhere, nowhere, nowhere))
    yield tmp_path
    directory.release()


def test_an_import(data: Path, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b'10.0.0.9 - - [23/Nov/2026:10:15:30 +0000] "GET / HTTP/1.1" 200 10\n')
    with pytest.raises(GatelensError, match=r"does not answer: .*Import the file again"):
        run_import(Import([log]), data, Progress(disable=True))


def test_a_query(data: Path) -> None:
    with pytest.raises(GatelensError, match=r"does not answer: .*Try again"):
        run_query("SELECT 1", "TSV", data)


class _OtherVersion(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # http.server finds it by name
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"stored": []}')

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def test_an_import_into_another_version() -> None:
    with HTTPServer(("127.0.0.1", 0), _OtherVersion) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        sink = HttpSink(Addresses(os.getpid(), address, address, address))
        with pytest.raises(GatelensError, match="of another version than this command; restart it"):
            sink.stored("import-1")
        sink.close()
        thread.join()
