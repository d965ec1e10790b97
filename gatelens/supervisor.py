"""The one process: builds every real part, starts them in order, stops them in the opposite order."""

import os
import shlex
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI

from collector.books import segments
from collector.formats.custom.known import known_formats
from collector.formats.custom.remembered import RememberedFormats
from collector.formats.registry import Formats
from collector.receivers.files.door import SegmentDoor
from collector.receivers.files.receiver import FileReceiver
from collector.receivers.forward.chunks import ChunkMemory
from collector.receivers.forward.server import ForwardServer
from collector.receivers.grpc_server import GrpcServer
from collector.receivers.http_app import http_app
from collector.receivers.intake import Intake
from collector.receivers.scrape import ScrapeConfig, Scraper
from collector.receivers.tls import ssl_context
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from collector.writer import Writer
from dashboards.app import create_app
from dashboards.health import Health
from dashboards.http_api import http_api
from dashboards.reports_api import reports_api
from dashboards.settings import WebSettings
from gatelens import __version__
from gatelens.config import Config
from gatelens.data_directory import Addresses, DataDirectory
from gatelens.event_loop import EventLoopThread
from gatelens.listeners import AsgiServer, bind, shown
from gatelens.telemetry import Telemetry
from gatelens.thread_names import name_threads
from processors.alerts.engine import AlertEngine
from processors.alerts.rules import RuleFile, load_rules
from storage.migrate import migrate
from storage.reader import reader
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
        # gRPC opens its port itself, and tells of a taken one in words of its own.
        bind(collector.grpc.listen, "collector.grpc.listen").close()
        self._directory.acquire()
        self._cleanup.callback(self._directory.release)

        store = self._open_store()
        telemetry = Telemetry(__version__)
        self._cleanup.callback(telemetry.close)
        metrics = CollectorMetrics(telemetry.meter)
        # It looks into what the spool left open, before the spool seals it.
        chunks = ChunkMemory(
            self._directory.path / "forward" / "chunks", self._directory.spool, collector.forward.remembered_chunks
        )
        self._cleanup.callback(chunks.close)
        formats = self._formats()
        spool = Spool(self._directory.spool, collector.spool, formats.light)
        metrics.observe_spool(lambda: spool.size, lambda: spool.capacity, lambda: spool.backlog)
        writer = Writer(store, spool, collector.transforms, metrics, collector.writer, formats)
        writer.start()
        self._cleanup.callback(writer.stop)
        self._cleanup.callback(spool.close)

        self._intake = Intake(spool, metrics, formats=formats)
        loop = self._loop = self._start_loop("intake")
        grpc_port = self._serve_grpc(loop, self._intake)
        tls = ssl_context(collector.http.tls, "collector.http.tls") if collector.http.tls else None
        self._serve(loop, AsgiServer(http_app(self._intake, collector.http), http_socket, tls))
        forward = ForwardServer(spool, chunks, metrics, collector.forward, formats)
        loop.run(forward.start())
        self._cleanup.callback(lambda: loop.run(forward.stop()))
        loop.spawn(Scraper(self._intake, collector.scrape).run())
        files = FileReceiver(
            SegmentDoor(spool, metrics), collector.files, self._directory.path / "files", formats=formats
        )
        loop.spawn(files.run())

        addresses = Addresses(
            pid=os.getpid(),
            web=f"http://{shown(web_socket)}",
            http=f"{'https' if tls else 'http'}://{shown(http_socket)}",
            grpc=f"{collector.grpc.listen.rpartition(':')[0]}:{grpc_port}",
            forward=f"{collector.forward.listen.rpartition(':')[0]}:{forward.port}" if forward.port else "",
        )
        health = Health(store, lambda: spool.size / spool.capacity, lambda: writer.failing)
        engine = self._start_alerts(store, telemetry, addresses.web)
        pages = self._pages(store, spool, engine, health, telemetry, addresses)
        self._serve(self._start_loop("web"), AsgiServer(pages, web_socket))
        self._directory.publish(addresses)
        name_threads()
        return addresses

    def _formats(self) -> Formats:
        remembered = RememberedFormats(self._directory.formats)
        for definition in self._config.formats:
            remembered.remember(definition)
        return known_formats(self._config.formats, remembered.find)

    def _open_store(self) -> Store:
        store = connect(self._config.storage.dsn or f"chdb://{self._directory.clickhouse}")
        self._cleanup.callback(store.close)
        migrate(store)
        return store

    def _start_loop(self, name: str) -> EventLoopThread:
        loop = EventLoopThread(name)
        self._cleanup.callback(loop.close)
        return loop

    def _serve_grpc(self, loop: EventLoopThread, intake: Intake) -> int:
        server = GrpcServer(intake, self._config.collector.grpc)
        loop.run(server.start())
        self._cleanup.callback(lambda: loop.run(server.stop()))
        return server.port

    def _serve(self, loop: EventLoopThread, server: AsgiServer) -> None:
        loop.run(server.start())
        self._cleanup.callback(lambda: loop.run(server.stop()))

    def _start_alerts(self, store: Store, telemetry: Telemetry, web: str) -> AlertEngine:
        path = self._config.alerts.rules
        rules = load_rules(path) if path is not None else RuleFile()
        engine = AlertEngine(store, rules, _now, telemetry.meter, web)
        engine.start()
        self._cleanup.callback(engine.stop)
        return engine

    def _pages(
        self,
        store: Store,
        spool: Spool,
        engine: AlertEngine,
        health: Health,
        telemetry: Telemetry,
        addresses: Addresses,
    ) -> FastAPI:
        def find_segments(prefix: str) -> dict[str, object]:
            return asdict(segments(store, spool, prefix))

        runner = reader(store)
        server = FastAPI(
            title="Gatelens", version=__version__, openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None
        )
        server.include_router(http_api(runner, health, telemetry, find_segments))
        server.include_router(reports_api(store, _now, __version__))
        data = shlex.quote(str(self._directory.path.absolute()))
        settings = WebSettings(addresses.grpc, addresses.http, __version__, data)
        create_app(server, store, runner, engine, _now, settings)
        return server


def _now() -> datetime:
    return datetime.now(UTC)
