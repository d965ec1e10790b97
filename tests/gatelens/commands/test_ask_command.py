"""`gatelens ask` without a running Gatelens. Opening a directory takes a process of its own."""

import csv
import io
import subprocess
import sys
from pathlib import Path

from tests.patience import PATIENCE

_ROOT = Path(__file__).parents[3]
_FILL = """
import sys
from datetime import UTC, datetime
from pathlib import Path

from gatelens.data_directory.directory import DataDirectory
from storage.migrate import migrate
from storage.store import connect

store = connect(f"chdb://{DataDirectory(Path(sys.argv[1])).clickhouse}")
migrate(store)
rows = [
    [datetime(2026, 5, 1, 10, minute, tzinfo=UTC), "shop", api, "gateway", status, 20_000]
    for minute, api, status in ((1, "orders", 200), (2, "orders", 503), (3, "payments", 200))
]
store.insert("requests", ["time", "environment", "api", "reporter", "status", "duration_us"], rows)
store.close()
"""


def _ask(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gatelens", "ask", *arguments, "--data", str(data)]
    return subprocess.run(command, capture_output=True, cwd=_ROOT, timeout=PATIENCE, check=False, text=True)


def test_a_question_is_answered_from_the_data_directory(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", _FILL, str(tmp_path)], check=True, cwd=_ROOT, timeout=PATIENCE)
    window = ("--from", "2026-05-01T10:00", "--to", "2026-05-01T11:00")
    done = _ask(
        tmp_path, "-m", "requests,error_rate", "--by", "api", *window, "--filter", "environment=shop",
        "--order=-requests", "--format", "csv",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert list(csv.reader(io.StringIO(done.stdout))) == [
        ["api", "requests", "error_rate"], ["orders", "2", "0.5"], ["payments", "1", "0.0"],
    ]  # fmt: skip
