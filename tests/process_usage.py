"""What a process has used, read from /proc."""

import os
from pathlib import Path


def cpu_seconds(pid: int) -> float:
    """User and system time of all its threads since its start."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int, name: str) -> int:
    """Bytes of VmRSS or VmHWM (the peak)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024
