"""The ClickHouse of `http_interface.py` in a process of its own, which can be stopped, killed and started again."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import httpx

from tests.clickhouse_server.users import OWNER
from tests.patience import PATIENCE

_ROOT = Path(__file__).parents[2]


class ClickHouseProcess:
    """Runs from entry to exit, always on the same port and directory."""

    def __init__(self, directory: Path, *databases: str) -> None:
        self._directory = directory
        self._databases = databases or ("gatelens",)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def dsn(self, user: tuple[str, str] = OWNER, database: str = "") -> str:
        """What Gatelens is given as `storage.dsn`."""
        name, password = map(quote, user)
        return f"http://{name}:{password}@127.0.0.1:{self.port}/{database or self._databases[0]}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        databases = [f"--database={name}" for name in self._databases]
        command = ["-m", "tests.clickhouse_server.http_interface", str(self._directory), str(self.port), *databases]
        self._process = subprocess.Popen([sys.executable, *command], cwd=_ROOT)
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError("The ClickHouse of the tests did not start; its output says why.")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections from entry to exit, and answers none."""
        assert self._process is not None, "ClickHouse has not been started."
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def rows(self, sql: str) -> list[list[str]]:
        """What a statement answers, asked of ClickHouse itself."""
        answer = httpx.post(
            f"http://127.0.0.1:{self.port}/",
            params={"database": self._databases[0]}, content=sql, trust_env=False, timeout=PATIENCE,
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        return [line.split("\t") for line in answer.text.splitlines()]

    def _answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/ping", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def _end(self, sign: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(sign)
            process.wait(PATIENCE)
