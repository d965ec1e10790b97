"""The commands as people type them: what they print, how they exit, what they leave behind."""

import csv
import io
import json
import re
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest

from gatelens import __version__
from tests.collector.rigs.access_logs import json_lines
from tests.e2e.gatelens_process import FREE_PORTS, GatelensProcess, run, until
from tests.gatelens.commands.formats_rig import own_process
from tests.patience import PATIENCE

BY_API = "SELECT api, toUInt32(count()) AS asked FROM requests WHERE environment = 'known' GROUP BY api"
COMMANDS = (
    (), ("up",), ("demo",), ("query",), ("import",), ("formats",), ("formats", "try"), ("report",),
    ("report", "usage"), ("migrate",), ("version",), ("admin",), ("token", "create"),
)  # fmt: skip


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatelensProcess]:
    """A Gatelens that holds 12 requests of the environment `known`."""
    with GatelensProcess(tmp_path_factory.mktemp("commands") / "data") as process:
        process.ingest(json_lines("known", range(12)), "known")
        assert until(process.count, lambda stored: stored == 12) == 12
        yield process


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of one that held the same, and has stopped."""
    with GatelensProcess(tmp_path_factory.mktemp("stopped") / "data") as process:
        process.ingest(json_lines("known", range(12)), "known")
    assert process.terminate() == 0
    return process.data


def test_every_command_explains_itself() -> None:
    with own_process("") as printed:
        for command in COMMANDS:
            assert f"gatelens {' '.join(command)}".strip() in printed(*command, "--help")
    finished = run("--help")
    assert (finished.returncode, finished.stderr) == (0, b"")
    assert "gatelens" in finished.stdout.decode()


@pytest.mark.parametrize("asked", ["version", "--version"])
def test_the_version_is_printed(asked: str) -> None:
    finished = run(asked)
    assert (finished.returncode, finished.stdout.decode()) == (0, f"{__version__}\n")


def test_a_second_start_on_a_directory_names_the_first(running: GatelensProcess) -> None:
    message = _error("up", "--data", running.data)
    assert f"{running.data} is in use by Gatelens (pid {running.addresses.pid}, {running.addresses.web})" in message
    assert "give another directory with --data" in message
    assert running.count("environment = 'known'") == 12


def test_a_data_directory_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "data"):
        message = _error("up", "--data", path)
        assert f"{path} cannot be the data directory" in message
        assert "Give --data a directory that this user may write to" in message


@pytest.mark.parametrize("setting", ["web.listen", "collector.http.listen", "collector.grpc.listen"])
def test_a_taken_port_is_named(tmp_path: Path, setting: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        settings = {**FREE_PORTS, f"GATELENS_{setting.upper().replace('.', '__')}": address}
        message = _error("up", "--data", tmp_path / "data", settings=settings)
    assert f"{setting} {address} cannot be opened" in message
    assert "port 0 picks a free one" in message


def test_a_host_that_is_not_this_machine_is_named_with_a_cure(tmp_path: Path) -> None:
    message = _error("up", "--data", tmp_path / "data", settings={**FREE_PORTS, "GATELENS_WEB__LISTEN": "192.0.2.1:80"})
    assert "web.listen 192.0.2.1:80 cannot be opened: Cannot assign requested address." in message
    assert "another address of this machine" in message


def test_every_fault_of_a_configuration_is_reported(tmp_path: Path) -> None:
    config = tmp_path / "gatelens.yaml"
    config.write_text("web: {listen: 5, port: 80}\ncollector: {spool: {max_size: lots}}\ncolector: {}\n")
    finished = run("up", "--data", tmp_path / "data", "--config", config, settings={})
    assert finished.returncode == 1
    first, *faults = finished.stderr.decode().splitlines()
    assert first == f"Error: {config} cannot be used:"
    assert len(faults) == 4
    for name in ("web.listen", "web.port", "collector.spool.max_size", "colector"):
        assert any(fault.startswith(f"  - {name}: ") for fault in faults), faults
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("text", ["web: [", "- web", "web: {listen: '${env:NO_SUCH_VARIABLE}'}"])
def test_a_configuration_that_cannot_be_read_is_one_error(tmp_path: Path, text: str) -> None:
    config = tmp_path / "gatelens.yaml"
    config.write_text(text)
    finished = run("up", "--data", tmp_path / "data", "--config", config)
    assert finished.returncode == 1
    assert finished.stderr.startswith(b"Error: ")
    assert b"Traceback" not in finished.stderr


@pytest.mark.parametrize("state", ["running", "stopped"])
@pytest.mark.parametrize("output_format", ["table", "csv", "json", "jsonl", "parquet"])
def test_a_query_is_printed_in_each_format(
    state: str, output_format: str, running: GatelensProcess, stopped: Path
) -> None:
    data = running.data if state == "running" else stopped
    finished = run("query", BY_API, "--format", output_format, "--data", data)
    assert finished.returncode == 0, finished.stderr
    assert _answer(finished.stdout, output_format) == [("orders", 12)]


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_a_query_that_may_not_be_run_is_one_error(state: str, running: GatelensProcess, stopped: Path) -> None:
    data = running.data if state == "running" else stopped
    assert "Only SELECT, WITH, EXPLAIN" in _error("query", "DROP TABLE requests", "--data", data)
    assert "The query is empty; give one SELECT" in _error("query", " ", "--data", data)


def test_a_query_needs_data(tmp_path: Path) -> None:
    message = _error("query", "SELECT 1", "--data", tmp_path / "nothing")
    assert "holds no data; give the directory of `gatelens up` with --data." in message


def test_segments_are_reported_over_http(running: GatelensProcess) -> None:
    web, http = running.addresses.web, running.addresses.http
    with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
        url = f"{http}/ingest/envoy_json?environment=told&own_segment=true"
        sent = client.post(url, content=json_lines("told", range(3)), headers={"Idempotency-Key": "told-over-http"})
        assert sent.status_code == 200, sent.text
        told = until(
            lambda: client.get(f"{web}/api/v1/segments?prefix=told-over-").json(), lambda answer: not answer["waiting"]
        )
    rows = {"requests": 3, "metrics": 0, "spans": 0, "logs": 0, "dead_letters": 0}
    assert told.pop("stored")[0].startswith("told-over-http+")
    assert told == {"waiting": [], "rows": rows}


def test_a_stop_under_load_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    process = GatelensProcess(tmp_path / "data")
    acknowledged: list[int] = []
    with process:
        senders = [threading.Thread(target=_send, args=(process, number, acknowledged)) for number in range(4)]
        for sender in senders:
            sender.start()
        until(lambda: len(acknowledged), lambda count: count >= 100)
        assert process.terminate() == 0
        for sender in senders:
            sender.join()
    assert len(acknowledged) >= 100
    assert "Traceback" not in process.log
    with process:
        ids = "SELECT DISTINCT toUInt32(extract(request_id, '-([0-9]+)-')) AS batch, toUInt32(count()) AS n"
        rows = process.rows(f"{ids} FROM requests GROUP BY batch")
    stored = {row["batch"]: row["n"] for row in rows}
    assert set(acknowledged) - stored.keys() == set()
    assert set(stored.values()) == {50}


def test_a_report_is_written(running: GatelensProcess, tmp_path: Path) -> None:
    file = tmp_path / "usage.csv"
    # A report until now ends with the last whole minute, and the requests are of this one.
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
    what = ("--environment", "known", "--by", "api", "--from", "now-1h", "--to", tomorrow)
    finished = run("report", "usage", *what, "-o", file, "--data", running.data)
    assert finished.returncode == 0, finished.stderr
    [row] = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig")))
    assert (row["api"], row["requests"]) == ("orders", "12")


def test_migrations_are_there_already(stopped: Path) -> None:
    finished = run("migrate", "--data", stopped)
    assert (finished.returncode, finished.stdout.decode()) == (0, "The schema is up to date.\n")


def _error(*arguments: str | Path, settings: dict[str, str] = FREE_PORTS) -> str:
    """What a command that fails says last, in one line."""
    finished = run(*arguments, settings=settings)
    said = finished.stderr.decode()
    assert finished.returncode == 1, said
    assert "Traceback" not in said
    assert finished.stdout == b""
    message = said.splitlines()[-1]
    assert message.startswith("Error: "), said
    return message


def _answer(printed: bytes, output_format: str) -> list[tuple[str, int]]:
    """Rows of BY_API as they were printed."""
    if output_format == "parquet":
        rows = pq.read_table(io.BytesIO(printed)).to_pylist()
    elif output_format == "json":
        rows = json.loads(printed)["data"]
    elif output_format == "jsonl":
        rows = [json.loads(line) for line in printed.splitlines()]
    elif output_format == "csv":
        rows = list(csv.DictReader(io.StringIO(printed.decode())))
    else:
        found = re.findall(r"│ (\w+) +│ +(\d+) │", printed.decode())
        rows = [{"api": api, "asked": asked} for api, asked in found]
    return [(_text(row["api"]), int(row["asked"])) for row in rows]


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _stored(data: Path, environment: str) -> int:
    sql = f"SELECT toUInt32(count()) AS n FROM requests WHERE environment = '{environment}'"
    return int(json.loads(run("query", sql, "--format", "json", "--data", data).stdout)["data"][0]["n"])


def _send(process: GatelensProcess, sender: int, acknowledged: list[int]) -> None:
    """Send batches of 50 until they are not taken any more."""
    with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
        for number in range(sender, 40_000, 4):
            try:
                answer = client.post(
                    f"{process.addresses.http}/ingest/envoy_json", content=json_lines(f"batch-{number}", range(50))
                )
            except httpx.HTTPError:
                return
            if answer.status_code != 200:
                return
            acknowledged.append(number)
