"""Stopped while files are read: the thread that reads has ended before they are closed."""

import threading
from pathlib import Path

import pytest

from collector.receivers.files.open_file import OpenFile
from tests.collector.rigs.file_rig import append, following, numbered
from tests.patience import PATIENCE


def test_a_stop_waits_for_the_thread_that_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "logs/a.log"
    log.parent.mkdir()
    append(log, numbered(0, 10))
    reading, going_on = threading.Event(), threading.Event()
    read = OpenFile.read

    def held(file: OpenFile, offset: int, size: int) -> bytes:
        reading.set()
        assert going_on.wait(PATIENCE)
        return read(file, offset, size)

    with following(tmp_path, {}) as rig:
        rig.wait_for_lines(numbered(0, 10))
        monkeypatch.setattr(OpenFile, "read", held)
        append(log, numbered(10, 20))
        assert reading.wait(PATIENCE)
        stop = threading.Thread(target=rig.stop)
        stop.start()
        stop.join(0.5)
        is_waiting = stop.is_alive()
        going_on.set()
        stop.join(PATIENCE)
        assert is_waiting
        rig.start()
        rig.wait_for_lines(numbered(0, 20))


def test_a_file_that_is_closed_reads_no_other(tmp_path: Path) -> None:
    closed = tmp_path / "closed.log"
    closed.write_bytes(b"old")
    file = OpenFile(closed)
    file.close()
    # It gets the number that has become free.
    with closed.open("rb"):
        with pytest.raises(OSError, match="Bad file descriptor"):
            file.read(0, 3)
        with pytest.raises(OSError, match="Bad file descriptor"):
            file.stat()
