"""GoAccess on a log that Gatelens has stored, for comparison: it counts what Gatelens keeps."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any


def goaccess(log: Path, lines: int, cpu_seconds: float) -> dict[str, Any]:
    """What GoAccess took for a log in the combined format, and what share of that `cpu_seconds` is."""
    program = shutil.which("goaccess")
    if program is None:
        return {"missing": "Install Debian's goaccess, as scripts/peers.sh does."}
    report = log.with_suffix(".html")
    process = subprocess.Popen(
        [program, str(log), "--no-global-config", "--log-format=COMBINED", "--no-progress", "-o", str(report)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or not report.exists():
        raise RuntimeError(f"GoAccess failed with exit code {process.returncode}.")
    taken = used.ru_utime + used.ru_stime
    return {
        "cpu_seconds": round(taken, 2),
        "events_per_cpu_second": round(lines / taken),
        "gatelens_share": round(cpu_seconds / taken, 2),
    }
