"""`gatelens report usage`, with and without a running process. Opening a directory takes its own process."""

import io
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
import uvicorn
from fastapi import FastAPI

from dashboards.api.reports import reports_api
from gatelens.commands.report.command import UsageQuestion, format_of, run_usage, write
from gatelens.data_directory.directory import Addresses, DataDirectory
from processors.errors import InvalidReport
from processors.query.questions import Questions
from storage.errors import GatelensError
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[3]

FILL = """
import sys
from datetime import UTC, datetime
from pathlib import Path

from gatelens.data_directory.directory import DataDirectory
from storage.migrate import migrate
from storage.store import connect

store = connect(f"chdb://{DataDirectory(Path(sys.argv[1])).clickhouse}")
migrate(store)
rows = [[datetime(2026, 5, day, tzinfo=UTC), "shop", "orders", "gateway", 200, 1000] for day in (1, 2, 31)]
rows.append([datetime(2026, 6, 1, tzinfo=UTC), "shop", "orders", "gateway", 200, 1000])
store.insert("requests", ["time", "environment", "api", "reporter", "status", "duration_us"], rows)
store.close()
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that no process has open, with three requests in May and one in June 2026."""
    data = tmp_path_factory.mktemp("data")
    subprocess.run([sys.executable, "-c", FILL, str(data)], check=True, cwd=ROOT, timeout=PATIENCE)
    return data


def _gatelens(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "gatelens", "report", "usage", *arguments]
    return subprocess.run(command, capture_output=True, cwd=ROOT, timeout=PATIENCE, check=False)


def test_opens_the_directory_and_writes_a_file(filled: Path, tmp_path: Path) -> None:
    file = tmp_path / "may.csv"
    done = _gatelens("--from", "2026-05", "--by", "api,month", "-o", str(file), "--data", str(filled))

    assert (done.returncode, done.stdout) == (0, b""), done.stderr
    assert done.stderr.decode().splitlines()[-1] == "1 rows, 3 requests"
    assert pd.read_csv(file)[["api", "month", "requests"]].to_numpy().tolist() == [["orders", "2026-05", 3]]
    assert [left.name for left in tmp_path.iterdir()] == ["may.csv"]


def test_prints_csv_where_no_file_is_named(filled: Path) -> None:
    done = _gatelens("--from", "2026-05", "--to", "2026-07", "--data", str(filled))

    assert done.returncode == 0, done.stderr
    assert pd.read_csv(io.BytesIO(done.stdout))["requests"].tolist() == [4]


def test_a_fault_leaves_the_file_as_it_was(filled: Path, tmp_path: Path) -> None:
    file = tmp_path / "usage.csv"
    file.write_text("before")
    done = _gatelens("--by", "colour", "-o", str(file), "--data", str(filled))

    assert done.returncode == 1
    assert b"Error: A report cannot be grouped by 'colour'" in done.stderr
    assert [left.read_text() for left in tmp_path.iterdir()] == ["before"]


@contextmanager
def _running(questions: Questions, data: Path) -> Iterator[None]:
    """The API of a running process, announced in the data directory."""
    app = FastAPI()
    app.include_router(reports_api(questions, lambda: datetime(2026, 5, 20, tzinfo=UTC), "1.2.3"))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
        host, port = server.servers[0].sockets[0].getsockname()
        DataDirectory(data).publish(Addresses(os.getpid(), f"http://{host}:{port}", "", ""))
        yield
    finally:
        server.should_exit = True
        thread.join()


@pytest.mark.usefixtures("traffic")
def test_asks_the_running_process(questions: Questions, environment: str, tmp_path: Path) -> None:
    with _running(questions, tmp_path):
        report = run_usage(UsageQuestion("this-month", "", "api", "json", environment), tmp_path)
        with pytest.raises(GatelensError, match="cannot be grouped by 'colour'"):
            run_usage(UsageQuestion("this-month", "", "colour", "json"), tmp_path)

    assert (report.rows, report.requests) == (2, 14)
    assert report.content.startswith(b"{")
    with pytest.raises(GatelensError, match="does not answer"):
        run_usage(UsageQuestion("this-month", "", "api", "json"), tmp_path)


@pytest.mark.parametrize(
    ("given", "output", "expected"),
    [("", "-", "csv"), ("", "a.XLSX", "xlsx"), ("json", "a.csv", "json"), ("xlsx", "-", "xlsx")],
)
def test_format_follows_the_ending(given: str, output: str, expected: str) -> None:
    assert format_of(given, Path(output)) == expected


@pytest.mark.parametrize(("given", "output"), [("", "usage"), ("", "usage.txt"), ("pdf", "usage.csv")])
def test_unknown_formats(given: str, output: str) -> None:
    with pytest.raises(InvalidReport, match="csv"):
        format_of(given, Path(output))


def test_no_sheet_for_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    master, terminal = pty.openpty()
    with os.fdopen(master), os.fdopen(terminal, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        with pytest.raises(InvalidReport, match="terminal"):
            format_of("xlsx", Path("-"))
        assert format_of("", Path("-")) == "csv"


def test_a_link_and_a_device_stay_what_they_are(tmp_path: Path) -> None:
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    link.symlink_to(real)

    write(b"content", link)
    write(b"content", Path(os.devnull))

    assert link.is_symlink()
    assert real.read_bytes() == b"content"
    assert Path(os.devnull).is_char_device()


def test_what_cannot_be_written_is_reported(tmp_path: Path) -> None:
    with pytest.raises(GatelensError, match="cannot be written: No such file or directory"):
        write(b"content", tmp_path / "missing" / "usage.csv")
    with pytest.raises(GatelensError, match="cannot be written: Is a directory"):
        write(b"content", tmp_path)
    assert not list(tmp_path.iterdir())
