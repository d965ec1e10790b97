"""The one process: builds every real part, starts them in order, stops them in the opposite order."""

import logging
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
from collector.reconciliation import Reconciler
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from collector.transforms.formats import light
from collector.writer import Writer
from dashboards.app import create_app
from dashboards.health import HEALTH_SECONDS, Health
from dashboards.http_api import http_api
from dashboards.inline_scripts import script_hashes
from dashboards.invalid_requests import answer_invalid_requests
from dashboards.query_queue import QueryMetrics, QueryQueue
from dashboards.reports_api import reports_api
from dashboards.settings import WebSettings
from gatelens import __version__
from gatelens.access import Access
from gatelens.config import Config
from gatelens.data_directory import Addresses, DataDirectory
from gatelens.event_loop import EventLoopThread
from gatelens.listeners import AsgiServer, address, bind, certificate
from gatelens.memory import memory_budget, observe, within
from gatelens.telemetry import Telemetry
from gatelens.thread_names import name_threads
from processors.alerts.engine import AlertEngine
from processors.alerts.rules import RuleFile, load_rules
from storage.full_disk import ensure_room, full_disk_explained
from storage.memory_budget import MemoryBudget
from storage.migrate import migrate
from storage.reader import reader
from storage.store import Store, connect

_log = logging.getLogger(__name__)

_PAGE_HANDLES = 6


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
        """Start everything; raises ConfigError, DataDirectoryBusy, DiskFull or StoreError; nothing runs then."""
        try:
            with full_disk_explained(self._directory.path):
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
        web = self._config.web
        memory = memory_budget(self._config.memory)
        collector = within(memory, self._config.collector)
        web_socket = bind(self._config.web.listen, "web.listen")
        self._cleanup.callback(web_socket.close)
        http_socket = bind(collector.http.listen, "collector.http.listen")
        self._cleanup.callback(http_socket.close)
        # gRPC opens its port itself, and tells of a taken one in words of its own.
        bind(collector.grpc.listen, "collector.grpc.listen").close()
        self._directory.acquire()
        self._cleanup.callback(self._directory.release)
        ensure_room(self._directory.path)
        access = Access(self._config, self._directory.path)
        self._cleanup.callback(access.close)

        store = self._open_store(memory)
        telemetry = Telemetry(__version__)
        self._cleanup.callback(telemetry.close)
        observe(telemetry.meter, memory)
        metrics = CollectorMetrics(telemetry.meter)
        # It looks into what the spool left open, before the spool seals it.
        chunks = ChunkMemory(
            self._directory.path / "forward" / "chunks", self._directory.spool, collector.forward.remembered_chunks
        )
        self._cleanup.callback(chunks.close)
        spool = Spool(self._directory.spool, collector.spool, light())
        metrics.observe_spool(
            lambda: spool.size, lambda: spool.capacity, lambda: spool.backlog, lambda: spool.unknown_files
        )
        metrics.observe_damage(lambda: spool.damaged_bytes, lambda: spool.cut_off_bytes)
        reconciler = self._reconciler(store, spool, metrics)
        writer = Writer(
            store, spool, collector.transforms, metrics, self._directory.path, collector.writer, reconciler.lost
        )
        writer.start()
        self._cleanup.callback(writer.stop)
        self._cleanup.callback(spool.close)

        self._intake = Intake(spool, metrics)
        loop = self._loop = self._start_loop("intake")
        grpc_port = self._serve_grpc(loop, self._intake, access)
        http_tls = self._tls(loop, collector.http.tls, "collector.http.tls")
        intake_app = access.around_intake(http_app(self._intake, collector.http), self._intake)
        receivers = AsgiServer(
            intake_app, http_socket, http_tls, limits=collector.http, count_refused=metrics.connection_refused
        )
        self._serve(loop, receivers)
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
        reconciler.start()
        health = Health(
            store.apart(1, HEALTH_SECONDS),
            lambda: spool.size / spool.capacity,
            lambda: writer.failing,
            lambda: reconciler.fault,
            lambda: writer.quarantine_fault,
        )
        engine = self._start_alerts(store, telemetry, addresses.web)
        queries = self._queries(store, memory, telemetry)
        pages = self._pages(store.apart(_PAGE_HANDLES), queries, spool, engine, health, telemetry, addresses, access)
        web_loop = self._start_loop("web")
        web_app = access.around_pages(pages, web_loop.run(script_hashes(pages)))
        pages_server = AsgiServer(
            web_app,
            web_socket,
            self._tls(web_loop, web.tls, "web.tls"),
            limits=web,
            max_body_size=int(web.max_body_size),
            name="web",
            count_refused=metrics.connection_refused,
        )
        self._serve(web_loop, pages_server)
        self.sign_in_notice = access.notice(addresses.web)
        self._directory.publish(addresses)
        name_threads()
        return addresses

    def _open_store(self, memory: MemoryBudget) -> Store:
        dsn = self._config.storage.dsn or f"chdb://{self._directory.clickhouse}"
        store = connect(dsn, memory, [self._directory.spool])
        self._cleanup.callback(store.close)
        migrate(store)
        if not store.is_confined:
            _log.warning("Landlock is not available here: the guard alone keeps people's queries from files.")
        return store

    def _reconciler(self, store: Store, spool: Spool, metrics: CollectorMetrics) -> Reconciler:
        path = self._directory.path / "reconciliation.json"
        reconciler = Reconciler(store, spool, path, _now, self._config.collector.reconciliation)
        metrics.observe_ledger(lambda: reconciler.differences, lambda: reconciler.reconciled_at)
        self._cleanup.callback(reconciler.stop)
        return reconciler

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
        # Neither alerts nor pages wait for each other's questions, or for people's.
        engine = AlertEngine(store.apart(2), rules, _now, telemetry.meter, web)
        engine.start()
        self._cleanup.callback(engine.stop)
        return engine

    def _queries(self, store: Store, memory: MemoryBudget, telemetry: Telemetry) -> QueryQueue:
        config = self._config.query
        metrics = QueryMetrics(telemetry.meter)
        metrics.observe_abandoned(lambda: store.abandoned)
        queries = QueryQueue(reader(store, memory, config.max_seconds, config.max_concurrent), config, metrics)
        self._cleanup.callback(queries.close)
        return queries

    def _pages(
        self,
        store: Store,
        runner: Reader,
        spool: Spool,
        engine: AlertEngine,
        health: Health,
        telemetry: Telemetry,
        addresses: Addresses,
        access: Access,
    ) -> FastAPI:
        def find_segments(prefix: str) -> dict[str, object]:
            return asdict(segments(store, spool, prefix))

        server = FastAPI(
            title="Gatelens", version=__version__, openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None
        )
        answer_invalid_requests(server)
        server.include_router(http_api(queries, health, telemetry, find_segments))
        server.include_router(reports_api(store, _now, __version__))
        server.include_router(access.sign_in().router())
        data = shlex.quote(str(self._directory.path.absolute()))
        settings = WebSettings(addresses.grpc, addresses.http, __version__, data)
        create_app(server, store, queries, engine, health.ledger_fault, _now, settings, access.policy.is_required)
        return server


def _now() -> datetime:
    return datetime.now(UTC)
