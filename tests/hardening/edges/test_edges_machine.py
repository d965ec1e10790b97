"""Machines that are short of something: a full disk, few descriptors, other users who may look."""

import json
import os
import resource
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.collector.rigs.access_logs import json_lines
from tests.e2e.gatelens_process import FREE_PORTS, GatelensProcess, run, until
from tests.patience import PATIENCE

# What a page asks for is computed in such a thread, and nobody can stop it there.
_STUCK = """
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gatelens.configuration.config import load_config
from gatelens.process.foreground import running

with running(load_config(None), Path(sys.argv[1])):
    ThreadPoolExecutor().submit(threading.Event().wait)
print("stopped")
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 48 MiB that holds nothing else."""
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", path], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"A small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)


def _fill(disk: Path) -> Path:
    fill = disk / "fill"
    with fill.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free)
    return fill


def _refused(*arguments: str | Path, prefix: Sequence[str] = ()) -> str:
    finished = run(*arguments, prefix=prefix)
    assert finished.returncode == 1, finished.stdout.decode() + finished.stderr.decode()
    message = finished.stderr.decode()
    assert "Traceback" not in message
    # Beside what is logged, which is JSON.
    assert sum(not line.startswith("{") for line in message.splitlines()) == 1, message
    return message


def test_a_first_start_on_a_full_disk_is_one_line_and_the_next_start_works(small_disk: Path) -> None:
    data = small_disk / "data"
    fill = _fill(small_disk)
    for command in (("up",), ("migrate",)):
        message = _refused(*command, "--data", data)
        assert f"The disk of {data}" in message
        assert "Free some space on it" in message
    fill.unlink()
    with GatelensProcess(data) as process:
        process.ingest(json_lines("a", range(3)), "afterwards")
        assert until(process.count, lambda stored: stored == 3) == 3


def test_a_later_start_on_a_full_disk_harms_nothing(small_disk: Path, tmp_path: Path) -> None:
    data = small_disk / "data"
    log = tmp_path / "access.log"
    log.write_bytes(json_lines("b", range(3000)))
    with GatelensProcess(data) as process:
        process.ingest(json_lines("a", range(5)), "before")
        assert until(process.count, lambda stored: stored == 5) == 5
    fill = _fill(small_disk)
    assert f"The disk of {data} is full" in _refused("up", "--data", data)
    message = run("import", log, "--data", data).stderr.decode()
    assert "No space left on device" in message or "not enough space" in message
    assert "Traceback" not in message
    # What only reads needs no room.
    assert run("query", "SELECT count() FROM requests", "--format", "csv", "--data", data).stdout.endswith(b"5\n")
    fill.unlink()
    with GatelensProcess(data) as process:
        assert process.count("environment = 'before'") == 5


def test_too_few_descriptors_are_asked_for(tmp_path: Path) -> None:
    data = tmp_path / "data"
    message = _refused("up", "--data", data, prefix=_descriptors(256, 256))
    assert "may open 256 files at a time and needs 1024" in message
    assert "LimitNOFILE=4096" in message
    assert not data.exists()


def test_the_soft_limit_of_descriptors_is_raised(tmp_path: Path) -> None:
    with GatelensProcess(tmp_path / "data", prefix=_descriptors(256, 1024)) as process:
        assert resource.prlimit(process.addresses.pid, resource.RLIMIT_NOFILE) == (1024, 1024)
        process.ingest(json_lines("a", range(5)), "few")
        assert until(process.count, lambda stored: stored == 5) == 5
        assert "may open few files" in process.log


def test_nobody_else_may_read_the_data_directory(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "clickhouse").mkdir(parents=True)
    data.chmod(0o755)
    before = os.umask(0o022)
    try:
        with GatelensProcess(data) as process:
            process.ingest(json_lines("a", range(5)), "private")
            assert until(process.count, lambda stored: stored == 5) == 5
            found = {path: _mode(path) for path in data.rglob("*") if not path.is_symlink()}
            assert _mode(data) == 0o700
            line = next(json.loads(line) for line in process.log.splitlines() if "could be read by others" in line)
            assert line["path"] == str(data)
        output = tmp_path / "report.csv"
        assert run("report", "usage", "--from", "now-1d", "-o", output, "--data", data).returncode == 0
        assert _mode(output) == 0o644, "a report is for whom its reader wants"
    finally:
        os.umask(before)
    assert len(found) > 100
    made = {path: oct(mode) for path, mode in found.items() if path != data / "clickhouse"}
    assert {path: mode for path, mode in made.items() if int(mode, 8) & 0o077} == {}


def test_a_directory_that_holds_other_things_keeps_its_mode(tmp_path: Path) -> None:
    data = tmp_path / "shared"
    data.mkdir()
    (data / "letter.txt").touch()
    data.chmod(0o1777)
    assert run("migrate", "--data", data).returncode == 0
    assert (_mode(data), _mode(data / "clickhouse")) == (0o1777, 0o700)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def _descriptors(soft: int, hard: int) -> list[str]:
    return ["prlimit", f"--nofile={soft}:{hard}"]


def test_a_thread_that_computes_for_ever_keeps_no_process(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GATELENS_")} | FREE_PORTS
    finished = subprocess.run(
        [sys.executable, "-c", _STUCK, tmp_path / "data"],
        env=environment,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (finished.returncode, finished.stdout) == (0, b"stopped\n"), finished.stderr
