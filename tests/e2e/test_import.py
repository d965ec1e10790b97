"""`gatelens import` as people run it: beside a Gatelens that runs, or without one."""

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from tests.collector.rigs.access_logs import json_lines
from tests.e2e.gatelens_process import FREE_PORTS, GatelensProcess, run, until
from tests.patience import PATIENCE


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatelensProcess]:
    with GatelensProcess(tmp_path_factory.mktemp("running") / "data") as process:
        yield process


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of one that has stopped."""
    with GatelensProcess(tmp_path_factory.mktemp("stopped") / "data") as process:
        pass
    assert process.terminate() == 0
    return process.data


def _told(printed: bytes) -> list[str]:
    """What is said of each file, without the notes below."""
    return [line for line in printed.decode().splitlines() if not line.startswith(" ")]


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_files_are_imported_once(state: str, running: GatelensProcess, stopped: Path, tmp_path: Path) -> None:
    data = running.data if state == "running" else stopped
    names = ("plain.log", "packed.log.gz", "packed.log.zst")
    contents = {name: json_lines(name, range(250)) + b"broken\n" for name in names}
    (tmp_path / "plain.log").write_bytes(contents["plain.log"])
    (tmp_path / "packed.log.gz").write_bytes(gzip.compress(contents["packed.log.gz"]))
    (tmp_path / "packed.log.zst").write_bytes(zstandard.ZstdCompressor().compress(contents["packed.log.zst"]))
    rows = "250 requests, 1 dead letter"
    told = [f"{tmp_path / name}: envoy_json, {rows}, {len(content):,} bytes" for name, content in contents.items()]
    arguments: list[str | Path] = ["import", "--environment", "imported", "--data", data]
    arguments += [tmp_path / name for name in contents]

    first = run(*arguments)
    assert (first.returncode, _told(first.stdout)) == (0, told)
    assert _stored(data, "imported") == 750
    second = run(*arguments)
    known = [f"{line}, stored already" for line in told]
    assert (second.returncode, _told(second.stdout)) == (0, known)
    third = run(*arguments, "--again")
    assert (third.returncode, _told(third.stdout)) == (0, told)
    assert _stored(data, "imported") == 1500


def test_a_file_of_no_known_format_is_refused(running: GatelensProcess, tmp_path: Path) -> None:
    file = tmp_path / "shopping.txt"
    file.write_text("two eggs\n")
    for path, message in (
        (file, "shopping.txt is in no known format"),
        (tmp_path / "absent.log", "absent.log cannot be read: No such file or directory"),
        (tmp_path, f"{tmp_path} is a directory; name the files in it, such as {tmp_path}/*.log"),
    ):
        refused = run("import", path, "--data", running.data)
        assert (refused.returncode, refused.stdout) == (1, b"")
        assert message in refused.stderr.decode()


def test_a_file_that_cannot_be_read_does_not_keep_the_others_out(running: GatelensProcess, tmp_path: Path) -> None:
    lines = json_lines("beside", range(250))
    files = {
        "empty.log": b"",
        "shopping.txt": b"two eggs\n",
        "cut-off.log.gz": gzip.compress(lines)[:-20],
        "good.log": json_lines("good", range(50)),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    told = run("import", *(tmp_path / name for name in files), "--environment", "beside", "--data", running.data)
    assert told.returncode == 1
    assert told.stdout.decode().splitlines() == [
        f"{tmp_path / 'empty.log'}: nothing in it",
        f"{tmp_path / 'good.log'}: envoy_json, 50 requests, {len(files['good.log']):,} bytes",
    ]
    errors = told.stderr.decode()
    assert "shopping.txt is in no known format" in errors
    assert "cut-off.log.gz cannot be read to its end" in errors
    assert 50 < until(lambda: _stored(running.data, "beside"), lambda stored: stored > 50) <= 300


def test_a_file_whose_name_is_no_utf_8_is_imported(running: GatelensProcess, tmp_path: Path) -> None:
    log = tmp_path / os.fsdecode(b"caf\xe9.log")
    log.write_bytes(json_lines("coffee", range(7)))
    told = run("import", log, "--environment", "coffee", "--data", running.data)
    assert (told.returncode, told.stdout.decode()) == (
        0,
        f"{tmp_path}/caf\\xe9.log: envoy_json, 7 requests, {log.stat().st_size:,} bytes\n",
    )
    assert _stored(running.data, "coffee") == 7


def test_an_import_tells_of_a_new_data_directory(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(json_lines("new", range(5)))
    notice = f"{tmp_path / 'new'} is a new data directory; --data names that of `gatelens up`.".encode()
    assert notice in run("import", log, "--data", tmp_path / "new").stderr
    assert notice not in run("import", log, "--data", tmp_path / "new").stderr


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_what_is_piped_in_is_imported_once(state: str, running: GatelensProcess, stopped: Path, tmp_path: Path) -> None:
    data = running.data if state == "running" else stopped
    content = json_lines("piped", range(40))
    arguments = ("import", "-", "--environment", "piped", "--data", data)
    for known in ("", ", stored already"):
        piped = run(*arguments, typed=content.decode())
        assert _told(piped.stdout) == [f"stdin: envoy_json, 40 requests, {len(content):,} bytes{known}"], piped.stderr
    file = tmp_path / "access.log"
    file.write_bytes(content)
    assert b"stored already" in run(*arguments[:1], file, *arguments[2:]).stdout
    assert _stored(data, "piped") == 40


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_what_became_of_it_is_reported_to_people_and_programs(
    state: str, running: GatelensProcess, stopped: Path, tmp_path: Path
) -> None:
    data = running.data if state == "running" else stopped
    file = tmp_path / "access.log"
    line = '192.0.2.7 - - [10/Feb/2025:10:15:30 +0000] "GET / HTTP/1.1" 200 10 "-" "curl"\n'
    file.write_text(line * 3 + '192.0.2.7 - - [broken] "GET /\x1b[31m HTTP/1.1"\n')
    told = run("import", file, "--environment", "odd", "--data", data).stdout.decode().splitlines()
    assert told[0] == f"{file}: combined, 3 requests, 1 dead letter, {file.stat().st_size} bytes"
    assert told[1].startswith("  3  requests without a duration")
    assert told[2].startswith("  3  older than the retention, the oldest of 2025-02-10")
    assert told[3].startswith("  1  dead letter: ")
    assert told[4] == '       192.0.2.7 - - [broken] "GET /\\x1b[31m HTTP/1.1"'

    kept = run("import", file, tmp_path / "absent.log", "--keep-time", "--json", "--environment", "odd", "--data", data)
    found, absent = map(json.loads, kept.stdout.splitlines())
    assert (kept.returncode, found["file"], found["formats"]) == (1, str(file), ["combined"])
    assert (found["rows"]["requests"], found["without_duration"], found["older_than_retention"]) == (3, 3, 0)
    assert [letter["count"] for letter in found["dead_letters"]] == [1]
    assert "absent.log cannot be read" in absent["error"]


def test_an_import_that_is_interrupted_says_how_to_go_on(tmp_path: Path) -> None:
    content = json_lines("interrupted", range(4000))
    # A shell has what it starts in the background ignore interrupts, and so its children.
    heeding = ["env", "--default-signal=INT"]
    command = [*heeding, sys.executable, "-m", "gatelens", "import", "-", "--data", str(tmp_path / "data")]
    with subprocess.Popen(
        command,
        env={**os.environ, **FREE_PORTS},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        # More than a pipe holds, so it is being read when that is written.
        process.stdin.write(content)
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert b"Interrupted. What was handed over is stored; the same import again adds the rest." in told
    assert b"Traceback" not in told
    again = run("import", "-", "--data", tmp_path / "data", typed=content.decode())
    assert b"4,000 requests" in again.stdout, again.stderr


def _stored(data: Path, environment: str) -> int:
    sql = f"SELECT toUInt32(count()) AS n FROM requests WHERE environment = '{environment}'"
    return int(json.loads(run("query", sql, "--format", "jsonl", "--data", data).stdout)["n"])
