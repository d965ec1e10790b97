"""Debian's Prometheus and node exporter, each a process on a free port."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.collector.rigs.waiting import wait_until
from tests.patience import PATIENCE


def binary(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} was not found; install Debian's {name} to test with it.")
    return found


@contextmanager
def prometheus(directory: Path, config: str) -> Iterator[str]:
    """Runs Prometheus from entry to exit, on which it still sends what it has; yields its URL."""
    file = directory / "prometheus.yml"
    file.write_text(config, encoding="utf-8")
    port = _free_port()
    with _running(
        binary("prometheus"), f"--config.file={file}", f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn", log=directory / "prometheus.log",
    ):  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(f"{url}/-/ready"))
        yield url


@contextmanager
def node_exporter(directory: Path) -> Iterator[str]:
    """Yields the URL of its metrics."""
    port = _free_port()
    with _running(
        binary("prometheus-node-exporter"), f"--web.listen-address=127.0.0.1:{port}",
        "--collector.disable-defaults", "--collector.cpu", "--collector.meminfo", "--collector.loadavg",
        log=directory / "node_exporter.log",
    ):  # fmt: skip
        url = f"http://127.0.0.1:{port}/metrics"
        wait_until(lambda: _answers(url))
        yield url


@contextmanager
def _running(*command: str, log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env={"PATH": os.defpath}
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=PATIENCE).status_code == 200
    except httpx.HTTPError:
        return False


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])
