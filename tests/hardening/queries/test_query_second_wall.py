"""What a statement can reach that the guard has let through by mistake: nothing but the store's own files."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.errors import QueryFailed, StoreError
from storage.landlock import is_available
from storage.store import Store
from tests.patience import PATIENCE

_PRIVATE = "what a neighbour keeps to himself"

pytestmark = pytest.mark.skipif(
    not is_available(), reason="This kernel has no Landlock, or lets nobody use it; there the guard is the only wall."
)


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Path]:
    """A directory that is neither the store's nor among those that it may read."""
    directory = Path(tempfile.mkdtemp())
    (directory / "secret").write_text(f"{_PRIVATE}\n", encoding="utf-8")
    os.mkfifo(directory / "fifo")
    yield directory
    shutil.rmtree(directory)


def _past_the_guard(store: Store, sql: str) -> bytes:
    """Without `readonly` too, which would stop some of it."""
    return store.raw(sql, "TSV")


_WAYS = (
    "SELECT file('{}')",
    "SELECT arrayMap(file, ['{}'])",
    "SELECT arrayMax(file, ['{}'])",
    "SELECT arrayMap(x -> arrayMin(file, [x]), ['{}'])",
    "SELECT * FROM file('{}', LineAsString)",
    "SELECT * FROM file('{}', RawBLOB)",
    "SELECT * FROM `{}`",
    "SELECT 1 WHERE 'x' IN `{}`",
    "DESCRIBE file('{}')",
    "SELECT count() FROM numbers_mt(100000) WHERE number > 99998 AND file('{}' || substring('a', number)) != ''",
)


@pytest.mark.parametrize("path", ["/etc/passwd", "/proc/self/environ", "/proc/1/environ", "{elsewhere}/secret"])
@pytest.mark.parametrize("way", _WAYS)
def test_no_file_is_read(store: Store, elsewhere: Path, way: str, path: str) -> None:
    with pytest.raises(StoreError) as raised:
        _past_the_guard(store, way.format(path.format(elsewhere=elsewhere)))
    assert _PRIVATE not in str(raised.value)
    assert "root:" not in str(raised.value)


def test_the_environment_is_nowhere(store: Store) -> None:
    for thread in Path("/proc/self/task").iterdir():
        found = _past_the_guard(store, f"SELECT trim(BOTH '\\0' FROM file('{thread}/environ'))")
        assert found == b"\n"
    assert os.environ["PATH"]


def test_a_pattern_finds_nothing(store: Store, elsewhere: Path) -> None:
    assert _past_the_guard(store, f"SELECT * FROM file('{elsewhere}/*', LineAsString)") == b""


def test_a_fifo_keeps_no_reader(store: Store, elsewhere: Path) -> None:
    for way in ("SELECT file('{}')", "SELECT * FROM file('{}', LineAsString)", "SELECT * FROM `{}`"):
        with pytest.raises(StoreError):
            _past_the_guard(store, way.format(elsewhere / "fifo"))


def test_no_file_is_written(store: Store, elsewhere: Path) -> None:
    target = elsewhere / "written"
    for statement in (
        f"SELECT 1 INTO OUTFILE '{target}'",
        f"INSERT INTO FUNCTION file('{target}', 'CSV', 'a UInt8') VALUES (1)",
    ):
        with pytest.raises(StoreError):
            store.command(statement)
    assert not target.exists()


def test_nobody_is_connected_to(store: Store) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        port = server.getsockname()[1]
        with pytest.raises(StoreError):
            store.raw(f"SELECT * FROM url('http://127.0.0.1:{port}/', LineAsString) SETTINGS http_max_tries = 1", "TSV")
        with pytest.raises(TimeoutError):
            server.accept()


def test_what_loads_read_stays_readable(store: Store, tmp_path: Path) -> None:
    (tmp_path / "segment").write_text("a line\n", encoding="utf-8")
    assert store.raw(f"SELECT * FROM file('{tmp_path}/segment', LineAsString)", "TSV") == b"a line\n"


def test_the_rest_of_the_process_stays_free(store: Store, elsewhere: Path) -> None:
    with pytest.raises(QueryFailed):
        _past_the_guard(store, f"SELECT file('{elsewhere}/secret')")
    read: list[str] = []
    reading = threading.Thread(target=lambda: read.append((elsewhere / "secret").read_text(encoding="utf-8")))
    reading.start()
    reading.join()
    assert read == [f"{_PRIVATE}\n"]


# The threads that chDB starts are those of a process, so it takes one that has run nothing else.
_IN_THREADS = """
import sys
from pathlib import Path
import gatelens.cli, gatelens.process.supervisor
from storage.errors import QueryFailed
from storage.store import connect

store = connect(f"chdb://{sys.argv[1]}/clickhouse")
part = f"SELECT sum(length(file('{sys.argv[2]}' || if(number < 0, 'x', '')))) FROM numbers(100000)"
for _ in range(10):
    try:
        print(store.raw(" UNION ALL ".join([part] * 8), "TSV"))
    except QueryFailed:
        pass
threads = (path.parent.joinpath("comm").read_text().strip() for path in Path("/proc/self/task").glob("*/status")
           if "NoNewPrivs:\\t0" in path.read_text())
print([name for name in threads if name not in ("python", "jemalloc_bg_thd")])
store.close()
"""


def test_no_thread_of_the_engine_reads_files(tmp_path: Path, elsewhere: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(_IN_THREADS)
    answer = subprocess.run(
        [sys.executable, script, tmp_path, elsewhere / "secret"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (answer.stdout, answer.returncode) == ("[]\n", 0), answer.stderr
