"""Gatelens as people run it: `gatelens up` in a process of its own, and the other commands beside it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from gatelens.data_directory.directory import Addresses, running_process
from gatelens.data_directory.local_access import local_client
from tests.patience import PATIENCE

FREE_PORTS = {
    "GATELENS_WEB__LISTEN": "127.0.0.1:0",
    "GATELENS_COLLECTOR__HTTP__LISTEN": "127.0.0.1:0",
    "GATELENS_COLLECTOR__GRPC__LISTEN": "127.0.0.1:0",
    "GATELENS_COLLECTOR__FORWARD__LISTEN": "127.0.0.1:0",
}

Rows = list[dict[str, Any]]
Found = TypeVar("Found")


def run(
    *arguments: str | Path,
    settings: Mapping[str, str] = FREE_PORTS,
    typed: str = "",
    prefix: Sequence[str] = (),
) -> subprocess.CompletedProcess[bytes]:
    """A `gatelens` command that ends by itself; `settings` are its GATELENS_… variables, `typed` its input.

    `prefix` is a command that becomes it, such as prlimit.
    """
    return subprocess.run(
        [*prefix, sys.executable, "-m", "gatelens", *map(str, arguments)],
        env=_environment(settings), capture_output=True, timeout=PATIENCE, check=False, input=typed.encode(),
    )  # fmt: skip


def until(
    look: Callable[[], Found], done: Callable[[Found], bool], seconds: float = PATIENCE, pause: float = 0.2
) -> Found:
    """What `look` finds as soon as it is `done`, or what it found last when patience is over."""
    deadline = time.monotonic() + seconds
    while not done(found := look()) and time.monotonic() < deadline:
        time.sleep(pause)
    return found


class GatelensProcess:
    """`gatelens up` on a directory, from entry to exit; its output is in `log`."""

    def __init__(
        self,
        data: Path,
        *arguments: str | Path,
        settings: Mapping[str, str] = FREE_PORTS,
        prefix: Sequence[str] = (),
    ) -> None:
        self.data = data
        self._settings = settings
        self._prefix = prefix
        self._arguments = arguments
        self._output = data.with_name(f"{data.name}.log")
        self._process: subprocess.Popen[bytes] | None = None
        self.addresses = Addresses(0, "", "", "")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.terminate()

    @property
    def log(self) -> str:
        return self._output.read_text(encoding="utf-8", errors="replace")

    def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                [*self._prefix, sys.executable, "-m", "gatelens", "up", "--data", self.data, *self._arguments],
                env=_environment(self._settings), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while not self._is_ready(self._process):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"Gatelens did not become ready. Its output:\n{self.log}")
            time.sleep(0.05)

    def terminate(self) -> int:
        """Stop it in order, as a service manager would; returns its exit code."""
        process = self._started()
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """End it as a power cut would."""
        process = self._started()
        process.kill()
        process.wait(PATIENCE)

    def rows(self, sql: str) -> Rows:
        """The rows of a query over HTTP."""
        with local_client(self.data, self.addresses, PATIENCE) as client:
            answer = client.post(f"{self.addresses.web}/api/v1/query", json={"sql": sql, "format": "json"})
        assert answer.status_code == 200, answer.text
        found: Rows = json.loads(answer.content)["data"]
        return found

    def count(self, condition: str = "1") -> int:
        """How many requests are stored."""
        return int(self.rows(f"SELECT count() AS n FROM requests WHERE {condition}")[0]["n"])

    def ingest(self, body: bytes, environment: str, telemetry: str = "envoy_json") -> None:
        """Hand over telemetry of a format, by default lines of Envoy's JSON access log."""
        answer = httpx.post(
            f"{self.addresses.http}/ingest/{telemetry}",
            params={"environment": environment}, content=body, trust_env=False, timeout=PATIENCE,
        )  # fmt: skip
        assert answer.status_code == 200, answer.text

    def _started(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "Gatelens has not been started."
        return self._process

    def _is_ready(self, process: subprocess.Popen[bytes]) -> bool:
        found = running_process(self.data)
        if found is None or found.pid != process.pid:
            return False
        self.addresses = found
        with local_client(self.data, found, PATIENCE) as client:
            return client.get(f"{found.web}/readyz").status_code == 200


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process' environment without what would configure another Gatelens."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GATELENS_")}
    return {**inherited, "COLUMNS": "120", "NO_COLOR": "1", **settings}
