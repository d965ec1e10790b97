"""What was accepted and is gone is seen wherever somebody looks."""

from pathlib import Path

import httpx

from gatelens.data_directory.directory import running_process
from tests.collector.rigs.access_logs import json_lines
from tests.collector.rigs.waiting import wait_until
from tests.e2e.gatelens_process import GatelensProcess, until
from tests.patience import PATIENCE

_CONFIG = """
collector:
  reconciliation: {interval: 0.2, delay: 0}
  spool: {segment_age: 60}
"""


class _Process(GatelensProcess):
    """One whose start does not wait until it is ready, for it will not be."""

    def _is_ready(self, process: object) -> bool:
        found = running_process(self.data)
        self.addresses = found or self.addresses
        return found is not None and found.pid == getattr(process, "pid", 0)


def _get(process: GatelensProcess, path: str) -> httpx.Response:
    return httpx.get(f"{process.addresses.web}{path}", trust_env=False, timeout=PATIENCE)


def _overview(process: GatelensProcess) -> str:
    with httpx.Client(base_url=process.addresses.web, trust_env=False, timeout=PATIENCE) as client:
        return client.post("/page/data", json={"path": "/"}).text


def test_a_segment_that_is_removed_from_the_spool_is_seen(tmp_path: Path) -> None:
    config = tmp_path / "gatelens.yaml"
    config.write_text(_CONFIG)
    process = _Process(tmp_path / "data", "--config", config)
    progress = process.data / "reconciliation.json"
    with process:
        wait_until(lambda: _get(process, "/readyz").status_code == 200)
        assert "ledger-differences" not in _overview(process)
        process.ingest(json_lines("a", range(5)), "ledger")
        [segment] = (process.data / "spool").glob("*.open")
        segment_id = segment.stem.rpartition(".")[2]
        wait_until(lambda: segment_id in progress.read_text())
        process.kill()
        segment.unlink()

        process.start()
        readyz = until(lambda: _get(process, "/readyz"), lambda answer: answer.status_code == 503)
        [fault] = readyz.json()["faults"]
        assert f"Segment {segment_id} has left the spool and is not in the ledger" in fault
        assert f"delete {progress}" in fault
        assert _metric(process, "gatelens_ledger_differences") == 1
        assert _metric(process, "gatelens_ledger_reconciled_timestamp_seconds") > 1e9
        assert segment_id in _overview(process)
        assert "ledger-differences" in _overview(process)
        assert "Segments do not balance" in process.log

        progress.unlink()
        assert until(lambda: _get(process, "/readyz").status_code, lambda status: status == 200) == 200
        assert _metric(process, "gatelens_ledger_differences") == 0


def _metric(process: GatelensProcess, name: str) -> float:
    [line] = [line for line in _get(process, "/metrics").text.splitlines() if line.startswith(f"{name}{{")]
    return float(line.rpartition(" ")[2])
