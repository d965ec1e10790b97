"""What people and programs see: pages, HTTP API, health, and the alerts that are evaluated for them."""

import shlex
import socket
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from fastapi import Depends, FastAPI

from collector.receivers.net.http_server import AsgiServer
from collector.receivers.net.refused_requests import OF_PAGES, RefusedRequests
from collector.telemetry import CollectorMetrics
from collector.writer.segment_ledger import segments
from dashboards.access.inline_scripts import script_hashes
from dashboards.access.shared_routes import add_shared_routes
from dashboards.api.alerts import alerts_api
from dashboards.api.annotations import annotations_api
from dashboards.api.basics import basics_api
from dashboards.api.custom_dashboards import dashboards_api
from dashboards.api.ingest import ingest_api
from dashboards.api.invalid_requests import answer_invalid_requests
from dashboards.api.saved_views import saved_views_api
from dashboards.api.storage import storage_api
from dashboards.api.unknown_parameters import refuse_unknown_parameters
from dashboards.app import create_app
from dashboards.health import HEALTH_SECONDS, Health
from dashboards.parts import PageParts
from dashboards.query_queue import QueryMetrics, QueryQueue
from dashboards.settings import WebSettings
from dashboards.under_way import UnderWay
from gatelens import __version__
from gatelens.access.access import Access
from gatelens.configuration.config import Config
from gatelens.configuration.settings_view import configuration_view
from gatelens.data_directory.directory import Addresses, DataDirectory
from gatelens.process.analysis import Analysis
from gatelens.process.ingestion import Ingestion
from gatelens.process.pipeline_signals import pipeline_of, pipeline_signals
from gatelens.process.running_parts import RunningParts
from gatelens.process.telemetry import Telemetry
from processors.alerts.background.background import Backgrounds
from processors.alerts.background.investigation import TrafficInvestigation
from processors.alerts.engine import AlertEngine
from processors.alerts.evaluation.certificates import certificates
from processors.alerts.evaluation.sources import RuleSources
from processors.alerts.rule_source import RuleSource
from processors.annotations.annotation_store import AnnotationStore
from processors.custom_dashboards.dashboard_store import DashboardStore
from processors.ingest.pipeline import Pipeline
from processors.ingest.replays import Replays
from processors.lease.lease import Lease
from processors.rollups.filler import RollupFiller
from processors.saved_views.saved_view_store import SavedViewStore
from storage.memory_budget import MemoryBudget
from storage.reader import reader
from storage.store import Store

# Pages, alerts, health, programs and people's queries have handles of their own, so that none waits for another.
_PAGE_HANDLES, _LIST_HANDLES = 6, 2
_ALERT_HANDLES, _BACKGROUND_HANDLES = 2, 2


class Site:
    """The port of the pages, and what answers behind it."""

    def __init__(
        self,
        parts: RunningParts,
        store: Store,
        memory: MemoryBudget,
        config: Config,
        config_file: Path | None,
        telemetry: Telemetry,
        under_way: UnderWay,
        clock: Callable[[], datetime],
        lease: Lease,
    ) -> None:
        self._parts = parts
        self._store = store
        self._config = config
        self._config_file = config_file
        self._telemetry = telemetry
        self._under_way = under_way
        self._clock = clock
        self._lease = lease
        self._analysis = Analysis(parts, store, memory, config, clock, lease)
        # Of people's SQL, and of alert rules' in handles of their own.
        self._people = reader(store, memory, config.query.max_seconds, config.query.max_concurrent)

    def serve(
        self,
        bound: socket.socket,
        ingestion: Ingestion,
        access: Access,
        directory: DataDirectory,
        addresses: Addresses,
        metrics: CollectorMetrics,
        rollups: RollupFiller,
        replays: Replays,
    ) -> None:
        """Start to answer on a bound socket; raises ConfigError."""
        engine = self._start_alerts(addresses.web, ingestion)
        pages = self._pages(ingestion, engine, access, directory, addresses, metrics, rollups, replays)
        loop = self._parts.loop("web")
        web = self._config.web

        def on_refused(reason: str, peer: str, message: str, _is_counted: bool) -> None:
            metrics.connection_refused("web", reason, peer, message)

        server = AsgiServer(
            RefusedRequests(access.around_pages(pages, loop.run(script_hashes(pages))), OF_PAGES, on_refused),
            bound,
            self._parts.tls(loop, web.tls, "web.tls"),
            limits=web,
            max_body_size=int(web.max_body_size),
            name="web",
            on_refused=metrics.connection_refused,
        )
        self._parts.serve(loop, server)

    def _pages(
        self,
        ingestion: Ingestion,
        engine: AlertEngine,
        access: Access,
        directory: DataDirectory,
        addresses: Addresses,
        metrics: CollectorMetrics,
        rollups: RollupFiller,
        replays: Replays,
    ) -> FastAPI:
        store = self._analysis.store(_LIST_HANDLES)

        def find_segments(prefix: str) -> dict[str, object]:
            return asdict(segments(store, ingestion.spool, prefix))

        def pipeline() -> Pipeline:
            return pipeline_of(ingestion, metrics, rollups, self._analysis.catalogue_files.faults)

        health = self._health(ingestion)
        queries = self._queries()
        server = FastAPI(
            title="Gatelens", version=__version__, openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None,
            dependencies=[Depends(refuse_unknown_parameters)],
        )  # fmt: skip
        answer_invalid_requests(server)
        server.include_router(basics_api(queries, health, self._telemetry, find_segments, metrics.refusals.recent))
        for api in (
            alerts_api(engine, self._clock),
            annotations_api(AnnotationStore(store), self._clock),
            dashboards_api(DashboardStore(store), self._clock),
            saved_views_api(SavedViewStore(store), self._clock),
            storage_api(self._store.apart(1), rollups, self._clock),
            ingest_api(self._store.apart(1), pipeline, replays, self._clock),
            *self._analysis.apis(),
        ):
            server.include_router(api)
        access.sign_in().add_to(server)
        add_shared_routes(server, access.shared_links, time.time)
        data = shlex.quote(str(directory.path.absolute()))
        settings = WebSettings(addresses.grpc, addresses.http, __version__, data)
        parts = PageParts(
            store,
            self._analysis.questions(_PAGE_HANDLES),
            self._analysis.handled,
            queries,
            engine,
            self._analysis.slos,
            self._analysis.catalogued,
            lambda: self._analysis.routes.status,
            pipeline,
            replays,
            self._clock,
            settings,
            configuration_view(self._config, self._config_file, ingestion.intake.formats, access.token_records),
            access.shared_links,
            self._under_way,
        )
        create_app(server, parts, access.policy.is_required)
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

    def _start_alerts(self, web: str, ingestion: Ingestion) -> AlertEngine:
        store = self._store.apart(_ALERT_HANDLES)
        questions = self._analysis.questions(_ALERT_HANDLES)
        statements = self._people.apart(self._config.query.max_concurrent)
        sources = RuleSources(
            pipeline_signals(ingestion, store), statements.run, lambda: certificates(store, self._clock())
        )
        source = RuleSource(self._config.alerts.rules)
        apart = self._analysis.store(_BACKGROUND_HANDLES), self._analysis.questions(_BACKGROUND_HANDLES)
        backgrounds = Backgrounds(TrafficInvestigation(*apart), source)
        self._parts.at_close.callback(backgrounds.close)
        engine = AlertEngine(
            store,
            source,
            self._lease.now,
            self._telemetry.meter,
            web,
            questions,
            sources,
            lease=self._lease,
            added=backgrounds.added,
        )
        engine.start()
        self._parts.at_close.callback(engine.stop)
        return engine

    def _queries(self) -> QueryQueue:
        config = self._config.query
        metrics = QueryMetrics(self._telemetry.meter)
        metrics.observe_abandoned(lambda: self._store.abandoned)
        queries = QueryQueue(self._people, config, metrics)
        self._parts.at_close.callback(queries.close)
        return queries
