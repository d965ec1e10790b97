"""The one process: builds every real part, starts them in order, stops them in the opposite order."""

import os
import shlex
import ssl
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI

from collector.books import segments
from collector.receivers.files.door import SegmentDoor
from collector.receivers.files.receiver import FileReceiver
from collector.receivers.forward.chunks import ChunkMemory
from collector.receivers.forward.server import ForwardServer
from collector.receivers.grpc_server import GrpcServer
from collector.receivers.http_app import http_app
from collector.receivers.intake import Intake
from collector.receivers.scrape import ScrapeConfig, Scraper
from collector.receivers.tls import TlsConfig, follow_certificate, ssl_context
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from collector.transforms.formats import light
from collector.writer import Writer
from dashboards.app import create_app
from dashboards.health import Health
from dashboards.http_api import http_api
from dashboards.inline_scripts import script_hashes
from dashboards.reports_api import reports_api
from dashboards.settings import WebSettings
from gatelens import __version__
from gatelens.access import Access
from gatelens.config import Config
from gatelens.data_directory import Addresses, DataDirectory
from gatelens.event_loop import EventLoopThread
from gatelens.listeners import AsgiServer, address, bind, certificate
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
        # How to sign in, set by `start`.
        self.sign_in_notice = ""

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
        collector, web = self._config.collector, self._config.web
        web_socket = bind(self._config.web.listen, "web.listen")
        self._cleanup.callback(web_socket.close)
        http_socket = bind(collector.http.listen, "collector.http.listen")
        self._cleanup.callback(http_socket.close)
        # gRPC opens its port itself, and tells of a taken one in words of its own.
        bind(collector.grpc.listen, "collector.grpc.listen").close()
        self._directory.acquire()
        self._cleanup.callback(self._directory.release)
        access = Access(self._config, self._directory.path)
        self._cleanup.callback(access.close)

        store = self._open_store()
        telemetry = Telemetry(__version__)
        self._cleanup.callback(telemetry.close)
        metrics = CollectorMetrics(telemetry.meter)
        # It looks into what the spool left open, before the spool seals it.
        chunks = ChunkMemory(
            self._directory.path / "forward" / "chunks", self._directory.spool, collector.forward.remembered_chunks
        )
        self._cleanup.callback(chunks.close)
        spool = Spool(self._directory.spool, collector.spool, light())
        metrics.observe_spool(lambda: spool.size, lambda: spool.capacity, lambda: spool.backlog)
        writer = Writer(store, spool, collector.transforms, metrics, collector.writer)
        writer.start()
        self._cleanup.callback(writer.stop)
        self._cleanup.callback(spool.close)

        self._intake = Intake(spool, metrics)
        loop = self._loop = self._start_loop("intake")
        grpc_port = self._serve_grpc(loop, self._intake, access)
        http_tls = self._tls(loop, collector.http.tls, "collector.http.tls")
        intake_app = access.around_intake(http_app(self._intake, collector.http), self._intake)
        self._serve(loop, AsgiServer(intake_app, http_socket, http_tls))
        forward = ForwardServer(spool, chunks, metrics, collector.forward)
        loop.run(forward.start())
        self._cleanup.callback(lambda: loop.run(forward.stop()))
        loop.spawn(Scraper(self._intake, collector.scrape).run())
        loop.spawn(FileReceiver(SegmentDoor(spool, metrics), collector.files, self._directory.path / "files").run())

        addresses = Addresses(
            pid=os.getpid(),
            web=address(web_socket, web.tls),
            http=address(http_socket, collector.http.tls),
            grpc=f"{collector.grpc.listen.rpartition(':')[0]}:{grpc_port}",
            forward=f"{collector.forward.listen.rpartition(':')[0]}:{forward.port}" if forward.port else "",
            web_certificate=certificate(web.tls),
            http_certificate=certificate(collector.http.tls),
        )
        health = Health(store, lambda: spool.size / spool.capacity, lambda: writer.failing)
        engine = self._start_alerts(store, telemetry, addresses.web)
        pages = self._pages(store, spool, engine, health, telemetry, addresses, access)
        web_loop = self._start_loop("web")
        web_app = access.around_pages(pages, web_loop.run(script_hashes(pages)))
        self._serve(web_loop, AsgiServer(web_app, web_socket, self._tls(web_loop, web.tls, "web.tls")))
        self.sign_in_notice = access.notice(addresses.web)
        self._directory.publish(addresses)
        name_threads()
        return addresses

    def _open_store(self) -> Store:
        store = connect(self._config.storage.dsn or f"chdb://{self._directory.clickhouse}")
        self._cleanup.callback(store.close)
        migrate(store)
        return store

    def _start_loop(self, name: str) -> EventLoopThread:
        loop = EventLoopThread(name)
        self._cleanup.callback(loop.close)
        return loop

    def _tls(self, loop: EventLoopThread, config: TlsConfig | None, setting: str) -> ssl.SSLContext | None:
        if config is None:
            return None
        context = ssl_context(config, setting)
        loop.spawn(follow_certificate(context, config, setting))
        return context

    def _serve_grpc(self, loop: EventLoopThread, intake: Intake, access: Access) -> int:
        config = self._config.collector.grpc
        server = GrpcServer(intake, config, access.grpc_senders(config))
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
        access: Access,
    ) -> FastAPI:
        def find_segments(prefix: str) -> dict[str, object]:
            return asdict(segments(store, spool, prefix))

        runner = reader(store)
        server = FastAPI(
            title="Gatelens", version=__version__, openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None
        )
        server.include_router(http_api(runner, health, telemetry, find_segments))
        server.include_router(reports_api(store, _now, __version__))
        access.sign_in().add_to(server)
        data = shlex.quote(str(self._directory.path.absolute()))
        settings = WebSettings(addresses.grpc, addresses.http, __version__, data)
        create_app(server, store, runner, engine, _now, settings, access.policy.is_required)
        return server


def _now() -> datetime:
    return datetime.now(UTC)
