"""Commands that ask a running process which does not answer."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.progress import Progress

from gatelens.commands import run_query
from gatelens.data_directory import Addresses, DataDirectory
from gatelens.import_command import Import, run_import
from storage.errors import GatelensError
from tests.collector.proxied_service import free_port


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
