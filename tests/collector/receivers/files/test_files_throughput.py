"""What reading costs: rows per CPU-second of this process, spool included; printed, never asserted."""

import json
import time
from pathlib import Path

import pytest

from collector.spool.spool import Spool
from tests.collector.rigs.access_logs import json_line
from tests.collector.rigs.file_rig import following

_ROWS = 20_000
_LINE = json_line("7d6c1f0e-2b8a-4c43-9a57-1f0e2b8a4c43", user_agent="Mozilla/5.0 (X11; Linux x86_64)", path="/x" * 100)
_TIME = "2026-11-23T10:15:30.123456789Z"
_STACK = b"INFO  2026-11-23 10:15:30,123 [main] org.mule.Flow: " + b"\tat org.example.Step\n" * 15

_WRITTEN = {
    "plain": (_LINE, {}),
    "cri": (f"{_TIME} stdout F ".encode() + _LINE, {"container": "cri"}),
    "cri in parts": (
        f"{_TIME} stdout P ".encode() + _LINE[:200] + f"\n{_TIME} stdout F ".encode() + _LINE[200:],
        {"container": "cri"},
    ),
    "docker": (
        json.dumps({"log": _LINE.decode(), "stream": "stdout", "time": _TIME}, separators=(",", ":")).encode() + b"\n",
        {"container": "docker"},
    ),
    "stack traces": (_STACK, {"multiline": r"INFO +\d"}),
}


def _size(spool: Spool) -> int:
    return spool.size


@pytest.mark.parametrize("kind", _WRITTEN)
def test_reading_costs_little(tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    line, source = _WRITTEN[kind]
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "a.log").write_bytes(line * _ROWS)
    # The last record of a stack trace waits.
    expected = (len(_LINE) if kind not in ("stack traces",) else len(line)) * (_ROWS - 1)
    started = time.process_time()
    began = time.monotonic()
    with following(tmp_path, source) as rig:
        rig.wait_for(lambda: _size(rig.spool) >= expected)
        seconds, wall = time.process_time() - started, time.monotonic() - began
    figures = {
        "kind": kind,
        "rows_per_cpu_second": round(_ROWS / seconds),
        "mb_per_cpu_second": round(len(line) * _ROWS / seconds / 1e6),
        "seconds": round(wall, 2),
    }
    with capsys.disabled():
        print(json.dumps(figures))  # noqa: T201
