"""The demo's real Envoys: what they are sent is what the store holds, through ALS, OTLP and both sidecars."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import pytest
from opentelemetry.metrics import NoOpMeter

from collector.formats.config import TransformConfig
from collector.intake.intake import Intake
from collector.receivers.grpc.config import GrpcConfig
from collector.receivers.grpc.server import GrpcServer
from collector.receivers.scrape.config import ScrapeConfig
from collector.spool.config import SpoolConfig
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from collector.writer.writer import Writer
from gatelens.data_directory import Addresses
from gatelens.demo.demo import Demo
from gatelens.demo.model import ENVIRONMENT, KINDS
from gatelens.demo.session import DemoSession
from gatelens.demo.traffic import Traffic
from gatelens.event_loop import EventLoopThread
from storage.store import Store

PATIENCE_SECONDS = 30

Rows = list[tuple[Any, ...]]


class Scraped:
    """Stands for the running Gatelens; remembers what it was asked to scrape."""

    def __init__(self) -> None:
        self.config = ScrapeConfig()

    def scrape(self, config: ScrapeConfig) -> None:
        self.config = config


@pytest.fixture
def loop() -> Iterator[EventLoopThread]:
    thread = EventLoopThread("test-intake")
    yield thread
    thread.close()


@pytest.fixture
def intake(store: Store, tmp_path: Path, loop: EventLoopThread) -> Iterator[str]:
    """The address of a gRPC port whose telemetry goes to the store."""
    metrics = CollectorMetrics(NoOpMeter("test"))
    spool = Spool(tmp_path / "spool", SpoolConfig())
    writer = Writer(store, spool, TransformConfig(), metrics, tmp_path)
    writer.start()
    server = GrpcServer(Intake(spool, metrics), GrpcConfig(listen="127.0.0.1:0"))
    loop.run(server.start())
    yield f"127.0.0.1:{server.port}"
    loop.run(server.stop())
    spool.close()
    writer.stop()


def test_the_store_counts_what_the_gateway_was_sent(
    store: Store, tmp_path: Path, loop: EventLoopThread, intake: str
) -> None:
    started = datetime.now(UTC)
    counts = {kind.name: number for number, kind in enumerate(KINDS, start=3)}
    demo = Demo(tmp_path / "gateways", intake)
    demo.start()
    try:
        for gateway in (demo.als_gateway, demo.otlp_gateway):
            loop.run(Traffic([]).send_exactly(counts, gateway))
        rows = _until(lambda: _requests(store, started), sum(counts.values()) * 2)
    finally:
        demo.stop()
    expected: Counter[tuple[Any, ...]] = Counter()
    for kind in KINDS:
        for log_format in ("envoy_als", "otlp_logs"):
            told = (kind.api, kind.version, kind.method, kind.route, kind.status, kind.flags, kind.consumer)
            expected[log_format, "demo-gateway", ENVIRONMENT, *told] += counts[kind.name]
    assert Counter(rows) == expected


def test_a_session_sends_traffic_and_has_its_envoys_scraped(store: Store, tmp_path: Path, intake: str) -> None:
    started = datetime.now(UTC)
    session = DemoSession(tmp_path / "gateways", 100)
    gatelens = Scraped()
    with session.sending_to(gatelens, Addresses(0, "", "", intake)):
        reporters = _until(lambda: _reporters(store, started), 4)
        command = session.describe()[-1].split()
        answer = httpx.get(command[-1], headers={"x-api-key": "demo-key-mobile-app"}, trust_env=False)
        assert answer.status_code in (200, 500)
        targets = {target.gateway: str(target.url) for target in gatelens.config.targets}
        assert "envoy_" in httpx.get(targets["demo-gateway"], trust_env=False).text
        assert {target.environment for target in gatelens.config.targets} == {ENVIRONMENT}
    assert targets.keys() == {"demo-gateway", "checkout.shop", "inventory.shop"}
    assert reporters == [
        (ENVIRONMENT, "checkout.shop", "source", "envoy_als"),
        (ENVIRONMENT, "demo-gateway", "gateway", "envoy_als"),
        (ENVIRONMENT, "demo-gateway", "gateway", "otlp_logs"),
        (ENVIRONMENT, "inventory.shop", "destination", "otlp_logs"),
    ]
    with pytest.raises(httpx.ConnectError):
        httpx.get(targets["demo-gateway"], trust_env=False)
    with pytest.raises(RuntimeError):
        session.describe()


def _requests(store: Store, since: datetime) -> Rows:
    return store.rows(
        """
        SELECT format, gateway, environment, api, api_version, method, route, status, response_flags, consumer
        FROM requests WHERE time >= {since:DateTime64(6)} AND gateway = 'demo-gateway'
        """,
        {"since": since.replace(tzinfo=None)},
    )


def _reporters(store: Store, since: datetime) -> Rows:
    return store.rows(
        """
        SELECT DISTINCT environment, gateway, reporter, format FROM requests
        WHERE time >= {since:DateTime64(6)} AND environment = 'demo' ORDER BY gateway, format
        """,
        {"since": since.replace(tzinfo=None)},
    )


def _until(rows: Callable[[], Rows], count: int) -> Rows:
    deadline = monotonic() + PATIENCE_SECONDS
    while len(found := rows()) < count and monotonic() < deadline:
        sleep(0.2)
    return found
