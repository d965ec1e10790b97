"""The one process: builds every real part, starts them in order, stops them in the opposite order."""

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI

from collector.receivers.grpc_server import GrpcServer
from collector.receivers.http_app import http_app
from collector.receivers.intake import Intake
from collector.receivers.scrape import ScrapeConfig, Scraper
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from collector.writer import Writer
from dashboards.app import create_app
from dashboards.health import Health
from gatelens import __version__
from gatelens.config import Config
from gatelens.data_directory import Addresses, DataDirectory
from gatelens.event_loop import EventLoopThread
from gatelens.listeners import AsgiServer, bind, shown
from gatelens.telemetry import Telemetry
from processors.alerts.engine import AlertEngine
from processors.alerts.rules import load_rules
from storage.migrate import migrate
from storage.reader import Reader
from storage.store import Store, connect


class Gatelens:
    """A running Gatelens; `start` returns when it is ready, `stop` when everything acknowledged is safe."""

    def __init__(self, config: Config, data: Path) -> None:
        self._config = config
        self._directory = DataDirectory(data)
        self._cleanup = ExitStack()
        self._intake: Intake | None = None
        self._loop: EventLoopThread | None = None

    def start(self) -> Addresses:
        """Start everything; raises ConfigError, DataDirectoryBusy or StoreError, and leaves nothing behind then."""
        try:
            return self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop taking telemetry in, store what is sealed, close ClickHouse, give the directory back."""
        self._cleanup.close()

    def scrape(self, config: ScrapeConfig) -> None:
        """Scrape more targets from now on."""
        if self._loop is None or self._intake is None:
            raise RuntimeError("Gatelens has not been started.")
        self._loop.spawn(Scraper(self._intake, config).run())

    def _start(self) -> Addresses:
        collector = self._config.collector
        web_socket = bind(self._config.web.listen, "web.listen")
        self._cleanup.callback(web_socket.close)
        http_socket = bind(collector.http.listen, "collector.http.listen")
        self._cleanup.callback(http_socket.close)
        self._directory.acquire()
        self._cleanup.callback(self._directory.release)

        store = connect(self._config.storage.dsn or f"chdb://{self._directory.clickhouse}")
        self._cleanup.callback(store.close)
        migrate(store)
        telemetry = Telemetry(__version__)
        self._cleanup.callback(telemetry.close)
        metrics = CollectorMetrics(telemetry.meter)
        spool = Spool(self._directory.spool, collector.spool)
        metrics.observe_spool(lambda: spool.size, lambda: spool.capacity, lambda: spool.backlog)
        writer = Writer(store, spool, collector.transforms, metrics, collector.writer)
        writer.start()
        self._cleanup.callback(writer.stop)
        self._cleanup.callback(spool.close)
        alerts = self._start_alerts(store, telemetry, f"http://{shown(web_socket)}")

        loop = self._loop = EventLoopThread("intake")
        self._cleanup.callback(loop.close)
        intake = self._intake = Intake(spool, metrics)
        grpc_server = GrpcServer(intake, collector.grpc)
        loop.run(grpc_server.start())
        self._cleanup.callback(lambda: loop.run(grpc_server.stop()))
        http_server = AsgiServer(http_app(intake, collector.http), http_socket)
        loop.run(http_server.start())
        self._cleanup.callback(lambda: loop.run(http_server.stop()))
        loop.spawn(Scraper(intake, collector.scrape).run())

        addresses = Addresses(
            pid=_pid(),
            web=f"http://{shown(web_socket)}",
            http=f"http://{shown(http_socket)}",
            grpc=f"{collector.grpc.listen.rpartition(':')[0]}:{grpc_server.port}",
        )
        health = Health(store, spool, writer)
        app = create_app(store, Reader(store), alerts, health, telemetry, addresses, _now)
        self._serve_pages(app, web_socket)
        self._directory.publish(addresses)
        return addresses
