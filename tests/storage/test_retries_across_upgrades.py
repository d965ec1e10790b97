"""A segment that is tried again after an upgrade is counted once. Opening a directory takes its own process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE

_ROOT = Path(__file__).parents[2]

# Migrates to a version, loads segments, and tells how many requests each table knows.
_LOAD = """
import json
import sys
from pathlib import Path

import storage.migrate
from storage.store import connect

directory, version, duration, *segments = sys.argv[1:]
shipped = storage.migrate.migrations()
storage.migrate.migrations = lambda: [migration for migration in shipped if migration.version <= int(version)]
store = connect(f"chdb://{directory}")
storage.migrate.migrate(store)
columns = ("destination", "time", "environment", "api", "status", "duration_us", "segment_id")
for segment in segments:
    store.load(
        f"SELECT 'requests', toDateTime64('2026-05-10 12:00:00', 6), 'shop', 'orders', 200, {duration}, '{segment}'"
        " FROM numbers(3)",
        "intake", columns, segment, Path("none.proto"),
    )
print(json.dumps(store.rows(
    "SELECT (SELECT count() FROM requests), (SELECT toUInt32(sum(requests)) FROM api_1m),"
    " (SELECT toUInt32(sum(requests)) FROM api_1h), (SELECT toUInt32(sum(requests)) FROM books)"
)[0]))
store.close()
"""

# Of those that replace a view of requests.
_UPGRADES = [("10", "11"), ("12", "13"), ("21", "24")]


def _load(directory: Path, version: str, duration: str, *segments: str) -> list[int]:
    command = [sys.executable, "-c", _LOAD, str(directory), version, duration, *segments]
    done = subprocess.run(command, capture_output=True, cwd=_ROOT, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr.decode()
    counts: list[int] = json.loads(done.stdout)
    return counts


@pytest.mark.parametrize(("before", "now"), _UPGRADES)
def test_a_segment_is_counted_once(tmp_path: Path, before: str, now: str) -> None:
    assert _load(tmp_path, before, "0", "old") == [3] * 4
    # What was 0 is NULL now: a segment is known by its name, not by what it has become.
    assert _load(tmp_path, now, "NULL", "old", "new", "new") == [6] * 4
    assert _load(tmp_path, now, "NULL", "old", "new", "newer") == [9] * 4
