"""`gatelens import --log-format`: a format for one import, whether or not a Gatelens runs on the directory."""

import time
from pathlib import Path

from tests.e2e.gatelens_process import GatelensProcess, run, until

_NGINX = 'nginx=$remote_addr [$time_local] "$request" $status $request_time'


def _log(directory: Path, lines: int) -> Path:
    now = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
    path = directory / "edge.log"
    path.write_text("".join(f'192.0.2.1 [{now}] "GET /orders/{n} HTTP/1.1" 200 0.00{n}\n' for n in range(lines)))
    return path


def test_an_import_with_a_format_of_its_own(tmp_path: Path) -> None:
    path, data = _log(tmp_path, 3), tmp_path / "data"
    alone = run("import", path, "--log-format", _NGINX, "--data", data)
    assert alone.returncode == 0, alone.stderr
    assert b": import_" in alone.stdout
    assert b"3 requests" in alone.stdout
    [remembered] = (data / "formats").iterdir()
    assert [path.stat().st_mode & 0o777 for path in (data, data / "formats", remembered)] == [0o700, 0o700, 0o600]

    configuration = tmp_path / "gatelens.yaml"
    configuration.write_text("formats: [{name: edge, nginx: '$remote_addr [$time_local] \"$request\" $status $msec'}]")
    with GatelensProcess(data, "--config", configuration) as process:
        # What has been stored is known again, under the same definition.
        again = run("import", path, "--log-format", _NGINX, "--data", data)
        assert b"3 requests" in again.stdout, again.stderr
        # And the running process takes a definition that it has not seen.
        other = run("import", path, "--log-format", _NGINX.replace("request_time", "msec"), "--data", data)
        assert other.returncode == 0, other.stderr
        assert until(process.count, lambda stored: stored == 6) == 6
        found = process.rows("SELECT path, duration_us FROM requests WHERE duration_us > 0 ORDER BY path")
    assert [(row["path"], int(row["duration_us"])) for row in found] == [("/orders/1", 1000), ("/orders/2", 2000)]


def test_a_fault_of_the_definition_is_reported_with_its_place(tmp_path: Path) -> None:
    finished = run("import", _log(tmp_path, 1), "--log-format", "nginx=$status $", "--data", tmp_path / "data")
    assert finished.returncode == 1
    assert b"nginx, column 9: `$` must be followed by the name of a variable" in finished.stderr
