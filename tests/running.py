"""A Gatelens in a process of its own, whose CPU time and memory are read from /proc."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from gatelens.data_directory.directory import Addresses, running_process
from tests.control_group import ControlGroup
from tests.patience import PATIENCE
from tests.process_usage import cpu_seconds, memory

_FREE_PORTS = {
    "GATELENS_WEB__LISTEN": "127.0.0.1:0",
    "GATELENS_COLLECTOR__HTTP__LISTEN": "127.0.0.1:0",
    "GATELENS_COLLECTOR__GRPC__LISTEN": "127.0.0.1:0",
    "GATELENS_COLLECTOR__FORWARD__LISTEN": "127.0.0.1:0",
}


class RunningGatelens:
    """`gatelens up` on a directory, from entry to exit."""

    def __init__(
        self,
        data: Path,
        settings: Mapping[str, str] | None = None,
        group: ControlGroup | None = None,
        config: Path | None = None,
    ) -> None:
        """`settings` are environment variables; in a `group` it has no more memory than that; `config` is its file."""
        self._data = data
        self._environment = {**os.environ, **_FREE_PORTS, **(settings or {})}
        command = [sys.executable, "-m", "gatelens", "up", "--data", str(data)]
        command += ["--config", str(config)] if config else []
        self._command = group.command(command) if group else command
        self.addresses = Addresses(0, "", "", "")
        self.ready_seconds = 0.0

    def __enter__(self) -> Self:
        started = time.monotonic()
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdout=subprocess.DEVNULL,
        )
        while (found := running_process(self._data)) is None or found.pid != self._process.pid:
            if self._process.poll() is not None or time.monotonic() - started > PATIENCE:
                raise RuntimeError(f"Gatelens did not start; its exit code is {self._process.poll()}.")
            time.sleep(0.02)
        self.ready_seconds = time.monotonic() - started
        self.addresses = found
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE)

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def kill(self) -> None:
        """End the process as a power cut would."""
        self._process.kill()
        self._process.wait(PATIENCE)

    def query(self, sql: str) -> list[dict[str, Any]]:
        answer = httpx.post(
            f"{self.addresses.web}/api/v1/query", json={"sql": sql, "format": "json"}, trust_env=False, timeout=PATIENCE
        )
        rows: list[dict[str, Any]] = json.loads(answer.raise_for_status().content)["data"]
        return rows

    def cpu_seconds(self) -> float:
        """User and system time of all threads since the start."""
        return cpu_seconds(self._process.pid)

    def cpu_seconds_by_thread(self) -> dict[str, float]:
        """The same by the names of the threads that run now; threads of one name are added up."""
        found: dict[str, float] = defaultdict(float)
        for thread in Path(f"/proc/{self._process.pid}/task").iterdir():
            try:
                stat = (thread / "stat").read_text(encoding="utf-8")
            except (FileNotFoundError, ProcessLookupError):
                # It has ended since it was listed.
                continue
            told, _, fields = stat.partition("(")[2].rpartition(")")
            found[told] += sum(map(int, fields.split()[11:13])) / os.sysconf("SC_CLK_TCK")
        return dict(found)

    def memory(self, name: str) -> int:
        """Bytes of VmRSS or VmHWM (the peak)."""
        return memory(self._process.pid, name)
