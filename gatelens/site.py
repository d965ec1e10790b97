"""What people and programs see: pages, HTTP API, health, and the alerts that are evaluated for them."""

import shlex
import socket
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

from fastapi import FastAPI

from collector.receivers.net.http_server import AsgiServer
from collector.receivers.net.refused_requests import OF_PAGES, RefusedRequests
from collector.refusals import Refusals
from collector.telemetry import CollectorMetrics
from collector.writer.segment_ledger import segments
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
from gatelens.ingestion import Ingestion
from gatelens.running_parts import RunningParts
from gatelens.telemetry import Telemetry
from processors.alerts.engine import AlertEngine
from processors.alerts.rules import RuleFile, load_rules
from storage.memory_budget import MemoryBudget
from storage.reader import reader
from storage.store import Store

# Pages, alerts, health and people's queries have handles of their own, so that none waits for another.
_PAGE_HANDLES = 6
_ALERT_HANDLES = 2


class Site:
    """The port of the pages, and what answers behind it."""

    def __init__(
        self,
        parts: RunningParts,
        store: Store,
        memory: MemoryBudget,
        config: Config,
        telemetry: Telemetry,
        clock: Callable[[], datetime],
    ) -> None:
        self._parts = parts
        self._store = store
        self._memory = memory
        self._config = config
        self._telemetry = telemetry
        self._clock = clock

    def serve(
        self,
        bound: socket.socket,
        ingestion: Ingestion,
        access: Access,
        directory: DataDirectory,
        addresses: Addresses,
        metrics: CollectorMetrics,
    ) -> None:
        """Start to answer on a bound socket; raises ConfigError."""
        engine = self._start_alerts(addresses.web)
        pages = self._pages(ingestion, engine, access, directory, addresses, metrics.refusals)
        loop = self._parts.loop("web")
        web = self._config.web

        def tell_refused(reason: str, peer: str, message: str, _is_counted: bool) -> None:
            metrics.connection_refused("web", reason, peer, message)

        server = AsgiServer(
            RefusedRequests(access.around_pages(pages, loop.run(script_hashes(pages))), OF_PAGES, tell_refused),
            bound,
            self._parts.tls(loop, web.tls, "web.tls"),
            limits=web,
            max_body_size=int(web.max_body_size),
            name="web",
            tell_refused=metrics.connection_refused,
        )
        self._parts.serve(loop, server)

    def _pages(
        self,
        ingestion: Ingestion,
        engine: AlertEngine,
        access: Access,
        directory: DataDirectory,
        addresses: Addresses,
        refusals: Refusals,
    ) -> FastAPI:
        store = self._store.apart(_PAGE_HANDLES)

        def find_segments(prefix: str) -> dict[str, object]:
            return asdict(segments(store, ingestion.spool, prefix))

        health = self._health(ingestion)
        queries = self._queries()
        server = FastAPI(
            title="Gatelens", version=__version__, openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None
        )
        answer_invalid_requests(server)
        server.include_router(http_api(queries, health, self._telemetry, find_segments, refusals.recent))
        server.include_router(reports_api(store, self._clock, __version__))
        access.sign_in().add_to(server)
        data = shlex.quote(str(directory.path.absolute()))
        settings = WebSettings(addresses.grpc, addresses.http, __version__, data)
        create_app(
            server, store, queries, engine, health.ledger_fault, self._clock, settings, access.policy.is_required
        )
        return server

    def _health(self, ingestion: Ingestion) -> Health:
        spool, writer, reconciler = ingestion.spool, ingestion.writer, ingestion.reconciler
        return Health(
            self._store.apart(1, HEALTH_SECONDS),
            lambda: spool.size / spool.capacity,
            lambda: writer.failing,
            lambda: reconciler.fault,
            lambda: writer.quarantine_fault,
        )

    def _start_alerts(self, web: str) -> AlertEngine:
        path = self._config.alerts.rules
        rules = load_rules(path) if path is not None else RuleFile()
        engine = AlertEngine(self._store.apart(_ALERT_HANDLES), rules, self._clock, self._telemetry.meter, web)
        engine.start()
        self._parts.at_close.callback(engine.stop)
        return engine

    def _queries(self) -> QueryQueue:
        config = self._config.query
        metrics = QueryMetrics(self._telemetry.meter)
        metrics.observe_abandoned(lambda: self._store.abandoned)
        people = reader(self._store, self._memory, config.max_seconds, config.max_concurrent)
        queries = QueryQueue(people, config, metrics)
        self._parts.at_close.callback(queries.close)
        return queries
