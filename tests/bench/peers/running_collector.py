"""The OpenTelemetry Collector that `make peers` builds, in a process of its own, with one receiver and one exporter."""

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import yaml

from gatelens.data_directory.directory import Addresses
from tests.collector.rigs.proxied_service import free_port
from tests.patience import PATIENCE
from tests.process_usage import cpu_seconds, memory

BINARY = Path(__file__).parents[3] / "build" / "otel-collector"
_ACCEPTED = re.compile(r"^otelcol_receiver_accepted_log_records(?:_total)?\{[^}]*\} (\S+)$", re.MULTILINE)


def is_built() -> bool:
    return shutil.which(BINARY) is not None


class RunningCollector:
    """From entry to exit. Its receivers are at `addresses`, as far as they listen."""

    def __init__(self, directory: Path, receivers: Mapping[str, Any], exporter: Mapping[str, Any]) -> None:
        """`receivers` and `exporter` as its configuration has them; a receiver that listens gets a free port."""
        grpc, forward, self._telemetry = free_port(), free_port(), free_port()
        self.addresses = Addresses(0, "", "", f"127.0.0.1:{grpc}", f"127.0.0.1:{forward}")
        listening: dict[str, Any] = {
            "otlp": {"protocols": {"grpc": {"endpoint": f"127.0.0.1:{grpc}", "max_recv_msg_size_mib": 64}}},
            "fluent_forward": {"endpoint": f"127.0.0.1:{forward}"},
        }
        prometheus = {"host": "127.0.0.1", "port": self._telemetry}
        self._config = {
            "receivers": {name: settings or listening[name] for name, settings in receivers.items()},
            "exporters": exporter,
            "service": {
                "telemetry": {
                    "metrics": {"readers": [{"pull": {"exporter": {"prometheus": prometheus}}}]},
                    "logs": {"level": "error"},
                },
                "pipelines": {"logs": {"receivers": list(receivers), "exporters": list(exporter)}},
            },
        }
        self._path = directory / "collector.yaml"

    def __enter__(self) -> Self:
        self._path.write_text(yaml.safe_dump(self._config), encoding="utf-8")
        self._process = subprocess.Popen([BINARY, f"--config=file:{self._path}"])
        started = time.monotonic()
        while self.accepted() is None:
            if self._process.poll() is not None or time.monotonic() - started > PATIENCE:
                raise RuntimeError(f"The collector did not start; its exit code is {self._process.poll()}.")
            time.sleep(0.1)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE)

    def accepted(self) -> int | None:
        """How many log records its receiver has taken; None while it does not answer."""
        try:
            answer = httpx.get(f"http://127.0.0.1:{self._telemetry}/metrics", trust_env=False, timeout=PATIENCE)
        except httpx.TransportError:
            return None
        return int(sum(float(count) for count in _ACCEPTED.findall(answer.text)))

    def cpu_seconds(self) -> float:
        return cpu_seconds(self._process.pid)

    def peak_memory(self) -> int:
        """Bytes."""
        return memory(self._process.pid, "VmHWM")
